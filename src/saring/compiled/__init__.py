"""Compiled scoring: what the pipelines of topic and clickbait say, and much faster.

    texts > slices; native > kernel > letters; blocks > plain, terms > articles, headlines
    texts, native > needles; kernel, terms > pairs

The scikit-learn pipelines stay the definition. A fitted one is turned into flat arrays: a table of
64-bit hashes of its terms, whose collisions are looked for when it is built, their idf and their
weights. One walk over the bytes of a text then finds, counts and weighs its words. Answers are
those of scikit-learn but for rounding, below 1e-12.

The kernel is compiled by numba (``saring[fast]``) when it is first used on a machine, which takes
twenty seconds, and kept on disk; reading it takes half a second. That is not worth it for a few
rows: until a process has asked for `ROWS_WORTH_LOADING`, or called `prepare`, a scorer in plain
Python answers. So it does where numba is missing, and for a text with İ or Σ, whose small letters
hang on their neighbours. It needs no scikit-learn, whose import takes a second: only what neither
knows, a model with fields of characters, goes to the pipeline itself. The variable SARING_COMPILED
changes this: 0 never asks the kernel, 1 always.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from saring.compiled.blocks import ArticleModel, HeadlineModel, NotCompiled
from saring.compiled.pairs import PairScorer
from saring.compiled.plain import PlainArticles, PlainHeadlines
from saring.compiled.slices import THREADS
from saring.compiled.texts import Strings, as_column, as_list
from saring.fields import framed
from saring.learnt import Fitted, Learnt
from saring.pairs import Pair, Tie
from saring.processes import without
from saring.strangeness import strangeness

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = ["ROWS_WORTH_LOADING", "SWITCH", "THREADS", "Topics", "clickbait", "find_needles",
           "links", "prepare", "topics"]  # fmt: skip

SWITCH = "SARING_COMPILED"
# Plain Python answers so many while numba and the kernel are loaded.
ROWS_WORTH_LOADING = 200
# Longer than reading the kernel from the disk takes.
PATIENCE_SECONDS = 3.0
COMPILING = "making the compiled kernel: some twenty seconds, once on this machine"

Scorer = Callable[..., Any]
Maker = Callable[[Learnt], Scorer]

_LOADING = Lock()  # or each thread of a training would tell that it compiles
_log = logging.getLogger(__name__)
_scorers: WeakKeyDictionary[Any, dict[Maker, tuple[Scorer | None, Any]]] = WeakKeyDictionary()
_asked = 0


@dataclass(frozen=True, slots=True, eq=False)
class Topics:
    """What a topic model says of rows.

    Attributes
    ----------
    probabilities : (n, n_topics) array
    strangeness : (n,) array
        See `saring.strangeness`.
    """

    probabilities: NDArray[np.float64]
    strangeness: NDArray[np.float64]


def prepare() -> bool:
    """Return whether the kernel answers from now on, however few rows are asked about; load it.

    Who scores many rows in small parts calls this first, so that no row's last digit depends on the
    part it is in.
    """
    global _asked
    _asked = max(_asked, ROWS_WORTH_LOADING)
    return _wanted() and _loaded()


def topics(
    model: Pipeline | Fitted, titles: Strings, bodies: Strings, *, threads: int | None = None
) -> Topics:
    """Return the topics of articles and how strange each is; a headline has an empty body.

    Parameters
    ----------
    model : Pipeline or Fitted
        A fitted `saring.models.topic_model`.
    titles, bodies : sequence of str, or Arrow array of strings
        Of one length. A null is an empty text.
    threads : int, optional
        How many slices of a big batch are scored at once. When not given, as many as the variable
        SARING_THREADS says, or else as there are cores for it. Answers do not depend on it.

    Raises
    ------
    ValueError
        When there are not as many titles as bodies.
    """
    if len(titles) != len(bodies):
        raise ValueError(f"{len(titles)} titles and {len(bodies)} bodies; expected as many")
    scorer = _kernel(model, len(titles), _compiled_topics)
    if scorer is None:
        return _plain_topics(model, as_list(titles), as_list(bodies))
    first, second = as_column(titles), as_column(bodies)
    probabilities, strange, asked = scorer(first, second, threads)
    if len(asked):
        found = _plain_topics(model, [first[i] for i in asked], [second[i] for i in asked])
        probabilities[asked], strange[asked] = found.probabilities, found.strangeness
    return Topics(probabilities, strange)


def clickbait(
    model: Pipeline | Fitted, headlines: Strings, *, threads: int | None = None
) -> NDArray[np.float64]:
    """Return the probability of each label for headlines, shape (n, 2).

    Parameters
    ----------
    model : Pipeline or Fitted
        A fitted `saring.models.clickbait_model`.
    headlines : sequence of str, or Arrow array of strings
    threads : int, optional
        As in `topics`.
    """
    scorer = _kernel(model, len(headlines), _compiled_clickbait)
    texts = as_list(headlines)
    if scorer is None:
        return _plain_clickbait(model, texts)
    answers: NDArray[np.float64]
    answers, asked = scorer(as_column([framed(text, cased=True) for text in texts]), threads)
    if len(asked):
        answers[asked] = _plain_clickbait(model, [texts[i] for i in asked])
    return answers


def links(
    model: Pipeline | Fitted, pairs: Sequence[Pair]
) -> tuple[NDArray[np.float64], list[list[Tie]]]:
    """Return the probability that each headline is unrelated, shape (n_pairs,), and its ties.

    Parameters
    ----------
    model : Pipeline or Fitted
        A fitted `saring.models.link_model`.
    pairs : sequence of (title, body, headline)
        A pair's answer is the same among any others.
    """
    scorer = _kernel(model, len(pairs), _compiled_links) or _scorer(model, PairScorer)
    assert scorer is not None  # the plain one refuses no model
    found: tuple[NDArray[np.float64], list[list[Tie]]] = scorer(pairs)
    return found


def find_needles(
    texts: Sequence[str], needles: tuple[str, ...]
) -> Sequence[list[tuple[int, int]] | None]:
    """Return where each text holds which needles, by their ends; None where Python is to look.

    Parameters
    ----------
    texts : sequence of str
    needles : tuple of str
        Short strings of small letters in ASCII, which capitals match.
    """
    if not (texts and _wanted() and _loaded()):
        return [None] * len(texts)
    from saring.compiled.needles import find

    return find(texts, needles)


def _plain_topics(model: Pipeline | Fitted, titles: list[str], bodies: list[str]) -> Topics:
    """Return what plain Python says of articles, or scikit-learn where it must."""
    scorer = _scorer(model, _uncompiled_topics)
    if scorer is not None:
        return Topics(*scorer(titles, bodies))
    pipeline = model.estimator if isinstance(model, Fitted) else model
    rows = list(zip(titles, bodies, strict=True))
    if not rows:
        return Topics(np.zeros((0, len(pipeline.classes_))), np.zeros(0))
    return Topics(pipeline.predict_proba(rows), strangeness(pipeline, rows))


def _plain_clickbait(model: Pipeline | Fitted, texts: list[str]) -> NDArray[np.float64]:
    """Return what plain Python says of headlines, or scikit-learn where it must."""
    scorer = _scorer(model, _uncompiled_clickbait)
    answers: NDArray[np.float64]
    if scorer is not None:
        answers = scorer(texts)
        return answers
    pipeline = model.estimator if isinstance(model, Fitted) else model
    answers = pipeline.predict_proba(texts) if texts else np.zeros((0, 2))
    return answers


def _wanted() -> bool:
    """Return whether the kernel is to answer, and can."""
    wish = os.environ.get(SWITCH, "")
    return (wish == "1" or (wish != "0" and _asked >= ROWS_WORTH_LOADING)) and (
        find_spec("numba") is not None
    )


def _kernel(model: Pipeline | Fitted, n_rows: int, make: Maker) -> Scorer | None:
    """Return the compiled form of a model, None where plain Python is to answer."""
    global _asked
    _asked += n_rows
    return _scorer(model, make) if _wanted() and _loaded() else None


def _scorer(model: Pipeline | Fitted, make: Maker) -> Scorer | None:
    """Return the form of a model that `make` gives, made once; None where it cannot."""
    weights = None if isinstance(model, Fitted) else model.named_steps["classify"].coef_
    made = _scorers.setdefault(model, {})
    if make not in made or made[make][1] is not weights:  # or the model was fitted again
        scorer = None
        try:
            scorer = make(model.learnt if isinstance(model, Fitted) else Learnt.of(model))
        except NotCompiled as reason:
            _log.info("scoring takes longer: the model has %s", reason)
        made[make] = scorer, weights
    return made[make][0]


def _loaded() -> bool:
    """Return whether the kernel is there, once whichever thread asks first has loaded it."""
    with _LOADING:
        return _load()


@cache
def _load() -> bool:
    """Return whether the kernel is there, compiled if need be; the log says so if it takes long."""
    notice = Timer(PATIENCE_SECONDS, _log.warning, [COMPILING])
    notice.daemon = True
    notice.start()
    try:
        with without(["yaml"]):  # with which numba obeys a file of settings in the working folder
            from saring.compiled import kernel, needles  # noqa: F401 - importing compiles them
            from saring.compiled.pairs import comparing  # noqa: F401
    except (ImportError, RuntimeError) as error:  # numba and NumPy do not fit; nowhere to keep it
        _log.warning(
            "scoring takes longer: no compiled kernel (%s); if there is "
            "nowhere to keep it, name a folder in NUMBA_CACHE_DIR",
            error,
        )
        return False
    finally:
        notice.cancel()
    return True


def _compiled_topics(model: Learnt) -> Scorer:
    """Return the compiled form of a topic model; raises NotCompiled."""
    from saring.compiled.articles import ArticleScorer

    return ArticleScorer.of(ArticleModel.of(model))


def _compiled_clickbait(model: Learnt) -> Scorer:
    """Return the compiled form of a clickbait model; raises NotCompiled."""
    from saring.compiled.headlines import HeadlineScorer

    return HeadlineScorer.of(HeadlineModel.of(model))


def _compiled_links(model: Learnt) -> Scorer:
    """Return the compiled form of a link model; raises NotCompiled."""
    from saring.compiled.pairs.judging import CompiledJudge

    return PairScorer(model, CompiledJudge)


def _uncompiled_topics(model: Learnt) -> Scorer:
    """Return the plain form of a topic model; raises NotCompiled."""
    return PlainArticles(ArticleModel.of(model))


def _uncompiled_clickbait(model: Learnt) -> Scorer:
    """Return the plain form of a clickbait model; raises NotCompiled."""
    return PlainHeadlines(HeadlineModel.of(model))
