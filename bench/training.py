"""Training beside a plain scikit-learn recipe: five folds and a last fit, of all three questions.

    .venv/bin/python bench/training.py CORPUS... [--task topic link clickbait] [--rows 3000]

Both are given the same rows, the same five random folds that keep near-duplicates together, and the
same settings; both answer the tested rows of each fold, then fit the model that ships on all rows.
Reading and grouping the rows is not timed.

*Plain* is what a newcomer writes: for each question a `Pipeline` of `TfidfVectorizer`s in a
`FeatureUnion` (pair features for links) and `LogisticRegression` with its own solver, cloned and
fitted for each fold in one process. The features are saring's; of how it fits them there is none of
its shortcuts, and pair features come from plain Python. Of the clickbait model the publishers'
intercepts are left out. Linear algebra has one thread, as in saring: with a thread a core, which is
what it takes by itself, lbfgs was five times as slow here, waiting for its own threads. *saring* is
what `saring train` does with the same rows, its calibration, thresholds and reports with their
intervals included.

The figure beside the times (macro-F1 of topics, area under the curve of the others, on the answers
of all five folds) shows that the two fit the same models.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from saring.config import TrainConfig, load_config
from saring.errors import SaringError
from saring.evaluation.reports import Table
from saring.kernel import scoring
from saring.models.pair_fitting import (
    ABBREVIATION_SAMPLE,
    LATENT_WORDS,
    PairFeatures,
    PairScaler,
    background,
    group_weights,
    learn_abbreviations,
    name_shares,
)
from saring.models.parameters import PairParameters
from saring.models.tfidf_features import FieldTfidf, GroupShares, word_vectors
from saring.models.vocabulary import words_inside
from saring.text import END, START, TOKEN, field_text, framed
from saring.training.corpus import read_corpus
from saring.training.splits import RANDOM
from saring.training.tasks import TASKS
from saring.training.trainer import Job, make_jobs, measure

MAX_ITERATIONS = 3000


@dataclass(frozen=True, slots=True)
class Taken:
    """What training took, in seconds, and how good the answers to the folds were."""

    wall: float
    cpu: float
    figure: float


def words_of(read: Callable[[Any], str], **options: Any) -> Pipeline:
    """Return TF-IDF of what is read of each row."""
    texts = FunctionTransformer(lambda rows: [read(row) for row in rows])
    return make_pipeline(texts, TfidfVectorizer(sublinear_tf=True, **options))


class PlainField(FieldTfidf):
    """TF-IDF of a field, fitted by TfidfVectorizer on the rows that have a body."""

    def fit(self, rows: Sequence[Any], y: Any = None) -> PlainField:
        """Learn as `FieldTfidf` does; return self."""
        texts = [field_text(row, self.field) for row in rows if row[1]]
        self.plain_ = TfidfVectorizer(min_df=self.min_df, sublinear_tf=True).fit(texts)
        return self

    def transform(self, rows: Sequence[Any]) -> Any:
        """Return the TF-IDF of each row's field."""
        return self.plain_.transform([field_text(row, self.field) for row in rows])


def plain_topic(config: TrainConfig) -> Pipeline:
    """Return the plain topic model."""
    topic = config.topic
    weights = {"all": 1.0, "title": topic.title_field, "lead": topic.lead_field}
    features = FeatureUnion(
        [
            *((field, PlainField(field, topic.min_df)) for field in weights),
            ("domains", GroupShares("domains")),
            ("names", GroupShares("names")),
        ],
        transformer_weights=weights | {"domains": topic.domains, "names": topic.names},
    )
    return _classified(features, topic.C)


def plain_clickbait(config: TrainConfig) -> Pipeline:
    """Return the plain clickbait model: words, words as written, and the vectors of known words."""
    settings = config.clickbait
    vectors = settings.smoothing * word_vectors()[1]
    options = {"token_pattern": f"[{START}{END}]|{TOKEN}"}
    pairs = options | {"ngram_range": (1, 2), "min_df": settings.min_df}
    small = words_of(lambda row: framed(row, cased=False), **pairs)
    cased = words_of(lambda row: framed(row, cased=True), lowercase=False, **pairs)
    known = words_of(lambda row: framed(row, cased=False), vocabulary=list(word_vectors()[0]), **options)
    near = make_pipeline(
        known,
        FunctionTransformer(lambda found: found @ vectors),
        StandardScaler(with_std=False),  # or lbfgs takes thousands of steps
    )
    return _classified(FeatureUnion([("small", small), ("cased", cased), ("near", near)]), settings.C)


