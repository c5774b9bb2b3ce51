"""`saring label export`: of many articles those worth labelling, as tasks for Label Studio or as a table."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import orjson

from saring.columns import Columns, mended
from saring.errors import CorpusError, InputError, UsageError
from saring.io.records import KEEP_ERRORS, ReadOptions, read, rows
from saring.io.writers import check_place, open_rows, output_place, unguarded, write_whole
from saring.labelling.choosing import POOL, choose, margin
from saring.labelling.task_files import Candidate, interface, studio_task, table_columns, table_row
from saring.parsing.engine import parse
from saring.predict import Model
from saring.profiles import reason_of
from saring.scored_rows import COLUMNS, read_rows
from saring.text import words
from saring.training.corpus import digests, merged_digests, read_corpus, row_keys, seen_texts
from saring.training.refitting import linear_model

T = TypeVar("T")
BATCH = 256
# Why an article is not among those to choose from.
LABELLED, TWICE, NO_TEXT = "labelled already", "there twice", "without a verdict"
UNLIKE, MISFIT = "unlike Indonesian news", "with links that do not stand in the kept text"
ROW_COLUMNS = ("topic", "topic_probability", "clean_text", "links", "model_version")  # by which scored rows are known


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did: tasks, articles looked at, and how many of these were no candidates, by the reason."""

    tasks: int
    articles: int
    left_out: Mapping[str, int]

    def lines(self) -> Iterator[str]:
        """Yield what people are told."""
        out = ", ".join(f"{n:,} {why}" for why, n in self.left_out.items() if n)
        yield f"{self.articles:,} article(s), {self.tasks:,} to label" + (f"; left out: {out}" if out else "")


