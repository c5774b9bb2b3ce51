"""Settings of training: TOML in conf/ to frozen dataclasses; an unknown key is an error."""

from __future__ import annotations

import reprlib
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from saring.errors import ConfigError

T = TypeVar("T")
LARGEST = 10**9  # of all settings; more is a slip of the pen


@dataclass(frozen=True, slots=True)
class TopicConfig:
    """Settings of the topic model; conf/train.toml says what each does."""

    C: float = 10.0
    min_df: int = 2
    headline_weight: float = 0.3
    unsure: float = 0.5
    title_field: float = 0.5
    lead_field: float = 0.5
    domains: float = 0.5
    names: float = 1.0
    smoothing: float = 0.5
    telling: float = 0.5
    other: float = 2.0


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """Settings of the link model."""

    C: float = 0.0005
    min_df: int = 2
    dimensions: int = 100
    background: bool = False
    ungraded: float = 1.0


@dataclass(frozen=True, slots=True)
class ClickbaitConfig:
    """Settings of the clickbait model."""

    C: float = 2.0
    min_df: int = 2
    single_vote: float = 1.0
    smoothing: float = 0.5
    publishers: float = 0.02


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """All settings of a training run."""

    name: str = "saring"
    licence: str = "that of the training data"
    about: str = ""
    seed: int = 0
    folds: int = 5
    protocols: tuple[str, ...] = ("publisher-out",)
    tested: str = ""
    abstain_risk: float = 0.05
    topic: TopicConfig = field(default_factory=TopicConfig)
    link: LinkConfig = field(default_factory=LinkConfig)
    clickbait: ClickbaitConfig = field(default_factory=ClickbaitConfig)


def load_config(path: str | Path | None = None) -> TrainConfig:
    """Return the settings in a TOML file; what it does not name keeps its default, and all do without a file.

    ConfigError when the file cannot be read, a key is unknown, or a value is of another type or range.
    """
    return _build(TrainConfig, read_toml(path), str(path)) if path else TrainConfig()


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return what a TOML file says; ConfigError when it cannot be read or is no TOML."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name a TOML file") from error
    except (ValueError, RecursionError) as error:  # bytes, digits and brackets beyond all measure
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def check_keys(values: Iterable[str], allowed: Collection[str], where: str) -> None:
    """Raise ConfigError for a key that is not allowed, and name the nearest that is."""
    for key in values:
        if key not in allowed:
            close = get_close_matches(key, allowed, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(allowed)}"
            raise ConfigError(f"{where}: unknown key {key!r}; {hint}")


def flat(config: Any) -> dict[str, Any]:
    """Return the settings as one flat dict, ``{"topic.C": 10.0}``, for logs."""
    return {
        f"{name}.{key}" if isinstance(value, dict) else name: leaf
        for name, value in asdict(config).items()
        for key, leaf in (value.items() if isinstance(value, dict) else [("", value)])
    }


def _build(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Return `kind` filled from `values`."""
    defaults = {f.name: getattr(kind(), f.name) for f in fields(kind)}  # type: ignore[arg-type]
    check_keys(values, defaults, where)
    filled: dict[str, Any] = {}
    for key, value in values.items():
        default = defaults[key]
        if is_dataclass(default) and isinstance(value, Mapping):
            filled[key] = _build(type(default), value, f"{where} [{key}]")
        else:
            filled[key] = check_value(key, value, type(default), where)
    return kind(**filled)


def check_value(key: str, value: Any, kind: type, where: str) -> Any:
    """Return the value of a key, of this type and in its range; ConfigError where it is not.

    A whole number serves as a float, a list of texts as a tuple and one text as a tuple of one.
    """
    if kind is float and type(value) is int and abs(value) <= LARGEST:
        value = float(value)
    if kind is tuple:
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
            value = tuple(texts)
    low, high = _RANGES.get(key, (0, LARGEST))
    if type(value) is not kind:
        expected = _TYPE_NAMES.get(kind, "a table")
    elif isinstance(value, int | float) and not low <= value <= high:  # nor is NaN
        expected = f"{low} or more" if value < low and high is LARGEST else f"{low} to {high}"
    else:
        return value
    try:
        shown = reprlib.repr(value)
    except ValueError:
        shown = "a number of more digits than can be written"
    raise ConfigError(f"{where}: {key} is {shown}; expected {expected}")


_TYPE_NAMES: Mapping[type, str] = {
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    str: "text in quotes",
    tuple: "text in quotes or a list of such",
    list: "lists of patterns",
}
# Where a setting of this name is not any number from 0 up.
_RANGES: Mapping[str, tuple[float, float]] = {
    "C": (1e-9, 1e9),  # a penalty that is none, or so strong that nothing is learned
    "abstain_risk": (0, 1),
    "dimensions": (1, LARGEST),
    "folds": (2, LARGEST),
    "min_df": (1, LARGEST),
    "seed": (0, 2**32 - 1),  # what scikit-learn takes
    "voters": (1, LARGEST),
}
