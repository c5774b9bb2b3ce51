"""Articles a second of `saring score` from Parquet and JSON Lines, and what one article waits.

    .venv/bin/python bench/rates.py ARTICLES.parquet... [--rows 150000] [--workers 2]

Rows of files with ``title`` and ``text`` are shuffled, and repeated under other titles until there
are enough. A rate is that of the whole command, its start included; the best of `TURNS`. One
article waits in a process that has loaded model and kernel: the median over real ones with so many
links.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

import saring
from saring.kernel.scoring import prepare
from saring.parsing.engine import parse

COLUMNS = ("title", "text", "publisher", "date", "url")
TURNS = 3
FORMATS = (".parquet", ".jsonl")
GROUP_ROWS = 20_000  # of the input's row groups
LINKS = (0, 1, 3)
ASKED = 300  # articles of each number of links


def articles(paths: list[Path]) -> list[dict[str, Any]]:
    """Return the rows of Parquet files, shuffled as every run shuffles them."""
    found = []
    for path in paths:
        names = [name for name in COLUMNS if name in pq.read_schema(path).names]
        found += pq.read_table(path, columns=names).to_pylist()
    random.Random(0).shuffle(found)
    return found


def write(rows: list[dict[str, Any]], n: int, path: Path) -> None:
    """Write so many rows as JSON Lines and as Parquet, repeated under other titles."""
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    with (
        path.with_suffix(".jsonl").open("wb") as lines,
        pq.ParquetWriter(path.with_suffix(".parquet"), schema, compression="zstd") as table,
    ):
        for first in range(0, n, GROUP_ROWS):
            numbers = range(first, min(n, first + GROUP_ROWS))
            part = [rows[i % len(rows)] | {"title": f"{rows[i % len(rows)]['title'] or ''} {i}"} for i in numbers]
            lines.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in part)
            table.write_table(pa.Table.from_pylist(part, schema))


def rates(rows: list[dict[str, Any]], n: int, words: list[str]) -> None:
    """Print how fast the command scores files."""
    chars = sum(len(row["text"] or "") for row in rows) / len(rows)
    print(f"{n:,} articles of {chars:,.0f} characters, {' '.join(words)}")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "in"
        write(rows, n, path)
        for suffix in FORMATS:
            taken = []
            for _ in range(TURNS):
                given, out = path.with_suffix(suffix), path.with_name("out.parquet")
                command = [sys.executable, "-m", "saring", "score", given, "--out", out]
                started = time.perf_counter()
                subprocess.run([*map(str, command), "--overwrite", *words], check=True, capture_output=True)
                taken.append(time.perf_counter() - started)
            print(f"{suffix[1:]:8} {min(taken):7.1f} s  {n / min(taken):8,.0f} articles/s")


def waits(rows: list[dict[str, Any]], model: saring.Model) -> None:
    """Print what one article takes in a process that is warm."""
    prepare()
    asked: dict[int, list[dict[str, Any]]] = {links: [] for links in LINKS}
    for row in rows:
        given = {"title": row["title"] or "", "text": row["text"] or ""}
        group = asked.get(len(parse(given).links))
        if group is not None and len(group) < ASKED:
            group.append(given)
    for links, group in asked.items():
        model.predict(group)
        taken = []
        for row in group:
            started = time.perf_counter()
            model.predict([row])
            taken.append(time.perf_counter() - started)
        middle = statistics.median(taken) * 1e3 if taken else float("nan")
        print(f"one article with {links} links: {middle:.2f} ms, median of {len(taken)}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("articles", type=Path, nargs="+", help="Parquet files, title and text")
    parser.add_argument("--rows", type=int, default=150_000)
    parser.add_argument("--workers", default="2")
    parser.add_argument("--model", default=Path(__file__).parents[1] / "models" / "id-news")
    options = parser.parse_args()
    rows = articles(options.articles)
    waits(rows, saring.load(options.model))
    rates(rows, options.rows, ["--workers", options.workers, "--model", str(options.model)])


if __name__ == "__main__":
    main()
