"""Articles printed as run-on text, with the places where their teasers' headlines end.

Two sources: the embedded corpus, whose teasers stand in it; and CLICK-ID, real articles without
teasers, into which headlines of other articles are put. Paragraphs that CLICK-ID broke (it dropped
the text of links) are left out.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from saring.parsing.lines import SMALL_WORDS

__all__ = ["Source", "Text", "read_click_id", "read_corpus", "renderings"]

MIN_PARAGRAPHS = 3
MIN_PARAGRAPH_WORDS = 6
MIN_CLAUSE = 3  # words
NEAR = 0.7  # share of headlines put in that share a name with the article, as teasers do
AWAY = 0.25  # share of headlines from any publisher
GLUES = {"": 0.25, " ": 0.7, "  ": 0.05}
MARKERS = {"Baca juga: ": 0.5, "Baca Juga: ": 0.3, "BACA JUGA: ": 0.1, "Lihat juga: ": 0.1}
STYLES = {"as is": 0.75, "plain": 0.15, "short": 0.07, "dots": 0.03}
BEHIND = {  # what stands between a headline and the next paragraph, or instead of it
    "": 0.77,
    "subheading": 0.1,
    "twice": 0.03,
    "caption": 0.04,
    "lost": 0.03,
    "numbered": 0.03,
}
CREDITS = ("(Foto: {})", "(Dok. {})", "(dok. {})", "(Foto: dok. {})", "(Tangkapan layar)")
AGENCIES = ("SHUTTERSTOCK/{}", "KOMPAS.com/{}", "Dok. {}", "ANTARA FOTO/{}", "AFP/{}")
TAILS = ("(abc/def)", "(ab/cde) tanda ekor berita", "(rin)", "Ikuti berita lainnya di Google News")
TAILED = 0.15  # share of articles with a tail
OPENINGS = ("Cara ", "Syarat ", "Daftar ", "Kronologi ", "", "", "", "", "", "", "", "")
MAX_TEASERS = 3  # in an article
HABITS = (6, 17)  # a portal's headlines in words: portals differ, so each length is as likely
SPREAD = 2.0  # words
SHORT = 4  # words that are missing
UNTITLED = 0.3  # share of articles without title
DRAWN = 10  # headlines of which the one nearest to such a length is taken

_MARKER = re.compile(r"^(?:Baca(?: artikel detail)?|BACA|Lihat|Simak|LIHAT)(?: [Jj]uga| JUGA)?: ")
_PARAGRAPH = re.compile(r"[^\s,](?:[^,\r\n]|,(?![A-Z\"“‘'(\[#,‚]))*")
_BROKEN = re.compile(r"\s[,.]|,,|[‚Ä¬√Â]|^[-,.]|\(\s|\s\)")
_SENTENCE_END = re.compile(r"[.?!][\"”’)]*$")
_NAME = re.compile(r"\b[A-Z][\w-]{3,}")


@dataclass(frozen=True)
class Text:
    """An article: its paragraphs, and the headlines that stand behind some of them."""

    publisher: str
    title: str
    paragraphs: list[str]
    teasers: dict[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Articles, and headlines by publisher to put into them where they have none."""

    texts: list[Text]
    headlines: dict[str, list[str]]

    def without(self, publishers: set[str]) -> Source:
        """Return the source without some publishers."""
        texts = [text for text in self.texts if text.publisher not in publishers]
        kept = {name: some for name, some in self.headlines.items() if name not in publishers}
        return Source(texts, kept)

    def only(self, publishers: set[str]) -> Source:
        """Return some publishers of the source."""
        return self.without({text.publisher for text in self.texts} - publishers)


def read_corpus(path: Path) -> Source:
    """Return the embedded corpus: articles with teasers of their own."""
    texts = []
    headlines: dict[str, list[str]] = {}
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        text = Text(row["publisher"], row["title"], [])
        known = {link["headline"] for link in row["links"]}
        for line in row["text"].split("\n"):
            marker = _MARKER.match(line)
            if marker and line[marker.end() :] in known:
                at = text.teasers.setdefault(len(text.paragraphs), [])
                at.append(line[marker.end() :])
            else:
                text.paragraphs.append(line)
        texts.append(text)
        headlines.setdefault("corpus", []).extend([row["title"], *known])
    return Source(texts, headlines)


