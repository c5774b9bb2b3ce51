"""Pages of a web archive and of a folder, scored by one process and by two: rate and memory over time.

    python bench/archives.py FOLDER --pages 3000 --workers 1 2 [--kind warc folder]

FOLDER holds saved pages (.html); they are repeated under other titles and addresses until there are enough. Each run is
a command of its own. Memory is that of all its processes, shared pages counted once (PSS), in each fifth of its time.
"""

from __future__ import annotations

import argparse
import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scale import POLL_SECONDS, Meter, tree, used

RECORD = (
    "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{0:032x}>\r\nWARC-Date: 2026-11-01T00:00:00Z\r\n"
    "WARC-Target-URI: https://example.id/{0}\r\nContent-Type: application/http; msgtype=response\r\n"
    "Content-Length: {1}\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
)
HTTP_BYTES = len(RECORD.partition("{1}\r\n\r\n")[2])
FOLDER_PAGES = 1_000  # in one folder
FIFTHS = 5


def pages(folder: Path, count: int) -> Iterator[bytes]:
    """Yield so many pages, each unlike all others."""
    found = [path.read_bytes() for path in sorted(folder.glob("*.html"))]
    for number in range(count):
        page = found[number % len(found)]
        yield page.replace(b"<title>", b"<title>%d " % number, 1)


def make_warc(folder: Path, count: int, place: Path) -> Path:
    """Return a .warc.gz of so many pages."""
    path = place / "pages.warc.gz"
    with path.open("wb") as file:
        for number, page in enumerate(pages(folder, count)):
            record = RECORD.format(number, HTTP_BYTES + len(page)).encode() + page + b"\r\n\r\n"
            file.write(gzip.compress(record, 1))
    return path


def make_folder(folder: Path, count: int, place: Path) -> Path:
    """Return a folder of so many pages."""
    for number, page in enumerate(pages(folder, count)):
        path = place / "pages" / f"{number // FOLDER_PAGES:04}" / f"{number}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page)
    return place / "pages"


def run(given: Path, words: list[str], place: Path) -> tuple[float, float, list[float]]:
    """Return seconds, processor seconds and megabytes in each fifth of the time of scoring what is given."""
    out = place / "rows.parquet"
    command = [sys.executable, "-m", "saring", "score", str(given), "--out", str(out), "--overwrite", *words]
    meter = Meter([])
    looks: list[tuple[float, float]] = []
    begun = time.monotonic()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            meter.look(process.pid)
            memory = sum(found[3] for pid in tree([process.pid]) if (found := used(pid)) is not None)
            looks.append((time.monotonic() - begun, memory))
            time.sleep(POLL_SECONDS)
        assert process.stderr is not None
        said = process.stderr.read()
    wall = time.monotonic() - begun
    if process.returncode not in (0, 3):
        raise SystemExit(said)
    peaks = [
        max((memory for at, memory in looks if fifth <= FIFTHS * at / wall < fifth + 1), default=0.0)
        for fifth in range(FIFTHS)
    ]
    return wall, float(meter.total()[0]), peaks


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--kind", nargs="+", choices=["warc", "folder"], default=["warc"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--place", type=Path, help="where the pages are made (default: the system's temporary folder)")
    options, more = parser.parse_known_args()
    print("| input | workers | pages | seconds | pages/s | CPU s | pages/CPU s | MB in each fifth of the time |")
    print("|---|--:|--:|--:|--:|--:|--:|---|")
    for kind in options.kind:
        with tempfile.TemporaryDirectory(dir=options.place) as name:
            make = {"warc": make_warc, "folder": make_folder}[kind]
            given = make(options.folder, options.pages, Path(name))
            for workers in options.workers * options.rounds:
                wall, cpu, peaks = run(given, ["--workers", str(workers), *more], Path(name))
                rates = f"{wall:.1f} | {options.pages / wall:.0f} | {cpu:.1f} | {options.pages / cpu:.0f}"
                print(f"| {kind} | {workers} | {options.pages:,} | {rates} | {', '.join(f'{p:.0f}' for p in peaks)} |")


if __name__ == "__main__":
    main()
