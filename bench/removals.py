r"""What leaves articles as teaser or boilerplate, and how much body goes with it: saring beside regular expressions.

    pip install -r bench/others-requirements.txt   # tokenizers alone is needed here
    python bench/removals.py ../shared/data/news/articles.parquet --pages ../shared/data/html \
        --gold ../shared/data/gold/links-dev2.jsonl

Each way says which stretches of a text it takes out. The first table counts words and tokens of the file's articles,
of which nobody knows the body: what leaves, how many articles still say "baca juga", how many lose half their words.
Tokens are those of a byte-level BPE of 32,000 that is fitted on the same articles as they came. The second table is
labelled: the embedded corpus, whose teasers are known to the letter and whose other lines are body, each text once as
it is printed and once with its line breaks turned into spaces, as scrapers that join paragraphs leave it; and saved
pages, whose readers named strings that the body has and lacks (the text that saring reads from a page goes in). Gold
links are teasers of the file's articles that two people read; their body is the text those people were shown, which an
earlier saring had cleaned: of saring this figure says that it still does the same, of the others what they cost.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from saring.article import Article
from saring.html.page import page_record
from saring.parsing.engine import parse
from saring.predict import Model, load

CORPUS = Path(__file__).parents[1] / "data" / "corpus" / "articles.jsonl"
BPE_SIZE = 32_000
_WORD = re.compile(r"\S+")
_TEASER = re.compile("baca juga", re.IGNORECASE)
# As they stand in public code, and a third that somebody wrote who looked at more articles.
PATTERNS = {
    "`re.sub(r'Baca Juga.*', '', s, flags=DOTALL)`": re.compile(r"Baca Juga.*", re.DOTALL),
    "`re.sub(r'Baca.*?\\.', '', s, flags=DOTALL)`": re.compile(r"Baca.*?\.", re.DOTALL),
    "`re.sub(r'(?im)^.*baca juga.*$', '', s)`": re.compile(r"^.*baca juga.*$", re.IGNORECASE | re.MULTILINE),
}

Cut = tuple[int, int]
Way = Callable[[Sequence[dict[str, str]]], Iterator[tuple[list[Cut], list[Cut]]]]  # teasers and boilerplate of each row


def by_pattern(pattern: re.Pattern[str]) -> Way:
    """Return the way of a regular expression: all it finds is taken for teasers."""

    def cuts(rows: Sequence[dict[str, str]]) -> Iterator[tuple[list[Cut], list[Cut]]]:
        for row in rows:
            yield [found.span() for found in pattern.finditer(row["text"])], []

    return cuts


def by_saring(model: Model | None) -> Way:
    """Return saring's way; with a model related links stay."""

    def cuts(rows: Sequence[dict[str, str]]) -> Iterator[tuple[list[Cut], list[Cut]]]:
        articles: list[Article] = [parse(row) for row in rows]
        kept: list[set[int]] = [set() for _ in articles]
        if model:
            kept = [{link.start for link in found.links if link.related} for found in model.predict(articles)]
        for article, stay in zip(articles, kept, strict=True):
            links = [(link.start, link.end) for link in article.links if link.start not in stay]
            yield links, [(removal.start, removal.end) for removal in article.removals]

    return cuts


def ways() -> dict[str, Way]:
    """Return all ways by their names."""
    found = {name: by_pattern(pattern) for name, pattern in PATTERNS.items()}
    return found | {"`saring clean`": by_saring(None), "`saring clean --keep-links related`": by_saring(load())}


def words_in(text: str, cuts: Iterable[Cut]) -> int:
    """Return the number of words that stretches touch."""
    return sum(len(_WORD.findall(text[start:end])) for start, end in cuts)


def without(text: str, cuts: Iterable[Cut]) -> str:
    """Return a text without some stretches of it, a space in their place."""
    at, out = 0, []
    for start, end in sorted(cuts):
        out.append(text[at:start])
        at = max(at, end)
    return " ".join([*out, text[at:]])


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table."""
    for row in (header, ["---"] + ["--:"] * (len(header) - 1), *rows):
        print(f"| {' | '.join(row)} |")


def measure_file(path: Path) -> None:
    """Print what leaves the articles of a file."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    columns = pq.read_table(path, columns=["title", "text"]).to_pydict()
    rows = [{"title": title or "", "text": text or ""} for title, text in zip(*columns.values(), strict=True)]
    texts = [row["text"] for row in rows]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=BPE_SIZE, initial_alphabet=alphabet, show_progress=False)
    bpe.train_from_iterator(texts, trainer)

    def tokens(texts: list[str]) -> int:
        return sum(map(len, bpe.encode_batch_fast(texts)))

    n_words, n_tokens = sum(len(text.split()) for text in texts), tokens(texts)
    print(f"{len(rows):,} articles, {n_words:,} words, {n_tokens:,} tokens; ", end="")
    print(f'{sum(bool(_TEASER.search(text)) for text in texts):,} articles say "baca juga".\n')
    shown = []
    for name, way in ways().items():
        count: Counter[str] = Counter()
        left = []
        for row, (teasers, boilerplate) in zip(rows, way(rows), strict=True):
            text = without(row["text"], teasers + boilerplate)
            count["changed"] += bool(teasers or boilerplate)
            count["teasers"] += words_in(row["text"], teasers)
            count["boilerplate"] += words_in(row["text"], boilerplate)
            count["say"] += bool(_TEASER.search(text))
            count["halved"] += 2 * len(text.split()) < len(row["text"].split())
            left.append(text)
        gone = n_tokens - tokens(left)
        shown.append([
            name, f"{count['changed']:,}",
            *(f"{count[kind]:,} ({count[kind] / n_words:.1%})" for kind in ("teasers", "boilerplate")),
            f"{gone:,} ({gone / n_tokens:.1%})", f"{count['say']:,}", f"{count['halved']:,}",
        ])  # fmt: skip
    header = [
        "", "articles changed", "words that leave as teasers", "as boilerplate", "tokens that leave",
        'articles that still say "baca juga"', "articles that lose half their words",
    ]  # fmt: skip
    table(header, shown)


