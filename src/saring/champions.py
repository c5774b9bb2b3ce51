"""Which model answers: for each line of models the champion, kept in a plain-text history beside the models.

A line is the models of one set of topics. Training makes challengers; `promote` makes one of them the champion of its
line, `rollback` takes the step back. Each writes a line of JSON into ``history.jsonl``, which says who answers now and
who did before, so nothing else needs to be kept. Where nobody was promoted the model that comes with saring answers.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from saring.atomic import whole
from saring.errors import BundleError, ConfigError

HISTORY = "history.jsonl"
MODELS_VARIABLE = "SARING_MODELS"  # names another folder of models
LINE = "saring"  # of the models with the topics of the one that comes with saring, whatever their own name is
TOPICS = ("economy", "gossip", "international_politics", "other")
SHIPPED = "id-news"  # the model that comes with saring; in a checkout's models/ a link to where it lies in the package
PROMOTE, ROLLBACK = "promote", "rollback"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history: a model that became the champion of its line, or a step back."""

    line: str
    action: str  # `PROMOTE` or `ROLLBACK`
    bundle: str  # folder of the champion from now on, relative to that of the models; `SHIPPED` for the one of saring
    model_version: str
    reason: str  # the verdict's, or that of whoever overrode it
    overridden: bool = False  # whether the verdict was against it
    figures: Mapping[str, str] = field(default_factory=dict)  # of each comparison, as people read them
    commit: str = ""  # of the checkout it was trained from
    run: str = ""  # of MLflow
    who: str = ""
    when: str = ""  # ISO 8601 in UTC

    def __str__(self) -> str:
        return f"{self.when[:10]} {self.action} {self.bundle} {self.model_version}: {self.reason}"


def models_folder() -> Path:
    """Return the folder of the user's models: SARING_MODELS, the checkout's ``models``, or one in the home folder.

    Where the variable names a single model it is the folder that this lies in. The working folder decides nothing.
    """
    if named := os.environ.get(MODELS_VARIABLE):
        return Path(named).parent if (Path(named) / "card.json").is_file() else Path(named)
    checkout = Path(__file__).parents[2]
    if (checkout / "pyproject.toml").is_file() and (checkout / "models").is_dir():
        return checkout / "models"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "saring" / "models"


def line_of(card: Mapping[str, Any]) -> str:
    """Return the line a model belongs to: its name, or `LINE` where it has the topics of the shipped model."""
    return LINE if tuple(card["labels"]["topic"]) == TOPICS else str(card["name"])


def read_history(models: Path) -> list[Step]:
    """Return the steps in a folder of models, the oldest first.

    BundleError where a line of the history is not as `promote` and `rollback` write them.
    """
    path = models / HISTORY
    steps = []
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror})") from error
    expected = {f.name for f in fields(Step)}
    for number, line in enumerate(lines, start=1):
        try:
            values = orjson.loads(line)
            if set(values) != expected or values["action"] not in (PROMOTE, ROLLBACK):
                raise ValueError(f"found {sorted(values)}, expected {sorted(expected)}")
            steps.append(Step(**values))
        except (TypeError, ValueError) as error:
            raise BundleError(
                f"{path}:{number}: no step of the history ({error}); mend the line, or take it and all behind it out"
            ) from error
    return steps


def champions(steps: Sequence[Step], line: str) -> list[Step]:
    """Return the promotions of a line that hold, the oldest first: the last is of the champion."""
    held: list[Step] = []
    for step in steps:
        if step.line == line and step.action == PROMOTE:
            held.append(step)
        elif step.line == line and held:
            held.pop()
    return held


def champion(models: Path, line: str = LINE) -> Step | None:
    """Return the step that made the champion of a line; None where nobody was promoted."""
    held = champions(read_history(models), line)
    return held[-1] if held else None


def promote(models: Path, step: Step) -> Step:
    """Return a promotion as it was written into the history, with who and when."""
    return _write(models, step)


def rollback(models: Path, line: str, reason: str) -> Step:
    """Return the step back as it was written: the champion before, or the shipped model, answers again.

    ConfigError where nobody is promoted.
    """
    held = champions(read_history(models), line)
    if not held:
        raise ConfigError(
            f"{models / HISTORY}: nobody is promoted in the line {line!r}, so there is nothing to take back"
        )
    before = held[-2] if len(held) > 1 else Step(line, PROMOTE, SHIPPED if line == LINE else "", "", "")
    return _write(models, Step(line, ROLLBACK, before.bundle, before.model_version, reason, run=before.run))


def _write(models: Path, step: Step) -> Step:
    """Append a step to the history, which is whole at every moment."""
    values = asdict(step) | {"who": _who(), "when": datetime.now(UTC).isoformat(timespec="seconds")}
    written = Step(**values)
    path = models / HISTORY
    try:
        models.mkdir(parents=True, exist_ok=True)
        with whole(path) as file:  # claimed: of two at once the second is told so
            file.write(path.read_bytes() if path.exists() else b"")
            file.write(orjson.dumps(written, option=orjson.OPT_APPEND_NEWLINE))
    except BlockingIOError as error:
        raise BundleError(f"{path}: another process is writing it just now; try again") from error
    except OSError as error:
        raise BundleError(f"{path}: cannot be written ({error.strerror or error})") from error
    return written


def _who() -> str:
    """Return the user's name; empty where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
