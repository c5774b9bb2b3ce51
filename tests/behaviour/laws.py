"""A law in one assertion: a change that must not matter, made in all plain articles at once."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from plain_articles import PLAIN, Plain

from saring.predict import Model


class Variant(NamedTuple):
    """A plain article, the change made in it, and the row that came of it."""

    article: Plain
    change: str
    row: Mapping[str, str]


def assert_same_topic(model: Model, variants: Iterable[Variant]) -> None:
    """Fail with a line for each variant whose topic is not that of the article unchanged."""
    variants = list(variants)
    unchanged = model.predict([article.row() for article in PLAIN])
    before = {a: prediction.topic for a, prediction in zip(PLAIN, unchanged, strict=True)}
    after = model.predict([variant.row for variant in variants])
    assert_holds(
        [
            f"{article.title} | {change} | {before[article]} -> {found.topic} {found.error}"
            for (article, change, _), found in zip(variants, after, strict=True)
            if found.topic != before[article]
        ],
        asked=len(variants),
    )


def assert_holds(broken: list[str], *, asked: int, allowed: int = 0) -> None:
    """Fail, with a line for each, when more cases than allowed break a law."""
    assert asked > allowed, "nothing was asked"
    assert len(broken) <= allowed, "\n".join([f"{len(broken)} of {asked}:", *broken])
