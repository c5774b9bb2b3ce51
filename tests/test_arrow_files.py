"""Feather and Arrow files and streams are read as Parquet is."""

import datetime as dt
import gzip
import io
import struct
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import feather

from saring.errors import InputError
from saring.io.blocks import ArrowBlock
from saring.io.input_files import named_file
from saring.io.records import ReadOptions, read, read_blocks

KEEP = ReadOptions(on_error="keep")
TABLE = pa.table({
    "id": pa.array([1, 2, None]),
    "judul": pa.array(["a", "b", None]).dictionary_encode(),
    "isi": pa.array(["satu", None, "tiga"], pa.large_string()),
    "tanggal": pa.array([dt.datetime(2022, 1, 19, 14, 30)] * 3, pa.timestamp("us")),
    "media": pa.array(["Kompas", "Kompas", "Detik"], pa.string_view()),
    "metadata": pa.array([{"url": "https://www.kompas.com/1", "vektor": [1.0]}] * 3),
    "vektor": pa.array([b"x" * 99] * 3),
})  # fmt: skip
ROWS = [("1", "a", "satu", "Kompas"), ("2", "b", "", "Kompas"), ("a:3", "", "tiga", "Detik")]


def file_of(table: pa.Table, compression: str | None = None) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_file(out, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=2)
    return out.getvalue()


def stream_of(table: pa.Table, compression: str | None = None) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=2)
    return out.getvalue()


def old_feather(table: pa.Table) -> bytes:
    out = io.BytesIO()
    with pytest.warns(DeprecationWarning, match="Feather V1"):
        feather.write_feather(table, out, version=1)
    return out.getvalue()


def polars_ipc(table: pa.Table) -> bytes:
    polars = pytest.importorskip("polars")
    out = io.BytesIO()
    polars.from_arrow(table).write_ipc(out, compression="lz4")
    return out.getvalue()


def pandas_feather(table: pa.Table) -> bytes:
    pytest.importorskip("pandas")
    out = io.BytesIO()
    table.to_pandas().to_feather(out)
    return out.getvalue()


def rows_of(path: Path) -> list[tuple[str, ...]]:
    found = list(read([path], KEEP))
    assert [record.error for record in found] == [""] * len(found)
    assert {record.published for record in found} <= {"2022-01-19T14:30:00"}
    return [(r.id.replace(path.name, "a"), r.title, r.text, r.publisher) for r in found]


WAYS = {
    "file": file_of(TABLE), "file lz4": file_of(TABLE, "lz4"), "file zstd": file_of(TABLE, "zstd"),
    "stream": stream_of(TABLE), "stream zstd": stream_of(TABLE, "zstd"), "stream lz4": stream_of(TABLE, "lz4"),
}  # fmt: skip


@pytest.mark.parametrize("suffix", ["feather", "arrow", "ipc"])
@pytest.mark.parametrize("way", WAYS)
def test_files_and_streams_packed_or_not(tmp_path, way, suffix):
    path = tmp_path / f"b.{suffix}"
    path.write_bytes(WAYS[way])
    assert rows_of(path) == ROWS
    assert {record.url for record in read([path])} == {"https://www.kompas.com/1"}


@pytest.mark.parametrize("make", [polars_ipc, pandas_feather])
def test_what_polars_and_pandas_write(tmp_path, make):
    path = tmp_path / "b.feather"
    path.write_bytes(make(TABLE))
    assert rows_of(path) == ROWS


def test_feather_of_version_1(tmp_path):
    path = tmp_path / "b.feather"
    path.write_bytes(old_feather(pa.table({"judul": ["a", "b"], "isi": ["satu", None]})))
    assert [(record.title, record.text) for record in read([path])] == [("a", "satu"), ("b", "")]


@pytest.mark.parametrize("way", ["file", "stream"])
def test_standard_input_and_gzip(tmp_path, monkeypatch, way):
    path = tmp_path / "b.arrow.gz"
    path.write_bytes(gzip.compress(WAYS[way]))
    assert rows_of(path) == ROWS
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WAYS[way])))
    assert [record.text for record in read(["-"])] == ["satu", "", "tiga"]


@pytest.mark.parametrize("way", ["file", "stream"])
def test_only_the_columns_that_are_used_go_to_a_worker(tmp_path, way):
    path = tmp_path / "b.arrow"
    path.write_bytes(WAYS[way])
    blocks = list(read_blocks([path], KEEP))
    assert all(isinstance(block, ArrowBlock) and "vektor" not in block.items.schema.names for block in blocks)
    assert sum(map(len, blocks)) == 3 and named_file(path).format == "arrow"


@pytest.mark.parametrize("suffix", ["feather", "arrow"])
def test_a_table_without_a_text_names_its_columns_and_the_line_to_type(tmp_path, suffix):
    path = tmp_path / f"b.{suffix}"
    path.write_bytes(
        file_of(pa.table({"judul": ["a"], "naskah": ["Harga cabai rawit turun di pasar induk pagi ini."]}))
    )
    with pytest.raises(InputError, match=r"no text column: found 'judul', 'naskah'.*--column text=naskah$"):
        read([path])
    path.write_bytes(file_of(pa.table({"judul": pa.array([], pa.string())})))
    with pytest.raises(InputError, match="no text column: found 'judul'"):
        read([path])


@pytest.mark.parametrize("data", [b"ARROW1\0\0 bukan", b"\xff\xff\xff\xff\x70\0\0\0", b"FEA1 bukan", b"isi\nnaik\n"])
def test_what_is_no_arrow_is_one_error(tmp_path, data):
    (tmp_path / "b.arrow").write_bytes(data)
    (record,) = read([tmp_path], KEEP)
    assert record.error.startswith(f"{tmp_path / 'b.arrow'}: found no readable Arrow file or stream")


def test_a_cut_stream_gives_the_rows_before_the_cut(tmp_path):
    (tmp_path / "b.arrow").write_bytes(WAYS["stream"][:-300])
    *good, broken = read([tmp_path], KEEP)
    assert [record.text for record in good] == ["satu", ""]
    assert "found no readable Arrow file or stream from here on" in broken.error


def test_an_array_that_points_out_of_its_bytes_is_an_error_and_text_that_is_no_utf8_costs_its_row(tmp_path):
    data = file_of(pa.table({"isi": ["satu", "dua", "tiga"]}))
    offsets = struct.pack("<3i", 0, 4, 7)
    assert offsets in data
    (tmp_path / "b.arrow").write_bytes(data.replace(offsets, struct.pack("<3i", 0, 1 << 30, 7)))
    (record,) = read([tmp_path], KEEP)
    assert "found no readable Arrow file" in record.error
    raw = pa.array([b"satu", b"rusak \x93", b"tiga"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    (tmp_path / "b.arrow").write_bytes(file_of(pa.table({"isi": text})))
    records = list(read([tmp_path], KEEP))
    assert [record.text for record in records] == ["satu", "", "tiga"] and "no UTF-8" in records[1].error
