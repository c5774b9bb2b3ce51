"""Which model answers: for each line of models the champion, kept in a plain-text history beside the models.

A line is the models of one set of topics. Training makes challengers; `promote` makes one of them the champion of its
line, `rollback` takes the step back. Each writes a line of JSON into ``history.jsonl``, which says who answers now and
who did before, so nothing else needs to be kept. Where nobody was promoted the model that comes with saring answers.
"""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from saring.atomic import Aside
from saring.errors import BundleError, ConfigError
from saring.store import CARD

HISTORY = "history.jsonl"
MODELS_VARIABLE = "SARING_MODELS"  # names another folder of models
LINE = "saring"  # of the models with the topics of the one that comes with saring, whatever their own name is
TOPICS = ("economy", "gossip", "international_politics", "other")
SHIPPED = "id-news"  # the model that comes with saring; in a checkout's models/ a link to where it lies in the package
CHALLENGER, CHAMPION = "challenger", "champion"  # what a line's newest model and its champion are called for
RESERVED = (LINE, SHIPPED, CHALLENGER, CHAMPION)  # what no other line of models may be called
PROMOTE, ROLLBACK = "promote", "rollback"
WAIT_SECONDS = 60.0  # for another process to be done with the history
_NAME = re.compile(r"\w[\w .+=-]*(?<=[\w+=-])")  # names a folder and a model registered in MLflow alike


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


_KINDS: Mapping[str, type] = {"overridden": bool, "figures": dict}  # of a step's values, where they are no text


def models_folder() -> Path:
    """Return the folder of the user's models: SARING_MODELS, the checkout's ``models``, or one in the home folder.

    Where the variable names a single model it is the folder that this lies in. The working folder decides nothing.
    ConfigError where it names a file.
    """
    if named := os.environ.get(MODELS_VARIABLE):
        if Path(named).is_file():
            raise ConfigError(
                f"{MODELS_VARIABLE}: found the file {named}; expected a folder of models, or that of one model"
            )
        return Path(named).parent if (Path(named) / CARD).is_file() else Path(named)
    checkout = Path(__file__).parents[2]
    if (checkout / "pyproject.toml").is_file() and (checkout / "models").is_dir():
        return checkout / "models"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "saring" / "models"


def line_of(card: Mapping[str, Any]) -> str:
    """Return the line a model belongs to: its name, or `LINE` where it has the topics of the shipped model."""
    labels, name = card.get("labels"), str(card.get("name", ""))
    topics = labels.get("topic") if isinstance(labels, Mapping) else None  # damage is told by who opens the bundle
    if isinstance(topics, Sequence) and tuple(topics) == TOPICS:
        return LINE
    return name if name not in RESERVED else _stem(card.get("sources", ()))  # an older saring took any name


def model_name(name: str, topics: Sequence[str], sources: Sequence[str]) -> str:
    """Return the name of a model trained on `sources`: the one given, or of other topics by default the first file's.

    ConfigError where a line of models cannot be called so.
    """
    is_ours = tuple(topics) == TOPICS
    called = _stem(sources) if name == LINE and not is_ours else name
    if is_ours and called in (LINE, SHIPPED):
        return called
    other = "another name: --name NAME, or `name` in the settings"
    if called in RESERVED:
        raise ConfigError(
            f"name: {called!r} is kept for saring's own topics ({', '.join(TOPICS)}), and the corpus has others "
            f"({', '.join(topics)}); give the model {other}"
        )
    if not _NAME.fullmatch(called) or len(called.encode()) > 200:
        raise ConfigError(
            f"name: found {called!r}; expected letters, digits, spaces and any of . + = _ - (no /, @ or :), as folders "
            f"and registered models are named so; give the model {other}"
        )
    return called


def _stem(sources: Sequence[str]) -> str:
    """Return the name of the first file without its suffixes."""
    return Path(sources[0]).name.partition(".")[0] if sources else ""


def read_history(models: Path) -> list[Step]:
    """Return the steps in a folder of models, the oldest first.

    BundleError where a line of the history is not as `promote` and `rollback` write them.
    """
    path = models / HISTORY
    steps = []
    if not models.is_dir():
        return []
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
            if not all(isinstance(values[name], _KINDS.get(name, str)) for name in expected):
                raise ValueError("a value is of the wrong type")
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


def is_there(models: Path, step: Step) -> bool:
    """Return whether the champion that a step made lies where it was promoted."""
    return step.bundle in (SHIPPED, "") or (models / step.bundle / CARD).is_file()


def promote(models: Path, step: Step) -> Step:
    """Return a promotion as it was written into the history, with who and when."""
    with changing(models) as add:
        return add(step)


def rollback(models: Path, line: str = LINE, reason: str = "") -> list[Step]:
    """Return the step back as it was written: the champion before, or the shipped model, answers again.

    Where the folder of the one before is gone a further step goes back beyond it. ConfigError where nobody is promoted.
    """
    with changing(models) as add:
        held = champions(read_history(models), line)
        if not held:
            raise ConfigError(
                f"{models / HISTORY}: nobody is promoted in the line {line!r}, so there is nothing to take back"
            )
        steps: list[Step] = []
        while held and not (steps and is_there(models, steps[-1])):
            held.pop()
            before = held[-1] if held else Step(line, PROMOTE, SHIPPED if line == LINE else "", "", "")
            why = f"{steps[-1].bundle} is gone" if steps else reason
            steps.append(add(Step(line, ROLLBACK, before.bundle, before.model_version, why, run=before.run)))
        return steps


@contextmanager
def changing(models: Path) -> Iterator[Callable[[Step], Step]]:
    """Give what adds a step to the history, and returns it with who and when; it is written at the end.

    Meanwhile no other process changes the history: one that does is waited for. The file is whole at every moment, and
    a damaged one stays as it is.
    """
    path = models / HISTORY
    added: list[Step] = []

    def add(step: Step) -> Step:
        added.append(replace(step, who=_who(), when=datetime.now(UTC).isoformat(timespec="seconds")))
        return added[-1]

    with _told(path):
        models.mkdir(parents=True, exist_ok=True)
        aside = Aside(path, WAIT_SECONDS)
    with aside:
        read_history(models)  # nothing is added behind a line that nobody can read
        yield add
        if not added:
            return
        with _told(path):
            before = path.read_bytes() if path.exists() else b""
            aside.file.write(before + b"\n" * (before[-1:] not in (b"", b"\n")))
            aside.file.writelines(orjson.dumps(asdict(step), option=orjson.OPT_APPEND_NEWLINE) for step in added)
            aside.appear()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Name the history in an error of the system."""
    try:
        yield
    except BlockingIOError as error:
        raise BundleError(f"{path}: another process has been writing it for a minute; try again") from error
    except OSError as error:
        raise BundleError(
            f"{path}: cannot be written ({error.strerror or error}); make it writable, or name another folder with "
            f"{MODELS_VARIABLE}"
        ) from error


def _who() -> str:
    """Return the user's name; empty where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
