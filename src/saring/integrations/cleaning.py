"""What a step of any pipeline says of its documents: the clean text, and what left it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any, NamedTuple

import orjson

from saring.article import Article, KeepLinks, Prediction, Record, clean_text
from saring.batch.parts import row_tables
from saring.io.writers import ColumnValues
from saring.predict import DECIMALS, Model
from saring.schema import LINK_COLUMNS, as_rows
from saring.sources import take
from saring.spans import spans_of

# What is said of each document, and with topics, to the kinds of Arrow that `Answer.typed` gives.
KINDS = {
    "links": "string", "spans": "string", "n_links": "int", "n_unrelated": "int", "removed": "float",
    "error": "string", "model_version": "string",
}  # fmt: skip
TOPIC_KINDS = {
    "topic": "string", "topic_probability": "float", "abstained": "bool", "out_of_domain": "float",
    "clickbait": "float",
}  # fmt: skip


class Answer(NamedTuple):
    """What is said of a document."""

    text: str | None  # the clean text; None where it could not be read
    said: dict[str, Any]  # always under the same keys

    def typed(self) -> dict[str, Any]:
        """Return the same with values whose types in Arrow are those of all documents.

        A list, which may be empty, is JSON text; NaN stands for no number.
        """
        return {
            name: orjson.dumps(value).decode() if isinstance(value, list) else nan if value is None else value
            for name, value in self.said.items()
        }


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Makes the answers of records; ConfigError where the model cannot say which links are to stay."""

    model: Model
    keep_links: KeepLinks
    topics: bool  # whether to ask for topics, too; without them articles without links are not scored

    def __post_init__(self) -> None:
        self.model.check_keep_links(self.keep_links)

    def answers(self, records: Sequence[Record]) -> list[Answer]:
        """Return the answer for each record; one that breaks the scoring or takes too long costs itself."""
        named = (replace(record, where=record.id) for record in records)
        return [answer for table in row_tables(self, named) for answer in table["answer"]]

    @property
    def columns(self) -> dict[str, str]:
        """The one column of the tables that `batch.parts.row_tables` asks for."""
        return {"answer": "json"}

    def table(self, records: list[Record]) -> ColumnValues:
        """Return the answer for each record."""
        items = take(records)
        scored = [item for item in items if isinstance(item, Article) and (self.topics or item.links)]
        predictions = iter(self.model.predict(scored, keep_links=self.keep_links))
        answers = []
        for item in items:
            if isinstance(item, Prediction):
                answers.append(Answer(None, self._said(item)))
            elif self.topics or item.links:
                prediction = next(predictions)
                answers.append(Answer(prediction.clean_text, self._said(prediction, item)))
            else:
                unscored = Prediction(item.id, removed=round(item.removed, DECIMALS), error=item.note)
                answers.append(Answer(clean_text(item), self._said(unscored, item)))
        return {"answer": answers}

    def _said(self, prediction: Prediction, article: Article | None = None) -> dict[str, Any]:
        """Return what is said of a document."""
        spans = spans_of(article, prediction.links, None, "").spans if article else ()
        found = {
            "links": as_rows(LINK_COLUMNS, prediction.links),
            "spans": [span._asdict() for span in spans],
            "n_links": len(prediction.links),
            "n_unrelated": sum(link.related is False for link in prediction.links),
            "removed": prediction.removed or 0.0,
            "error": prediction.error,
            "model_version": self.model.model_version,
        }
        if self.topics:
            found |= {
                "topic": prediction.topic or "",
                "topic_probability": prediction.topic_probability,
                "abstained": bool(prediction.abstained),
                "out_of_domain": prediction.out_of_domain,
                "clickbait": prediction.clickbait,
            }
        return found
