"""Raw documents and the spans of what in them is no body to clean articles, joined by id."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from saring.article import KeepLinks, Prediction, Record, clean_text
from saring.batch.parts import Cleaned, Summary, summary_of, unreadable
from saring.batch.run import BATCH_ROWS, BATCH_SIZE, Progress, check_places, cut_batches
from saring.columns import mended
from saring.errors import InputError, UsageError
from saring.html.page import PageReader
from saring.io.blocks import InputRow
from saring.io.records import KEEP_ERRORS, ReadOptions, kept_kinds, open_blocks, read_blocks, rows
from saring.io.writers import SUFFIXES, followed, open_rows
from saring.schema import CLEAN_COLUMNS, as_table, kept_columns, kinds
from saring.sources import failed, take
from saring.spans import Spans, spans_in, text_digest

ANEW = "make the spans of these documents anew with `saring clean --spans`"


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply_spans` did."""

    summary: Summary
    missing: int = 0  # documents without spans
    changed: int = 0  # documents whose text is not the one that the spans were found in
    ambiguous: int = 0  # documents of an id that has several spans for the same text
    repeated: int = 0  # ids that stand in several rows of spans
    unused: int = 0  # rows of spans without a document

    def sentences(self) -> list[str]:
        """Return in words what does not fit together; nothing where all does."""
        told = (
            (self.missing, "documents without spans"),
            (self.changed, "documents whose text is not the one that the spans were found in"),
            (self.ambiguous, "documents with several spans for the same text"),
            (self.repeated, "ids with several texts, which told their spans apart"),
            (self.unused, "spans without a document"),
        )
        return [f"{what}: {number:,}" for number, what in told if number]


class SpanTable:
    """Rows of spans by id, on the disk: documents may come in whatever order, and there may be any number of them."""

    def __init__(self, found: Iterable[InputRow]) -> None:
        self._table = sqlite3.connect("")  # a file of its own, which goes with the connection
        self._table.execute("CREATE TABLE spans (id TEXT, digest TEXT, row BLOB)")
        self._table.executemany("INSERT INTO spans VALUES (?, ?, ?)", map(_stored, found))
        self._table.execute("CREATE INDEX ids ON spans (id)")
        [[size, self._readable]] = self._table.execute("SELECT count(*), count(digest) FROM spans")
        self._used = bytearray(size + 1)
        self.counts = {"missing": 0, "changed": 0, "ambiguous": 0}

    def of(self, record: Record) -> Spans:
        """Return the spans of a record's text; InputError where there are none, or others for the same text."""
        found = self._table.execute("SELECT rowid, digest, row FROM spans WHERE id = ?", [record.id]).fetchall()
        digest = text_digest(record.text)
        fitting = [(number, row) for number, found_digest, row in found if found_digest == digest]
        for number, _ in fitting:
            self._used[number] = True
        unread = [orjson.loads(row) for _, found_digest, row in found if found_digest is None]
        if not found:
            why = self._refused("missing", f"no spans for the id {record.id!r}")
        elif not fitting and unread:
            why = str(unread[0].get("error") or f"no text where the spans of {record.id!r} were found; {ANEW}")
            raise InputError(why)
        elif not fitting:
            before = orjson.loads(found[0][2]).get("text_length")
            why = self._refused(
                "changed",
                f"a text of {len(record.text):,} characters that is not the one in which the spans of {record.id!r} "
                f"were found, of {before:,}",
            )
        elif len({row for _, row in fitting}) > 1:
            why = self._refused("ambiguous", f"several spans for the id {record.id!r} and the same text")
        else:
            return spans_in(orjson.loads(fitting[0][1]))
        raise InputError(f"{record.where}: found {why}".removeprefix(": "))

    def applied(self, summary: Summary) -> Applied:
        """Return what was done and what did not fit together."""
        repeated = "SELECT count(*) FROM (SELECT 1 FROM spans GROUP BY id HAVING count(DISTINCT digest) > 1)"
        [[ids]] = self._table.execute(repeated)
        return Applied(summary, **self.counts, repeated=ids, unused=self._readable - sum(self._used))

    def close(self) -> None:
        """Let go of the table."""
        self._table.close()

    def _refused(self, kind: str, why: str) -> str:
        self.counts[kind] += 1
        return f"{why}; {ANEW}"


