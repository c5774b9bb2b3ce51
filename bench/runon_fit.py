"""The fit of runon.toml: word tables counted in headlines and paragraphs, and a conditional logit.

So that the weights do not trust the tables too far, they are fitted on one half of the articles
with tables counted in the other half; the tables that ship are counted in both.
"""

from __future__ import annotations

import json
import random
import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
from runon_text import Source, renderings
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from saring.parsing.headline_ends import Candidate, HeadlineEndModel, candidate_score, candidates
from saring.parsing.words import ArticleWords, WordOdds, read_word

__all__ = ["accuracy", "examples", "fit", "fitted", "tables", "write"]

SEED = 20220119
MIN_COUNT = 8  # a word seen less often says nothing
MIN_COMMON = 12  # of words that prose writes small
MAX_COMMON = 3000  # so that the file stays small
SIZES = {"openers": 1800, "closers": 900, "prose": 1800, "starts": 1500}
MAX_LOG_ODDS = 3.0
STEP = 0.25  # of the log-odds in the file
MIN_FEATURE = 30  # occurrences
RIDGE = 3.0  # strong: what is put in differs from real teasers in which sign tells most

_CAMEL = re.compile(r"\b[A-Z]?[a-z]+[A-Z][A-Za-z]+\b")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_SENTENCE = re.compile(r"(?<=[.?!\"”])\s+(?=[A-Z\"“])")

_UNSAFE = frozenset('"\\')  # would end a string of TOML

Group = tuple[list[Candidate], int]


def headlines_of(sources: Iterable[Source]) -> list[str]:
    """Return all headlines of some sources."""
    return [h for source in sources for some in source.headlines.values() for h in some]


def tables(sources: list[Source]) -> WordOdds:
    """Return the words that tell sentences from headlines, counted in some sources."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for headline in headlines_of(sources):
        words = keys(headline)
        counts["within"].update(word for word in words[1:] if not word[0].islower())
        counts["inner"].update(words[1:-1])
        counts["last"].update(words[-1:])
        counts["headline"].update(word.lower() for word in words)
        counts["pair"].update(map("_".join, pairwise(words[1:])))
    for source in sources:
        for text in source.texts:
            for paragraph in text.paragraphs:
                counts["camel"].update(_CAMEL.findall(paragraph))
                counts["body"].update(map(str.lower, keys(paragraph)))
                for sentence in _SENTENCE.split(paragraph):
                    words = keys(sentence)
                    counts["opening"].update(words[:1])
                    counts["start"].update(map("_".join, pairwise(words[:2])))
    common = frozenset(small_words(sources))
    camel = {word for word in counts["camel"] if counts["camel"][word] >= 3}
    return WordOdds(
        log_odds(counts["opening"], counts["within"], SIZES["openers"]),
        log_odds(counts["last"], counts["inner"], SIZES["closers"]),
        log_odds(counts["body"], counts["headline"], SIZES["prose"]),
        log_odds(counts["start"], counts["pair"], SIZES["starts"]),
        common,
        frozenset(camel),
    )


def keys(text: str) -> list[str]:
    """Return the words of a text as the tables know them."""
    return [word for word in (read_word(raw).key for raw in text.split()) if word]


def log_odds(these: Counter[str], those: Counter[str], size: int) -> dict[str, float]:
    """Return the log-odds of a word to be among these, not those, for the words that tell most."""
    odds = {}
    for word in set(these) | set(those):
        if these[word] + those[word] >= MIN_COUNT:
            ratio = np.log((these[word] + 0.5) / these.total())
            ratio -= np.log((those[word] + 0.5) / those.total())
            odds[word] = _rounded(ratio)
    weight = {word: abs(odds[word]) * (these[word] + those[word]) for word in odds}
    kept = sorted(weight, key=lambda word: (-weight[word], word))[:size]
    return {word: odds[word] for word in kept}


def _rounded(value: float) -> float:
    """Return a log-odds in steps, cut off at both ends."""
    return float(round(np.clip(value, -MAX_LOG_ODDS, MAX_LOG_ODDS) / STEP) * STEP)


def small_words(sources: Iterable[Source]) -> set[str]:
    """Return the words that paragraphs write small more often than not."""
    counts: Counter[str] = Counter()
    for source in sources:
        for text in source.texts:
            for paragraph in text.paragraphs:
                counts.update(_WORD.findall(paragraph))
    kept = [
        word for word, count in counts.items() if word[0].islower() and MIN_COMMON <= count > counts[word.capitalize()]
    ]
    return set(sorted(kept, key=lambda word: (-counts[word], word))[:MAX_COMMON])


def examples(sources: list[tuple[Source, int]], words: WordOdds, seed: int = SEED) -> Iterator[Group]:
    """Yield the candidates behind each marker of sources as run-on text, and which is right.

    Each source comes with the number of times to print it.
    """
    dice = random.Random(seed)
    for source, times in sources:
        for text, title, spans in renderings(source, dice, set(words.common), times):
            article = ArticleWords(text, title)
            marks = [mark for mark, _, _ in spans]
            for (_, start, end), stop in zip(spans, [*marks[1:], len(text)], strict=True):
                found = list(candidates(article, start, stop, words))
                right = [n for n, one in enumerate(found) if one.end == end]
                if right and len(found) > 1:
                    yield found, right[-1] if start != end else 0


def fit(groups: Iterable[Group]) -> dict[str, float]:
    """Return the weights of a conditional logit: in each group the right candidate should win."""
    index: dict[str, int] = {}
    row, col, value, group_of, right = [], [], [], [], []
    at = 0
    for number, (group, best) in enumerate(groups):
        right.append(at + best)
        for one in group:
            for name, weight in one.features:
                row.append(at)
                col.append(index.setdefault(name, len(index)))
                value.append(weight)
            group_of.append(number)
            at += 1
    names = list(index)
    matrix = csr_matrix((value, (row, col)), shape=(at, len(names)))
    often = np.flatnonzero(matrix.getnnz(axis=0) >= MIN_FEATURE)
    matrix, names = matrix[:, often].tocsr(), [names[n] for n in often]
    weights = maximise(matrix, np.array(group_of), np.array(right))
    return {
        name: round(float(weight), 2)
        for name, weight in sorted(zip(names, weights, strict=True))
        if abs(weight) >= 0.05
    }


def maximise(matrix: csr_matrix, group_of: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the weights of the features, shape (n_features,), that make the right ones likely."""
    edges = np.flatnonzero(np.diff(group_of, prepend=-1))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        score = matrix @ weights
        top = np.maximum.reduceat(score, edges)[group_of]
        mass = np.exp(score - top)
        share = mass / np.add.reduceat(mass, edges)[group_of]
        value = -np.log(share[right] + 1e-12).sum() + RIDGE * (weights**2).sum()
        slope = matrix.T @ share - np.asarray(matrix[right].sum(axis=0)).ravel()
        return value, slope + 2 * RIDGE * weights

    start = np.zeros(matrix.shape[1])
    options = {"maxiter": 300}
    return minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x


