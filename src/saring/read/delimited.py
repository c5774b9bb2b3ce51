"""CSV: what delimits its cells, and its rows, with those that a stray quote ran together parted."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from saring.read.values import MAX_TEXT_BYTES, Broken

__all__ = ["cells_of", "header_of"]

DELIMITERS = ",;\t"
RUN_LINES = 10  # paragraphs that look like rows by chance are fewer; one with a number is no chance

_TOLD = re.compile(r'"?sep=(.)"?[,;\t ]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_LINE_BREAKS = ("\n", "\r")
_UNCLOSED = "unexpected end of data"  # what the csv module says of a quote without its second


def header_of(start: str, tabs: bool = False) -> tuple[str, list[str], bool]:
    """Return what delimits the cells of a CSV file, its header, and if a line tells so.

    The delimiter is the one that the first line tells (``sep=;``, for Excel), or else the one that
    splits the header into most cells; ties go to the comma, or to the tab where the name says so.

    Parameters
    ----------
    start : str
        The start of the file.
    tabs : bool
        Whether the file's name tells of tabs.
    """
    text = start.lstrip("\ufeff\r\n")
    if told := _TOLD.match(text):
        return told[1], _cells(text[told.end() :], told[1]), True
    order = "\t,;" if tabs else DELIMITERS
    delimiter = max(order, key=lambda sign: len(_cells(text, sign)))
    return delimiter, _cells(text, delimiter), False


def _cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of the first row, none where it cannot be told apart."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def cells_of(
    readline: Callable[[], str], delimiter: str, torn: Callable[[], bool]
) -> Iterator[list[str] | Broken]:
    """Yield the cells of each row, the header first; `Broken` for lines that are no row.

    A quote out of place runs rows together. Of such a row no more is broken than its first line
    and those behind it that are no row by themselves.

    Parameters
    ----------
    readline : callable
        Gives the next line with its line break, nothing at the end.
    delimiter : str
    torn : callable
        Tells whether the last line that was given may be cut off.
    """
    csv.field_size_limit(MAX_TEXT_BYTES)  # the default of 128 kB is less than a long article
    lines = _Lines(readline)
    # strict: a quote out of place is an error of its row, not text run together in silence
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width = 0
    counted = False  # whether the row before began with a number, as one that follows then does
    lost: _Lost | None = None
    while True:
        before = lines.begin()
        if lost and before >= lost.end:
            yield lost.told(before)
            lost = None
        cells, why = _next_row(reader, width)
        if lines.number == before:
            break
        if cells and _run_together(lines.row, delimiter, width, counted):
            why = "rows run together"
        if torn() and (lines.cut or why == _UNCLOSED):
            break
        if why or (lost and counted and cells and not cells[0].isdigit()):
            lost = lost or _Lost(before + 1, why)
            lost.end = max(lost.end, lines.number)
            lines.give_back()
        elif cells:
            if lost:
                yield lost.told(before)
            lost = None
            width = width or len(cells)
            counted = cells[0].isdigit()
            yield cells
    if lost:
        yield lost.told(lines.number)


def _next_row(reader: Iterator[list[str]], width: int) -> tuple[list[str], str]:
    """Return the cells of the next row, or why it is none; neither at the end."""
    try:
        cells = next(reader, [])
    except csv.Error as error:
        return [], str(error)
    if width and cells and len(cells) != width:
        return [], f"{len(cells)} cells, where the header has {width}"
    return cells, ""


def _run_together(lines: Sequence[str], delimiter: str, width: int, counted: bool) -> bool:
    """Return whether the lines behind the first one of a row look like rows, all of them.

    So they do where one stray quote stands at the start of a cell and another far below at an end.
    """
    if width < 2 or len(lines) < (2 if counted else RUN_LINES):
        return False
    rows = (_cells(line, delimiter) for line in lines[1:])
    return all(len(row) == width and (row[0].isdigit() or not counted) for row in rows)


class _Lines:
    """Lines of a file, some of which may be given back."""

    def __init__(self, readline: Callable[[], str]) -> None:
        self._readline = readline
        self._again: deque[str] = deque()
        self.row: list[str] = []  # those of the row that is being read
        self.number = 0  # of the line that was given last

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._readline()
        if not line:
            raise StopIteration
        self.row.append(line)
        self.number += 1
        return line

    @property
    def cut(self) -> bool:
        """Whether the last line has no line break."""
        return bool(self.row) and not self.row[-1].endswith(_LINE_BREAKS)

    def begin(self) -> int:
        """Note that a row begins; return the number of the line before it."""
        self.row.clear()
        return self.number

    def give_back(self) -> None:
        """Give back all lines of the row but its first."""
        self.number -= len(self.row) - 1
        self._again.extendleft(reversed(self.row[1:]))


@dataclass(slots=True)
class _Lost:
    """Lines that are no row: the first, why, and the last that was run together with it."""

    first: int
    why: str
    end: int = 0

    def told(self, last: int) -> Broken:
        """Return what is told of them; `last` is the last that is no row."""
        place = f"line {last}" if self.first == last else f"lines {self.first} to {last}"
        return Broken(
            f"found no row, {place} ({self.why}); expected quotes in pairs, doubled inside a cell, "
            "and as many cells as in the header; repair the lines"
        )
