"""Batch: files to prediction rows or to clean articles, in bounded memory; rows in = rows out.

A run reads records, has them made into parts, keeps each part on the disk, and joins them to the
output at the end::

    survey > plan > read > batches > parts > output

How the records fall into parts depends on the input and `batch_size` alone. So the output has the
same bytes however many processes work on it and however often it was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, cast

from saring import __version__
from saring.article import KeepLinks, Record
from saring.compiled import prepare
from saring.errors import ConfigError
from saring.predict import Model
from saring.read import PARTS_SUFFIX, ReadOptions, read
from saring.score.jobs import Cleaning, Job, Scoring, batches
from saring.score.manifest import Plan
from saring.score.parts import Parts, open_parts
from saring.score.pool import cores, made_by_workers, made_here
from saring.score.summary import Summary
from saring.score.survey import survey
from saring.writers import check_place

__all__ = ["BATCH_ROWS", "clean", "score"]

BATCH_ROWS = 2_048  # of a part: some seconds of work, and a fair row group of Parquet
BATCH_CHARS = 16_000_000  # a part ends early where articles are huge
SMALL_ROWS = 4_096  # for no more, other processes would take longer to start than they save
SMALL_CHARS = 8_000_000  # nor for shorter text
MAX_WORKERS = 256

Progress = Callable[[int, int | None], None]


def score(
    inputs: Sequence[str | Path],
    out: str | Path,
    model: Model,
    options: ReadOptions | None = None,
    *,
    keep_links: KeepLinks = "none",
    overwrite: bool = False,
    workers: int | None = None,
    batch_size: int | None = None,
    quarantine: str | Path | None = None,
    scored_at: str | None = None,
    progress: Progress = lambda rows, total: None,
) -> Summary:
    """Write the prediction rows of files and return what was done.

    A run that ends early leaves its finished parts in the folder ``<out>.parts``. The same call
    goes on from there and ends with the same bytes, `scored_at` among them.

    Parameters
    ----------
    inputs : sequence of path
        Files, folders, or "-" for standard input, which cannot be gone on with; see `read`.
    out : path
        File of rows: .jsonl, .csv or .parquet; it appears when it is complete.
    model : Model
        From `load`.
    options : ReadOptions, optional
        How to read; broken rows become rows with `error` unless it says otherwise.
    keep_links : {"none", "related", "all"}
        Which links stay in ``clean_text``.
    overwrite : bool
        Whether an existing `out`, and the parts of another run, are replaced.
    workers : int, optional
        Number of processes; if not given, one for a small input and one a core for others.
    batch_size : int, optional
        Rows of a part, which is the most that a process holds and an interruption costs it; if not
        given, `BATCH_ROWS`.
    quarantine : path, optional
        JSON Lines file of the rows with errors: file, row, id and reason. They stay in `out`.
    scored_at : str, optional
        Time to note in the rows, ISO 8601; when not given, that at which the run first began.
    progress : callable
        Called with the number of rows done so far, and about how many there are, None if unknown;
        first with those that an earlier run has done.

    Raises
    ------
    InputError
        When an input is not there, or has no text column.
    ConfigError
        When `out` is there already, is one of the inputs, is written by another run or has another
        suffix; when an interrupted run had other inputs, another model or other settings; when the
        disk is full.
    """
    how = _how(overwrite, workers, batch_size, quarantine, progress)
    settings: dict[str, Any] = {
        "command": "score",
        "keep_links": keep_links,
        "scored_at": scored_at,
    }
    settings["compiled"] = prepare()  # the last digits are the kernel's, or scikit-learn's
    return _run(
        inputs,
        Path(out),
        options or ReadOptions(on_error="keep"),
        lambda stamp: Scoring(model, keep_links, scored_at or stamp),
        (model.model_version, settings),
        how,
    )


def clean(
    inputs: Sequence[str | Path],
    out: str | Path,
    model: Model | None = None,
    options: ReadOptions | None = None,
    *,
    keep_links: KeepLinks = "none",
    overwrite: bool = False,
    workers: int | None = None,
    batch_size: int | None = None,
    quarantine: str | Path | None = None,
    progress: Progress = lambda rows, total: None,
) -> Summary:
    """Write the articles of files without teasers and furniture, and return what was done.

    A model is needed only to keep the related links; parameters and errors are those of `score`.
    """
    if keep_links == "related" and model is None:
        raise ConfigError("keeping the related links needs a model; expected one from load()")
    how = _how(overwrite, workers, batch_size, quarantine, progress)
    settings: dict[str, Any] = {"command": "clean", "keep_links": keep_links}
    if keep_links == "related":
        settings["compiled"] = prepare()
    return _run(
        inputs,
        Path(out),
        options or ReadOptions(on_error="keep"),
        lambda stamp: Cleaning(model, keep_links),
        (model.model_version if model else "", settings),
        how,
    )


@dataclass(frozen=True, slots=True)
class _How:
    """What of a run's options does not concern what is done to a record."""

    overwrite: bool
    workers: int | None
    batch_size: int
    quarantine: Path | None
    progress: Progress