def teaser_places(text: str, headlines: Iterable[str]) -> tuple[list[Cut], list[Cut]]:
    """Return where the headlines of teasers stand, and the lines that have none: the body."""
    found, body, at = [], [], 0
    for line in text.split("\n"):
        place = (at, at + len(line))
        inside = [(at + line.index(h), at + line.index(h) + len(h)) for h in headlines if h in line]
        found += inside
        body += [] if inside or len(line.split()) < 4 else [place]  # a marker on a line of its own is neither
        at = place[1] + 1
    return found, body


def measure_corpus(way: Way) -> Iterator[str]:
    """Yield the cells of the embedded corpus, as printed and with spaces for line breaks."""
    articles = [orjson.loads(line) for line in CORPUS.read_bytes().splitlines()]
    for line_break in ("\n", " "):
        count: Counter[str] = Counter()
        rows = [{"title": a["title"], "text": a["text"].replace("\n", line_break)} for a in articles]
        for article, (teasers, boilerplate) in zip(articles, way(rows), strict=True):
            headlines, body = teaser_places(article["text"], [link["headline"] for link in article["links"]])
            cut = set().union(*(range(*place) for place in teasers), *(range(*place) for place in boilerplate))
            by_rule = set().union(*(range(*place) for place in boilerplate))
            count["teasers"] += len(headlines)
            count["left"] += sum(not cut.issuperset(range(*place)) for place in headlines)
            for start, end in body:
                for word in _WORD.finditer(article["text"], start, end):
                    count["words"] += 1
                    count["lost"] += not cut.isdisjoint(range(*word.span()))
                    count["ruled"] += not by_rule.isdisjoint(range(*word.span()))
        ruled = f", of which {count['ruled']:,} boilerplate" if count["ruled"] else ""
        yield f"{count['left']:,} of {count['teasers']:,}"
        yield f"{count['lost']:,} ({count['lost'] / count['words']:.1%}{ruled})"


def measure_pages(way: Way, folder: Path) -> Iterator[str]:
    """Yield the cells of the labelled pages."""
    count: Counter[str] = Counter()
    labels = [orjson.loads(line) for line in (folder / "labels.jsonl").read_bytes().splitlines()]
    records = [page_record((folder / label["file"]).read_bytes(), label["file"]) for label in labels]
    rows = [{"title": record.title, "text": record.text} for record in records]
    for label, row, (teasers, boilerplate) in zip(labels, rows, way(rows), strict=True):
        text = " ".join(without(row["text"], teasers + boilerplate).split())
        for name, strings in (
            ("kept", label["body_has"]),
            ("noise", label["body_lacks"]),
            ("teasers", [link["headline"] for link in label["links"]]),
        ):
            count[name] += sum(" ".join(string.split()) in text for string in strings)
            count[f"all {name}"] += len(strings)
    for name in ("kept", "noise", "teasers"):
        yield f"{count[name]} of {count[f'all {name}']}"


def measure_gold(way: Way, rows: Mapping[str, dict[str, str]], gold: Path) -> Iterator[str]:
    """Yield the cells of the labelled links whose articles are in the file."""
    labels = [orjson.loads(line) for line in gold.read_bytes().splitlines()]
    labels = [label for label in labels if label["url"] in rows]
    count: Counter[str] = Counter()
    for label, (teasers, boilerplate) in zip(labels, way([rows[label["url"]] for label in labels]), strict=True):
        left = without(rows[label["url"]]["text"], teasers + boilerplate).split()
        count["left"] += label["headline"] in " ".join(left)
        body = label["host_text"].split()
        blocks = SequenceMatcher(None, body, left, autojunk=False).get_matching_blocks()
        count["words"] += len(body)
        count["lost"] += len(body) - sum(block.size for block in blocks)
    yield f"{count['left']} of {len(labels)}"
    yield f"{count['lost']:,} ({count['lost'] / count['words']:.1%})"


def measure_labelled(file: Path, pages: Path | None, gold: Path | None) -> None:
    """Print what leaves labelled articles."""
    columns = pq.read_table(file, columns=["url", "title", "text"]).to_pydict() if gold else {}
    by_url = {u: {"title": t or "", "text": x or ""} for u, t, x in zip(*columns.values(), strict=True)} if gold else {}
    nothing: dict[str, Any] = {"nothing taken out": lambda rows: (([], []) for _ in rows)}
    header = ["", "corpus: teasers left", "body words lost", "corpus as one line: teasers left", "body words lost"]
    header += ["pages: body strings kept", "noise strings left", "teasers left"] * bool(pages)
    header += ["gold links left", "words lost around them"] * bool(gold)
    table(
        header,
        (
            [
                name,
                *measure_corpus(way),
                *(measure_pages(way, pages) if pages else ()),
                *(measure_gold(way, by_url, gold) if gold else ()),
            ]
            for name, way in (nothing | ways()).items()
        ),
    )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="Parquet with the columns title and text")
    parser.add_argument(
        "--pages", type=Path, help="folder of saved pages with labels.jsonl, as bench/pages.py reads it"
    )
    parser.add_argument("--gold", type=Path, help="labelled links of the file's articles: url, headline, host_text")
    options = parser.parse_args()
    measure_labelled(options.file, options.pages, options.gold)
    print()
    measure_file(options.file)


if __name__ == "__main__":
    main()
