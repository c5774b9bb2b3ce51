"""The small predict module: rows in are rows out, in order; a model is found or told how to make."""

import itertools
import json
import math
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saring
from saring import store
from saring.article import Record
from saring.errors import BundleError, ConfigError, InputError
from saring.parsing.engine import parse
from saring.predict import Model, load
from saring.schema import prediction_columns

ARTICLES = Path(__file__).parent / "articles"
SEED = Path(__file__).parents[2] / "shared" / "seed" / "media-pakuan.txt"

PRMN = (ARTICLES / "prmn.txt").read_text(encoding="utf-8")
RUPIAH = {
    "id": "rupiah",
    "title": "Rupiah Menguat terhadap Dolar AS",
    "publisher": "Kabar Uang",
    "text": (
        "Rupiah menguat terhadap dolar AS. Bank Indonesia menahan suku bunga acuan.\n"
        "Baca Juga: Bank Indonesia Tahan Suku Bunga, Rupiah Menguat terhadap Dolar AS\n"
        "Pelaku pasar menanti data inflasi Amerika Serikat.\n"
        "Baca Juga: Potret Mesra Artis Sinetron dan Kekasih Barunya, Netizen Heboh\n"
        "Penguatan ini yang tertinggi sejak Januari."
    ),
}


@pytest.fixture(scope="module")
def model(bundle_folder) -> Model:
    return load(bundle_folder)


@pytest.fixture(scope="module")
def topics_only(model) -> Model:
    """The model as a corpus without labels of links and clickbait would have made it."""
    bundle = model.bundle
    return Model(replace(bundle, checksums={"topic.npz": bundle.checksums["topic.npz"]}))


def one(model, source, **options):
    [prediction] = model.predict([source], **options)
    return prediction


# one article


def test_an_article_gets_a_topic_and_each_link_a_verdict_with_reasons(model):
    found = one(model, RUPIAH)
    assert (found.id, found.publisher, found.error) == ("rupiah", "Kabar Uang", "")
    assert found.topic == "economy"
    assert found.topic_probability == max(found.probabilities.values())
    related, unrelated = found.links
    assert (related.related, unrelated.related) == (True, False)
    assert unrelated.headline == "Potret Mesra Artis Sinetron dan Kekasih Barunya, Netizen Heboh"
    assert related.reasons[0].startswith("shares ")
    assert unrelated.reasons[0] == "shares no specific word"
    assert (found.n_links, found.n_unrelated) == (2, 1)


def test_probabilities_are_of_the_model_s_topics_in_order_and_sum_to_one(model):
    found = one(model, RUPIAH)
    assert tuple(found.probabilities) == model.topics
    assert math.isclose(sum(found.probabilities.values()), 1, abs_tol=1e-8)  # nine decimals each
    for link in found.links:
        assert 0 <= link.p_unrelated <= 1
        assert 0 <= link.clickbait <= 1
        assert link.topic in model.topics


def test_spans_are_those_of_the_given_text(model):
    for link in one(model, PRMN).links:
        assert PRMN[link.start : link.end] == f"{link.marker} {link.headline}"


def test_the_page_of_a_portal_is_read_whole(model):
    found = one(model, PRMN)
    assert found.title == PRMN.splitlines()[0]
    assert (found.published, found.source) == ("2023-03-03T09:15:00+07:00", "Reuters")
    assert [link.headline.split()[0] for link in found.links] == ["Usai", "Harga", "Jadwal"]
    paragraphs = [line for line in PRMN.splitlines() if line.endswith((".", ".***"))]
    assert len(paragraphs) == 14
    body = "\n".join(paragraphs).removeprefix("MEDIA CIREMAI - ").removesuffix("***")
    assert found.clean_text == body


def test_a_title_has_a_probability_of_being_clickbait_and_no_title_has_none(model):
    assert 0 <= one(model, RUPIAH).clickbait <= 1
    assert one(model, {"text": "rupiah menguat terhadap dolar as hari ini."}).clickbait is None


def test_the_row_is_json_and_names_the_model_and_the_time(model):
    found = one(model, RUPIAH, scored_at="2023-03-03T09:15:00+07:00")
    row = found.row()
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert row["scored_at"] == "2023-03-03T09:15:00+07:00"
    assert row["model_version"] == model.model_version
    assert one(model, RUPIAH).scored_at[:2] == "20"


# what goes in


