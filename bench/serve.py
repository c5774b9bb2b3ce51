"""What `saring serve` does under load, beside `saring score`, and `mlflow models serve` on the same model.

    .venv/bin/python bench/serve.py ARTICLES.parquet [--rows 16000] [--seconds 20] [--mlflow] [--workers N]

Rows of the file with ``title`` and ``text`` are shuffled. All is on one machine, the clients too.

- alone: one client, one article after another: what an answer takes when nothing else is to be done.
- clients: so many at once, each with a connection of its own, asks for one article, waits for the answer, thinks for
  `THINKING` seconds, and asks again (a closed loop); every answer is held against the article that was sent.
- burst: all clients ask in the same moment, once.
- batches: requests of 1,000 articles, as many at once as there are workers, until all rows are done. `saring score`
  does the same rows, JSON Lines to JSON Lines; its rate is that of the whole command, its start included, the better
  of two.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from saring.kernel.text_arrays import cores
from saring.locate import find_bundle

HOST = "127.0.0.1"
CLIENTS = 200
THINKING = 1.0  # seconds between an answer and the client's next question
BATCH = 1_000
PATIENCE_SECONDS = 300
ALONE = 200  # articles that the one client asks for


def articles(path: Path, n: int) -> list[dict[str, Any]]:
    """Return so many articles of a file, shuffled as every run shuffles them, each with an id of its own."""
    found = pq.read_table(path, columns=["title", "text"]).to_pylist()
    random.Random(0).shuffle(found)
    return [{"id": str(n), **row} for n, row in enumerate(islice(cycle(found), n))]


class Ours:
    """`saring serve`."""

    path = "/v1/predict"
    ready = "/readyz"

    def __init__(self, workers: int) -> None:
        self.command = [sys.executable, "-m", "saring", "serve", "--workers", str(workers)]

    def body(self, rows: Sequence[dict[str, Any]]) -> bytes:
        """Return the body of a request."""
        return orjson.dumps({"articles": rows})

    def ids(self, answer: bytes) -> list[str]:
        """Return whose answers these are."""
        return [row["id"] for row in orjson.loads(answer)["rows"]]

    def compiled(self, port: int) -> bool:
        """Return whether the compiled kernel answers."""
        with urllib.request.urlopen(f"http://{HOST}:{port}/v1/model", timeout=60) as answer:
            return bool(orjson.loads(answer.read())["compiled"])


class Mlflow(Ours):
    """`mlflow models serve` on the same model."""

    path = "/invocations"
    ready = "/ping"

    def __init__(self, workers: int, folder: Path) -> None:
        store = f"sqlite:///{folder / 'mlflow.db'}"
        env = {**os.environ, "MLFLOW_TRACKING_URI": store, "SARING_MODELS": str(folder / "models")}
        subprocess.run([sys.executable, "-m", "saring", "models", "register", "id-news"], check=True, env=env)
        os.environ["MLFLOW_TRACKING_URI"] = store
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it looks for uvicorn
        self._asked = False
        self.command = [
            sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/saring/1", "--env-manager", "local",
            "--workers", str(workers),
        ]  # fmt: skip

    def body(self, rows: Sequence[dict[str, Any]]) -> bytes:
        """Return the body of a request."""
        return orjson.dumps({"dataframe_records": rows})

    def ids(self, answer: bytes) -> list[str]:
        """Return whose answers these are."""
        return [row["id"] for row in orjson.loads(answer)["predictions"]]

    def compiled(self, port: int) -> bool:
        """Return whether it has been asked: it does not say, and loads the kernel when it has many rows."""
        self._asked, before = True, self._asked
        return before


@contextmanager
def running(server: Ours) -> Iterator[int]:
    """Give the port of a server that answers, with its kernel loaded."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*server.command, "--port", str(port)], start_new_session=True)
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            with suppress(OSError):
                urllib.request.urlopen(f"http://{HOST}:{port}{server.ready}", timeout=5)
                break
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit("the server did not start")
            time.sleep(0.2)
        yield port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


class Client:
    """One connection that asks one question after another."""

    def __init__(self, server: Ours, port: int) -> None:
        self.server, self.port = server, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, rows: Sequence[dict[str, Any]]) -> float:
        """Return how many seconds the right answer took."""
        body = self.server.body(rows)
        head = f"POST {self.server.path} HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        start = time.perf_counter()
        reader, writer = self._streams = self._streams or await asyncio.open_connection(HOST, self.port)
        writer.write(head.encode() + body)
        head_of_answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        answer = await reader.readexactly(int(head_of_answer.partition("content-length:")[2].split("\r\n")[0]))
        took = time.perf_counter() - start
        if " 200 " not in head_of_answer.split("\r\n")[0] or self.server.ids(answer) != [row["id"] for row in rows]:
            raise SystemExit(f"a wrong answer: {head_of_answer[:100]} {answer[:300]!r}")
        if "connection: close" in head_of_answer:
            self.close()
        return took

    def close(self) -> None:
        """Hang up."""
        if self._streams:
            self._streams[1].close()
        self._streams = None


