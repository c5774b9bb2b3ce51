"""Articles a second of `Model.predict_frame`, in turn with `saring score` on the same rows and cores.

    .venv/bin/python bench/tables.py ARTICLES.parquet [--turns 5] [--cores 1 2]

On one core `saring score` has one worker, on more as many as there are cores; a table is given no number. Each turn
runs every way once, each in a process of its own. Two rates are printed: of the whole process, from its start to its
end, and of processor time (user and system, the workers' too), which other programs on the machine hardly change. A
ratio is the median over turns of a table's rate to the command's in the same turn. The processes of tables read the
file and score its rows; what the command writes they do not.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

SCORE = "saring score"
READ = """
import sys
import saring
{imports}
found = saring.load(sys.argv[2]).predict_frame({read})
assert len(found) == int(sys.argv[3])
"""
TABLES = {
    "pandas": READ.format(imports="import pandas as pd", read="pd.read_parquet(sys.argv[1])"),
    "polars": READ.format(imports="import polars as pl", read="pl.read_parquet(sys.argv[1])"),
    "Arrow": READ.format(imports="import pyarrow.parquet as pq", read="pq.read_table(sys.argv[1])"),
}


def measured(command: list[str], cores: list[int]) -> tuple[float, float]:
    """Return the seconds that a command takes on these cores, by the clock and of processor time."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, preexec_fn=lambda: os.sched_setaffinity(0, cores))
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("articles", type=Path, help="Parquet file, title and text")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[1] / "models" / "id-news")
    options = parser.parse_args()
    given, model, n = str(options.articles), str(options.model), pq.read_metadata(options.articles).num_rows
    available = sorted(os.sched_getaffinity(0))
    print(f"{n:,} rows, medians of {options.turns} turns\n")
    print(f"{'cores':5}  {'rows from':12}  {'articles/s':>10}  {'ratio':>5}  {'processor s':>11}  {'ratio':>5}")
    for number in options.cores:
        with tempfile.TemporaryDirectory() as scratch:
            score = [sys.executable, "-m", "saring", "score", given, "--out", str(Path(scratch, "rows.parquet"))]
            ways = {SCORE: [*score, "--model", model, "--workers", str(number), "--overwrite"]}
            ways |= {name: [sys.executable, "-c", code, given, model, str(n)] for name, code in TABLES.items()}
            measured(ways[SCORE], available[:number])  # the kernel is on the disk, and the file in memory
            turns = [
                {name: measured(way, available[:number]) for name, way in ways.items()} for _ in range(options.turns)
            ]
        for name in ways:
            wall, cpu = (statistics.median(turn[name][at] for turn in turns) for at in (0, 1))
            faster, less = (statistics.median(turn[SCORE][at] / turn[name][at] for turn in turns) for at in (0, 1))
            print(f"{number:5}  {name:12}  {n / wall:10,.0f}  {faster:5.2f}  {cpu:11.2f}  {less:5.2f}")


if __name__ == "__main__":
    main()