def test_a_text_a_row_a_record_and_an_article_give_the_same_verdicts(model):
    row = {"title": RUPIAH["title"], "text": RUPIAH["text"]}
    sources = [row, Record("a", **row), parse(row)]
    first, *others = [replace(p, id="") for p in model.predict(sources, scored_at="now")]
    assert others == [first, first]
    text = one(model, f"{RUPIAH['title']}\n\n{RUPIAH['text']}")
    assert (text.title, text.clean_text) == (first.title, first.clean_text)
    assert text.probabilities == first.probabilities


def test_rows_in_are_rows_out_in_order_with_errors_in_place(model):
    sources = [RUPIAH, None, PRMN, {"id": "a", "text": 5}, "", Record("b", error="b.csv:2: torn")]
    found = model.predict(sources, scored_at="now")
    assert [bool(p.error) for p in found] == [False, True, False, True, True, True]
    assert [p.id for p in found][3:] == ["a", "", "b"]
    assert found[5].error == "b.csv:2: torn"
    assert {p.scored_at for p in found} == {"now"}
    assert {p.model_version for p in found} == {model.model_version}
    rows = [p.row() for p in found]
    assert len({tuple(row) for row in rows}) == 1
    assert rows[1]["topic"] is rows[1]["links"] is rows[1]["clean_text"] is None


def test_an_article_is_judged_alike_alone_and_among_others(model):
    sources = [PRMN, RUPIAH, "Timnas menang.", None]
    together = model.predict(sources, scored_at="now")
    alone = [one(model, source, scored_at="now") for source in sources]
    for ours, theirs in zip(together, alone, strict=True):
        assert ours.topic == theirs.topic
        assert ours.probabilities == pytest.approx(theirs.probabilities, abs=1e-12)
        assert [link.related for link in ours.links] == [link.related for link in theirs.links]
        assert ours.clean_text == theirs.clean_text


def test_no_articles_give_no_predictions(model):
    assert model.predict([]) == []
    assert [p.error for p in model.predict([None])] != [""]


def test_one_article_instead_of_a_list_is_refused(model):
    with pytest.raises(InputError, match=r"put this one in a list: \[article\]"):
        model.predict(PRMN)


@settings(max_examples=60)
@given(st.lists(st.one_of(st.text(), st.none(), st.text("Baca Juga:\n A.é😀\0\ud800")), max_size=4))
def test_any_texts_give_rows_that_any_file_can_hold(model, texts):
    rows = [p.row() for p in model.predict(texts)]
    assert len(rows) == len(texts)
    json.dumps(rows, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "text",
    [
        "Rupiah menguat terhadap dolar AS. " * 150_000,
        "Rupiah menguat terhadap dolar AS.\n" * 150_000,
        "😀🎉" * 2_000,
        "أعلنت وزارة الخارجية عن اتفاق جديد. " * 100,
        "yang dan di ke dari untuk pada dengan itu ini " * 100,
        "!?… — «»",
        "a",
    ],
    ids=["5 MB on one line", "5 MB of lines", "emoji", "arabic", "stop words", "signs", "letter"],
)
def test_odd_articles_get_an_answer(model, text):
    found = one(model, text)
    assert found.error == ""
    assert math.isclose(sum(found.probabilities.values()), 1, abs_tol=1e-8)


# tables and streams


def test_a_table_gives_the_predictions_of_its_rows(model):
    rows = [RUPIAH, {"text": None}, {"text": PRMN}]
    expected = model.predict(rows, scored_at="now")
    for table in (pd.DataFrame(rows), pa.Table.from_pandas(pd.DataFrame(rows))):
        assert model.predict(table, scored_at="now") == expected
    assert [p.kept for p in model.predict(pd.DataFrame(rows), keep=["publisher"])] == [
        {"publisher": "Kabar Uang"}, {"publisher": None}, {"publisher": None},
    ]  # fmt: skip


def test_a_frame_gives_the_rows_of_predict_with_its_index_and_types_of_pandas(model):
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 2)])
    frame = pd.DataFrame([RUPIAH, {"text": None}, {"text": PRMN}], index=index)
    found = model.predict_frame(frame, keep_links="related", scored_at="now")
    rows = [p.row() for p in model.predict(frame, keep_links="related", scored_at="now")]
    assert found.index.equals(index)
    assert found.astype("object").where(found.notna(), None).to_dict("records") == rows
    kinds = {column.name: column.kind for column in prediction_columns(model.topics)}
    assert list(found.columns) == list(kinds)
    expected = {"string": "str", "float": "float64", "bool": "boolean", "int": "Int64", "links": "object"}
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == {n: expected[k] for n, k in kinds.items()}


