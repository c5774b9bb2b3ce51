"""Stored models as linear models again, so that new rows can move their weights: same columns, other coefficients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack

from saring.kernel.scoring import pair_features
from saring.models.parameters import ClickbaitParameters, Floats, LinkParameters, TermWeights, TopicParameters
from saring.models.tfidf_features import FieldTfidf, GroupShares, HeadlineTfidf

Parameters = TopicParameters | LinkParameters | ClickbaitParameters


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """A stored model: its columns for rows, its weights, and itself with other weights.

    The last column is 1 and its weight the intercept, which is thereby held as the other weights are.
    """

    columns: Callable[[Sequence[Any]], csr_matrix]  # of rows, (n, n_columns)
    weights: Floats  # (n_columns, n_scores); of two labels the score is that of the second
    with_weights: Callable[[Floats], Parameters]

    def read(self, rows: Sequence[Any]) -> csr_matrix:
        """Return the columns of rows, also of none."""
        return self.columns(rows) if len(rows) else csr_matrix((0, len(self.weights)))

    def scores(self, columns: csr_matrix) -> Floats:
        """Return the scores of rows before they become probabilities, (n, n_scores)."""
        found: Floats = columns @ self.weights
        return found


def linear_model(model: Parameters) -> LinearModel:
    """Return a stored model as a linear model."""
    if isinstance(model, TopicParameters):
        return _topic(model)
    return _link(model) if isinstance(model, LinkParameters) else _clickbait(model)


def _topic(model: TopicParameters) -> LinearModel:
    fields: dict[Any, TermWeights] = {name: field for name, field in model.fields.items() if field.terms}
    of_whole: dict[Any, Any] = {"known": "all"}
    parts = {name: FieldTfidf.of(of_whole.get(name, name), field.terms, field.idf) for name, field in fields.items()}
    shares = GroupShares.of(model.lexicon)
    attributes = {"all": "whole", "title": "title", "lead": "lead", "known": "known"}

    def columns(rows: Sequence[Any]) -> csr_matrix:
        found = [field.scale * parts[name].transform(rows) for name, field in fields.items()]
        return _joined([*found, *([model.domains_scale * shares.transform(rows)] if model.lexicon else [])], len(rows))

    def with_weights(weights: Floats) -> TopicParameters:
        *split, domains, intercept = _split(weights, [*(len(f.terms) for f in fields.values()), model.domains.shape[1]])
        moved: dict[str, Any] = {
            attributes[name]: replace(field, coef=part)
            for (name, field), part in zip(fields.items(), split, strict=True)
        }
        return replace(model, **moved, domains=domains, intercept=intercept[:, 0])

    stacked = [*(field.coef for field in fields.values()), model.domains, model.intercept[:, None]]
    return LinearModel(columns, np.hstack(stacked).T, with_weights)


def _clickbait(model: ClickbaitParameters) -> LinearModel:
    given = {"words": model.words, "cased": model.cased, "known": model.known}
    fields = {name: field for name, field in given.items() if field.terms}
    parts = {name: HeadlineTfidf.of(field.terms, field.idf, cased=name == "cased") for name, field in fields.items()}

    def columns(rows: Sequence[Any]) -> csr_matrix:
        return _joined([field.scale * parts[name].transform(rows) for name, field in fields.items()], len(rows))

    def with_weights(weights: Floats) -> ClickbaitParameters:
        *split, intercept = _split(weights, [len(field.terms) for field in fields.values()])
        moved = {name: replace(field, coef=part) for (name, field), part in zip(fields.items(), split, strict=True)}
        return replace(model, **moved, intercept=float(intercept[0, 0]))

    stacked = [*(field.coef for field in fields.values()), np.array([[model.intercept]])]
    return LinearModel(columns, np.hstack(stacked).T, with_weights)


def _link(model: LinkParameters) -> LinearModel:
    def columns(rows: Sequence[Any]) -> csr_matrix:
        return _joined([csr_matrix(model.standardised(pair_features(model.pairs, list(rows))))], len(rows))

    def with_weights(weights: Floats) -> LinkParameters:
        return replace(model, coef=weights[:-1, 0], intercept=float(weights[-1, 0]))

    return LinearModel(columns, np.append(model.coef, model.intercept)[:, None], with_weights)


def _joined(parts: Sequence[csr_matrix], n_rows: int) -> csr_matrix:
    """Return columns side by side, and the constant."""
    return hstack([*parts, csr_matrix(np.ones((n_rows, 1)))], format="csr")


def _split(weights: Floats, sizes: Sequence[int]) -> list[Floats]:
    """Return the weights of each part, (n_scores, size), and last those of the constant."""
    return [np.ascontiguousarray(part.T) for part in np.split(weights, np.cumsum(sizes))]
