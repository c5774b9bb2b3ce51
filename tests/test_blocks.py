"""Rows in blocks: cut anywhere and sent elsewhere, they are the records that `read` gives."""

import csv
import gzip
import pickle
from itertools import pairwise

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.columns import Broken
from saring.errors import InputError
from saring.io.blocks import ArrowBlock
from saring.io.input_files import InputFile
from saring.io.records import ReadOptions, open_blocks, read, read_blocks

KEEP = ReadOptions(on_error="keep")
NEWS = "Rupiah menguat terhadap dolar AS."


def found(path, cuts=(), options=KEEP):
    """The records in a file's blocks, each cut at some places and sent through a pickle."""
    records = []
    for block in read_blocks([path], options):
        places = sorted({0, len(block), *(cut for cut in cuts if cut < len(block))})
        for start, stop in pairwise(places):
            sent = pickle.loads(pickle.dumps(block.cut(start, stop)))
            assert len(sent) == len(sent.sizes) == stop - start
            records += open_blocks([sent], options)
    return records


def kinds(path):
    """What the items in a file's blocks are; of a Parquet file its blocks."""
    blocks = list(read_blocks([path], KEEP))
    return {kind for b in blocks for kind in ([ArrowBlock] if type(b) is ArrowBlock else map(type, b.items))}


def lines(*values):
    return b"".join(orjson.dumps(value) + b"\n" for value in values)


def parquet(path, columns):
    pq.write_table(pa.table(columns), path)
    return path


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.one_of(texts, st.none(), st.integers(-9, 9), st.lists(texts, max_size=2))
rows = st.dictionaries(st.sampled_from(["id", "text", "judul", "tanggal", "x"]), values)
cuts = st.lists(st.integers(0, 12), max_size=3)


@given(rows=st.lists(st.one_of(rows, values), max_size=12), cuts=cuts)
def test_lines_cut_anywhere_are_the_same_records(tmp_path_factory, rows, cuts):
    path = tmp_path_factory.getbasetemp() / "cut.jsonl"
    path.write_bytes(lines({"text": NEWS}, *rows) + b'\n \n{"text": "torn')
    assert kinds(path) == {bytes}
    assert found(path, cuts) == list(read(path, KEEP))


@given(
    rows=st.lists(st.tuples(st.none() | texts, st.none() | texts, st.none() | st.integers(0, 9)),
                  min_size=1, max_size=12),
    cuts=cuts,
)  # fmt: skip
def test_columns_cut_anywhere_are_the_same_records(tmp_path_factory, rows, cuts):
    text, title, id = zip(*rows, strict=True)
    path = tmp_path_factory.getbasetemp() / "cut.parquet"
    for ids in (id, [None if one is None else str(one) for one in id]):
        columns = {"x": [{"a": 1}] * len(rows), "isi": pa.array(text, pa.string()),
                   "judul": pa.array(title, pa.large_string()), "id": ids}  # fmt: skip
        parquet(path, columns)
        assert kinds(path) == {ArrowBlock}
        assert found(path, cuts) == list(read(path, KEEP))


cells = st.text(st.sampled_from('a,"\n\r; é'), max_size=8)


@given(rows=st.lists(st.lists(cells, max_size=4), max_size=12), cuts=cuts, quotes=st.booleans())
def test_csv_is_cut_where_rows_end_whatever_quotes_hold(tmp_path_factory, rows, cuts, quotes):
    path = tmp_path_factory.getbasetemp() / "cut.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["text", "judul", "id"])
        table.writerows(rows) if quotes else file.writelines(",".join(row) + "\n" for row in rows)
    assert kinds(path) <= {dict, Broken}
    assert found(path, cuts) == list(read(path, KEEP))


def test_pages_and_text_files_are_opened_where_they_are_read(tmp_path):
    page = f"<html><body><h1>Rupiah Menguat</h1>{f'<p>{NEWS}</p>' * 4}</body></html>".encode()
    files = {"a.html": page, "b.txt": NEWS.encode(), "c.csv": f"text\n{NEWS}\n".encode(),
             "d.html": b"", "e.htm.gz": gzip.compress(page), "f.txt": b"\xff\xfe\0"}  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    items = [list(map(type, block.items)) for block in read_blocks([tmp_path], KEEP)]
    assert items == [[InputFile] * 2, [dict], [InputFile] * 3]
    assert found(tmp_path, (1,)) == list(read(tmp_path, KEEP))
    (tmp_path / "b.txt").unlink()
    first, *_ = read_blocks([tmp_path], KEEP)
    (tmp_path / "a.html").unlink()  # while it waits
    assert first.sizes == [0]
    assert "a.html: cannot be opened" in open_blocks([first], KEEP)[0].error


