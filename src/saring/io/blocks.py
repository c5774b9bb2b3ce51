"""Rows of files as they stand there, in blocks that are quickly cut, sent to a worker, and turned into records.

Telling rows apart must be done in order and is fast; understanding them takes longer and is done by whoever turns a
block into records: this process or a worker.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha1
from itertools import islice
from typing import Any

from saring.article import Record
from saring.columns import FIELDS, MAX_TEXT_BYTES, Broken, Columns, Values, flattened
from saring.errors import NO_ROWS, InputError
from saring.html.page import MAX_SAVED_BYTES, Page, PageReader
from saring.io.crawled import crawled_items
from saring.io.formats import BATCH_ROWS, BATCHES, TABLES, arrow_names, batch_rows, header_of, json_line
from saring.io.input_files import InputFile
from saring.io.sieve import Sieve
from saring.io.streams import ARROW_FILE, ARROW_STREAM, FEATHER_1, Stream, guess_encoding
from saring.text import plain_lines

DOCUMENTS = ("html", "txt")  # formats of one article a file
ARCHIVE = "warc"  # that of many, each with an address
BINARY = {*BATCHES, "xlsx"}  # formats that no text editor shows
PAGE_WEIGHT = 3  # a page takes as long as so much plain text
BLOCK_BYTES = 1 << 20  # of rows held at once
CHECKED_ROWS = 100  # a table has no text column when none of so many rows at its start has one
_MARKS = {
    b"PAR1": "parquet", b"WARC/": ARCHIVE, b"PK\x03\x04": "xlsx",
    ARROW_FILE: "arrow", FEATHER_1: "arrow", ARROW_STREAM: "arrow",
}  # fmt: skip
_PRINTED = re.compile(r'\ufeff?\s*(?:\[\s*\{|\{[ \t\r]*\n\s*")')  # a list, or an object over many lines
_FRONT_MATTER = re.compile(r"---\n((?:[a-z_]+: [^\n]*\n)+)---\n")
SNIFFED_CHARS = 1000  # "<html" stands this near to the start of a page


@dataclass(frozen=True, slots=True)
class InputRow:
    """One row as it stands in its file."""

    values: Mapping[str, Any]  # by the row's columns; of a page or a text file by our fields; empty on error
    id: str  # made from the file's name and the row's number, for rows that carry no id
    where: str  # file:row, rows counted from 1; the file alone where it is one article
    error: str = ""  # why the row could not be read, with its place


# A row before it is understood: a line of JSON, the cells of another table, a broken row; a page, a text that is a
# record already, or a file of one of these that is yet to be opened.
Item = bytes | str | Values | Broken | Page | Record | InputFile


def size_of(item: Item) -> int:
    """Return about how many bytes or characters of work an item is."""
    if isinstance(item, InputFile):
        with suppress(OSError):  # of a file that is gone by now
            return item.size * (PAGE_WEIGHT if item.format == "html" else 1)
        return 0
    if isinstance(item, Page):
        return len(item.html) * PAGE_WEIGHT
    if isinstance(item, Record):
        return len(item.text)
    if isinstance(item, dict):
        return sum(len(value) for value in item.values() if isinstance(value, str))
    return 0 if isinstance(item, Broken) else len(item)


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that stand one behind another."""

    items: Any  # a list of `Item`; in an `ArrowBlock` an Arrow batch
    file: InputFile | None = None  # the file that they are from; None where items know it themselves
    first: int = 1  # number of the first row in the file, from 1

    def __len__(self) -> int:
        return len(self.items)

    @property
    def sizes(self) -> list[int]:
        """How large each row is, in bytes or characters."""
        return list(map(size_of, self.items))

    def cut(self, start: int, stop: int) -> Block:
        """Return some of its rows."""
        return replace(self, items=self.items[start:stop], first=self.first + start)

    def values(self) -> Iterator[Any]:
        """Yield each item, a line of JSON as its values."""
        return map(parsed, self.items)

    def rows(self, pages: PageReader) -> Iterator[InputRow]:
        """Yield each row as it stands in its file, of a page what is read from it."""
        for number, item in enumerate(pages.records(self.values()), self.first):
            if isinstance(item, Record):
                values = {} if item.error else {name: getattr(item, name) for name in FIELDS}
                yield InputRow(values, item.id, item.where, item.error)
            else:
                yield input_row(self.file, number, item)

    def records(self, columns: Columns, pages: PageReader) -> Iterator[Record]:
        """Yield the record in each row."""
        return pages.records(self.opened(columns))

    def opened(self, columns: Columns) -> Iterator[Record | Page]:
        """Yield the record in each row, or the page that it is in."""
        for number, item in enumerate(self.values(), self.first):
            if isinstance(item, (Record, Page)):
                yield item
            elif isinstance(item, InputFile):
                for block in file_blocks(item, columns):
                    yield from block.opened(columns)
            else:
                yield to_record(input_row(self.file, number, item), columns)


