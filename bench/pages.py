"""How well and how fast saved web pages are read, beside trafilatura and resiliparse.

    pip install -r bench/requirements.txt
    python bench/pages.py ../shared/data/html

The speed is pages a second of one core, by processor time: the median of rounds in which each tool reads all pages in
turn. saring is timed as a whole, from a page's bytes to the parsed article. Any folder with pages will do for it.

For the quality the folder holds a `labels.jsonl` with, for each page, its `file`, `title`, `date`,
strings the text must have (`body_has`) and must lack (`body_lacks`), and the teasers that stand in
the body (`links`, each with its `headline`). Each figure is given twice: for the text as read,
where a teaser is a line of marker and headline, and for the article that `parse` makes of it,
where the strings are looked for in the body and the teasers among the links. Of the other tools' text the share of the
strings is told that it has and lacks.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from saring.article import Article, Record
from saring.html.page import page_record
from saring.parsing.engine import parse

NAMES = ("body_has kept", "body_lacks absent", "titles right", "teasers found", "dates right")
KINDS = (("body_has", "kept"), ("body_lacks", "absent"))


def flat(text: str) -> str:
    """Return a text with its white space collapsed."""
    return " ".join(text.split())


def teaser_lines(record: Record) -> set[str]:
    """Return the headlines of the lines of a text that are a marker and a headline."""
    lines = (flat(line).partition(": ") for line in record.text.split("\n"))
    return {headline for _, colon, headline in lines if colon}


def missed(label: dict[str, Any], of: Record | Article) -> dict[str, list[str]]:
    """Return what is wrong with a page, by the figure it counts against."""
    read = isinstance(of, Record)
    body = flat(of.text if read else of.body)
    teasers = teaser_lines(of) if read else {flat(link.headline) for link in of.links}
    return {
        "body_has kept": [s for s in label["body_has"] if flat(s) not in body],
        "body_lacks absent": [s for s in label["body_lacks"] if flat(s) in body],
        "titles right": [of.title] * (flat(of.title) != flat(label["title"])),
        "teasers found": [x["headline"] for x in label["links"] if flat(x["headline"]) not in teasers],
        "dates right": [of.published] * (of.published[:10] != label["date"]),
    }


def readers() -> dict[str, Callable[[bytes], str]]:
    """Return what makes text of a page, by tool; the others are left out where they are not installed."""
    found: dict[str, Callable[[bytes], str]] = {"saring": lambda html: parse(page_record(html, "page")).body}
    try:
        from trafilatura import extract

        found["trafilatura"] = lambda html: extract(html) or ""
    except ImportError:
        print("trafilatura is not installed")
    try:
        from resiliparse.extract.html2text import extract_plain_text
        from resiliparse.parse.encoding import bytes_to_str, detect_encoding

        found["resiliparse"] = lambda html: extract_plain_text(
            bytes_to_str(html, detect_encoding(html)), main_content=True
        )
    except ImportError:
        print("resiliparse is not installed; see bench/requirements.txt")
    return found


def pages_a_second(
    tools: Mapping[str, Callable[[bytes], str]], pages: Sequence[bytes], rounds: int
) -> dict[str, float]:
    """Return the median speed of each tool over rounds in which all take their turn, the first round left out."""
    speeds: dict[str, list[float]] = {name: [] for name in tools}
    for _ in range(rounds + 1):
        gc.collect()
        gc.freeze()  # as the workers do: what the tools have loaded is not searched for garbage
        for name, read in tools.items():
            begun = time.process_time()
            for page in pages:
                read(page)
            speeds[name].append(len(pages) / (time.process_time() - begun))
    return {name: statistics.median(found[1:]) for name, found in speeds.items()}


def main() -> None:
    """Print each miss, the figures of a folder, and the speeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    tools = readers()
    if (folder / "labels.jsonl").exists():
        quality(folder, tools)
    pages = [path.read_bytes() for path in sorted(folder.glob("**/*.htm*"))]
    if not pages:
        parser.error(f"{folder} holds no pages")
    sizes = sorted(len(page) for page in pages)
    mean = sum(sizes) / len(pages) / 1000
    print(f"\n{len(pages)} pages of {mean:.0f} kB on average, {sizes[0]:,} to {sizes[-1]:,} bytes")
    for name, speed in pages_a_second(tools, pages, arguments.rounds).items():
        print(f"{name:18} {speed:8.0f} pages/s a core")


def quality(folder: Path, tools: Mapping[str, Callable[[bytes], str]]) -> None:
    """Print the figures of a labelled folder, and each of saring's misses before them."""
    others: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[str] = Counter()
    for line in (folder / "labels.jsonl").read_bytes().splitlines():
        label = orjson.loads(line)
        sizes = [len(label["body_has"]), len(label["body_lacks"]), 1, len(label["links"]), 1]
        total.update(dict(zip(NAMES, sizes, strict=True)))
        html = (folder / label["file"]).read_bytes()
        record = page_record(html, label["file"])
        for tool, read in tools.items():
            text = flat(read(html))
            others[tool, "body_has"] += sum(flat(one) in text for one in label["body_has"])
            others[tool, "body_lacks"] += sum(flat(one) not in text for one in label["body_lacks"])
        for stage, of in (("as read", record), ("parsed", parse(record))):
            for name, wrong in missed(label, of).items():
                right[name, stage] += dict(zip(NAMES, sizes, strict=True))[name] - len(wrong)
                for item in wrong:
                    print(f"{label['file']}, {stage}: {name}, not so: {item}")
    print(f"{'':18} {'of':>5} {'as read':>8} {'parsed':>8}")
    for name in NAMES:
        shares = [right[name, stage] / max(1, total[name]) for stage in ("as read", "parsed")]
        print(f"{name:18} {total[name]:5} {shares[0]:8.3f} {shares[1]:8.3f}")
    print()
    for tool in tools:
        kept, absent = (others[tool, kind] / max(1, total[f"{kind} {what}"]) for kind, what in KINDS)
        print(f"{tool:18} body_has kept {kept:.3f}, body_lacks absent {absent:.3f}")


if __name__ == "__main__":
    main()
