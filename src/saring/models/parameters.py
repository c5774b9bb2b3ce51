"""Fitted parameters: what training leaves of each model, as plain arrays and lists of strings.

A model bundle stores these dataclasses as named flat arrays (`to_arrays`, `from_arrays`), and plain Python and the
compiled kernel predict from them alone: no scikit-learn object is ever stored or rebuilt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from dataclasses import field as given
from itertools import chain, islice, pairwise
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Floats = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
Groups = dict[str, list[str]]

MIN_SINGLE_SIZE = 1000  # longer arrays of numbers are stored in single precision: half the bundle, seven digits
MOST_TERM_WORDS = 4  # of a term of the lexicon and the names, in a topic model
# Texts hold lone surrogates now and then (cut emoji); they must survive the round trip.
_ENCODING, _ERRORS = "utf-8", "surrogatepass"


def _check_shape(name: str, array: NDArray[Any], *shape: int) -> None:
    if array.shape != shape:
        raise ValueError(f"{name}: shape {array.shape}, expected {shape}")


def _check_unique(name: str, strings: list[str]) -> None:
    if len(set(strings)) != len(strings):
        raise ValueError(f"{name}: a string stands there twice")


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class TermWeights:
    """TF-IDF of one text field, and the weight of each term for each score."""

    terms: list[str]  # each once
    idf: Floats  # (n_terms,): inverse document frequency, natural log, from 1 up
    coef: Floats  # (n_scores, n_terms): weights of the classifier
    scale: float = 1.0  # weight of the whole field: `coef` is multiplied by it

    def __post_init__(self) -> None:
        _check_unique("terms", self.terms)
        _check_shape("idf", self.idf, len(self.terms))
        _check_shape("coef", self.coef, len(self.coef), len(self.terms))

    def by_slot(self, slots: Mapping[str, int], n_slots: int) -> Floats:
        """Return the idf of each slot's term, and its weights with the field's own in them, (n_slots, 1 + n_scores)."""
        found = np.zeros((n_slots, 1 + len(self.coef)))
        places = [*map(slots.__getitem__, self.terms)]
        found[places, 0], found[places, 1:] = self.idf, (self.coef * self.scale).T
        return found


NO_TERMS = TermWeights([], np.zeros(0), np.zeros((0, 0)))


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class TopicParameters:
    """The topic model; a field that is not used has no terms."""

    whole: TermWeights
    title: TermWeights
    lead: TermWeights  # title and first paragraphs
    lexicon: Groups  # terms of each domain and kind of names; empty where not used
    domains: Floats  # (n_topics, 2 * n_domains): weights of whether the title names each, then of its share of words
    domains_scale: float  # `domains` is multiplied by it
    min_df: int  # in how many articles a term had to stand to be among the terms
    intercept: Floats  # (n_topics,)
    known: TermWeights = NO_TERMS  # the words that have vectors; a model from before there were any has none

    def __post_init__(self) -> None:
        n_topics = len(self.intercept)
        if n_topics < 2 or not self.whole.terms:
            raise ValueError(f"{n_topics} topics and {len(self.whole.terms)} terms")
        _check_shape("intercept", self.intercept, n_topics)
        _check_shape("domains", self.domains, n_topics, 2 * len(self.lexicon))
        for name, field in self.fields.items():
            if field is not NO_TERMS:
                _check_shape(f"{name}.coef", field.coef, n_topics, len(field.terms))
        _check_terms(self.lexicon, MOST_TERM_WORDS)
        _check_positive("min_df", self.min_df)

    @property
    def fields(self) -> dict[str, TermWeights]:
        """The fields by name."""
        return {"all": self.whole, "title": self.title, "lead": self.lead, "known": self.known}


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ClickbaitParameters:
    """The clickbait model."""

    words: TermWeights  # lower-cased words and pairs of words
    cased: TermWeights  # words and pairs as they are written
    known: TermWeights  # the single words that have vectors
    intercept: float  # log-odds of clickbait where no term is known

    def __post_init__(self) -> None:
        for name, field in {"words": self.words, "cased": self.cased, "known": self.known}.items():
            _check_shape(f"{name}.coef", field.coef, 1, len(field.terms))


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class PairParameters:
    """What the features of an (article, headline) pair look up."""

    words: list[str]  # of the training articles
    idf: Floats  # (n_words,): how rare each is
    names: Floats  # (n_words,): how probable it is that each is a name
    min_df: int  # in how many articles a word had to stand to be among them
    lexicon: Groups  # terms of each subject
    term_groups: Groups  # terms that name one thing, with commas between, by kind; and word lists
    subject_weights: Floats  # how rare each subject is
    family_weights: Floats  # how rare each group of terms is
    latent_words: list[str]
    latent_idf: Floats  # (n_latent_words,)
    axes: Floats  # (n_dimensions, n_latent_words): of the latent space (LSA)
    abbreviations: list[str]  # after which a full stop ends no sentence
    relations: Groups = given(default_factory=dict)  # names, each with what stories about it mention, too

    def __post_init__(self) -> None:
        _check_unique("words", self.words)
        _check_unique("latent_words", self.latent_words)
        if not self.words:
            raise ValueError("no words")
        _check_shape("idf", self.idf, len(self.words))
        _check_shape("names", self.names, len(self.words))
        _check_shape("subject_weights", self.subject_weights, len(self.lexicon))
        _check_shape("family_weights", self.family_weights, len(self.family_weights))
        _check_shape("latent_idf", self.latent_idf, len(self.latent_words))
        _check_shape("axes", self.axes, len(self.axes), len(self.latent_words))
        _check_terms(self.lexicon, 2)
        _check_terms({name: [name, *related] for name, related in self.relations.items()}, MOST_TERM_WORDS)
        _check_positive("min_df", self.min_df)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class LinkParameters:
    """The link model: pair features, standardised, and logistic regression.

    The score of a pair is ``((features - mean) / scale) @ coef + intercept``: the log-odds that the headline is
    unrelated. `mean`, `scale` and `coef` have the shape (n_features,).
    """

    pairs: PairParameters
    mean: Floats
    scale: Floats
    coef: Floats
    intercept: float

    def __post_init__(self) -> None:
        for name in ("mean", "scale", "coef"):
            _check_shape(name, getattr(self, name), len(self.mean))
        if not (self.scale > 0).all():
            raise ValueError("scale has a number that is not above 0")

    def standardised(self, features: Floats) -> Floats:
        """Return those features of pairs that the model knows, the first ones, each of mean 0 and spread 1."""
        found: Floats = (features[:, : len(self.mean)] - self.mean) / self.scale
        return found


def to_arrays(value: Any, name: str = "") -> dict[str, NDArray[Any]]:
    """Return a dataclass of parameters as flat arrays by name.

    A list of strings becomes its UTF-8 bytes and the length of each string; a mapping becomes its keys, the size of
    each list and the strings of all lists. Of a field that may be empty nothing is stored when it is.
    """
    if is_dataclass(value):
        held = {f: getattr(value, f.name) for f in fields(value)}
        stored = {f: one for f, one in held.items() if not (_may_be_absent(f) and _is_empty(one))}
        parts = ((f"{name}.{f.name}".lstrip("."), one) for f, one in stored.items())
        return {key: array for part, held in parts for key, array in to_arrays(held, part).items()}
    if isinstance(value, dict):
        keys, lists = list(value), list(value.values())
        flat = [term for terms in lists for term in terms]
        sizes = np.array([len(terms) for terms in lists], dtype=np.uint32)
        return {**to_arrays(keys, f"{name}.keys"), f"{name}.sizes": sizes, **to_arrays(flat, f"{name}.values")}
    if isinstance(value, list):
        encoded = [string.encode(_ENCODING, _ERRORS) for string in value]
        lengths = np.array([len(piece) for piece in encoded], dtype=np.uint32)
        return {f"{name}.utf8": np.frombuffer(b"".join(encoded), dtype=np.uint8), f"{name}.lengths": lengths}
    array = np.asarray(value)
    if array.dtype == np.float64 and array.size >= MIN_SINGLE_SIZE:
        array = array.astype(np.float32)
    return {name: array}


def from_arrays(kind: type[T], arrays: Arrays) -> T:
    """Return the dataclass of parameters that `to_arrays` turned into `arrays`.

    Raises ValueError when an array is missing, unknown, of another type or shape, or holds NaN or infinity.
    """
    left = dict(arrays)
    found: T = _read(kind, left, "")
    if left:
        raise ValueError(f"unknown arrays: {', '.join(sorted(left))}")
    return found


def _read(kind: Any, left: dict[str, NDArray[Any]], name: str) -> Any:
    """Return the value of one field; its arrays are taken out of `left`."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        places = {f: f"{name}.{f.name}".lstrip(".") for f in fields(kind)}
        # What a model of an earlier version had not, it does without.
        there = {
            f: place
            for f, place in places.items()
            if not _may_be_absent(f) or any(array.startswith(f"{place}.") for array in left)
        }
        held = {f.name: _read(hints[f.name], left, place) for f, place in there.items()}
        try:
            return kind(**held)  # type: ignore[operator]
        except ValueError as error:
            raise ValueError(f"{name}: {error}" if name else str(error)) from error
    if kind == Groups:
        keys, sizes = _read(list[str], left, f"{name}.keys"), _take(left, f"{name}.sizes", "u", 1)
        terms = iter(_read(list[str], left, f"{name}.values"))
        _check_unique(name, keys)
        _check_shape(f"{name}.sizes", sizes, len(keys))
        groups = {k: list(islice(terms, n)) for k, n in zip(keys, sizes.tolist(), strict=True)}
        if next(terms, None) is not None or sum(map(len, groups.values())) != int(sizes.sum()):
            raise ValueError(f"{name}: sizes do not fit the strings")
        return groups
    if kind == list[str]:
        utf8 = _take(left, f"{name}.utf8", "u", 1, itemsize=1)
        return _strings(name, utf8, _take(left, f"{name}.lengths", "u", 1))
    if kind is int:
        return int(_take(left, name, "i", 0))
    if kind is float:
        return float(_take(left, name, "f", 0))
    array = left.get(name)
    floats = _take(left, name, "f", array.ndim if array is not None else 1)
    return np.ascontiguousarray(floats, dtype=np.float64)


