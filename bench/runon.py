"""How often the end of a headline is found in text that lost its line breaks; and its fit.

::

    python bench/runon.py ../shared/data/news/articles.parquet   # the table, per publisher
    python bench/runon.py --fit    # writes src/saring/parse/runon.toml

The truth is the parse of the articles as they lie, with teasers on lines of their own. Their line
breaks are then replaced by spaces (or by nothing), and the parse must find the same headlines. The
fit reads nothing but the embedded corpus, printed as run-on text in the ways portals' texts arrive.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from saring.parse import parse
from saring.parse.runon import Candidate, Model, candidate_score, candidates
from saring.parse.window import Host, Tables

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "data" / "corpus" / "articles.jsonl"
OUT = ROOT / "src" / "saring" / "parse" / "runon.toml"

SEED = 20220119
MIN_COUNT = 5  # a word seen less often in the corpus says nothing
MIN_COMMON = 12  # of words that prose writes small
MAX_WORDS = 400  # in each table
MAX_LOG_ODDS = 3.0
RIDGE = 0.3
RENDERINGS = 6  # ways each article is printed for the fit
LOST, NUMBERED, TAILED = 0.06, 0.06, 0.15  # of them without headlines, as a list, with initials
STYLES = {"as is": 0.38, "plain": 0.2, "long": 0.24, "short": 0.14, "dots": 0.04}
_BREAKS = re.compile(r"\s*[\r\n]+\s*")
_MARKER = re.compile(r"^(?:Baca(?: artikel detail)?|BACA|Lihat|Simak|LIHAT)(?: [Jj]uga| JUGA)?: ")
_CAMEL = re.compile(r"\b[A-Z]?[a-z]+[A-Z][A-Za-z]+\b")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
MIN_CLAUSE = 3  # words


def rows(split: str | None = None) -> list[dict]:
    """Return the corpus rows, of one split or all."""
    lines = CORPUS.read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if split in (None, row["split"])]


# --- The fit ------------------------------------------------------------------------------------


def tables(corpus: list[dict]) -> Tables:
    """Return the words that tell sentences from headlines, counted in the corpus."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in corpus:
        for headline in (row["title"], *(link["headline"] for link in row["links"])):
            words = _WORD.findall(headline)[1:]
            counts["within"].update(word for word in words if word[0].isupper())
            counts["inner"].update(words[:-1])
            counts["last"].update(words[-1:])
        for line in row["text"].split("\n"):
            counts["camel"].update(_CAMEL.findall(line))
            if not _MARKER.match(line):
                for sentence in re.split(r"(?<=[.?!\"”])\s+(?=[A-Z\"“])", line):
                    counts["opening"].update(_WORD.findall(sentence)[:1])
    return Tables(
        log_odds(counts["opening"], counts["within"]),
        log_odds(counts["last"], counts["inner"]),
        frozenset(small_words(corpus, MIN_COMMON)),
        frozenset(counts["camel"]),
    )


def log_odds(these: Counter[str], those: Counter[str]) -> dict[str, float]:
    """Return the log-odds of a word to be among these, not those, for the words that tell most."""
    odds = {}
    for word in set(these) | set(those):
        if these[word] + those[word] >= MIN_COUNT:
            ratio = np.log((these[word] + 0.5) / these.total())
            ratio -= np.log((those[word] + 0.5) / those.total())
            odds[word] = float(np.clip(ratio, -MAX_LOG_ODDS, MAX_LOG_ODDS))
    weight = {word: abs(odds[word]) * (these[word] + those[word]) for word in odds}
    kept = sorted(weight, key=lambda word: (-weight[word], word))[:MAX_WORDS]
    return {word: round(odds[word], 2) for word in kept}


def render(
    row: dict, dice: random.Random, small: set[str], others: list[str]
) -> tuple[str, list[tuple[int, int, int]]]:
    """Return an article as run-on text; and where each mark and headline start and it ends."""
    glue = dice.choices(["", " ", "  "], [0.25, 0.65, 0.1])[0]
    lost = dice.random() < LOST
    numbered = dice.random() < NUMBERED
    headlines = {link["headline"] for link in row["links"]}
    lines = row["text"].split("\n")
    if dice.random() < TAILED:
        lines.append(dice.choice(["(abc/def)", "(ab/cde) tanda ekor berita", "(rin)"]))
    style = dice.choices(list(STYLES), list(STYLES.values()))[0]
    text, spans = "", []
    for number, line in enumerate(lines, start=1):
        text += glue if text else ""
        marker = _MARKER.match(line)
        if marker and line[marker.end() :] in headlines:
            mark = len(text)
            text += marker.group().strip() + dice.choices([" ", ""], [0.8, 0.2])[0]
            start = len(text)
            headline = line[marker.end() :]
            text += "" if lost else restyled(headline, style, dice, small, others)
            spans.append((mark, start, len(text)))
        else:
            text += f"{number}. {line}" if numbered and not marker else line
    return text, spans


