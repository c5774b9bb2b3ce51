"""Where a model is: the one named, the champion of its line, or the one that comes with saring."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from saring import store
from saring.champions import LINE, MODELS_VARIABLE, SHIPPED, Step, champion, line_of, models_folder
from saring.errors import BundleError

CHALLENGER, CHAMPION = "challenger", "champion"


@dataclass(frozen=True, slots=True)
class Choice:
    """A bundle's folder, and in a few words why it is that one."""

    folder: Path
    why: str


def find_bundle(reference: str | Path | None = None) -> Choice:
    """Return the model to ask; what `reference` may be is said at `saring.load`.

    BundleError when there is none.
    """
    models, variable = models_folder(), os.environ.get(MODELS_VARIABLE, "")
    name = str(reference or "")
    if name and ":/" in name and not Path(name).exists():  # "C:/models" is a folder
        from saring.tracking import resolve

        return Choice(resolve(name), "named, from MLflow")
    for path, why in ((name, "named"), (variable, f"named by {MODELS_VARIABLE}")):
        if path and (Path(path) / "card.json").is_file():
            return Choice(Path(path), why)
        if path:
            break
    if variable and not (name or models.is_dir()):
        raise BundleError(
            f"{variable}: no such folder, though {MODELS_VARIABLE} names it; make it, or unset the variable"
        )
    if found := _in_folder(Path(name)) if name and Path(name).is_dir() else _of_line(models, name):
        return found
    raise BundleError(
        f"{name}: found neither such a folder nor such a model in {models}; see `saring models`, or leave out --model "
        f"and {MODELS_VARIABLE} for the one that comes with saring (`saring train` makes another)"
    )


def _in_folder(folder: Path) -> Choice | None:
    """Return the champion in a folder of models, or the newest: who names the folder means what was made there."""
    shipped = folder / SHIPPED
    by_name = Choice(shipped, "named") if (shipped / "card.json").is_file() else None
    return _champion(folder, LINE) or _newest(folder, None) or by_name


def _of_line(models: Path, name: str) -> Choice | None:
    """Return the model that a line, or ``line@challenger``, names; an empty name is the line of the shipped model."""
    line, _, alias = name.partition("@")
    if name in ("", CHALLENGER, CHAMPION):
        line, alias = LINE, name
    if alias == CHALLENGER:
        return _newest(models, line)
    found = _champion(models, line)
    if found is None and line in (LINE, SHIPPED):
        return Choice(shipped_bundle(), "comes with saring; nobody promoted another")
    return found


def bundle_of(models: Path, step: Step) -> Path:
    """Return the folder of the model that a step of the history made champion."""
    return shipped_bundle() if step.bundle == SHIPPED else models / step.bundle


def _champion(models: Path, line: str) -> Choice | None:
    """Return the champion of a line in a folder of models; None where nobody was promoted."""
    if (step := champion(models, line)) is None:
        return None
    folder = bundle_of(models, step)
    if not (folder / "card.json").is_file():
        raise BundleError(
            f"{folder}: no model, though it was promoted on {step.when[:10]}; put it back, or `saring rollback`"
        )
    return Choice(folder, f"champion since {step.when[:10]}: {step.reason}")


def _newest(models: Path, line: str | None) -> Choice | None:
    """Return the newest model of a line, or of any, that the user made; None where there is none."""
    folder = store.newest(models, but=(SHIPPED,), chosen=lambda card: line is None or line_of(card) == line)
    return Choice(folder, "the newest; nobody is promoted there" if line is None else CHALLENGER) if folder else None


def shipped_bundle() -> Path:
    """Return the folder of the model that comes with saring; BundleError where this installation has none."""
    package = Path(__file__).parent
    folder = package / "shipped"
    if (folder / "card.json").is_file():
        return folder
    raise BundleError(
        f"{package}: found no model and none came with this installation; run `make train` in the project's folder, or "
        f"name a model's folder with --model or {MODELS_VARIABLE}"
    )
