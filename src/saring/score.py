"""Batch: files to prediction rows or to clean articles, in bounded memory; rows in = rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from saring.article import Article, KeepLinks, Prediction, Record, clean_text
from saring.errors import ConfigError
from saring.intake import take
from saring.predict import Model
from saring.read import ReadOptions, read
from saring.writers import open_rows

__all__ = ["Summary", "clean", "prediction_columns", "score"]

BATCH_ROWS = 256  # enough for scikit-learn's overhead to vanish
BATCH_CHARS = 2_000_000  # few enough for any memory, where articles are huge

CLEAN_COLUMNS: Mapping[str, str] = {
    "id": "string",
    "title": "string",
    "published": "string",
    "publisher": "string",
    "source": "string",
    "author": "string",
    "editor": "string",
    "place": "string",
    "tags": "strings",
    "url": "string",
    "text": "string",
    "n_links": "int",
    "error": "string",
}

Progress = Callable[[int], None]
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch did; `rows` = `scored` + `abstained` + `errors`."""

    rows: int = 0
    scored: int = 0
    abstained: int = 0
    errors: int = 0
    links: int = 0
    unrelated: int = 0
    first_error: str = ""

    def plus(self, rows: Sequence[Mapping[str, Any]]) -> Summary:
        """Return the summary with more rows counted."""
        errors = [row["error"] for row in rows if row["error"]]
        abstained = sum(bool(row.get("abstained")) for row in rows)
        return Summary(
            rows=self.rows + len(rows),
            scored=self.scored + len(rows) - len(errors) - abstained,
            abstained=self.abstained + abstained,
            errors=self.errors + len(errors),
            links=self.links + sum(row["n_links"] or 0 for row in rows),
            unrelated=self.unrelated + sum(row.get("n_unrelated") or 0 for row in rows),
            first_error=self.first_error or (errors[0] if errors else ""),
        )


def prediction_columns(topics: Sequence[str]) -> dict[str, str]:
    """Return the columns of prediction rows and their kinds, for `open_rows`."""
    kinds = {
        "topic_probability": "float",
        "clickbait": "float",
        "abstained": "bool",
        "links": "links",
        "n_links": "int",
        "n_unrelated": "int",
        **{f"p_{topic}": "float" for topic in topics},
    }
    return {name: kinds.get(name, "string") for name in Prediction(id="").row(topics)}


def score(
    inputs: Sequence[str | Path],
    out: str | Path,
    model: Model,
    options: ReadOptions | None = None,
    *,
    keep_links: KeepLinks = "none",
    overwrite: bool = False,
    progress: Progress = lambda rows: None,
) -> Summary:
    """Write the prediction rows of files and return what was done.

    Parameters
    ----------
    inputs : sequence of path
        Files, folders, or "-" for standard input; see `read`.
    out : path
        File of rows: .jsonl, .csv or .parquet; it appears when it is complete.
    model : Model
        From `load`.
    options : ReadOptions, optional
        How to read; broken rows become rows with `error` unless it says otherwise.
    keep_links : {"none", "related", "all"}
        Which links stay in ``clean_text``.
    overwrite : bool
        Whether an existing `out` is replaced.
    progress : callable
        Called with the number of rows written so far.

    Raises
    ------
    InputError
        When an input is not there, or has no text column.
    ConfigError
        When `out` is there already, is one of the inputs, or has another suffix.
    """
    stamp = datetime.now(UTC).isoformat(timespec="seconds")

    def predicted(records: list[Record]) -> Rows:
        found = model.predict(records, keep_links=keep_links, scored_at=stamp)
        return [prediction.row(model.topics) for prediction in found]

    columns = prediction_columns(model.topics)
    return _run(inputs, out, options, predicted, columns, overwrite, progress)


def clean(
    inputs: Sequence[str | Path],
    out: str | Path,
    model: Model | None = None,
    options: ReadOptions | None = None,
    *,
    keep_links: KeepLinks = "none",
    overwrite: bool = False,
    progress: Progress = lambda rows: None,
) -> Summary:
    """Write the articles of files without teasers and furniture, and return what was done.

    A model is needed only to keep the related links; parameters and errors are those of `score`.
    """
    if keep_links == "related" and model is None:
        raise ConfigError("keeping the related links needs a model; expected one from load()")

    def cleaned(records: list[Record]) -> Rows:
        found = take(records)
        articles = [item for item in found if isinstance(item, Article)]
        texts = iter(_clean_texts(articles, model, keep_links))
        return [
            _row(item, next(texts), "")
            if isinstance(item, Article)
            else _row(Article(id=item.id, title=item.title, text=""), None, item.error)
            for item in found
        ]

    return _run(inputs, out, options, cleaned, CLEAN_COLUMNS, overwrite, progress)


def _run(
    inputs: Sequence[str | Path],
    out: str | Path,
    options: ReadOptions | None,
    to_rows: Callable[[list[Record]], Rows],
    columns: Mapping[str, str],
    overwrite: bool,
    progress: Progress,
) -> Summary:
    """Read, turn into rows and write, batch by batch."""
    _refuse_own_output(inputs, Path(out))
    records = read(list(inputs), options or ReadOptions(on_error="keep"))
    summary = Summary()
    with open_rows(out, columns, overwrite=overwrite) as file:
        for batch in _batches(records):
            rows = to_rows(batch)
            file.write(rows)
            summary = summary.plus(rows)
            progress(summary.rows)
    return summary


def _refuse_own_output(inputs: Sequence[str | Path], out: Path) -> None:
    """Raise ConfigError when the output is there and would be read as an input."""
    for path in map(Path, inputs):
        if not (out.exists() and path.exists()):
            continue
        if path.samefile(out):
            raise ConfigError(f"{out}: is also an input; name another file for the output")
        if path.resolve() in out.resolve().parents:
            raise ConfigError(
                f"{out}: lies in the input folder {path} and would be read as articles; remove it "
                "or name a file elsewhere"
            )


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Yield the records in lists of bounded length and size."""
    batch: list[Record] = []
    chars = 0
    for record in records:
        batch.append(record)
        chars += len(record.text)
        if len(batch) == BATCH_ROWS or chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def _clean_texts(
    articles: Sequence[Article], model: Model | None, keep_links: KeepLinks
) -> list[str | None]:
    """Return the clean text of each article with the links to keep."""
    if model is not None and keep_links == "related":
        return [found.clean_text for found in model.predict(articles, keep_links=keep_links)]
    return [clean_text(a, a.links if keep_links == "all" else ()) for a in articles]


def _row(article: Article, text: str | None, error: str) -> dict[str, Any]:
    """Return an article as a flat row."""
    return {
        "id": article.id,
        "title": article.title or None,
        "published": article.published or None,
        "publisher": article.publisher or None,
        "source": article.source or None,
        "author": article.author or None,
        "editor": article.editor or None,
        "place": article.place or None,
        "tags": list(article.tags),
        "url": article.url or None,
        "text": text,
        "n_links": None if error else len(article.links),
        "error": error or None,
    }