def restyled(
    headline: str, style: str, dice: random.Random, small: set[str], others: list[str]
) -> str:
    """Return a headline in another portal's style: sentence case, long, short, with dots."""
    if style == "plain":
        headline = plain(headline, small)
    elif style == "long":
        headline += ", " + clause(dice.choice(others), dice)
    elif style == "short":
        headline = clause(headline, dice)
    elif style == "dots":
        headline = headline.rstrip("?!.") + dice.choice(["...", "…"])
    return headline


def clause(headline: str, dice: random.Random) -> str:
    """Return a part of a headline that could be a headline of its own; else all of it."""
    parts = [part for part in re.split(r"[,:] ", headline) if len(part.split()) >= MIN_CLAUSE]
    parts = [part for part in parts if part.count('"') % 2 == 0]
    return dice.choice(parts) if parts else headline


def plain(headline: str, small: set[str]) -> str:
    """Return a headline in sentence case: words the corpus writes small are written small."""
    words = headline.split(" ")
    rest = [
        word.lower() if word.strip("\"',.?!:;").lower() in small else word for word in words[1:]
    ]
    return " ".join([words[0], *rest])


def small_words(corpus: list[dict], least: int = 1) -> set[str]:
    """Return words the corpus's paragraphs write small, `least` times and more often than not."""
    counts: Counter[str] = Counter()
    for row in corpus:
        for line in row["text"].split("\n"):
            if not _MARKER.match(line):
                counts.update(_WORD.findall(line))
    return {
        word
        for word in counts
        if word[0].islower() and least <= counts[word] > counts[word.capitalize()]
    }


def examples(corpus: list[dict], words: Tables) -> Iterator[tuple[list[Candidate], int]]:
    """Yield the candidates behind each marker of the corpus as run-on text, and which is right."""
    dice = random.Random(SEED)
    small = small_words(corpus)
    others = [link["headline"] for row in corpus for link in row["links"]]
    for row in corpus:
        for _ in range(RENDERINGS):
            text, spans = render(row, dice, small, others)
            host = Host(text)
            marks = [mark for mark, _, _ in spans]
            for (_, start, end), stop in zip(spans, [*marks[1:], len(text)], strict=True):
                found = list(candidates(host, start, stop, words))
                right = [n for n, one in enumerate(found) if one.end == end]
                if right and len(found) > 1:
                    yield found, right[-1] if start != end else 0


def named(candidate: Candidate) -> list[tuple[str, float]]:
    """Return a candidate's features as (name, value)."""
    return [(sign, 1.0) for sign in candidate.features.signs] + candidate.features.odds


def fit(groups: list[tuple[list[Candidate], int]]) -> dict[str, float]:
    """Return the weights of a conditional logit: in each group the right candidate should win."""
    seen = Counter(name for group, _ in groups for one in group for name, _ in named(one))
    names = sorted(name for name, count in seen.items() if count >= 20)
    index = {name: number for number, name in enumerate(names)}
    row, col, value, group_of, right = [], [], [], [], []
    at = 0
    for number, (group, best) in enumerate(groups):
        right.append(at + best)
        for one in group:
            for name, weight in named(one):
                if name in index:
                    row.append(at)
                    col.append(index[name])
                    value.append(weight)
            group_of.append(number)
            at += 1
    from scipy.sparse import csr_matrix

    matrix = csr_matrix((value, (row, col)), shape=(at, len(names)))
    group_of, right = np.array(group_of), np.array(right)
    edges = np.flatnonzero(np.diff(group_of, prepend=-1))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        score = matrix @ weights
        top = np.maximum.reduceat(score, edges)[group_of]
        mass = np.exp(score - top)
        share = mass / np.add.reduceat(mass, edges)[group_of]
        value = -np.log(share[right] + 1e-12).sum() + RIDGE * (weights**2).sum()
        slope = matrix.T @ share - np.asarray(matrix[right].sum(axis=0)).ravel()
        return value, slope + 2 * RIDGE * weights

    result = minimize(
        loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 300}
    )
    return {
        name: round(float(w), 2) for name, w in zip(names, result.x, strict=True) if abs(w) >= 0.05
    }


