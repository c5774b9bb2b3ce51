"""What a report takes from scored rows beside their profile: repeated headlines, and articles worth reading.

One pass in bounded memory, whatever the rows hold; the same rows in the same order give the same digest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush, heappushpop, nsmallest
from itertools import zip_longest
from math import inf
from zlib import crc32

from saring.columns import Columns
from saring.scored_rows import COLUMNS, Row

MOST_HEADLINES = 50_000  # kept at once; up to so many different ones are counted exactly
MOST_PRINTERS = 20  # publishers counted of one headline
HEADLINE_CHARS = 300
MOST_ARTICLES = 200
KEPT_OF_KIND = 150  # candidates
TEXT_CHARS = 20_000  # of a candidate; a longer text is left out
VERSIONS = 5
HALF = 0.5
UNSURE_WITHIN = 0.15  # about a half
SHOWN = frozenset((
    "id", "title", "published", "publisher", "publisher_printed", "url", "topic", "topic_probability", "abstained",
    "abstained_because", "clickbait", "links", "error",
))  # fmt: skip
# What an article may be worth reading for, and how often it has its turn.
TURNS = (
    "both", "surest", "unsure_link", "both", "surest", "clickbait", "unsure", "both", "surest", "unsure_link",
    "unlike_news", "error", "plain",
)  # fmt: skip
PLAIN = "plain"  # the rest, of which the first will do
KINDS = tuple(dict.fromkeys(TURNS))


@dataclass(slots=True)
class Repeated:
    """A headline, how often it was met, and by whom it was printed."""

    headline: str
    times: int = 0
    before: int = 0  # so often it may have been met before it was kept
    printed_by: Counter[str] = field(default_factory=Counter)


class RepeatedHeadlines:
    """Counts headlines: exactly as long as they fit, then by lossy counting (Manku and Motwani, VLDB 2002).

    When there are too many the rarer half is dropped. What is kept later may have been among them, so its count may be
    too low, by `missed` at most.
    """

    def __init__(self, most: int = MOST_HEADLINES) -> None:
        self._most, self.missed = most, 0
        self._kept: dict[str, Repeated] = {}

    def add(self, headline: str, publisher: str) -> None:
        """Count a headline that a publisher printed; case and white space do not tell two apart."""
        shown = " ".join(headline[:HEADLINE_CHARS].split())
        key = shown.casefold()
        one = self._kept.get(key)
        if one is None:
            if len(self._kept) >= self._most:
                self._drop()
            one = self._kept[key] = Repeated(shown, before=self.missed)
        one.times += 1
        if publisher in one.printed_by or len(one.printed_by) < MOST_PRINTERS:
            one.printed_by[publisher] += 1

    def _drop(self) -> None:
        most_of = sorted(one.times + one.before for one in self._kept.values())
        self.missed = most_of[len(most_of) // 2]
        self._kept = {key: one for key, one in self._kept.items() if one.times + one.before > self.missed}

    def top(self, most: int) -> list[Repeated]:
        """Return the headlines that were met more than once, the most frequent first."""
        again = (one for one in self._kept.values() if one.times > 1)
        return nsmallest(most, again, key=lambda one: (-one.times, one.headline))


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A row that may be shown: the more it is worth, the later it sorts."""

    worth: float
    digest: int  # of the words: of equal worth any one will do, but the same one every time
    row: Row = field(compare=False)
    kind: str = field(compare=False)


