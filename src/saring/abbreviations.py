"""Abbreviations learnt from texts: the rules by which Punkt finds them, and no others of its."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from saring.sentences import ABBREVIATIONS, NUMBER, TOKEN, like_letter, paragraphs

__all__ = ["MAX_ABBREVIATION_CHARS", "learn_abbreviations"]

# Punkt also learns ordinary words that end sentences; an abbreviation is short.
MAX_ABBREVIATION_CHARS = 6

# Source: NLTK's PunktTrainer.
LIKELY = 0.3  # score from which a word is an abbreviation
RARE = 5  # a word met so often is judged by its score alone
WITH_STOP = 0.99  # share of an abbreviation's places in which it has its full stop
NEVER_ZERO = 1e-8  # added to shares whose logarithm is taken
NUMBER_TYPE = "##number##"
SENTENCE_ENDS = frozenset(".?!")
INTERNAL_MARKS = frozenset(",:;")  # a sentence goes on behind them

# What a token does to its sentence.
GOES_ON, ENDS, UNKNOWN = range(3)


def learn_abbreviations(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the abbreviations of a corpus, found by Punkt's statistics, and the known ones.

    Parameters
    ----------
    texts : iterable of str
        Articles; a few hundred are enough.

    Notes
    -----
    Gives what NLTK's trainer gives with our tokens, in a third of the time: neither sentence
    starters nor collocations are looked for, nor anything about words that no rule asks for.
    Source: Kiss & Strunk (2006), Unsupervised multilingual sentence boundary detection, as
    implemented by NLTK.
    """
    trainer = _Trainer()
    for text in texts:
        trainer.read(text)
    learnt = {
        word for word in trainer.known if len(word) <= MAX_ABBREVIATION_CHARS and word[:1].isalpha()
    }
    return tuple(sorted(learnt | set(ABBREVIATIONS)))


class _Types(dict[str, str]):
    """Tokens and their types: numbers are alike, and so are letters big and small."""

    def __missing__(self, token: str) -> str:
        found = self[token] = NUMBER_TYPE if NUMBER.fullmatch(token) else token.lower()
        return found


class _Trainer:
    """Reads texts one by one; what it holds for abbreviations then changes with each.

    Attributes
    ----------
    known : set of str
        Abbreviations, lower-case, without the final full stop.
    """

    def __init__(self) -> None:
        self.known: set[str] = set()
        self._types = _Types()
        self._times: Counter[str] = Counter()  # of each type
        self._size = self._stops = 0  # tokens met, and those of them with a full stop at the end
        # Types met with a capital where a sentence begins, and where one goes on.
        self._capital_begins: set[str] = set()
        self._capital_inside: set[str] = set()

    def read(self, text: str) -> None:
        """Learn from a text."""
        lines = [TOKEN.findall(line) for line in paragraphs(text)]
        tokens = [token for line in lines for token in line]
        types = list(map(self._types.__getitem__, tokens))
        self._times.update(types)
        self._size += len(tokens)
        self._stops += sum(token.endswith(".") for token in tokens)
        for type_ in set(types):
            if type_.endswith(".") or type_ in self.known:
                self._reconsider(type_)
        ends = [token[-1] in SENTENCE_ENDS and self._ends(token) for token in tokens]
        self._note_capitals(lines, types, ends)
        for i, (token, following) in enumerate(pairwise(tokens)):
            if ends[i] and token[-1] == "." and self._rare(types[i], following, ends[i + 1]):
                self.known.add(_without_stop(types[i]))

    def _reconsider(self, type_: str) -> None:
        """Put a type among the abbreviations, or take it from them, by how often it has a stop."""
        stopped = type_.endswith(".")
        if type_ == NUMBER_TYPE or (stopped and type_ in self.known):
            return
        if not any(map(like_letter, type_)):
            return
        word = type_.removesuffix(".")
        if self._score(word) >= LIKELY:
            if stopped:
                self.known.add(word)
        elif not stopped:
            self.known.remove(word)

    def _score(self, word: str) -> float:
        """Return how likely a word and a full stop are one thing."""
        stopped, bare = self._times[f"{word}."], self._times[word]
        share = self._stops / self._size
        apart = stopped * math.log(share + NEVER_ZERO) + bare * math.log(1.0 - share + NEVER_ZERO)
        together = stopped * math.log(WITH_STOP) + bare * math.log(1.0 - WITH_STOP)
        n_stops = word.count(".") + 1
        n_others = len(word) - n_stops + 1
        likelihood = -2.0 * (apart - together)
        return likelihood * math.exp(-n_others) * n_stops * math.pow(n_others, -bare)

    def _ends(self, token: str) -> bool:
        """Whether a token ends a sentence, as far as its own letters say."""
        if token in SENTENCE_ENDS:
            return True
        if not token.endswith(".") or token.endswith(".."):
            return False
        word = token[:-1].lower()
        return self.known.isdisjoint((word, word.split("-")[-1]))

    def _note_capitals(
        self, lines: Sequence[Sequence[str]], types: Sequence[str], ends: Sequence[bool]
    ) -> None:
        """Note which types have a capital at the beginning of sentences, and inside them."""
        before = GOES_ON
        for (token, first), type_, end in zip(_begun(lines), types, ends, strict=True):
            here = UNKNOWN if first and before == GOES_ON else before
            if here != UNKNOWN and token[0].isupper():
                seen = self._capital_begins if here == ENDS else self._capital_inside
                seen.add(_without_stop(type_) if end else type_)
            before = GOES_ON
            if end:
                initial = len(token) == 2 and like_letter(token[0])
                before = UNKNOWN if initial or type_.startswith(NUMBER_TYPE) else ENDS
            elif token[-1] == "." and (len(token) > 1):
                before = UNKNOWN if not token.endswith("..") or not token.strip(".") else GOES_ON

    def _rare(self, type_: str, following: str, following_ends: bool) -> bool:
        """Whether a word whose stop seemed to end a sentence is an abbreviation too rare to score.

        The sentence goes on behind it: with a mark, or with a small letter where the next word
        has had a capital at the beginning of sentences and never inside.
        """
        word = _without_stop(type_)
        if word in self.known or self._times[word] + self._times[word[:-1]] >= RARE:
            return False
        if following[0] in INTERNAL_MARKS:
            return True
        if not following[0].islower():
            return False
        type_ = self._types[following]
        next_word = _without_stop(type_) if following_ends else type_
        return next_word in self._capital_begins and next_word not in self._capital_inside


def _without_stop(type_: str) -> str:
    """Return a type without its final full stop; a stop alone stays."""
    return type_[:-1] if len(type_) > 1 and type_[-1] == "." else type_


def _begun(lines: Iterable[Sequence[str]]) -> Iterator[tuple[str, bool]]:
    """Yield the tokens of lines, and whether each is the first of its line."""
    for line in lines:
        for place, token in enumerate(line):
            yield token, not place
