"""The three tasks as tables of rows and labels, and the protocols by which they are tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from saring.config import TrainConfig
from saring.errors import ConfigError
from saring.models.pipelines import (
    clickbait_model,
    clickbait_parameters,
    link_model,
    link_parameters,
    topic_model,
    topic_parameters,
)
from saring.models.tfidf_features import Rows
from saring.training.corpus import LabelledArticle
from saring.training.splits import Fold, grouped_folds, later_time, publisher_folds

# The three questions as tables: which rows they ask about, the right answers, and their model.


Strings = NDArray[np.str_]
DAY_CHARS = len("2024-01-31")
DESK = "desk"  # source of a topic that is only the portal's section
# In the order of the alphabet, as scikit-learn keeps classes; the second is the one looked for.
LINK_LABELS = ("related", "unrelated")
CLICKBAIT_LABELS = ("clear", "clickbait")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The rows of one question.

    Attributes
    ----------
    rows : sequence
        What the model reads, row by row.
    truth, publishers : (n,) array of str
    days : (n,) array of str
        Day its article was published, as 2024-01-31; empty where nobody knows.
    corpora : (n,) array of str
        Name of the file it comes from.
    articles : (n,) array of int
        Number of the article that each row comes from; its rows stay together in every split.
    weights : (n,) array
        Weight of each row in training; from a row without weight only features are learned.
    shares : (n,) array
        Share of the annotators who gave the row its truth; NaN where nobody counted.
    grades : (n,) array
        How near a link is, 0 to 2; NaN where nobody graded it.
    asked : (n,) array of bool
        Whether the row is a question of the task; the others only help in training.
    """

    rows: Sequence[Any]
    truth: Strings
    publishers: Strings
    days: Strings
    corpora: Strings
    articles: NDArray[np.intp]
    weights: NDArray[np.float64]
    shares: NDArray[np.float64]
    grades: NDArray[np.float64]
    is_eval: NDArray[np.bool_]

    def take(self, chosen: NDArray[Any]) -> Table:
        """Return the rows chosen by a mask or by row numbers."""
        numbers = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        columns = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "rows"}
        rows = self.rows
        return Table(
            rows=rows.take(numbers) if isinstance(rows, Rows) else [rows[int(i)] for i in numbers],
            **{name: column[numbers] for name, column in columns.items()},
        )

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class _Row:
    """One row before it is put into columns."""

    row: Any
    truth: str
    weight: float = 1.0
    is_eval: bool = True
    share: float = np.nan
    grade: float = np.nan


@dataclass(frozen=True, slots=True)
class Task:
    """One question: its name, its labels (the second of two is the one looked for), its model.

    Where `every_corpus` is set, calibration and thresholds follow from the answers to all corpora,
    each with the same say, and not from those to ``config.tested`` alone: that corpus's rows may
    be real, but another's are more like what will be asked.
    """

    name: str
    labels: tuple[str, ...]  # empty: whatever labels the corpus has, in the order of the alphabet
    build: Callable[[TrainConfig], Pipeline]
    parameters: Callable[[Pipeline], Any]  # of a fitted one
    ask: Callable[[LabelledArticle, TrainConfig], Iterator[_Row]]
    every_corpus: bool = False

    def table(self, articles: Sequence[LabelledArticle], config: TrainConfig) -> Table:
        """Return the task's rows, article by article; one without its label gives none."""
        found = [(i, a, row) for i, a in enumerate(articles) for row in self.ask(a, config)]
        return Table(
            rows=[row.row for _, _, row in found],
            truth=np.array([row.truth for _, _, row in found], dtype=np.str_),
            publishers=np.array([a.article.publisher for _, a, _ in found], dtype=np.str_),
            days=np.array([a.article.published[:DAY_CHARS] for _, a, _ in found], dtype=np.str_),
            corpora=np.array([a.corpus for _, a, _ in found], dtype=np.str_),
            articles=np.array([i for i, _, _ in found], dtype=np.intp),
            weights=np.array([row.weight for _, _, row in found]),
            shares=np.array([row.share for _, _, row in found]),
            grades=np.array([row.grade for _, _, row in found]),
            is_eval=np.array([row.is_eval for _, _, row in found], dtype=np.bool_),
        )


def _topic_rows(labelled: LabelledArticle, config: TrainConfig) -> Iterator[_Row]:
    """Yield the article, and as training help the headlines of its related links.

    A related headline has its article's topic, in other words and without its length. A topic that
    only the portal's section gives is not used, and an article that was chosen for being hard is no
    fair sample.
    """
    if not labelled.topic:
        return
    row = (labelled.article.title, labelled.article.body)
    if labelled.topic_source == DESK:
        return
    yield _Row(row, labelled.topic, is_eval=not labelled.topic_source)
    weight = config.topic.headline_weight
    for link in labelled.links:
        if link.related and weight > 0:
            yield _Row((link.headline, ""), labelled.topic, weight, is_eval=False)


def _link_rows(labelled: LabelledArticle, config: TrainConfig) -> Iterator[_Row]:
    """Yield the article with each of its labelled links, or else as background."""
    title, body = labelled.article.title, labelled.article.body
    pairs = [link for link in labelled.links if link.related is not None]
    for link in pairs:
        grade = np.nan if link.grade is None else link.grade
        label, weight = LINK_LABELS[not link.related], 1.0
        if link.grade is None:
            weight = config.link.ungraded
        yield _Row((title, body, link.headline), label, weight, grade=grade)
    if config.link.background and body and not pairs:
        yield _Row((title, body, ""), LINK_LABELS[0], weight=0.0, is_eval=False)


