"""Many trainings at once: who writes into an SQLite file waits for its turn, and a race lost on a server is run again.

MLflow lets nobody wait: two first runs both make the tables ("duplicate column name"), and SQLite gives up at once when
two that have read want to write ("database is locked"), in the middle of a run.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from saring.atomic import in_turn
from saring.relocate import database_of

T = TypeVar("T")

# What is said to whoever comes second: by SQLite, by MLflow, by PostgreSQL and by its servers.
_RACES = (
    "database is locked", "already exists", "duplicate column name", "duplicate key", "UNIQUE constraint",
    "Model Version creation error", "deadlock", "could not serialize",
)  # fmt: skip
_PAUSES = (0.1, 0.3, 1.0, 3.0, 3.0)  # seconds; each up to twice as long, so that two do not meet again


@contextmanager
def turn(uri: str, make: Callable[[], object], *, writes: bool) -> Iterator[None]:
    """Call `make`, which makes a store that is not there, alone; who writes stays alone in an SQLite file."""
    with ExitStack() as alone:
        if database := database_of(uri):
            database.parent.mkdir(parents=True, exist_ok=True)
            alone.enter_context(in_turn(database.with_name(f"{database.name}.lock")))
        again(make)
        if not writes:
            alone.close()
        yield


def again(call: Callable[[], T]) -> T:
    """Return what a call returns; one that another training was in the way of is made again."""
    for pause in _PAUSES:
        try:
            return call()
        except Exception as error:  # each database has its own
            if not any(race in str(error) for race in _RACES):
                raise
        time.sleep(pause * random.uniform(1, 2))
    return call()
