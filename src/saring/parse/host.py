"""An article's text, and what of a headline's words stands elsewhere in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

__all__ = ["Host"]

LONG = 20_000  # characters; of 13,000 articles one has more, and so many searches would take long
GLUED_SHARE = 0.2  # of sentences without white space between them, in a text that lost it

_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_NEXT_WORD = re.compile(r"[\W\d_]*([^\W\d_][\w’'-]*)")
_INNER = re.compile(r"[\w’'-]")
_LETTER = re.compile(r"[^\W\d_]")
# They look back from stops, of which a text has fewer than letters.
_GLUED_SENTENCE = re.compile(r"[.?!](?<=[a-z].)[\"”]?(?=[A-Z\"“])")
_SPACED_SENTENCE = re.compile(r"[.?!](?<=[a-z].)[\"”]?\s+(?=[A-Z\"“])")
_START = re.compile(r"[.?!][\"”)]?\s{0,3}[\"“(]?([A-Z][\w’'-]*)")


class Host:
    """An article's text with what the score asks of it.

    A headline asks about a few words. They are looked for one by one: that is faster than taking
    an article apart into words.
    """

    def __init__(self, text: str, title: str = "") -> None:
        self.text = text
        self._is_long = len(text) > LONG
        self.title_words, self.title_chars = len(title.split()), len(title)
        self._twice: dict[tuple[str, ...], bool] = {}
        self._counted: dict[int, Counter[tuple[str, ...]]] = {}

    def repeats(self, *phrase: str) -> bool:
        """Return whether these words stand side by side in the text more than once."""
        twice = self._twice.get(phrase)
        if twice is None:
            twice = self._twice[phrase] = self._holds(phrase, 2)
        return twice

    def writes_small(self, word: str) -> bool:
        """Return whether a word that is given in lower case stands in the text like that."""
        if not word[:1].islower() or (not self._is_long and word not in self.text):
            return False  # as most names
        return self._holds((word,), 1)

    def _holds(self, phrase: tuple[str, ...], times: int) -> bool:
        """Return whether words stand side by side in the text so many times at least."""
        if self._is_long:
            return self._counts(len(phrase))[phrase] >= times
        first, *others = phrase
        if others and not all([self.repeats(word) for word in phrase]):
            return False
        for end in self._search(first):
            for word in others:
                following = _NEXT_WORD.match(self.text, end)
                if not following or following[1] != word:
                    break
                end = following.end()
            else:
                times -= 1
            if not times:
                return True
        return False

    def _counts(self, size: int) -> Counter[tuple[str, ...]]:
        """Count each phrase of so many words; made once."""
        if size not in self._counted:
            words = _WORD.findall(self.text)
            shifted = [words[shift:] for shift in range(size)]
            self._counted[size] = Counter(zip(*shifted, strict=False))
        return self._counted[size]

    def _search(self, word: str) -> Iterator[int]:
        """Yield where a word ends, each time that it stands in the text."""
        text, size = self.text, len(word)
        at = text.find(word)
        if at < 0 or not _WORD.fullmatch(word):
            return
        while at >= 0:
            end = at + size
            if not _INNER.match(text, end) and not self._is_inside(at):
                yield end
            at = text.find(word, end)

    def _is_inside(self, at: int) -> bool:
        """Return whether a place lies within a word, behind one of its letters."""
        while at and _INNER.match(self.text, at - 1):
            at -= 1
            if _LETTER.match(self.text, at):
                return True
        return False

    @cached_property
    def starts(self) -> frozenset[str]:
        """Words that open a sentence of the text, as far as its full stops tell."""
        return frozenset(_START.findall(self.text))

    @cached_property
    def is_glued(self) -> bool:
        """Whether the text lost the white space between sentences, too."""
        glued = len(_GLUED_SENTENCE.findall(self.text))
        return glued > GLUED_SHARE * (glued + len(_SPACED_SENTENCE.findall(self.text)))

    def repeats_token(self, token: str) -> bool:
        """Return whether a stretch between white space stands in the text more than once."""
        return self._tokens[token] > 1

    @cached_property
    def _tokens(self) -> Counter[str]:
        """How often each stretch between white space stands in the text."""
        return Counter(self.text.split())
