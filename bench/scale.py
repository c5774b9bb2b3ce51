"""What scoring costs as the number of articles grows, here and on Spark: a Markdown page.

    python bench/scale.py ARTICLES.parquet --rows 10000 100000 1000000 > bench/scale.md

Articles are repeated under other ids and titles until there are enough. Each run is a command of
its own; all its processes are watched in /proc, those of a Spark cluster on this machine's loopback
as well. The command's own input is dropped from the page cache first, so bytes read are read.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.optimize import nnls

from saring.kernel.scoring import prepare

ROOT = Path(__file__).parents[1]
COLUMNS = ("id", "title", "text", "publisher", "date")
GROUP_ROWS = 2_000  # of the input's row groups, which Spark's tasks share out
POLL_SECONDS = 0.25
TICKS = os.sysconf("SC_CLK_TCK")
MILLION, BILLION = 1_000_000, 1_000_000_000
DAY_SECONDS = 86_400
DISK_MB_S = 200  # of one plain disk, to compare the processor with
CORES = 100  # of the cluster that the archive is reckoned for
PROFILED_ROWS = 2_000
SPARK_SETTINGS = {"spark.executor.memory": "1g", "spark.sql.files.maxPartitionBytes": "8m", "spark.driver.memory": "1g"}
WORKER_MB = 1_400


@dataclass(frozen=True)
class Cost:
    """What one run cost: seconds, bytes, and megabytes of memory at its peak."""

    engine: str
    workers: int
    rows: int
    wall: float
    cpu: float
    memory: float
    read: float
    written: float


@dataclass
class Meter:
    """Watches processes and all they start; numbers of one that has ended stay."""

    roots: list[int]
    before: dict[int, np.ndarray] = field(default_factory=dict)
    last: dict[int, np.ndarray] = field(default_factory=dict)
    peak: float = 0.0

    def begin(self) -> None:
        """Note what the processes had used before."""
        for pid in tree(self.roots):
            if (found := used(pid)) is not None:
                self.before[pid] = found[:3]

    def look(self, more: int) -> None:
        """Note what they have used, and what the process `more` and its own have."""
        memory = 0.0
        for pid in tree([*self.roots, more]):
            if (found := used(pid)) is not None:
                self.last[pid] = found[:3]
                memory += found[3]
        self.peak = max(self.peak, memory)

    def total(self) -> np.ndarray:
        """Return seconds of CPU, bytes read, bytes written."""
        return sum((found - self.before.get(pid, np.zeros(3)) for pid, found in self.last.items()), np.zeros(3))


def tree(roots: list[int]) -> set[int]:
    """Return processes and all that they have started."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(path.parent.name))
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += parents.get(pid, [])
    return found


def used(pid: int) -> np.ndarray | None:
    """Return a process's CPU seconds, bytes read and written, and megabytes; None once it ended."""
    place = Path(f"/proc/{pid}")
    try:
        times = (place / "stat").read_text().rpartition(")")[2].split()
        io = dict(line.split(": ") for line in (place / "io").read_text().splitlines())
        rollup = (place / "smaps_rollup").read_text()
    except OSError:
        return None
    pss = next((int(x.split()[1]) for x in rollup.splitlines() if x.startswith("Pss:")), 0)
    cpu = (int(times[11]) + int(times[12])) / TICKS
    return np.array([cpu, int(io["read_bytes"]), int(io["write_bytes"]), pss / 1024])


def make_input(articles: Path, rows: int, path: Path) -> Path:
    """Return a Parquet file of so many articles, repeated under other ids and titles."""
    table = pq.read_table(articles)
    names = [name for name in COLUMNS if name in table.column_names]
    start = table.select(names).to_pylist()
    with contextlib.ExitStack() as opened:
        writer = None
        for first in range(0, rows, GROUP_ROWS):
            numbers = range(first, min(rows, first + GROUP_ROWS))
            part = [
                start[n % len(start)] | {"id": str(n), "title": f"{start[n % len(start)]['title'] or ''} {n}"}
                for n in numbers
            ]
            batch = pa.Table.from_pylist(part)
            if writer is None:
                schema = batch.schema
                writer = opened.enter_context(pq.ParquetWriter(path, schema, compression="zstd"))
            writer.write_table(batch.cast(schema))
    return path


