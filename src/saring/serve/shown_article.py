"""An article and its row as the page shows them: topics as bars, the text in pieces, reasons in the reader's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from saring.article import Article, Record
from saring.html_reports.language import Language
from saring.html_reports.report_articles import ShownPiece, link_verdict, shortened
from saring.scored_rows import Row
from saring.sources import take

_GAPS = re.compile(r"\n\s*\n\s*")


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A teaser of the article: `kind` is related, unrelated or unjudged; `label` says so in words."""

    kind: str
    label: str
    headline: str
    why: str


@dataclass(frozen=True, slots=True)
class Piece(ShownPiece):
    """A stretch of the text, with the reasons of a teaser's verdict and its number."""

    why: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page shows of an article."""

    number: int
    title: str
    facts: tuple[str, ...]
    error: str
    said: str  # the topic, in a sentence
    topics: tuple[tuple[str, str, str], ...]  # name, percent, width of the bar; the likeliest first
    sentences: tuple[str, ...]
    pieces: tuple[Piece, ...]
    links: tuple[ShownLink, ...]
    cuts: tuple[tuple[str, str], ...]  # kind and text of each removal
    clean: tuple[str, ...]  # its paragraphs
    json: str


def shown(number: int, source: Record, row: Row, say: Language) -> Shown:
    """Return what is shown of an article, given the row that it became."""
    [article] = take([source])
    links = tuple(_link(link, say) for link in row["links"] or ())
    pieces, cuts = _pieces(article, links, say) if isinstance(article, Article) else ((), ())
    facts = (row["publisher"], (row["published"] or "")[:10], row["source"])
    return Shown(
        number=number,
        title=row["title"] or "",
        facts=tuple(shortened(fact) for fact in facts if fact),
        error=row["error"] or "",
        said=_said(row, say),
        topics=_topics(row, say),
        sentences=_sentences(row, say),
        pieces=pieces,
        links=links,
        cuts=cuts,
        clean=tuple(filter(None, (row["clean_text"] or "").split("\n"))),
        json=orjson.dumps(row, option=orjson.OPT_INDENT_2).decode(),
    )


def listed(row: Row, say: Language) -> dict[str, Any]:
    """Return what stands of a row in a table of many."""
    topic = row["topic"]
    return {
        "title": shortened(row["title"]) or say("no_title"),
        "topic": (say("abstained") if row["abstained"] else say.term("topic", topic)) if topic else "",
        "p": say.probability(row["topic_probability"]) if topic else "",
        "links": row["n_links"] if row["n_links"] is not None else "",
        "unrelated": row["n_unrelated"] if row["n_unrelated"] is not None else "",
        "error": row["error"] or "",
    }


def total(rows: Sequence[Row], say: Language) -> str:
    """Return in a sentence what many rows say."""
    return say(
        "table_sum",
        rows=len(rows),
        links=sum(row["n_links"] or 0 for row in rows),
        unrelated=sum(row["n_unrelated"] or 0 for row in rows),
        abstained=sum(bool(row["abstained"]) for row in rows),
        errors=sum(bool(row["error"]) for row in rows),
    )


def _said(row: Row, say: Language) -> str:
    topic = say.term("topic", row["topic"] or "")
    key = f"no_topic_{row['abstained_because']}" if row["abstained"] else "topic_is"
    return say(key, topic=topic) if topic else ""


def _topics(row: Row, say: Language) -> tuple[tuple[str, str, str], ...]:
    if row["topic"] is None:
        return ()
    named = {name.removeprefix("p_"): p for name, p in row.items() if name.startswith("p_") and name != "p_unrelated"}
    best_first = sorted(named.items(), key=lambda item: -item[1])
    return tuple((say.term("topic", name), say.probability(p), f"{100 * p:.1f}") for name, p in best_first)


def _sentences(row: Row, say: Language) -> tuple[str, ...]:
    found = []
    if row["links"]:
        found.append(say("links_found", unrelated=row["n_unrelated"] or 0, n=row["n_links"]) + ".")
    if row["clickbait"] is not None:
        found.append(say("title_clickbait", p=say.probability(row["clickbait"])))
    if row["removed"]:
        found.append(say("removed_share", share=say.probability(row["removed"])))
    return tuple(found)


def _link(link: Row, say: Language) -> ShownLink:
    kind, sure = link_verdict(link, say)
    why = list(map(say.reason, link["reasons"]))
    if not why:
        why.append(say("reads_as", topic=say.term("topic", link["topic"])))
    return ShownLink(kind, f"{say(f'is_{kind}')} {sure}".strip(), link["headline"], "; ".join(why))


def _pieces(
    article: Article, links: Sequence[ShownLink], say: Language
) -> tuple[tuple[Piece, ...], tuple[tuple[str, str], ...]]:
    """Return an article's pieces with what is said of them, and its removals, which the pieces number."""
    pieces: list[Piece] = []
    cuts: list[tuple[str, str]] = []
    waiting = iter(enumerate(links, 1))
    first_cut = 0  # of the removals that stand in one place
    for piece in article.pieces():
        if piece.kind == "link":
            number, link = next(waiting)
            pieces.append(Piece(link.kind, piece.text, link.label, link.why, number))
        elif not piece.text.strip():
            if pieces and pieces[-1].kind != "cut":
                pieces.append(Piece("body", _GAPS.sub("\n\n", piece.text)))
        elif piece.kind == "body":
            before = "\n\n" if pieces and pieces[-1].kind == "cut" and first_cut < len(cuts) else ""
            pieces.append(Piece("body", _GAPS.sub("\n\n", before + piece.text)))
        else:
            cuts.append((piece.kind.replace("_", " "), piece.text.strip()))
            if pieces and pieces[-1].kind == "cut":
                pieces[-1] = Piece("cut", "", say("cuts_here", first=first_cut, last=len(cuts)))
            else:
                first_cut = len(cuts)
                pieces.append(Piece("cut", "", say("cut_here", n=first_cut)))
    return tuple(pieces), tuple(cuts)
