"""What is done to records is the same in another process, and a refused row says where it stood."""

import pickle
import shutil

import orjson
import pytest

from saring.article import Record
from saring.batch import clean, run
from saring.batch.parts import PartMaker, Task
from saring.errors import BundleError
from saring.io.blocks import Block
from saring.predict import load

TEASERS = (
    "Rupiah menguat 15 poin terhadap dolar AS pada perdagangan hari ini.\n"
    "Baca Juga: Harga Emas Hari Ini Turun Seribu Rupiah per Gram\n"
    "Baca Juga: Potret Mesra Artis Sinetron dan Kekasih Barunya\n"
    "Pelaku pasar menanti data inflasi."
)
NOON = "2023-03-03T12:00:00+00:00"


@pytest.fixture(scope="module")
def model(bundle_folder):
    return load(bundle_folder)


@pytest.mark.parametrize("keep_links", ["none", "related", "all"])
def test_a_task_does_the_same_in_another_process(model, keep_links):
    records = [Record("a", title="Rupiah Menguat", text=TEASERS), Record("b", error="rusak")]
    for task in (Task("clean", model, keep_links), Task("score", model, keep_links, NOON)):
        assert pickle.loads(pickle.dumps(task)).table(records) == task.table(records)


def test_cleaning_that_scores_no_links_takes_no_model_along(model, tmp_path, monkeypatch):
    tasks = []
    monkeypatch.setattr(run, "_run", lambda inputs, out, task, options: tasks.append(task))
    for keep_links in ("none", "all", "related"):
        clean([], tmp_path / "out.jsonl", model, keep_links=keep_links)
    assert [pickle.loads(pickle.dumps(task)).model is None for task in tasks] == [True, True, False]


def test_a_model_that_was_replaced_meanwhile_scores_no_row(bundle_folder, shipped, tmp_path):
    folder = shutil.copytree(bundle_folder, tmp_path / "b")
    task = pickle.dumps(Task("score", load(folder), "none", NOON))
    shutil.rmtree(folder)
    shutil.copytree(shipped.path, folder)
    with pytest.raises(BundleError, match=f"found model {shipped.model_version}, expected"):
        pickle.loads(task)


@pytest.mark.parametrize(
    ("where", "file", "row"), [("a.csv:12", "a.csv", 12), ("2023", "2023", None), ("C:a.txt", "C:a.txt", None)]
)
def test_a_refused_row_says_its_file_and_row(where, file, row):
    record = Record("x", where=where, error="rusak")
    part = PartMaker(Task("clean", None, "none"), ".jsonl").part([Block([record])])
    refused = orjson.loads(part.refused)
    assert (refused["file"], refused["row"], refused["reason"]) == (file, row, "rusak")