def read_click_id(folder: Path) -> Source:
    """Return CLICK-ID's whole paragraphs and its headlines; publishers by their short name."""
    import pandas as pd

    articles = pd.read_parquet(folder / "articles.parquet")
    titled = pd.read_csv(folder / "headlines.csv.gz")
    headlines: dict[str, set[str]] = {}
    names = [*map(_short, articles["publisher"]), *map(_short, titled["publisher"])]
    for name, title in zip(names, [*articles["title"], *titled["title"]], strict=True):
        title = " ".join(str(title).split())
        if len(title.split()) > MIN_CLAUSE and not _BROKEN.search(title):
            headlines.setdefault(name, set()).add(title)
    texts = []
    for name, title, text in zip(names, articles["title"], articles["text"], strict=False):
        paragraphs = list(_paragraphs(text or ""))
        if len(paragraphs) >= MIN_PARAGRAPHS:
            texts.append(Text(name, str(title).strip(), paragraphs))
    return Source(texts, {name: sorted(some) for name, some in headlines.items()})


def _short(publisher: str) -> str:
    """Return a publisher's name without domain."""
    return publisher.lower().partition(".")[0]


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a text that lost nothing."""
    for match in _PARAGRAPH.finditer(text):
        line = match.group().strip()
        if _BROKEN.search(line) or not (line[0] in '"“‘' or line[0].isupper()):
            continue
        if _SENTENCE_END.search(line) and len(line.split()) >= MIN_PARAGRAPH_WORDS:
            yield line


class Renderer:
    """Prints articles of a source as run-on text."""

    def __init__(self, source: Source, dice: random.Random, small: set[str]) -> None:
        self.source, self.dice, self.small = source, dice, small
        self.every = [title for titles in source.headlines.values() for title in titles]
        self.by_name: dict[tuple[str, str], list[str]] = {}
        for publisher, titles in source.headlines.items():
            for title in titles:
                for name in set(_NAME.findall(title)):
                    self.by_name.setdefault((publisher, name), []).append(title)

    def print_text(self, text: Text) -> tuple[str, str, list[tuple[int, int, int]]]:
        """Return run-on text, a title; and where each mark and headline start, headlines end."""
        dice = self.dice
        glue = _pick(dice, GLUES)
        marker = _pick(dice, MARKERS)
        style = _pick(dice, STYLES)
        habit = dice.uniform(*HABITS)
        out, spans = "", []
        teasers = text.teasers or self._teasers(text, habit)
        for number, paragraph in enumerate([*text.paragraphs, ""]):
            for headline in teasers.get(number, []):
                out += glue if out else ""
                behind = _pick(dice, BEHIND)
                mark, start = len(out), len(out) + len(marker)
                headline = "" if behind == "lost" else self._styled(headline, style)
                out += marker + headline
                spans.append((mark, start, len(out)))
                out += self._behind(behind, glue, paragraph)
            out += (glue if out and paragraph else "") + paragraph
        if dice.random() < TAILED:
            out += glue + dice.choice(TAILS)
        title = text.title if text.teasers else self._of_length(self.every, habit)
        return out, "" if dice.random() < UNTITLED else title, spans

    def _teasers(self, text: Text, habit: float) -> dict[int, list[str]]:
        """Return headlines to put behind some paragraphs of an article that has none."""
        count = self.dice.randint(1, min(MAX_TEASERS, len(text.paragraphs) - 1))
        places = self.dice.sample(range(1, len(text.paragraphs) + 1), count)
        return {place: [self._headline(text, habit)] for place in places}

    def _headline(self, text: Text, habit: float) -> str:
        """Return another article's headline, more often than not one that shares a name."""
        dice = self.dice
        own = self.source.headlines.get(text.publisher, self.every)
        pool = self.every if dice.random() < AWAY else own
        if dice.random() < NEAR:
            names = _NAME.findall(text.title + " " + text.paragraphs[0])
            dice.shuffle(names)
            for name in names:
                near = self.by_name.get((text.publisher, name), [])
                if len(near) > 1:
                    pool = near
                    break
        return self._of_length([title for title in pool if title != text.title], habit)

    def _of_length(self, pool: list[str], habit: float) -> str:
        """Return a headline of about as many words, made longer by part of another if need be."""
        dice = self.dice
        words = habit + dice.gauss(0, SPREAD)
        some = dice.choices(pool or self.every, k=DRAWN)
        headline = min(some, key=lambda title: abs(len(title.split()) - words))
        if len(headline.split()) < words - SHORT and headline[-1] not in "?!.":
            headline += ", " + clause(dice.choice(self.every), dice)
        return headline

    def _behind(self, kind: str, glue: str, paragraph: str) -> str:
        """Return what stands between a headline and the next paragraph: mostly nothing."""
        dice = self.dice
        if kind in ("subheading", "twice"):
            line = self._subheading(paragraph)
            number = f"{dice.randint(1, 9)}. " if dice.random() < 0.15 else ""
            return glue + number + line + (glue + line if kind == "twice" else "")
        if kind == "numbered":
            return glue + f"{dice.randint(1, 9)}."
        if kind != "caption":
            return ""
        other = dice.choice(self.source.texts)
        phrase = dice.choice([clause(dice.choice(self.every), dice), _phrase(other, dice)])
        author = " ".join(dice.choice(self.every).split()[:2]).strip(",.:")
        if dice.random() < 0.5:
            return glue + phrase + " " + dice.choice(CREDITS).format(author)
        return glue + dice.choice(AGENCIES).format(author.upper()) + glue + phrase

    def _subheading(self, paragraph: str) -> str:
        """Return a subheading: part of some headline, or words of the paragraph in Title Case."""
        dice = self.dice
        words = [word.strip("\"“”'.,:;()") for word in paragraph.split()]
        if dice.random() < 0.5 or len(words) < 12:
            return clause(dice.choice(self.every), dice)
        start = dice.randrange(len(words) - 8)
        some = words[start : start + dice.randint(2, 6)]
        while some and some[0] in SMALL_WORDS:
            del some[0]
        while some and some[-1] in SMALL_WORDS:
            del some[-1]
        line = " ".join(word if word in SMALL_WORDS else word[:1].upper() + word[1:] for word in some)
        return dice.choice(OPENINGS) + line if line else clause(dice.choice(self.every), dice)

    def _styled(self, headline: str, style: str) -> str:
        """Return a headline in another portal's style: sentence case, short, with dots."""
        if style == "plain":
            return plain(headline, self.small)
        if style == "short":
            return clause(headline, self.dice)
        if style == "dots":
            return headline.rstrip("?!.") + self.dice.choice(["...", "…"])
        return headline