def accuracy(weights: dict[str, float], groups: list[tuple[list[Candidate], int]]) -> float:
    """Return the share of groups whose right candidate scores best."""
    hits = 0
    for group, best in groups:
        scores = [candidate_score(one, weights) for one in group]
        hits += int(np.argmax(scores)) == best
    return hits / len(groups)


def write(model: Model) -> None:
    """Write the tables and weights as data."""
    lines = [
        "# Made by `python bench/runon.py --fit` from data/corpus/articles.jsonl, not by hand.",
        "# What the tables and features mean is told in window.py.",
        "",
        "[words]",
        *paragraph("common", model.tables.common),
        *paragraph("camel", model.tables.camel),
        "",
        "[openers]",
        *(
            f"{json.dumps(word, ensure_ascii=False)} = {odds}"
            for word, odds in sorted(model.tables.openers.items())
        ),
        "",
        "[closers]",
        *(
            f"{json.dumps(word, ensure_ascii=False)} = {odds}"
            for word, odds in sorted(model.tables.closers.items())
        ),
        "",
        "[weights]",
        *(f"{json.dumps(name)} = {weight}" for name, weight in sorted(model.weights.items())),
    ]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def paragraph(key: str, words: frozenset[str]) -> list[str]:
    """Return a key with words, as lines of TOML."""
    return [f'{key} = """', *textwrap.wrap(" ".join(sorted(words)), 98), '"""']


# --- The table ----------------------------------------------------------------------------------


def measure(path: Path, half: int | None, show: int) -> None:
    """Print how many headlines survive the loss of line breaks, per publisher."""
    import pandas as pd

    frame = pd.read_parquet(path)
    frame = frame[frame["baca_juga_clean"] > 0]
    if half is not None:
        frame = frame.sample(frac=1, random_state=SEED).iloc[half::2]
    for glue, name in ((" ", "a space"), ("", "nothing")):
        hits: dict[str, list[bool]] = defaultdict(list)
        misses: list[tuple[str, str]] = []
        for publisher, text in zip(frame["publisher"], frame["text"], strict=True):
            truth, found = headlines(text), headlines(_BREAKS.sub(glue, text.strip()))
            hits[publisher] += [headline in found for headline in truth]
            misses += [(headline, closest(headline, found)) for headline in truth - found]
        report(f"line breaks replaced by {name}", hits)
        for headline, instead in random.Random(SEED).sample(misses, min(show, len(misses))):
            print(f"    {headline}\n    -> {instead}")


def headlines(text: str) -> set[str]:
    """Return the headlines of the links in a text."""
    return {link.headline for link in parse({"text": text, "title": "-"}).links}


def closest(headline: str, found: set[str]) -> str:
    """Return the headline found at the same place, if any."""
    return next((one for one in found if one[:12] == headline[:12]), "(none)")


def report(name: str, hits: dict[str, list[bool]]) -> None:
    """Print one table."""
    every = [hit for of_publisher in hits.values() for hit in of_publisher]
    for label, some in [(name, every), *sorted(hits.items(), key=lambda item: -len(item[1]))]:
        print(
            f"{label:<36} {sum(some):>5} of {len(some):>5} headlines  {sum(some) / len(some):.1%}"
        )


def main() -> None:
    """Parse the arguments and print the table, or fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "articles", nargs="?", type=Path, help="parquet file with text and publisher"
    )
    parser.add_argument("--fit", action="store_true", help="fit on the corpus and write runon.toml")
    parser.add_argument(
        "--half", type=int, choices=(0, 1), help="one random half of the articles only"
    )
    parser.add_argument("--show", type=int, default=0, help="misses to print")
    args = parser.parse_args()
    if args.fit:
        corpus = rows()
        words = tables(corpus)
        groups = list(examples(corpus, words))
        cut = len(groups) * 4 // 5
        share = accuracy(fit(groups[:cut]), groups[cut:])
        print(f"right on a held-out fifth of the corpus: {share:.1%}")
        write(Model(fit(groups), words))
    if args.articles:
        measure(args.articles, args.half, args.show)


if __name__ == "__main__":
    main()
