"""What saring's functions take and give: `Record`, `Article`, `Link`, `Removal`, `LinkPrediction`, `Prediction`.

A `Record` is one article as it came in; `parse` turns it into an `Article`, whose text is divided without gaps into
body, links and removals; `Model.predict` turns that into a `Prediction`. All are frozen.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from reprlib import Repr
from typing import Any, Literal, NamedTuple

from saring.schema import LINK_COLUMNS, as_rows, kept_columns, prediction_columns

KeepLinks = Literal["none", "related", "all"]
Abstention = Literal["unsure", "unlike_news"]

_LINE_BREAK = re.compile(r"\r\n?|\n")
_STOPS = frozenset(".,;:!?)")  # one that stood behind a bracketed link belongs to the words before it
_BLANKS = " \t\xa0"
_ENTITY = re.compile(r"&(?:amp;)?(?:[a-zA-Z]{2,8}|#\d{1,7}|#x[\da-fA-F]{1,6});")  # "&amp;nbsp;", too
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxtuple = _SHORT.maxlist = 3


def brief(self: Any) -> str:
    """Return the ``__repr__`` of a dataclass that may be big: long values cut, empty ones left out."""
    values = ((f.name, getattr(self, f.name)) for f in fields(self))
    shown = (f"{name}={_SHORT.repr(value):.80}" for name, value in values if value not in (None, "", ()))
    return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class Record:
    """One article as it came in, before parsing; a field that the input does not have is empty."""

    __repr__ = brief

    id: str  # the input's, or made from the file and row; never empty
    title: str = ""
    text: str = ""
    published: str = ""  # as printed
    publisher: str = ""  # as printed
    url: str = ""
    addresses: Mapping[str, str] = field(default_factory=dict)  # headline of each teaser to its address; HTML only
    where: str = ""  # the place for messages: file:row
    error: str = ""  # why the record could not be read
    note: str = ""  # what of it could not be read and was left out
    kept: Mapping[str, Any] = field(default_factory=dict)  # the input's columns that the user wants to see again


@dataclass(frozen=True, slots=True)
class Link:
    """A teaser embedded in an article: a marker ("Baca Juga:") and the headline it advertises.

    ``text[start:end]`` is the teaser as printed, without surrounding white space. In a box the marker stands on a line
    of its own (a `Removal`) and the span covers the headline alone.
    """

    headline: str
    marker: str
    start: int
    end: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """A stretch of boilerplate: text the portal put around the article. `kind` names the rule."""

    kind: str
    start: int
    end: int


class Piece(NamedTuple):
    """A stretch of an article's text; all of them in order rebuild the text exactly."""

    kind: str  # "body", "link", or the kind of a removal
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """A parsed article: its text, what in it is not body, and its metadata.

    `links` and `removals` hold disjoint spans of `text` in rising order; all else is body. `published` is ISO 8601
    with the offset of Western Indonesian Time; `note` says what of the record could not be read.
    """

    __repr__ = brief

    id: str
    title: str
    text: str
    links: tuple[Link, ...] = ()
    removals: tuple[Removal, ...] = ()
    published: str = ""
    editor: str = ""
    author: str = ""
    source: str = ""
    publisher: str = ""
    place: str = ""
    tags: tuple[str, ...] = ()
    url: str = ""
    note: str = ""

    def pieces(self) -> Iterator[Piece]:
        r"""Yield the stretches of the text in order: body, links and removals.

        Examples
        --------
        >>> import saring
        >>> article = saring.parse("Harga cabai turun.\nBaca Juga: Cara Menanam Cabai di Pot\nWarga lega.")
        >>> [piece.kind for piece in article.pieces() if piece.text.strip()]
        ['body', 'link', 'body']
        """
        spans = [(link.start, link.end, "link") for link in self.links]
        spans += [(removal.start, removal.end, removal.kind) for removal in self.removals]
        at = 0
        for start, end, kind in sorted(spans):
            if at < start:
                yield Piece("body", at, start, self.text[at:start])
            yield Piece(kind, start, end, self.text[start:end])
            at = end
        if at < len(self.text):
            yield Piece("body", at, len(self.text), self.text[at:])

    @property
    def body(self) -> str:
        """The clean text: paragraphs of the body, one a line, without links and boilerplate."""
        return clean_text(self)

    @property
    def removed(self) -> float:
        """Share of the text, in [0, 1], that is no body: links and boilerplate; 0 of an empty text."""
        spans: tuple[Link | Removal, ...] = (*self.links, *self.removals)
        return sum(span.end - span.start for span in spans) / max(1, len(self.text))


