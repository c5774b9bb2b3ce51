"""saring as a stage of a NeMo Curator pipeline. It is tested where NeMo Curator is, which asks for CUDA's packages."""

import orjson
import pyarrow as pa
import pytest

from saring.article import clean_text
from saring.parsing.engine import parse

pytest.importorskip("nemo_curator")

from nemo_curator.backends.ray_data import RayDataExecutor
from nemo_curator.pipeline import Pipeline
from nemo_curator.stages.text.io.reader import JsonlReader
from nemo_curator.stages.text.io.writer import JsonlWriter
from nemo_curator.tasks import DocumentBatch

from saring.integrations.nemo import TeaserStage

TEXT = (
    "JAKARTA, Warta - Rupiah menguat.\nBaca Juga: Potret Mesra Artis Sinetron dan Kekasih Barunya\n"
    "Pelaku pasar menanti data inflasi.\nEditor: Sari Dewi"
)
ROWS = [
    {"id": "a", "title": "Rupiah Menguat", "text": TEXT},
    {"id": "b", "title": "Polos", "text": "Polos sekali."},
    {"id": "c", "title": "", "text": " "},
]


@pytest.mark.parametrize("topics", [True, False])
def test_a_batch_is_cleaned_and_says_what_left(topics):
    stage = TeaserStage(topics=topics)
    stage.setup()
    table = stage.process(DocumentBatch(dataset_name="uji", data=pa.Table.from_pylist(ROWS))).data
    assert set(stage.outputs()[1]) <= set(table.column_names)
    assert table["text"].to_pylist() == [clean_text(parse(TEXT)), "Polos sekali.", " "]
    assert [len(orjson.loads(links)) for links in table["saring_links"].to_pylist()] == [1, 0, 0]
    assert [bool(error) for error in table["saring_error"].to_pylist()] == [False, False, True]
    assert ("saring_topic" in table.column_names) is topics


def test_an_empty_batch_stays_one():
    stage = TeaserStage()
    stage.setup()
    table = stage.process(DocumentBatch(dataset_name="uji", data=pa.table({"text": pa.array([], pa.string())}))).data
    assert (len(table), set(stage.outputs()[1])) == (0, set(table.column_names))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of Ray
def test_a_pipeline_reads_and_writes_clean_articles(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in ROWS))
    stages = [JsonlReader(str(tmp_path / "raw")), TeaserStage(), JsonlWriter(str(tmp_path / "clean"))]
    Pipeline(name="clean", stages=stages).run(RayDataExecutor())
    [path] = (tmp_path / "clean").glob("*.jsonl")
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert [row["text"] for row in rows] == [clean_text(parse(TEXT)), "Polos sekali.", " "]
