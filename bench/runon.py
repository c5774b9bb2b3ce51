"""How often the end of a headline is found in text that lost its line breaks; and its fit.

::

    python bench/runon.py ../shared/data/news/articles.parquet   # the table, per publisher
    python bench/runon.py --fit --click-id ../shared/data/click-id   # writes parsing/runon.toml
    python bench/runon.py --left-out --click-id ../shared/data/click-id   # unseen publishers

The truth is the parse of the articles as they lie, with teasers on lines of their own. They are then
written in each of `FORMS`, where nothing tells the end of a headline, and the parse must find the same
headlines; the form of news-watch comes first, as most of its scrapers write it. The
fit reads the embedded corpus and CLICK-ID, printed as run-on text (`runon_text.py`) in the ways
portals' texts arrive, and never the articles of the table.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from runon_fit import SEED, accuracy, examples, fitted, write
from runon_text import Source, read_click_id, read_corpus

from saring.parsing.engine import parse

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "data" / "corpus" / "articles.jsonl"
OUT = ROOT / "src" / "saring" / "parsing" / "runon.toml"

CORPUS_TIMES = 2  # the corpus's teasers are real to their hosts, but few: each is printed twice
LEFT_OUT = (  # publishers of CLICK-ID, a third of its articles each time
    {"tempo", "kapanlagi", "fimela"},
    {"okezone", "tribunnews", "wowkeren"},
    {"kompas", "sindonews", "posmetro-medan"},
)
_BREAKS = re.compile(r"\s*[\r\n]+\s*")
FORMS: dict[str, Callable[[str], str]] = {  # how an article's text comes without line breaks
    # BeautifulSoup's get_text(separator=" ", strip=True): 48 of news-watch's 55 scrapers, or their paragraphs so joined
    "news-watch (paragraphs joined by spaces)": lambda text: _BREAKS.sub(" ", text.strip()),
    "line breaks replaced by nothing": lambda text: _BREAKS.sub("", text.strip()),
}


def fit_all(click_id: Path) -> None:
    """Fit on all articles and write the model."""
    write(fitted([(read_click_id(click_id), 1), (read_corpus(CORPUS), CORPUS_TIMES)]), OUT)


def measure_left_out(click_id: Path) -> None:
    """Print how often the end is found in articles of publishers that the fit has not seen."""
    real, corpus = read_click_id(click_id), read_corpus(CORPUS)
    for held in LEFT_OUT:
        model = fitted([(real.without(held), 1), (corpus, CORPUS_TIMES)])
        unseen = real.only(held)
        some = Source(unseen.texts[::3], unseen.headlines)
        share = accuracy(model.weights, examples([(some, 1)], model.odds, SEED + 1))
        print(f"{', '.join(sorted(held)):<40} {share:.1%}", flush=True)


def measure(path: Path, half: int | None, show: int, titled: bool) -> None:
    """Print how many headlines survive the loss of line breaks, per publisher."""
    import pandas as pd

    frame = pd.read_parquet(path)
    frame = frame[frame["baca_juga_clean"] > 0]
    if half is not None:
        frame = frame.sample(frac=1, random_state=SEED).iloc[half::2]
    for name, written in FORMS.items():
        hits: dict[str, list[bool]] = defaultdict(list)
        misses: list[tuple[str, str]] = []
        for row in frame.itertuples():
            title = (row.title or "-") if titled else "-"
            truth = headlines(row.text, title)
            found = headlines(written(row.text), title)
            hits[row.publisher] += [headline in found for headline in truth]
            misses += [(headline, closest(headline, found)) for headline in truth - found]
        report(name, hits)
        for headline, instead in random.Random(SEED).sample(misses, min(show, len(misses))):
            print(f"    {headline}\n    -> {instead}")


def headlines(text: str, title: str) -> set[str]:
    """Return the headlines of the links in a text."""
    return {link.headline for link in parse({"text": text, "title": title}).links}


def closest(headline: str, found: set[str]) -> str:
    """Return the headline found at the same place, if any."""
    return next((one for one in found if one[:12] == headline[:12]), "(none)")


def report(name: str, hits: dict[str, list[bool]]) -> None:
    """Print one table."""
    every = [hit for of_publisher in hits.values() for hit in of_publisher]
    for label, some in [(name, every), *sorted(hits.items(), key=lambda item: -len(item[1]))]:
        print(f"{label:<40} {sum(some):>5} of {len(some):>5} headlines  {sum(some) / len(some):.1%}")


def main() -> None:
    """Parse the arguments and print the table, or fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("articles", nargs="?", type=Path, help="parquet file with text, title and publisher")
    add("--click-id", type=Path, help="folder with CLICK-ID: articles.parquet, headlines.csv.gz")
    add("--fit", action="store_true", help="fit on CLICK-ID and the corpus, write runon.toml")
    add("--left-out", action="store_true", help="measure on publishers left out of the fit")
    add("--half", type=int, choices=(0, 1), help="one random half of the articles only")
    add("--show", type=int, default=0, help="misses to print")
    add("--untitled", action="store_true", help="hide the articles' titles from the parse")
    args = parser.parse_args()
    if (args.fit or args.left_out) and not args.click_id:
        parser.error("--fit and --left-out need --click-id FOLDER")
    if args.fit:
        fit_all(args.click_id)
    if args.left_out:
        measure_left_out(args.click_id)
    if args.articles:
        measure(args.articles, args.half, args.show, not args.untitled)


if __name__ == "__main__":
    main()
