"""Rows of the table formats (CSV, JSON Lines, JSON, Parquet, Arrow), each as it stands, in bounded memory."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import warnings
from codecs import BOM_UTF8
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from functools import partial
from typing import Any

import orjson

from saring.columns import MAX_LEVELS, MAX_NAMES, MAX_TEXT_BYTES, Broken, Unreadable, Values, holding, kind_of, mended
from saring.errors import InputError, path_text
from saring.io.addresses import Address, Place
from saring.io.input_files import InputFile
from saring.io.json_shapes import of_publisher, rows_within
from saring.io.spreadsheets import Choose, sheet_rows
from saring.io.streams import ARROW_FILE, BUFFER_BYTES, FEATHER_1, UNDECODED, Stream

RUN_LINES = 10  # paragraphs that look like rows by chance are fewer; one with a number is no chance
BATCH_ROWS = 512  # some 2 MB of articles
MAX_ROW_BYTES = 64_000_000  # a text of the greatest length, escaped, and what stands beside it
CHUNK_CHARS = 1 << 20

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[,;\t ]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_UNCLOSED = "unexpected end of data"  # what the csv module says of a quote without its second
_RESAVE = "expected one encoding throughout; save the file as UTF-8"
_BETWEEN = re.compile(r"[\s,\[\]]*")  # what stands between the values of a JSON list
# trafilatura's CSV, which has no header line.
TRAFILATURA_CSV = (
    "url", "id", "fingerprint", "hostname", "title", "image", "date", "text", "comments", "license", "pagetype",
)  # fmt: skip
_TRAFILATURA_ROW = re.compile(r"(?:https?://[^\t\r\n]*|null)\t[^\t\r\n]*\t[0-9a-f]{16}\t(?:[^\t\r\n]*\t){4}")
_NAMED_LIST = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[')  # how an object of lists begins
_COLON = re.compile(r"\s*:\s*(?=\[)")


def header_of(start: str, tabs: bool = False) -> tuple[str, list[str], bool]:
    """Return what delimits the cells of a CSV file, its header, and if a line tells so; `start` is of the file's text.

    The delimiter is the one that the first line tells (``sep=;``, for Excel), or else the one that splits the header
    into most cells; ties go to the comma, or to the tab where the file's name tells of `tabs`. What trafilatura writes
    has no header line: it is `TRAFILATURA_CSV`.
    """
    text = start.lstrip("\ufeff\r\n")
    if _TRAFILATURA_ROW.match(text):
        return "\t", list(TRAFILATURA_CSV), False
    if line := _SEPARATOR_LINE.match(text):
        return line[1], _cells(text[line.end() :], line[1]), True
    order = "\t,;" if tabs else ",;\t"
    delimiter = max(order, key=lambda character: len(_cells(text, character)))
    return delimiter, _cells(text, delimiter), False


def _cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of the first row, none where it cannot be told apart."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def cells_of(readline: Callable[[], str], delimiter: str, torn: Callable[[], bool]) -> Iterator[list[str] | Broken]:
    """Yield the cells of each row, the header first; `Broken` for lines that are no row.

    A quote out of place runs rows together. Of such a row no more is broken than its first line and those behind it
    that are no row by themselves: all but the first are given back and read again.

    `readline` gives the next line with its line break, nothing at the end; `torn` tells whether the last one that was
    given may be cut off.
    """
    csv.field_size_limit(MAX_TEXT_BYTES)  # the default of 128 kB is less than a long article
    again: deque[str] = deque()  # lines that were given back
    row: list[str] = []  # lines of the row that is being read
    number = 0  # of the line that was read last
    width = 0  # cells of the header
    counted = False  # whether the row before began with a number, as one that follows then does
    lost = lost_end = 0  # the first line that is no row, and the last that was run together with it
    reason = ""  # why it is none

    def next_line() -> str:
        line = again.popleft() if again else readline()
        row.extend([line] if line else [])
        return line

    while True:
        if lost and number >= lost_end:
            yield _no_row(lost, number, reason)
            lost = 0
        row.clear()
        # strict: a quote out of place is an error of its row, not text run together in silence
        reader = csv.reader(iter(next_line, ""), delimiter=delimiter, strict=True)
        cells, why = _next_row(reader, width)
        why = why or ("rows run together" if cells and _run_together(row, delimiter, width, counted) else "")
        before, number = number, number + len(row)
        if not row or (torn() and (row[-1][-1] not in "\r\n" or why == _UNCLOSED)):
            break
        if why or (lost and counted and cells and not cells[0].isdigit()):
            if not lost:
                lost, lost_end, reason = before + 1, 0, why
            lost_end = max(lost_end, number)
            again.extendleft(reversed(row[1:]))
            number = before + 1
        elif cells:
            if lost:
                yield _no_row(lost, before, reason)
            lost = 0
            width = width or len(cells)
            counted = cells[0].isdigit()
            yield cells
    if lost:
        yield _no_row(lost, number, reason)


def _no_row(first: int, last: int, reason: str) -> Broken:
    """Return what is told of lines that are no row."""
    place = f"line {last}" if first == last else f"lines {first} to {last}"
    return Broken(
        f"found no row, {place} ({reason}); expected quotes in pairs, doubled inside a cell, "
        "and as many cells as in the header; repair the lines"
    )


def _next_row(reader: Iterator[list[str]], width: int) -> tuple[list[str], str]:
    """Return the cells of the next row, none at the end, and why they are no row, empty where they are one."""
    try:
        cells = next(reader, [])
    except csv.Error as error:
        return [], str(error)
    fits = not width or not cells or len(cells) == width
    return cells, "" if fits else f"{len(cells)} cells, where the header has {width}"


def _run_together(lines: Sequence[str], delimiter: str, width: int, counted: bool) -> bool:
    """Return whether the lines behind the first one of a row look like rows, all of them.

    So they do where one stray quote stands at the start of a cell and another far below at an end.
    """
    if width < 2 or len(lines) < (2 if counted else RUN_LINES):
        return False
    rows = (_cells(line, delimiter) for line in lines[1:])
    return all(len(row) == width and (row[0].isdigit() or not counted) for row in rows)


def csv_rows(file: InputFile, stream: Stream, choose: Choose) -> Iterator[Values | Broken]:
    """Yield the rows of a table with a header line, delimited by comma, semicolon or tab."""
    start = stream.head.decode(stream.encoding, "replace")
    delimiter, names, has_line = header_of(start, tabs=".tsv" in file.label.lower())
    # A line beyond the limit comes in pieces, which are errors of length or of number of cells.
    readline = partial(_text_stream(stream, newline="").readline, MAX_ROW_BYTES)
    while has_line and (line := readline()):  # over blank lines and the one that names the delimiter
        has_line = line.isspace()
    header: list[str] = names if names == [*TRAFILATURA_CSV] else []
    nothing = "null" if header else ""  # trafilatura's word for it
    if header:
        choose(header)
    for cells in cells_of(readline, delimiter, lambda: stream.torn):
        if isinstance(cells, Broken):
            yield cells
        elif header:
            values = [None if cell == nothing else cell for cell in cells] if nothing else cells
            yield _undecoded("".join(cells)) or dict(zip(header, values, strict=True))
        else:
            seen: Counter[str] = Counter()
            for name in map(path_text, cells):  # as it can be written
                seen[name] += 1
                header.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
            choose(header)


def _text_stream(stream: Stream, newline: str | None = None) -> io.TextIOWrapper:
    """Return the stream as characters; a byte that cannot be read is marked, see `_undecoded`."""
    errors = "surrogateescape" if stream.encoding.startswith(("utf-8", "cp")) else "replace"
    return io.TextIOWrapper(stream.body, stream.encoding, errors, newline)


def _undecoded(text: str) -> Broken | None:
    """Return an error for a text that has bytes of another encoding."""
    if text.isascii() or not (found := UNDECODED.search(text)):
        return None
    return Broken(f"found the byte 0x{ord(found[0]) - 0xDC00:02x}, which is no letter; {_RESAVE}")


def parquet_batches(file: InputFile, stream: Stream, choose: Choose) -> Iterator[Any]:
    """Yield the rows of a Parquet file as Arrow batches, of the columns that `choose` takes; or raise InputError."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with ExitStack() as opened:
            arrow_file = opened.enter_context(_seekable(file, stream))
            # Buffered and not read ahead: by default a whole row group is held, and kept (measured: 720 MB for a file
            # of 600 MB, so 150).
            table = opened.enter_context(parquet.ParquetFile(arrow_file, buffer_size=BUFFER_BYTES, pre_buffer=False))
            schema = table.schema_arrow
            chosen = choose(arrow_names(schema))
            columns = chosen if chosen is None else holding(schema.names, chosen)
            yield from table.iter_batches(batch_size=BATCH_ROWS, columns=columns)
    except (pa.ArrowException, OSError, ValueError, LookupError, MemoryError) as error:
        raise InputError(f"found no readable Parquet ({error}); write the file anew") from None


