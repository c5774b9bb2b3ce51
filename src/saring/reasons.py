"""Why a link was judged as it was, in words."""

from __future__ import annotations

from collections.abc import Sequence

from saring.pairs import Tie

__all__ = ["link_reasons"]

MAX_WORDS = 4  # the weightiest say it; more is noise
SURE_TOPIC = 0.8  # a headline alone is short: below this its topic is too unsure to be told
NO_TOPIC = "other"  # says what a headline is not, which explains nothing
SURE_CLICKBAIT = 0.7


def link_reasons(
    ties: Sequence[Tie],
    link_topic: tuple[str, float],
    article_topic: str,
    clickbait: float,
    *,
    related: bool,
) -> tuple[str, ...]:
    """Return the reasons for a verdict, the weightiest first.

    Parameters
    ----------
    ties : sequence of Tie
        The words that tie the headline to the article, the weightiest first; each is told with its
        weight.
    link_topic : (str, float)
        Topic of the headline read by itself, and its probability.
    article_topic : str
        Topic of the article.
    clickbait : float
        Probability that the headline is clickbait.
    related : bool
        The verdict; another topic explains only that a link is unrelated.
    """
    reasons = [_shared([tie for tie in ties if tie.shared])]
    if akin := [tie for tie in ties if not tie.shared]:
        reasons.append(f"article has kin of {_listed(akin)}")
    topic, probability = link_topic
    differs = topic not in (article_topic, NO_TOPIC) and probability >= SURE_TOPIC
    if differs and not related:
        reasons.append(f"headline reads as {topic.replace('_', ' ')}")
    if clickbait >= SURE_CLICKBAIT:
        reasons.append("headline reads as clickbait")
    return tuple(reasons)


def _shared(ties: Sequence[Tie]) -> str:
    """Return what is shared, as a phrase."""
    if not ties:
        return "shares no specific word"
    return f"shares {'only ' if len(ties) == 1 else ''}{_listed(ties)}"


def _listed(ties: Sequence[Tie]) -> str:
    """Return words in quotes with their weights, and how many more there are."""
    told = ", ".join(f"'{tie.word}' {tie.weight:.1f}" for tie in ties[:MAX_WORDS])
    more = len(ties) - MAX_WORDS
    return told + (f" and {more} more" if more > 0 else "")