class WorthReading:
    """Keeps the rows most worth reading, of each kind and spread over publishers."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, list[Candidate]]] = {kind: {} for kind in KINDS}
        self._size = dict.fromkeys(KINDS, 0)
        self._least: dict[str, tuple[float, int]] = {}  # that another publisher's first must exceed, once all have one

    def add(self, row: Row) -> None:
        """Keep a row where it is worth more than another that is kept."""
        kept: Row | None = None
        for kind, worth in dict(worths(row)).items() or [(PLAIN, 0.0)]:
            # Errors are spread over their reasons.
            group = str(row["error"])[:80] if kind == "error" else row.get("publisher") or ""
            best = self._found[kind].setdefault(group, [])
            full = self._size[kind] >= KEPT_OF_KIND
            if full and (kind == PLAIN or (best and worth < best[0].worth)):
                continue
            digest = _digest(row)
            if any(one.digest == digest for one in best):  # articles are printed again
                continue
            if not best and (worth, digest) <= self._least.get(kind, (-inf, 0)):
                del self._found[kind][group]
                continue
            kept = _shortened(row) if kept is None else kept
            candidate = Candidate(worth, digest, kept, kind)
            if not full:
                heappush(best, candidate)
                self._size[kind] += 1
            elif best and len(best) >= max(map(len, self._found[kind].values())):
                heappushpop(best, candidate)
            else:  # the publisher with most of them gives up one
                heappush(best, candidate)
                self._give_up(kind)

    def _give_up(self, kind: str) -> None:
        """Drop the worst of the publisher with most, and of these the worst of all."""
        groups = self._found[kind]
        largest = min(groups, key=lambda group: (-len(groups[group]), groups[group][0]))
        dropped = heappop(groups[largest])
        if not groups[largest]:
            del groups[largest]
            self._least[kind] = dropped.worth, dropped.digest

    def chosen(self, most: int = MOST_ARTICLES) -> list[Candidate]:
        """Return the rows to show, each once: in turn of each kind, and within a kind of each publisher."""
        ordered = {kind: self._ordered(kind) for kind in KINDS}
        taken: dict[int, Candidate] = {}
        while len(taken) < most and ordered:
            for kind in TURNS:
                candidate = next((one for one in ordered.get(kind, ()) if one.digest not in taken), None)
                if candidate is None:
                    ordered.pop(kind, None)
                elif len(taken) < most:
                    taken[candidate.digest] = candidate
        return list(taken.values())

    def _ordered(self, kind: str) -> Iterator[Candidate]:
        """Yield the candidates of a kind: the best of each publisher, then the second best, and so on."""
        ranked = [sorted(group, reverse=True) for group in self._found[kind].values()]
        for best in zip_longest(*ranked):
            yield from sorted((one for one in best if one), reverse=True)


def worths(row: Row) -> Iterator[tuple[str, float]]:
    """Yield what a row is worth reading for, and how much."""
    if row.get("error"):
        yield "error", 0.0
    links = [p for link in row.get("links") or () if (p := link.get("p_unrelated")) is not None]
    if links:
        low, high = min(links), max(links)
        if low < HALF <= high:
            yield "both", high - low
        if high >= HALF:
            yield "surest", high
        distance = min(abs(p - HALF) for p in links)
        if distance <= UNSURE_WITHIN:
            yield "unsure_link", -distance
    if (row.get("clickbait") or 0.0) >= HALF:
        yield "clickbait", row["clickbait"]
    if row.get("abstained"):
        kind = row.get("abstained_because")
        if kind == "unsure":
            yield kind, -(row.get("topic_probability") or 0.0)
        elif kind == "unlike_news":
            yield kind, row.get("out_of_domain") or 0.0


class Digest:
    """All that a report alone takes from rows."""

    def __init__(self) -> None:
        self.headlines = RepeatedHeadlines()
        self.articles = WorthReading()
        self.versions: dict[str, None] = {}
        self.scored: tuple[str, str] | None = None  # the first and last run

    def add(self, rows: Iterable[Row]) -> None:
        """Take in some rows."""
        for row in rows:
            publisher = row.get("publisher") or ""
            for link in row.get("links") or ():
                if link.get("related") is False:
                    self.headlines.add(link.get("headline") or "", publisher)
            self.articles.add(row)
            version, when = row.get("model_version"), row.get("scored_at")
            if version and len(self.versions) < VERSIONS:
                self.versions[version] = None
            if when:
                first, last = self.scored or (when, when)
                self.scored = min(first, when), max(last, when)


_USUAL = Columns({})


def kept_text(row: Row) -> str:
    """Return the article's text, which a row has where `--keep` kept it; empty if it has none.

    It is found under its usual names, else it is the longest that the input brought.
    """
    column = _USUAL.find(tuple(row)).columns.get("text", "")
    brought = [value for name, value in row.items() if name not in COLUMNS and isinstance(value, str)]
    value = row.get(column) or max(brought, key=len, default="")
    if isinstance(value, list):
        value = "\n".join(map(str, value))
    return value if isinstance(value, str) else ""


def _shortened(row: Row) -> Row:
    """Return a row without what a report does not show, so that thousands may wait."""
    text = kept_text(row)
    clean = row.get("clean_text") or ""
    wanted = {name: value for name, value in row.items() if name in SHOWN}
    if text and len(text) <= TEXT_CHARS:
        return wanted | {"text": text}
    return wanted | {"clean_text": clean[:TEXT_CHARS], "text": ""}


def _digest(row: Row) -> int:
    words = row.get("title") or "", row.get("clean_text") or row.get("id") or "", row.get("error") or ""
    return crc32("\n".join(str(word)[:TEXT_CHARS] for word in words).encode("utf-8", "replace"))