def _seekable(file: InputFile, stream: Stream) -> Any:
    """Return a file for Arrow to read in whatever order: the file itself, or a copy of what is packed or no file."""
    found = _arrow_file(file.path) if file.path and file.reopens and not stream.packed else None
    return found or stream.spooled()


def arrow_batches(file: InputFile, stream: Stream, choose: Choose) -> Iterator[Any]:
    """Yield the rows of an Arrow file or stream (Feather, also of version 1) as batches; or raise InputError."""
    import pyarrow as pa

    try:
        with ExitStack() as opened:
            batches: Iterator[Any]
            if stream.head.startswith(FEATHER_1):
                from pyarrow import feather

                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)  # that such files are old
                    table = feather.read_table(opened.enter_context(_seekable(file, stream)))
                schema, batches = table.schema, iter(table.to_batches())
            elif stream.head.startswith(ARROW_FILE):
                reader = pa.ipc.open_file(opened.enter_context(_seekable(file, stream)))
                schema, batches = reader.schema, map(reader.get_batch, range(reader.num_record_batches))
            else:
                reader = pa.ipc.open_stream(stream.body)
                schema, batches = reader.schema, iter(reader)
            chosen = choose(arrow_names(schema))
            for batch in batches:
                some = batch if chosen is None else batch.select(holding(schema.names, chosen))
                _check_arrays(some)
                yield from (some.slice(start, BATCH_ROWS) for start in range(0, some.num_rows, BATCH_ROWS))
    except (pa.ArrowException, OSError, ValueError, LookupError, MemoryError) as error:
        stream.check()
        raise InputError(f"found no readable Arrow file or stream from here on ({error}); write it anew") from None


