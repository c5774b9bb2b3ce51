"""Many files scored or cleaned: run, resumed, completed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, cast

from saring import __version__
from saring.article import KeepLinks
from saring.batch.checkpoints import Mark, Parts, Plan, is_one_of, joined_files, open_parts, parts_folder
from saring.batch.jobs import Cleaning, Job, Maker, Scoring, Summary, Survey, survey
from saring.batch.workers import Batch, WorkerPool, made_by_workers, made_here
from saring.errors import ConfigError, SaringError, UsageError
from saring.io.blocks import Block
from saring.io.records import ReadOptions, kept_kinds, read_blocks
from saring.io.writers import check_place, claimed, followed, telling
from saring.kernel import prepare
from saring.kernel.text_arrays import cores, kernel_is_kept
from saring.predict import Model

# A run from files to a file.


BATCH_SIZE = 16_000_000  # bytes or characters: a part ends early where articles are huge
SMALL_ROWS = 4_096  # for no more, other processes would take longer to start than they save
SMALL_SIZE = 8_000_000  # nor for shorter text
MAX_WORKERS = 256

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class How:
    """What of a run's options does not concern what is done to a record; see `score`."""

    overwrite: bool
    workers: int | None
    batch_size: int
    quarantine: Path | None
    progress: Progress


@dataclass(frozen=True, slots=True)
class What:
    """What decides what a job makes of a record.

    Attributes
    ----------
    model : str
        The model's version; empty without one.
    settings : Mapping[str, Any]
        Of the job; JSON types.
    numbers : bool
        Whether it makes numbers, whose last digits are the compiled kernel's or plain Python's; the
        settings then say whose.
    """

    model: str
    settings: Mapping[str, Any]
    numbers: bool


def run(
    inputs: Sequence[str | Path], out: Path, options: ReadOptions, make_job: Callable[[str], Job], what: What, how: How
) -> Summary:
    """Read, have made into parts, keep and join; return what was done.

    Parameters
    ----------
    inputs, out, options
        As of `score`.
    make_job : callable
        Makes the job, given the time at which the run first began.
    what : What
        What decides what the job makes of a record.
    how : How
        All other options.

    Raises
    ------
    InputError, ConfigError
        As `score`.
    """
    out = followed(out)
    how = replace(how, quarantine=how.quarantine and followed(how.quarantine))
    _check(inputs, out, how)
    rows = cast("Generator[Block]", read_blocks(list(inputs), options))
    waiting = batches(rows, how.batch_size, BATCH_SIZE)
    with ExitStack() as ending:
        ending.enter_context(closing(rows))
        quarantine = ending.enter_context(claimed(how.quarantine)) if how.quarantine else None
        start: list[list[Block]] = []
        workers = how.workers or (cores() if _is_large(waiting, start) else 1)
        # They start while the files are surveyed.
        pool = ending.enter_context(_worker_pool(workers)) if workers > 1 else None
        found = survey(inputs, options.format)
        settings = asdict(options) | {
            "keep": list(options.keep),  # as JSON gives it back
            "output": out.suffix.lower(),
            "batch_size": how.batch_size,
        }
        plan = _plan(found, what, pool, settings)
        parts = ending.enter_context(open_parts(out, plan, overwrite=how.overwrite))
        _check_places(out, how, parts.joined)
        maker = Maker(make_job(parts.plan.scored_at), out.suffix.lower(), options)
        try:
            how.progress(parts.rows, found.rows)
            count = _make(chain(start, waiting), maker, pool, parts, how, found.rows)
            return parts.finish(count, maker.job, quarantine, overwrite=how.overwrite)
        except (KeyboardInterrupt, SaringError) as stop:
            stop.add_note(_kept(out, plan, parts))
            raise


@contextmanager
def _worker_pool(workers: int) -> Iterator[WorkerPool]:
    """Give a pool, which stops however the run ends."""
    if not kernel_is_kept():
        prepare()  # or each worker would compile it
    pool = WorkerPool(workers, kernel=True)  # without numbers it finds what parsing looks for
    try:
        yield pool
    finally:
        pool.stop()


def _plan(found: Survey, what: What, pool: WorkerPool | None, settings: Mapping[str, Any]) -> Plan:
    """Return what decides the bytes of an output."""
    settings = {**what.settings, **settings, "saring": __version__}
    if what.numbers:
        settings["compiled"] = pool.compiled() if pool else prepare()
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    return Plan(found.digest, what.model, settings, stamp)


def _make(
    all_batches: Iterable[list[Block]], maker: Maker, pool: WorkerPool | None, parts: Parts, how: How, rows: int | None
) -> int:
    """Have all parts made that are not there yet and return how many there are in all."""
    count = 0

    def missing() -> Iterator[Batch]:
        nonlocal count
        for count, batch in enumerate(all_batches, start=1):
            if count - 1 not in parts.done:
                yield count - 1, batch

    made = made_by_workers(missing(), maker, pool) if pool else made_here(missing(), maker)
    with closing(made):
        for number, batch, part in made:
            parts.add(number, part, sum(map(len, batch)))
            how.progress(parts.rows, rows)
    return count


