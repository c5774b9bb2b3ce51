"""Answers to rows that training held out: kept in the bundle, so that two models can be compared row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saring.errors import BundleError
from saring.evaluation.measure import Scored, report, scores_by
from saring.evaluation.metrics import Ints
from saring.evaluation.reports import PublisherScore, Report

Strings = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What a model, or the models of its folds, answered to the rows of one task that it was not trained on."""

    task: str
    split: str  # the protocol, "test", or a file
    part: str  # the corpus, where it is not the one that is tested
    scored: Scored
    keys: NDArray[np.uint64]  # of what was read: equal rows have equal keys, whatever file they come from
    ids: Strings  # of the articles
    days: Strings  # on which they were published, as 2024-01-31; empty where unknown
    by: str = ""  # version of the model that answered, where it is not the bundle's own

    def take(self, rows: Ints) -> HeldOut:
        """Return some of its rows, by number."""
        columns = {f.name: getattr(self.scored, f.name)[rows] for f in fields(Scored) if f.name != "labels"}
        scored = Scored(self.scored.labels, **columns)
        return replace(self, scored=scored, keys=self.keys[rows], ids=self.ids[rows], days=self.days[rows])

    def report(
        self,
        baselines: Mapping[str, ArrayLike],
        *,
        part: str | None = None,
        seed: int = 0,
        thresholds: Mapping[str, float] = MappingProxyType({}),
    ) -> Report:
        """Return the report of its rows, beside what others answered to them; `part` is its own unless given.

        Of the model's thresholds the one to abstain tells which rows are answered.
        """
        part = self.part if part is None else part
        abstain = thresholds.get("abstain") if self.task == "topic" else None
        return report(
            self.scored, name=self.task, split=self.split, part=part, seed=seed, baselines=baselines, abstain=abstain
        )

    @property
    def per_year(self) -> tuple[PublisherScore, ...]:
        """The scores of each year in which articles were published, the earliest first; an unknown one is empty."""
        years = np.array([day[:4] for day in self.days.tolist()], dtype=np.str_)
        return tuple(sorted(scores_by(self.scored, years), key=lambda score: score.publisher))


def to_arrays(heldout: Sequence[HeldOut]) -> dict[str, NDArray[Any]]:
    """Return answers as arrays by name, without a text of an article."""
    arrays: dict[str, NDArray[Any]] = {}
    for number, one in enumerate(heldout):
        labels = np.array(one.scored.labels)
        columns = {
            "name": np.array([one.task, one.split, one.part, one.by]),
            "labels": labels,
            "truth": one.scored.codes("truth", one.scored.truth).astype(np.int16),
            "predicted": one.scored.codes("predicted", one.scored.predicted).astype(np.int16),
            # Of two labels the first has the rest.
            "probabilities": one.scored.probabilities[:, len(labels) == 2 :],
            "groups": np.unique(one.scored.groups, return_inverse=True)[1].astype(np.int32),
            "shares": one.scored.shares,
            "keys": one.keys,
        }
        for name, texts in {"publishers": one.scored.publishers, "ids": one.ids, "days": one.days}.items():
            distinct, codes = np.unique(texts, return_inverse=True)
            columns |= {name: distinct, f"{name}_at": codes.astype(np.int32)}
        arrays |= {f"{number}.{name}": column for name, column in columns.items()}
    return arrays


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> list[HeldOut]:
    """Return the answers that `to_arrays` gave; BundleError where the arrays are not such."""
    found = []
    try:
        for number in range(len({name.partition(".")[0] for name in arrays})):
            column = {n.partition(".")[2]: a for n, a in arrays.items() if n.startswith(f"{number}.")}
            labels = tuple(map(str, column["labels"]))
            probabilities = column["probabilities"]
            if len(labels) == 2:
                probabilities = np.column_stack([1 - probabilities, probabilities])
            publishers, ids, days = (column[n][column[f"{n}_at"]] for n in ("publishers", "ids", "days"))
            scored = Scored(
                labels=labels,
                truth=column["labels"][column["truth"]],
                probabilities=probabilities,
                predicted=column["labels"][column["predicted"]],
                publishers=publishers,
                groups=column["groups"],
                shares=column["shares"],
            )
            task, split, part, by = map(str, column["name"])
            codes = [column[n] for n in ("truth", "predicted", "publishers_at", "ids_at", "days_at")]
            if {len(ids), len(days), len(column["keys"])} != {len(scored.truth)} or column["keys"].dtype != np.uint64:
                raise ValueError("rows and their keys do not fit")
            if min(code.min() for code in codes) < 0:
                raise ValueError("a code is below 0")
            found.append(HeldOut(task, split, part, scored, column["keys"], ids, days, by))
    except Exception as error:  # of arrays that were altered numpy raises whatever there is
        raise BundleError(f"held-out answers: their arrays are no answers ({error}); train the model again") from error
    return found