def _check_arrays(batch: Any) -> None:
    """Raise ArrowInvalid where an array points out of its bytes; text that is no UTF-8 costs its row alone, later."""
    import pyarrow as pa

    for column in batch.columns:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error):
                raise


def _arrow_file(path: Place) -> Any:
    """Return a file for Arrow, which fetches from an address what it reads; None of a page."""
    import pyarrow as pa

    if isinstance(path, Address):
        return None if path.is_web else pa.PythonFile(path.seekable(), mode="r")
    return pa.OSFile(os.fsencode(path))  # Arrow would look for an address in a path, and refuse one that is not UTF-8


def parquet_metadata(path: Place) -> Any:
    """Return what a Parquet file's footer says (schema, number of rows), None where it cannot be read."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with _arrow_file(path) or nullcontext() as file:
            return file and parquet.read_metadata(file)
    except (pa.ArrowException, OSError):
        return None


def parquet_schema(path: Place) -> Any:
    """Return the Arrow schema of a Parquet file, None where it cannot be read."""
    metadata = parquet_metadata(path)
    return metadata and metadata.schema.to_arrow_schema()


def arrow_names(schema: Any) -> tuple[str, ...]:
    """Return the columns of an Arrow schema, and behind them those within objects, as `flattened` names them."""
    fields = [(field.name, field.type) for field in schema]
    for name, kind in fields:  # which grows
        if str(kind).startswith("struct<") and len(fields) < MAX_NAMES and name.count(".") <= MAX_LEVELS:
            fields += [(f"{name}.{kind.field(at).name}", kind.field(at).type) for at in range(kind.num_fields)]
    return tuple(dict.fromkeys(name for name, _ in fields))


def batch_rows(batch: Any) -> Iterator[Values]:
    """Return the rows of an Arrow batch; a value that Python has none for is `Unreadable`."""
    names = batch.schema.names
    return (dict(zip(names, values, strict=True)) for values in zip(*map(_values, batch.columns), strict=True))


def _values(column: Any) -> list[Any]:
    """Return the values of an Arrow column."""
    try:
        return list(column.to_pylist())
    except Exception:  # whatever the libraries raise that know dates, time zones and encodings
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError as error:
        return Unreadable(f"bytes that are no UTF-8 ({error.reason})")
    except Exception as error:
        return Unreadable(f"a value of type {scalar.type} that nothing can hold ({error})")


def json_lines(file: InputFile, stream: Stream, choose: Choose) -> Iterator[bytes | str | Broken]:
    """Yield the lines of JSON Lines that are not blank: bytes, the fast way, where they can be told apart as such."""
    readline: Callable[[int], bytes | str] = stream.body.readline
    if not stream.encoding.startswith("utf-8") or (b"\n" not in stream.head and b"\r" in stream.head):
        readline = _text_stream(stream).readline
    elif stream.encoding == "utf-8-sig":
        stream.body.read(len(BOM_UTF8))
    while line := readline(MAX_ROW_BYTES):
        if len(line) == MAX_ROW_BYTES:
            while (rest := readline(MAX_ROW_BYTES)) and len(rest) == MAX_ROW_BYTES:
                pass
            yield Broken(f"found a line of more than {MAX_ROW_BYTES:,} bytes; expected one article")
            continue
        is_cut = stream.torn and line[-1:] not in ("\n", b"\n") and isinstance(json_line(line), Broken)
        if not is_cut and not line.isspace():
            yield line


def json_line(line: bytes | str) -> Values | Broken:
    """Return the row of one line of JSON Lines, which may hold bare tabs, NaN and half surrogates, as no JSON may."""
    try:
        return _checked_object(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        why = str(error)
    if isinstance(line, bytes):
        try:
            line = line.decode()
        except UnicodeDecodeError as error:
            return Broken(f"found a byte that is no UTF-8 at byte {error.start}; {_RESAVE}")
    elif broken := _undecoded(line):
        return broken
    try:
        line = line.removeprefix("\ufeff")  # of files that were put one behind another
        return _checked_object(_mended(json.loads(line, strict=False, parse_int=_whole)))
    except (ValueError, RecursionError):
        torn = "" if line.endswith("\n") else ", the file may be cut off here"
        return Broken(f"found no JSON ({why}{torn}); expected one object a line; repair the line")


def json_values(file: InputFile, stream: Stream, choose: Choose) -> Iterator[Values | Broken]:
    """Yield the rows of a JSON file: the objects of its list or within its only one; raise InputError if it breaks."""
    text = _text_stream(stream)
    decoder = json.JSONDecoder(strict=False, parse_int=_whole)
    buffer, at, more, opened = "", 0, True, 0
    while True:
        start, at = at, _BETWEEN.match(buffer, at).end()  # type: ignore[union-attr]  # maybe empty
        opened += buffer.count("[", start, at) - buffer.count("]", start, at)
        try:
            value, end = decoder.raw_decode(buffer, at)
        except (ValueError, RecursionError) as error:
            buffer, at = buffer[at:], 0
            if more and len(buffer) <= MAX_ROW_BYTES:
                chunk = text.read(max(CHUNK_CHARS, len(buffer)))
                more = bool(chunk)
                buffer += chunk
                continue
            if more and not opened and _NAMED_LIST.match(buffer):
                yield from _named_lists(buffer, text, decoder)
                return
            if not more and (stream.torn or not (buffer or opened)):
                return
            if not more and not buffer:
                lacking = "]" if opened > 0 else "["
                why = f"found a list without its {lacking!r} here; the file may be cut off; repair it"
                raise InputError(why) from None
            raise InputError(f"found no JSON from here on ({error}); repair the file") from None
        text_of_row, at = buffer[at:end], end
        try:
            whole = _undecoded(text_of_row) or _checked_object(_mended(value))
            yield from (whole,) if opened or isinstance(whole, Broken) else rows_within(whole)
        except RecursionError:
            yield Broken("found lists or objects nested too deeply; expected an object with a text; repair the row")


def _named_lists(start: str, text: io.TextIOBase, decoder: json.JSONDecoder) -> Iterator[Values | Broken]:
    """Yield the rows of an object of lists that is too large to be held as a whole; `start` has been read of it."""
    buffer, at, name = start, start.index("{") + 1, ""
    while True:
        at = _BETWEEN.match(buffer, at).end()  # type: ignore[union-attr]  # maybe empty
        try:
            value, end = decoder.raw_decode(buffer, at)
            colon = _COLON.match(buffer, end) if isinstance(value, str) else None
            if isinstance(value, str) and not colon:
                raise ValueError("Expecting ':' and a list")
        except (ValueError, RecursionError) as error:
            if buffer[at : at + 1] == "}":
                return
            buffer, at = buffer[at:], 0
            chunk = text.read(CHUNK_CHARS) if len(buffer) <= MAX_ROW_BYTES else ""
            if not chunk:
                raise InputError(f"found no JSON from here on ({error}); repair the file") from None
            buffer += chunk
            continue
        text_of_row, at = buffer[at:end], colon.end() if colon else end
        if colon:
            name = value
        else:
            row = _undecoded(text_of_row) or _checked_object(_mended(value))
            yield row if isinstance(row, Broken) else of_publisher(row, name)


def _whole(digits: str) -> int | Unreadable:
    try:
        return int(digits)
    except ValueError:  # Python takes no more than some thousand digits
        return Unreadable(f"a number of {len(digits):,} digits")


def _mended(value: Any) -> Any:
    """Return a JSON value with U+FFFD for what no file could hold."""
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def _checked_object(value: Any) -> Values | Broken:
    if isinstance(value, dict):
        return value
    return Broken(f'found {kind_of(value)}; expected an object like {{"title": ..., "text": ...}}')


BATCHES: dict[str, Callable[[InputFile, Stream, Choose], Iterator[Any]]] = {  # formats that give Arrow batches
    "parquet": parquet_batches,
    "arrow": arrow_batches,
}
TABLES: dict[str, Callable[[InputFile, Stream, Choose], Iterator[Any]]] = {
    "jsonl": json_lines,
    "json": json_values,
    "csv": csv_rows,
    "xlsx": sheet_rows,
    **BATCHES,
}
