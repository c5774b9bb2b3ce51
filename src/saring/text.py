"""A text to words, tokens and sentences; the lexicon's groups of words."""

from __future__ import annotations

import re
import string
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

Row = tuple[str, str]  # title and body of an article, of which either may be empty
Field = Literal["all", "title", "lead"]

LEAD_CHARS = 400  # about two paragraphs: what an editor puts first says best what an article is about
# Brings the shares of a domain (mostly under 4% of the words) to the size of a TF-IDF row.
SHARE_SCALE = 5.0
# Numbers, words, and every other mark by itself: "?!", "..." and quotes are style.
TOKEN = r"\d+(?:[.,]\d+)*|\w+|[^\w\s]"
# Tokens that no headline holds: where it begins and ends, for clickbait shows in its first and last words most.
START, END = "\x02", "\x03"
FRAMED_TOKEN = f"[{START}{END}]|{TOKEN}"
NUMBER = "0"  # one number is like another: "5 artis" and "7 artis" are the same form

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FRAMED_TOKEN = re.compile(FRAMED_TOKEN)


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


def framed_tokens(headlines: Iterable[str], *, cased: bool) -> list[list[str]]:
    """Return the tokens of each framed headline, lower-cased unless case counts."""
    texts = [framed(headline, cased=cased) for headline in headlines]
    return [_FRAMED_TOKEN.findall(text if cased else text.lower()) for text in texts]


# Words, by scikit-learn's own pattern: two or more word characters. One definition for all features.
_WORD = re.compile(r"\w\w+")
# Most texts have none but the letters of ASCII, and few other marks; those are split by bytes.
_NO_WORD = re.compile(r"[^\x00-\x7f\w]+")
SINGLE = frozenset(string.ascii_lowercase + string.digits + "_")
_APART = bytes(ord(c) if (c := chr(code).lower()) in SINGLE else ord(" ") for code in range(256))
# Where scraping lost a space: two words, each of three lower-case letters and more (not "YouTube").
_GLUED = re.compile(r"(?<=[a-z]{3})(?=[A-Z][a-z]{2})")
# The same in a text of which only spaces and the case of its letters are left, where it is found faster.
_CASES = bytes(
    ord("a" if c.islower() else "A" if c.isupper() else " " if c.isspace() else ".") for c in map(chr, range(128))
).ljust(256, b".")
_GLUED_MIDDLE, _GLUED_CASES = b"aA", b"aaaAaa"


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


def read(*texts: str) -> list[tuple[list[str], list[str]]]:
    """Return the `runs` of each text, and its `glued_parts`."""
    return [(runs(text), glued_parts(text)) for text in texts]


def separate_words(text: str) -> list[str]:
    """Return the words of a text, then its `glued_parts`; the glued word stays too, it may be a name (``WhatsApp``)."""
    return words(text) + glued_parts(text)


def glued_parts(text: str) -> list[str]:
    """Return the words, lower-cased, that are glued together in a text."""
    cases = text.encode("ascii", "replace").translate(_CASES)
    if _GLUED_MIDDLE not in cases or _GLUED_CASES not in cases:
        return []
    return words(" ".join([part for word in text.split() if _GLUED.search(word) for part in _GLUED.split(word)]))


@cache
def _lexicon() -> dict[str, dict[str, Any]]:
    """Return lexicon.toml, read once."""
    return tomllib.loads((files("saring") / "lexicon.toml").read_text("utf-8"))


@cache
def load_lexicon(section: str) -> dict[str, tuple[str, ...]]:
    """Return the groups of a section of lexicon.toml, ``domains`` or ``subjects``: name to terms."""
    return {
        name: tuple(term.strip() for term in group["terms"].replace("\n", " ").split(","))
        for name, group in _lexicon()[section].items()
    }


class Name(NamedTuple):
    """What names.tsv says of a name or term of the news."""

    kinds: tuple[str, ...]  # in which parts of the news it occurs: keys of ``[names]`` in lexicon.toml
    related: tuple[str, ...]  # names and terms that stories about it usually mention, too


@cache
def load_names() -> dict[str, Name]:
    """Return the names and terms of names.tsv, each one to four lower-case words with a space between."""
    _, *lines = (files("saring") / "names.tsv").read_text("utf-8").splitlines()
    table = (line.split("\t") for line in lines)
    return {
        term: Name(tuple(kinds.split(";")), tuple(related.split(";") if related else ()))
        for term, kinds, related in table
    }


def load_kinds() -> dict[str, str]:
    """Return the kinds of names and the domain of the lexicon that each belongs to."""
    return _lexicon()["names"]


def names_by_kind() -> dict[str, list[str]]:
    """Return the names of each kind, in the order of the alphabet; many stand in several."""
    found: dict[str, list[str]] = {kind: [] for kind in load_kinds()}
    for term, name in load_names().items():
        for kind in name.kinds:
            found[kind].append(term)
    return found


# Titles, units and ranks with a full stop inside sentences; every corpus has too few of some.
ABBREVIATIONS = (
    "a.n", "bpk", "cq", "d.a", "dkk", "dll", "dr", "drg", "dra", "drs", "dsb", "dst", "gg", "h", "hj", "hlm", "ir",
    "jend", "jl", "k.h", "kab", "kec", "kel", "kol", "letjen", "m.h", "m.m", "m.pd", "m.si", "mayjen", "no", "ph.d",
    "prof", "ps", "pt", "rp", "s.e", "s.h", "s.pd", "s.sos", "sdr", "st", "tbk", "tgl", "tn", "u.p", "ust", "vol",
    "yg", "yth",
)  # fmt: skip
# No paragraph comes near this; a longer line is a dump that lost its line breaks, and is cut at a space.
# NLTK, which is to give the same sentences, gives up on a text that takes it five seconds.
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
    """Splits texts into sentences as NLTK's PunktSentenceTokenizer does when all it has is these abbreviations.

    They are lower-case, without their final full stop; there are no collocations, sentence starters or cases of words.
    """

    def __init__(self, abbreviations: Iterable[str] = ABBREVIATIONS) -> None:
        self._abbreviations = frozenset(abbreviations)

    def sentences(self, text: str) -> list[str]:
        """Return the sentences of a text in order; a line break always ends one."""
        return [line[start:end] for line in paragraphs(text) for start, end in self._sentences(line)]

    def sentence_words(self, text: str) -> list[list[str]]:
        """Return the words of each sentence of a text, with glued ones taken apart."""
        read = separate_words if glued_parts(text) else runs
        return [read(sentence) for sentence in self.sentences(text)]

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


def plain_lines(text: str) -> str:
    r"""Return a file's text with its line breaks as ``\n``, and what no text holds, NUL, as the sign for a broken one.

    >>> plain_lines("Satu.\r\nDua.\rTiga.")
    'Satu.\nDua.\nTiga.'
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a text, without white space at their ends and of bearable length."""
    for line in map(str.strip, text.splitlines()):
        if len(line) > MAX_LINE_CHARS:
            yield from map(str.strip, _LINE_PART.findall(line))
        elif line:
            yield line


def like_letter(character: str) -> bool:
    """Whether a character with a full stop behind it is an initial to NLTK."""
    alike = character.isalpha() or unicodedata.category(character) in _LIKE_LETTERS
    return alike or _MORE_LETTERS.match(character) is not None