def measure(engine: str, workers: int, rows: int, path: Path, words: list[str], meter: Meter) -> Cost:
    """Return what scoring a file costs."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        out = Path(folder) / "rows.parquet"
        command = [sys.executable, "-m", "saring", "score", path, "--out", out, *words]
        meter.begin()
        begun = time.monotonic()
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            while process.poll() is None:
                meter.look(process.pid)
                time.sleep(POLL_SECONDS)
            told = process.stderr.read() if process.stderr else ""
        wall = time.monotonic() - begun
        if process.returncode not in (0, 3) or f"{rows:,} rows = " not in told:
            raise SystemExit(f"{engine}, {workers} workers, {rows:,} rows: {told[-2000:]}")
    cpu, read, written = map(float, meter.total())
    return Cost(engine, workers, rows, wall, cpu, meter.peak, read, written)


def measure_spark(workers: int, rows: int, path: Path, model: list[str]) -> Cost:
    """Return what scoring a file costs on a cluster of so many workers, of one core each."""
    from sparkcluster import running

    folder = Path(tempfile.mkdtemp(dir=path.parent))
    settings = {**SPARK_SETTINGS, "spark.cores.max": str(workers)}
    with running(folder, workers, settings, memory_mb=WORKER_MB, cores=1) as cluster:
        words = ["--engine", "spark", "--master", cluster.master, *model]
        meter = Meter([process.pid for process in cluster.workers])
        return measure("Spark", workers, rows, path, words, meter)


def stages(path: Path, model_path: str | None) -> dict[str, float]:
    """Return the share of each step in scoring, in one process."""
    from saring.io.records import read
    from saring.io.writers import SUFFIXES
    from saring.parsing.engine import parse
    from saring.predict import load
    from saring.schema import kinds, prediction_columns

    prepare()
    model = load(model_path)
    marks = [time.perf_counter()]
    taken: list[float] = []

    def lap() -> None:
        marks.append(time.perf_counter())
        taken.append(marks[-1] - marks[-2])

    for warm in (True, False):
        taken.clear()
        records = [record for record, _ in zip(read(path), range(PROFILED_ROWS), strict=False)]
        lap()
        articles = [parse(record) for record in records]
        lap()
        rows = [p.row() for p in model.predict(articles)]
        lap()
        SUFFIXES[".parquet"](kinds(prediction_columns(model.topics))).part(rows)
        lap()
        del warm
    names = ("reading", "finding links and boilerplate", "the models", "writing")
    return {name: seconds / sum(taken) for name, seconds in zip(names, taken, strict=True)}


def fitted(rows: list[int], values: list[float]) -> tuple[float, float, float]:
    """Return what starting costs, what each row costs, and the exponent of growth at the end."""
    if len(rows) == 1:
        return 0.0, values[0] / rows[0], math.nan
    found = np.maximum(values, 1e-9)
    # By relative error, so that the small sizes are not drowned by the large.
    design = np.stack([1 / found, np.array(rows) / found], axis=1)
    (start, each), _ = nnls(design, np.ones(len(rows)))
    exponent = np.log(found[-1] / found[-2]) / np.log(rows[-1] / rows[-2])
    return float(start), float(each), float(exponent)


def page(costs: list[Cost], shares: dict[str, float]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# What scoring costs as the number of articles grows\n"
    yield f"Made by `python bench/scale.py` on {os.cpu_count()} cores. Memory is the peak of all"
    yield "processes together, shared pages counted once (PSS); bytes are those of the disk.\n"
    yield "| engine | workers | rows | seconds | rows/s | CPU s | peak MB | read MB | written MB |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for c in costs:
        yield (
            f"| {c.engine} | {c.workers} | {c.rows:,} | {c.wall:,.1f} | {c.rows / c.wall:,.0f} | "
            f"{c.cpu:,.1f} | {c.memory:,.0f} | {c.read / 1e6:,.0f} | {c.written / 1e6:,.0f} |"
        )
    yield "\n## Per million articles, and the growth\n"
    yield "Fitted: cost = start + rows x each, neither below 0. Growth is the exponent of rows from"
    yield "the last size but one to the last: 1 where cost is linear, less while starting weighs.\n"
    yield "| engine | workers | start CPU s | CPU s | growth | seconds | read MB | written MB |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    each: dict[tuple[str, int], dict[str, float]] = {}
    for key in dict.fromkeys((c.engine, c.workers) for c in costs):
        own = [c for c in costs if (c.engine, c.workers) == key]
        sizes = [c.rows for c in own]
        start, cpu, growth = fitted(sizes, [c.cpu for c in own])
        rest = {n: fitted(sizes, [getattr(c, n) for c in own])[1] for n in ("wall", "read", "written")}
        each[key] = {"cpu": cpu, **rest}
        shown = "-" if math.isnan(growth) else f"{growth:.2f}"
        yield (
            f"| {key[0]} | {key[1]} | {start:,.1f} | {cpu * MILLION:,.0f} | {shown} | "
            f"{rest['wall'] * MILLION:,.0f} | {rest['read']:,.0f} | {rest['written']:,.0f} |"
        )
    yield "\n## A billion articles: ten years of all portals\n"
    yield f"| engine | workers | CPU days | days here | on {CORES} cores | read TB | written TB |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for (engine, workers), cost in each.items():
        days = cost["cpu"] * BILLION / DAY_SECONDS
        yield (
            f"| {engine} | {workers} | {days:,.1f} | {cost['wall'] * BILLION / DAY_SECONDS:,.1f} | "
            f"{days / CORES:,.2f} | {cost['read'] / 1000:,.2f} | {cost['written'] / 1000:,.2f} |"
        )
    yield from bottleneck(each, shares)


def bottleneck(each: dict[tuple[str, int], dict[str, float]], shares: dict[str, float]) -> Iterator[str]:
    """Yield what holds the work up, as measured."""
    for engine, workers in sorted(each):
        cost = each[engine, workers]
        disk = (cost["read"] + cost["written"]) / 1e6 / DISK_MB_S
        yield (
            f"\n{engine}, {workers} workers: the bottleneck is the "
            f"{'processor' if cost['cpu'] > disk else 'disk'}; an article takes "
            f"{cost['cpu'] * 1e6:,.0f} µs of a core and {disk * 1e6:,.0f} µs of a disk of "
            f"{DISK_MB_S} MB/s."
        )
    yield "\nWithin a process, " + ", ".join(f"{name} takes {x:.0%}" for name, x in shares.items())
    yield "of the time. Rows do not meet: there is no shuffle and no state that grows with their"
    yield "number. With Spark, the files' readers and the Python processes share each core."
    for engine in dict.fromkeys(engine for engine, _ in each):
        if (engine, 1) in each and (engine, 2) in each:
            one, two = each[engine, 1]["wall"], each[engine, 2]["wall"]
            if one and two:  # 0 where sizes are too small to tell starting from working
                yield f"\n{engine}: two workers are {one / two:.2f} times as fast as one."


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("articles", type=Path, help="Parquet file with id, title and text")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, MILLION])
    parser.add_argument("--engine", nargs="+", choices=["local", "spark"], default=["local", "spark"])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--model", help="a bundle (default: as `saring score` finds it)")
    parser.add_argument("--scratch", type=Path, help="folder for inputs and outputs")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))  # the cluster that the tests start
    model = ["--model", options.model] if options.model else []
    prepare()  # compiles the kernel where that was never done, which no run shall pay for
    costs: list[Cost] = []
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        path = Path(scratch) / "in.parquet"
        for rows in options.rows:
            make_input(options.articles, rows, path)
            for engine in options.engine:
                for workers in options.workers:
                    if engine == "spark":
                        costs.append(measure_spark(workers, rows, path, model))
                    else:
                        words = ["--workers", str(workers), *model]
                        costs.append(measure("local", workers, rows, path, words, Meter([])))
                    print(costs[-1], file=sys.stderr)
        costs.sort(key=lambda cost: (cost.engine != "local", cost.workers, cost.rows))
        shares = stages(path, options.model)
    print("\n".join(page(costs, shares)))


if __name__ == "__main__":
    main()
