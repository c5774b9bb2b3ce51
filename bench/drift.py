"""Whether `saring drift` names the rot that there is, and nothing where there is none.

    python bench/drift.py ARTICLES.parquet [SEED]

The rows of the month with most articles are split by chance. One half stands for the month before; the other is left
as it is (50 times: each alarm is a false one), or one publisher's articles in it rot before they are scored: a marker
is renamed, most of the text is lost, dates or letters break. Then the alarm should name that publisher and that cause,
and no other. Nothing of the texts is kept.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from saring import load
from saring.drift import Drift, compare_profiles
from saring.profiles import profile_rows

HALVES = 50
MIN_ROWS = 200  # of a publisher that rots: what 30 articles can tell is for the tests
MARKER = re.compile(r"\b(baca|simak|lihat) juga\b|\bpilihan editor\b", re.IGNORECASE)
Article = Mapping[str, Any]


def renamed(article: Article) -> Article:
    """Return an article whose teasers begin with other words."""
    return {**article, "text": MARKER.sub("Simak Pula Nih", article["text"])}


def torn(article: Article) -> Article:
    """Return the first third of an article, as where a container is no longer read."""
    text = article["text"]
    return {**article, "text": text[: text.find(".", len(text) // 3) + 1] or text[: len(text) // 3]}


def undated(article: Article) -> Article:
    """Return an article without its date."""
    return {**article, "date": None}


def garbled(article: Article) -> Article:
    """Return an article in letters that stand for others, as from a font of the portal's own."""
    letters = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
    return {**article, "text": article["text"].translate(letters)}


def emptied(article: Article) -> Article:
    """Return every other article without title and text."""
    return article if int(article["id"][1:]) % 2 else {**article, "title": "", "text": ""}


ROT: Mapping[str, Callable[[Article], Article]] = {
    "teasers": renamed, "text": torn, "date": undated, "content": garbled, "errors": emptied
}  # fmt: skip


def scored(articles: Iterable[Article]) -> list[dict[str, Any]]:
    """Return the rows of articles."""
    return [found.row() for found in load().pipe(articles, 1024)]


def told(drift: Drift) -> list[tuple[str, str]]:
    """Return publisher and cause of each alarm."""
    return [(found.publisher, found.cause) for found in drift.alarms]


def main(words: list[str]) -> int:
    """Print what was found."""
    if not words:
        print(__doc__, file=sys.stderr)
        return 2
    rng = np.random.default_rng(int(words[1]) if len(words) > 1 else 0)
    articles = pq.read_table(words[0]).to_pylist()
    rows = scored(articles)
    months = Counter(row["published"][:7] for row in rows if row["published"])
    month = months.most_common(1)[0][0]
    chosen = [i for i, row in enumerate(rows) if (row["published"] or "").startswith(month)]
    print(f"{len(rows):,} rows; {month}: {len(chosen):,}")

    def halves() -> tuple[list[int], list[int]]:
        mixed = rng.permutation(chosen).tolist()
        return mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]

    false = notes = 0
    for _ in range(HALVES):
        before, now = (profile_rows(rows[i] for i in half) for half in halves())
        drift = compare_profiles(before, now)
        false += bool(drift.alarms)
        notes += sum(found.n_before > 0 for found in drift.notes)
        for found in drift.alarms:
            print(f"  false: {found.sentence()}")
    print(f"{HALVES} random halves: {false} with an alarm, {notes} notes on figures")

    half, other = halves()
    before = profile_rows(rows[i] for i in half)
    sizes = Counter(rows[i]["publisher"] for i in other)
    wrong = 0
    for cause, rot in ROT.items():
        for publisher in [name for name, n in sizes.items() if name and n >= MIN_ROWS]:
            has_teasers = before.of(publisher).with_links / before.of(publisher).scored
            if cause == "teasers" and has_teasers < 0.05:
                continue
            mine = [i for i in other if rows[i]["publisher"] == publisher]
            rest = [rows[i] for i in other if rows[i]["publisher"] != publisher]
            drift = compare_profiles(before, profile_rows([*rest, *scored(rot(articles[i]) for i in mine)]))
            right = told(drift) == [(publisher, cause)]
            wrong += not right
            print(f"{cause} of {publisher} ({len(mine)} articles): {'right' if right else f'WRONG {told(drift)}'}")
            for found in drift.alarms:
                print(f"    {found.sentence()}")
    print(f"rot: {wrong} not named, or not alone")
    return int(false > 1 or wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
