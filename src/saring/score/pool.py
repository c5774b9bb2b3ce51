"""Parts made by several processes at a time; what kills a worker costs one row."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from queue import SimpleQueue
from threading import Lock

from saring.article import Record
from saring.errors import InputError
from saring.read import Block, Ready, opened
from saring.score.making import Maker, Part, broken
from saring.score.worker import Worker, WorkerDied

__all__ = ["Batch", "cores", "made_by_workers", "made_here"]

Batch = tuple[int, Sequence[Block]]  # a number, and what it is the number of
Made = tuple[int, Sequence[Block], Part]

AHEAD = 1  # batches that are cut and wait for a worker, so that none waits for the reader


def cores() -> int:
    """Return how many processes can run side by side."""
    if hasattr(os, "sched_getaffinity"):  # in a container there are fewer than the machine has
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def made_here(batches: Iterable[Batch], maker: Maker) -> Generator[Made]:
    """Yield the part of each batch, made by this process."""
    for number, blocks in batches:
        yield number, blocks, maker.part(blocks)


def made_by_workers(batches: Iterable[Batch], maker: Maker, workers: int) -> Generator[Made]:
    """Yield the part of each batch, made by so many processes, as soon as it is there.

    Raises
    ------
    InputError
        Some records again and again kill the process that works on them, and none does alone.
    """
    crew = _Crew(maker, workers)
    waiting: dict[Future[Part], Batch] = {}
    with ExitStack() as ending:
        threads = ending.enter_context(ThreadPoolExecutor(workers))
        ending.callback(crew.stop)  # before the threads, which wait for their workers, are joined
        for number, blocks in batches:
            waiting[threads.submit(crew.part, blocks)] = (number, blocks)
            while len(waiting) >= workers + AHEAD:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)


def _finished(waiting: dict[Future[Part], Batch]) -> Iterator[Made]:
    """Yield the parts that are there once one is, and wait for them no longer."""
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        number, blocks = waiting.pop(future)
        yield number, blocks, future.result()


class _Stopped(Exception):
    """The run has ended; nobody waits for the answer."""


class _Crew:
    """The workers of a run; one that dies is replaced."""

    def __init__(self, maker: Maker, workers: int) -> None:
        self._start = Worker.prepare(maker)
        self._options = maker.options
        self._idle: SimpleQueue[Worker | None] = SimpleQueue()  # None: one that is yet to start
        self._lock = Lock()
        self._alive: set[Worker] = set()
        self._stopped = False
        for _ in range(workers):
            self._idle.put(None)

    def part(self, blocks: Sequence[Block]) -> Part:
        """Return the part of a batch; one that kills its worker twice is tried row by row."""
        for _ in range(2):  # it may have been another program that took all memory
            with contextlib.suppress(WorkerDied):
                return self._ask(blocks)
        checked = [self._checked(record) for record in opened(blocks, self._options)]
        try:
            return self._ask([Ready(checked)])
        except WorkerDied as death:
            raise InputError(
                f"{checked[0].where} to {checked[-1].where}: the process that works on these rows "
                f"was ended three times ({death}), yet each row alone can be worked on; memory may "
                "be short: try a smaller --batch-size or fewer --workers"
            ) from None

    def _checked(self, record: Record) -> Record:
        """Return a record that does not kill its worker: as it is, or as one with an error."""
        try:
            self._ask([Ready([record])])
        except WorkerDied as death:
            return broken(record, f"the article ended the process that worked on it ({death})")
        return record

    def _ask(self, blocks: Sequence[Block]) -> Part:
        """Return the part that a worker makes, waiting for one that is idle."""
        worker = self._idle.get()
        try:
            worker = worker or self._hired()
            return worker.part(blocks)
        except WorkerDied:
            with self._lock:
                self._alive.discard(worker)
            worker = None
            if self._stopped:
                raise _Stopped from None
            raise
        finally:
            self._idle.put(worker)

    def _hired(self) -> Worker:
        """Return a new worker."""
        with self._lock:
            if self._stopped:
                raise _Stopped
            worker = Worker(self._start)
            self._alive.add(worker)
            return worker

    def stop(self) -> None:
        """End all workers, whatever they do."""
        with self._lock:
            self._stopped = True
            alive = tuple(self._alive)
        for worker in alive:
            worker.stop()
