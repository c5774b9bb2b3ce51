"""Batch: as many rows come out as went in, the summary adds up, and memory stays flat."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from saring.article import Prediction
from saring.batch import clean, score
from saring.batch.parts import Summary, summary_of
from saring.errors import ConfigError, InputError
from saring.io.records import ReadOptions, read
from saring.parsing.engine import parse
from saring.predict import Model, load
from saring.schema import CLEAN_COLUMNS, as_table, kinds, prediction_columns

ARTICLES = Path(__file__).parent / "articles"
MIXED = ARTICLES / "mixed.jsonl"  # 2 articles, 4 rows with errors
COLUMNS = ARTICLES / "columns.csv"  # 3 articles under Indonesian headers


@pytest.fixture(scope="module")
def model(bundle_folder) -> Model:
    return load(bundle_folder)


def rows_of(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def generated(path, n):
    """A file of articles with two links each and one empty row in fifty."""
    with path.open("wb") as file:
        for number in range(n):
            text = (
                f"Rupiah menguat {number} poin terhadap dolar AS pada perdagangan hari ini.\n"
                f"Baca Juga: Harga Emas Hari Ini Turun {number} Rupiah per Gram\n"
                f"Pelaku pasar ke-{number} menanti data inflasi.\n"
                "Baca Juga: Potret Mesra Artis Sinetron dan Kekasih Barunya\n"
                "Penguatan ini yang tertinggi sejak Januari."
            )
            row = {"id": str(number), "title": f"Rupiah Menguat {number}", "text": text}
            file.write(orjson.dumps(row if number % 50 else {"id": str(number), "text": ""}))
            file.write(b"\n")
    return path


# scoring


def test_rows_in_are_rows_out_in_order(model, tmp_path):
    inputs = [MIXED, COLUMNS, ARTICLES / "prmn.txt", ARTICLES / "page.html"]
    summary = score(inputs, tmp_path / "rows.jsonl", model)
    rows = rows_of(tmp_path / "rows.jsonl")
    records = list(read(inputs, ReadOptions(on_error="keep")))
    assert [row["id"] for row in rows] == [record.id for record in records]
    assert [bool(row["error"]) for row in rows] == [False, True, True, True, False, True] + [False] * 5
    assert (summary.rows, summary.scored, summary.abstained, summary.errors) == (11, 7, 0, 4)


def test_the_rows_are_those_of_predict(model, tmp_path):
    score([MIXED], tmp_path / "rows.jsonl", model, keep_links="all")
    rows = rows_of(tmp_path / "rows.jsonl")
    records = list(read(MIXED, ReadOptions(on_error="keep")))
    found = model.predict(records, keep_links="all", scored_at=rows[0]["scored_at"])
    assert rows == [prediction.row() for prediction in found]


def test_all_rows_have_one_time_and_one_model(model, tmp_path):
    score([generated(tmp_path / "in.jsonl", 257)], tmp_path / "out.jsonl", model, batch_size=100)
    rows = rows_of(tmp_path / "out.jsonl")
    assert len({(row["scored_at"], row["model_version"]) for row in rows}) == 1


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_the_summary_adds_up_whatever_the_format(model, tmp_path, suffix):
    out = tmp_path / f"rows{suffix}"
    summary = score([MIXED, COLUMNS], out, model)
    assert summary.rows == summary.scored + summary.abstained + summary.errors == 9
    assert (summary.links, summary.errors) == (3, 4)
    assert "mixed.jsonl:2: title and text are empty" in summary.first_error
    if suffix == ".parquet":
        table = pq.read_table(out)
        assert table.num_rows == summary.rows
        assert table.column("error").null_count == summary.rows - summary.errors
        assert sum(filter(None, table.column("n_unrelated").to_pylist())) == summary.unrelated


def test_abstentions_are_counted_apart():
    known = Prediction(id="a", topic="x", probabilities={"x": 0.9})
    found = [known, replace(known, abstained_because="unsure"), Prediction("c", error="e")]
    summary = summary_of(as_table(prediction_columns(["x"]), found))
    assert summary == Summary(rows=3, scored=1, abstained=1, errors=1, first_error="e")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_date_that_cannot_be_read_costs_no_verdict_and_the_row_says_so(model, tmp_path, workers):
    kind = pa.timestamp("ms")
    table = {"isi": ["Rupiah menguat."] * 2, "tanggal": pa.array([0, 10**17]).view(kind)}
    pq.write_table(pa.table(table), tmp_path / "in.parquet")
    summary = score([tmp_path / "in.parquet"], tmp_path / "out.jsonl", model, workers=workers)
    good, dateless = rows_of(tmp_path / "out.jsonl")
    assert (good["published"], good["error"]) == ("1970-01-01T00:00:00+07:00", None)
    assert dateless["published"] is None
    assert "in.parquet:2: column 'tanggal' (published): found" in dateless["error"]
    same = set(good) - {"id", "published", "error"}
    assert {name: good[name] for name in same} == {name: dateless[name] for name in same}
    assert (summary.rows, summary.errors) == (2, 1)
    assert summary.scored + summary.abstained == 1


def test_links_that_nobody_judged_do_not_stop_a_batch(model, tmp_path):
    checksums = {"topic.npz": model.bundle.checksums["topic.npz"]}
    blind = Model(replace(model.bundle, checksums=checksums))
    for suffix in (".jsonl", ".csv", ".parquet"):
        summary = score([MIXED], tmp_path / f"rows{suffix}", blind)
        assert (summary.links, summary.unrelated) == (2, 0)
    packed = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    plain = rows_of(tmp_path / "rows.jsonl")
    # The files may have been written in two different seconds.
    assert [row | {"scored_at": ""} for row in packed] == [row | {"scored_at": ""} for row in plain]


def test_progress_counts_the_rows_written(model, tmp_path):
    seen = []
    path = generated(tmp_path / "in.jsonl", 203)
    progress = lambda rows, total: seen.append((rows, total))  # noqa: E731
    score([path], tmp_path / "out.jsonl", model, batch_size=100, progress=progress)
    assert seen == [(0, 203), (100, 203), (200, 203), (203, 203)]


def test_huge_articles_are_scored_in_smaller_batches(model, tmp_path, monkeypatch):
    row = orjson.dumps({"text": "Rupiah menguat terhadap dolar AS. " * 40_000}) + b"\n"
    (tmp_path / "in.jsonl").write_bytes(row * 3)
    monkeypatch.setattr("saring.batch.run.BATCH_SIZE", 2_000_000)
    seen = []
    progress = lambda rows, total: seen.append(rows)  # noqa: E731
    score([tmp_path / "in.jsonl"], tmp_path / "out.jsonl", model, progress=progress)
    assert seen == [0, 2, 3]


def test_an_empty_input_gives_a_row_that_says_so(model, tmp_path):
    (tmp_path / "in.jsonl").touch()
    summary = score([tmp_path / "in.jsonl"], tmp_path / "out.parquet", model)
    assert (summary.rows, summary.errors) == (1, 1) and "in.jsonl: holds no rows" in summary.first_error
    assert pq.read_schema(tmp_path / "out.parquet").names == list(kinds(prediction_columns(model.topics)))


# what is refused


def test_an_output_that_is_an_input_is_refused_and_untouched(model, tmp_path):
    path = generated(tmp_path / "in.jsonl", 3)
    before = path.read_bytes()
    (tmp_path / "link.jsonl").symlink_to(path)
    for out in (path, tmp_path / "." / "in.jsonl", tmp_path / "link.jsonl"):
        with pytest.raises(ConfigError, match="is also an input; name another file"):
            score([path], out, model, overwrite=True)
    assert path.read_bytes() == before


def test_an_older_output_in_an_input_folder_would_be_read_as_articles(model, tmp_path):
    generated(tmp_path / "in.jsonl", 3)
    assert score([tmp_path], tmp_path / "out.jsonl", model).rows == 3
    with pytest.raises(ConfigError, match="lies in the input folder"):
        score([tmp_path], tmp_path / "out.jsonl", model, overwrite=True)


def test_a_wrong_column_is_an_error_before_anything_is_written(model, tmp_path):
    out = tmp_path / "out.jsonl"
    with pytest.raises(InputError, match="no text column: found 'judul', 'naskah'"):
        score([ARTICLES / "wrong-column.csv"], out, model)
    assert list(tmp_path.iterdir()) == []
    options = ReadOptions(columns={"text": "naskah"}, on_error="keep")
    assert score([ARTICLES / "wrong-column.csv"], out, model, options).errors == 0


def test_where_errors_shall_be_raised_nothing_is_left(model, tmp_path):
    with pytest.raises(InputError, match=r"mixed.jsonl:3"):
        score([MIXED], tmp_path / "out.jsonl", model, ReadOptions(on_error="raise"))
    assert list(tmp_path.iterdir()) == []


# cleaning


def test_cleaning_needs_no_model_unless_links_are_judged(model, tmp_path):
    summary = clean([MIXED, COLUMNS], tmp_path / "none.jsonl")
    rows = rows_of(tmp_path / "none.jsonl")
    assert all(list(row) == list(kinds(CLEAN_COLUMNS)) for row in rows)
    assert not any("Baca Juga" in (row["text"] or "") for row in rows)
    assert (summary.rows, summary.errors, summary.links) == (9, 4, 3)
    clean([MIXED], tmp_path / "all.jsonl", keep_links="all")
    assert rows_of(tmp_path / "all.jsonl")[0]["text"].count("Baca Juga") == 2
    clean([MIXED], tmp_path / "related.jsonl", model, keep_links="related")
    assert rows_of(tmp_path / "related.jsonl")[0]["text"].count("Baca Juga") == 1
    with pytest.raises(ConfigError, match="keeping the related links needs a model"):
        clean([MIXED], tmp_path / "x.jsonl", keep_links="related")


def test_clean_texts_are_those_of_predict(model, tmp_path):
    for keep_links in ("none", "related", "all"):
        clean([ARTICLES], tmp_path / f"{keep_links}.jsonl", model, keep_links=keep_links,
              options=ReadOptions(on_error="keep"))  # fmt: skip
        score([ARTICLES], tmp_path / f"{keep_links}-rows.jsonl", model, keep_links=keep_links)
        cleaned = rows_of(tmp_path / f"{keep_links}.jsonl")
        scored = rows_of(tmp_path / f"{keep_links}-rows.jsonl")
        for ours, theirs in zip(cleaned, scored, strict=True):
            assert (ours["id"], ours["text"]) == (theirs["id"], theirs["clean_text"])
            assert ours["error"] == theirs["error"]


def test_a_clean_row_has_the_article_s_metadata(tmp_path):
    clean([ARTICLES / "prmn.txt"], tmp_path / "out.parquet")
    [row] = pq.read_table(tmp_path / "out.parquet").to_pylist()
    article = parse((ARTICLES / "prmn.txt").read_text("utf-8"))
    assert (row["editor"], row["source"]) == ("Ratna Wulandari Kusnadi", "Reuters")
    assert (row["published"], row["text"]) == ("2023-03-03T09:15:00+07:00", article.body)
    assert (row["author"], row["tags"], row["error"]) == (None, [], None)


# memory

MEASURED = """
import sys
from pathlib import Path
from saring.predict import load
from saring.batch import score
peaks = []
def note(rows, total):
    lines = Path("/proc/self/status").read_text().splitlines()
    peaks.append(next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")))
summary = score(
    [sys.argv[2]], sys.argv[3], load(sys.argv[1]), progress=note, workers=1, batch_size=128
)
print(summary.rows, peaks[len(peaks) // 5], max(peaks))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_memory_is_flat_over_5_000_rows(bundle_folder, tmp_path):
    path = generated(tmp_path / "in.jsonl", 5_000)
    command = [sys.executable, "-c", MEASURED, bundle_folder, path, tmp_path / "out.parquet"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    rows, early, peak = map(int, done.stdout.split())
    assert rows == 5_000
    assert peak < 1.02 * early  # a kilobyte kept of each row would be more
    assert pq.read_metadata(tmp_path / "out.parquet").num_rows == rows
