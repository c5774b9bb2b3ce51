"""What of a text is no body, as data: spans with a kind and a score, from which its clean text is made again.

Offsets count Unicode code points of the raw text, as Python and dolma's mixer do: an emoji is one. Links and
boilerplate are all there is to say: what `clean_text` does beside leaving them out (HTML's entities, blank lines, the
two ends of a cut) follows from the text and the spans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from itertools import pairwise
from typing import Any, NamedTuple

from saring.article import Article, KeepLinks, Link, LinkPrediction, Record, Removal
from saring.errors import InputError

LINK = "link"  # the kind of a teaser; the others are the kinds of `Removal`
CERTAIN = 1.0  # the score of boilerplate, which rules find
PREFIX = "saring__"  # of the names of attributes
# What an article may tell beside its text; the raw record has, and spans are, the rest.
METADATA = [f.name for f in fields(Article) if f.name not in {"id", "text", "url", "note", "links", "removals"}]


class Span(NamedTuple):
    """A stretch of text that is no body."""

    start: int
    end: int
    kind: str
    score: float  # of a link the probability that it has nothing to do with the article


@dataclass(frozen=True, slots=True)
class Spans:
    """What of one article's text is no body, and what else it takes to make the clean article of the raw one."""

    id: str
    spans: tuple[Span, ...] = ()  # disjoint, in rising order
    headlines: tuple[tuple[int, str, str], ...] = ()  # of each link: start, marker and headline, which may be kept
    metadata: Mapping[str, Any] = field(default_factory=dict)
    text_length: int | None = None  # of the raw text; None where it could not be read
    text_digest: str | None = None
    threshold: float | None = None  # from this score on the model called a link unrelated
    model_version: str = ""
    error: str = ""

    @property
    def attributes(self) -> dict[str, list[list[float]]]:
        """The spans as dolma's attributes: for each kind a list of start, end and score."""
        found: dict[str, list[list[float]]] = {}
        for start, end, kind, score in self.spans:
            found.setdefault(PREFIX + kind, []).append([start, end, score])
        return found

    @property
    def n_links(self) -> int | None:
        """Number of links; None where the text could not be read."""
        return None if self.text_digest is None else len(self.headlines)

    @property
    def n_unrelated(self) -> int | None:
        """Number of links that the model called unrelated; None where the text could not be read."""
        if self.text_digest is None or self.threshold is None:
            return None
        return sum(span.kind == LINK and span.score >= self.threshold for span in self.spans)

    def article(self, record: Record) -> Article:
        """Return the parsed article in a record as it was when these spans were found."""
        headlines = {start: (marker, headline) for start, marker, headline in self.headlines}
        known = dict(self.metadata) | {"tags": tuple(self.metadata.get("tags", ()))}
        return Article(
            id=record.id,
            text=record.text,
            url=record.url,
            note=record.note,
            links=tuple(
                Link(headlines[span.start][1], headlines[span.start][0], span.start, span.end)
                for span in self.spans
                if span.kind == LINK
            ),
            removals=tuple(Removal(span.kind, span.start, span.end) for span in self.spans if span.kind != LINK),
            **{"title": "", **known},
        )

    def kept(self, article: Article, keep_links: KeepLinks, threshold: float | None = None) -> Sequence[Link]:
        """Return the links that stay in the clean text; of the related ones those that score less than a threshold.

        Without one the model's is taken.
        """
        if keep_links != "related":
            return article.links if keep_links == "all" else ()
        limit = self.threshold if threshold is None else threshold
        scores = {span.start: span.score for span in self.spans}
        return [link for link in article.links if limit is None or scores[link.start] < limit]


def spans_of(article: Article, links: Sequence[LinkPrediction], threshold: float | None, model_version: str) -> Spans:
    """Return the spans of a parsed article, with what the model says of its links."""
    found = [Span(link.start, link.end, LINK, link.p_unrelated or 0.0) for link in links]
    found += [Span(removal.start, removal.end, removal.kind, CERTAIN) for removal in article.removals]
    metadata = {name: value for name in METADATA if (value := getattr(article, name))}
    return Spans(
        id=article.id,
        spans=tuple(sorted(found)),
        headlines=tuple((link.start, link.marker, link.headline) for link in article.links),
        metadata=metadata | ({"tags": list(article.tags)} if article.tags else {}),
        text_length=len(article.text),
        text_digest=text_digest(article.text),
        threshold=threshold,
        model_version=model_version,
        error=article.note,
    )


def text_digest(text: str) -> str:
    """Return what tells a text from all others."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def spans_in(row: Mapping[str, Any]) -> Spans:
    """Return the spans in a row that `saring clean --spans` wrote; raise InputError where it is none."""
    try:
        spans = tuple(Span(int(s), int(e), str(kind), float(score)) for s, e, kind, score in row["spans"] or ())
        headlines = tuple(
            (int(start), str(marker), str(headline)) for start, marker, headline in row["headlines"] or ()
        )
        metadata = {name: value for name, value in (row["metadata"] or {}).items() if name in METADATA}
        found = Spans(
            str(row["id"]), spans, headlines, metadata, row["text_length"], row["text_digest"], row["threshold"],
            row["model_version"] or "", row["error"] or "",
        )  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"found no spans ({type(error).__name__}: {error}); expected rows that `saring clean --spans` wrote"
        ) from None
    ends = [0, *(place for span in spans for place in (span.start, span.end)), found.text_length or 0]
    links = [span.start for span in spans if span.kind == LINK]
    if any(a > b for a, b in pairwise(ends)) or links != [start for start, _, _ in headlines]:
        raise InputError(
            "found spans that overlap, leave the text or name other links than its headlines; expected those that "
            "`saring clean --spans` wrote"
        )
    return found
