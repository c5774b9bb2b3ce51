"""The worst errors of a model on rows that training held out, and why it made them, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from saring.evaluation.heldout import HeldOut
from saring.kernel import scoring
from saring.models.contributions import Contributions, clickbait_contributions, topic_contributions
from saring.models.parameters import Floats
from saring.predict import link_reasons
from saring.store import Bundle
from saring.text import END, START
from saring.training.corpus import LabelledArticle
from saring.training.tasks import CLICKBAIT_LABELS, LINK_LABELS, RowText, texts_by_key

WORDS = 6  # of an article that are told; more are noise


@dataclass(frozen=True, slots=True)
class WorstError:
    """A held-out row that got a wrong answer, and how sure the model was of it."""

    task: str
    split: str  # the protocol whose model answered
    id: str  # of the article
    publisher: str
    published: str  # the day
    text: str  # what was read: the title, the headline, or both; empty where no article was given that has it
    truth: str
    predicted: str
    p_truth: float
    p_predicted: float
    # The words, or the shared words of a link, that speak for the answer given. The answer is that of a fold's model,
    # which was not trained on the row; the words are weighed by the final model, which may have been.
    why: str


# The columns of a table of errors and their kinds, as `writers.open_rows` takes them.
ERROR_COLUMNS = {field.name: "float" if field.type == "float" else "string" for field in fields(WorstError)}


def worst_errors(
    bundle: Bundle, heldout: Iterable[HeldOut], articles: Sequence[LabelledArticle], most: int = 50
) -> list[WorstError]:
    """Return the wrong answers that the model was surest of, at most so many of each task, each row once.

    `heldout` are the answers of training (`evaluation.heldout.from_arrays`); those that another model gave are left
    out. A row stands under the first of its splits that has it wrong. `articles` give the texts, which no bundle holds;
    where they lack a row its `text` and `why` are empty.
    """
    by_task: dict[str, list[HeldOut]] = {}
    for one in heldout:
        if not one.by:
            by_task.setdefault(one.task, []).append(one)
    return [error for task, some in by_task.items() for error in _of_task(bundle, task, some, articles, most)]


def _of_task(
    bundle: Bundle, task: str, heldout: Sequence[HeldOut], articles: Sequence[LabelledArticle], most: int
) -> list[WorstError]:
    """Return the worst errors of one task, the surest first."""
    wrong: dict[int, tuple[float, HeldOut, int]] = {}
    for one in heldout:
        codes = one.scored.codes("predicted", one.scored.predicted)
        for row in np.flatnonzero(one.scored.predicted != one.scored.truth).tolist():
            wrong.setdefault(int(one.keys[row]), (float(one.scored.probabilities[row, codes[row]]), one, row))
    worst = sorted(wrong.items(), key=lambda item: (-item[1][0], item[0]))[:most]
    texts = texts_by_key(task, articles)
    rows = [texts.get(key) for key, _ in worst]
    labels = [(str(o.scored.predicted[row]), str(o.scored.truth[row])) for _, (_, o, row) in worst]
    read = {at: text for at, text in enumerate(rows) if text is not None}
    whys = _WHY[task](bundle, list(read.values()), [labels[at] for at in read])
    reasons = dict(zip(read, whys, strict=True))
    return [
        WorstError(
            task=task,
            split=f"{one.split} ({one.part})" if one.part else one.split,
            id=str(one.ids[row]),
            publisher=str(one.scored.publishers[row]),
            published=str(one.days[row]),
            text="" if (text := rows[at]) is None else " / ".join(filter(None, (text.title, text.headline))),
            truth=truth,
            predicted=predicted,
            p_truth=float(one.scored.probabilities[row, one.scored.labels.index(truth)]),
            p_predicted=p,
            why=reasons.get(at, ""),
        )
        for at, ((_, (p, one, row)), (predicted, truth)) in enumerate(zip(worst, labels, strict=True))
    ]


Labels = Sequence[tuple[str, str]]  # of each row, the predicted one and the truth


def _topic_why(bundle: Bundle, rows: Sequence[RowText], labels: Labels) -> list[str]:
    """Return the words of each article that weigh most for the topic predicted, against the true one."""
    contributions = topic_contributions(bundle.topic)
    names = np.array(bundle.card["labels"]["topic"])
    return [
        _told(contributions(row.title, row.body), (names == said) - 1.0 * (names == truth))
        for row, (said, truth) in zip(rows, labels, strict=True)
    ]


def _clickbait_why(bundle: Bundle, rows: Sequence[RowText], labels: Labels) -> list[str]:
    """Return the tokens of each headline that weigh most for the answer."""
    assert bundle.clickbait is not None  # it answered
    contributions = clickbait_contributions(bundle.clickbait)
    signs = [1.0 if said == CLICKBAIT_LABELS[1] else -1.0 for said, _ in labels]
    return [_told(contributions(row.headline), np.array([sign])) for row, sign in zip(rows, signs, strict=True)]


def _link_why(bundle: Bundle, rows: Sequence[RowText], labels: Labels) -> list[str]:
    """Return the reasons for the verdict on each link, as a prediction gives them."""
    assert bundle.link is not None  # it answered
    if not rows:
        return []
    titles, bodies, headlines = zip(*rows, strict=True)
    _, evidence = scoring.links(bundle.link, list(zip(titles, bodies, headlines, strict=True)))
    found = scoring.topics(bundle.topic, [*titles, *headlines], [*bodies, *[""] * len(rows)]).probabilities
    names = bundle.card["labels"]["topic"]
    topics = [(names[p.index(max(p))], max(p)) for p in found.tolist()]
    bait = scoring.clickbait(bundle.clickbait, headlines)[:, -1].tolist() if bundle.clickbait else [0.0] * len(rows)
    return [
        "; ".join(link_reasons(terms, topic, article_topic, clickbait, related=said == LINK_LABELS[0]))
        for terms, topic, (article_topic, _), clickbait, (said, _) in zip(
            evidence, topics[len(rows) :], topics[: len(rows)], bait, labels, strict=True
        )
    ]


_WHY = {"topic": _topic_why, "link": _link_why, "clickbait": _clickbait_why}


def _told(contributions: Contributions, direction: Floats) -> str:
    """Return the words that weigh most in a direction of the scores, each with its weight."""
    weights = [(float(part @ direction), term) for term, part in contributions.items()]
    top = sorted((w for w in weights if w[0] > 0), key=lambda w: (-w[0], w[1]))[:WORDS]
    return ", ".join(f"'{visible_token(term)}' {weight:+.2f}" for weight, term in top)


def visible_token(term: str) -> str:
    """Return a term as people can read it: where a headline begins and ends is told in words."""
    return term.replace(START, "(begin)").replace(END, "(end)")
