"""What a batch did, in numbers that add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

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

    def plus(self, rows: Sequence[Mapping[str, Any]]) -> Summary:
        """Return the summary with more rows counted."""
        errors = [row["error"] for row in rows if row["error"]]
        abstained = sum(bool(row.get("abstained")) for row in rows)
        return total(
            (
                self,
                Summary(
                    rows=len(rows),
                    scored=len(rows) - len(errors) - abstained,
                    abstained=abstained,
                    errors=len(errors),
                    links=sum(row["n_links"] or 0 for row in rows),
                    unrelated=sum(row.get("n_unrelated") or 0 for row in rows),
                    first_error=errors[0] if errors else "",
                ),
            )
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
