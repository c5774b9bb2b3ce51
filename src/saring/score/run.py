"""A run from files to a file.

::

    survey > plan > blocks > batches > parts > output

How the rows fall into parts depends on the input and the batch size alone. So the output has the
same bytes however many processes work on it and however often it was interrupted.
"""

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
from saring.compiled import prepare
from saring.compiled.kept import kernel_is_kept
from saring.compiled.slices import cores
from saring.errors import ConfigError, SaringError, UsageError
from saring.read import Block, ReadOptions, blocks
from saring.score.jobs import Job
from saring.score.making import Maker
from saring.score.manifest import Mark, Plan, is_one_of
from saring.score.parts import Parts, joined_files, open_parts, parts_folder
from saring.score.pool import Batch, Crew, made_by_workers, made_here
from saring.score.summary import Summary
from saring.score.survey import Survey, survey
from saring.writers import check_place, claimed, followed, telling

__all__ = ["How", "Progress", "What", "run"]

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
    inputs: Sequence[str | Path],
    out: Path,
    options: ReadOptions,
    make_job: Callable[[str], Job],
    what: What,
    how: How,
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
    rows = cast("Generator[Block]", blocks(list(inputs), options))
    waiting = batches(rows, how.batch_size, BATCH_SIZE)
    with ExitStack() as ending:
        ending.enter_context(closing(rows))
        quarantine = ending.enter_context(claimed(how.quarantine)) if how.quarantine else None
        start: list[list[Block]] = []
        workers = how.workers or (cores() if _is_large(waiting, start) else 1)
        # They start while the files are surveyed.
        crew = ending.enter_context(_hired(workers)) if workers > 1 else None
        found = survey(inputs, options.format)
        settings = asdict(options) | {
            "keep": list(options.keep),  # as JSON gives it back
            "output": out.suffix.lower(),
            "batch_size": how.batch_size,
        }
        plan = _plan(found, what, crew, settings)
        parts = ending.enter_context(open_parts(out, plan, overwrite=how.overwrite))
        _check_places(out, how, parts.joined)
        maker = Maker(make_job(parts.plan.scored_at), out.suffix.lower(), options)
        try:
            how.progress(parts.rows, found.rows)
            count = _make(chain(start, waiting), maker, crew, parts, how, found.rows)
            return parts.finish(count, maker.job, quarantine, overwrite=how.overwrite)
        except (KeyboardInterrupt, SaringError) as stop:
            stop.add_note(_kept(out, plan, parts))
            raise


@contextmanager
def _hired(workers: int) -> Iterator[Crew]:
    """Give a crew, which stops however the run ends."""
    if not kernel_is_kept():
        prepare()  # or each worker would compile it
    crew = Crew(workers, kernel=True)  # without numbers it finds what parsing looks for
    try:
        yield crew
    finally:
        crew.stop()


def _plan(found: Survey, what: What, crew: Crew | None, settings: Mapping[str, Any]) -> Plan:
    """Return what decides the bytes of an output."""
    settings = {**what.settings, **settings, "saring": __version__}
    if what.numbers:
        settings["compiled"] = crew.compiled() if crew else prepare()
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    return Plan(found.digest, what.model, settings, stamp)


def _make(
    all_batches: Iterable[list[Block]],
    maker: Maker,
    crew: Crew | None,
    parts: Parts,
    how: How,
    rows: int | None,
) -> int:
    """Have all parts made that are not there yet and return how many there are in all."""
    count = 0

    def missing() -> Iterator[Batch]:
        nonlocal count
        for count, batch in enumerate(all_batches, start=1):
            if count - 1 not in parts.done:
                yield count - 1, batch

    made = made_by_workers(missing(), maker, crew) if crew else made_here(missing(), maker)
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
