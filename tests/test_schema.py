"""The columns of a row are one table, and every form of the row follows it."""

import csv
import json
from dataclasses import fields
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from saring import schema
from saring.article import LinkPrediction, Prediction
from saring.batch import score
from saring.predict import load
from saring.pyfunc import PyfuncModel
from saring.tracking import signature

ROOT = Path(__file__).parents[1]
TOPICS = ("economy", "other")
COLUMNS = (*schema.prediction_columns(TOPICS), *schema.LINK_COLUMNS, *schema.CLEAN_COLUMNS)


def test_the_page_of_columns_is_current():
    """If not: python -m saring.schema > docs/columns.md."""
    assert (ROOT / "docs" / "columns.md").read_text("utf-8") == schema.as_markdown()


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_a_column_has_a_known_kind_and_says_what_it_means(column):
    assert column.kind in schema.KINDS
    assert column.meaning
    assert "|" not in column.meaning + column.null


@pytest.mark.parametrize("columns", [schema.prediction_columns(TOPICS), schema.LINK_COLUMNS, schema.CLEAN_COLUMNS])
def test_no_name_occurs_twice_in_a_row(columns):
    names = [column.name for column in columns]
    assert len(set(names)) == len(names)


def test_every_field_of_a_link_is_a_column():
    assert [c.name for c in schema.LINK_COLUMNS] == [field.name for field in fields(LinkPrediction)]


def test_a_new_column_is_one_entry_and_turns_up_everywhere(tmp_path, monkeypatch, bundle_folder):
    """The recipe of CONTRIBUTING: one file is touched; here the table alone is changed."""
    added = schema.Column(
        "n_paragraphs", "int", "paragraphs of the clean text", "the row has an error",
        lambda found: None if found.clean_text is None else len(found.clean_text.splitlines()),
    )  # fmt: skip
    monkeypatch.setattr(schema, "_AFTER_TOPICS", (*schema._AFTER_TOPICS, added))
    model = load(bundle_folder)
    article = {"id": "a", "title": "Harga Beras", "text": "Harga beras naik.\nPanen mundur."}
    (tmp_path / "in.jsonl").write_text(json.dumps(article) + "\n", "utf-8")

    [found] = model.predict([article])
    assert found.row()["n_paragraphs"] == 2
    assert Prediction("b", error="e", topics=TOPICS).row()["n_paragraphs"] is None
    for suffix in (".jsonl", ".csv", ".parquet"):
        score([tmp_path / "in.jsonl"], tmp_path / f"out{suffix}", model)
    assert json.loads((tmp_path / "out.jsonl").read_text("utf-8"))["n_paragraphs"] == 2
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["n_paragraphs"] == "2"
    table = pq.read_table(tmp_path / "out.parquet")
    assert (str(table.schema.field("n_paragraphs").type), table["n_paragraphs"][0].as_py()) == (
        "int64", 2,
    )  # fmt: skip
    outputs = json.loads(signature(TOPICS)["outputs"])
    assert {"type": "long", "name": "n_paragraphs", "required": False} in outputs
    import pandas as pd

    frame = PyfuncModel(model).predict(pd.DataFrame([article]))
    assert frame["n_paragraphs"].tolist() == [2]
    assert "| `n_paragraphs` | whole number | paragraphs of the clean text |" in (schema.as_markdown())
