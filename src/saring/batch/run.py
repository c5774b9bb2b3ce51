"""Many files scored or cleaned: checked, cut into batches, made into parts, joined.

Memory is bounded whatever the size of the inputs, each row gives a row, and a run that was interrupted goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, nullcontext, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TypedDict, Unpack, cast

from saring import __version__
from saring.article import KeepLinks
from saring.batch.checkpoints import FileId, Plan, is_one_of, open_checkpoint, parts_folder, read_manifest
from saring.batch.parts import Model, PartMaker, Summary, Task, article_spans
from saring.batch.workers import SMALL_ROWS, parts_made_here, pool_for
from saring.errors import ConfigError, SaringError, UsageError
from saring.io.addresses import Address, Place, place
from saring.io.blocks import Block
from saring.io.formats import parquet_metadata
from saring.io.input_files import PACKINGS, find_files
from saring.io.records import KEEP_ERRORS, ReadOptions, kept_kinds, read_blocks
from saring.io.sieve import Sieve
from saring.io.writers import SUFFIXES, check_place, claimed, followed, telling
from saring.kernel.scoring import SWITCH, plain, prepare
from saring.kernel.text_arrays import kernel_is_kept
from saring.profiles import profiled

BATCH_ROWS = 2_048  # of a part: some seconds of work, and a fair row group of Parquet
BATCH_SIZE = 16_000_000  # bytes or characters: a part ends early where articles are huge
MAX_WORKERS = 256
CHUNK_BYTES = 1 << 20

Progress = Callable[[int, int | None], None]


class RunOptions(TypedDict, total=False):
    """How a run goes on, with `score` and `clean` alike; it changes no row. See `score`."""

    overwrite: bool
    workers: int | None
    batch_size: int | None
    quarantine: str | Path | None
    progress: Progress


def score(
    inputs: Sequence[str | Path],
    out: str | Path,
    model: Model,
    options: ReadOptions | None = None,
    *,
    keep_links: KeepLinks = "none",
    scored_at: str | None = None,
    profile: str | Path | None = None,
    **run: Unpack[RunOptions],
) -> Summary:
    """Write the prediction rows of files and return what was done.

    A run that ends early leaves its finished parts in the folder ``<out>.parts``. The same call goes on from there
    and ends with the same bytes, `scored_at` among them.

    Parameters
    ----------
    inputs : sequence of path
        Files, folders, addresses (``s3://bucket/key``), or "-" for standard input, which cannot be gone on with.
    out : path
        File or address of rows: .jsonl, .csv or .parquet; it appears when it is complete.
    model : Model
        From `saring.load`.
    options : ReadOptions, optional
        How to read, and which columns to keep; broken rows become rows with `error` unless it says otherwise.
    keep_links : {"none", "related", "all"}
        Which links stay in ``clean_text``.
    scored_at : str, optional
        Time to note in the rows, ISO 8601; when not given, that at which the run first began.
    profile : path, optional
        JSON file for what the rows say in numbers, without texts, which `saring drift` compares.
    overwrite : bool
        Whether an existing `out` or `profile`, and the parts of another run, are replaced.
    workers : int, optional
        Number of processes; if not given, one a core, but one in all for a small input, and where this process is of
        several that share the cores (multiprocessing).
    batch_size : int, optional
        Rows of a part, which is the most that a process holds and an interruption costs it; 2,048 if not given.
    quarantine : path, optional
        JSON Lines file of the rows with errors: file, row, id and reason. They stay in `out`.
    progress : callable
        Called with the number of rows done so far, and about how many there are, None if unknown; first with those
        that an earlier run has done.

    Returns
    -------
    Summary
        Rows and links counted, those of an interrupted run among them.

    Raises
    ------
    InputError
        When an input is not there, or has no text column.
    ConfigError
        When `out` is there already, is one of the inputs, is written by another run or has another suffix; when an
        interrupted run had other inputs, another model or other settings; when the disk is full.
    LostConnectionError
        When an object store does not answer any more; what is finished is kept.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from saring import load
    >>> with TemporaryDirectory() as folder:
    ...     articles = Path(folder, "articles.jsonl")
    ...     _ = articles.write_text('{"title": "Rupiah Menguat", "text": "Rupiah menguat terhadap dolar AS."}')
    ...     summary = score([articles], Path(folder, "rows.parquet"), load())
    >>> summary.rows, summary.errors
    (1, 0)
    """
    with profiled(out, profile, overwrite=run.get("overwrite", False)):
        return _run(inputs, out, Task("score", model, keep_links, scored_at or ""), options, **run)


def clean(
    inputs: Sequence[str | Path],
    out: str | Path,
    model: Model | None = None,
    options: ReadOptions | None = None,
    *,
    keep_links: KeepLinks = "none",
    spans: bool = False,
    **run: Unpack[RunOptions],
) -> Summary:
    r"""Write the articles of files without teasers and boilerplate, and return what was done.

    Parameters
    ----------
    inputs, out, options, keep_links, overwrite, workers, batch_size, quarantine, progress
        As of `score`; a run that was interrupted goes on, too.
    model : Model, optional
        From `saring.load`; only ``keep_links="related"`` and `spans` need one.
    spans : bool
        Whether to write what would be left out instead, as spans of the raw texts; `apply_spans` then makes the clean
        articles of both. `out` is a .jsonl file.

    Returns
    -------
    Summary
        Rows and links counted, those of an interrupted run among them.

    Raises
    ------
    InputError, ConfigError
        As `score`; ConfigError also when related links are to be kept and no model was given.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     article, out = Path(folder, "article.txt"), Path(folder, "clean.jsonl")
    ...     _ = article.write_text("Rupiah menguat 15 poin.\nBaca Juga: Harga Emas Turun\nPasar tenang.")
    ...     summary = clean([article], out)
    ...     print('"text":"Rupiah menguat 15 poin.\\nPasar tenang."' in out.read_text())
    True
    >>> summary.rows, summary.links
    (1, 1)
    """
    if keep_links == "related" and model is None:
        raise ConfigError("keeping the related links needs a model; expected one from load()")
    if spans:
        if model is None:
            raise ConfigError("spans have the scores of links, which need a model; expected one from load()")
        if keep_links != "none":
            raise UsageError(f"--keep-links {keep_links}: spans have all links; say it to `saring apply spans`")
        if place(out).suffix.lower() != ".jsonl":
            raise UsageError(f"{out}: expected a .jsonl file for spans")
        article_spans(model, [])  # tells a wish that cannot be met
        return _run(inputs, out, Task("spans", model, keep_links), options, **run)
    task = Task("clean", model if keep_links == "related" else None, keep_links)
    return _run(inputs, out, task, options, **run)


def _run(
    inputs: Sequence[str | Path],
    out: str | Path,
    task: Task,
    options: ReadOptions | None,
    *,
    overwrite: bool = False,
    workers: int | None = None,
    batch_size: int | None = None,
    quarantine: str | Path | None = None,
    progress: Progress = lambda rows, total: None,
) -> Summary:
    """Have the rows of files made by a task and return what was done; the other parameters are those of `score`."""
    options = options or KEEP_ERRORS
    rows_place, errors_place = followed(out), followed(quarantine) if quarantine else None
    max_rows = BATCH_ROWS if batch_size is None else batch_size
    check_places(inputs, rows_place, errors_place, overwrite, read_manifest(rows_place).joined)
    numbers = {"--workers": (1 if workers is None else workers, MAX_WORKERS), "--batch-size": (max_rows, 1_000_000)}
    for name, (number, most) in numbers.items():
        if not 1 <= number <= most:
            raise UsageError(f"{name}: found {number}; expected 1 to {most:,}")
    sieve = Sieve(options.dedup)
    all_blocks = cast("Generator[Block]", read_blocks(list(inputs), options, sieve))
    batches = cut_batches(all_blocks, max_rows, BATCH_SIZE)
    with ExitStack() as ending:
        ending.enter_context(closing(all_blocks))
        refused = claimed(errors_place) if errors_place else None
        ending.enter_context(refused or nullcontext())
        batches, pool, is_small = pool_for(batches, workers, kernel=task.model is not None)  # it starts meanwhile
        if pool:
            ending.callback(pool.stop)
        input_digest, n_rows = survey(inputs, options.format)
        settings = asdict(options) | {
            "command": task.command,
            "keep_links": task.keep_links,
            "scored_at": task.scored_at or None,
            "keep": list(options.keep),  # as JSON gives it back
            "output": rows_place.suffix.lower(),
            "batch_size": max_rows,
            "saring": __version__,
        }
        if task.model:
            is_small |= workers == 1 and n_rows is not None and n_rows <= SMALL_ROWS
            settings["compiled"] = pool.compiled() if pool else _compiled_here(ending, is_small=is_small)
        version = task.model.model_version if task.model else ""
        plan = Plan(input_digest, version, settings, datetime.now(UTC).isoformat(timespec="seconds"))
        checkpoint = ending.enter_context(open_checkpoint(rows_place, plan, overwrite=overwrite))
        check_places(inputs, rows_place, errors_place, overwrite, checkpoint.joined)
        scored_at = task.scored_at or checkpoint.plan.scored_at
        task = replace(task, scored_at=scored_at, kept=kept_kinds(inputs, options))
        maker = PartMaker(task, rows_place.suffix.lower(), options)
        try:
            progress(checkpoint.rows, n_rows)
            missing = checkpoint.missing(batches)
            with closing(pool.parts(missing, maker) if pool else parts_made_here(missing, maker)) as parts:
                for number, batch, part in parts:
                    checkpoint.add(number, part, sum(map(len, batch)))
                    progress(checkpoint.rows, n_rows)
            summary = checkpoint.finish(task.columns, refused, overwrite=overwrite)
            return replace(summary, skipped=dict(sieve.skipped))
        except (KeyboardInterrupt, SaringError) as stop:
            stop.add_note(checkpoint.kept())
            raise


def _compiled_here(ending: ExitStack, *, is_small: bool) -> bool:
    """Return whether the kernel answers in a run of this process; it is not compiled for a small one.

    That takes longer than plain Python does for all of it, which then answers until the run ends.
    """
    if is_small and not kernel_is_kept() and os.environ.get(SWITCH) != "1":
        ending.enter_context(plain())
        return False
    return prepare()


def check_places(
    inputs: Sequence[str | Path], out: Place, quarantine: Place | None, overwrite: bool, joined: Collection[FileId]
) -> None:
    """Refuse places that are inputs, or cannot or shall not be written to; files of this very run may be there."""
    places: dict[Place, Collection[str]] = {out: SUFFIXES}
    if quarantine is not None:
        if _is_within(quarantine, out):
            raise UsageError(f"{out}: is both output and quarantine; name two files")
        if _is_within(quarantine, parts_folder(out)):
            raise UsageError(f"{quarantine}: unfinished output goes into this folder; name another one")
        places[quarantine] = (".jsonl",)
    for path, suffixes in places.items():
        with telling(path):
            there, ours = path.exists(), is_one_of(path, joined)
        for given in map(place, inputs if there else ()):
            with suppress(OSError):  # who reads it says what is wrong with it
                is_same = given == path
                if isinstance(given, Path) and isinstance(path, Path):
                    is_same = given.samefile(path)
                if is_same:
                    raise ConfigError(f"{path}: is also an input; name another file for the output")
                if _is_within(path, given):
                    raise ConfigError(
                        f"{path}: lies in the input folder {given} and would be read as articles; remove it or name "
                        "a file elsewhere"
                    )
        check_place(path, overwrite=overwrite or ours, suffixes=suffixes)


def _is_within(place: Place, folder: Place) -> bool:
    """Return whether a place is another one or lies in it, whatever links lead there."""
    if isinstance(place, Address) and isinstance(folder, Address):
        return place.is_within(folder)
    if isinstance(place, Address) or isinstance(folder, Address):
        return False
    return Path(os.path.realpath(place)).is_relative_to(os.path.realpath(folder))


def cut_batches(blocks: Iterable[Block], max_rows: int, max_size: int) -> Iterator[list[Block]]:
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


def survey(inputs: Iterable[str | Path], format: str) -> tuple[str, int | None]:
    """Return a digest of the inputs' names and bytes, and about how many rows they have.

    Of an object it is of its name, length and tag (ETag or version), so that none is fetched twice.

    The digest is empty where an input can be read only once; the number is None where only reading would tell.
    """
    digest = blake2b(digest_size=16)
    counts: list[int | None] = []
    once = False
    for file in find_files(list(inputs), format):
        if file.path is None or not file.reopens:
            once |= file.named
            counts.append(None)
        else:
            digest.update(repr((file.name, file.format)).encode())
            if isinstance(file.path, Address):
                known = file.path.known or file.path.facts()
                digest.update(repr((known.size, known.tag)).encode())
                counts.append({"txt": 1, "html": 1}.get(file.format))
            else:
                counts.append(_surveyed(digest, file.format, file.path))
    return "" if once else digest.hexdigest(), (None if None in counts else sum(count or 0 for count in counts))


def _surveyed(digest: blake2b, format: str, path: Path) -> int | None:
    """Add a file to a digest and return about how many rows it has."""
    lines = quotes = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                if format == "jsonl":
                    lines += chunk.count(b"\n")
                elif format == "csv":
                    pieces = chunk.split(b'"')  # every other one stands within quotes
                    lines += sum(piece.count(b"\n") for piece in pieces[quotes % 2 :: 2])
                    quotes += len(pieces) - 1
    except OSError as error:  # reading it will say so again, as the error of its row
        digest.update(repr(error.errno).encode())
        return None
    if path.suffix.lower() in PACKINGS:
        return None
    if format == "parquet":
        metadata = parquet_metadata(path)
        return metadata and int(metadata.num_rows)
    return {"jsonl": lines, "csv": max(0, lines - 1), "txt": 1, "html": 1}.get(format)