def parsed(item: Item) -> Any:
    """Return an item, a line of JSON as its values."""
    return json_line(item) if isinstance(item, (bytes, str)) else item


def input_row(file: InputFile | None, number: int, values: Values | Broken) -> InputRow:
    """Return a row of a file, with `error` filled where it is broken."""
    assert file is not None, "records and files alone know where they are from"
    place = "" if isinstance(values, Broken) and values.of_file else f":{number}"
    id, where = file.label + place, file.name + place
    if isinstance(values, Broken):
        return InputRow({}, id, where, f"{where}: {values.error}")
    return InputRow(values, id, where)


def to_record(row: InputRow, columns: Columns) -> Record:
    """Return the record in a row of a table, with `error` filled where there is none."""
    if row.error:
        return Record(id=row.id, where=row.where, error=row.error)
    kept = columns.kept(row.values)
    try:
        fields = columns.fields(row.values)
    except InputError as error:
        why = f"{row.where}: {error}".removeprefix(": ")
        return Record(id=columns.identifier(row.values) or row.id, where=row.where, error=why, kept=kept)
    note = f"{row.where}: {fields['note']}".removeprefix(": ") if "note" in fields else ""
    found: dict[str, Any] = {**fields, "id": fields.get("id") or row.id, "note": note}
    return Record(**found, where=row.where, kept=kept)


@dataclass(frozen=True, slots=True)
class ArrowBlock(Block):
    """Rows of a Parquet file; the batch has no columns that nobody needs."""

    @property
    def sizes(self) -> list[int]:
        """Bytes of a row, all taken as equal."""
        return [self.items.nbytes // max(1, len(self))] * len(self)

    def values(self) -> Iterator[Values]:
        """Yield the values of each row."""
        return batch_rows(self.items)

    def __reduce__(self) -> tuple[Any, ...]:
        # As Arrow sends it: pickled, a part of a batch takes the whole with it.
        import pyarrow as pa

        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, self.items.schema) as stream:
            stream.write_batch(self.items)
        return _received, (type(self), sink.getvalue(), self.file, self.first)


def _received(kind: type[ArrowBlock], sent: bytes, file: InputFile | None, first: int) -> ArrowBlock:
    """Return an Arrow block that was pickled."""
    import pyarrow as pa

    with pa.ipc.open_stream(sent) as stream:
        return kind(stream.read_next_batch(), file, first)


def file_blocks(file: InputFile, columns: Columns | None = None, sieve: Sieve | None = None) -> Iterator[Block]:
    """Yield the rows of a file in blocks; a broken row, or the file from where it cannot be read on, is a row.

    With `columns`, of Parquet no other columns are read, and one of the first rows must have all that are needed: else
    InputError is raised where the user named the file, and the file is one broken row where he did not.
    """
    first = 1
    chunks = _chunks(file, columns, sieve or Sieve())
    for chunk in _checked(file, chunks, columns) if columns else chunks:
        yield Block(chunk, file, first) if isinstance(chunk, list) else ArrowBlock(chunk, file, first)
        first += len(chunk)


def _chunks(file: InputFile, columns: Columns | None, sieve: Sieve) -> Iterator[Any]:
    """Yield the rows of a file in lists, those of Parquet in Arrow batches."""
    is_empty = True
    try:
        with file.open() as stream:
            most = BATCH_ROWS if file.reopens else 1  # whoever writes to a pipe may take his time for the next row
            format = _told_or_seen(file, stream, columns)
            if format == ARCHIVE:
                yield from grouped(crawled_items(file, stream, sieve), size_of, most)
                return
            if format in DOCUMENTS:
                document, payload = _document(stream, format, file)
                if not sieve.wants_digests or sieve.is_new(sha1(payload, usedforsecurity=False).digest()):
                    yield [document]
                return
            header: list[str] = []

            def choose(names: Sequence[str]) -> Sequence[str] | None:
                header[:] = names
                found = columns.find(tuple(names)) if columns else None
                return found.needed if found and not found.missing else None

            for chunk in (
                BATCHES[format](file, stream, choose)
                if format in BATCHES
                else grouped(TABLES[format](file, stream, choose), size_of, most)
            ):
                is_empty = False
                yield chunk
            stream.check()
            if is_empty and columns and header and columns.find(tuple(header)).missing:
                yield [dict.fromkeys(header)]  # for `_checked`, which tells what is missing
            elif is_empty and columns and file.named:
                raise InputError(NO_ROWS)
            elif is_empty:  # as the parts that Spark leaves in a folder
                sieve.skip("empty table")
    except InputError as error:
        yield [Broken(str(error), of_file=is_empty)]


