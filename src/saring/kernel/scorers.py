"""Scorers of the three models: fitted parameters as the arrays that the compiled loops take."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saring.kernel import loops, pair_loops, pair_reading, pair_sharing
from saring.kernel.loops import FACTOR, FREE, MARK, MISSING, PAIR_FACTOR, SEED, Numbers, Table
from saring.kernel.text_arrays import Column, in_slices
from saring.models.pair_features import BODY_CHARS, FEATURES, Evidence, Pair, PairScorer, Sentences, by_article
from saring.models.parameters import ClickbaitParameters, PairParameters, TermWeights, TopicParameters
from saring.models.plain_scorer import SENTENCE_ENDS, NotCompiled, domain_weights, mean_rarity, rarities, two_labels
from saring.models.vocabulary import NAME_PRIOR, Relations, TermGroups, unseen_weight, word_rows
from saring.text import LEAD_CHARS, Splitter

_PATTERNS = {MARK.word: r"\w+", MARK.digit: r"\d+", MARK.space: r"\s+", MARK.ends: f"[{SENTENCE_ENDS}]"}
# Their small letters are no single code point, or hang on their neighbours: İ is two, Σ at the end
# of a word another than inside. A text with one of them is left to Python.
_NOT_ALONE = [ord(letter) for letter in "\u0130\u03a3"]
_BLANK = re.compile(" ")
_PLANES = 4  # beyond, Unicode has neither letters nor blanks


@cache
def letters() -> NDArray[np.uint32]:
    """Return small letter and marks of each code point, as Python sees them, shape (0x110000,).

    Where `str.lower` must be asked, the mark `fallback` stands alone.
    """
    found = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    points = found[: _PLANES << 16].astype("<u4")
    points[_NOT_ALONE] = 0
    written = points.tobytes().decode("utf-32-le", "surrogatepass")
    text = written.lower()
    found[: len(text)] = _code_points(text)
    for mark, pattern in _PATTERNS.items():
        for run in re.finditer(pattern, text):
            found[slice(*run.span())] |= mark
    found[: len(text)][[letter.isupper() for letter in written]] |= MARK.capital
    found[_NOT_ALONE] = MARK.fallback
    return found


def _code_points(text: str) -> Numbers:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


LOAD = 2  # places for each term, at least: few steps to what is there, fewer to what is not


class TermTable:
    """Terms, and the runs of words with which longer ones begin, each once.

    `slots` numbers them in their order, `table` finds them by hash.

    Raises NotCompiled when two terms have one hash: the table could not tell them apart.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        given = list(dict.fromkeys(terms))
        beginnings = {term[: blank.start()] for term in given if " " in term for blank in _BLANK.finditer(term)}
        every = list(dict.fromkeys([*given, *sorted(beginnings)]))
        hashes = hash_terms(every)
        if len(set(hashes.tolist())) < len(every) or FREE in hashes:
            raise NotCompiled("two terms of one hash")
        self.slots = dict(zip(every, range(len(every)), strict=True))
        begins = np.zeros(len(every), dtype=np.uint8)
        begins[self.find(beginnings)] = 1
        self.table: Table = (*_places(hashes), begins)

    def find(self, terms: Iterable[str]) -> NDArray[np.intp]:
        """Return the slots of terms."""
        return np.array([*map(self.slots.__getitem__, terms)], dtype=np.intp)

    def field(self, field: TermWeights) -> NDArray[np.float64]:
        """Return a field as the kernel takes it, shape (n_slots, 1 + n_scores); or of no slots."""
        return field.by_slot(self.slots, len(self.slots)) if field.terms else np.zeros((0, 1))

    def members(self, groups: Iterable[Sequence[str]]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return where the groups of each slot begin, and the groups, slot by slot."""
        pairs = [(self.slots[term], g) for g, group in enumerate(groups) for term in group]
        slots, members = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2).T
        starts = np.searchsorted(slots, np.arange(len(self.slots) + 1))
        return starts.astype(np.int32), np.ascontiguousarray(members)


def hash_terms(terms: Sequence[str]) -> NDArray[np.uint64]:
    """Return the hash of each term, as the kernel hashes words and runs of words."""
    lengths = np.fromiter(map(len, terms), dtype=np.intp, count=len(terms))
    letters = _code_points("".join(terms))
    order = np.argsort(-lengths, kind="stable")
    begins = (np.cumsum(lengths) - lengths)[order]
    hashed, before = np.full(len(terms), SEED), np.zeros(len(terms), dtype=np.uint64)
    n_left = len(terms) - np.cumsum(np.bincount(lengths))  # terms of more letters than k
    for k, n in enumerate(n_left):
        letter = letters[begins[:n] + k].astype(np.uint64)
        blank = letter == ord(" ")
        before[:n][blank] = _joined(before[:n][blank], hashed[:n][blank])
        hashed[:n] = np.where(blank, SEED, (hashed[:n] ^ letter) * FACTOR)
    found = np.empty_like(hashed)
    found[order] = _joined(before, hashed)
    return found


def _joined(before: Numbers, hashed: Numbers) -> NDArray[np.uint64]:
    """Return the hashes of runs of words and one more word; 0 is no word."""
    both: NDArray[np.uint64] = (before * PAIR_FACTOR + hashed) * FACTOR
    return np.where(before == FREE, hashed, both)


def _places(hashes: Numbers) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Return hashes and their numbers by place: at the hash's own, or the next that was free."""
    size = 1 << (LOAD * len(hashes) + 1).bit_length()
    keys, slots = np.zeros(size, dtype=np.uint64), np.full(size, -1, dtype=np.int32)
    waiting = np.arange(len(hashes), dtype=np.int32)
    places = (hashes >> np.uint64(32)).astype(np.int64) & (size - 1)
    while len(waiting):
        free = waiting[keys[places[waiting]] == FREE]
        slots[places[free]] = free  # of several at one place the last one stays
        settled = free[slots[places[free]] == free]
        keys[places[settled]] = hashes[settled]
        waiting = waiting[slots[places[waiting]] != waiting]
        places[waiting] = (places[waiting] + 1) & (size - 1)
    return keys, slots


def article_scorer(model: TopicParameters) -> Callable[..., tuple[Numbers, Numbers, Numbers]]:
    """Return the compiled topic model.

    It takes titles and bodies, and returns probabilities, out-of-domain scores, and the rows that plain Python must
    answer. Raises as `TermTable`.
    """
    rarity, unknown = rarities(model.whole.terms, model.whole.idf, model.min_df)
    common_first = sorted(rarity, key=rarity.__getitem__)
    others = (field.terms for field in model.fields.values())
    table = TermTable(chain(common_first, *others, *model.lexicon.values()))
    fields = tuple(table.field(model.fields[name]) for name in ("title", "lead", "all", "known"))
    by_slot = np.full(len(table.slots) + 1, unknown)
    by_slot[table.find(rarity)] = list(rarity.values())
    terms = loops.Terms(letters(), table.table, by_slot, *table.members(model.lexicon.values()))
    domains = domain_weights(model)

    def score(titles: Column, bodies: Column) -> tuple[Numbers, Numbers, Numbers]:
        scores, facts = np.tile(model.intercept, (len(titles), 1)), np.zeros((len(titles), len(loops.FACTS)))

        def work(start: int, stop: int) -> None:
            loops.score_topics(
                (titles.data, titles.offsets), (bodies.data, bodies.offsets), start, stop, LEAD_CHARS,
                terms, fields, domains, scores, facts.view(loops.FACT)[:, 0],
            )  # fmt: skip

        in_slices(work, (titles, bodies))
        return scores, mean_rarity(facts[:, :-1]), np.flatnonzero(facts[:, -1])

    return score


def headline_scorer(model: ClickbaitParameters) -> Callable[..., tuple[Numbers, Numbers]]:
    """Return the compiled clickbait model.

    It takes headlines as `framed` gives them, and returns the probability of each label, and the rows that plain Python
    must answer. Raises as `TermTable`.
    """
    small, cased = TermTable(chain(model.words.terms, model.known.terms)), TermTable(model.cased.terms)
    fields = small.field(model.words), small.field(model.known), cased.field(model.cased)
    n_slots = max(len(small.slots), len(cased.slots))
    no_groups = np.zeros(n_slots + 1), np.zeros(n_slots + 1, np.int32), np.zeros(0, np.int32)
    terms = tuple(loops.Terms(letters(), table.table, *no_groups) for table in (small, cased))

    def score(headlines: Column) -> tuple[Numbers, Numbers]:
        scores, facts = np.full((len(headlines), 1), model.intercept), np.zeros(len(headlines), loops.FACT)

        def work(start: int, stop: int) -> None:
            loops.score_headlines((headlines.data, headlines.offsets), start, stop, terms, fields, scores, facts)

        in_slices(work, (headlines,))
        return two_labels(scores[:, 0]), np.flatnonzero(facts["needs_fallback"])

    return score


# Articles of so many characters are scored together: a thousand or two, and some megabytes.
BATCH_CHARS = 1 << 22
_LAST_WORD = re.compile(r"\w+$")

Batch = list[tuple[tuple[str, str], list[int]]]  # title and body of articles, and the places of their pairs


class CompiledPairScorer:
    """What the kernel says of pairs: the same as `PairScorer` but for rounding. Raises as `TermTable`."""

    def __init__(self, parameters: PairParameters) -> None:
        self._parameters = parameters
        self._splitter = Splitter(parameters.abbreviations)
        self._relations = Relations(parameters.relations)
        self._terms = _pair_terms(parameters, self._relations)

    @cached_property
    def _plain(self) -> PairScorer:
        """Who answers where the kernel does not."""
        return PairScorer(self._parameters)

    def features_and_evidence(self, pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], list[list[Evidence]]]:
        """Return the features of each pair, and pair by pair the terms that both share."""
        features = np.zeros((len(pairs), len(FEATURES)))
        shared: list[list[Evidence]] = [[] for _ in pairs]
        for batch in _batches(pairs):
            self._score(pairs, batch, features, shared)
        return features, shared

    def _score(self, pairs: Sequence[Pair], batch: Batch, features: Numbers, shared: list[list[Evidence]]) -> None:
        """Score the pairs of some articles."""
        places = [place for _, of in batch for place in of]
        articles = _points([f"{title}\n{body[:BODY_CHARS]}" for (title, body), _ in batch])
        headlines = _points([pairs[place][2] for place in places])
        titles = np.array([len(title) for (title, _), _ in batch], np.int64)
        firsts = np.array([*accumulate((len(of) for _, of in batch), initial=0)], np.int64)
        found, facts = np.zeros((len(places), len(FEATURES))), np.zeros(len(places), pair_loops.FACT)
        rows, evidence = found.view(pair_loops.FEATURE)[:, 0], np.zeros(headlines.size, pair_loops.EVIDENCE)
        met = np.zeros(headlines.size, pair_sharing.COMPANION)

        def work(start: int, stop: int) -> None:
            pair_loops.compare_pairs(
                (articles.data, articles.offsets, titles), (headlines.data, headlines.offsets), firsts, start, stop,
                letters(), self._terms, rows, evidence, met, facts,
            )  # fmt: skip

        in_slices(work, (articles,))
        body, sentences = "", Sentences("", self._splitter)
        for row in facts["needs_sentence"].nonzero()[0].tolist():
            _, article, headline = pairs[places[row]]
            if article is not body:
                body, sentences = article, Sentences(article[:BODY_CHARS], self._splitter)
            begin, lowered = headlines.offsets[row], headline.lower()
            words = evidence[begin : begin + facts["words"][row]][["begin", "length", "weight"]].tolist()
            weights = {lowered[at : at + length]: weight for at, length, weight in words}
            rows[pair_loops.BEST_SENTENCE][row] = sentences.best(weights) / (sum([word[2] for word in words]) or 1.0)
        features[places] = found

        at = evidence["tells"].nonzero()[0]
        numbers = headlines.offsets.searchsorted(at, side="right") - 1
        telling = evidence[at][["begin", "length", "part", "shared"]].tolist()
        for row, (begin, length, part, own) in zip(numbers.tolist(), telling, strict=True):
            word = pairs[places[row]][2][begin : begin + length].lower()
            if not word.isdigit():
                shared[places[row]].append(Evidence(word, part, own))
        at = met["name"].nonzero()[0]
        numbers = headlines.offsets.searchsorted(at, side="right") - 1
        for row, (name, companion, weight) in zip(numbers.tolist(), met[at].tolist(), strict=True):
            terms = self._relations.terms
            shared[places[row]].append(Evidence(terms[name - 1], weight, False, terms[companion]))
        for place in places:
            shared[place].sort(key=lambda term: (-term.weight, term.word))

        fallback = [places[row] for row in facts["needs_fallback"].nonzero()[0].tolist()]
        if fallback:
            features[fallback], answers = self._plain.features_and_evidence([pairs[i] for i in fallback])
            for i, answer in zip(fallback, answers, strict=True):
                shared[i] = answer


