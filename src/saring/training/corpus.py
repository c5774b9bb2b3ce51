"""Labelled articles: the corpus format and its checks; digests of what a model was trained on."""

from __future__ import annotations

import hashlib
import re
from base64 import b85decode, b85encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import orjson

from saring.article import Article
from saring.errors import BundleError, CorpusError
from saring.io.records import rows
from saring.parsing.engine import parse

# Labelled articles: the corpus format, its checks, and the tables that training reads.


SPLITS = ("train", "test")
Corpus = str | Path | Iterable[str | Path] | Iterable[Mapping[str, Any]] | Any  # Any: a pandas DataFrame
IN_MEMORY = "rows in memory"  # what a corpus that is no file is called
_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


@dataclass(frozen=True, slots=True)
class LabelledLink:
    """A link's headline and its labels; None where nobody labelled it."""

    headline: str
    related: bool | None
    clickbait: bool | None = None
    grade: float | None = None  # 0 unrelated, 1 same specific subject, 2 same story; a mean of many


@dataclass(frozen=True, slots=True)
class LabelledArticle:
    """An article and its labels; an empty or None label is one that nobody gave.

    Attributes
    ----------
    article : Article
    topic : str
    topic_source : str
        Who gave the topic: empty for a reader; ``chosen`` for a reader of an article that a model
        was unsure of; ``desk`` where a portal's section is taken for it.
    clickbait : bool or None
    clickbait_share : float or None
        Share of the annotators who said clickbait, where there were several.
    links : tuple of LabelledLink
    split : str
        ``train`` or ``test``.
    kind : str
        A name that the evaluation file gives its rows ("real", "swap", "sure"); scores are given
        for each kind apart too.
    corpus : str
        Name of the file, without its suffix.
    where : str
        Its place, file and row, for messages.
    """

    article: Article
    topic: str = ""
    topic_source: str = ""
    clickbait: bool | None = None
    clickbait_share: float | None = None
    links: tuple[LabelledLink, ...] = ()
    split: str = "train"
    kind: str = ""
    corpus: str = ""
    where: str = ""

    @property
    def labelled(self) -> bool:
        """Whether anybody gave it a label."""
        return bool(self.topic or self.links) or self.clickbait is not None


def read_corpus(path: str | Path) -> list[LabelledArticle]:
    """Return the articles of a file with their labels, in order.

    A row may have no label: words and their weights are learned from it, and nothing else.

    Raises
    ------
    CorpusError
        When no row has a label, or one has a label of the wrong type or an unknown split.
    InputError
        When the file or a row cannot be read.
    """
    return _checked(((row.values, row.where) for row in rows(path)), Path(path).name.partition(".")[0], str(path))


def open_corpus(corpus: Corpus) -> tuple[list[LabelledArticle], str, list[str]]:
    """Return the labelled articles of files, or of rows in memory, their SHA-256 and the names of their sources.

    Raises as `read_corpus` does.
    """
    if isinstance(corpus, str | Path):
        corpus = [corpus]
    elif hasattr(corpus, "to_dict"):  # a pandas DataFrame; what a cell lacks is NaN, NaT or NA there
        table: Any = corpus
        frame = table.astype(object)
        corpus = frame.where(frame.notna(), None).to_dict("records")
    items = list(corpus)
    if items and all(isinstance(item, str | Path) for item in items):
        articles = [article for path in items for article in read_corpus(path)]
        return articles, fingerprint(items), [Path(path).name for path in items]
    if strange := [item for item in items if not isinstance(item, Mapping)]:
        raise CorpusError(
            f"corpus: found a {type(strange[0]).__name__} among {len(items)} item(s); expected paths of files, "
            "or rows as dicts or a pandas DataFrame"
        )
    placed = [(row, f"row {number}") for number, row in enumerate(items, start=1)]
    content = orjson.dumps(items, default=str, option=_CANONICAL)
    return _checked(placed, "", IN_MEMORY), hashlib.sha256(content).hexdigest(), [IN_MEMORY]


