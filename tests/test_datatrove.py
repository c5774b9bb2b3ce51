"""saring as a step of a datatrove pipeline: real readers, writers and executors, files in and out."""

import gzip
import pickle
import subprocess
import sys

import orjson
import pyarrow.parquet as pq
import pytest

from saring.article import Record, clean_text
from saring.errors import InputError, UsageError
from saring.integrations.cleaning import KINDS, TOPIC_KINDS, Cleaner
from saring.io.writers import arrow_batch, arrow_schema
from saring.parsing.engine import parse
from saring.predict import load

dill = pytest.importorskip("dill")
pytest.importorskip("datatrove")

from datatrove.data import Document  # noqa: E402
from datatrove.executor import LocalPipelineExecutor, SlurmPipelineExecutor  # noqa: E402
from datatrove.pipeline.readers import JsonlReader  # noqa: E402
from datatrove.pipeline.writers import JsonlWriter, ParquetWriter  # noqa: E402

from saring.integrations.datatrove import TeaserCleaner  # noqa: E402

PLAIN = {"id": "polos", "title": "Polos", "text": "Tidak ada apa-apa di sini."}
TEASERS = {
    "id": "berita",
    "judul": "Rupiah Menguat",
    "text": "JAKARTA, Warta - Rupiah 😀 menguat &amp; pasar tenang.\n"
    "Baca Juga: Potret Mesra Artis Sinetron dan Kekasih Barunya\n"
    "Pelaku pasar menanti data inflasi. (Baca juga: Rupiah Ditutup Menguat Tipis) Begitu kata analis.\n"
    "Editor: Sari Dewi",
    "url": "https://ekonomi.warta.example/1",
}


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    """No progress in the tests' output."""
    monkeypatch.setenv("DATATROVE_COLORIZE_LOGS", "0")


def written(folder, documents, files=1):
    folder.mkdir()
    for number in range(files):
        lines = b"".join(orjson.dumps(document) + b"\n" for document in documents[number::files])
        (folder / f"{number}.jsonl").write_bytes(lines)
    return str(folder)


def lines(folder):
    return [orjson.loads(line) for path in sorted(folder.glob("*.gz")) for line in gzip.open(path)]


def doc(**given):
    return Document(text=given.pop("text"), id=given.pop("id", "1"), metadata=given)


def said(step, *documents):
    return [found.metadata["saring"] for found in step.run(documents)]


def test_a_pipeline_reads_and_writes_clean_articles(tmp_path, shipped):
    raw, out, logs = written(tmp_path / "raw", [PLAIN, TEASERS]), tmp_path / "clean", tmp_path / "logs"
    steps = [JsonlReader(raw), TeaserCleaner(str(shipped.path)), JsonlWriter(str(out))]
    stats = LocalPipelineExecutor(steps, logging_dir=str(logs)).run()
    plain, berita = lines(out)
    assert plain["text"] == PLAIN["text"]
    assert (
        berita["text"]
        == clean_text(parse(TEASERS["text"]))
        == ("Rupiah 😀 menguat & pasar tenang.\nPelaku pasar menanti data inflasi. Begitu kata analis.")
    )
    assert berita["metadata"]["url"] == TEASERS["url"]
    found = berita["metadata"]["saring"]
    [expected] = shipped.predict([TEASERS])
    assert found["links"] == [link.row() for link in expected.links]
    assert (found["topic"], found["n_unrelated"], found["error"]) == (expected.topic, expected.n_unrelated, "")
    shown = [(span["kind"], TEASERS["text"][span["start"] : span["end"]]) for span in found["spans"]]
    assert [kind for kind, _ in shown] == ["dateline", "link", "link", "byline"]
    assert shown[1][1] == "Baca Juga: Potret Mesra Artis Sinetron dan Kekasih Barunya"
    counts = orjson.loads((logs / "stats.json").read_bytes())[1]["stats"]
    assert (counts["total"], counts["links"]["total"]) == (2, 2)
    assert stats.stats[1].stats["characters_removed"].total > 100


@pytest.mark.slow
def test_tasks_in_worker_processes_give_the_same(tmp_path, shipped):
    documents = [{**TEASERS, "id": str(number), "text": f"{TEASERS['text']} {number}"} for number in range(30)]
    raw = written(tmp_path / "raw", documents, files=3)
    for name, tasks, workers in (("one", 1, 1), ("many", 3, 2)):
        steps = [JsonlReader(raw), TeaserCleaner(str(shipped.path)), JsonlWriter(str(tmp_path / name))]
        LocalPipelineExecutor(steps, tasks=tasks, workers=workers, logging_dir=str(tmp_path / f"{name}-logs")).run()
    by_id = [sorted(lines(tmp_path / name), key=lambda row: row["id"]) for name in ("one", "many")]
    assert by_id[0] == by_id[1]
    assert len(by_id[0]) == 30


@pytest.mark.parametrize("topics", [True, False])
def test_the_kinds_name_all_that_is_said(shipped, topics):
    [answer] = Cleaner(shipped, "none", topics).answers([Record("a", "", TEASERS["text"])])
    assert list(answer.typed()) == list(KINDS | TOPIC_KINDS if topics else KINDS)
    schema = arrow_schema({name: kind for name, kind in (KINDS | TOPIC_KINDS).items() if name in answer.said})
    assert arrow_batch({name: [value] for name, value in answer.typed().items()}, schema).num_rows == 1