def _how(
    overwrite: bool,
    workers: int | None,
    batch_size: int | None,
    quarantine: str | Path | None,
    progress: Progress,
) -> _How:
    """Return a run's options, those that were left out filled in."""
    rows = BATCH_ROWS if batch_size is None else batch_size
    return _How(overwrite, workers, rows, Path(quarantine) if quarantine else None, progress)


def _run(
    inputs: Sequence[str | Path],
    out: Path,
    options: ReadOptions,
    make_job: Callable[[str], Job],
    what: tuple[str, Mapping[str, Any]],
    how: _How,
) -> Summary:
    """Read, have made into parts, keep and join; `what` is the model's version and settings."""
    _check(inputs, out, how)
    records = cast("Generator[Record]", read(list(inputs), options))
    found = survey(inputs, options.format)
    version, settings = what
    settings = {
        **settings,
        **asdict(options),
        "output": out.suffix.lower(),
        "batch_size": how.batch_size,
        "saring": __version__,
    }
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    plan = Plan(found.digest, version, settings, stamp)
    with open_parts(out, plan, overwrite=how.overwrite) as parts, closing(records):
        job = make_job(parts.plan.scored_at)
        how.progress(parts.rows, found.rows)
        try:
            count = _make(records, out, job, parts, how, found.rows)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(_kept(out, plan, parts))
            raise
        return parts.finish(count, job, how.quarantine)


def _make(
    records: Iterator[Record], out: Path, job: Job, parts: Parts, how: _How, rows: int | None
) -> int:
    """Have all parts made that are not there yet and return how many there are in all."""
    count = 0

    def missing() -> Iterator[tuple[int, list[Record]]]:
        nonlocal count
        for count, batch in enumerate(batches(records, how.batch_size, BATCH_CHARS), start=1):
            if count - 1 not in parts.done:
                yield count - 1, batch

    waiting = missing()
    start: list[tuple[int, list[Record]]] = []
    workers = how.workers
    if workers is None:
        workers = cores() if _is_large(waiting, start) else 1
    suffix = out.suffix.lower()
    work = chain(start, waiting)
    made = (
        made_here(work, job, suffix)
        if workers == 1
        else made_by_workers(work, job, suffix, workers)
    )
    with closing(made):
        for number, batch, part in made:
            parts.add(number, part, len(batch))
            how.progress(parts.rows, rows)
    return count


def _is_large(
    waiting: Iterator[tuple[int, list[Record]]], start: list[tuple[int, list[Record]]]
) -> bool:
    """Return whether there is work for several processes; what was looked at is put in `start`."""
    rows = chars = 0
    for item in waiting:
        start.append(item)
        rows += len(item[1])
        chars += sum(len(record.text) for record in item[1])
        if rows > SMALL_ROWS or chars > SMALL_CHARS:
            return True
    return False


def _check(inputs: Sequence[str | Path], out: Path, how: _How) -> None:
    """Refuse what could not end well, before anything is read."""
    _refuse_own_output(inputs, out)
    check_place(out, overwrite=how.overwrite)
    for number, name, most in (
        (1 if how.workers is None else how.workers, "--workers", MAX_WORKERS),
        (how.batch_size, "--batch-size", 1_000_000),
    ):
        if not 1 <= number <= most:
            raise ConfigError(f"{name}: found {number}; expected 1 to {most:,}")
    if how.quarantine is not None:
        if how.quarantine.suffix.lower() != ".jsonl":
            raise ConfigError(f"{how.quarantine}: expected a .jsonl file for the rows with errors")
        if how.quarantine.absolute() == out.absolute():
            raise ConfigError(f"{out}: is both output and quarantine; name two files")
        _refuse_own_output(inputs, how.quarantine)
        check_place(how.quarantine, overwrite=how.overwrite)


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


def _kept(out: Path, plan: Plan, parts: Parts) -> str:
    """Return in words what an interrupted run leaves."""
    rows = parts.rows
    if not plan.input:
        return "nothing is kept, for the input can be read only once"
    if not rows:
        return "no part was finished"
    return f"{rows:,} rows are kept in {out}{PARTS_SUFFIX}; the same command goes on from there"
