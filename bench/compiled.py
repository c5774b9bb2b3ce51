"""What bench/peers.py leaves out of the kernel: loading, clickbait, strangeness, one article.

    .venv/bin/python bench/compiled.py [ARTICLES.parquet] [MODEL]

A Parquet file with columns ``title`` and ``text``; without one, ../shared/data/news. Prints
seconds, megabytes and titles a second, the largest difference from scikit-learn, and what loading
costs. Wall time is what one waits; processor time stays comparable on a busy machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from saring import compiled
from saring.predict import load
from saring.strangeness import strangeness

ARTICLES = Path(__file__).parents[2] / "shared" / "data" / "news" / "articles.parquet"
REPEATS = 5  # of the kernel, the best counts; scikit-learn is waited for once
SINGLE = 2000  # calls with one article
# A fresh process each: compiling into an empty folder, then reading what was kept there.
KERNEL = """
import time, saring.strangeness
start = time.perf_counter(), time.process_time()
import numba
between = time.perf_counter(), time.process_time()
import saring.compiled.articles
end = time.perf_counter(), time.process_time()
print(*(f"{b - a:.2f}" for a, b in zip(start + between, between + end)))
"""


def timed(run: Callable[[], Any], repeats: int = 1) -> tuple[Any, float, float]:
    """Return what `run` gives, and the least wall and processor time of several runs, seconds."""
    found = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = run()
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return answer, *map(min, zip(*found, strict=True))


def line(name: str, wall: float, cpu: float, megabytes: float, n: int) -> None:
    """Print one way of scoring."""
    print(
        f"{name:34}{wall:8.2f} s{megabytes / wall:8.1f} MB/s{n / wall:9.0f} rows/s"
        f"   processor {cpu:7.2f} s{megabytes / cpu:8.1f} MB/s"
    )


def compare(
    name: str,
    plain: Callable[[], NDArray[np.float64]],
    ours: Callable[[int], NDArray[np.float64]],
    megabytes: float,
) -> None:
    """Print scikit-learn and the kernel on one and two threads, and their largest difference."""
    expected, wall, cpu = timed(plain)
    line(f"{name}, scikit-learn", wall, cpu, megabytes, len(expected))
    for threads in (1, 2):
        found, w, c = timed(lambda threads=threads: ours(threads), REPEATS)
        line(f"{name}, kernel, {threads} thread(s)", w, c, megabytes, len(expected))
        print(
            f"{'':34}{wall / w:.1f} times as fast ({cpu / c:.1f} by processor time); "
            f"largest difference {np.abs(found - expected).max():.1e}"
        )


def loading() -> None:
    """Print what the kernel costs a process, compiled and from the disk."""
    with tempfile.TemporaryDirectory() as folder:
        for what in ("compiled", "read from disk", "read from disk"):
            done = subprocess.run(
                [sys.executable, "-c", KERNEL],
                env=os.environ | {"NUMBA_CACHE_DIR": folder},
                capture_output=True,
                text=True,
                check=True,
            )
            n_wall, n_cpu, k_wall, k_cpu = done.stdout.split()
            print(f"kernel {what}: {k_wall} s (processor {k_cpu}); numba {n_wall} s ({n_cpu})")


def main() -> None:
    """Print the comparison."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ARTICLES
    model = load(sys.argv[2] if len(sys.argv) > 2 else None)
    topic, bait = (model.bundle.estimators[name] for name in ("topic", "clickbait"))
    table = pq.read_table(path, columns=["title", "text"])
    titles, bodies = (table[name].combine_chunks().fill_null("") for name in ("title", "text"))
    heads, texts = titles.to_pylist(), bodies.to_pylist()
    rows = list(zip(heads, texts, strict=True))
    sizes = [sum(len(text.encode()) for text in column) / 1e6 for column in (heads, texts)]
    print(f"{len(rows)} articles, {sum(sizes):.1f} MB; model {model.model_version}")
    loading()
    os.environ[compiled.SWITCH] = "1"
    import_module("saring.compiled.articles")
    for name, ask in (
        ("topic", lambda: compiled.topics(topic, [""], [""])),
        ("clickbait", lambda: compiled.clickbait(bait, [""])),
    ):
        _, wall, cpu = timed(ask)
        print(f"{name} as flat arrays: {wall:.3f} s (processor {cpu:.3f})")
    strange = strangeness(topic, rows) - compiled.topics(topic, titles, bodies).strangeness
    print(f"strangeness: largest difference {np.abs(strange).max():.1e}")
    compare(
        "clickbait",
        lambda: bait.predict_proba(heads),
        lambda threads: compiled.clickbait(bait, heads, threads=threads),
        sizes[0],
    )
    few = rows[:SINGLE]
    single = {
        "kernel": lambda: [
            (compiled.topics(topic, [t], [b]), compiled.clickbait(bait, [t])) for t, b in few
        ],
        "scikit-learn": lambda: [
            (topic.predict_proba([row]), bait.predict_proba([row[0]])) for row in few[:100]
        ],
    }
    for name, run in single.items():
        answers, wall, cpu = timed(run)
        n = len(answers)
        print(f"one article, {name}: {wall / n * 1e3:.3f} ms (processor {cpu / n * 1e3:.3f})")


if __name__ == "__main__":
    main()
