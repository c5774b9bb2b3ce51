"""How well saved web pages are read, as four figures.

    python bench/pages.py ../shared/data/html

The folder holds pages and a `labels.jsonl` with, for each page, its `file`, `title`, `date`,
strings the text must have (`body_has`) and must lack (`body_lacks`), and the teasers that stand in
the body (`links`, each with its `headline`). Each figure is given twice: for the text as read,
where a teaser is a line of marker and headline, and for the article that `parse` makes of it,
where the strings are looked for in the body and the teasers among the links.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from saring.article import Article, Record
from saring.html.page import page_record
from saring.parsing.engine import parse

NAMES = ("body_has kept", "body_lacks absent", "titles right", "teasers found", "dates right")


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


def main() -> None:
    """Print the figures of a folder, and each miss before them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[str] = Counter()
    for line in (folder / "labels.jsonl").read_bytes().splitlines():
        label = orjson.loads(line)
        sizes = [len(label["body_has"]), len(label["body_lacks"]), 1, len(label["links"]), 1]
        total.update(dict(zip(NAMES, sizes, strict=True)))
        record = page_record((folder / label["file"]).read_bytes(), label["file"])
        for stage, of in (("as read", record), ("parsed", parse(record))):
            for name, wrong in missed(label, of).items():
                right[name, stage] += dict(zip(NAMES, sizes, strict=True))[name] - len(wrong)
                for item in wrong:
                    print(f"{label['file']}, {stage}: {name}, not so: {item}")
    print(f"{'':18} {'of':>5} {'as read':>8} {'parsed':>8}")
    for name in NAMES:
        shares = [right[name, stage] / max(1, total[name]) for stage in ("as read", "parsed")]
        print(f"{name:18} {total[name]:5} {shares[0]:8.3f} {shares[1]:8.3f}")


if __name__ == "__main__":
    main()
