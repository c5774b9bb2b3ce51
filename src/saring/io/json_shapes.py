"""JSON objects that are no row but hold rows: a list by publisher, an answer of an API, a table by columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from saring.columns import Columns

ANSWERS = ("articles", "data", "results", "items", "rows", "records", "documents", "docs", "news", "berita", "artikel")
PUBLISHER = "publisher"


def rows_within(value: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the rows that an object of a JSON file holds, or the object itself where it is one.

    >>> list(rows_within({"Warta Lembah": [{"title": "Cabai"}, {"title": "Beras"}]}))
    [{'publisher': 'Warta Lembah', 'title': 'Cabai'}, {'publisher': 'Warta Lembah', 'title': 'Beras'}]
    >>> list(rows_within({"status": "ok", "articles": [{"text": "Harga naik."}]}))
    [{'text': 'Harga naik.'}]
    >>> list(rows_within({"text": {"0": "Harga naik.", "1": "Harga turun."}}))
    [{'text': 'Harga naik.'}, {'text': 'Harga turun.'}]
    """
    lists = {name: held for name, held in value.items() if _is_list_of_objects(held)}
    if lists and all(name in lists or held == [] for name, held in value.items()):  # fundus: those of each publisher
        for name, rows in lists.items():
            yield from (of_publisher(row, name) for row in rows)
    elif [*value] == ["columns", "index", "data"] and _is_table(value["columns"], value["data"]):
        yield from (dict(zip(value["columns"], cells, strict=False)) for cells in value["data"])
    elif _is_text(value):
        yield value
    elif any(value.values()) and all(held is None or isinstance(held, Mapping) for held in value.values()):
        yield from _of_objects(value)
    elif len(lists) == 1 and next(iter(lists)).casefold() in ANSWERS:
        yield from next(iter(lists.values()))
    else:
        yield value


def of_publisher(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a row of a list that is named after its publisher, unless it is called what answers are."""
    return {PUBLISHER: name, **row} if name.casefold() not in ANSWERS else dict(row)


def _of_objects(value: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the rows of an object of objects: its columns by row, as pandas writes them, its rows by address, or it."""
    rows: list[Mapping[str, Any]] = [held or {} for held in value.values()]  # an address that failed has nothing
    has_text = "text" in Columns({}).find(tuple(value)).candidates
    if has_text and all(held.keys() == rows[0].keys() for held in rows) and "0" in rows[0]:
        yield from ({name: held[row] for name, held in value.items()} for row in rows[0])
    elif not has_text and all(not held or _is_text(held, or_null=True) for held in rows):
        yield from rows
    else:
        yield value


def _is_table(names: Any, rows: Any) -> bool:
    """Return whether names and rows are those that pandas writes with orient="split"."""
    are_lists = isinstance(names, list) and isinstance(rows, list) and all(isinstance(cells, list) for cells in rows)
    return are_lists and all(isinstance(name, str) for name in names)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _is_text(value: Mapping[str, Any], *, or_null: bool = False) -> bool:
    """Return whether an object has a text of its own, or a column for one that is null."""
    texts = [value[name] for name in Columns({}).find(tuple(value)).candidates.get("text", ())]
    is_null = or_null and None in texts
    return is_null or any(isinstance(text, str) or (isinstance(text, Mapping) and "sections" in text) for text in texts)
