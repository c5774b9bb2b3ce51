"""Scores of fitted parameters: by the compiled kernel, or in plain Python where that is sooner.

    text_arrays; loops > scorers, pair_reading > pair_sharing > pair_loops
    scorers, pair_loops > pair_scorer

A model's parameters are turned into flat arrays: a table of 64-bit hashes of its terms, whose
collisions are looked for when it is built, their idf and their weights. One walk over the bytes of
a text then finds, counts and weighs its words. Answers are those of the scikit-learn pipelines that
training fits but for rounding, below 1e-12.

The kernel is compiled by numba (``saring[fast]``) when it is first used on a machine, which takes
twenty seconds, and kept on disk; reading it takes half a second. That is not worth it for a few
rows: until a process has asked for `ROWS_WORTH_LOADING`, or called `prepare`, a scorer in plain
Python answers. So it does where numba is missing, and for a text with İ or Σ, whose small letters
hang on their neighbours. Neither imports scikit-learn, which takes a second. The variable
SARING_COMPILED changes this: 0 never asks the kernel, 1 always.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from threading import Lock, Timer
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from saring.kernel.text_arrays import Strings, as_column, as_list, kernel_is_kept
from saring.models.pair_features import Pair, PairScorer, Tie
from saring.models.parameters import ClickbaitParameters, LinkParameters, PairParameters, TopicParameters
from saring.models.plain_scorer import NotCompiled, PlainArticles, PlainHeadlines
from saring.processes import without
from saring.text import framed

SWITCH = "SARING_COMPILED"
# Plain Python answers so many while numba and the kernel are loaded.
ROWS_WORTH_LOADING = 200
# Longer than reading the kernel from the disk takes.
PATIENCE_SECONDS = 3.0
COMPILING = "making the compiled kernel: some twenty seconds, once on this machine"

Scorer = Callable[..., Any]
Maker = Callable[[Any], Any]

_LOADING = Lock()  # or each thread of a training would tell that it compiles
_log = logging.getLogger(__name__)
_scorers: WeakKeyDictionary[Any, dict[Maker, Any]] = WeakKeyDictionary()
_row_counter = 0


@dataclass(frozen=True, slots=True, eq=False)
class Topics:
    """What a topic model says of rows.

    Attributes
    ----------
    probabilities : (n, n_topics) array
    out-of-domain score : (n,) array
        See `saring.models.plain_scorer`.
    """

    probabilities: NDArray[np.float64]
    out_of_domain: NDArray[np.float64]


def prepare() -> bool:
    """Return whether the kernel answers from now on, however few rows are asked about; load it.

    Who scores many rows in small parts calls this first, so that no row's last digit depends on the
    part it is in.
    """
    global _row_counter
    _row_counter = max(_row_counter, ROWS_WORTH_LOADING)
    return _wanted() and _loaded()


def topics(model: TopicParameters, titles: Strings, bodies: Strings, *, threads: int | None = None) -> Topics:
    """Return the topics of articles and how strange each is; a headline has an empty body.

    Parameters
    ----------
    model : TopicParameters
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
        return Topics(*_scorer(model, PlainArticles)(as_list(titles), as_list(bodies)))
    first, second = as_column(titles), as_column(bodies)
    probabilities, strange, fallback = scorer(first, second, threads)
    if len(fallback):
        probabilities[fallback], strange[fallback] = _scorer(model, PlainArticles)(
            [first[i] for i in fallback], [second[i] for i in fallback]
        )
    return Topics(probabilities, strange)


def clickbait(model: ClickbaitParameters, headlines: Strings, *, threads: int | None = None) -> NDArray[np.float64]:
    """Return the probability of each label for headlines, shape (n, 2).

    Parameters
    ----------
    model : ClickbaitParameters
    headlines : sequence of str, or Arrow array of strings
    threads : int, optional
        As in `topics`.
    """
    scorer = _kernel(model, len(headlines), _compiled_clickbait)
    texts = as_list(headlines)
    answers: NDArray[np.float64]
    if scorer is None:
        answers = _scorer(model, PlainHeadlines)(texts)
        return answers
    answers, fallback = scorer(as_column([framed(text, cased=True) for text in texts]), threads)
    if len(fallback):
        answers[fallback] = _scorer(model, PlainHeadlines)([texts[i] for i in fallback])
    return answers


