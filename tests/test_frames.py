"""Tables of pandas, polars and Arrow scored: the kind that comes in comes out, with the rows of every other way."""

import os
import signal
import subprocess
import sys
import time
from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from fragilemodel import FragileModel

from saring.batch.parts import Task
from saring.errors import ConfigError
from saring.frames import TableMaker, row_batches
from saring.io.writers import arrow_schema
from saring.predict import Model, load

NOON = "2023-03-03T12:00:00+00:00"
TEASER = "Rupiah menguat terhadap dolar AS.\nBaca Juga: Potret Mesra Artis Sinetron\nPasar menanti data inflasi."
ROWS = [
    {"judul": "Rupiah Menguat", "isi": TEASER, "tanggal": datetime(2022, 1, 19, 14, 30), "nomor": 7},
    {"judul": None, "isi": None, "tanggal": None, "nomor": 8},
    {"judul": "Timnas Menang", "isi": "Timnas menang 2-0 atas Vietnam.", "tanggal": None, "nomor": 9},
]


@pytest.fixture(scope="module")
def model(bundle_folder) -> Model:
    return load(bundle_folder)


@pytest.fixture(scope="module")
def expected(model):
    """The rows of a list of mappings."""
    return [prediction.row() for prediction in model.predict(ROWS, scored_at=NOON)]


def table(column_type=None, rows=ROWS) -> pa.Table:
    made = pa.Table.from_pylist(rows)
    place = made.schema.names.index("isi")
    return made.set_column(place, "isi", made["isi"].cast(column_type)) if column_type else made


def rows_of(found) -> list[dict]:
    """The rows of any table as Python's values."""
    if isinstance(found, pd.DataFrame):
        return found.astype("object").where(found.notna(), None).to_dict("records")
    if isinstance(found, pl.LazyFrame):
        found = found.collect()
    return found.to_dicts() if isinstance(found, pl.DataFrame) else list(pa.table(found).to_pylist())


class Stream:
    """A table of a library that saring does not know, which gives its columns as an Arrow stream."""

    def __arrow_c_stream__(self, requested_schema=None):
        return table().__arrow_c_stream__(requested_schema)


# the kind that comes in comes out

KINDS = {
    "pandas": (lambda: pd.DataFrame(ROWS), pd.DataFrame),
    "pandas of Python's objects": (lambda: pd.DataFrame(ROWS).astype("object"), pd.DataFrame),
    "pandas of Arrow's types": (lambda: pd.DataFrame(ROWS).convert_dtypes(dtype_backend="pyarrow"), pd.DataFrame),
    "pandas with categories": (lambda: pd.DataFrame(ROWS).astype({"isi": "category"}), pd.DataFrame),
    "polars": (lambda: pl.DataFrame(ROWS), pl.DataFrame),
    "polars with categories": (lambda: pl.DataFrame(ROWS).cast({"isi": pl.Categorical}), pl.DataFrame),
    "lazy polars": (lambda: pl.LazyFrame(ROWS), pl.LazyFrame),
    "Arrow": (table, pa.Table),
    "Arrow, large": (lambda: table(pa.large_string()), pa.Table),
    "Arrow, views": (lambda: table(pa.string_view()), pa.Table),
    "Arrow, dictionary": (lambda: table(pa.dictionary(pa.int32(), pa.string())), pa.Table),
    "Arrow in chunks": (lambda: pa.concat_tables([table(rows=ROWS[:1]), table(rows=ROWS[1:])], promote_options="permissive"), pa.Table),
    "Arrow batch": (lambda: table().to_batches()[0], pa.RecordBatch),
    "Arrow stream": (lambda: table().to_reader(), pa.RecordBatchReader),
    "what speaks Arrow": (Stream, pa.Table),
    "a list": (lambda: ROWS, pd.DataFrame),
}  # fmt: skip


@pytest.mark.parametrize(("make", "kind"), KINDS.values(), ids=KINDS)
def test_the_kind_that_comes_in_comes_out_with_the_same_rows(model, expected, make, kind):
    found = model.predict_frame(make(), scored_at=NOON)
    assert isinstance(found, kind)
    assert rows_of(found) == expected


@pytest.mark.parametrize("name", ["pandas", "lazy polars", "Arrow stream", "a list"])  # of each library
def test_so_it_does_from_worker_processes(model, expected, name):
    make, kind = KINDS[name]
    found = model.predict_frame(make(), scored_at=NOON, workers=2)
    assert isinstance(found, kind)
    assert rows_of(found) == expected


