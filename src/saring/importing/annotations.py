"""Annotation layers: labels by title key, kept apart from the texts that they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from saring.errors import CorpusError
from saring.read import Row, rows

__all__ = ["Annotations", "TopicReading", "read_annotations", "title_key"]

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


def _place(row: Row) -> Place:
    return _value(row, "publisher"), _value(row, "article_key")


def _value(row: Row, column: str) -> str:
    value = row.values.get(column)
    if value is None or value == "":
        raise CorpusError(f"{row.where}: column {column!r} is empty or not there; restore the file")
    return str(value)


def _sure(row: Row) -> bool:
    value = _value(row, "sure").lower()
    if value not in ("true", "false"):
        raise CorpusError(f"{row.where}: column 'sure' is {value!r}; expected True or False")
    return value == "true"


def _grade(row: Row) -> int:
    value = _value(row, "label")
    if value not in ("0", "1", "2"):
        raise CorpusError(f"{row.where}: column 'label' is {value!r}; expected 0, 1 or 2")
    return int(value)
