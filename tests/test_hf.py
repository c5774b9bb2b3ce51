"""Hugging Face's datasets scored by `map`: the same rows and column types in every format, and from the cache."""

import os
import subprocess
import sys

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # before it is imported

from saring.errors import ConfigError, InputError
from saring.hf import score
from saring.predict import Model, load

datasets = pytest.importorskip("datasets")
Dataset = datasets.Dataset

NOON = "2023-03-03T12:00:00+00:00"
TEXT = "Rupiah menguat terhadap dolar AS.\nBaca Juga: Potret Mesra Artis Sinetron\nPasar menanti data inflasi."
ROWS = [  # of the first one nothing is known, and the second has no link and no title
    {"judul": None, "isi": None, "nomor": 1},
    {"judul": None, "isi": "rupiah menguat hari ini.", "nomor": 2},
    {"judul": "Rupiah Menguat", "isi": TEXT, "nomor": 3},
    {"judul": "Timnas Menang", "isi": "Timnas menang 2-0 atas Vietnam.", "nomor": 4},
]
FORMATS = [None, "pandas", "polars", "arrow", "numpy"]


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    datasets.disable_progress_bars()


@pytest.fixture(scope="module")
def model(bundle_folder) -> Model:
    return load(bundle_folder)


@pytest.fixture(scope="module")
def expected(model):
    return [prediction.row() for prediction in model.predict(ROWS, scored_at=NOON)]


@pytest.fixture
def news(tmp_path) -> Dataset:
    """A data set on the disk, which has a cache."""
    Dataset.from_list(ROWS).save_to_disk(tmp_path / "news")
    return datasets.load_from_disk(tmp_path / "news")


def answers(rows, expected):
    """The answers among a data set's columns."""
    return [{name: row[name] for name in expected[0]} for row in rows]


@pytest.mark.parametrize("size", [1, 3, None])
@pytest.mark.parametrize("form", FORMATS)
def test_map_adds_the_rows_of_predict_in_every_format_and_batch(model, news, expected, form, size):
    found = news.with_format(form).map(score(model, scored_at=NOON), batched=True, batch_size=size)
    assert answers(found.with_format(None).to_list(), expected) == expected
    assert found.column_names == [*news.column_names, *expected[0]]


@pytest.mark.parametrize("form", FORMATS)
def test_a_batch_of_nulls_does_not_decide_on_a_column_s_type(model, news, form):
    usual = news.select([2]).map(score(model), batched=True).features
    for rows in (range(4), [0], [1, 0, 2]):
        found = news.select(rows).with_format(form).map(score(model), batched=True, batch_size=1).features
        assert {name: found[name] for name in usual if name not in ("judul", "isi")} == {
            name: usual[name] for name in usual if name not in ("judul", "isi")
        }


@pytest.mark.parametrize("form", FORMATS)
def test_a_data_set_that_is_streamed_gives_the_same(model, news, expected, form):
    stream = news.to_iterable_dataset().with_format(form)
    found = stream.map(score(model, scored_at=NOON), batched=True, batch_size=2)
    assert answers(list(found.with_format(None)), expected) == expected


def test_its_columns_are_known_before_where_they_are_given(model, news, expected):
    added = score(model, scored_at=NOON)
    found = news.to_iterable_dataset().map(added, batched=True, features=added.features(news.features))
    assert found.features == news.map(added, batched=True).features
    assert answers(list(found), expected) == expected


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_several_processes_give_the_same(model, news, expected, monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ)  # `map` leaves a copy there, which would reach the tests after it
    found = news.map(score(model, scored_at=NOON), batched=True, num_proc=2)
    assert answers(found.to_list(), expected) == expected


def test_columns_may_go_be_chosen_and_named(model, news, expected):
    bare = news.map(score(model), batched=True, remove_columns=news.column_names)
    assert bare.column_names == list(expected[0])
    for form in FORMATS:
        some = score(model, columns=["topic", "links"], prefix="saring_")
        found = news.with_format(form).map(some, batched=True)
        assert found.column_names == [*news.column_names, "saring_topic", "saring_links"]
    with pytest.raises(ConfigError, match="found the column 'topik'; expected some of id, title"):
        score(model, columns=["topik"])
    with pytest.raises(ConfigError, match="keep_links is 'some'"):
        score(model, keep_links="some")


def test_columns_of_the_same_name_are_replaced_in_every_format(model, news):
    labelled = news.add_column("topic", ["sports"] * 4)
    for form in FORMATS:
        found = labelled.with_format(form).map(score(model), batched=True).with_format(None)
        assert found["topic"][:3] == [None, *[p.topic for p in model.predict(ROWS[1:3])]]
        assert len(set(found.column_names)) == len(found.column_names)


def test_one_article_instead_of_a_batch_is_refused(model, news):
    for rows in (news, news.select([2])):
        with pytest.raises(InputError, match=r"found one article.*write map\(..., batched=True\)"):
            rows.map(score(model))


def test_a_second_map_is_read_from_the_cache(model, bundle_folder, news):
    first = news.map(score(model), batched=True)
    again = news.map(score(load(bundle_folder)), batched=True)
    assert first.cache_files == again.cache_files != []
    assert first["scored_at"][:] == again["scored_at"][:]
    assert news.map(score(model, keep_links="all"), batched=True).cache_files != first.cache_files


HASHED = """
import sys
from datasets.fingerprint import Hasher
from saring.hf import score
from saring.predict import load
print(Hasher.hash(score(load(sys.argv[1]))))
"""


@pytest.mark.slow
def test_so_it_is_in_another_process(bundle_folder):
    command = [sys.executable, "-c", HASHED, bundle_folder]
    hashes = [
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    ]
    assert hashes[0] == hashes[1] != b""


def test_scoring_itself_imports_nothing_of_datasets(bundle_folder):
    code = "import sys; from saring.hf import score; from saring.predict import load; score(load(sys.argv[1]))({'text': ['Satu.']}); sys.exit('datasets' in sys.modules)"
    subprocess.run([sys.executable, "-c", code, bundle_folder], check=True)
