"""The small predict module: `load()` a model, `Model.predict(articles)`; every door calls it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from saring import compiled, store
from saring.article import (
    Abstention,
    Article,
    KeepLinks,
    Link,
    LinkPrediction,
    Prediction,
    clean_text,
)
from saring.errors import ConfigError
from saring.intake import Source, as_list, kept, take
from saring.locate import find_bundle
from saring.pairs import Pair, Tie
from saring.publishers import canonical_publisher
from saring.reasons import link_reasons

__all__ = ["Model", "load"]

# Of probabilities. The compiled kernel and scikit-learn agree to twelve, so that it cannot be seen
# which of them answered: rows are the same to the last digit.
DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model: what an article is about, which of its links belong to it, how it baits.

    Made by `load`. Attributes of use: `topics`, in the order of the ``p_<topic>`` columns, and
    `model_version`.
    """

    bundle: store.Bundle

    def __repr__(self) -> str:
        name = f"{self.bundle.card['name']} {self.model_version}"
        return f"<Model {name}: {', '.join(self.topics)}; {self.path}>"

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics the model knows, in the order of its probabilities."""
        return tuple(self.bundle.card["labels"]["topic"])

    @property
    def path(self) -> Path:
        """Folder of the bundle it was opened from."""
        return self.bundle.path

    @property
    def model_version(self) -> str:
        """Twelve hex digits that name the model's content."""
        return self.bundle.model_version

    def predict(
        self,
        articles: Iterable[Source],
        *,
        keep_links: KeepLinks = "none",
        scored_at: str | None = None,
        keep: Sequence[str] = (),
    ) -> list[Prediction]:
        """Return a prediction for each article, in order; one that cannot be read gets `error`.

        Parameters
        ----------
        articles : iterable of str, Mapping, Record or Article
            Texts as copied from a portal; rows with a ``text`` and what else is known, under the
            column names that files may have; or parsed articles.
        keep_links : {"none", "related", "all"}
            Which links stay, as lines of their own, in `clean_text`.
        scored_at : str, optional
            Time to note in the rows, ISO 8601; now when not given.
        keep : sequence of str
            Columns of the given rows that stay in `Prediction.kept` and in its row.

        Raises
        ------
        InputError
            When `articles` is one article and not a collection of them.
        ConfigError
            When `keep_links` is none of these, or asks for verdicts that the model cannot give.
        """
        self._check_keep_links(keep_links)
        stamp = scored_at or datetime.now(UTC).isoformat(timespec="seconds")
        marks: dict[str, Any] = {
            "model_version": self.model_version,
            "scored_at": stamp,
            "topics": self.topics,
        }
        sources = as_list(articles)
        parsed = take(sources)
        readable = [item for item in parsed if isinstance(item, Article)]
        scored = iter(self._score(readable, keep_links, marks))
        found = [
            next(scored) if isinstance(item, Article) else replace(item, **marks) for item in parsed
        ]
        if not keep:
            return found
        owned = zip(found, kept(sources, keep), strict=True)
        return [replace(prediction, kept=own) for prediction, own in owned]

    def _check_keep_links(self, keep_links: str) -> None:
        """Raise ConfigError when the wish cannot be met."""
        if keep_links not in get_args(KeepLinks):
            raise ConfigError(
                f"keep_links is {keep_links!r}; expected one of {', '.join(get_args(KeepLinks))}"
            )
        if keep_links == "related" and "link" not in self.bundle.tasks:
            raise ConfigError(
                "keeping the related links needs a model of links, and this one was trained on a "
                "corpus without their labels; keep none or all, or train on a corpus that has them"
            )

    def _score(
        self, articles: Sequence[Article], keep_links: KeepLinks, marks: Mapping[str, Any]
    ) -> list[Prediction]:
        """Return the predictions of parsed articles."""
        if not articles:
            return []
        bodies = [article.body for article in articles]
        links = [(i, link) for i, article in enumerate(articles) for link in article.links]
        headlines = [link.headline for _, link in links]
        titles = [article.title for article in articles]
        n = len(articles)
        found = compiled.topics(
            self.bundle.topic,
            [*titles, *headlines],
            [*bodies, *[""] * len(headlines)],
        )
        topics = found.probabilities.tolist()
        baits = [_number(p) for p in self._baits([*titles, *headlines])[:, -1].tolist()]
        pairs = [(titles[i], bodies[i], link.headline) for i, link in links]
        judged: list[list[LinkPrediction]] = [[] for _ in articles]
        verdicts = self._links(links, pairs, topics, baits, n)
        for (i, _), verdict in zip(links, verdicts, strict=True):
            judged[i].append(verdict)
        clean = bodies if keep_links == "none" else _with_links(articles, judged, keep_links)
        names, thresholds = self.topics, self._thresholds
        strange = found.strangeness.tolist()
        made = []
        for i, article in enumerate(articles):
            probabilities = [round(p, DECIMALS) for p in topics[i]]
            topic, best = _best(names, probabilities)
            made.append(
                Prediction(
                    id=article.id,
                    title=article.title,
                    published=article.published,
                    publisher=canonical_publisher(article.publisher, article.url),
                    publisher_printed=article.publisher,
                    url=article.url,
                    source=article.source,
                    topic=topic,
                    probabilities=dict(zip(names, probabilities, strict=True)),
                    abstained_because=_abstention(best, strange[i], thresholds),
                    clickbait=baits[i] if article.title else None,
                    links=tuple(judged[i]),
                    clean_text=clean[i],
                    error=article.note,
                    **marks,
                )
            )
        return made

    def _baits(self, headlines: Sequence[str]) -> NDArray[np.float64]:
        """Return the probabilities of clickbait's labels; NaN where nobody trained it."""
        model = self.bundle.clickbait
        if model is None:
            return np.full((len(headlines), 2), np.nan)
        return compiled.clickbait(model, headlines)

    def _links(
        self,
        links: Sequence[tuple[int, Link]],
        pairs: Sequence[Pair],
        topics: Sequence[Sequence[float]],
        baits: Sequence[float | None],
        n: int,
    ) -> list[LinkPrediction]:
        """Return the verdict on each link; row n + k of `topics` and `baits` is its headline."""
        chances: list[float] = [math.nan] * len(pairs)
        ties: list[list[Tie]] = [[] for _ in pairs]
        if pairs and (model := self.bundle.link) is not None:
            found, ties = compiled.links(model, pairs)
            chances = found.tolist()
        threshold = self._thresholds.get("unrelated", math.nan)  # none where links are not judged
        names = self.topics  # the card is asked once, not for every link
        verdicts = []
        for k, (i, link) in enumerate(links):
            topic, probability = _best(names, topics[n + k])
            p_unrelated, clickbait = _number(chances[k]), baits[n + k]
            related = None if p_unrelated is None else p_unrelated < threshold
            reasons: tuple[str, ...] = ()
            if related is not None:
                reasons = link_reasons(
                    ties[k],
                    (topic, probability),
                    _best(names, topics[i])[0],
                    clickbait or 0.0,
                    related=related,
                )
            verdicts.append(
                LinkPrediction(
                    headline=link.headline,
                    marker=link.marker,
                    start=link.start,
                    end=link.end,
                    related=related,
                    p_unrelated=p_unrelated,
                    topic=topic,
                    clickbait=clickbait,
                    reasons=reasons,
                    url=link.url,
                )
            )
        return verdicts

    @property
    def _thresholds(self) -> Mapping[str, float]:
        """Where verdicts change."""
        thresholds: Mapping[str, float] = self.bundle.card["thresholds"]
        return thresholds


