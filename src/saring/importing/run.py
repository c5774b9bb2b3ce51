"""A source and a recipe to a corpus file, and the report of what became of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from saring.errors import ConfigError, InputError, UsageError, masked
from saring.fetch import check_sha256, fetch, file_name, is_address
from saring.importing.annotations import read_annotations
from saring.importing.assemble import corpus_rows, merged
from saring.importing.drafts import Draft, Drafter
from saring.importing.recipe import Recipe, load_recipe
from saring.importing.report import Imported, Origin, report
from saring.importing.tables import open_tables, table_rows
from saring.writers import open_rows

__all__ = ["import_corpus"]

CLICK_ID = "click-id"  # the recipe that comes with saring
BATCH_ROWS = 1000

Progress = Callable[[str, int, int], None]


def import_corpus(
    recipe: str | Path,
    source: str | Path | None,
    out: str | Path,
    *,
    sha256: str = "",
    overwrite: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Imported:
    """Write the rows of a source in the corpus format and return what was done.

    Parameters
    ----------
    recipe : str or path
        A TOML file, or the one that comes with saring: ``"click-id"``.
    source : path or address, optional
        A table, folder or zip, or the web address of one; the recipe's address when None.
    out : path
        A .jsonl file; it appears when it is complete. What is fetched is kept beside it.
    sha256 : str
        Checksum of what is fetched, instead of the recipe's, or of the file at a path.
    overwrite : bool
        Whether an existing `out` is replaced.
    progress : callable
        Called with a stage, what is done of it and how much there is, 0 when unknown.

    Raises
    ------
    ConfigError
        When the recipe is not valid, there is no source, or `out` cannot be written.
    InputError
        When the source cannot be had, is not what its checksum says, or holds no table.
    CorpusError
        When a label has a value that the recipe does not know, or there are no rows.
    """
    plan = load_recipe(_recipe_path(recipe))
    out = Path(out)
    if out.suffix != ".jsonl":
        raise UsageError(f"{out}: found suffix {out.suffix!r}; expected .jsonl")
    annotations = read_annotations(plan.annotations)
    with open_rows(out, {}, overwrite=overwrite) as file:
        origin = _origin(plan, source, out.parent, sha256, progress)
        drafter = Drafter(plan)
        with open_tables(origin.path, plan) as tables:
            _refuse_own_output(out, tables)
            known = sum(table.name in plan.checksums for table in tables)
            origin = replace(origin, tables=len(tables), verified_tables=known)
            drafts = merged(_counted(drafter, tables, plan, progress))
        drafter.close()
        rows = list(corpus_rows(drafts, annotations, plan))
        for start in range(0, len(rows), BATCH_ROWS):
            file.write(rows[start : start + BATCH_ROWS])
            progress("writing", min(start + BATCH_ROWS, len(rows)), len(rows))
        return report(plan, origin, annotations, drafter, drafts, rows)


def _recipe_path(given: str | Path) -> Path:
    """Return the path of a recipe."""
    if str(given) == CLICK_ID:
        return Path(__file__).parent / CLICK_ID / f"{CLICK_ID}.toml"
    return Path(given)


def _origin(
    plan: Recipe, source: str | Path | None, folder: Path, sha256: str, progress: Progress
) -> Origin:
    """Return where the source lies, once it has been fetched if it is an address."""
    if source is not None and not is_address(str(source)):
        path = Path(source)
        if path.is_file():
            digest = check_sha256(path, sha256)
            return Origin(path, sha256=digest, verified=digest in (sha256, plan.sha256))
        if sha256 and path.is_dir():
            raise ConfigError(
                f"{path}: a checksum was given for a folder; expected that of a file, or those of "
                f"its tables under [sha256] in {plan.path}"
            )
        return Origin(path)
    addresses = [str(source)] if source else plan.addresses
    if not addresses:
        raise ConfigError(f"{plan.path}: has no [download] addresses; expected a path to import")
    expected = sha256 or plan.sha256
    problems = []
    for address in addresses:
        path = folder / file_name(address)
        try:
            digest = fetch(address, path, expected, partial(progress, "fetching"))
        except InputError as error:
            problems.append(str(error))
        else:
            return Origin(path, masked(address), digest, verified=bool(expected))
    raise InputError("; ".join(problems))


def _refuse_own_output(out: Path, tables: Sequence[Path]) -> None:
    """Raise ConfigError when the output would be read as a table of the source."""
    if out.resolve() in (table.resolve() for table in tables):
        raise ConfigError(f"{out}: is also an input; name another file for the output")


def _counted(
    drafter: Drafter, tables: Sequence[Path], plan: Recipe, progress: Progress
) -> Iterator[Draft]:
    """Yield the drafts of all tables, telling how many rows were read."""
    for table in tables:
        for draft in drafter.take(table_rows(table, plan)):
            if drafter.rows % BATCH_ROWS == 0:
                progress("reading", drafter.rows, 0)
            yield draft
