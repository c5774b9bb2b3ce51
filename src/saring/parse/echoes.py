"""What the rest of the text says of a headline's end: which of its words stand elsewhere, too.

These signs search the whole text, which takes longer than all others together. So each place is
asked about by itself, and `runon` asks only where the answer can still change the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from saring.parse.window import Window

__all__ = ["ECHOES", "Echo"]

Echo: TypeAlias = Callable[[Window, int], bool]
"""Whether a place of a window shows a sign."""


def _closes(window: Window, place: int) -> bool:
    """Return whether the text has the headline's last word more than once."""
    return place > 0 and window.host.repeats(window.words[place - 1].bare)


def _opens(window: Window, place: int) -> bool:
    """Return whether the text has the word behind the headline more than once."""
    return place < len(window.words) and window.host.repeats(window.words[place].bare)


def _starts(window: Window, place: int) -> bool:
    """Return whether the word behind the headline opens a sentence elsewhere."""
    return place < len(window.words) and window.words[place].bare in window.host.starts


def _splits_pair(window: Window, place: int) -> bool:
    """Return whether the words before and behind a place stand side by side elsewhere."""
    return place > 0 and _repeats(window, place - 1, 2)


def _keeps_pair(window: Window, place: int) -> bool:
    """Return whether the two words behind the headline stand elsewhere."""
    return place > 0 and _repeats(window, place, 2)


def _keeps_triple(window: Window, place: int) -> bool:
    """Return whether the three words behind the headline stand elsewhere, but not within it."""
    return place > 0 and _repeats(window, place, 3) and not _stands_before(window, place)


def _repeats_triple(window: Window, place: int) -> bool:
    """Return whether three words stand in the headline: a caption printed twice starts there."""
    return place > 0 and _repeats(window, place, 3) and _stands_before(window, place)


ECHOES: Mapping[str, Echo] = {
    "known_closer": _closes,
    "known_opener": _opens,
    "known_start": _starts,
    "splits_pair": _splits_pair,
    "keeps_pair": _keeps_pair,
    "keeps_triple": _keeps_triple,
    "repeats_triple": _repeats_triple,
}
"""By their names."""


def _repeats(window: Window, place: int, size: int) -> bool:
    """Return whether so many words from a place on stand side by side more than once."""
    phrase = [word.bare for word in window.words[place : place + size]]
    return len(phrase) == size and window.host.repeats(*phrase)


def _stands_before(window: Window, place: int) -> bool:
    """Return whether three words from a place on stand in the headline before it."""
    start, end = window.starts[place], window.ends[place + 2]
    text = window.host.text
    return text.find(text[start:end], window.starts[0], start) >= 0
