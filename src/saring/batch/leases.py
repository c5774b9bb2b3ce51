"""Which run may write an output at an address, where no system frees a lock when a process ends.

The object ``lock`` says who writes, and is renewed while he does. A run that finds one waits until it has seen it
renewed, and gives up; or until it has not been for long, and takes it over. Where both runs are on one machine nobody
waits for a process that has ended.
"""

from __future__ import annotations

import getpass
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Self
from uuid import uuid4

import orjson

from saring.errors import ConfigError, LostConnectionError
from saring.io.addresses import Address
from saring.io.connections import Absent, Changed, Refused
from saring.io.input_files import PARTS_SUFFIX

RENEWAL_SECONDS = 10.0
LEASE_SECONDS = 45.0  # who has not renewed his lock for so long has ended
POLL_SECONDS = 1.0

_held: set[str] = set()  # tokens of the locks that this process holds


class Lease:
    """A lock that this run holds until it is closed; a context. ConfigError where another run holds it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._token = uuid4().hex
        self._since = _now()
        self._lost = ""
        self._ended = Event()
        self._turn = Lock()  # this run's two threads renew
        self._claim()
        _held.add(self._token)
        self._renewing = Thread(target=self._renew_often, daemon=True)
        self._renewing.start()

    def check(self) -> None:
        """Raise ConfigError where another run has taken the lock over, as after this machine slept."""
        if self._lost:
            raise ConfigError(
                f"{self._address}: {self._lost} while this run went on; it stops, and what it finished is kept: let "
                "the other one end, or end it and run the same command again"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        _held.discard(self._token)
        self._ended.set()
        self._renewing.join()
        if not self._lost:
            with suppress(Refused, LostConnectionError):
                self._address.unlink(missing_ok=True, once=True)

    def _claim(self) -> None:
        while True:
            try:
                self._address.write_bytes(self._content(), new=True)
            except Changed:
                with suppress(Absent, Changed):  # it went meanwhile, or another run was quicker
                    self._take_over()
                    break
            else:
                break
        self._tag = self._address.facts().tag

    def _take_over(self) -> None:
        """Put our lock in place of another run's that has ended; ConfigError where it has not."""
        tag, found = self._found()
        if found.get("token") == self._token:
            return  # the first answer was lost
        ends = time.monotonic() + LEASE_SECONDS
        while not _has_ended(found) and time.monotonic() < ends:
            time.sleep(POLL_SECONDS)
            newer, found = self._found()
            if newer != tag:
                raise ConfigError(
                    f"{self._address.parent.text.removesuffix(PARTS_SUFFIX)}: another run is writing it: "
                    f"{found.get('by', 'somebody')}, since {found.get('since', 'long')}; wait for it to end, or name "
                    f"another output; if it has ended, run again in {LEASE_SECONDS:g} seconds, or remove "
                    f"{self._address}"
                )
        self._address.write_bytes(self._content(), instead_of=tag)

    def _found(self) -> tuple[str, dict[str, Any]]:
        """Return the tag of the lock that is there, and what it says."""
        tag = self._address.facts().tag
        with suppress(orjson.JSONDecodeError):
            found = orjson.loads(self._address.read_bytes())
            return tag, found if isinstance(found, dict) else {}
        return tag, {}

    def _content(self) -> bytes:
        found = {"by": _who(), "since": self._since, "renewed": _now(), "token": self._token}
        return orjson.dumps({**found, "machine": _machine(), "process": os.getpid()}, option=orjson.OPT_APPEND_NEWLINE)

    def _renew_often(self) -> None:
        while not self._ended.wait(RENEWAL_SECONDS):
            with suppress(Refused, LostConnectionError):  # of a lock that was not renewed the next try may tell
                self.renew()
            if self._lost:
                return

    def renew(self) -> None:
        """Say that this run goes on; where another has the lock, `check` tells from now on."""
        with self._turn:
            try:
                with suppress(Changed):  # by another run, or by us where the answer was lost
                    self._address.write_bytes(self._content(), instead_of=self._tag, once=True)
                self._tag, found = self._found()
            except Absent:
                self._lost = "somebody removed the lock"
            else:
                if found.get("token") != self._token:
                    self._lost = "another run took the lock over"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _who() -> str:
    """Return who runs this, on which machine."""
    name = "somebody"
    with suppress(Exception):  # a container's user may have no name
        name = getpass.getuser()
    return f"{name} on {socket.gethostname()}, process {os.getpid()}"


def _machine() -> str:
    """Return what tells this machine's processes from all others: its start, and the numbering of its processes."""
    with suppress(OSError):
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{start} {os.stat('/proc/self/ns/pid').st_ino}"  # noqa: PTH116
    return ""


def _has_ended(found: dict[str, Any]) -> bool:
    """Return whether a lock is of a run that has ended, in a process of this machine."""
    if not found.get("machine") or found["machine"] != _machine():
        return False
    if found.get("process") == os.getpid():  # which lost its connection before it could remove the lock
        return found.get("token") not in _held
    try:
        os.kill(int(found["process"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, KeyError, ValueError):
        return False
    return False
