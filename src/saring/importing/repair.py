"""What publication did to a text, undone where that is certain: mojibake, lost line breaks."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["demojibake", "split_paragraphs"]

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
    return re.compile(
        "|".join(f"{_class(first, codec)}{following}{{{count}}}" for first, count in _FIRST)
    )


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
