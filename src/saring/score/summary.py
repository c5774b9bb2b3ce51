"""What a batch did, in numbers that add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

__all__ = ["Summary", "total"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch did; `rows` = `scored` + `abstained` + `errors`.

    `resumed` of the rows were done by an earlier run that was interrupted.
    """

    rows: int = 0
    scored: int = 0
    abstained: int = 0
    errors: int = 0
    links: int = 0
    unrelated: int = 0
    first_error: str = ""
    resumed: int = 0

    @classmethod
    def of(cls, table: Mapping[str, Sequence[Any]]) -> Self:
        """Return rows counted, given as columns."""
        found = [error for error in table["error"] if error]
        rows = len(table["error"])
        unsure = zip(table.get("abstained", ()), table["error"], strict=False)
        abstained = sum(bool(asked and not error) for asked, error in unsure)
        return cls(
            rows=rows,
            scored=rows - len(found) - abstained,
            abstained=abstained,
            errors=len(found),
            links=sum(number or 0 for number in table["n_links"]),
            unrelated=sum(number or 0 for number in table.get("n_unrelated", ())),
            first_error=found[0] if found else "",
        )


def total(summaries: Iterable[Summary]) -> Summary:
    """Return the sum of summaries, given in the order of their rows."""
    values: dict[str, Any] = {item.name: item.default for item in fields(Summary)}
    for summary in summaries:
        for name in values:
            value = getattr(summary, name)
            values[name] = (
                (values[name] or value) if name == "first_error" else values[name] + value
            )
    return Summary(**values)
