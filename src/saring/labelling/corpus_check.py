"""`saring corpus check`: what is wrong with labelled files, all of it and not the first alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.evaluation.reports import Table
from saring.io.records import KEEP_ERRORS, rows
from saring.labelling.agreement import Agreement
from saring.labelling.import_labels import agreements_of
from saring.training.corpus import LabelledArticle, labelled_row, row_keys
from saring.training.fit import Progress
from saring.training.label_issues import find_label_issues
from saring.training.splits import article_groups
from saring.training.tasks import TASKS

SCHEMA, SPLIT, CONFLICT = "rows that break the format", "near-duplicates across splits", "equal words, other label"
TWICE, ISSUES, UNFOUND = "articles there twice", "label issues", "labelled links that parsing does not find"
# What must be mended: training stops at it, or its figures say too much.
FAULTS = (SCHEMA, SPLIT, CONFLICT)


@dataclass(slots=True)
class CorpusCheck:
    """What was found in corpus files, by kind, each with its place."""

    rows: int = 0
    found: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    looked_for: list[str] = field(default_factory=lambda: [SCHEMA, SPLIT, CONFLICT, TWICE, UNFOUND])
    agreements: Sequence[Agreement] = ()

    @property
    def faults(self) -> int:
        """How many findings must be mended."""
        return sum(len(self.found[kind]) for kind in FAULTS)

    def table(self) -> Table:
        """Return the findings counted."""
        counted = tuple(
            (kind, f"{len(self.found[kind]):,}", "to be mended" if kind in FAULTS and self.found[kind] else "")
            for kind in self.looked_for
        )
        return Table(title=f"{self.rows:,} rows", header=("what", "found", ""), sections=(counted,))

    def lines(self, most: int = 5) -> Iterator[str]:
        """Yield the findings one by one, at most so many of a kind, and how annotators agree."""
        for kind in self.looked_for:
            yield from (f"{kind}: {finding}" for finding in self.found[kind][:most])
            if len(self.found[kind]) > most:
                yield f"{kind}: {len(self.found[kind]) - most:,} more; --show N names them"
        yield from map(str, self.agreements)


def check_corpus(
    paths: Sequence[str | Path],
    config: TrainConfig,
    *,
    label_issues: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> CorpusCheck:
    """Return what is wrong with labelled files, taken together as training would.

    With `label_issues` models are trained that never saw a label, and their disagreement is told; no fault, but worth a
    look. InputError when a file cannot be read.
    """
    check = CorpusCheck()
    articles: list[LabelledArticle] = []
    given: list[Mapping[str, object]] = []
    for path in paths:
        for row in rows(path, KEEP_ERRORS):
            check.rows += 1
            try:
                if row.error:
                    raise CorpusError(row.error)
                articles.append(labelled_row(row.values, row.where))
                given.append(row.values)
            except CorpusError as error:
                check.found[SCHEMA].append(str(error))
    if not check.rows:
        check.found[SCHEMA].append(f"{paths[0]}: found no rows; expected labelled articles, one JSON row each")
    progress("near-duplicates", 0, 1)
    _near_duplicates(articles, check)
    progress("near-duplicates", 1, 1)
    _conflicts(articles, config, check)
    _unfound(articles, check)
    check.agreements = agreements_of(given)
    if label_issues:
        check.looked_for.append(ISSUES)
        _label_issues(articles, config, check, progress)
    return check


def _near_duplicates(articles: Sequence[LabelledArticle], check: CorpusCheck) -> None:
    """Note articles that stand in both splits, or twice in one."""
    by_group: dict[int, list[LabelledArticle]] = defaultdict(list)
    for group, article in zip(article_groups(articles).tolist() if articles else (), articles, strict=True):
        by_group[group].append(article)
    for some in by_group.values():
        if len({a.split for a in some}) > 1:
            check.found[SPLIT].append(", ".join(f"{a.where} ({a.split})" for a in some))
    keys: dict[int, list[LabelledArticle]] = defaultdict(list)
    words = row_keys([(a.article.title, a.article.text) for a in articles]).tolist() if articles else []
    for key, article in zip(words, articles, strict=True):
        keys[key].append(article)
    check.found[TWICE] += [", ".join(a.where for a in some) for some in keys.values() if len(some) > 1]


def _conflicts(articles: Sequence[LabelledArticle], config: TrainConfig, check: CorpusCheck) -> None:
    """Note rows of equal words that have different labels."""
    for task in TASKS:
        table = task.table(articles, config)
        met: dict[int, dict[str, str]] = defaultdict(dict)
        rows_keys = row_keys(table.rows).tolist() if len(table) else []
        for row, key in enumerate(rows_keys):
            if table.is_eval[row]:
                met[key].setdefault(str(table.truth[row]), articles[table.articles[row]].where)
        for labels in met.values():
            if len(labels) > 1:
                said = ", ".join(f"{where} says {label}" for label, where in labels.items())
                check.found[CONFLICT].append(f"{task.name}: {said}")


def _unfound(articles: Sequence[LabelledArticle], check: CorpusCheck) -> None:
    """Note labelled links that stand in a text and are no teaser to the parser, so that they stay in the body."""
    for a in articles:
        found = {link.headline for link in a.article.links}
        lost = [link.headline for link in a.links if link.headline not in found and link.headline in a.article.text]
        check.found[UNFOUND] += [f"{a.where}: {headline!r} stays in the body" for headline in lost]


def _label_issues(
    articles: Sequence[LabelledArticle], config: TrainConfig, check: CorpusCheck, progress: Progress
) -> None:
    """Note labels that models trained on the other rows disagree with."""
    for task in TASKS:
        if task.table(articles, config).is_eval.any():
            for issue in find_label_issues(articles, config, task.name, progress).rows:
                says = f"{issue.label} (p {issue.p_label:.3f}), a model says {issue.predicted}"
                check.found[ISSUES].append(f"{issue.id}: {issue.headline or issue.title!r}: {task.name} is {says}")
