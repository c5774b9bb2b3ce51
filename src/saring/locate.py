"""Where a model is: the one named, the champion of its line, or the one that comes with saring."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

import orjson

from saring import store
from saring.champions import (
    CHALLENGER,
    CHAMPION,
    LINE,
    MODELS_VARIABLE,
    RESERVED,
    SHIPPED,
    Step,
    champion,
    champions,
    is_there,
    line_of,
    models_folder,
    read_history,
)
from saring.errors import BundleError, ConfigError, MissingExtraError

_RUN_ID = re.compile(r"[0-9a-f]{32}")  # of MLflow
_VERSION = re.compile(r"[0-9a-f]{12}")  # of a model, at the end of its folder's name


@dataclass(frozen=True, slots=True)
class Choice:
    """A bundle's folder, and in a few words why it is that one."""

    folder: Path
    why: str


def find_bundle(reference: str | Path | None = None, models: Path | None = None) -> Choice:
    """Return the model to ask; what `reference` may be is said at `saring.load`, `models` is by default the user's.

    BundleError when there is none.
    """
    variable = "" if models else os.environ.get(MODELS_VARIABLE, "")
    models = models or models_folder()
    name = "" if reference is None else str(reference)
    if (":/" in name and not Path(name).exists()) or _RUN_ID.fullmatch(name):  # "C:/models" is a folder
        from saring.tracking import resolve

        return Choice(resolve(name), "named, from MLflow")
    if not name and variable and (Path(variable) / store.CARD).is_file():
        return Choice(Path(variable), f"named by {MODELS_VARIABLE}")
    if not name and variable and not models.is_dir():
        raise BundleError(
            f"{variable}: no such folder, though {MODELS_VARIABLE} names it; make it, or unset the variable"
        )
    is_alias = name in ("", *RESERVED) or name.endswith((f"@{CHALLENGER}", f"@{CHAMPION}"))
    is_line = is_alias and not isinstance(reference, Path)
    if found := _of_line(models, name) if is_line else _named(models, name):
        return found
    line = name.partition("@")[0]
    if line not in RESERVED and not name.endswith(f"@{CHALLENGER}") and _newest(models, line):
        raise BundleError(
            f"{name}: nobody is promoted in this line of models; its newest is {line}@{CHALLENGER}, "
            f"and `saring promote {line}@{CHALLENGER}` makes it the champion"
        )
    if name.endswith(CHALLENGER):
        raise BundleError(f"{name}: found no model of yours in {models}; `saring train` makes one")
    raise BundleError(
        f"{name}: found neither such a folder nor such a model in {models}; see `saring models`, or leave out --model "
        f"and {MODELS_VARIABLE} for the one that comes with saring (`saring train` makes another)"
    )


def _named(models: Path, name: str) -> Choice | None:
    """Return the model that is named by its folder, name or version, by a folder of models, a line or a run."""
    versions = sorted(models.glob(f"*-{name}")) if _VERSION.fullmatch(name) else []
    for folder in (Path(name), models / name, *versions):
        if (folder / store.CARD).is_file():
            return Choice(folder, "named")
    return _in_folder(Path(name)) if Path(name).is_dir() else _of_line(models, name) or _of_run(models, name)


def _of_run(models: Path, name: str) -> Choice | None:
    """Return the model that the training of this name made, of the folder or of MLflow's store; None for no such name.

    ConfigError where several are called so.
    """
    from saring.tracking import resolve, tracking_uri

    found = [folder for folder in store.bundles(models) if _run_name(folder / store.CARD) == name]
    if len(found) > 1:
        raise ConfigError(
            f"{name}: {len(found)} models of {models} are called so; name one by its version (`saring models`) or its "
            f"folder: {', '.join(folder.name for folder in found)}"
        )
    if found:
        return Choice(found[0], "named")
    kind, _, database = tracking_uri().partition(":///")
    if kind == "sqlite" and not Path(database).is_file():
        return None
    with suppress(BundleError, MissingExtraError):
        return Choice(resolve(name), "named, from MLflow")
    return None


def _run_name(card: Path) -> str:
    """Return the name of the training that made a model, by its card; empty where it cannot be read."""
    with suppress(OSError, ValueError, AttributeError):
        return str(orjson.loads(card.read_bytes()).get("run_name", ""))
    return ""


def _in_folder(folder: Path) -> Choice | None:
    """Return the champion in a folder of models, or the newest: who names the folder means what was made there."""
    shipped = folder / SHIPPED
    by_name = Choice(shipped, "named") if (shipped / store.CARD).is_file() else None
    steps = read_history(folder)
    lines = [LINE, *(step.line for step in reversed(steps))]
    promoted = next((line for line in lines if champions(steps, line)), LINE)
    return _champion(folder, promoted) or _newest(folder, None) or by_name


def _of_line(models: Path, name: str) -> Choice | None:
    """Return the model that a line, or ``line@challenger``, names; an empty name is the line of the shipped model."""
    line, _, alias = name.partition("@")
    if name in ("", CHALLENGER, CHAMPION):
        line, alias = LINE, name
    if alias == CHALLENGER:
        return _newest(models, line)
    if name == SHIPPED:
        return Choice(shipped_bundle(), "named")
    found = _champion(models, line)
    if found is None and line == LINE:
        return Choice(shipped_bundle(), "comes with saring; nobody promoted another")
    return found


def bundle_of(models: Path, step: Step) -> Path:
    """Return the folder of the model that a step of the history made champion; BundleError where it is gone."""
    if step.bundle == SHIPPED:
        return shipped_bundle()
    if not is_there(models, step):
        raise BundleError(
            f"{models / step.bundle}: no model, though it was promoted on {step.when[:10]}; put it back, "
            "or `saring rollback`"
        )
    return models / step.bundle


def _champion(models: Path, line: str) -> Choice | None:
    """Return the champion of a line in a folder of models; None where nobody was promoted."""
    if (step := champion(models, line)) is None:
        return None
    why = f"champion since {step.when[:10]}"
    if step.overridden:
        why += f", against the verdict: {shorten(step.reason, 60, placeholder=' ...')}"
    return Choice(bundle_of(models, step), why)


def _newest(models: Path, line: str | None) -> Choice | None:
    """Return the newest model of a line, or of any, that the user made; None where there is none."""
    folder = store.newest(models, but=(SHIPPED,), chosen=lambda card: line is None or line_of(card) == line)
    why = f"the newest of {models}; nobody is promoted there" if line is None else f"challenger of the line {line!r}"
    return Choice(folder, why) if folder else None


def shipped_bundle() -> Path:
    """Return the folder of the model that comes with saring; BundleError where this installation has none."""
    package = Path(__file__).parent
    folder = package / "shipped"
    if (folder / store.CARD).is_file():
        return folder
    raise BundleError(
        f"{package}: found no model and none came with this installation; run `make train` in the project's folder, or "
        f"name a model's folder with --model or {MODELS_VARIABLE}"
    )
