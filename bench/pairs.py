"""How long link features take: a pair, an article, one article alone, and learning them.

    .venv/bin/python bench/pairs.py MODEL ARTICLES...

Takes files as `saring score` does; pairs are their articles with their own links. Times are of one
process's processor, the best of `REPEATS`, by the kernel and by plain Python; features are learnt
once, on the articles given.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from saring import compiled, store
from saring.learnt import Learnt
from saring.pairs import Judge, Pair
from saring.pairs.judge import by_article
from saring.pairs.transformer import PairFeatures
from saring.parse import parse
from saring.read import read

REPEATS = 5
ALONE = 50  # articles asked about one at a time
LEAST = 20  # articles of which something can be learnt


def best(run: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the least processor time of some runs, microseconds."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return 1e6 * min(times)


def main(model: str, *paths: str) -> None:
    """Print the times."""
    articles = [parse(record) for path in paths for record in read(path)]
    pairs: list[Pair] = [(a.title, a.body, link.headline) for a in articles for link in a.links]
    pipeline, _ = store.load(Path(model)).fitted("link").learnt.steps().values()
    learnt, _ = pipeline.steps().values()
    together = by_article(pairs)
    print(f"{len(articles)} articles, {len(together)} of them with {len(pairs)} links")
    for name, judge in _judges(learnt).items() if pairs else ():
        taken = best(lambda judge=judge: judge.features_and_ties(pairs))  # type: ignore[misc]
        of_pair, of_article = taken / len(pairs), taken / len(together)
        print(f"{name:9} {of_pair:6.0f} us a pair {of_article:6.0f} us an article, all together")
        few = [[pairs[i] for i in places] for places in list(together.values())[:ALONE]]
        taken = sum(best(lambda one=one, j=judge: j.features_and_ties(one)) for one in few)  # type: ignore[misc]
        n = sum(map(len, few))
        print(f"{name:9} {taken / n:6.0f} us a pair {taken / len(few):6.0f} us an article, alone")
    if len(articles) < LEAST:
        print(f"learning  needs {LEAST} articles")
        return
    background = [(a.title, a.body, "") for a in articles]
    taken = best(lambda: PairFeatures(**learnt.params).fit(background), repeats=1)
    print(f"learning  {taken / 1e6:6.1f} s")


def _judges(learnt: Learnt) -> dict[str, Any]:
    """Return who judges pairs: the kernel, where there is one, and plain Python."""
    found: dict[str, Any] = {"plain": Judge(learnt)}
    os.environ[compiled.SWITCH] = "1"
    if compiled.prepare():
        from saring.compiled.pairs.judging import CompiledJudge

        found = {"kernel": CompiledJudge(learnt), **found}
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
