"""Recipes: which tables to read, what their columns and values mean, as TOML.

Keys, all optional but ``columns.title`` or ``columns.text``::

    name, page, licence, citation   of the data, for the report
    publisher = "Warta Desa"        of rows that name none
    missing = ["-"]                 values that mean that nothing is known
    unknown = "other"               the topic of topic values that [topics] lacks; else an error
    voters = 3                      annotators behind a row's `votes`
    mojibake = "mac_roman"          the codec that UTF-8 was read as by mistake
    paragraphs = "commas"           a scraper joined paragraphs by commas
    [columns]                       ours = "theirs", or a list, of which a row's first one counts
    [topics]                        their topic value = our topic; without it values are topics
    [clickbait]                     their value = true or false, beside 1/0, true/false, yes/no
    [publishers]                    a word in a publisher's or file's name = the name it gets
    [desks."publisher"]             desk or section of desks = topic
    [annotations]                   topics, chosen, links: CSV files beside the recipe
    [files] layouts                 lists of patterns: tables of a folder or zip
    [sha256]                        file name = its SHA-256
    [download]                      addresses, and the sha256 of what they give
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from saring.config import read_toml
from saring.errors import ConfigError

__all__ = ["COLUMNS", "Recipe", "load_recipe"]

COLUMNS = (
    "id", "title", "text", "publisher", "date", "time", "url", "desk", "subdesk", "topic",
    "clickbait", "votes",
)  # fmt: skip
"""Our names for what a row may hold."""

PARAGRAPHS = ("", "lines", "commas")
_YES_NO = {
    **dict.fromkeys(("1", "true", "yes", "ya"), True),
    **dict.fromkeys(("0", "false", "no", "tidak"), False),
}
_SECTIONS = {
    "columns": COLUMNS,
    "annotations": ("topics", "chosen", "links"),
    "files": ("layouts",),
    "download": ("addresses", "sha256"),
}
"""Tables of the TOML file whose keys are ours; those of the others are the user's."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a recipe says; the module's text explains each key."""

    path: Path
    columns: Mapping[str, tuple[str, ...]]
    name: str = ""
    page: str = ""
    licence: str = ""
    citation: str = ""
    publisher: str = ""
    missing: tuple[str, ...] = ()
    unknown: str = ""
    voters: int = 1
    mojibake: str = ""
    paragraphs: str = ""
    topics: Mapping[str, str] = field(default_factory=dict)
    clickbait: Mapping[str, bool] = field(default_factory=dict)
    publishers: Mapping[str, str] = field(default_factory=dict)
    desks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    annotations: Mapping[str, Path] = field(default_factory=dict)
    layouts: tuple[tuple[str, ...], ...] = ()
    checksums: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    sha256: str = ""

    def publisher_name(self, given: str) -> str:
        """Return the name of a publisher in a row's or a file's spelling; "" when unknown."""
        letters = "".join(char for char in given.lower() if char.isalnum())
        found = (name for word, name in self.publishers.items() if word in letters)
        return next(found, "")

    def desk_entry(self, publisher: str, desk: str) -> str:
        """Return the entry of [desks] that a desk falls under, itself or its section, or ""."""
        entries = self.desks.get(publisher, {})
        return next((name for name in (desk, desk.partition("/")[0]) if name in entries), "")


def load_recipe(path: str | Path) -> Recipe:
    """Return the recipe in a TOML file.

    Raises
    ------
    ConfigError
        When the file cannot be read, a key is unknown, or a value is of another kind.
    """
    path = Path(path)
    values = read_toml(path)
    for section, known in _SECTIONS.items():
        _check_keys(_table(values, section, path), known, f"{path} [{section}]")
    plain = {f.name for f in fields(Recipe)} - {"path", "layouts", "checksums", "addresses"}
    _check_keys(values, (*sorted(plain), "files", "download"), str(path))
    recipe = _recipe(values, path)
    _check_values(recipe)
    return recipe


def _recipe(values: Mapping[str, Any], path: Path) -> Recipe:
    """Return the recipe of a file's values."""
    columns = _table(values, "columns", path)
    download = _table(values, "download", path)
    layouts = _table(values, "files", path).get("layouts", [])
    if not isinstance(layouts, list):
        raise ConfigError(f"{path} [files]: layouts is {layouts!r}; expected lists of patterns")
    desks = _table(values, "desks", path)
    annotations = _texts(values, "annotations", path)
    return Recipe(
        path=path,
        columns={our: _list(their, f"{path} [columns] {our}") for our, their in columns.items()},
        **{
            name: _text(values, name, path)
            for name in ("name", "page", "licence", "citation", "publisher", "unknown",
                         "mojibake", "paragraphs")
        },
        missing=_list(values.get("missing", []), f"{path}: missing"),
        voters=values.get("voters", 1),
        topics=_texts(values, "topics", path),
        clickbait=_YES_NO | {k: v for k, v in _table(values, "clickbait", path).items()},
        publishers=_texts(values, "publishers", path),
        desks={publisher: _texts(desks, publisher, path) for publisher in desks},
        annotations={kind: path.parent / name for kind, name in annotations.items()},
        layouts=tuple(_list(layout, f"{path} [files] layouts") for layout in layouts),
        checksums=_texts(values, "sha256", path),
        addresses=_list(download.get("addresses", []), f"{path} [download] addresses"),
        sha256=_text(download, "sha256", path),
    )  # fmt: skip


