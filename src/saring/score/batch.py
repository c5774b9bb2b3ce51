"""Batch: files to prediction rows or to clean articles, in bounded memory; rows in = rows out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from saring.article import KeepLinks
from saring.errors import ConfigError
from saring.predict import Model
from saring.read import ReadOptions, kept_kinds
from saring.score.jobs import Cleaning, Scoring
from saring.score.run import How, Progress, What, run
from saring.score.summary import Summary

__all__ = ["BATCH_ROWS", "clean", "score"]

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
    """Write the articles of files without teasers and furniture, and return what was done.

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
    overwrite: bool,
    workers: int | None,
    batch_size: int | None,
    quarantine: str | Path | None,
    progress: Progress,
) -> How:
    """Return a run's options, those that were left out filled in."""
    rows = BATCH_ROWS if batch_size is None else batch_size
    return How(overwrite, workers, rows, Path(quarantine) if quarantine else None, progress)