def halves(source: Source) -> tuple[Source, Source]:
    """Return two halves of a source: every other article and headline."""
    return tuple(
        Source(source.texts[n::2], {name: some[n::2] for name, some in source.headlines.items()}) for n in (0, 1)
    )


def fitted(sources: list[tuple[Source, int]]) -> HeadlineEndModel:
    """Return the model fitted on sources, each with the number of times to print it."""
    pairs = [(halves(source), times) for source, times in sources]
    weights = fit(
        group
        for one in (0, 1)
        for group in examples(
            [(half[one], times) for half, times in pairs], tables([half[1 - one] for half, _ in pairs])
        )
    )
    return HeadlineEndModel(weights, tables([source for source, _ in sources]))


def accuracy(weights: Mapping[str, float], groups: Iterable[Group]) -> float:
    """Return the share of groups whose right candidate scores best."""
    hits = [int(np.argmax([candidate_score(one, weights) for one in group])) == best for group, best in groups]
    return sum(hits) / len(hits)


def write(model: HeadlineEndModel, path: Path) -> None:
    """Write the tables and weights as data."""
    words = model.odds
    lines = [
        "# Made by `python bench/runon.py --fit --click-id FOLDER`, not by hand, from",
        "# data/corpus/articles.jsonl and CLICK-ID: counts of words and weights, no text.",
        "# What the tables and features mean is told in words.py and headline_ends.py.",
        "",
        "[words]",
        *paragraph("common", words.common),
        *paragraph("camel", words.camel),
    ]
    for name in SIZES:
        lines += ["", f"[{name}]  # words by their log-odds", *grouped(getattr(words, name))]
    lines += ["", "[weights]"]
    lines += [f"{json.dumps(name)} = {weight}" for name, weight in sorted(model.weights.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def grouped(odds: Mapping[str, float]) -> Iterator[str]:
    """Yield a table's words by their log-odds, as lines of TOML."""
    by_odds: dict[float, list[str]] = defaultdict(list)
    for word, value in odds.items():
        if value and not set(word) & _UNSAFE:
            by_odds[value].append(word)
    for value in sorted(by_odds):
        yield from paragraph(f'"{value}"', frozenset(by_odds[value]))


def paragraph(key: str, words: frozenset[str]) -> list[str]:
    """Return a key with words, as lines of TOML."""
    lines = textwrap.wrap(" ".join(sorted(words)), 98, break_long_words=False, break_on_hyphens=False)
    return [f'{key} = """', *lines, '"""']