@pytest.mark.parametrize(("make", "kind"), KINDS.values(), ids=KINDS)
def test_predict_takes_them_too(model, expected, make, kind):
    assert [p.row() for p in model.predict(make(), scored_at=NOON)] == expected
    assert [p.kept for p in model.predict(make(), keep=["nomor"])] == [{"nomor": 7}, {"nomor": 8}, {"nomor": 9}]


TEXTS = [row["isi"] for row in ROWS]


@pytest.mark.parametrize("column", [pd.Series(TEXTS, [5, 5, 9]), pl.Series(TEXTS), pa.chunked_array([TEXTS]), pa.array(TEXTS)], ids=["pandas", "polars", "chunks", "array"])  # fmt: skip
def test_a_column_is_the_texts_of_a_table(model, column):
    found = model.predict_frame(column, scored_at=NOON)
    assert rows_of(found) == rows_of(model.predict_frame(table().select(["isi"]), scored_at=NOON))
    if isinstance(column, pd.Series):
        assert found.index.tolist() == [5, 5, 9]
    assert [p.topic for p in model.predict(column)] == [row["topic"] for row in rows_of(found)]


@pytest.mark.parametrize(("make", "kind"), KINDS.values(), ids=KINDS)
def test_columns_have_the_same_types_whatever_is_in_them(model, make, kind):
    def types(found):
        return found.dtypes.to_dict() if kind is pd.DataFrame else pl.LazyFrame.collect_schema(found) if kind is pl.LazyFrame else found.schema  # fmt: skip

    usual, given = types(model.predict_frame(make())), make()
    nulls = (
        given[1:2] if isinstance(given, list | pd.DataFrame | pl.DataFrame | pa.Table) else pa.table({"isi": [None]})
    )
    none = nulls[:0]
    if type(nulls) is type(given):
        assert types(model.predict_frame(nulls)) == types(model.predict_frame(none)) == usual
    assert len(model.predict_frame(none)) == 0


def test_rows_of_mixed_values_are_those_of_a_list(model):
    rows = [{"text": "Satu."}, {"text": 2}, {"text": ["Tiga.", "Empat."]}, {"text": float("nan")}, {"text": b"Lima"}]
    frame = pd.DataFrame(rows, index=list("abcde"))
    found = model.predict_frame(frame, scored_at=NOON)
    assert rows_of(found) == [p.row() for p in model.predict(rows, scored_at=NOON)]
    assert found.index.tolist() == list("abcde")
    assert rows_of(model.predict_frame(frame, scored_at=NOON, workers=2)) == rows_of(found)


def test_a_list_of_paragraphs_that_pandas_read_as_an_array_is_a_text(model):
    frame = pd.DataFrame({"text": [np.array(["Rupiah menguat.", "Pasar tenang."], dtype=object)]})
    assert model.predict_frame(frame)["clean_text"][0] == "Rupiah menguat.\nPasar tenang."


def test_what_no_file_could_hold_is_no_reason_to_lose_a_table(model):
    texts, ids = ["Rupiah\0 menguat \ud83d.", ""], ["a\ud83d", "b\ud83d"]
    frame = pd.DataFrame({"text": texts, "id": ids, "url": "\ud83d"}, dtype="object")
    found = model.predict_frame(frame)
    assert found["id"].tolist() == ["a\ufffd", "b\ufffd"]
    assert found["error"].notna().tolist() == [False, True]


OBJECTS = [
    {"text": "Rupiah menguat.", "metadata": {"title": "Kurs", "url": "https://www.tempo.co/1"}, "meta": {"tanggal": "2022-01-19"}},
    {"text": "Pasar tenang.", "metadata": {"title": None, "url": None}, "meta": {"tanggal": None}},
]  # fmt: skip
CORPUS = [{"id": "1", "text": "Rupiah menguat.", "source": "koranku", "added": "2024-01-01"}]


@pytest.mark.parametrize("rows", [OBJECTS, CORPUS], ids=["objects", "row of a corpus"])
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.Table.from_pylist])
def test_what_objects_and_other_columns_say_is_read_as_of_any_row(model, rows, make):
    expected = [p.row() for p in model.predict(rows, scored_at=NOON)]
    for workers in (1, 2):
        assert rows_of(model.predict_frame(make(rows), scored_at=NOON, workers=workers)) == expected


def test_of_two_columns_of_one_name_the_last_counts(model):
    twice = pa.table([pa.array(["Satu."]), pa.array(["Dua."])], ["isi", "isi"])
    assert model.predict_frame(twice)["clean_text"].to_pylist() == ["Dua."]
    assert model.predict_frame(twice.to_pandas())["clean_text"].tolist() == ["Dua."]