UNPICKLE = """
import sys
import dill
from datatrove.data import Document
steps = dill.load(open(sys.argv[1], "rb")).pipeline
[found] = steps[0].run([Document(text=sys.argv[2], id="1")])
print(found.metadata["saring"]["n_links"], {"lxml", "trafilatura", "sklearn", "pandas"} & set(sys.modules) or "")
"""


@pytest.mark.parametrize("open_first", [False, True])
def test_a_slurm_job_opens_the_model_in_its_own_process(tmp_path, shipped, open_first):
    """Without the packages of saring's extras; slurm's job script loads the pickled executor just so."""
    step = TeaserCleaner(str(shipped.path))
    if open_first:
        list(step.run([doc(text=TEASERS["text"])]))
    executor = SlurmPipelineExecutor([step], 1, "1:00:00", "cpu", logging_dir=str(tmp_path / "logs"))
    path = tmp_path / "executor.pik"
    path.write_bytes(dill.dumps(executor, fmode=dill.CONTENTS_FMODE))
    assert path.stat().st_size < 50_000  # the model is not in it
    words = [sys.executable, "-c", UNPICKLE, str(path), TEASERS["text"]]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["2"]
    assert pickle.loads(pickle.dumps(step)).model == str(shipped.path)


def test_a_parquet_file_whose_first_document_has_no_link_holds_those_of_the_others(tmp_path, shipped):
    documents = [PLAIN, {"id": "berita", "title": TEASERS["judul"], "text": TEASERS["text"]}]
    raw, out = written(tmp_path / "raw", documents), tmp_path / "clean"
    steps = [JsonlReader(raw), TeaserCleaner(str(shipped.path), parquet=True), ParquetWriter(str(out))]
    LocalPipelineExecutor(steps, logging_dir=str(tmp_path / "logs")).run()
    [path] = out.glob("*.parquet")
    plain, berita = (row["metadata"]["saring"] for row in pq.read_table(path).to_pylist())
    assert (plain["links"], plain["n_links"], plain["error"]) == ("[]", 0, "")
    assert [link["start"] for link in orjson.loads(berita["links"])] == [54, 148]
    assert plain.keys() == berita.keys()


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_documents_keep_their_order_whatever_the_batches(shipped, batch_size):
    texts = [f"Berita {number}.\n{TEASERS['text'] * (number % 2)}" for number in range(7)]
    documents = [doc(id=str(number), text=text) for number, text in enumerate(texts)]
    found = list(TeaserCleaner(str(shipped.path), batch_size=batch_size).run(documents))
    assert [one.id for one in found] == [str(number) for number in range(7)]
    assert [one.text for one in found] == [clean_text(parse(text)) for text in texts]


def test_a_document_that_cannot_be_read_goes_on_as_it_is_with_the_reason(shipped):
    broken = doc(id="rusak", text=" \n", title=None)
    odd = doc(id="aneh", text=TEASERS["text"], title={"id": 7})
    found = list(TeaserCleaner(str(shipped.path)).run([broken, doc(**TEASERS), odd]))
    assert [one.text for one in found][::2] == [" \n", TEASERS["text"]]
    errors = [one.metadata["saring"]["error"] for one in found]
    assert errors[0] == "rusak: title and text are empty; expected an article"
    assert errors[1] == ""
    assert "column 'title' (title): found an object" in errors[2]
    with pytest.raises(InputError, match="document 'rusak'"):
        list(TeaserCleaner(str(shipped.path), on_error="raise").run([broken]))


@pytest.mark.parametrize("keep_links", ["none", "related", "all"])
@pytest.mark.parametrize("topics", [True, False])
def test_links_that_are_to_stay_stay(shipped, keep_links, topics):
    step = TeaserCleaner(str(shipped.path), keep_links=keep_links, topics=topics)
    [found] = step.run([doc(**TEASERS)])
    [expected] = shipped.predict([TEASERS], keep_links=keep_links)
    assert found.text == expected.clean_text
    assert ("topic" in found.metadata["saring"]) is topics


def test_the_title_may_be_under_any_key_and_the_text_may_stay(shipped):
    given = {"text": TEASERS["text"], "kepala": TEASERS["judul"], "isi": "bukan ini"}
    named, unnamed = (said(TeaserCleaner(str(shipped.path), title=title), doc(**given)) for title in ("kepala", None))
    [expected] = shipped.predict([TEASERS])
    assert [link["p_unrelated"] for link in named[0]["links"]] == [link.p_unrelated for link in expected.links]
    assert named != unnamed
    [left] = TeaserCleaner(str(shipped.path), replace_text=False, key="s").run([doc(**given)])
    assert left.text == TEASERS["text"]
    assert left.metadata["s"]["n_links"] == 2


def test_wishes_that_cannot_be_met_are_told_at_once():
    with pytest.raises(UsageError, match="keep_links is 'some'"):
        TeaserCleaner(keep_links="some")
    with pytest.raises(UsageError, match="on_error is 'drop'"):
        TeaserCleaner(on_error="drop")
    with pytest.raises(UsageError, match="batch_size is 0"):
        TeaserCleaner(batch_size=0)


def test_an_empty_task_and_the_default_model_work():
    assert list(TeaserCleaner().run(None)) == []
    assert load().topics


def test_without_datatrove_the_error_says_what_to_install():
    words = "import sys; sys.modules['datatrove'] = None; import saring.integrations.datatrove"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True)
    assert 'a step of a datatrove pipeline needs an optional part: pip install "saring[datatrove]" (' in done.stderr