def links(model: LinkParameters, pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], list[list[Tie]]]:
    """Return the probability that each headline is unrelated, shape (n_pairs,), and its ties.

    Parameters
    ----------
    model : LinkParameters
    pairs : sequence of (title, body, headline)
        A pair's answer is the same among any others.
    """
    features, ties = _pair_scorer(model.pairs, len(pairs)).features_and_ties(pairs)
    return link_probabilities(model, features), ties


def link_probabilities(model: LinkParameters, features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability that each headline is unrelated, shape (n_pairs,), given what `pair_features` gives."""
    weighed = (features - model.mean) / model.scale * model.coef
    # Not a product with a vector, which adds up in an order that depends on how many rows there are.
    scores = weighed.sum(axis=1) + model.intercept
    found: NDArray[np.float64] = 1 / (1 + np.exp(-scores))
    return found


def pair_features(model: PairParameters, pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """Return the features of each pair, in the order of `FEATURES`, shape (n_pairs, n_features)."""
    features: NDArray[np.float64] = _pair_scorer(model, len(pairs)).features_and_ties(pairs)[0]
    return features


def _wanted() -> bool:
    """Return whether the kernel is to answer, and can."""
    wish = os.environ.get(SWITCH, "")
    return (wish == "1" or (wish != "0" and _row_counter >= ROWS_WORTH_LOADING)) and (find_spec("numba") is not None)


def _pair_scorer(model: PairParameters, n_rows: int) -> Any:
    """Return who says what the features of pairs are: the kernel, or plain Python."""
    return _kernel(model, n_rows, _compiled_pair_scorer) or _scorer(model, PairScorer)


def _kernel(model: Any, n_rows: int, make: Maker) -> Any:
    """Return the compiled form of a model, None where plain Python is to answer."""
    global _row_counter
    _row_counter += n_rows
    return _scorer(model, make) if _wanted() and _loaded() else None


def _scorer(model: Any, make: Maker) -> Any:
    """Return the form of a model that `make` gives, made once; None where it cannot be made."""
    made = _scorers.setdefault(model, {})
    if make not in made:
        try:
            made[make] = make(model)
        except NotCompiled as reason:
            _log.info("scoring takes longer: the model has %s", reason)
            made[make] = None
    return made[make]


def _loaded() -> bool:
    """Return whether the kernel is there, once whichever thread asks first has loaded it."""
    with _LOADING:
        return _load()


@cache
def _load() -> bool:
    """Return whether the kernel is there, compiled if need be; the log says so if it takes long."""
    notice = Timer(PATIENCE_SECONDS, _log.warning, [COMPILING])
    notice.daemon = True
    if not kernel_is_kept():  # a busy machine may take as long to read one
        notice.start()
    try:
        with without(["yaml"]):  # with which numba obeys a file of settings in the working folder
            from saring.kernel import loops, pair_loops  # noqa: F401 - importing compiles them
    except Exception as error:  # numba and NumPy do not fit; nowhere to keep it; a cut file
        _log.warning(
            "scoring takes longer: no compiled kernel (%s); if there is "
            "nowhere to keep it, name a folder in NUMBA_CACHE_DIR",
            error,
        )
        return False
    finally:
        notice.cancel()
    return True


def _compiled_topics(model: TopicParameters) -> Scorer:
    """Return the compiled form of a topic model; raises NotCompiled."""
    from saring.kernel.scorers import ArticleScorer

    return ArticleScorer.of(model)


def _compiled_clickbait(model: ClickbaitParameters) -> Scorer:
    """Return the compiled form of a clickbait model; raises NotCompiled."""
    from saring.kernel.scorers import HeadlineScorer

    return HeadlineScorer.of(model)


def _compiled_pair_scorer(model: PairParameters) -> Any:
    """Return the compiled form of the features of pairs; raises NotCompiled."""
    from saring.kernel.pair_scorer import CompiledPairScorer

    return CompiledPairScorer(model)