def test_a_table_without_text_is_told_row_by_row_with_all_its_columns(model):
    for frame in (pd.DataFrame({"a": [1], "b": [2]}), pl.DataFrame({"a": [1], "b": [2]})):
        [row] = rows_of(model.predict_frame(frame))
        assert row["error"] == "an article needs 'text'; found the fields ['a', 'b']"


def test_times_of_a_zone_are_read(model):
    frame = pd.DataFrame({"text": [TEASER], "date": pd.to_datetime(["2022-01-19 07:30"], utc=True)})
    assert model.predict_frame(frame)["published"].tolist() == ["2022-01-19T14:30:00+07:00"]


def test_rows_without_columns_are_rows(model):
    found = model.predict_frame(pd.DataFrame(index=["a", "b"]))
    assert found.index.tolist() == ["a", "b"]
    assert found["error"].tolist() == ["an article needs 'text'; found the fields []"] * 2


# no more is touched than is needed


def test_columns_that_nobody_needs_are_never_made(model):
    def refuse(values):
        raise AssertionError("was made")

    frame = pl.LazyFrame(ROWS).with_columns(pl.col("nomor").map_batches(refuse, return_dtype=pl.Int64))
    assert model.predict_frame(frame).select("topic", "n_links").collect()["n_links"].to_list() == [1, None, 0]
    assert len(model.predict(frame)) == 3


def test_a_lazy_frame_stays_lazy_and_can_be_asked_on(model):
    frame = model.predict_frame(pl.LazyFrame(ROWS))
    assert frame.filter(pl.col("n_links") == 1).select("title").collect().to_dicts() == [{"title": "Rupiah Menguat"}]
    assert frame.head(1).collect().height == 1


def test_the_rows_of_a_stream_are_made_as_they_are_read(model):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield table().to_batches()[0]

    stream = model.predict_frame(pa.RecordBatchReader.from_batches(table().schema, endless()), workers=1)
    assert taken == []
    assert stream.read_next_batch().schema == stream.schema
    assert len(taken) <= 512
    stream.close()


# processes


@pytest.mark.parametrize("workers", [0, 257])
def test_a_number_of_processes_that_cannot_be_is_refused(model, workers):
    with pytest.raises(ConfigError, match=f"workers is {workers}; expected 1 to 256"):
        model.predict_frame(table(), workers=workers)


PROGRAM = """
import os, resource, sys
import pandas as pd
import saring
frame = pd.DataFrame({"text": [f"Rupiah menguat {n} persen." for n in range(int(sys.argv[2]))]})
rows = saring.load(sys.argv[1]).predict_frame(frame)
assert rows["clean_text"].tolist() == frame["text"].tolist()
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > 0)
"""


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")
@pytest.mark.parametrize(("rows", "started"), [("1000", "False"), ("5000", "True")])
def test_a_large_frame_has_a_process_a_core_and_a_small_one_none(bundle_folder, rows, started):
    # A program without `if __name__ == "__main__"`, which processes of another kind would run again.
    command = [sys.executable, "-c", PROGRAM, bundle_folder, rows]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == started


TASK = Task("score", FragileModel(), "none", NOON)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mati", "the article ended the process that worked on it (signal SIGKILL)"),
        ("lama", "the article took longer than 1 seconds and was given up"),
        ("galat", "the article broke the scoring (RuntimeError: rusak)"),
    ],
)
def test_what_breaks_or_stalls_a_worker_costs_its_row(text, why):
    texts = ["satu", text, "tiga"]
    maker = TableMaker(TASK, kinds=TASK.columns, seconds=1)
    found = pa.Table.from_batches(row_batches(pa.table({"isi": texts}), maker, 2), arrow_schema(TASK.columns))
    assert found["error"].to_pylist() == [None, f"{why}; look at it or take it out", None]


INTERRUPTED = """
import sys, time
import pandas as pd
import saring
from saring.processes import WorkerProcess
frame = pd.DataFrame({"text": ["Rupiah menguat terhadap dolar AS. " * 50] * 100_000})
print("begins", flush=True)
saring.load(sys.argv[1]).predict_frame(frame, workers=2)
"""


@pytest.mark.slow
def test_ctrl_c_ends_the_call_and_its_processes_at_once(bundle_folder):
    command = [sys.executable, "-c", INTERRUPTED, bundle_folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == "begins\n"
        time.sleep(3)
        program.send_signal(signal.SIGINT)
        start = time.monotonic()
        error = program.stderr.read()  # closes when the last process has ended that could write to it
        assert error.splitlines()[-1] == "KeyboardInterrupt"
        assert time.monotonic() - start < 10