def _may_be_absent(one: Field[Any]) -> bool:
    """Return whether a bundle may lack a field, as one does that an earlier saring stored."""
    return one.default is NO_TERMS or one.default_factory is not MISSING


def _is_empty(value: Any) -> bool:
    return value is NO_TERMS or value == {}


def _take(left: dict[str, NDArray[Any]], name: str, kind: str, ndim: int, *, itemsize: int = 0) -> NDArray[Any]:
    """Return an array and take it out of `left`; ValueError when it is not of this kind."""
    if name not in left:
        raise ValueError(f"{name}: missing")
    array = left.pop(name)
    sizes = [itemsize] if itemsize else [4, 8]
    if array.dtype.kind != kind or array.dtype.itemsize not in sizes or array.ndim != ndim:
        raise ValueError(f"{name}: an array of {array.dtype} with {array.ndim} dimensions")
    if kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name}: holds NaN or infinity")
    return array


def _strings(name: str, utf8: NDArray[np.uint8], lengths: NDArray[Any]) -> list[str]:
    """Return the strings that lie end to end in `utf8`."""
    ends = np.concatenate([[0], lengths]).cumsum(dtype=np.int64)
    if ends[-1] != len(utf8):
        raise ValueError(f"{name}: {len(utf8)} bytes whose lengths make {ends[-1]}")
    # One decoding for all: a vocabulary of 100,000 terms in 10 ms, not 40.
    text = utf8.tobytes().decode(_ENCODING, _ERRORS)
    if len(text) < len(utf8):
        begins = utf8 & 0xC0 != 0x80  # of characters; the bytes inside one begin with 10
        if not begins[ends[ends < len(begins)]].all():
            raise ValueError(f"{name}: strings that end inside a character")
        ends = np.concatenate([[0], begins.cumsum()])[ends]
    return [text[start:end] for start, end in pairwise(ends.tolist())]


def _check_positive(name: str, number: int) -> None:
    if number < 1:
        raise ValueError(f"{name}: {number}, expected 1 or more")


def _check_terms(groups: Groups, most: int) -> None:
    """Raise ValueError unless every term is of one word to so many."""
    for term in chain.from_iterable(groups.values()):
        if not term or len(term.split(" ")) > most:
            raise ValueError(f"{term!r}: expected a term of one to {most} words")