def _stored(row: InputRow) -> tuple[str, str | None, bytes]:
    """Return an input row as the table holds it; InputError where it is no row of spans."""
    if row.error:
        raise InputError(row.error)
    try:
        spans = spans_in(row.values)
    except InputError as error:
        raise InputError(f"{row.where}: {error}") from None
    return spans.id, spans.text_digest, orjson.dumps(row.values)


def apply_spans(
    inputs: Sequence[str | Path],
    spans: str | Path,
    out: str | Path,
    options: ReadOptions | None = None,
    *,
    keep_links: KeepLinks = "none",
    threshold: float | None = None,
    overwrite: bool = False,
    progress: Progress = lambda rows, total: None,
) -> Applied:
    r"""Write the clean articles of raw documents and the spans that `clean` found in them.

    The rows are those that `clean` writes with the same options, to the byte. No model is asked and no rule: what was
    found once can be left out again later, with whatever threshold. A document without fitting spans keeps its row,
    with `error` filled.

    Parameters
    ----------
    inputs, out, options, overwrite, progress
        As of `clean`.
    spans : path
        What ``clean(..., spans=True)`` wrote, of these documents and perhaps of others, in whatever order.
    keep_links : {"none", "related", "all"}
        Which links stay, as lines of their own.
    threshold : float, optional
        With ``"related"`` the probability from which a link is called unrelated and leaves; the model's if not given.

    Raises
    ------
    InputError
        When an input is not there, or `spans` has a row that is none of spans.
    ConfigError
        As `clean`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from saring import load
    >>> from saring.batch import clean
    >>> with TemporaryDirectory() as folder:
    ...     raw, spans, out = (Path(folder, name) for name in ("raw.jsonl", "spans.jsonl", "clean.jsonl"))
    ...     _ = raw.write_text('{"id": "7", "text": "Rupiah menguat.\\nBaca Juga: Harga Emas Turun\\nPasar tenang."}')
    ...     _ = clean([raw], spans, load(), spans=True)
    ...     _ = apply_spans([raw], spans, out)
    ...     print('"text":"Rupiah menguat.\\nPasar tenang."' in out.read_text())
    True
    """
    options, where = options or KEEP_ERRORS, followed(out)
    if threshold is not None and keep_links != "related":
        raise UsageError(f"--threshold {threshold:g}: says which links are related; add --keep-links related")
    check_places([*inputs, spans], where, None, overwrite, [])
    kept = kept_columns(kept_kinds(inputs, options), CLEAN_COLUMNS)
    columns = kinds([*CLEAN_COLUMNS, *kept])
    summary = Summary()
    with (
        closing(SpanTable(rows([spans]))) as table,
        PageReader(options.page_seconds) as pages,
        open_rows(where, columns, overwrite=overwrite) as file,
    ):
        lines = SUFFIXES[where.suffix.lower()](columns)
        for batch in cut_batches(read_blocks(list(inputs), options), BATCH_ROWS, BATCH_SIZE):
            records = open_blocks(batch, options, pages)
            cleaned = [_cleaned(record, table, keep_links, threshold) for record in records]
            values = as_table(CLEAN_COLUMNS, cleaned) | as_table(kept, records)
            file.append(lines.part_of(values))
            summary += summary_of(values)
            progress(summary.rows, None)
        return table.applied(summary)


def _cleaned(record: Record, table: SpanTable, keep_links: KeepLinks, threshold: float | None) -> Cleaned:
    """Return the clean article of a record, or why there is none."""
    if record.error or not (record.title.strip() or record.text.strip()):
        [unread] = take([record])
        if isinstance(unread, Prediction):
            return Cleaned(unreadable(unread), None)
    storable: dict[str, Any] = {
        name: mended(getattr(record, name)) for name in ("id", "title", "text", "publisher", "url", "note")
    }
    record = replace(record, **storable)
    try:
        found = table.of(record)
    except InputError as error:
        return Cleaned(unreadable(failed(record, record.id, str(error))), None)
    article = found.article(record)
    return Cleaned(article, clean_text(article, found.kept(article, keep_links, threshold)))
