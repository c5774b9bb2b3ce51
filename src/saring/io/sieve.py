"""What of an input becomes no row: counted by reason, payloads that came before among it."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Literal

KEY_BYTES = 8  # of a digest: of 100 million pages one is dropped wrongly at a chance of 1 in 3,700
FULL = 0.75  # share of the slots that may be taken before there are twice as many

Dedup = Literal["", "payload"]
DUPLICATE = "duplicate payload"


class SeenPayloads:
    """The digests of payloads, as whole numbers in one table: 1.1 GB for 100 million, and 0.5 GB more as it grows."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(KEY_BYTES << 10))  # 0: free
        self._count = 0

    def add(self, digest: bytes) -> bool:
        """Add the digest of a payload and return whether it is new.

        >>> seen = SeenPayloads()
        >>> seen.add(b"12345678"), seen.add(b"87654321"), seen.add(b"12345678")
        (True, True, False)
        """
        if not self._put(int.from_bytes(digest[:KEY_BYTES], "little") or 1):
            return False
        self._count += 1
        if self._count > FULL * len(self._slots):
            older = self._slots
            self._slots = array("Q", bytes(2 * KEY_BYTES * len(older)))
            for key in filter(None, older):
                self._put(key)
        return True

    def _put(self, key: int) -> bool:
        slots = self._slots
        last = len(slots) - 1
        at = key & last
        while slots[at]:
            if slots[at] == key:
                return False
            at = (at + 1) & last
        slots[at] = key
        return True


class Sieve:
    """Decides what of an input becomes a row, and counts what does not."""

    def __init__(self, dedup: Dedup = "") -> None:
        self.skipped: Counter[str] = Counter()  # how many, by reason
        self._seen = SeenPayloads() if dedup else None

    @property
    def wants_digests(self) -> bool:
        """Whether a payload that came before is left out."""
        return self._seen is not None

    def skip(self, reason: str) -> None:
        """Count something that becomes no row."""
        self.skipped[reason] += 1

    def is_new(self, digest: bytes) -> bool:
        """Return whether no payload of this digest came before; count it where one did."""
        if self._seen is None or self._seen.add(digest):
            return True
        self.skip(DUPLICATE)
        return False