def _told_or_seen(file: InputFile, stream: Stream, columns: Columns | None) -> str:
    """Return a file's format, as its name or its beginning has it; InputError where it holds nothing, or no text."""
    format = file.format or sniffed(stream.head)
    if format == "jsonl" and _PRINTED.match(stream.head.decode(stream.encoding, "replace")):
        return "json"  # whatever its name says
    if columns and not stream.head and (file.named or format in (*DOCUMENTS, *BINARY)):
        raise InputError(NO_ROWS)
    if format not in BINARY and format != ARCHIVE and stream.foreign:
        raise InputError(f"found {stream.foreign}; expected {format}; name a file of text")
    return format


def _document(stream: Stream, format: str, file: InputFile) -> tuple[Record | Page, bytes]:
    """Return the page that a file holds, or the article that a text file is, and its bytes; or raise InputError."""
    if format == "html":
        html = stream.body.read(MAX_SAVED_BYTES + 1)
        stream.check()
        return Page(html, file.name, file.label), html
    data = stream.body.read(MAX_TEXT_BYTES + 1)
    stream.check()
    if len(data) > MAX_TEXT_BYTES:
        raise InputError(f"found more than {MAX_TEXT_BYTES:,} bytes; expected one article a text file; split it")
    try:
        text = plain_lines(data.decode(stream.encoding))
    except UnicodeDecodeError as error:
        raise InputError(
            f"found a byte that is no {error.encoding} at byte {error.start}; expected UTF-8, "
            "UTF-16 or cp1252 throughout; save the file as UTF-8"
        ) from None
    fields: dict[str, Any] = {"id": file.label, "text": text} | front_matter(text)
    return Record(**fields, where=file.name), data


def front_matter(text: str) -> dict[str, str]:
    r"""Return the fields of a text that begins with lines of metadata between dashes, as trafilatura writes them.

    >>> front_matter('---\ntitle: Harga Naik\ndate: "2023-03-03"\n---\nHarga naik.')
    {'title': 'Harga Naik', 'text': 'Harga naik.', 'published': '2023-03-03'}
    """
    found = _FRONT_MATTER.match(text)
    lines = [line.split(": ", 1) for line in found[1].splitlines()] if found else []
    values = {name: value.strip().strip('"') for name, value in lines}
    if not found or not {"title", "url", "date"} & values.keys():
        return {}
    return Columns({}).fields(values | {"text": text[found.end() :]})


def sniffed(head: bytes) -> str:
    """Return the format of standard input by its first bytes; a CSV is known by a text column in its header."""
    for mark, format in _MARKS.items():
        if head.startswith(mark):
            return format
    start = head.decode(guess_encoding(head), "replace").lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        first, line_break, _ = start.partition("\n")
        is_printed = bool(line_break) and not first.rstrip().endswith("}")  # one object over many lines
        return "json" if is_printed or start.startswith("[") else "jsonl"
    if start.startswith("<") and "<html" in start[:SNIFFED_CHARS].lower():
        return "html"
    names = tuple(header_of(start)[1])
    return "csv" if len(names) > 1 and "text" in Columns({}).find(names).columns else "txt"


def _checked(file: InputFile, chunks: Iterator[Any], columns: Columns) -> Iterator[Any]:
    """Yield chunks once a row at their start has all columns that are needed; else an error in their place."""
    start: list[Any] = []
    lacking: tuple[str, ...] | None = None  # the first columns that are not all that is needed
    for names in islice(headers(chunks, start), CHECKED_ROWS):
        if names is not None and not columns.find(names).missing:
            lacking = None
            break
        lacking = lacking or names
    missing = _missing(lacking, start, columns) if lacking is not None else ""
    if missing and file.named:
        raise InputError(f"{file.name}: {missing}")
    if missing:
        yield [Broken(missing, of_file=True)]
    else:
        yield from start
        yield from chunks


def _missing(names: tuple[str, ...], start: Sequence[Any], columns: Columns) -> str:
    """Return what rows with some columns lack, in words; how long their values are says which may be the text."""
    for chunk in start:
        for values in map(parsed, chunk) if isinstance(chunk, list) else batch_rows(chunk):
            if isinstance(values, dict) and columns.find(tuple(flattened(values))).missing:
                return columns.missing_in(values)
    return columns.find(names).missing


def headers(chunks: Iterable[Any], seen: list[Any]) -> Iterator[tuple[str, ...] | None]:
    """Yield the columns of each row, of an Arrow batch once, None of a broken row; add the chunks to `seen`."""
    for chunk in chunks:
        seen.append(chunk)
        if not isinstance(chunk, list):
            yield arrow_names(chunk.schema)
            continue
        for values in map(parsed, chunk):
            yield tuple(flattened(values)) if isinstance(values, dict) else None


def grouped(items: Iterable[Any], size: Callable[[Any], int], most: int = BATCH_ROWS) -> Iterator[list[Any]]:
    """Yield items in lists of bounded length and size; those before an error as well."""
    group: list[Any] = []
    total = 0
    try:
        for item in items:
            group.append(item)
            total += size(item)
            if len(group) == most or total >= BLOCK_BYTES:
                yield group
                group, total = [], 0
    except InputError:
        if group:
            yield group
        raise
    if group:
        yield group
