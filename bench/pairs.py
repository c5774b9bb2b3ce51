"""How long link features take: a pair, an article, one pair alone, and learning them.

    .venv/bin/python bench/pairs.py MODEL ARTICLES...

Takes files as `saring score` does; pairs are their articles with their own links. Times are of one
process's processor, the best of `REPEATS`; features are learnt once, on the articles given.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from saring import store
from saring.pairs import Pair
from saring.pairs.transformer import PairFeatures
from saring.parse import parse
from saring.read import read

REPEATS = 5
ALONE = 50  # pairs asked about one at a time


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
    steps = store.load(Path(model)).estimators["link"].named_steps["features"].named_steps
    features: PairFeatures = steps["pairs"]
    judge = features.judge
    hosts = len({pair[:2] for pair in pairs})
    print(f"{len(articles)} articles, {hosts} of them with {len(pairs)} links")
    for name in ("features", "features_and_ties"):
        taken = best(lambda name=name: getattr(judge, name)(pairs))  # type: ignore[misc]
        print(f"{name:17} {taken / len(pairs):6.0f} us a pair {taken / hosts:6.0f} us an article")
    alone = sum(best(lambda pair=pair: judge.features_and_ties([pair])) for pair in pairs[:ALONE])  # type: ignore[misc]
    print(f"alone             {alone / len(pairs[:ALONE]):6.0f} us a pair")
    background = [(a.title, a.body, "") for a in articles]
    taken = best(lambda: PairFeatures(**features.get_params()).fit(background), repeats=1)
    print(f"learning          {taken / 1e6:6.1f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