class PlainPairs(PairFeatures):
    """Pair features fitted by scikit-learn's own transformers, and answered by plain Python."""

    def fit(self, pairs: Sequence[Any], y: Any = None) -> PlainPairs:
        """Learn as `PairFeatures` does; return self."""
        self.__dict__.pop("pair_scorer", None)
        articles = list(dict.fromkeys((title, body) for title, body, _ in pairs))
        texts = [f"{title}\n{body}" for title, body in articles]
        options = {"min_df": self.min_df, "sublinear_tf": True}
        terms, latent = TfidfVectorizer(**options).fit(texts), TfidfVectorizer(max_features=LATENT_WORDS, **options)
        names = terms.get_feature_names_out().tolist()
        inside = Counter(word for _, body in articles for word in words_inside(body))
        weighed = latent.fit_transform(texts)
        dimensions = min(self.dimensions, min(weighed.shape) - 1)
        self.parameters_ = PairParameters(
            words=names,
            idf=terms.idf_,
            names=name_shares(inside.items(), names),
            min_df=self.min_df,
            latent_words=latent.get_feature_names_out().tolist(),
            latent_idf=latent.idf_,
            axes=TruncatedSVD(dimensions, random_state=self.seed).fit(weighed).components_,
            abbreviations=[*learn_abbreviations(texts[:: 1 + len(texts) // ABBREVIATION_SAMPLE])],
            **group_weights(background(pairs)),
        )
        return self


def plain_link(config: TrainConfig) -> Pipeline:
    """Return the plain link model."""
    link = config.link
    pairs = PlainPairs(link.min_df, link.dimensions, config.seed)
    return _classified(Pipeline([("pairs", pairs), ("scale", PairScaler())]), link.C)


def _classified(features: Any, penalty: float) -> Pipeline:
    """Return features followed by logistic regression."""
    classifier = LogisticRegression(C=penalty, max_iter=MAX_ITERATIONS)
    return Pipeline([("features", features), ("classify", classifier)])


PLAIN = {"topic": plain_topic, "link": plain_link, "clickbait": plain_clickbait}


def train_plainly(job: Job, config: TrainConfig) -> float:
    """Return the figure of five folds; then fit on all rows.

    It is what `cross_val_predict` does; that wants every row tested, and some only help.
    """
    model, table = PLAIN[job.task.name](config), job.table

    def fitted(rows: np.ndarray) -> Pipeline:
        known = table.take(rows)
        return clone(model).fit(known.rows, known.truth, classify__sample_weight=known.weights)

    truth, scores = [], []
    for train, test in job.protocols[RANDOM, ""]:
        asked = table.take(test)
        truth.append(asked.truth)
        scores.append(fitted(train).predict_proba(asked.rows))
    fitted(job.test[0])
    right, probabilities = np.concatenate(truth), np.concatenate(scores)
    if job.task.labels:
        return float(roc_auc_score(right == job.labels[1], probabilities[:, 1]))
    said = np.array(job.labels)[probabilities.argmax(axis=1)]
    return float(f1_score(right, said, average="macro"))


def train_ours(job: Job, config: TrainConfig) -> float:
    """Return the figure of five folds, of all that measuring and fitting does."""
    [found] = measure([job], config, lambda stage, done, total: None)
    report = next(report for report in found.reports if report.split == RANDOM)
    figure = report.auc if job.task.labels else report.macro_f1
    return figure.value


def timed(train: Callable[[Job, TrainConfig], float], job: Job, config: TrainConfig) -> Taken:
    """Return what training took."""
    wall, cpu = time.perf_counter(), time.process_time()
    with threadpool_limits(limits=1):
        figure = train(job, config)
    return Taken(time.perf_counter() - wall, time.process_time() - cpu, figure)


def table(found: dict[str, tuple[Taken, Taken]]) -> Table:
    """Return the times side by side, and how many times as long the plain recipe takes."""

    def row(name: str, ours: Taken, plain: Taken) -> tuple[str, ...]:
        times = [f"{t:.1f}" for t in (plain.wall, plain.cpu, ours.wall, ours.cpu)]
        ratio = f"1/{plain.wall / ours.wall:.1f}", f"1/{plain.cpu / ours.cpu:.1f}"
        figures = [f"{t.figure:.3f}" if t.figure == t.figure else "" for t in (plain, ours)]
        return (name, *times, *ratio, *figures)

    every = [
        Taken(sum(t.wall for t in side), sum(t.cpu for t in side), float("nan"))
        for side in zip(*found.values(), strict=True)
    ]
    header = ("", "plain s", "CPU s", "saring s", "CPU s", "time", "CPU", "plain", "saring")
    rows = tuple(row(name, *pair) for name, pair in found.items())
    note = "last two columns: macro-F1 of topics, area under the curve of the others"
    title = f"Training with five folds, on {os.cpu_count()} cores"
    return Table(title, header, (rows, (row("all", *every),)), note)


def main(options: argparse.Namespace) -> None:
    """Train both ways and print the table."""
    config = replace(load_config(options.config), protocols=(RANDOM,), tested="", folds=5)
    articles = [article for path in options.corpus for article in read_corpus(path)]
    articles = articles[:: max(1, len(articles) // options.rows)] if options.rows else articles
    jobs = [job for job in make_jobs(articles, config) if job.task.name in options.task]
    word_vectors()  # read once, for both
    found = {}
    for job in jobs:
        ours = timed(train_ours, job, config)
        os.environ[scoring.SWITCH] = "0"
        plain = timed(train_plainly, job, config)
        del os.environ[scoring.SWITCH]
        found[job.task.name] = ours, plain
        print(f"{job.task.name}: {len(job.table):,} rows, {ours}, {plain}", file=sys.stderr)
    print(table(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--config", default="conf/pretrained.toml")
    parser.add_argument("--task", nargs="+", default=[t.name for t in TASKS], choices=list(PLAIN))
    parser.add_argument("--rows", type=int, help="about so many articles, for a quick try")
    try:
        main(parser.parse_args())
    except SaringError as error:
        sys.exit(f"training: {error}")