def renderings(
    source: Source, dice: random.Random, small: set[str], times: int = 1
) -> Iterator[tuple[str, str, list[tuple[int, int, int]]]]:
    """Yield each article of a source as run-on text, with a title and its teasers' places."""
    renderer = Renderer(source, dice, small)
    for text in source.texts:
        for _ in range(times):
            yield renderer.print_text(text)


def _pick(dice: random.Random, shares: dict[str, float]) -> str:
    """Return one of the keys by their shares."""
    return dice.choices(list(shares), list(shares.values()))[0]


def _phrase(text: Text, dice: random.Random) -> str:
    """Return the first words of a paragraph, as a caption has them."""
    words = dice.choice(text.paragraphs).split()[: dice.randint(4, 14)]
    return " ".join(words).rstrip(",.:;")


def clause(headline: str, dice: random.Random) -> str:
    """Return a part of a headline that could be a headline of its own; else all of it."""
    parts = [part for part in re.split(r"[,:] ", headline) if len(part.split()) >= MIN_CLAUSE]
    parts = [part for part in parts if part.count('"') % 2 == 0]
    return dice.choice(parts) if parts else headline


def plain(headline: str, small: set[str]) -> str:
    """Return a headline in sentence case: words that prose writes small are written small."""
    words = headline.split(" ")
    rest = [word.lower() if word.strip("\"',.?!:;").lower() in small else word for word in words[1:]]
    return " ".join([words[0], *rest])
