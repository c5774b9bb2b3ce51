"""Labelled articles: the corpus format and its checks; digests of what a model was trained on."""

from __future__ import annotations

import hashlib
import re
from base64 import b85decode, b85encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import orjson
from numpy.typing import NDArray

from saring.article import Article, Record
from saring.errors import BundleError, CorpusError
from saring.io.records import rows
from saring.parsing.engine import parse
from saring.profiles import Counts
from saring.scored_rows import NEEDED

SPLITS = ("train", "test")
# Who gave a topic, where no reader did alone: a reader of an article picked because a model was unsure of it; nobody,
# the topic is that of the portal's section.
CHOSEN, SECTION = "chosen", "section"
SURE, UNSURE = "sure", "unsure"  # the kinds of rows that say whether their reader was
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
    """An article and its labels; an empty or None label is one that nobody gave."""

    article: Article
    topic: str = ""
    topic_source: str = ""  # who gave the topic: empty for a reader, or `CHOSEN` or `SECTION`
    clickbait: bool | None = None
    clickbait_share: float | None = None  # of the annotators who said clickbait, where there were several
    links: tuple[LabelledLink, ...] = ()
    split: str = "train"
    kind: str = ""  # the evaluation file's name for such rows ("real", "swap", "sure"), which get a report of their own
    corpus: str = ""  # name of the file, without its suffix
    where: str = ""  # file and row, for messages


def read_corpus(path: str | Path) -> list[LabelledArticle]:
    """Return the articles of a file with their labels, in order.

    A row may have no label: words and their weights are learned from it, and nothing else. CorpusError when no row has
    a label, or one has a label of the wrong type or an unknown split; InputError when the file or a row cannot be read.
    """
    return _labelled(((row.values, row.where) for row in rows(path)), Path(path).name.partition(".")[0], str(path))


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
    if foreign := [item for item in items if not isinstance(item, Mapping)]:
        raise CorpusError(
            f"corpus: found a {type(foreign[0]).__name__} among {len(items)} item(s); expected paths of files, "
            "or rows as dicts or a pandas DataFrame"
        )
    placed = [(row, f"row {number}") for number, row in enumerate(items, start=1)]
    content = orjson.dumps(items, default=str, option=_CANONICAL)
    return _labelled(placed, "", IN_MEMORY), hashlib.sha256(content).hexdigest(), [IN_MEMORY]


def fingerprint(paths: Iterable[str | Path]) -> str:
    """Return the SHA-256 of the files' bytes, in the order given, as 64 hex digits."""
    return hashlib.sha256(b"".join(Path(path).read_bytes() for path in paths)).hexdigest()


def _labelled(given: Iterable[tuple[Mapping[str, Any], str]], corpus: str, source: str) -> list[LabelledArticle]:
    """Return rows, each with its place, as labelled articles; some of them must have a label."""
    articles = [replace(labelled_row(values, where), corpus=corpus) for values, where in given]
    if not articles:
        raise CorpusError(f"{source}: found no rows; expected labelled articles, one JSON row each")
    if not any(a.topic or a.links or a.clickbait is not None for a in articles):
        expected = "a 'topic', 'clickbait' or 'links' in some of them"
        raise CorpusError(f"{source}: found no label in {len(articles)} row(s); expected {expected}")
    return articles


def labelled_row(values: Mapping[str, Any], where: str) -> LabelledArticle:
    """Return a row as a labelled article; CorpusError, which names its place, where it breaks the format."""
    return replace((_pair_row if "host_text" in values else _corpus_row)(values, where), where=where)


def _corpus_row(values: Mapping[str, Any], where: str) -> LabelledArticle:
    split = _string(values, "split", where) or "train"
    if split not in SPLITS:
        raise CorpusError(f"{where}: column 'split' is {split!r}; expected {' or '.join(SPLITS)}")
    sure = values.get("sure")
    return LabelledArticle(
        article=_article(values, where),
        topic=_string(values, "topic", where),
        topic_source=_string(values, "topic_source", where),
        clickbait=_flag(values, "clickbait", where),
        clickbait_share=_number(values, "clickbait_share", where, most=1),
        links=tuple(_links(values.get("links"), where)),
        split=split,
        kind="" if sure is None else (SURE if sure else UNSURE),
    )


def _pair_row(values: Mapping[str, Any], where: str) -> LabelledArticle:
    """Return a row that holds one pair of article and headline, graded 0, 1 or 2 by annotators."""
    grades = [v for k, v in values.items() if k.startswith("annotator") and v is not None]
    if not grades or not all(grade in (0, 1, 2) for grade in grades):
        raise CorpusError(f"{where}: columns 'annotator_*' are {grades}; expected grades 0, 1 or 2")
    article = {"id": "pair", "title": "host_title", "text": "host_text", "publisher": "publisher", "url": "url"}
    link = {
        "headline": values.get("headline"),
        # Half of two annotators is enough: who sees what relates them can name it.
        "related": sum(grade >= 1 for grade in grades) * 2 >= len(grades),
        "grade": sum(grades) / len(grades),
    }
    return LabelledArticle(
        article=_article({ours: values.get(theirs) for ours, theirs in article.items()}, where),
        links=tuple(_links([link], where)),
        kind=_string(values, "kind", where),
    )