async def closed_loop(
    server: Ours, port: int, rows: Sequence[dict[str, Any]], clients: int, seconds: float
) -> list[float]:
    """Return what each answer took, of clients that ask, think, and ask again; they begin one after another."""
    given = cycle(rows)
    end = time.monotonic() + seconds
    found: list[float] = []

    async def one(number: int) -> None:
        client = Client(server, port)
        await asyncio.sleep(number / clients * THINKING)
        while time.monotonic() < end:
            found.append(await client.ask([next(given)]))
            await asyncio.sleep(THINKING)
        client.close()

    await asyncio.gather(*(one(number) for number in range(clients)))
    return found


async def burst(server: Ours, port: int, rows: Sequence[dict[str, Any]], clients: int) -> list[float]:
    """Return what each answer took, of clients that ask in the same moment."""
    return list(await asyncio.gather(*(Client(server, port).ask([rows[n]]) for n in range(clients))))


async def alone(server: Ours, port: int, rows: Sequence[dict[str, Any]]) -> list[float]:
    """Return what each answer took, of one client."""
    client = Client(server, port)
    return [await client.ask([row]) for row in rows[:ALONE]]


async def batches(server: Ours, port: int, rows: Sequence[dict[str, Any]], at_once: int) -> float:
    """Return the articles a second of requests of a thousand."""
    waiting = iter([rows[first : first + BATCH] for first in range(0, len(rows), BATCH)])
    start = time.perf_counter()

    async def one() -> None:
        client = Client(server, port)
        for batch in waiting:
            await client.ask(batch)

    await asyncio.gather(*(one() for _ in range(at_once)))
    return len(rows) / (time.perf_counter() - start)


def score_rate(rows: Sequence[dict[str, Any]], folder: Path, workers: int) -> float:
    """Return the articles a second of `saring score`."""
    source = folder / "rows.jsonl"
    source.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    words = [sys.executable, "-m", "saring", "score", source, "--out", folder / "out.jsonl", "--overwrite"]
    took = []
    for _ in range(2):
        start = time.perf_counter()
        subprocess.run([*words, "--workers", str(workers)], check=True, capture_output=True)
        took.append(time.perf_counter() - start)
    return len(rows) / min(took)


def told(name: str, seconds: Sequence[float]) -> str:
    """Return a line of the table."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    shown = (f"{1000 * value:8.1f}" for value in (cuts[49], cuts[94], cuts[98], max(seconds)))
    return f"{name:<34}{len(seconds):>8,}{''.join(shown)}"


def measured(server: Ours, rows: Sequence[dict[str, Any]], seconds: float, workers: int) -> float:
    """Print a server's figures; return its articles a second in batches."""
    print(f"{'milliseconds':<34}{'answers':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}")
    with running(server) as port:
        while not server.compiled(port):
            asyncio.run(batches(server, port, rows[: 4 * BATCH], workers))  # loads what is loaded on first use
        print(told("alone", asyncio.run(alone(server, port, rows))))
        start = time.perf_counter()
        found = asyncio.run(closed_loop(server, port, rows, CLIENTS, seconds))
        rate = len(found) / (time.perf_counter() - start)
        print(told(f"{CLIENTS} clients, {rate:.0f} articles a second", found))
        print(told(f"{CLIENTS} clients in one moment", asyncio.run(burst(server, port, rows, CLIENTS))))
        of_batches = max(asyncio.run(batches(server, port, rows, workers)) for _ in range(2))
    print(f"batches of {BATCH:,}: {of_batches:,.0f} articles a second")
    return of_batches


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--rows", type=int, default=16_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument(
        "--mlflow", action="store_true", help="also `mlflow models serve`, which takes a minute to start"
    )
    options = parser.parse_args()
    rows = articles(options.articles, options.rows)
    print(f"{options.rows:,} articles, {options.workers} workers, model {find_bundle().folder.name}")
    with tempfile.TemporaryDirectory() as folder:
        print("\nsaring serve")
        ours = measured(Ours(options.workers), rows, options.seconds, options.workers)
        score = score_rate(rows, Path(folder), options.workers)
        print(f"saring score: {score:,.0f} articles a second; batches are {ours / score:.0%} of it")
        if options.mlflow:
            print("\nmlflow models serve")
            measured(Mlflow(options.workers, Path(folder)), rows, options.seconds, options.workers)


if __name__ == "__main__":
    main()
