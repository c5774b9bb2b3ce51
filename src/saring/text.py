"""What words a text has and what they are about: tokens, the lexicon, sentences."""

from __future__ import annotations

import re
import string
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

# What the features read of an article and of a headline, and into which terms they cut it.


Row = tuple[str, str]  # title and body of an article, of which either may be empty
Field = Literal["all", "title", "lead"]

# About two paragraphs: what an editor puts first says best what an article is about.
LEAD_CHARS = 400
# Brings the shares of a domain (mostly under 4% of the words) to the size of a TF-IDF row.
SHARE_SCALE = 5.0
# Numbers, words, and every other mark by itself: "?!", "..." and quotes are style.
TOKEN = r"\d+(?:[.,]\d+)*|\w+|[^\w\s]"
# Tokens that no headline holds: where it begins and ends, for clickbait shows in its first and last
# words most.
START, END = "\x02", "\x03"
FRAMED_TOKEN = f"[{START}{END}]|{TOKEN}"
# One number is like another: "5 artis" and "7 artis" are the same form.
NUMBER = "0"

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def field_text(row: Row, field: Field) -> str:
    """Return one field of a row: ``title``, ``lead`` (title and first paragraphs) or ``all``."""
    title, body = row
    if field == "title":
        return title
    return f"{title}\n{body[:LEAD_CHARS] if field == 'lead' else body}"


def framed(headline: str, *, cased: bool) -> str:
    """Return a headline between its start and end tokens; numbers stay where case counts."""
    text = headline if cased else _NUMBER.sub(NUMBER, headline)
    return f"{START} {text} {END}"


# The lexicon (lexicon.toml): groups of words by what they are about, counted in texts.


# scikit-learn's own word: two or more word characters. One definition for all features.
_WORD = re.compile(r"\w\w+")
# Most texts have none but the letters of ASCII, and few other marks; those are split by bytes.
_NO_WORD = re.compile(r"[^\x00-\x7f\w]+")
_SINGLE = frozenset(string.ascii_lowercase + string.digits + "_")
_APART = bytes(ord(c) if (c := chr(code).lower()) in _SINGLE else ord(" ") for code in range(256))


def words(text: str) -> list[str]:
    """Return the words of a text, lower-cased, in order."""
    return [word for word in runs(text) if len(word) > 1]


def runs(text: str) -> list[str]:
    """Return the words of a text as `words` does, with single characters of ASCII left in."""
    if not text.isascii():
        text = _NO_WORD.sub(" ", text.lower())
        if not text.isascii():
            return _WORD.findall(text)
    return text.encode().translate(_APART).decode().split()


@cache
def load_lexicon(section: str) -> dict[str, tuple[str, ...]]:
    """Return the groups of a section of lexicon.toml: name to terms.

    Parameters
    ----------
    section : str
        ``domains`` or ``subjects``.
    """
    table = tomllib.loads((files("saring") / "lexicon.toml").read_text(encoding="utf-8"))
    return {
        name: tuple(term.strip() for term in group["terms"].replace("\n", " ").split(","))
        for name, group in table[section].items()
    }


class Bag:
    """The words of a text, counted.

    Parameters
    ----------
    runs : list of str
        The words in order, lower-cased; single characters of ASCII among them are no words.

    Attributes
    ----------
    counts : Counter of str
    size : int
        How many words there are.
    """

    def __init__(self, runs: list[str]) -> None:
        self._runs = runs
        self.counts = Counter(runs)
        self.size = len(runs)
        for character in self.counts.keys() & _SINGLE:
            self.size -= self.counts.pop(character)

    @classmethod
    def of(cls, *texts: str) -> Bag:
        """Return the words of texts that follow each other."""
        return cls([word for text in texts for word in runs(text)])

    def followed_by(self, found: list[str]) -> Bag:
        """Return these words and more of them behind."""
        if not found:
            return self
        longer = Bag([])
        longer._runs = self._runs + found
        longer.counts = self.counts.copy()
        longer.counts.update(found)
        longer.size = self.size + len(found)
        return longer

    @cached_property
    def words(self) -> list[str]:
        """The words in order."""
        return [word for word in self._runs if len(word) > 1]

    def pairs(self, one: str, two: str) -> int:
        """Return how often a word stands directly before another."""
        if one not in self.counts or two not in self.counts:
            return 0
        if one == two:
            return sum(word == following == one for word, following in pairwise(self.words))
        return self._joined.count(f" {one}  {two} ")

    @cached_property
    def _joined(self) -> str:
        # Each word has spaces of its own, so that neighbouring pairs do not overlap.
        return f" {'  '.join(self.words)} "