BROKEN_TEXT = pa.Array.from_buffers(
    pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0\4\0\0\0"), pa.py_buffer(b"ab\xff\xfe")]
)
PLAIN = {
    "nul in a column": ("parquet", {"text": ["a\0b", NEWS]}, ArrowBlock),
    "no utf-8 in a column": ("parquet", {"text": BROKEN_TEXT}, ArrowBlock),
    "dates": ("parquet", {"text": [NEWS], "tanggal": pa.array([0], pa.date32())}, ArrowBlock),
    "a list of paragraphs": ("parquet", {"text": [[NEWS, NEWS]]}, ArrowBlock),
    "a dictionary": ("parquet", {"text": pa.array([NEWS]).dictionary_encode()}, ArrowBlock),
    "a byte order mark": ("jsonl", b"\xef\xbb\xbf" + lines({"text": NEWS}), bytes),
    "no utf-8 in a line": ("jsonl", lines({"text": "“kafé”"}) + b'{"text": "\xff"}\n', bytes),
    "utf-16": ("jsonl", lines({"text": NEWS}).decode().encode("utf-16"), str),
    "packed": ("jsonl.gz", gzip.compress(lines({"text": NEWS})), bytes),
    "a start without a text": ("jsonl", lines({"x": 1}, {"text": NEWS}), bytes),
    "a broken start": ("jsonl", b"{\n" + lines({"text": NEWS}), bytes),
    "one line without an end": ("jsonl", lines({"text": NEWS})[:-1], bytes),
    "a table": ("csv", b"text,id\n" + NEWS.encode() + b",a\n", dict),
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_out_of_the_ordinary_gives_the_same_records(tmp_path, name):
    suffix, held, kind = PLAIN[name]
    path = tmp_path / f"in.{suffix}"
    if suffix == "parquet":
        parquet(path, held)
    else:
        path.write_bytes(held)
    assert kinds(path) == {kind}
    assert found(path) == list(read(path, KEEP))


def test_of_a_table_only_our_columns_are_sent(tmp_path):
    path = parquet(tmp_path / "in.parquet", {"text": [NEWS], "embedding": [[0.5] * 100]})
    [block] = read_blocks([path], KEEP)
    assert block.items.schema.names == ["text"]


def test_columns_that_the_user_names_are_taken(tmp_path):
    path = parquet(tmp_path / "in.parquet", {"text": ["a"], "naskah": [NEWS]})
    options = ReadOptions(columns={"text": "naskah"}, on_error="keep")
    assert found(path, options=options) == list(read(path, options))
    assert found(path, options=options)[0].text == NEWS


def test_two_columns_of_one_name_are_read_as_they_were(tmp_path):
    table = pa.Table.from_arrays([pa.array([NEWS]), pa.array(["b"])], ["text", "text"])
    pq.write_table(table, tmp_path / "in.parquet")
    assert kinds(tmp_path / "in.parquet") == {ArrowBlock}


def test_a_file_that_breaks_off_keeps_the_lines_before(tmp_path):
    path = tmp_path / "in.jsonl.gz"
    path.write_bytes(gzip.compress(lines(*({"text": NEWS * 9, "id": str(n)} for n in range(50_000))))[:-999])
    assert kinds(path) == {bytes, Broken}
    assert found(path) == list(read(path, KEEP))


def test_blocks_are_bounded(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(lines(*[{"text": NEWS}] * 2_000, *[{"text": NEWS * 9_000}] * 20))
    given = list(read_blocks([path], KEEP))
    assert max(map(len, given)) == 512
    assert max(sum(block.sizes) for block in given) < 2_000_000


def test_an_error_that_is_to_be_raised_is_raised_at_its_row(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(lines({"text": NEWS}, 5, {"text": NEWS}))
    given = read_blocks([path], ReadOptions())
    assert open_blocks([next(given)], ReadOptions())[0].text == NEWS
    with pytest.raises(InputError, match=r"in.jsonl:2: found the number 5"):
        next(given)


def test_mojibake_is_repaired_where_the_blocks_are_opened(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(lines({"text": "â€œYaâ€\x9d"}))
    options = ReadOptions(fix_text=True, on_error="keep")
    assert found(path, options=options) == list(read(path, options))
    assert found(path, options=options)[0].text == "“Ya”"
