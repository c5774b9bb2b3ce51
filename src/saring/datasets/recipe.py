"""Mapping files of data sets (recipes), annotation files, and the repair of texts.

Keys of a mapping file, all optional but ``columns.title`` or ``columns.text``::

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
    [sections."publisher"]          section, or "section/subsection" = topic
    [annotations]                   topics, chosen, links: CSV files beside the mapping file
    [files] layouts                 lists of patterns: tables of a folder or zip
    [sha256]                        file name = its SHA-256
    [download]                      addresses, and the sha256 of what they give
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from saring.config import check_keys, check_value, read_toml
from saring.errors import ConfigError, CorpusError
from saring.io.blocks import InputRow
from saring.io.records import rows
from saring.parsing.rules import load_rules

COLUMNS = (  # our names for what a row may hold
    "id", "title", "text", "publisher", "date", "time", "url", "section", "subsection", "topic", "clickbait", "votes",
)  # fmt: skip
PARAGRAPHS = ("", "lines", "commas")
KEY_DIGITS = 12  # of 40; two of a million titles share a key with a probability of 0.2%

_YES_NO = {**dict.fromkeys(("1", "true", "yes", "ya"), True), **dict.fromkeys(("0", "false", "no", "tidak"), False)}
_ANY = "*"  # a key of the user's
# What stands under each key; a tuple is of texts, and a list of such tuples.
_FORMAT: Mapping[str, Any] = {
    **dict.fromkeys(("name", "page", "licence", "citation", "publisher", "unknown", "mojibake", "paragraphs"), str),
    "missing": tuple,
    "voters": int,
    "columns": dict.fromkeys(COLUMNS, tuple),
    "topics": {_ANY: str},
    "clickbait": {_ANY: bool},
    "publishers": {_ANY: str},
    "sections": {_ANY: {_ANY: str}},
    "annotations": dict.fromkeys(("topics", "chosen", "links"), str),
    "files": {"layouts": [tuple]},
    "sha256": {_ANY: str},
    "download": {"addresses": tuple, "sha256": str},
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a mapping file says; the module's text explains each key."""

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
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    annotations: Mapping[str, Path] = field(default_factory=dict)
    layouts: tuple[tuple[str, ...], ...] = ()
    checksums: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    sha256: str = ""

    def publisher_name(self, given: str) -> str:
        """Return the name of a publisher in a row's or a file's spelling; "" when unknown."""
        letters = "".join(char for char in given.lower() if char.isalnum())
        return next((name for word, name in self.publishers.items() if word in letters), "")

    def section_entry(self, publisher: str, section: str) -> str:
        """Return the key of [sections] for a "section/subsection", itself or what is before the "/", or ""."""
        entries = self.sections.get(publisher, {})
        return next((name for name in (section, section.partition("/")[0]) if name in entries), "")


def load_recipe(path: str | Path) -> Recipe:
    """Return the recipe in a TOML file; ConfigError for an unknown key or a value that is no use there."""
    path = Path(path)
    values = _checked(read_toml(path), _FORMAT, str(path))
    values |= values.pop("files", {})
    values["checksums"] = values.pop("sha256", {})
    values |= values.pop("download", {})
    values["clickbait"] = _YES_NO | values.get("clickbait", {})
    values["annotations"] = {kind: path.parent / name for kind, name in values.get("annotations", {}).items()}
    recipe = Recipe(path=path, columns=values.pop("columns", {}), **values)
    if not {"title", "text"} & set(recipe.columns):
        raise ConfigError(f"{path} [columns]: found neither 'title' nor 'text'; name one of them")
    if recipe.paragraphs not in PARAGRAPHS:
        raise ConfigError(f"{path}: paragraphs is {recipe.paragraphs!r}; expected one of {PARAGRAPHS[1:]}")
    if recipe.mojibake and not _is_one_byte(recipe.mojibake):
        expected = "a codec of one byte a character, such as 'mac_roman' or 'cp1252'"
        raise ConfigError(f"{path}: mojibake is {recipe.mojibake!r}; expected {expected}")
    return recipe


def _checked(value: Any, kind: Any, where: str, key: str = "") -> Any:
    """Return the value of a key, lists as tuples; ConfigError where it is of another kind."""
    if isinstance(kind, list) and isinstance(value, list):
        return tuple(_checked(item, kind[0], where, key) for item in value)
    if isinstance(kind, Mapping) and isinstance(value, Mapping):
        inside = f"{where} [{key}]" if key else where
        if _ANY not in kind:
            check_keys(value, kind, inside)
        return {name: _checked(v, kind.get(name, kind.get(_ANY)), inside, name) for name, v in value.items()}
    return check_value(key, value, kind if isinstance(kind, type) else type(kind), where)


def _is_one_byte(codec: str) -> bool:
    """Return whether a codec gives nearly each byte beyond ASCII a character of its own."""
    try:
        beyond = bytes(range(0x80, 0x100)).decode(codec, "ignore")
        # "unicode_escape" and the like read more into ASCII than letters.
        return len(beyond) > 100 and rb"\u0041+-".decode(codec) == r"\u0041+-"
    except (LookupError, ValueError):  # ValueError: of codecs for other things, such as "idna"
        return False


class TopicReading(NamedTuple):
    """The topic that a reader gave an article, and whether without hesitation."""

    topic: str
    sure: bool
    chosen: bool = False  # read because a model was unsure of it: good for training, no fair sample for tests