class GroupCounter:
    """Counts, text by text, how many words belong to each group of a lexicon.

    Parameters
    ----------
    groups : Mapping[str, Sequence[str]]
        Name of each group to its terms: lower-case words, or pairs of neighbouring words.
    """

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self._terms = [[term.partition(" ")[::2] for term in terms] for terms in groups.values()]
        self._words: defaultdict[str, list[int]] = defaultdict(list)
        self._pairs: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        for group, terms in enumerate(self._terms):
            for one, two in terms:
                if two:
                    self._pairs[one].append((two, group))
                else:
                    self._words[one].append(group)

    def counts(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return how often the terms of each group occur, shape (n_texts, n_groups)."""
        counts = np.zeros((len(texts), len(self._terms)))
        for row, text in zip(counts, texts, strict=True):
            row[:] = self.count(Bag.of(text))
        return counts

    def count(self, bag: Bag) -> list[int]:
        """Return how often the terms of each group occur in one text."""
        found = [0] * len(self._terms)
        for word in bag.counts.keys() & self._words.keys():
            for group in self._words[word]:
                found[group] += bag.counts[word]
        for one in bag.counts.keys() & self._pairs.keys():
            for two, group in self._pairs[one]:
                if two in bag.counts:
                    found[group] += bag.pairs(one, two)
        return found

    def count_one(self, group: int, bag: Bag) -> int:
        """Return how often the terms of one group, given by its place, occur in one text."""
        found = 0
        for one, two in self._terms[group]:
            if one in bag.counts:
                found += bag.pairs(one, two) if two else bag.counts[one]
        return found


# Sentences of Indonesian news: Punkt's rules with abbreviations learned from a corpus.


# Titles, units and ranks with a full stop inside sentences; every corpus has too few of some.
ABBREVIATIONS = (
    "a.n", "bpk", "cq", "d.a", "dkk", "dll", "dr", "drg", "dra", "drs", "dsb", "dst", "gg", "h",
    "hj", "hlm", "ir", "jend", "jl", "k.h", "kab", "kec", "kel", "kol", "letjen", "m.h", "m.m",
    "m.pd", "m.si", "mayjen", "no", "ph.d", "prof", "ps", "pt", "rp", "s.e", "s.h", "s.pd", "s.sos",
    "sdr", "st", "tbk", "tgl", "tn", "u.p", "ust", "vol", "yg", "yth",
)  # fmt: skip
# No paragraph comes near this; a longer line is a dump that lost its line breaks, and is cut at a
# space. NLTK, which is to give the same sentences, gives up on a text that takes it five seconds.
MAX_LINE_CHARS = 20_000
_LINE_PART = re.compile(rf".{{1,{MAX_LINE_CHARS}}}(?:\s|$)|.{{1,{MAX_LINE_CHARS}}}", re.DOTALL)

# Source: NLTK's PunktLanguageVars. Its \s is Unicode's; Python's has one character more.
_SPACE, _SOLID = r"[^\S\x1c-\x1f]", r"[\S\x1c-\x1f]"
_PUNKT_NO_WORD = r"""[)";}\]*:@'({\[‘’“”«»?!]"""
_MARKS = rf"(?:-{{2,}}|\.{{2,}}|(?:\.{_SPACE}){{2,}}\.)"
PUNKT_TOKEN = re.compile(
    rf"{_MARKS}"
    rf"|(?=[^(\"`{{\[:;&#*@)}}\]\-,]){_SOLID}+?"
    rf"(?={_SPACE}|$|{_PUNKT_NO_WORD}|{_MARKS}|,(?=$|{_SPACE}|{_PUNKT_NO_WORD}|{_MARKS}))"
    rf"|{_SOLID}"
)
# What may end a sentence: a mark before a bracket or a quote, or before space and another word.
_END = re.compile(rf"[.?!](?=({_PUNKT_NO_WORD}|{_SPACE}+({_SOLID}+)))")
_CLOSING = re.compile(rf"""["')\]}}‘’“”«»]+?(?:{_SPACE}+|(?=--)|$)""")
PUNKT_NUMBER = re.compile(r"-?[.,]?\d[\d,.\-]*\.?")
_NO_STARTERS = frozenset(";:,.!?")  # tokens with which no sentence begins
# Categories of Unicode, beside those of letters, whose characters may be initials to NLTK.
_LIKE_LETTERS = frozenset(("Mn", "Mc", "Me", "Nl", "Pc"))
_MORE_LETTERS = re.compile("[\u200c\u200dⒶ-ⓩ🄰-🅉🅐-🅩🅰-🆉]")


class Splitter:
    """Splits paragraphs into sentences.

    Parameters
    ----------
    abbreviations : iterable of str
        Lower-case, without the final full stop.

    Notes
    -----
    Gives what NLTK's PunktSentenceTokenizer gives that knows these abbreviations and nothing else
    (no collocations, sentence starters or cases of words).
    """

    def __init__(self, abbreviations: Iterable[str] = ABBREVIATIONS) -> None:
        self._abbreviations = frozenset(abbreviations)

    def sentences(self, text: str) -> list[str]:
        """Return the sentences of a text in order; a line break always ends one."""
        return [line[start:end] for line in paragraphs(text) for start, end in self._sentences(line)]

    def _sentences(self, line: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of a line's sentences; a closing mark stays with what it closes."""
        ends = list(self._ends(line))
        limits = [*(mark.end() for mark in ends[1:]), len(line)]
        start = 0
        for mark, limit in zip(ends, limits, strict=False):
            following = mark.start(2) if mark[2] else mark.end()
            closing = _CLOSING.match(line, following, limit)
            if closing:
                yield start, following + len(closing[0].rstrip())
            elif start < mark.end():
                yield start, mark.end()
            start = closing.end() if closing else following
        if start < len(line):
            yield start, len(line)

    def _ends(self, line: str) -> Iterator[re.Match[str]]:
        """Yield the marks of a line that end a sentence; of several in a word the last decides."""
        word_start = word_end = 0
        last: re.Match[str] | None = None
        for mark in _END.finditer(line):
            at = mark.start()
            blank = max(line.rfind(" ", word_end, at), line.rfind("\t", word_end, at))
            start = blank + 1 if blank > word_end else word_start
            if last and word_end <= start and self._stops(line[word_start:word_end], last):
                yield last
            last, word_start, word_end = mark, start, at
        if last and self._stops(line[word_start:word_end], last):
            yield last

    def _stops(self, word: str, mark: re.Match[str]) -> bool:
        """Whether a mark that follows a word ends a sentence."""
        if mark[0] != ".":
            return True
        if len(word) > 1 and word.isalpha():  # mostly; what comes next can be left unread
            if word.lower() not in self._abbreviations:
                return True
            if mark[2] and mark[2].isalpha():
                return False
        tokens = PUNKT_TOKEN.findall(f"{word}.{mark[1]}")
        return any(map(self._breaks, tokens, tokens[1:]))

    def _breaks(self, token: str, following: str) -> bool:
        """Whether a sentence ends between two tokens."""
        if not token.endswith(".") or token == ".":
            return token in (".", "?", "!")
        stem = token[:-1].lower()
        if stem.endswith(".") or not self._abbreviations.isdisjoint((stem, stem.split("-")[-1])):
            return False
        initial = len(token) == 2 and like_letter(token[0])
        if initial or PUNKT_NUMBER.fullmatch(token):
            if following[0].islower() or following in _NO_STARTERS:
                return False
            return not (initial and following[0].isupper())
        return True


def paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a text, without white space at their ends and of bearable length."""
    for line in map(str.strip, text.splitlines()):
        if len(line) <= MAX_LINE_CHARS:
            if line:
                yield line
            continue
        for part in _LINE_PART.findall(line):
            yield part.strip()


def like_letter(character: str) -> bool:
    """Whether a character with a full stop behind it is an initial to NLTK."""
    return (
        character.isalpha()
        or unicodedata.category(character) in _LIKE_LETTERS
        or _MORE_LETTERS.match(character) is not None
    )