@pytest.mark.parametrize("rows", [[], [{"text": ""}], [{"no_text": 5}]], ids=["none", "empty", "no text"])
def test_a_frame_has_the_same_types_whatever_is_in_it(model, rows):
    usual = model.predict_frame(pd.DataFrame([RUPIAH]))
    found = model.predict_frame(pd.DataFrame(rows, columns=list(rows[0]) if rows else ["text"]))
    assert found.dtypes.equals(usual.dtypes)
    assert len(found) == found["error"].notna().sum() == len(rows)


def test_a_stream_is_scored_lazily_and_in_order(model):
    taken = []

    def sources():
        for number in itertools.count():
            taken.append(number)
            yield {"id": number, "text": f"Rupiah menguat {number} persen terhadap dolar AS."} if number % 3 else None

    stream = model.pipe(sources(), batch_size=4)
    assert taken == []
    found = [next(stream) for _ in range(6)]
    assert len(taken) == 8
    assert [p.id for p in found] == ["", "1", "2", "", "4", "5"]
    assert len({p.scored_at for p in found}) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 256])
def test_a_stream_gives_what_predict_gives_whatever_the_batches(model, size):
    rows = [RUPIAH, None, PRMN]
    options = {"keep_links": "all", "scored_at": "now", "keep": ["publisher"]}
    expected = model.predict(rows, **options)
    assert list(model.pipe(rows, size, **options)) == expected
    assert [p.topic for p in model.pipe(pd.DataFrame({"isi": [PRMN, None]}), size)] == [expected[2].topic, None]
    assert list(model.pipe([], size)) == []


def test_what_a_stream_cannot_do_it_says_at_once(model):
    with pytest.raises(ConfigError, match="batch_size is 0; expected at least 1"):
        model.pipe([RUPIAH], 0)
    with pytest.raises(ConfigError, match="keep_links is 'some'"):
        model.pipe([RUPIAH], keep_links="some")
    with pytest.raises(InputError, match="put this one in a list"):
        model.pipe(PRMN)


# clean text


def test_links_stay_in_clean_text_only_when_asked_for(model):
    def lines(keep_links):
        return one(model, RUPIAH, keep_links=keep_links).clean_text.splitlines()

    related, unrelated = [line for line in RUPIAH["text"].splitlines() if "Baca" in line]
    assert not {related, unrelated} & set(lines("none"))
    assert "\n".join(lines("all")) == RUPIAH["text"]
    assert related in lines("related")
    assert unrelated not in lines("related")
    assert one(model, RUPIAH).clean_text.splitlines() == lines("none")


def test_one_article_is_cleaned_without_a_model(model):
    row = {name: RUPIAH[name] for name in ("title", "text")}
    for keep_links in ("none", "all"):
        expected = one(model, RUPIAH, keep_links=keep_links).clean_text
        for source in (row, Record("a", **row), parse(row)):
            assert saring.clean(source, keep_links) == expected
    assert saring.clean(PRMN) == one(model, PRMN).clean_text
    with pytest.raises(ConfigError, match=r"for a model to say; use saring.load\(\).predict\(.*'related'\)"):
        saring.clean(row, "related")
    with pytest.raises(ConfigError, match="'some'; expected none or all"):
        saring.clean(row, "some")


def test_an_unknown_wish_is_refused(model):
    with pytest.raises(ConfigError, match="'some'; expected one of none, related, all"):
        model.predict([RUPIAH], keep_links="some")


# a model that was never trained on some labels


def test_what_nobody_trained_is_null(topics_only):
    found = one(topics_only, RUPIAH)
    assert found.topic == "economy"
    assert found.clickbait is None
    assert [(link.related, link.p_unrelated, link.clickbait) for link in found.links] == [(None, None, None)] * 2
    assert (found.n_links, found.n_unrelated) == (2, None)
    json.dumps(found.row(), allow_nan=False)


def test_it_keeps_all_links_or_none_but_cannot_choose(topics_only):
    assert "Baca Juga" not in one(topics_only, RUPIAH).clean_text
    assert one(topics_only, RUPIAH, keep_links="all").clean_text == RUPIAH["text"]
    with pytest.raises(ConfigError, match="needs a model of links"):
        topics_only.predict([RUPIAH], keep_links="related")


def with_thresholds(model, **changes):
    """The model with other thresholds in its card."""
    thresholds = dict(model.bundle.card["thresholds"]) | changes
    card = dict(model.bundle.card) | {"thresholds": thresholds}
    return Model(replace(model.bundle, card=card))


