"""Tables to rows: JSON Lines, JSON, CSV and Parquet, one row at a time in bounded memory.

Each reader yields a row as a dict, or a `Broken` for a row that cannot be read. What ends a whole
file is an `InputError` without its place, which the caller knows.
"""

from __future__ import annotations

import io
import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import orjson

from saring.errors import InputError, path_text
from saring.read.delimited import cells_of, header_of
from saring.read.parquet import Choose, parquet_rows
from saring.read.source import Source
from saring.read.stream import Stream
from saring.read.values import Broken, Unreadable, Values, kind_of

__all__ = ["TABLES", "json_line", "raw_lines", "reads_bytes"]

MAX_ROW_BYTES = 64_000_000  # a text of the greatest length, escaped, and what stands beside it
CHUNK_CHARS = 1 << 20

_RESAVE = "expected one encoding throughout; save the file as UTF-8"
_UNDECODED = re.compile("[\udc80-\udcff]")  # what "surrogateescape" makes of a byte it cannot read
_SURROGATE = re.compile("[\ud800-\udfff]")
_BETWEEN = re.compile(r"[\s,\[\]]*")  # what stands between the values of a JSON list


def json_lines(
    source: Source, stream: Stream, choose: Choose | None = None
) -> Iterator[Values | Broken]:
    """Yield the rows of JSON Lines; blank lines are none."""
    for line in raw_lines(stream):
        yield line if isinstance(line, Broken) else json_line(line)


def raw_lines(stream: Stream) -> Iterator[bytes | str | Broken]:
    """Yield the lines of JSON Lines that are not blank: bytes where the file allows it."""
    readline = _json_line_reader(stream)
    while line := readline(MAX_ROW_BYTES):
        if len(line) == MAX_ROW_BYTES:
            while (rest := readline(MAX_ROW_BYTES)) and len(rest) == MAX_ROW_BYTES:
                pass
            yield Broken(f"found a line of more than {MAX_ROW_BYTES:,} bytes; expected one article")
        elif not line.isspace() and not (stream.torn and _is_cut(line)):
            yield line


def _is_cut(line: bytes | str) -> bool:
    """Return whether the last line of a damaged file is cut off."""
    return line[-1:] not in ("\n", b"\n") and isinstance(json_line(line), Broken)


def json_line(line: bytes | str) -> Values | Broken:
    """Return the row of one line of JSON Lines."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        value = _leniently(line, str(error))
    return value if type(value) in (dict, Broken) else _no_object(value)


def json_values(
    source: Source, stream: Stream, choose: Choose | None = None
) -> Iterator[Values | Broken]:
    """Yield the rows of a JSON file: the objects of its list, or its single object.

    Raises
    ------
    InputError
        The file is no JSON from some row on.
    """
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
            if not more and stream.torn:
                return
            if not more and not buffer and opened:
                sign = "]" if opened > 0 else "["
                raise InputError(
                    f"found a list without its {sign!r} here; the file may be cut off; repair it"
                ) from None
            if not more and not buffer:
                return
            if not more or len(buffer) > MAX_ROW_BYTES:
                raise InputError(f"found no JSON from here on ({error}); repair the file") from None
            chunk = text.read(max(CHUNK_CHARS, len(buffer)))
            more = bool(chunk)
            buffer += chunk
            continue
        broken = _undecoded(buffer[at:end])
        at = end
        if broken:
            yield broken
        else:
            yield _mended(value) if isinstance(value, dict) else _no_object(value)


def csv_rows(
    source: Source, stream: Stream, choose: Choose | None = None
) -> Iterator[Values | Broken]:
    """Yield the rows of a table with a header line, delimited by comma, semicolon or tab."""
    start = stream.head.decode(stream.encoding, "replace")
    delimiter, _, told = header_of(start, tabs=".tsv" in source.label.lower())
    # A line beyond the limit comes in pieces, which are errors of length or of number of cells.
    readline = partial(_text_stream(stream, newline="").readline, MAX_ROW_BYTES)
    while told and (line := readline()):
        told = line.isspace()
    header: list[str] = []
    for cells in cells_of(readline, delimiter, lambda: stream.torn):
        if isinstance(cells, Broken):
            yield cells
        elif header:
            yield _undecoded("".join(cells)) or dict(zip(header, cells, strict=True))
        else:
            header = _distinct(cells)
            if choose:
                choose(header)


def _text_stream(stream: Stream, newline: str | None = None) -> io.TextIOWrapper:
    """Return the stream as characters; a byte that cannot be read is marked, see `_undecoded`."""
    codec = stream.encoding
    errors = "surrogateescape" if codec.startswith(("utf-8", "cp")) else "replace"
    return io.TextIOWrapper(stream.body, codec, errors, newline)


def _json_line_reader(stream: Stream) -> Callable[[int], bytes] | Callable[[int], str]:
    """Return what reads a line: bytes where the file allows it, which is the fast way."""
    if reads_bytes(stream):
        stream.body.read(len(BOM_UTF8) if stream.encoding == "utf-8-sig" else 0)
        return stream.body.readline
    return _text_stream(stream).readline


def reads_bytes(stream: Stream) -> bool:
    """Return whether the lines of a stream can be told apart before they are decoded."""
    one_break = b"\n" in stream.head or b"\r" not in stream.head
    return stream.encoding.startswith("utf-8") and one_break


def _leniently(line: bytes | str, why: str) -> Any:
    """Return the value of a line that strict JSON refuses: bare tabs, NaN, half surrogates."""
    if isinstance(line, bytes):
        try:
            line = line.decode()
        except UnicodeDecodeError as error:
            return Broken(f"found a byte that is no UTF-8 at byte {error.start}; {_RESAVE}")
    elif broken := _undecoded(line):
        return broken
    try:
        line = line.removeprefix("\ufeff")  # of files that were put one behind another
        return _mended(json.loads(line, strict=False, parse_int=_whole))
    except (ValueError, RecursionError):
        torn = "" if line.endswith("\n") else ", the file may be cut off here"
        return Broken(f"found no JSON ({why}{torn}); expected one object a line; repair the line")


def _whole(digits: str) -> int | Unreadable:
    try:
        return int(digits)
    except ValueError:  # Python takes no more than some thousand digits
        return Unreadable(f"a number of {len(digits):,} digits")


def _undecoded(text: str) -> Broken | None:
    if text.isascii() or not (found := _UNDECODED.search(text)):
        return None
    return Broken(f"found the byte 0x{ord(found[0]) - 0xDC00:02x}, which is no letter; {_RESAVE}")


def _mended(value: Any) -> Any:
    """Return a JSON value with U+FFFD for lone surrogates, which no file could hold."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def _no_object(value: Any) -> Broken:
    return Broken(f'found {kind_of(value)}; expected an object like {{"title": ..., "text": ...}}')


def _distinct(names: list[str]) -> list[str]:
    """Return a header as it can be written, a number behind each name that was there before."""
    seen: Counter[str] = Counter()
    distinct: list[str] = []
    for name in map(path_text, names):
        seen[name] += 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return distinct


TABLES: dict[str, Callable[[Source, Stream, Choose | None], Iterator[Values | Broken]]] = {
    "jsonl": json_lines,
    "json": json_values,
    "csv": csv_rows,
    "parquet": parquet_rows,
}
