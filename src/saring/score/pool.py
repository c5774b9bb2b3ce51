"""Parts made by several processes at a time; what kills a worker costs one row."""

from __future__ import annotations

import contextlib
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

__all__ = ["Batch", "Crew", "made_by_workers", "made_here"]

Batch = tuple[int, Sequence[Block]]  # a number, and what it is the number of
Made = tuple[int, Sequence[Block], Part]

# Batches for each worker that are cut and wait, so that it does not while others' parts are brought
# to the disk.
AHEAD = 1


def made_here(batches: Iterable[Batch], maker: Maker) -> Generator[Made]:
    """Yield the part of each batch, made by this process."""
    with maker.pages() as pages:
        for number, blocks in batches:
            yield number, blocks, maker.part(blocks, pages)


def made_by_workers(batches: Iterable[Batch], maker: Maker, crew: Crew) -> Generator[Made]:
    """Yield the part of each batch, made by a crew, as soon as it is there; then the crew stops.

    Raises
    ------
    InputError
        Some records again and again kill the process that works on them, and none does alone.
    """
    crew.teach(maker)
    waiting: dict[Future[Part], Batch] = {}
    with ExitStack() as ending:
        threads = ending.enter_context(ThreadPoolExecutor(crew.size))
        ending.callback(crew.stop)  # before the threads, which wait for their workers, are joined
        for number, blocks in batches:
            waiting[threads.submit(crew.part, blocks)] = (number, blocks)
            while len(waiting) >= crew.size * (1 + AHEAD):
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


class Crew:
    """The workers of a run: they start at once, and one that dies is replaced.

    Parameters
    ----------
    size : int
        How many.
    kernel : bool
        Whether they load the compiled kernel.

    Attributes
    ----------
    size : int
    """

    def __init__(self, size: int, *, kernel: bool = False) -> None:
        self.size = size
        self._kernel = kernel
        self._maker: Maker | None = None
        self._lesson = b""
        self._idle: SimpleQueue[Worker | None] = SimpleQueue()  # None: one that is yet to start
        self._lock = Lock()
        self._alive: set[Worker] = set()
        self._stopped = False
        for _ in range(size):
            self._idle.put(self._hired())

    def compiled(self) -> bool:
        """Return whether the compiled kernel answers, once a worker has found out.

        Raises
        ------
        InputError
            The worker ended before.
        """
        return next(iter(self._alive)).compiled()

    def teach(self, maker: Maker) -> None:
        """Say what makes the parts; it goes to each worker with its first batch."""
        self._maker, self._lesson = maker, Worker.lesson(maker)

    def part(self, blocks: Sequence[Block]) -> Part:
        """Return the part of a batch; one that kills its worker twice is tried row by row."""
        for _ in range(2):  # it may have been another program that took all memory
            with contextlib.suppress(WorkerDied):
                return self._ask(blocks)
        checked = [self._checked(record) for record in self._opened(blocks)]
        try:
            return self._ask([Ready(checked)])
        except WorkerDied as death:
            raise InputError(
                f"{checked[0].where} to {checked[-1].where}: the process that works on these rows "
                f"was ended three times ({death}), yet each row alone can be worked on; memory may "
                "be short: try a smaller --batch-size or fewer --workers"
            ) from None

    def _opened(self, blocks: Sequence[Block]) -> list[Record]:
        assert self._maker is not None, "teach() comes first"
        return opened(blocks, self._maker.options)

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
            return worker.part(self._lesson, blocks)
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
            worker = Worker(kernel=self._kernel)
            self._alive.add(worker)
            return worker

    def stop(self) -> None:
        """End all workers, whatever they do."""
        with self._lock:
            self._stopped = True
            alive = tuple(self._alive)
        for worker in alive:
            worker.stop()
