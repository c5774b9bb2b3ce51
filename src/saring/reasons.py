"""Why a link was judged as it was, in words."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["link_reasons"]

MAX_WORDS = 4  # the rarest words shared say it; more is noise
SURE_TOPIC = 0.8  # a headline alone is short: below this its topic is too unsure to be told
NO_TOPIC = "other"  # says what a headline is not, which explains nothing
SURE_CLICKBAIT = 0.7


def link_reasons(
    shared: Sequence[str],
    link_topic: tuple[str, float],
    article_topic: str,
    clickbait: float,
    *,
    related: bool,
) -> tuple[str, ...]:
    """Return the reasons for a verdict, the weightiest first.

    Parameters
    ----------
    shared : sequence of str
        Specific words of the headline that stand in the article, the rarest first.
    link_topic : (str, float)
        Topic of the headline read by itself, and its probability.
    article_topic : str
        Topic of the article.
    clickbait : float
        Probability that the headline is clickbait.
    related : bool
        The verdict; another topic explains only that a link is unrelated.
    """
    reasons = [_shared(shared)]
    topic, probability = link_topic
    differs = topic not in (article_topic, NO_TOPIC) and probability >= SURE_TOPIC
    if differs and not related:
        reasons.append(f"headline reads as {topic.replace('_', ' ')}")
    if clickbait >= SURE_CLICKBAIT:
        reasons.append("headline reads as clickbait")
    return tuple(reasons)


def _shared(words: Sequence[str]) -> str:
    """Return what is shared, as a phrase."""
    if not words:
        return "shares no specific word"
    quoted = [f"'{word}'" for word in words[:MAX_WORDS]]
    if len(words) == 1:
        return f"shares only {quoted[0]}"
    more = len(words) - MAX_WORDS
    return "shares " + ", ".join(quoted) + (f" and {more} more" if more > 0 else "")
