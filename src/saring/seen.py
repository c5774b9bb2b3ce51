"""What a model was trained on, as short digests: enough to tell a file that it has read before."""

from __future__ import annotations

import re
from base64 import b85decode, b85encode
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from unicodedata import normalize

from saring.corpus import LabelledArticle
from saring.errors import BundleError

__all__ = ["count_seen", "digests"]

BYTES = 5  # of sixty thousand titles and texts, one in eighteen million is taken for another
_WORD = re.compile(r"\w+")


def digests(articles: Iterable[LabelledArticle]) -> str:
    """Return the digests of the articles' titles, texts and links' headlines, as one text."""
    found = {digest for article in articles for digest in _digests(article)}
    found |= {digest for a in articles for link in a.links for digest in _digest(link.headline)}
    return b85encode(b"".join(sorted(found))).decode()


def count_seen(articles: Iterable[LabelledArticle], stored: str) -> int:
    """Return how many articles have a title or a text among those that `digests` was given.

    Case, punctuation and spacing do not count.

    Raises
    ------
    BundleError
        When `stored` is none of `digests`.
    """
    try:
        data = b85decode(stored)
    except (TypeError, ValueError) as error:
        raise BundleError(f"trained_on in card.json: {error}; train the model again") from error
    known = {data[at : at + BYTES] for at in range(0, len(data), BYTES)}
    return sum(not known.isdisjoint(_digests(article)) for article in articles)


def _digests(labelled: LabelledArticle) -> Iterator[bytes]:
    """Yield the digests of an article's title and of its text, where it has them."""
    yield from _digest(labelled.article.title)
    yield from _digest(labelled.article.body)


def _digest(text: str) -> Iterator[bytes]:
    """Yield the digest of a text's words, if it has any."""
    if words := _WORD.findall(normalize("NFKC", text).casefold()):
        yield blake2b(" ".join(words).encode(), digest_size=BYTES).digest()
