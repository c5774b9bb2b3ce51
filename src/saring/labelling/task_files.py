"""What a labelling task looks like outside: Label Studio's JSON and interface, and a table for a spreadsheet.

A task shows the article as it was given, with its links as regions, and what the model says as what an annotator
begins with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

from saring.io.writers import ENDS
from saring.training.corpus import row_keys
from saring.training.tasks import CLICKBAIT_LABELS, LINK_LABELS

# Names of Label Studio's controls, and of what they are about.
TOPIC, CLICKBAIT, LINKS = "topic", "clickbait", "links"
TEXT, TITLE = "text", "title"
UNCERTAIN = "uncertain"  # why a task was chosen
YES, NO = "yes", "no"  # in a table
SUGGESTED = {True: YES, False: NO, None: ""}
COLOURS = dict(zip(LINK_LABELS, ("#1a7f37", "#b35900"), strict=True))

# Where the writer of CSV puts an apostrophe; one that stands there already is doubled, so that one can be taken off.
_GUARD = re.compile(f"(?:^|(?<=[{ENDS}]))'")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that may be labelled, and what the model says of it."""

    id: str
    title: str
    text: str  # as it was given; links are spans of it
    body: str
    publisher: str
    published: str
    url: str
    topic: str
    probabilities: Mapping[str, float]
    clickbait: float | None
    links: Sequence[Mapping[str, Any]]  # as in a prediction row
    model_version: str
    margin: float = 0.0

    @property
    def is_clickbait(self) -> bool | None:
        """Whether the model calls the title clickbait; None where it does not say."""
        return None if self.clickbait is None else self.clickbait >= 0.5


def studio_task(article: Candidate) -> dict[str, Any]:
    """Return an article as a task of Label Studio, pre-annotated."""
    result = [_choice(TOPIC, TEXT, article.topic)]
    if article.is_clickbait is not None:
        result.append(_choice(CLICKBAIT, TITLE, CLICKBAIT_LABELS[article.is_clickbait]))
    for number, link in enumerate(article.links, start=1):
        if link["related"] is not None:
            span = {"start": link["start"], "end": link["end"], "text": article.text[link["start"] : link["end"]]}
            result.append(_result(f"link-{number}", LINKS, TEXT, "labels", span, LINK_LABELS[not link["related"]]))
    data = {name: getattr(article, name) for name in ("id", "title", "text", "publisher", "published", "url")}
    data |= {"model_version": article.model_version, "topics": list(article.probabilities), "chosen": UNCERTAIN}
    data["headlines"] = [{name: link[name] for name in ("start", "end", "headline")} for link in article.links]
    # Again, for Label Studio's export holds its predictions as numbers.
    data["suggested"] = {TOPIC: article.topic, CLICKBAIT: article.is_clickbait} | {
        LINKS: [{name: link[name] for name in ("headline", "related")} for link in article.links]
    }
    score = article.probabilities[article.topic]
    return {"data": data, "predictions": [{"model_version": article.model_version, "score": score, "result": result}]}


def _choice(name: str, about: str, value: str) -> dict[str, Any]:
    return _result(name, name, about, "choices", {}, value)


def _result(id: str, name: str, about: str, kind: str, value: Mapping[str, Any], label: str) -> dict[str, Any]:
    return {"id": id, "from_name": name, "to_name": about, "type": kind, "value": {**value, kind: [label]}}


def interface(topics: Sequence[str]) -> str:
    """Return Label Studio's labelling interface for such tasks, in its XML."""
    choices = [*_choices(CLICKBAIT, TITLE, CLICKBAIT_LABELS)], [*_choices(TOPIC, TEXT, topics)]
    colours = (f"    <Label value={quoteattr(n)} background={quoteattr(c)}/>" for n, c in COLOURS.items())
    lines = [
        "<View>",
        f'  <Text name="{TITLE}" value="${TITLE}"/>',
        *choices[0],
        *choices[1],
        f'  <Labels name="{LINKS}" toName="{TEXT}">',
        *colours,
        "  </Labels>",
        f'  <Text name="{TEXT}" value="${TEXT}"/>',
        "</View>",
    ]
    return "\n".join([*lines, ""])


def _choices(name: str, about: str, values: Sequence[str]) -> Iterator[str]:
    yield f'  <Choices name="{name}" toName="{about}" choice="single" showInLine="true">'
    yield from (f"    <Choice value={quoteattr(value)}/>" for value in values)
    yield "  </Choices>"


# A table. What people fill in stands in columns that begin with "right_".

GIVEN = ("id", "title", "publisher", "published", "url")
ABOUT = ("annotator", "text", "model_version", "topics", "words")
BETWEEN = " | "  # topics in a cell


def table_columns(articles: Sequence[Candidate]) -> list[str]:
    """Return the columns of a table of tasks: three for each of the links that an article has at most."""
    most = max((len(article.links) for article in articles), default=0)
    links = [f"{name}_{n}" for n in range(1, most + 1) for name in ("link", "related", "right_related")]
    return [*GIVEN, "topic", "right_topic", "clickbait", "right_clickbait", *links, *ABOUT]


def table_row(article: Candidate, columns: Sequence[str]) -> dict[str, str]:
    """Return an article as a row of the table, for a file of rows to write: `cell_text` gives its texts back."""
    row = dict.fromkeys(columns, "") | {name: getattr(article, name) for name in GIVEN}
    row |= {"topic": article.topic, "clickbait": SUGGESTED[article.is_clickbait]}
    for number, link in enumerate(article.links, start=1):
        row |= {f"link_{number}": link["headline"], f"related_{number}": SUGGESTED[link["related"]]}
    row |= {
        "text": article.text,
        "model_version": article.model_version,
        "topics": BETWEEN.join(article.probabilities),
        "words": words_key(article.title, article.text),
    }
    return {name: _GUARD.sub("''", value) for name, value in row.items()}


def words_key(title: str, text: str) -> str:
    """Return a digest of an article's words, by which a changed text is noticed."""
    return f"{row_keys([(title, text)])[0]:016x}"


def cell_text(cell: str) -> str:
    """Return the text of a cell, without the apostrophe that `saring.io.writers` puts before what would run."""
    return _GUARD.sub("", cell)