def _pair_terms(parameters: PairParameters, relations: Relations) -> pair_reading.Terms:
    """Return what training left of terms, as the kernel looks it up."""
    term_groups, lexicon = TermGroups(parameters.term_groups), list(parameters.lexicon.values())
    groups = [*lexicon, *term_groups.groups]
    last = {term: end[0] for term in parameters.abbreviations if (end := _LAST_WORD.search(term))}
    flags = {
        "is_name": relations.companions.keys(),
        "place": term_groups.places,
        "actor": term_groups.actors,
        "in_lexicon": set(chain.from_iterable(lexicon)),
        "begins_pair": {term.split()[0] for term in chain.from_iterable(groups) if " " in term},
        "abbreviation": {term for term, end in last.items() if term == end},
        "ends_abbreviation": set(last.values()),
    }
    order = parameters.idf.argsort(kind="stable")  # common words lie beside each other in memory
    words = [parameters.words[i] for i in order.tolist()]
    table = TermTable(chain(words, parameters.latent_words, *groups, relations.terms, *map(sorted, flags.values())))
    info = np.zeros(len(table.slots) + 1, pair_reading.TERM)
    info["idf"], info["name"], info["row"] = unseen_weight(parameters.idf, parameters.min_df), NAME_PRIOR, MISSING
    info["known"] = MISSING
    info["known"][table.find(relations.terms)] = range(len(relations.terms))
    info["idf"][: len(order)], info["name"][: len(order)] = parameters.idf[order], parameters.names[order]
    info["row"][table.find(parameters.latent_words)] = range(len(parameters.latent_words))
    for flag, flagged in flags.items():
        info[flag][table.find(flagged)] = True
    starts, members = table.members(groups)
    info["start"][:-1], info["stop"][:-1] = starts[:-1], starts[1:]
    return pair_reading.Terms(
        table.table, info, members, parameters.subject_weights, parameters.family_weights,
        word_rows(parameters.latent_idf, parameters.axes), *_companions(relations),
    )  # fmt: skip


def _companions(relations: Relations) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return where the companions of each known term begin, and the numbers of the companions."""
    number = dict(zip(relations.terms, range(len(relations.terms)), strict=True))
    companions = [relations.companions.get(term, ()) for term in relations.terms]
    starts = [0, *accumulate(map(len, companions))]
    return np.array(starts, np.int32), np.array([*map(number.__getitem__, chain.from_iterable(companions))], np.int32)


def _batches(pairs: Sequence[Pair]) -> Iterator[Batch]:
    """Yield pairs article by article, some articles at a time."""
    batch: Batch = []
    size = 0
    for (title, body), places in by_article(pairs).items():
        batch.append(((title, body), places))
        size += len(title) + len(body)
        if size > BATCH_CHARS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _points(texts: Sequence[str]) -> Column:
    """Return the code points of texts."""
    return Column(_code_points("".join(texts)), np.array([*accumulate(map(len, texts), initial=0)], np.int64))


COMPILED: dict[type, Callable[[Any], Any]] = {
    TopicParameters: article_scorer, ClickbaitParameters: headline_scorer, PairParameters: CompiledPairScorer,
}  # fmt: skip
