"""The words of an article: how each is written, and the window of words behind a marker."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import accumulate, pairwise
from operator import and_
from typing import Any, NamedTuple, TypeVar

from saring.parsing.lines import SMALL_WORDS

GLUED_SHARE = 0.2  # of sentences without white space between them, in a text that lost it
WINDOW_CHARS = 360  # the longest headline and the start of the sentence behind it
STYLE_WORDS = 6  # words that tell how a headline is written
TITLE_SHARE, MIXED_SHARE = 0.8, 0.45  # of capitals among them
MIN_STOP_CHARS = 4  # "No.", "dr." end no sentence
SURE_OPENER = 1.5  # log-odds
WORDS_KEPT = 1 << 15  # words repeat: how each is written is kept between articles

T = TypeVar("T", int, float)

_SOLID = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
# They look back from stops, of which a text has fewer than letters.
_GLUED_SENTENCE = re.compile(r"[.?!](?<=[a-z].)[\"”]?(?=[A-Z\"“])")
_SPACED_SENTENCE = re.compile(r"[.?!](?<=[a-z].)[\"”]?\s+(?=[A-Z\"“])")
_START = re.compile(r"[.?!][\"”)]?\s{0,3}[\"“(]?([A-Z][\w’'-]*)")
_JOINT = re.compile(  # where one word holds two; the first line turns most places away
    r"(?=[A-Z\d\"“‘(])(?<=\S)(?:"
    r"(?<=[a-z][a-z\d%+)\"”’'?!…])(?=[A-Z][a-z])"  # LagiMenurut
    r"|(?<=\d)(?=[A-Z][a-z]{2})"  # 2020Menurut
    r"|(?<=[A-Z]{2})(?=[A-Z][a-z]{3})"  # KPKMenurut
    r"|(?<=[a-z]{3})(?=[A-Z]{3})"  # LagiKPK
    r"|(?<=[\w)?!….])(?=[\"“‘(][A-Z])"  # Lagi"Kami
    r"|(?<=[a-z\"”.][.?!])(?=[A-Z\"“])"  # lagi?Menurut
    r"|(?<=[A-Za-z][\"”)])(?=[A-Z])"  # lagi"Menurut
    r"|(?<=[a-z?!)\"”])(?=\d{1,2}[.)]$)"  # Lagi2.
    r"|(?<=\w)(?=\([a-z]{2,4}/))"  # Lagi(abc/def)
)
_DIGIT = re.compile(r"\d")
_INITIALS = re.compile(r"\([a-z]{2,4}/[a-z]{2,4}\)")
_NUMBER = re.compile(r"\d{1,2}[.)]")
_CREDIT = re.compile(  # what a photo's credit starts with
    r"\((?:[Ff]oto|[Dd]ok|Tangkapan|Sumber|Instagram)\b|(?:Foto:|Dok\.|DOK\.?)\Z"
    r"|[A-Z]{4,}/[A-Z]|(?:[A-Z]{3,}|[A-Z][a-z]{2,30})\.(?:com|COM|co\.id)/[A-Z]"
)
_OPENING = "\"'“‘(["
_CLOSING = "\"'”’"
_STOP_CHARACTERS = ".,?!:;)"  # what may stand behind a closing quotation mark
_CLAUSE_ENDS = ",:?!"
_EDGES = "\"'“”‘’()[].,;:?!…-–"
_ENDINGS = {  # what a word may end with, and what it is called
    "ellipsis": ("...", "…", ".."),
    "ending": ("?", "!", '?"', '!"', "?”", "!”"),
    "pause": (",", ":", ";", "-", "–", "&", "/"),
}


class Word(NamedTuple):
    """How a word is written, and its log-odds."""

    bare: str  # without punctuation
    key: str  # with a 0 for each digit
    small: str  # the key in lower case
    form: str  # its letters, capitals and digits by name; `Window.forms` has "Common" for a name prose writes small
    capital: bool
    lower: bool  # a content word written small
    ends: str  # the punctuation it ends with
    opens: str  # what it would open a sentence as
    may_open: bool
    stops: bool  # ends a sentence
    parts: bool  # ends a clause
    closes: bool  # ends a quotation
    quotes: int  # double quotation marks
    brackets: int  # left open
    joints: tuple[int, ...]  # places where it holds two words
    credit: bool  # starts a photo's credit
    seen: bool  # among the openers
    marks: bool  # a sentence seems to begin or end with it
    common: bool  # prose writes it small
    opener: float
    sure_opener: float  # the opener's log-odds where they speak for one, else 0
    closer: float
    prose: float


@dataclass(frozen=True, eq=False)
class WordOdds:
    """Words that tell sentences from headlines, by their log-odds; a 0 stands for each digit."""

    openers: Mapping[str, float]  # to open a sentence rather than to stand within a headline
    closers: Mapping[str, float]  # to end a headline rather than to stand within one
    prose: Mapping[str, float]  # to stand in a paragraph rather than in a headline
    starts: Mapping[str, float]  # of two words ("Karena_itu"), as openers
    common: frozenset[str]  # words that prose writes small unless they open a sentence
    camel: frozenset[str]  # names with a capital inside ("WhatsApp"), which are not two words glued

    @cached_property
    def read(self) -> Callable[[str], Word]:
        """Return `read_word` with these odds, which remembers its words."""
        return lru_cache(maxsize=WORDS_KEPT)(partial(read_word, odds=self))


NO_ODDS = WordOdds({}, {}, {}, {}, frozenset(), frozenset())


def next_joint(text: str, start: int, stop: int) -> int:
    """Return the first place between two others where one word holds two, or -1."""
    joint = _JOINT.search(text, start, stop)
    return joint.start() if joint else -1


def read_word(text: str, odds: WordOdds = NO_ODDS) -> Word:
    """Return how a word is written, and its log-odds."""
    bare = text.strip(_EDGES)
    first = bare[:1]
    key, opens, ends = bare, "word", "word"
    joints: tuple[int, ...] = ()
    if not (text[1:].islower() and text.isalpha()):
        key = _DIGIT.sub("0", bare)
        opens = _opening(text, first)
        ends = next((name for name, marks in _ENDINGS.items() if text.endswith(marks)), "word")
        inner = text.rstrip("\"'”’)")  # an initial, a figure or an abbreviation ends no sentence
        if ends == "word" and inner.endswith(".") and len(inner) >= MIN_STOP_CHARS and inner[-2].islower():
            ends = "stop"
        joints = tuple(joint.start() for joint in _JOINT.finditer(text))
    small, stops, opener = key.lower(), ends == "stop", odds.openers.get(key, 0.0)
    capital = first.isupper() or first.isdigit()
    if opens in ("list_number", "credit", "initials"):
        form = opens
    elif first.isupper():
        form = "shout" if len(bare) > 1 and bare.isupper() else "Name"
    else:
        form = "sign" if not bare else "number" if capital else "small" if bare in SMALL_WORDS else "lower"
    return Word(
        bare,
        key,
        small,
        form,
        capital=capital,
        lower=first.islower() and bare not in SMALL_WORDS,
        ends=ends,
        opens=opens,
        may_open=capital or text[0] in _OPENING,
        stops=stops,
        parts=text[-1] in _CLAUSE_ENDS,
        closes=len(text) > 1 and text.rstrip(_STOP_CHARACTERS)[-1:] in _CLOSING,
        quotes=text.count('"') + text.count("“") + text.count("”"),
        brackets=text.count("(") - text.count(")"),
        joints=joints,
        credit=opens == "credit",
        seen=key in odds.openers,
        marks=stops or opener >= SURE_OPENER,
        common=small in odds.common,
        opener=opener,
        sure_opener=max(0.0, opener),
        closer=odds.closers.get(key, 0.0),
        prose=odds.prose.get(small, 0.0),
    )


def _opening(text: str, first: str) -> str:
    """Return what a word would open a sentence as; `first` is its first character that is no punctuation."""
    if _INITIALS.match(text):
        return "initials"
    if _CREDIT.match(text):
        return "credit"
    if _NUMBER.fullmatch(text):
        return "list_number"
    if text[0] in _OPENING:
        return "quotation"
    return "number" if first.isdigit() else "word"


class ArticleWords:
    """An article's text and title, and what of a headline's words stands elsewhere in the text."""

    def __init__(self, text: str, title: str = "") -> None:
        self.text = text
        self.title_words, self.title_chars = len(title.split()), len(title)
        self._counts: dict[int, Counter[tuple[str, ...]]] = {}

    def count(self, *phrase: str) -> int:
        """Return how often these words stand side by side in the text."""
        size = len(phrase)
        if size not in self._counts:
            shifted = [self._words[shift:] for shift in range(size)]
            self._counts[size] = Counter(zip(*shifted, strict=False))
        return self._counts[size].get(phrase, 0)

    @cached_property
    def tokens(self) -> Counter[str]:
        """How often each stretch between white space stands in the text."""
        return Counter(self.text.split())

    @cached_property
    def starts(self) -> frozenset[str]:
        """Words that open a sentence of the text, as far as its full stops tell."""
        return frozenset(_START.findall(self.text))

    @cached_property
    def is_glued(self) -> bool:
        """Whether the text lost the white space between sentences, too."""
        glued = len(_GLUED_SENTENCE.findall(self.text))
        return glued > GLUED_SHARE * (glued + len(_SPACED_SENTENCE.findall(self.text)))

    @cached_property
    def _words(self) -> list[str]:
        return _WORD.findall(self.text)


class Window:
    """The words between two places of a text: lists of what each is, and running counts.

    Running counts tell of each place, and of the one behind the last word, how many of the words before it are so.
    """

    def __init__(self, article: ArticleWords, start: int, stop: int, odds: WordOdds) -> None:
        self.article, self.odds = article, odds
        rows = list(_read(article, start, stop, odds))
        columns = zip(*rows, strict=True) if rows else ([] for _ in range(5))
        self.words, self.starts, self.ends, self.glued, self.wide = map(list, columns)
        column: dict[str, Sequence[Any]] = dict.fromkeys(Word._fields, ())
        column.update(zip(Word._fields, zip(*self.words, strict=True), strict=False))
        # Prose writes the word small; the text itself does, too, where the capital may be a sentence's.
        self.common = [
            word.common or ((word.may_open or glued) and word.small[:1].islower() and article.count(word.small) > 0)
            for word, glued in zip(self.words, self.glued, strict=True)
        ]
        forms = zip(column["form"], self.common, strict=True)
        self.forms = tuple(["Common" if common and form == "Name" else form for form, common in forms])
        self.lower, self.capitals = _running(column["lower"]), _running(column["capital"])
        self.shouted = _running(map(and_, column["capital"], self.common))
        self.quotes, self.brackets = _running(column["quotes"]), _running(column["brackets"])
        self.stops, self.credits = _running(column["stops"]), _running(column["credit"])
        self.joined, self.gaps = _running(self.glued), _running(self.wide)
        self.openers, self.prose = _running(column["sure_opener"]), _running(column["prose"])  # of log-odds
        # 1 for each word that is written small; that ends a sentence; where one seems to begin or end.
        self.small, self.ending = bytes(column["lower"]), bytes(column["stops"])
        behind_pause = [False, *[ends == "pause" for ends in column["ends"]]]
        self.landmarks = bytes([mark and not pause for mark, pause in zip(column["marks"], behind_pause, strict=False)])
        # The last word before each place that ends a clause, or -1.
        ends = [place if part else -1 for place, part in enumerate(column["parts"])]
        self.clauses = list(accumulate(ends, max, initial=-1))
        few = [word for word in self.words[1 : 1 + STYLE_WORDS] if word.bare not in SMALL_WORDS]
        share = sum([word.capital for word in few]) / len(few) if few else 0.0
        self.style = "title" if share >= TITLE_SHARE else "mixed" if share >= MIXED_SHARE else "plain"

    def repeats(self, place: int, size: int) -> bool:
        """Return whether so many words from a place on stand side by side in the text more than once."""
        phrase = [word.bare for word in self.words[place : place + size]]
        return len(phrase) == size and self.article.count(*phrase) > 1

    def has_before(self, place: int, size: int) -> bool:
        """Return whether so many words from a place on stand in the window before it, too."""
        start, end = self.starts[place], self.ends[place + size - 1]
        return self.article.text.find(self.article.text[start:end], self.starts[0], start) >= 0


def _read(article: ArticleWords, start: int, stop: int, odds: WordOdds) -> Iterator[tuple[Word, int, int, bool, bool]]:
    """Yield each word, its span, whether it is joined to the one before, and whether more than a blank parts them."""
    until = min(stop, start + WINDOW_CHARS)
    end = start
    for solid in _SOLID.finditer(article.text, start, until):
        raw, at, is_wide = solid[0], solid.start(), solid.start() - end > 1
        end = solid.end()
        if end == until < stop:
            break  # the window may cut the word
        word = odds.read(raw)
        if not word.joints or word.bare in odds.camel or article.tokens[raw] > 1:
            yield word, at, end, False, is_wide
            continue
        for left, right in pairwise((0, *word.joints, len(raw))):  # they lost the white space between them
            yield odds.read(raw[left:right]), at + left, at + right, left > 0, is_wide and not left


def _running(values: Iterable[T]) -> list[T]:
    """Return running sums, from 0."""
    return list(accumulate(values, initial=0))
