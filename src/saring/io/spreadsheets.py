"""Rows of Excel workbooks: the table of each sheet, wherever on it the table begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any
from zipfile import BadZipFile, ZipFile

from saring.columns import Broken, Columns, Values
from saring.errors import InputError, MissingExtraError, path_text
from saring.io.input_files import InputFile
from saring.io.streams import Stream

HEADER_ROWS = 30  # above which a sheet may have a title, a logo, notes
MAX_UNPACKED_BYTES = 1 << 31  # of a workbook, which is read as a whole

Choose = Callable[[Sequence[str]], Sequence[str] | None]  # from a table's columns, those to read; None for all
Row = list[Any]


def sheet_rows(file: InputFile, stream: Stream, choose: Choose) -> Iterator[Values | Broken]:
    """Yield the rows of each sheet that has a text column, or of the first one that has any cells.

    Cells are values as Excel shows them last, also those of formulas; a cell that was merged over rows is in each of
    them; blank rows are none. MissingExtraError is raised where the reader is not installed and the user named the
    file; one in a folder is a broken row.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        missing = MissingExtraError("excel", "reading Excel files")
        if file.named:
            raise missing from None
        raise InputError(str(missing)) from None
    with stream.spooled() as packed:
        try:
            with ZipFile(packed) as archive:
                size = sum(part.file_size for part in archive.infolist())
            if size > MAX_UNPACKED_BYTES:
                raise InputError(f"unpacks to {size:,} bytes; expected at most {MAX_UNPACKED_BYTES:,}; save it as CSV")
            packed.seek(0)
            workbook = CalamineWorkbook.from_filelike(packed)
            sheets = [workbook.get_sheet_by_name(sheet.name) for sheet in workbook.sheets_metadata if _is_table(sheet)]
        except (BadZipFile, CalamineError, OSError, ValueError) as error:
            why = "a password" if "assword" in str(error) else error
            raise InputError(f"found no readable Excel workbook ({why}); save it anew as .xlsx or CSV UTF-8") from None
    tables = [table for sheet in sheets if (table := _filled(sheet))]
    headers = [_header(table, choose) for table in tables]
    fitting = [number for number, (_, fits) in enumerate(headers) if fits]
    for number in fitting or range(min(1, len(tables))):
        at, _ = headers[number]
        names = _names(tables[number][at])
        choose([name for name in names if name])
        for cells in islice(tables[number], at + 1, None):
            if any(cell != "" for cell in cells):
                yield {name: _value(cell) for name, cell in zip(names, cells, strict=True) if name}


def _is_table(sheet: Any) -> bool:
    return str(sheet.typ).endswith("WorkSheet")  # not a chart


def _filled(sheet: Any) -> list[Row]:
    """Return the rows of a sheet, each cell that was merged over rows in all of them that have another; none if empty.

    A row that has nothing of its own belongs to the one above.
    """
    rows = [list(row) for row in sheet.iter_rows()]
    blank = {number for number, row in enumerate(rows) if all(cell == "" for cell in row)}
    first_column = sheet.start[1] if sheet.start else 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left == right and top in range(len(rows)) and 0 <= (column := left - first_column) < len(rows[top]):
            for number in range(top + 1, min(bottom + 1, len(rows))):
                if number not in blank:
                    rows[number][column] = rows[top][column]
    return rows if len(blank) < len(rows) else []


def _header(rows: Sequence[Row], choose: Choose) -> tuple[int, bool]:
    """Return which row is a sheet's header, and whether it names a text column; else the first that is widest."""
    usual = Columns({})
    start = [[name for name in _names(row) if name] for row in rows[:HEADER_ROWS]]
    widest = max(map(len, start))
    for at, names in enumerate(start):
        fits = choose(names) is not None or "text" in usual.find(tuple(names)).candidates
        if fits and len(names) >= min(2, widest):
            return at, True
    return next(at for at, names in enumerate(start) if len(names) == widest), False


def _names(cells: Row) -> list[str]:
    """Return the names in a header's cells, empty where there is none; of equal ones the second is called (2)."""
    seen: Counter[str] = Counter()
    names = []
    for cell in cells:
        name = path_text(" ".join(str(cell).split()))
        seen[name] += 1
        names.append(name if seen[name] == 1 or not name else f"{name} ({seen[name]})")
    return names


def _value(cell: Any) -> Any:
    """Return a cell's value; a blank one has none."""
    if isinstance(cell, str):
        return cell.replace("\r\n", "\n") if cell else None
    return str(cell) if isinstance(cell, timedelta) else cell