def fingerprint(paths: Iterable[str | Path]) -> str:
    """Return the SHA-256 of the files' bytes, in the order given, as 64 hex digits."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()


def _checked(given: Iterable[tuple[Mapping[str, Any], str]], corpus: str, source: str) -> list[LabelledArticle]:
    """Return rows, each with its place, as labelled articles; some of them must have a label."""
    articles = [
        replace((_pair_row if "host_text" in values else _corpus_row)(values, where), corpus=corpus, where=where)
        for values, where in given
    ]
    if not articles:
        raise CorpusError(f"{source}: found no rows; expected labelled articles, one JSON row each")
    if not any(article.labelled for article in articles):
        raise CorpusError(
            f"{source}: found no label in {len(articles)} row(s); expected a 'topic', 'clickbait' or "
            "'links' in some of them"
        )
    return articles


def _corpus_row(values: Mapping[str, Any], where: str) -> LabelledArticle:
    """Return a row of the corpus format."""
    split = _string(values, "split", where) or "train"
    if split not in SPLITS:
        raise CorpusError(f"{where}: column 'split' is {split!r}; expected one of {SPLITS}")
    sure = values.get("sure")
    return LabelledArticle(
        article=_article(values, where),
        topic=_string(values, "topic", where),
        topic_source=_string(values, "topic_source", where),
        clickbait=_flag(values, "clickbait", where),
        clickbait_share=_number(values, "clickbait_share", where, most=1),
        links=tuple(_links(values.get("links"), where)),
        split=split,
        kind="" if sure is None else ("sure" if sure else "unsure"),
    )


def _pair_row(values: Mapping[str, Any], where: str) -> LabelledArticle:
    """Return a row that holds one pair of article and headline, graded 0, 1 or 2 by annotators."""
    grades = [v for k, v in values.items() if k.startswith("annotator") and v is not None]
    if not grades or not all(grade in (0, 1, 2) for grade in grades):
        raise CorpusError(f"{where}: columns 'annotator_*' are {grades}; expected grades 0, 1 or 2")
    host = {
        "id": values.get("pair"),
        "title": values.get("host_title"),
        "text": values.get("host_text"),
        "publisher": values.get("publisher"),
        "url": values.get("url"),
    }
    link = {
        "headline": values.get("headline"),
        # Half of two annotators is enough: who sees the tie can name it.
        "related": sum(grade >= 1 for grade in grades) * 2 >= len(grades),
        "grade": sum(grades) / len(grades),
    }
    return LabelledArticle(
        article=_article(host, where), links=tuple(_links([link], where)), kind=_string(values, "kind", where)
    )


def _article(values: Mapping[str, Any], where: str) -> Article:
    """Return the parsed article of a row."""
    if not _string(values, "title", where).strip() and not _string(values, "text", where).strip():
        raise CorpusError(
            f"{where}: found neither 'title' nor 'text' among {sorted(map(str, values))}; expected "
            "the article under these names"
        )
    published = values.get("date")  # in memory it may be a date, a datetime or a Timestamp
    return parse(
        {
            "id": _string(values, "id", where) or where,
            "title": _string(values, "title", where),
            "text": _string(values, "text", where),
            "publisher": _string(values, "publisher", where),
            "published": published.isoformat() if isinstance(published, date) else _string(values, "date", where),
            "url": _string(values, "url", where),
        }
    )


def _links(given: Any, where: str) -> Iterator[LabelledLink]:
    """Yield the labelled links of a row."""
    if isinstance(given, np.ndarray):  # as pandas reads a list from Parquet
        given = given.tolist()
    if not isinstance(given, Sequence | None) or isinstance(given, str):
        raise CorpusError(f"{where}: column 'links' is {given!r}; expected a list of links")
    for number, link in enumerate(given or (), start=1):
        place = f"{where}, link {number}"
        if not isinstance(link, Mapping):
            raise CorpusError(f"{place} is {link!r}; expected an object with a 'headline'")
        headline = _string(link, "headline", place)
        if not headline.strip():
            raise CorpusError(f"{place}: found no 'headline'; expected the teaser's headline")
        yield LabelledLink(
            headline,
            _flag(link, "related", place),
            _flag(link, "clickbait", place),
            _number(link, "grade", place, most=2),
        )


def _string(values: Mapping[str, Any], column: str, where: str) -> str:
    """Return a text column, empty where it is absent."""
    value = values.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CorpusError(f"{where}: column {column!r} is {value!r}; expected a string")
    return value


def _number(values: Mapping[str, Any], column: str, where: str, *, most: float) -> float | None:
    """Return a number from 0 to `most`, None where nobody gave it."""
    value = values.get(column)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise CorpusError(f"{where}: column {column!r} is {value!r}; expected 0 to {most}")
    return float(value)


def _flag(values: Mapping[str, Any], column: str, where: str) -> bool | None:
    """Return a yes/no label, None where nobody gave it."""
    value = values.get(column)
    if value is None:
        return None
    if value not in (0, 1):
        raise CorpusError(f"{where}: column {column!r} is {value!r}; expected true/false or 1/0")
    return bool(value)


# What a model was trained on, as short digests: enough to tell a file that it has read before.


BYTES = 5  # of sixty thousand titles and texts, one in eighteen million is taken for another
_WORD = re.compile(r"\w+")


def digests(articles: Iterable[LabelledArticle]) -> str:
    """Return the digests of the articles' titles, texts and links' headlines, as one text."""
    found = {digest for article in articles for digest in _digests(article)}
    found |= {digest for a in articles for link in a.links for digest in _digest(link.headline)}
    return b85encode(b"".join(sorted(found))).decode()


def count_seen(articles: Iterable[LabelledArticle], stored: str) -> int:
    """Return how many articles have a title or a text among those that `digests` was given.

    Case, punctuation and spacing do not count.

    Raises
    ------
    BundleError
        When `stored` is none of `digests`.
    """
    try:
        data = b85decode(stored)
    except (TypeError, ValueError) as error:
        raise BundleError(f"trained_on in card.json: {error}; train the model again") from error
    known = {data[at : at + BYTES] for at in range(0, len(data), BYTES)}
    return sum(not known.isdisjoint(_digests(article)) for article in articles)


def _digests(labelled: LabelledArticle) -> Iterator[bytes]:
    """Yield the digests of an article's title and of its text, where it has them."""
    yield from _digest(labelled.article.title)
    yield from _digest(labelled.article.body)


def _digest(text: str) -> Iterator[bytes]:
    """Yield the digest of a text's words, if it has any."""
    if words := _WORD.findall(normalize("NFKC", text).casefold()):
        yield blake2b(" ".join(words).encode(), digest_size=BYTES).digest()
