"""Recipes of data sets: which columns are what, annotations, and how texts are repaired."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from saring.config import read_toml
from saring.errors import ConfigError, CorpusError
from saring.io.blocks import InputRow
from saring.io.records import rows

# Recipes: which tables to read, what their columns and values mean, as TOML.


COLUMNS = (
    "id", "title", "text", "publisher", "date", "time", "url", "desk", "subdesk", "topic",
    "clickbait", "votes",
)  # fmt: skip
"""Our names for what a row may hold."""

PARAGRAPHS = ("", "lines", "commas")
_YES_NO = {**dict.fromkeys(("1", "true", "yes", "ya"), True), **dict.fromkeys(("0", "false", "no", "tidak"), False)}
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
        raise ConfigError(f"{path}: paragraphs is {recipe.paragraphs!r}; expected one of {PARAGRAPHS[1:]}")
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


# Annotation layers: labels by title key, kept apart from the texts that they are about.


KEY_DIGITS = 12  # of 40; two of a million titles share a key with a probability of 0.2%

Place = tuple[str, str]  # publisher, title key


@dataclass(frozen=True, slots=True)
class TopicReading:
    """The topic that a reader gave an article, and whether without hesitation.

    `chosen` marks an article that was read because a model was unsure of it: good to learn from,
    no fair sample to be judged by.
    """

    topic: str
    sure: bool
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Annotations:
    """Labels by place, a publisher and a title key.

    Attributes
    ----------
    topics : Mapping[Place, TopicReading]
        The topic of an article.
    links : Mapping[Place, list[tuple[str, int]]]
        Title keys of other articles of the publisher, each with its grade from 0 to 2.
    """

    topics: Mapping[Place, TopicReading] = field(default_factory=dict)
    links: Mapping[Place, list[tuple[str, int]]] = field(default_factory=dict)

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return len(self.topics) + sum(map(len, self.links.values()))


def title_key(title: str) -> str:
    """Return the key of a title: 12 hex digits of the SHA-1 of its UTF-8 bytes, stripped.

    >>> title_key(" Harga beras naik ")
    '206459572c58'
    """
    return hashlib.sha1(title.strip().encode(), usedforsecurity=False).hexdigest()[:KEY_DIGITS]


def read_annotations(files: Mapping[str, Path]) -> Annotations:
    """Return the labels of annotation files, ``{"topics": ..., "chosen": ..., "links": ...}``.

    Raises
    ------
    CorpusError
        For a row without its columns or with a value that is none of the labels.
    InputError
        When a file cannot be read.
    """
    topics: dict[Place, TopicReading] = {}
    links: dict[Place, list[tuple[str, int]]] = {}
    for kind in ("chosen", "topics"):  # the second wins
        for row in rows(files[kind]) if kind in files else ():
            reading = TopicReading(_value(row, "topic"), _sure(row), kind == "chosen")
            topics[_place(row)] = reading
    for row in rows(files["links"]) if "links" in files else ():
        links.setdefault(_place(row), []).append((_value(row, "headline_key"), _grade(row)))
    return Annotations(topics, links)


def _place(row: InputRow) -> Place:
    return _value(row, "publisher"), _value(row, "article_key")


def _value(row: InputRow, column: str) -> str:
    value = row.values.get(column)
    if value is None or value == "":
        raise CorpusError(f"{row.where}: column {column!r} is empty or not there; restore the file")
    return str(value)


def _sure(row: InputRow) -> bool:
    value = _value(row, "sure").lower()
    if value not in ("true", "false"):
        raise CorpusError(f"{row.where}: column 'sure' is {value!r}; expected True or False")
    return value == "true"


def _grade(row: InputRow) -> int:
    value = _value(row, "label")
    if value not in ("0", "1", "2"):
        raise CorpusError(f"{row.where}: column 'label' is {value!r}; expected 0, 1 or 2")
    return int(value)


# What publication did to a text, undone where that is certain: mojibake, lost line breaks.


# UTF-8 by RFC 3629: first bytes, and how many follow. Of those before one byte only what begins
# Latin, Greek and Arabic: read as mac_roman the others are quotation marks, dashes and blanks,
# which stand before a letter in sound text, too.
_FIRST = (
    ((0xC2, 0xC5), 1), ((0xCC, 0xCF), 1), ((0xD8, 0xDB), 1), ((0xE0, 0xEF), 2), ((0xF0, 0xF4), 3)
)  # fmt: skip
_FOLLOWING = (0x80, 0xBF)

# A scraper that joined the text nodes of a page by commas leaves no blank behind the last of them,
# a writer does. Behind a sentence or a quotation and before a capital such a comma is a paragraph's
# end; elsewhere it may be the place of a link. Written to begin with a plain character: a search
# for one is thirteen times faster than for a class of them.
_ENDS = (r"[.!?…\"”]", r"[.!?…][’')\]]", r"[.!?…][’'][’']")
_BLANKS = ("", r"\s", r"\s\s", r"\s\s\s")  # a look behind has one width
_BEHIND = "|".join(f"(?<={end}{blank},)" for end in _ENDS for blank in _BLANKS)
_BREAK = re.compile(rf""",(?:{_BEHIND})[,\s]*(?<=,)(?=[“"‘'(\[]?[A-Z0-9#*]|["“](?=,))""")
_TEASERS = ("aca juga", "aca Juga", "ACA JUGA")
# A marker whose link was lost: what follows would be taken for its headline.
_LOST_TEASER = re.compile(r"\(?\bbaca juga\s*:?\s*,[,\s]*(?<=,)\)?", re.IGNORECASE)
_TEASER = re.compile(r"(\bbaca juga\s*:\s*[^\s,][^\n]*?),[,\s]*(?<=,)(?=[^\s,])", re.IGNORECASE)
_LOST_DATELINE = re.compile(r"\A(?:[\s,]|[-–—](?!\d))+")  # its dash and commas are left


def demojibake(text: str, codec: str) -> str:
    """Return a text with UTF-8 that was read as `codec` read aright.

    Only character runs whose bytes are UTF-8 change, so a sound text stays as it is.

    >>> demojibake("‚Äì Nestl√© 2019", "mac_roman")
    '– Nestlé 2019'
    """
    if not codec or text.isascii():
        return text
    return _sequences(codec).sub(lambda found: _reread(found[0], codec), text)


def split_paragraphs(text: str) -> str:
    r"""Return a text whose paragraphs a scraper joined by commas as lines, where that is certain.

    >>> split_paragraphs(' - Harga naik.,"Ya," kata Ani, Senin.,,Ia pulang')
    'Harga naik.\n"Ya," kata Ani, Senin.\nIa pulang'
    """
    text = _LOST_DATELINE.sub("", text)
    if any(words in text for words in _TEASERS):
        text = _TEASER.sub(r"\1\n", _LOST_TEASER.sub("\n", text))
    lines = (line.strip(" ,\t\r\xa0") for line in _BREAK.sub("\n", text).split("\n"))
    return "\n".join(line for line in lines if line)


@lru_cache
def _sequences(codec: str) -> re.Pattern[str]:
    """Return the pattern of a character's UTF-8 bytes read as a one-byte codec."""
    following = _class(_FOLLOWING, codec)
    return re.compile("|".join(f"{_class(first, codec)}{following}{{{count}}}" for first, count in _FIRST))


def _class(span: tuple[int, int], codec: str) -> str:
    """Return the characters of a span of bytes, as a class of a pattern."""
    first, last = span
    return f"[{re.escape(bytes(range(first, last + 1)).decode(codec, 'ignore'))}]"


@lru_cache(maxsize=4096)
def _reread(characters: str, codec: str) -> str:
    """Return the character of a sequence, or the sequence where its bytes are none."""
    try:
        return characters.encode(codec).decode("utf-8")
    except UnicodeDecodeError:  # an overlong form or a surrogate: no text was written so
        return characters