def _check_values(recipe: Recipe) -> None:
    """Raise ConfigError for values that are of the right type and yet no use."""
    path = recipe.path
    if not {"title", "text"} & set(recipe.columns):
        raise ConfigError(f"{path} [columns]: found neither 'title' nor 'text'; name one of them")
    if recipe.paragraphs not in PARAGRAPHS:
        raise ConfigError(
            f"{path}: paragraphs is {recipe.paragraphs!r}; expected one of {PARAGRAPHS[1:]}"
        )
    if type(recipe.voters) is not int or recipe.voters < 1:
        raise ConfigError(f"{path}: voters is {recipe.voters!r}; expected a whole number from 1")
    for value, meaning in recipe.clickbait.items():
        if type(meaning) is not bool:
            raise ConfigError(f"{path} [clickbait] {value}: found {meaning!r}; expected true/false")
    if recipe.mojibake and not _is_one_byte(recipe.mojibake):
        raise ConfigError(
            f"{path}: mojibake is {recipe.mojibake!r}; expected a codec of one byte a character, "
            "such as 'mac_roman' or 'cp1252'"
        )


def _is_one_byte(codec: str) -> bool:
    """Return whether a codec gives nearly each byte beyond ASCII a character of its own."""
    try:
        beyond = bytes(range(0x80, 0x100)).decode(codec, "ignore")
        # "unicode_escape" and the like read more into ASCII than letters.
        return len(beyond) > 100 and rb"\u0041+-".decode(codec) == r"\u0041+-"
    except (LookupError, ValueError):  # ValueError: of codecs for other things, such as "idna"
        return False


def _check_keys(values: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in values:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
            raise ConfigError(f"{where}: unknown key {key!r}; {hint}")


def _table(values: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    value = values.get(name, {})
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: {name} is {value!r}; expected a table, [{name}]")
    return value


def _text(values: Mapping[str, Any], name: str, path: Path) -> str:
    value = values.get(name, "")
    if not isinstance(value, str):
        raise ConfigError(f"{path}: {name} is {value!r}; expected a string")
    return value


def _texts(values: Mapping[str, Any], name: str, path: Path) -> dict[str, str]:
    table = _table(values, name, path)
    return {key: _text(table, key, path) for key in table}


def _list(value: Any, where: str) -> tuple[str, ...]:
    """Return a list of strings; one string serves as a list of one."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise ConfigError(f"{where} is {value!r}; expected a string or a list of strings")
    return tuple(found)