def load(path: str | Path | None = None) -> Model:
    """Return a model.

    Parameters
    ----------
    path : str or path, optional
        A bundle; a folder of bundles, of which the newest is taken; or an MLflow address such as
        ``models:/saring@challenger``. Without it the newest in the folder that the variable
        SARING_MODELS names, or else in ``models``, or else the model that comes with saring;
        `Model.path` says which.

    Raises
    ------
    BundleError
        When there is no model, or it is damaged or of another format.
    """
    return Model(store.load(find_bundle(path)))


def _best(topics: Sequence[str], probabilities: Sequence[float]) -> tuple[str, float]:
    """Return the most probable topic and its probability."""
    best = max(probabilities)
    return topics[probabilities.index(best)], best


def _abstention(
    best: float, strangeness: float, thresholds: Mapping[str, float]
) -> Abstention | None:
    """Return why no topic is to be named: where a text is no news its probability is nothing."""
    if strangeness > thresholds["strange"]:
        return "unlike_news"
    return "unsure" if best < thresholds["abstain"] else None


def _number(probability: float) -> float | None:
    """Return a probability as rows have it, None where nobody trained a model that gives it."""
    return None if math.isnan(probability) else round(probability, DECIMALS)


def _with_links(
    articles: Sequence[Article], judged: Sequence[Sequence[LinkPrediction]], keep: KeepLinks
) -> list[str]:
    """Return the clean text of each article with all its links, or with the related ones."""
    return [
        clean_text(
            article,
            [
                link
                for link, verdict in zip(article.links, verdicts, strict=True)
                if keep == "all" or verdict.related
            ],
        )
        for article, verdicts in zip(articles, judged, strict=True)
    ]