def test_a_text_that_is_no_indonesian_news_gets_no_topic_however_sure_the_model_is(model):
    menu = {"text": "\n".join(f"harga emas {number} rupiah bank" for number in range(20))}
    sure = with_thresholds(model, abstain=0.0)
    assert one(sure, menu).abstained_because == "unlike_news"
    assert one(with_thresholds(model, abstain=1.01), menu).abstained_because == "unlike_news"
    assert one(sure, RUPIAH).row()["abstained"] is False
    assert one(sure, RUPIAH).row()["abstained_because"] is None
    assert one(sure, menu).topic in model.topics
    blind = with_thresholds(model, abstain=0.0, out_of_domain=100.0)
    assert one(blind, menu).abstained is False


def test_a_link_is_unrelated_from_the_threshold_of_the_card_on(model):
    for threshold, related in ((0.0, False), (1.1, True)):
        links = one(with_thresholds(model, unrelated=threshold), RUPIAH).links
        assert [link.related for link in links] == [related] * 2


def test_below_the_threshold_the_model_abstains_and_still_names_its_best_topic(model):
    timid = with_thresholds(model, abstain=1.01)
    assert one(model, RUPIAH).abstained is False
    assert one(timid, RUPIAH).abstained is True
    assert one(timid, RUPIAH).row()["abstained_because"] == "unsure"
    [failed] = timid.predict([""])
    assert (failed.abstained, failed.row()["abstained_because"]) == (None, None)
    assert one(timid, RUPIAH).topic == "economy"


# finding a model


def copied(bundle_folder: Path, folder: Path) -> Path:
    return Path(shutil.copytree(bundle_folder, folder))


def test_a_bundle_is_loaded_by_its_path(bundle_folder):
    assert load(bundle_folder).bundle.path == bundle_folder
    assert saring.load(str(bundle_folder)).topics == load(bundle_folder).topics


def test_of_a_folder_the_newest_bundle_is_loaded(bundle_folder, tmp_path):
    old = copied(bundle_folder, tmp_path / "z-old")
    (tmp_path / "notes.txt").write_text("no bundle")
    bundle = store.load(old)
    models = {task: getattr(bundle, task) for task in bundle.tasks}
    ours = ("format", "model_version", "versions", "files", "created")
    card = {k: v for k, v in bundle.card.items() if k not in ours}
    new = store.save(tmp_path / "a-new", models, card)
    assert load(tmp_path).bundle.path == new


def test_a_model_says_why_it_is_the_one_that_answers(bundle_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copied(bundle_folder, tmp_path / "models" / "ours")
    assert load().why == "comes with saring; nobody promoted another"
    assert load("models").path == Path("models/ours")
    assert load("models").why == "the newest of models; nobody is promoted there"
    assert load(tmp_path / "models" / "ours").why == "named"


@pytest.mark.parametrize("name", ["nowhere", "empty", "file.txt"])
def test_no_model_is_an_error_that_names_the_command_that_makes_one(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").touch()
    with pytest.raises(BundleError, match=rf"{name}: found neither such a folder nor such a model.*`saring train`"):
        load(tmp_path / name)


def test_a_tampered_bundle_is_refused(bundle_folder, tmp_path):
    folder = copied(bundle_folder, tmp_path / "bundle")
    with (folder / "topic.npz").open("r+b") as file:
        file.seek(1000)
        file.write(b"\x00\x01\x02")
    with pytest.raises(BundleError, match=r"topic.npz: differs from its checksum"):
        load(folder)


@pytest.mark.skipif(os.name == "nt", reason="no file name may hold a colon there")
def test_a_folder_with_a_colon_in_its_path_is_no_address(bundle_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copied(bundle_folder, tmp_path / "C:" / "models")
    assert load("C:/models").topics


# the model that comes with saring; test_readme.py trains on the whole corpus


def test_the_shipped_model_knows_our_page(shipped):
    found = one(shipped, PRMN)
    assert found.topic == "international_politics"
    assert [link.related for link in found.links] == [False] * 3


@pytest.mark.skipif(not SEED.exists(), reason="needs ../shared/seed")
def test_the_shipped_model_knows_the_seed_article(shipped):
    found = one(shipped, SEED.read_text(encoding="utf-8"))
    assert found.topic == "international_politics"
    assert (found.published, found.source) == ("2022-01-19T14:30:00+07:00", "Reuters")
    assert [link.related for link in found.links] == [False] * 3
    assert len(found.clean_text.splitlines()) == 14