def _clickbait_rows(labelled: LabelledArticle, config: TrainConfig) -> Iterator[_Row]:
    """Yield the title and the headlines that have a clickbait label.

    Where annotators were of two minds, both labels are trained on, each by its share of the votes.
    """
    headlines = [(labelled.article.title, labelled.clickbait, labelled.clickbait_share)]
    headlines += [(link.headline, link.clickbait, None) for link in labelled.links]
    for headline, clickbait, votes in headlines:
        if not headline or clickbait is None:
            continue
        label, other = CLICKBAIT_LABELS[clickbait], CLICKBAIT_LABELS[not clickbait]
        if votes is None:
            yield _Row(headline, label, config.clickbait.single_vote)
            continue
        share = votes if clickbait else 1 - votes
        yield _Row(headline, label, share, share=share)
        if share < 1:
            yield _Row(headline, other, 1 - share, is_eval=False)


TASKS = (
    Task("topic", (), lambda config: topic_model(config.topic), topic_parameters, _topic_rows),
    Task(
        "link",
        LINK_LABELS,
        lambda config: link_model(config.link, config.seed),
        link_parameters,
        _link_rows,
        every_corpus=True,  # CLICK-ID has hard pairs of real titles, ours has teasers
    ),
    Task(
        "clickbait",
        CLICKBAIT_LABELS,
        lambda config: clickbait_model(config.clickbait),
        clickbait_parameters,
        _clickbait_rows,
    ),
)


# Protocols: which rows of a table are tested, and which may be trained on meanwhile.


RANDOM, PUBLISHER_OUT, LATER_TIME = "random", "publisher-out", "later-time"

# With fewer publishers one of them may be most of a fold.
FEWEST_PUBLISHERS = 6
# Up to so many are left out one by one; more are packed into folds.
MOST_SINGLE_PUBLISHERS = 12
LATER_SHARE = 0.2  # of the dated rows, the youngest, are tested by time


def protocol_folds(table: Table, groups: NDArray[np.intp], config: TrainConfig) -> dict[str, list[Fold]]:
    """Return the folds of row numbers of each protocol in `config` that the table supports.

    Tested are rows that are asked about, of the corpus ``config.tested`` alone where that has some.
    All other rows help in training, but for those a protocol bars: near-duplicates of tested rows,
    rows of their publishers, rows of their days.

    Parameters
    ----------
    table : Table
    groups : (n,) array of int
        Number of the near-duplicate group of each row.
    config : TrainConfig

    Returns
    -------
    dict of str to list of (train, test)
        In the order of ``config.protocols``; ``random`` alone where the table supports none.

    Raises
    ------
    ConfigError
        When a protocol is unknown.
    CorpusError
        When a label stands in too few groups for random folds.
    """
    named = table.is_eval & (table.corpora == config.tested)
    tested = np.flatnonzero(named if named.any() else table.is_eval)
    found: dict[str, list[Fold]] = {}
    for name in config.protocols:
        if name not in PROTOCOLS:
            known = ", ".join(PROTOCOLS)
            raise ConfigError(f"protocols: found {name!r}; expected some of {known}")
        if folds := PROTOCOLS[name](table, groups, tested, config):
            found[name] = folds
    return found or {RANDOM: _random(table, groups, tested, config)}


def _random(table: Table, groups: NDArray[np.intp], rows: NDArray[np.intp], config: TrainConfig) -> list[Fold]:
    """Return folds that keep near-duplicates together and each label's share."""
    parts = grouped_folds(table.truth[rows], groups[rows], config.folds, config.seed)
    return [(np.flatnonzero(~np.isin(groups, groups[rows[test]])), rows[test]) for _, test in parts]


def _publisher_out(table: Table, groups: NDArray[np.intp], rows: NDArray[np.intp], config: TrainConfig) -> list[Fold]:
    """Return folds that keep publishers apart; none where too few are known."""
    publishers = np.char.strip(table.publishers)
    names = np.unique(publishers[rows])
    if len(names) < max(FEWEST_PUBLISHERS, config.folds) or (names == "").any():
        return []
    n_folds = len(names) if len(names) <= MOST_SINGLE_PUBLISHERS else config.folds
    folds = []
    for _, test in publisher_folds(publishers[rows], groups[rows], n_folds):
        tested = rows[test]
        barred = np.isin(groups, groups[tested]) | np.isin(publishers, publishers[tested])
        folds.append((np.flatnonzero(~barred), tested))
    return folds


def _later(table: Table, groups: NDArray[np.intp], rows: NDArray[np.intp], config: TrainConfig) -> list[Fold]:
    """Return one fold that trains on what is dated before what it tests.

    None where there are no dates, or all that is older has one label.
    """
    dated = rows[table.days[rows] != ""]
    if len(np.unique(table.days[dated])) < 2:
        return []
    _, test = later_time(table.days[dated], groups[dated], LATER_SHARE)
    tested = dated[test]
    late = (table.days == "") | (table.days >= min(table.days[tested].tolist()))
    train = np.flatnonzero(~late & ~np.isin(groups, groups[tested]))
    return [(train, tested)] if len(np.unique(table.truth[train])) > 1 else []


PROTOCOLS: Mapping[str, Callable[[Table, NDArray[np.intp], NDArray[np.intp], TrainConfig], list[Fold]]] = (
    MappingProxyType({RANDOM: _random, PUBLISHER_OUT: _publisher_out, LATER_TIME: _later})
)
