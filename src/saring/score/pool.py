"""Parts made by several processes at a time; what kills a worker costs one row."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from queue import SimpleQueue
from threading import Lock

from saring.article import Record
from saring.errors import InputError
from saring.score.jobs import Job, Part, broken, make_part
from saring.score.worker import Worker, WorkerDied

__all__ = ["cores", "made_by_workers", "made_here"]

Batch = tuple[int, list[Record]]  # a number, and what it is the number of
Made = tuple[int, list[Record], Part]

AHEAD = 1  # batches that are read and wait for a worker, so that none waits for the reader


def cores() -> int:
    """Return how many processes can run side by side."""
    if hasattr(os, "sched_getaffinity"):  # in a container there are fewer than the machine has
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def made_here(batches: Iterable[Batch], job: Job, suffix: str) -> Generator[Made]:
    """Yield the part of each batch, made by this process."""
    for number, records in batches:
        yield number, records, make_part(job, suffix, records)


def made_by_workers(
    batches: Iterable[Batch], job: Job, suffix: str, workers: int
) -> Generator[Made]:
    """Yield the part of each batch, made by so many processes, as soon as it is there.

    Raises
    ------
    InputError
        Some records again and again kill the process that works on them, and none does alone.
    """
    crew = _Crew(job, suffix, workers)
    waiting: dict[Future[Part], Batch] = {}
    with ExitStack() as ending:
        threads = ending.enter_context(ThreadPoolExecutor(workers))
        ending.callback(crew.stop)  # before the threads, which wait for their workers, are joined
        for number, records in batches:
            waiting[threads.submit(crew.part, records)] = (number, records)
            while len(waiting) >= workers + AHEAD:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)


def _finished(waiting: dict[Future[Part], Batch]) -> Iterator[Made]:
    """Yield the parts that are there once one is, and wait for them no longer."""
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        number, records = waiting.pop(future)
        yield number, records, future.result()


class _Stopped(Exception):
    """The run has ended; nobody waits for the answer."""


class _Crew:
    """The workers of a run; one that dies is replaced."""

    def __init__(self, job: Job, suffix: str, workers: int) -> None:
        self._start = Worker.prepare(job, suffix)
        self._idle: SimpleQueue[Worker | None] = SimpleQueue()  # None: one that is yet to start
        self._lock = Lock()
        self._alive: set[Worker] = set()
        self._stopped = False
        for _ in range(workers):
            self._idle.put(None)

    def part(self, records: list[Record]) -> Part:
        """Return the part of records, that of a batch that kills its worker at the third try."""
        try:
            return self._ask(records)
        except WorkerDied:
            pass
        try:
            return self._ask(records)  # it may have been another program that took all memory
        except WorkerDied as death:
            how = str(death)
        checked = [self._checked(record) for record in records]
        try:
            return self._ask(checked)
        except WorkerDied:
            raise InputError(
                f"{records[0].where} to {records[-1].where}: the process that works on these rows "
                f"was ended three times ({how}), yet each row alone can be worked on; memory may "
                "be short: try a smaller --batch-size or fewer --workers"
            ) from None

    def _checked(self, record: Record) -> Record:
        """Return a record that does not kill its worker: as it is, or as one with an error."""
        try:
            self._ask([record])
        except WorkerDied as death:
            return broken(record, f"the article ended the process that worked on it ({death})")
        return record

    def _ask(self, records: Sequence[Record]) -> Part:
        """Return the part that a worker makes, waiting for one that is idle."""
        worker = self._idle.get()
        try:
            worker = worker or self._hired()
            return worker.part(records)
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
