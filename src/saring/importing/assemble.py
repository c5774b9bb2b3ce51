"""Drafts to rows of a corpus: labels joined by title, a reading before a desk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saring.importing.annotations import Annotations, Place
from saring.importing.drafts import Draft
from saring.importing.recipe import Recipe

__all__ = ["CHOSEN", "DESK", "DeskAgreement", "agreements", "corpus_rows", "merged"]

CHOSEN = "chosen"  # value of `topic_source`: read, but picked because a model was unsure of it
DESK = "desk"  # value of `topic_source`: the desk table gave the topic, nobody read the article


@dataclass(frozen=True, slots=True)
class DeskAgreement:
    """How a desk of the recipe fares: its rows, those that were read, those that it fits."""

    publisher: str
    desk: str
    topic: str
    rows: int
    read: int
    agreed: int


def merged(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the articles, and each headline alone whose title none of them has, once.

    A headline was judged by itself, whoever prints it: all readings of one title count together,
    for the first article with that title or else for the first headline.
    """
    articles: list[Draft] = []
    headlines: dict[str, Draft] = {}
    for draft in drafts:
        if not draft.alone:
            articles.append(draft)
        elif draft.key in headlines:
            headlines[draft.key].shares += draft.shares
        else:
            headlines[draft.key] = draft
    for article in articles:
        if found := headlines.pop(article.key, None):
            article.shares += found.shares
            article.voted = found.voted
    return [*articles, *headlines.values()]


def corpus_rows(
    drafts: Sequence[Draft], annotations: Annotations, recipe: Recipe
) -> Iterator[dict[str, Any]]:
    """Yield drafts as rows of the corpus format; a label that nobody gave has no key.

    An annotation goes to the first row of its publisher with its title.
    """
    titles: dict[Place, str] = {}
    for draft in drafts:
        titles.setdefault((draft.publisher, draft.key), draft.title)
    taken: dict[str, int] = {}
    given: set[Place] = set()
    for draft in drafts:
        place = draft.publisher, draft.key
        labels = _topic(draft, place, annotations, recipe, first=place not in given)
        if place not in given and (links := _links(place, annotations, titles)):
            labels["links"] = links
        given.add(place)
        yield {
            "id": _unique(draft.id or draft.key, taken),
            "title": draft.title,
            "text": draft.text,
            **{
                name: value
                for name in ("publisher", "date", "url", "desk")
                if (value := getattr(draft, name))
            },
            **labels,
            **_clickbait(draft),
        }


def agreements(rows: Iterable[Mapping[str, Any]], recipe: Recipe) -> list[DeskAgreement]:
    """Return how the topics of desks fare with those of readers, desk by desk of the recipe."""
    counts = {
        (publisher, desk): [0, 0, 0] for publisher, desks in recipe.desks.items() for desk in desks
    }
    for row in rows:
        place = (
            row.get("publisher", ""),
            recipe.desk_entry(row.get("publisher", ""), row.get("desk", "")),
        )
        if place not in counts:
            continue
        count = counts[place]
        count[0] += 1
        if "topic" in row and "topic_source" not in row:
            count[1] += 1
            count[2] += row["topic"] == recipe.desks[place[0]][place[1]]
    return [
        DeskAgreement(publisher, desk, recipe.desks[publisher][desk], *count)
        for (publisher, desk), count in counts.items()
    ]


def _topic(
    draft: Draft, place: Place, annotations: Annotations, recipe: Recipe, *, first: bool
) -> dict[str, Any]:
    """Return a row's topic and where it comes from: a reading, the row itself, or its desk."""
    if first and (reading := annotations.topics.get(place)):
        source = {"topic_source": CHOSEN} if reading.chosen else {}
        return {"topic": reading.topic, "sure": reading.sure} | source
    if draft.topic:
        return {"topic": draft.topic}
    entry = recipe.desk_entry(draft.publisher, draft.desk)
    if entry and not draft.alone:
        return {"topic": recipe.desks[draft.publisher][entry], "topic_source": DESK}
    return {}


def _links(
    place: Place, annotations: Annotations, titles: Mapping[Place, str]
) -> list[dict[str, Any]]:
    """Return the judged headlines of an article; one whose title is not there is left out."""
    publisher, _ = place
    return [
        {"headline": title, "related": grade >= 1, "grade": grade}
        for key, grade in annotations.links.get(place, ())
        if (title := titles.get((publisher, key)))
    ]


def _clickbait(draft: Draft) -> dict[str, Any]:
    """Return the majority of all readings, and the share of votes where they were counted."""
    if not draft.shares:
        return {}
    share = sum(draft.shares) / len(draft.shares)
    label = {"clickbait": int(share > 0.5)}  # a tie is no majority, so it is 0
    return label | {"clickbait_share": round(share, 4)} if draft.voted else label


def _unique(name: str, taken: dict[str, int]) -> str:
    """Return a name that no row has yet: itself, or with -2, -3 behind it.

    `taken`: the names given, each with the number to go on from.
    """
    number, found = taken.get(name, 1), name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken[name] = number
    taken.setdefault(found, 1)
    return found