def batches(blocks: Iterable[Block], max_rows: int, max_size: int) -> Iterator[list[Block]]:
    """Yield blocks, cut so that each list of them has a bounded number and size of rows."""
    batch: list[Block] = []
    rows = size = 0
    for block in blocks:
        start = 0
        for stop, row_size in enumerate(block.sizes, start=1):
            rows += 1
            size += row_size
            if rows == max_rows or size >= max_size:
                yield [*batch, block.cut(start, stop)]
                batch, rows, size, start = [], 0, 0, stop
        if start < len(block):
            batch.append(block.cut(start, len(block)) if start else block)
    if batch:
        yield batch


def _is_large(waiting: Iterator[list[Block]], start: list[list[Block]]) -> bool:
    """Return whether there is work for several processes; what was looked at is put in `start`."""
    rows = size = 0
    for batch in waiting:
        start.append(batch)
        for block in batch:
            rows += len(block)
            size += sum(block.sizes)
        if rows > SMALL_ROWS or size > SMALL_SIZE:
            return True
    return False


def _check(inputs: Sequence[str | Path], out: Path, how: How) -> None:
    """Refuse what could not end well, before anything is read."""
    _refuse_own_output(inputs, out)
    _check_places(out, how, joined_files(out))
    for number, name, most in (
        (1 if how.workers is None else how.workers, "--workers", MAX_WORKERS),
        (how.batch_size, "--batch-size", 1_000_000),
    ):
        if not 1 <= number <= most:
            raise UsageError(f"{name}: found {number}; expected 1 to {most:,}")
    if how.quarantine is not None:
        _refuse_own_output(inputs, how.quarantine)


def _check_places(out: Path, how: How, joined: Collection[Mark]) -> None:
    """Refuse places that cannot or shall not be written to; files of this very run may be there."""
    for path in (out, how.quarantine) if how.quarantine else (out,):
        with telling(path):
            ours = is_one_of(path, joined)
        check_place(path, overwrite=how.overwrite or ours)
    if how.quarantine is not None:
        if how.quarantine.suffix.lower() != ".jsonl":
            raise UsageError(f"{how.quarantine}: expected a .jsonl file for the rows with errors")
        where = Path(os.path.realpath(how.quarantine))
        if where == Path(os.path.realpath(out)):
            raise UsageError(f"{out}: is both output and quarantine; name two files")
        if where.parent == Path(os.path.realpath(parts_folder(out))):
            raise UsageError(f"{where}: unfinished output goes into this folder; name another one")


def _refuse_own_output(inputs: Sequence[str | Path], out: Path) -> None:
    """Raise ConfigError when the output is there and would be read as an input."""
    with telling(out):
        if not out.exists():
            return
    for path in map(Path, inputs):
        with suppress(OSError):  # who reads it says what is wrong with it
            if path.samefile(out):
                raise ConfigError(f"{out}: is also an input; name another file for the output")
            if Path(os.path.realpath(path)) in Path(os.path.realpath(out)).parents:
                raise ConfigError(
                    f"{out}: lies in the input folder {path} and would be read as articles; remove "
                    "it or name a file elsewhere"
                )


def _kept(out: Path, plan: Plan, parts: Parts) -> str:
    """Return in words what an interrupted run leaves."""
    rows = parts.rows
    if not plan.input:
        return "nothing is kept, for the input can be read only once"
    if not rows:
        return "no part was finished"
    return f"{rows:,} rows are kept in {parts_folder(out)}; the same command goes on from there"


# Batch: files to prediction rows or to clean articles, in bounded memory; rows in = rows out.


BATCH_ROWS = 2_048  # of a part: some seconds of work, and a fair row group of Parquet


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
        How to read, and which columns to keep; broken rows become rows with `error` unless it says
        otherwise.
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
    settings = {"command": "score", "keep_links": keep_links, "scored_at": scored_at}
    options = options or ReadOptions(on_error="keep")
    return run(
        inputs,
        Path(out),
        options,
        lambda stamp: Scoring(model, keep_links, scored_at or stamp, kept_kinds(inputs, options)),
        What(model.model_version, settings, numbers=True),
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
    """Write the articles of files without teasers and boilerplate, and return what was done.

    A model is needed only to keep the related links; parameters and errors are those of `score`.
    """
    if keep_links == "related" and model is None:
        raise ConfigError("keeping the related links needs a model; expected one from load()")
    how = _how(overwrite, workers, batch_size, quarantine, progress)
    settings = {"command": "clean", "keep_links": keep_links}
    options = options or ReadOptions(on_error="keep")
    return run(
        inputs,
        Path(out),
        options,
        lambda stamp: Cleaning(model, keep_links, kept_kinds(inputs, options)),
        What(model.model_version if model else "", settings, numbers=keep_links == "related"),
        how,
    )


def _how(
    overwrite: bool, workers: int | None, batch_size: int | None, quarantine: str | Path | None, progress: Progress
) -> How:
    """Return a run's options, those that were left out filled in."""
    rows = BATCH_ROWS if batch_size is None else batch_size
    return How(overwrite, workers, rows, Path(quarantine) if quarantine else None, progress)