def _article(values: Mapping[str, Any], where: str) -> Article:
    fields = {name: _string(values, name, where) for name in ("id", "title", "text", "publisher", "url")}
    if not fields["title"].strip() and not fields["text"].strip():
        found = f"found neither 'title' nor 'text' among {sorted(map(str, values))}"
        raise CorpusError(f"{where}: {found}; expected the article under these names")
    day = values.get("date")  # in memory it may be a date, a datetime or a Timestamp
    published = day.isoformat() if isinstance(day, date) else _string(values, "date", where)
    known: dict[str, Any] = fields | {"id": fields["id"] or where, "published": published}
    return parse(Record(**known))


def _links(given: Any, where: str) -> Iterator[LabelledLink]:
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
        grade = _number(link, "grade", place, most=2)
        yield LabelledLink(headline, _flag(link, "related", place), _flag(link, "clickbait", place), grade)


def _string(values: Mapping[str, Any], column: str, where: str) -> str:
    """Return a text column, empty where it is absent."""
    return _value(values, column, where, "a string", lambda value: isinstance(value, str)) or ""


def _number(values: Mapping[str, Any], column: str, where: str, *, most: float) -> float | None:
    """Return a number from 0 to `most`, None where nobody gave it."""
    number = _value(values, column, where, f"0 to {most}", lambda value: type(value) is not bool and 0 <= value <= most)
    return None if number is None else float(number)


def _flag(values: Mapping[str, Any], column: str, where: str) -> bool | None:
    """Return a yes/no label, None where nobody gave it."""
    flag = _value(values, column, where, "true/false or 1/0", lambda value: value in (0, 1))
    return None if flag is None else bool(flag)


def _value(values: Mapping[str, Any], column: str, where: str, expected: str, is_valid: Callable[[Any], bool]) -> Any:
    """Return a column's value, None where it is absent; CorpusError unless it is as expected."""
    value = values.get(column)
    with suppress(TypeError, ValueError):  # of comparing what is no number
        if value is None or is_valid(value):
            return value
    raise CorpusError(f"{where}: column {column!r} is {value!r}; expected {expected}")


def article_counts(articles: Iterable[LabelledArticle]) -> Counts:
    """Return what articles say in numbers, counted as scored rows are, with labels in place of answers."""
    counts = Counts()
    for one in articles:
        article = one.article
        links = [{"marker": link.marker, "related": None} for link in article.links]
        given = {"topic": one.topic, "published": article.published, "publisher": article.publisher, "links": links}
        counts.add(dict.fromkeys(NEEDED) | given | {"clean_text": article.body, "removed": article.removed})
    return counts


# Digests of what a model was trained on: enough to tell a file that it has read before.

BYTES = 5  # of sixty thousand titles and texts, one in eighteen million is taken for another
_WORD = re.compile(r"\w+")


def digests(articles: Iterable[LabelledArticle]) -> str:
    """Return the digests of the articles' titles, texts and links' headlines, as one text."""
    texts = [t for a in articles for t in (a.article.title, a.article.body, *(link.headline for link in a.links))]
    return b85encode(b"".join(sorted(_digests(*texts)))).decode()


def merged_digests(*stored: str) -> str:
    """Return the digests of all the articles that several texts of `digests` are of."""
    return b85encode(b"".join(sorted({part for text in stored for part in _parts(text)}))).decode()


def row_keys(rows: Iterable[str | Sequence[str]]) -> NDArray[np.uint64]:
    """Return a number for each row of texts, equal for rows of equal words."""
    texts = ([row] if isinstance(row, str) else row for row in rows)
    words = ("\n".join(" ".join(_words(text)) for text in row) for row in texts)
    digest = b"".join(hashlib.blake2b(row.encode(), digest_size=8).digest() for row in words)
    return np.frombuffer(digest, dtype="<u8").astype(np.uint64)


def seen(articles: Iterable[LabelledArticle], stored: str) -> list[bool]:
    """Return whether each article has a title or a text among those that `digests` was given, as `stored`.

    Case, punctuation and spacing do not count. BundleError when `stored` is none of `digests`.
    """
    return seen_texts([(a.article.title, a.article.body) for a in articles], stored)


def seen_texts(texts: Iterable[tuple[str, str]], stored: str) -> list[bool]:
    """Return for each title and body what `seen` says of their article."""
    trained = _parts(stored)
    return [not trained.isdisjoint(_digests(title, body)) for title, body in texts]


def _parts(stored: str) -> set[bytes]:
    try:
        data = b85decode(stored)
    except (TypeError, ValueError) as error:
        raise BundleError(f"trained_on in card.json: {error}; train the model again") from error
    return {data[at : at + BYTES] for at in range(0, len(data), BYTES)}


def _digests(*texts: str) -> set[bytes]:
    """Return the digest of the words of each text that has any."""
    words = map(_words, texts)
    return {hashlib.blake2b(" ".join(found).encode(), digest_size=BYTES).digest() for found in words if found}


def _words(text: str) -> list[str]:
    """Return the words of a text; case, punctuation and spacing do not count."""
    return _WORD.findall(normalize("NFKC", text).casefold())