ArticleKey = tuple[str, str]  # publisher, title key


@dataclass(frozen=True, slots=True)
class Annotations:
    """Labels by place: the topics of articles, and title keys of other articles, each with its grade from 0 to 2."""

    topics: Mapping[ArticleKey, TopicReading] = field(default_factory=dict)
    links: Mapping[ArticleKey, list[tuple[str, int]]] = field(default_factory=dict)

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

    CorpusError for a row without its columns or with a value that is none of the labels.
    """
    topics: dict[ArticleKey, TopicReading] = {}
    links: dict[ArticleKey, list[tuple[str, int]]] = {}
    for kind in ("chosen", "topics", "links"):  # a topic of the second wins
        for row in rows(files[kind]) if kind in files else ():
            place = _value(row, "publisher"), _value(row, "article_key")
            if kind == "links":
                label = _value(row, "headline_key"), int(_value(row, "label", "0", "1", "2"))
                links.setdefault(place, []).append(label)
            else:
                sure = _value(row, "sure", "True", "False") == "True"
                topics[place] = TopicReading(_value(row, "topic"), sure, kind == "chosen")
    return Annotations(topics, links)


def _value(row: InputRow, column: str, *expected: str) -> str:
    """Return what stands in a column of an annotation, one of what is expected there."""
    value = row.values.get(column)
    if value is None or value == "":
        raise CorpusError(f"{row.where}: column {column!r} is empty or not there; restore the file")
    found = str(value).capitalize() if expected else str(value)  # "true" is "True"
    if expected and found not in expected:
        *most, last = expected
        raise CorpusError(f"{row.where}: column {column!r} is {value!r}; expected {', '.join(most)} or {last}")
    return found


# Which bytes begin a UTF-8 character (RFC 3629), and how many follow. Of those before one byte only what begins Latin,
# Greek and Arabic: read as mac_roman the others are quotation marks, dashes and blanks, which stand before a letter in
# sound text, too.
_FIRST = (((0xC2, 0xC5), 1), ((0xCC, 0xCF), 1), ((0xD8, 0xDB), 1), ((0xE0, 0xEF), 2), ((0xF0, 0xF4), 3))

# A scraper that joined the text nodes of a page by commas leaves no blank behind the last of them, a writer does.
# Behind a sentence or a quotation and before a capital such a comma is a paragraph's end; elsewhere it may be the place
# of a link. Written to begin with a plain character: a search for one is thirteen times faster than for a class.
_ENDS = (r"[.!?…\"”]", r"[.!?…][’')\]]", r"[.!?…][’'][’']")
_BLANKS = ("", r"\s", r"\s\s", r"\s\s\s")  # a look behind has one width
_BEHIND = "|".join(f"(?<={end}{blank},)" for end in _ENDS for blank in _BLANKS)
_BREAK = re.compile(rf""",(?:{_BEHIND})[,\s]*(?<=,)(?=[“"‘'(\[]?[A-Z0-9#*]|["“](?=,))""")
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


@cache
def _teasers() -> tuple[list[str], re.Pattern[str], re.Pattern[str]]:
    """Return the phrases of markers that a comma ends, and patterns: a marker without link, a teaser.

    What follows a marker without a link would be taken for its headline.
    """
    phrases = [phrase for marker in load_rules().markers if marker.comma_ends for phrase in marker.phrases]
    printed = f"(?:{'|'.join(map(re.escape, phrases))})"
    lost = re.compile(rf"\(?\b{printed}\s*:?\s*,[,\s]*(?<=,)\)?", re.IGNORECASE)
    teaser = re.compile(rf"(\b{printed}\s*:\s*[^\s,][^\n]*?),[,\s]*(?<=,)(?=[^\s,])", re.IGNORECASE)
    return phrases, lost, teaser


def split_paragraphs(text: str) -> str:
    r"""Return a text whose paragraphs a scraper joined by commas as lines, where that is certain.

    >>> split_paragraphs(' - Harga naik.,"Ya," kata Ani, Senin.,,Ia pulang')
    'Harga naik.\n"Ya," kata Ani, Senin.\nIa pulang'
    """
    text = _LOST_DATELINE.sub("", text)
    phrases, lost, teaser = _teasers()
    low = text.lower()
    if any(phrase in low for phrase in phrases):
        text = teaser.sub(r"\1\n", lost.sub("\n", text))
    lines = (line.strip(" ,\t\r\xa0") for line in _BREAK.sub("\n", text).split("\n"))
    return "\n".join(line for line in lines if line)


@lru_cache
def _sequences(codec: str) -> re.Pattern[str]:
    """Return the pattern of a character's UTF-8 bytes read as a one-byte codec."""

    def any_of(first: int, last: int) -> str:
        return f"[{re.escape(bytes(range(first, last + 1)).decode(codec, 'ignore'))}]"

    return re.compile("|".join(f"{any_of(*first)}{any_of(0x80, 0xBF)}{{{count}}}" for first, count in _FIRST))


@lru_cache(maxsize=4096)
def _reread(characters: str, codec: str) -> str:
    """Return the character of a sequence, or the sequence where its bytes are none."""
    try:
        return characters.encode(codec).decode("utf-8")
    except UnicodeDecodeError:  # an overlong form or a surrogate: no text was written so
        return characters
