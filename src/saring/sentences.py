"""Sentences of Indonesian news: Punkt's rules with abbreviations learnt from a corpus.

Abbreviations are learnt from our own articles at training time (abbreviations.py) and kept in the
model, so nothing is downloaded. Where only they are known, Punkt's rules are few; NLTK takes
milliseconds an article and keeps every word it has met.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

__all__ = ["ABBREVIATIONS", "NUMBER", "TOKEN", "Splitter", "like_letter", "paragraphs"]

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
_NO_WORD = r"""[)";}\]*:@'({\[‘’“”«»?!]"""
_MARKS = rf"(?:-{{2,}}|\.{{2,}}|(?:\.{_SPACE}){{2,}}\.)"
TOKEN = re.compile(
    rf"{_MARKS}"
    rf"|(?=[^(\"`{{\[:;&#*@)}}\]\-,]){_SOLID}+?"
    rf"(?={_SPACE}|$|{_NO_WORD}|{_MARKS}|,(?=$|{_SPACE}|{_NO_WORD}|{_MARKS}))"
    rf"|{_SOLID}"
)
# What may end a sentence: a mark before a bracket or a quote, or before space and another word.
_END = re.compile(rf"[.?!](?=({_NO_WORD}|{_SPACE}+({_SOLID}+)))")
_CLOSING = re.compile(rf"""["')\]}}‘’“”«»]+?(?:{_SPACE}+|(?=--)|$)""")
NUMBER = re.compile(r"-?[.,]?\d[\d,.\-]*\.?")
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
        return [
            line[start:end] for line in paragraphs(text) for start, end in self._sentences(line)
        ]

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
        tokens = TOKEN.findall(f"{word}.{mark[1]}")
        return any(map(self._breaks, tokens, tokens[1:]))

    def _breaks(self, token: str, following: str) -> bool:
        """Whether a sentence ends between two tokens."""
        if not token.endswith(".") or token == ".":
            return token in (".", "?", "!")
        stem = token[:-1].lower()
        if stem.endswith(".") or not self._abbreviations.isdisjoint((stem, stem.split("-")[-1])):
            return False
        initial = len(token) == 2 and like_letter(token[0])
        if initial or NUMBER.fullmatch(token):
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
