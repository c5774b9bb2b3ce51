"""A small table that prints itself: plain text for logs, a rich table on a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table as RichTable

__all__ = ["Row", "Table"]

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of text under a title; `str` gives plain text, `rich` prints it as a table.

    The first column is words, set flush left; the others are figures, set flush right.

    Examples
    --------
    >>> print(Table("Topics", ("topic", "rows"), ((("economy", "314"), ("gossip", "87")),)))
    Topics
    topic    rows
    -------------
    economy   314
    gossip     87
    """

    title: str
    header: Row
    sections: tuple[tuple[Row, ...], ...]
    note: str = ""

    def __str__(self) -> str:
        rows = [self.header, *(row for section in self.sections for row in section)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        lines = [self.title, _line(self.header, widths)]
        for section in filter(None, self.sections):
            lines += [rule, *(_line(row, widths) for row in section)]
        return "\n".join(lines + [self.note] * bool(self.note))

    def __rich__(self) -> RichTable:
        from rich.table import Table as RichTable
        from rich.text import Text  # Text, not str: a label in brackets is no markup

        table = RichTable(
            title=Text(self.title, "bold"),
            caption=Text(self.note),
            title_justify="left",
            caption_justify="left",
            box=None,  # lines between columns would not leave room for them in 80 columns
            padding=(0, 1, 0, 0),
        )
        for number, name in enumerate(self.header):
            table.add_column(Text(name), justify="right" if number else "left")
        for section in self.sections:
            for row in section:
                table.add_row(*map(Text, row))
            table.add_section()
        return table


def _line(row: Row, widths: list[int]) -> str:
    """Return the cells padded to their columns' widths."""
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return "  ".join(cells).rstrip()
