"""What predict takes (text, row, `Record` or `Article`) to an article, or to why there is none.

Rows are read as those of a file are, so that a table gives the same rows from Python, from the
command line and from MLflow: columns under their usual names, numbers as ids, NaN as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from saring import compiled
from saring.article import Article, Prediction, Record
from saring.errors import InputError, SaringError
from saring.parse import as_record, parse_all
from saring.publishers import canonical_publisher
from saring.read.columns import FIELDS, Columns

__all__ = ["Source", "as_list", "kept", "take"]

Source = str | Mapping[str, Any] | Record | Article

# No file can hold half a surrogate pair (a cut emoji), and NUL ends a text for many programs;
# `read` replaces both, and so must who takes texts from Python.
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_TEXTS = [item.name for item in fields(Article) if item.type == "str"]
_TEXTS_OF = attrgetter(*_TEXTS)
_FIELDS_OF = attrgetter(*FIELDS)
_REPLACEMENT = "\ufffd"  # one character for one, so that spans stay right


def as_list(sources: Iterable[Source]) -> list[Source]:
    """Return sources as a list; InputError as `take`."""
    if isinstance(sources, str | bytes | Mapping | Record | Article):
        raise InputError("expected a list of articles; put this one in a list: [article]")
    if hasattr(sources, "columns"):  # iterating over a data frame gives its column names
        raise InputError("expected a list of articles; pass a table as table.to_dict('records')")
    return list(sources)


def kept(sources: Iterable[Source], keep: Sequence[str]) -> list[dict[str, Any]]:
    """Return the values of some columns of each source, None where it has none."""
    columns = Columns({}, keep)
    nothing = columns.kept({})
    return [
        columns.kept({str(name): value for name, value in source.items()})
        if isinstance(source, Mapping)
        else nothing | (dict(source.kept) if isinstance(source, Record) else {})
        for source in sources
    ]


def take(sources: Iterable[Source]) -> list[Article | Prediction]:
    """Return for each source, in order, its article, or a prediction with `error`.

    Raises
    ------
    InputError
        When `sources` is one article, or a table, and not a collection of articles.
    """
    sources = as_list(sources)
    columns = Columns({})
    opened = [_opened(source, columns) for source in sources]
    records = [item for item in opened if isinstance(item, Record)]
    parsed = iter(parse_all(records, compiled.find_needles))
    articles = [next(parsed) if isinstance(item, Record) else item for item in opened]
    return [
        _checked(item, source, columns) if isinstance(item, Article) else item
        for item, source in zip(articles, sources, strict=True)
    ]


def _opened(source: Any, columns: Columns) -> Article | Record | Prediction:
    """Return the article, or the record to parse, in a source; or why there is none."""
    if isinstance(source, Record) and source.error:
        return _failed(source, source.id, source.error)
    try:
        return _read(source, columns)
    except SaringError as error:
        return Prediction(id=_identifier(source, columns), error=str(error))


def _checked(article: Article, source: Any, columns: Columns) -> Article | Prediction:
    """Return an article as every file can hold it, or a prediction that says that it is empty."""
    if article.title.strip() or article.text.strip():
        return _writable(article)
    where = source.where if isinstance(source, Record) else ""
    reason = f"{where}: title and text are empty; expected an article".removeprefix(": ")
    return _failed(article, _identifier(source, columns), reason)


def _failed(known: Article | Record, id: str, error: str) -> Prediction:
    """Return the prediction of what cannot be scored, with what is known of it all the same."""
    return Prediction(
        id=id,
        title=known.title,
        publisher=canonical_publisher(known.publisher, known.url),
        publisher_printed=known.publisher,
        url=known.url,
        error=error,
    )


def _read(source: Any, columns: Columns) -> Article | Record:
    """Return the article or record in a source; InputError for what is none."""
    if isinstance(source, str):
        return as_record(str(source))
    if not isinstance(source, (Record, Article)):
        if isinstance(source, Mapping):
            return as_record(_fields(source, columns))
        raise InputError(
            f"found {type(source).__name__}; expected a text, a mapping with 'text', a Record or "
            "an Article"
        )
    for name, value in zip(FIELDS, _FIELDS_OF(source), strict=True):
        if not isinstance(value, str):
            raise InputError(f"field {name!r} is {type(value).__name__}; expected a string")
    return source


def _fields(row: Mapping[Any, Any], columns: Columns) -> dict[str, str]:
    """Return the fields of a row by our names; absent ones are left out, but for the text."""
    values = {str(name): value for name, value in row.items()}
    if "text" not in columns.find(tuple(values)).columns:
        raise InputError(f"an article needs 'text'; found the fields {sorted(values)}")
    found = columns.fields(values)
    return {name: value for name, value in found.items() if value or name == "text"}


def _identifier(source: Any, columns: Columns) -> str:
    """Return the id of a source that could not be taken, empty where it has none."""
    if isinstance(source, Mapping):
        return columns.identifier({str(name): value for name, value in source.items()})
    return str(getattr(source, "id", ""))


def _writable(article: Article) -> Article:
    """Return the article with U+FFFD for what no file can hold."""
    texts: tuple[str, ...] = _TEXTS_OF(article)
    if _is_writable("".join(texts)):
        return article
    mended: dict[str, Any] = dict(zip(_TEXTS, map(_mended, texts), strict=True))
    links = tuple(
        replace(link, headline=_mended(link.headline), url=_mended(link.url))
        for link in article.links
    )
    return replace(article, links=links, **mended)


def _is_writable(text: str) -> bool:
    """Return whether every file can hold a text; much faster than a search for what it cannot."""
    try:
        return "\0" not in text and (text.isascii() or bool(text.encode()))
    except UnicodeEncodeError:
        return False


def _mended(text: str) -> str:
    """Return a text with U+FFFD for each character that no file can hold."""
    return _UNWRITABLE.sub(_REPLACEMENT, text)