def export(
    inputs: Sequence[str | Path],
    out: str | Path,
    model: Model,
    *,
    most: int = 200,
    labelled: Sequence[str | Path] = (),
    config: str | Path | None = None,
    options: ReadOptions = KEEP_ERRORS,
    overwrite: bool = False,
    progress: Callable[..., None] = lambda rows: None,
) -> Exported:
    """Write at most so many articles as tasks to label, those the model is unsure of, and say what was done.

    Parameters
    ----------
    inputs : sequence of path
        Rows that `saring score --keep text` wrote, or articles in any form that `saring.read` takes.
    out : path
        ``.json`` for Label Studio, ``.csv`` for a spreadsheet.
    model : Model
        By its features articles are spread; it scores those that are not scored yet.
    labelled : sequence of path
        Corpus files whose articles are not asked for again; nor are those the model was trained on.
    config : path, optional
        Gets Label Studio's labelling interface for these tasks.
    options : ReadOptions
        How articles are read.

    Raises
    ------
    InputError, ConfigError, UsageError
        When an input cannot be read, an output not be written, or rows lack the articles' texts.
    """
    where, interface_place = output_place(out), output_place(config) if config else None
    if where.suffix not in (".json", ".csv"):
        raise UsageError(f"{out}: found suffix {where.suffix!r}; expected .json (Label Studio) or .csv (a spreadsheet)")
    for path in [where] + ([interface_place] if interface_place else []):
        check_place(path, overwrite=overwrite, suffixes=())
    if most < 1:
        raise UsageError(f"--uncertain {most}: expected 1 or more")
    if config and Path(config).resolve() == Path(out).resolve():
        raise UsageError(f"{out}: is both output and interface; name two files")
    stored = [digests(read_corpus(path)) for path in labelled]
    known = merged_digests(str(model.bundle.card.get("trained_on", "")), *stored)
    counts: Counter[str] = Counter()
    if "-" not in map(str, inputs) and _are_scored(inputs, options):
        found = _scored(inputs, counts)
    else:
        found = _unscored(inputs, model, options, counts)
    pool = heapq.nsmallest(POOL * most, _new(found, known, counts, progress), key=lambda article: article.margin)
    chosen = [pool[row] for row in _spread(pool, model, most)]
    done = Exported(len(chosen), counts.pop("articles", 0), counts)
    if not chosen:
        raise CorpusError(f"{inputs[0]}: found nothing to label ({' '.join(done.lines())}); give other articles")
    if where.suffix == ".csv":
        columns = table_columns(chosen)
        with open_rows(out, dict.fromkeys(columns, "string"), overwrite=overwrite) as file:
            file.write([table_row(article, columns) for article in chosen])
    else:
        tasks = [studio_task(article) for article in chosen]
        write_whole(where, orjson.dumps(tasks, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    if interface_place:
        write_whole(interface_place, interface(model.topics).encode())
    return done


def _spread(pool: Sequence[Candidate], model: Model, most: int) -> list[int]:
    """Return which of the articles with the smallest margins to take."""
    if not pool:
        return []
    columns = linear_model(model.bundle.topic).columns([(article.title, article.body) for article in pool])
    return choose(np.array([article.margin for article in pool]), columns, most)


def _new(
    found: Iterable[Candidate], known: str, counts: Counter[str], progress: Callable[..., None]
) -> Iterator[Candidate]:
    """Yield the articles that nobody has labelled, each once."""
    met: set[int] = set()
    for some in _batches(found):
        texts = [(article.title, article.body) for article in some]
        for article, key, old in zip(some, row_keys(texts).tolist(), seen_texts(texts, known), strict=True):
            if old or key in met:
                counts[LABELLED if old else TWICE] += 1
                continue
            met.add(key)
            yield article
        progress(counts["articles"])


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    return iter(lambda: list(islice(left, BATCH)), [])


def _are_scored(inputs: Sequence[str | Path], options: ReadOptions) -> bool:
    """Return whether the first row of the inputs is one that `saring score` wrote."""
    first = next(iter(islice(rows([*inputs], options), 1)), None)
    return first is not None and {*ROW_COLUMNS} <= first.values.keys()


def _scored(inputs: Sequence[str | Path], counts: Counter[str]) -> Iterator[Candidate]:
    """Yield the candidates among scored rows, which must hold the articles' texts."""
    columns = Columns({})
    text_column = ""
    for some in read_rows([*inputs]):
        for row in some:
            if not text_column:
                others = tuple(name for name in row if name not in COLUMNS and not name.startswith("p_"))
                if "text" not in (found := columns.find(others).columns):
                    raise InputError(
                        f"{inputs[0]}: the rows lack the articles' texts, in which links are marked; score them again "
                        "with the column that has them, `saring score IN --keep text --out rows.parquet`, or give the "
                        "articles themselves"
                    )
                text_column = found["text"]
            counts["articles"] += 1
            probabilities = {
                name[2:]: value for name, value in row.items() if name.startswith("p_") and value is not None
            }
            given = row.get(text_column)
            if not isinstance(given, str) or len(probabilities) < 2:
                counts[NO_TEXT] += 1
            else:
                yield from _candidates(row, _fitting(row["links"] or (), given), probabilities, counts)


def _fitting(links: Sequence[Mapping[str, Any]], given: str) -> str | None:
    """Return the text in which links stand where they say: the one given, or what a cell of CSV was made of.

    None where they stand in neither.
    """
    for text in (given, unguarded(given)):
        if all(_stands(link, text) for link in links):
            return text
    return None


def _stands(link: Mapping[str, Any], text: str) -> bool:
    """Return whether a link's span of a text ends with the last words of its headline."""
    printed, headline = words(text[link["start"] : link["end"]]), words(link["headline"])
    return bool(printed) and (not headline or headline[-1] in printed[-2:])


def _unscored(
    inputs: Sequence[str | Path], model: Model, options: ReadOptions, counts: Counter[str]
) -> Iterator[Candidate]:
    """Yield the candidates among articles, scored on the way."""
    for records in _batches(read([*inputs], options)):
        counts["articles"] += len(records)
        articles = [parse(record) for record in records if not record.error]
        counts.update(f"unreadable ({reason_of(record.error)})" for record in records if record.error)
        for article, found in zip(articles, model.predict(articles), strict=True):
            yield from _candidates(found.row(), mended(article.text), found.probabilities, counts)


def _candidates(
    row: Mapping[str, Any], text: str | None, probabilities: Mapping[str, float], counts: Counter[str]
) -> Iterator[Candidate]:
    """Yield the candidate that a scored row is, or count why not; `text` is None where no text holds its links."""
    if row["topic"] is None:
        counts[NO_TEXT] += 1
    elif row["abstained_because"] == "unlike_news":
        counts[UNLIKE] += 1
    elif text is None:
        counts[MISFIT] += 1
    else:
        yield Candidate(
            text=text, body=row["clean_text"] or "", probabilities=probabilities, links=row["links"] or (),
            topic=row["topic"], clickbait=row["clickbait"], model_version=row["model_version"],
            margin=margin(probabilities),
            **{name: row.get(name) or "" for name in ("id", "title", "publisher", "published", "url")},
        )  # fmt: skip