@dataclass(frozen=True, slots=True)
class LinkPrediction:
    """What the model says of one link of an article: the columns of docs/columns.md.

    `p_unrelated` and `clickbait` are probabilities in [0, 1]; `reasons` are short phrases in words. A verdict is None
    where the model was trained on a corpus without its labels.
    """

    headline: str
    marker: str
    start: int
    end: int
    related: bool | None
    p_unrelated: float | None
    topic: str
    clickbait: float | None
    reasons: tuple[str, ...] = ()
    url: str = ""

    def row(self) -> dict[str, Any]:
        """Return the link as it stands in a prediction row; values are JSON types.

        Examples
        --------
        >>> link = LinkPrediction("Resep Sambal", "Baca Juga:", 0, 23, False, 0.9, "other", 0.1)
        >>> link.row()["related"]
        False
        """
        return as_rows(LINK_COLUMNS, [self])[0]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one article.

    `error` says why the verdicts are None, or beside them that the date could not be read. The model abstains where
    its best probability is too low ("unsure"), and where the text is unlike all Indonesian news, so that probabilities
    mean nothing ("unlike_news").
    """

    __repr__ = brief

    id: str
    title: str = ""
    published: str = ""
    publisher: str = ""  # the domain of a portal, however its name is printed
    publisher_printed: str = ""
    source: str = ""
    url: str = ""
    topic: str | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)  # of each topic; empty for an error
    abstained_because: Abstention | None = None
    out_of_domain: float | None = None  # how unlike Indonesian news the text is
    clickbait: float | None = None
    links: tuple[LinkPrediction, ...] = ()
    removed: float | None = None  # share of the given text that is no body
    clean_text: str | None = None
    error: str = ""
    model_version: str = ""
    scored_at: str = ""
    topics: tuple[str, ...] = ()  # all that the model knows, in the order of its columns p_<topic>
    kept: Mapping[str, Any] = field(default_factory=dict)  # columns of the input that were to stay

    @property
    def failed(self) -> bool:
        """Whether the article could not be read at all: `error` stands in place of verdicts."""
        return bool(self.error) and self.clean_text is None

    @property
    def abstained(self) -> bool | None:
        """Whether the model would rather not name a topic; None for an error."""
        return None if self.topic is None else self.abstained_because is not None

    @property
    def topic_probability(self) -> float | None:
        """Probability of the predicted topic, in [0, 1]; None for an error."""
        return None if self.topic is None else self.probabilities[self.topic]

    @property
    def n_links(self) -> int | None:
        """Number of teaser links found; None for an error."""
        return None if self.failed else len(self.links)

    @property
    def n_unrelated(self) -> int | None:
        """Number of links that have nothing to do with the article; None where the model has no verdicts on links."""
        if self.failed or any(link.related is None for link in self.links):
            return None
        return sum(not link.related for link in self.links)

    def row(self) -> dict[str, Any]:
        """Return the flat row that every entry point gives; docs/columns.md says what is in it.

        Values are JSON types, absent ones None.

        Examples
        --------
        >>> row = Prediction("7", topic="economy", probabilities={"economy": 0.9, "other": 0.1}).row()
        >>> row["topic"], row["topic_probability"], row["p_other"], row["error"]
        ('economy', 0.9, 0.1, None)
        """
        columns = prediction_columns(self.topics or self.probabilities)
        return as_rows((*columns, *kept_columns(dict.fromkeys(self.kept, "json"), columns)), [self])[0]


def clean_text(article: Article, keep: Sequence[Link] = ()) -> str:
    """Return the body as paragraphs, one a line, with the links of `keep` on lines of their own.

    Lines are stripped at both ends and blank lines dropped. Inside a line nothing changes but HTML's entities
    ("&amp;"), which scrapers left, and where a link or boilerplate stood within it: there the two ends meet at one
    space, or at none before a stop.
    """
    if not (article.links or article.removals):  # as in most articles
        return _paragraphs(article.text)
    kept = {link.start: link for link in keep}
    out: list[str] = []
    last_body = -1  # where in `out` the last piece of the body is
    for piece in article.pieces():
        if piece.kind == "body":
            text = piece.text
            if last_body >= 0 and text[0] in _STOPS:
                before = out[last_body].rstrip(_BLANKS)
                if before and before[-1] not in "\r\n":  # the stop goes to the end of the piece before the cut
                    out[last_body], text = before + text[0], text[1:]
            last_body = len(out)
            out.append(_joint(out[-1], text) if out else text)
        elif piece.kind == "link" and (link := kept.get(piece.start)):
            out.append(f"\n{link.marker} {link.headline}\n".replace("\n ", "\n"))
    return _paragraphs("".join(out))


def _paragraphs(text: str) -> str:
    """Return the lines of a text, stripped, without blank ones, HTML's entities as characters."""
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    lines = _LINE_BREAK.split(text) if "\r" in text else text.split("\n")
    return "\n".join([line for raw in lines if (line := raw.strip())])


def _character(entity: re.Match[str]) -> str:
    """Return what an entity stands for; white space is a blank, for it must not break a line."""
    character = html.unescape(html.unescape(entity.group()))
    return " " if character.isspace() else character


def _joint(before: str, after: str) -> str:
    """Return `after` fitted behind a cut: one space, or none at a line's edge or before a stop."""
    if before[-1:].isspace():
        return after.lstrip(_BLANKS)
    joined = before == "" or after == "" or after[0].isspace() or after[0] in _STOPS
    return after if joined else " " + after
