"""How well annotators agree, and what most of them say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

from nltk.metrics.agreement import AnnotationTask


class Label(NamedTuple):
    """What one annotator says of one item."""

    annotator: str
    item: str
    label: Any


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well annotators agree on the items that two or more of them labelled."""

    task: str
    items: int
    annotators: int
    same: float  # share of the items on which all say the same
    kappa: float | None  # Cohen's, mean over pairs of annotators; None where all labels are one
    alpha: float | None  # Krippendorff's, likewise

    def __str__(self) -> str:
        kappa, alpha = ("not defined" if n is None else f"{n:.3f}" for n in (self.kappa, self.alpha))
        return (
            f"{self.task}: {self.annotators} annotators on {self.items:,} items, all agree on {self.same:.1%}; "
            f"Cohen's kappa {kappa}, Krippendorff's alpha {alpha}"
        )


def agreement(task: str, labels: Iterable[Label]) -> Agreement | None:
    """Return how well annotators agree; None where no item has two labels."""
    by_item: defaultdict[str, list[Label]] = defaultdict(list)
    for label in labels:
        by_item[label.item].append(label)
    shared = [some for some in by_item.values() if len({label.annotator for label in some}) > 1]
    if not shared:
        return None
    given = [label for some in shared for label in some]
    annotators = sorted({label.annotator for label in given})
    pairs = [_kappa(given, pair) for pair in combinations(annotators, 2)]
    known = [kappa for kappa in pairs if kappa is not None]
    return Agreement(
        task=task,
        items=len(shared),
        annotators=len(annotators),
        same=sum(len({label.label for label in some}) == 1 for some in shared) / len(shared),
        kappa=sum(known) / len(known) if known else None,
        alpha=float(AnnotationTask(data=given).alpha()) if len({label.label for label in given}) > 1 else None,
    )


def _kappa(labels: Sequence[Label], pair: tuple[str, str]) -> float | None:
    """Return Cohen's kappa of two annotators on the items that both labelled."""
    first, second = ({label.item: label for label in labels if label.annotator == name} for name in pair)
    both = first.keys() & second.keys()
    given = [of[item] for item in sorted(both) for of in (first, second)]
    if len({label.label for label in given}) < 2:
        return None
    return float(AnnotationTask(data=given).kappa())


def majority(labels: Sequence[Any]) -> Any:
    """Return the label that more annotators give than any other; None where two are given as often, or none is."""
    counts = Counter(labels).most_common(2)
    if not counts or (len(counts) == 2 and counts[0][1] == counts[1][1]):
        return None
    return counts[0][0]
