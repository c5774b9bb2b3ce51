"""Topics, clickbait and links of many texts: the compiled kernel answers, or plain Python where that is sooner.

The kernel is compiled by numba (``saring[fast]``) when it is first used on a machine, which takes twenty seconds, and
kept on disk; reading it takes half a second. That is not worth it for a few rows: until a process has scored
`ROWS_WORTH_LOADING`, where there is none yet `ROWS_WORTH_COMPILING`, or called `prepare`, plain Python answers. So it
does where numba is missing, and for a text with
İ or Σ, whose small letters hang on their neighbours. Neither imports scikit-learn, which takes a second. The variable
SARING_COMPILED changes this: 0 never asks the kernel, 1 always.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from threading import Lock, Timer
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from saring.kernel.text_arrays import Strings, as_column, as_list, kernel_is_kept
from saring.models.pair_features import Evidence, Pair, PairScorer
from saring.models.parameters import ClickbaitParameters, LinkParameters, PairParameters, TopicParameters
from saring.models.plain_scorer import NotCompiled, PlainArticles, PlainHeadlines
from saring.processes import without
from saring.text import framed

SWITCH = "SARING_COMPILED"
# Plain Python answers so many while numba and the kernel are loaded.
ROWS_WORTH_LOADING = 200
# Plain Python takes as long for so many (some 5,000 articles with their titles and links) as compiling does.
ROWS_WORTH_COMPILING = 40_000
# Longer than reading the kernel from the disk takes.
PATIENCE_SECONDS = 3.0
COMPILING = "making the compiled kernel: some twenty seconds, once on this machine"

Makers = Mapping[type, Callable[[Any], Any]]
PLAIN: Makers = {TopicParameters: PlainArticles, ClickbaitParameters: PlainHeadlines, PairParameters: PairScorer}

_LOADING = Lock()  # or each thread of a training would tell that it compiles
_log = logging.getLogger(__name__)
_scorers: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()
_row_counter = 0
_is_plain = False  # within `plain`


class Topics(NamedTuple):
    """What a topic model says of rows."""

    probabilities: NDArray[np.float64]  # (n, n_topics)
    out_of_domain: NDArray[np.float64]  # (n,), see `saring.models.plain_scorer`


def prepare() -> bool:
    """Load the kernel; return whether it answers from now on, however few rows are scored at once.

    Who scores many rows in small parts calls this first, so that no row's last digit depends on the part it is in.
    """
    global _row_counter
    _row_counter = max(_row_counter, ROWS_WORTH_COMPILING)
    return _wanted() and _loaded()


@contextmanager
def plain() -> Iterator[None]:
    """Have plain Python answer within it, however many rows there are: for one small batch, all of it alike."""
    global _is_plain
    before, _is_plain = _is_plain, True
    try:
        yield
    finally:
        _is_plain = before


def topics(model: TopicParameters, titles: Strings, bodies: Strings) -> Topics:
    """Return the topics of articles and how unlike Indonesian news each is; a headline has an empty body.

    Parameters
    ----------
    model : TopicParameters
    titles, bodies : sequence of str, or Arrow array of strings
        Of one length. A null is an empty text.

    Raises
    ------
    ValueError
        When there are not as many titles as bodies.
    """
    if len(titles) != len(bodies):
        raise ValueError(f"{len(titles)} titles and {len(bodies)} bodies; expected as many")
    scorer = _kernel(model, len(titles))
    if scorer is None:
        return Topics(*_scorer(model, PLAIN)(as_list(titles), as_list(bodies)))
    first, second = as_column(titles), as_column(bodies)
    probabilities, out_of_domain, fallback = scorer(first, second)
    if len(fallback):
        texts = [first[i] for i in fallback], [second[i] for i in fallback]
        probabilities[fallback], out_of_domain[fallback] = _scorer(model, PLAIN)(*texts)
    return Topics(probabilities, out_of_domain)


def clickbait(model: ClickbaitParameters, headlines: Strings) -> NDArray[np.float64]:
    """Return the probability of each label for headlines, shape (n, 2)."""
    scorer = _kernel(model, len(headlines))
    texts = as_list(headlines)
    answers: NDArray[np.float64]
    if scorer is None:
        answers = _scorer(model, PLAIN)(texts)
        return answers
    answers, fallback = scorer(as_column([framed(text, cased=True) for text in texts]))
    if len(fallback):
        answers[fallback] = _scorer(model, PLAIN)([texts[i] for i in fallback])
    return answers


def links(model: LinkParameters, pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], list[list[Evidence]]]:
    """Return the probability that each pair's headline is unrelated, shape (n_pairs,), and the terms they share.

    A pair's answer is the same among any others.
    """
    features, shared = _pair_scorer(model.pairs, len(pairs)).features_and_evidence(pairs)
    return link_probabilities(model, features), shared


def link_probabilities(model: LinkParameters, features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability that each headline is unrelated, shape (n_pairs,), given what `pair_features` gives."""
    weighed = model.standardised(features) * model.coef
    # Not a product with a vector, which adds up in an order that depends on how many rows there are.
    scores = weighed.sum(axis=1) + model.intercept
    found: NDArray[np.float64] = 1 / (1 + np.exp(-scores))
    return found


def pair_features(model: PairParameters, pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """Return the features of each pair, in the order of `FEATURES`, shape (n_pairs, n_features)."""
    features: NDArray[np.float64] = _pair_scorer(model, len(pairs)).features_and_evidence(pairs)[0]
    return features


def _pair_scorer(model: PairParameters, n_rows: int) -> Any:
    return _kernel(model, n_rows) or _scorer(model, PLAIN)


def _kernel(model: Any, n_rows: int) -> Any:
    """Return the compiled scorer of a model, None where plain Python is to answer."""
    global _row_counter
    _row_counter += n_rows
    if not (_wanted() and _loaded()):
        return None
    from saring.kernel.scorers import COMPILED

    return _scorer(model, COMPILED)


def _scorer(model: Any, makers: Makers) -> Any:
    """Return the scorer of a model, made once; None where it cannot be made."""
    made, make = _scorers.setdefault(model, {}), makers[type(model)]
    if make not in made:
        try:
            made[make] = make(model)
        except NotCompiled as reason:
            _log.info("scoring takes longer: the model has %s", reason)
            made[make] = None
    return made[make]


def _wanted() -> bool:
    """Return whether the kernel is to answer, and can."""
    wish = os.environ.get(SWITCH, "")
    if wish == "0" or (wish != "1" and (_is_plain or _row_counter < ROWS_WORTH_LOADING)):
        return False
    return (wish == "1" or _row_counter >= _rows_worth_it()) and find_spec("numba") is not None


@cache
def _rows_worth_it() -> int:
    return ROWS_WORTH_LOADING if kernel_is_kept() else ROWS_WORTH_COMPILING


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
            from saring.kernel import scorers  # noqa: F401 - importing compiles the loops
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
