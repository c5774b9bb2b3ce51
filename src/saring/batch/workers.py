"""Worker processes that share a batch."""

from __future__ import annotations

import contextlib
import gc
import pickle
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import asdict
from queue import SimpleQueue
from threading import Lock
from typing import IO, Any

import orjson

from saring.article import Record
from saring.batch.jobs import Maker, Part, Summary, broken
from saring.errors import InputError, SaringError
from saring.html.page import PageReader
from saring.io.blocks import Block
from saring.io.records import open_blocks
from saring.kernel import prepare
from saring.kernel.text_arrays import THREADS
from saring.processes import WorkerProcess, without

# A process that makes parts: started with a `Maker`, given rows in blocks, it answers with bytes.


LENGTH_BYTES = 8
# So many new objects, those of some hundred articles, are made between searches for garbage. Hardly
# any of it is in cycles: with Python's 700 the searches take a fifteenth of the time.
GARBAGE_OBJECTS = 50_000
# Numba and Arrow import these for callers who have use for them. That takes longer than to read
# the kernel from the disk, and a short run waits for it.
_UNUSED = ("cffi", "pandas", "scipy", "yaml")
# One thread each: there are as many workers as cores.
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS", THREADS,
)  # fmt: skip


class WorkerDied(Exception):
    """A worker ended without an answer; the message says how it ended."""


class Worker:
    """A process that makes parts; it starts at once.

    Parameters
    ----------
    kernel : bool
        Whether it loads the compiled kernel.
    """

    def __init__(self, *, kernel: bool) -> None:
        self._process = WorkerProcess(serve, kernel, env=dict.fromkeys(_THREADS, "1"))
        self._compiled: bool | None = None  # not known before it has started
        self._taught = False

    @staticmethod
    def payload(maker: Maker) -> bytes:
        """Return what a worker needs to know: made once, for all workers."""
        return pickle.dumps(maker, pickle.HIGHEST_PROTOCOL)

    def compiled(self) -> bool:
        """Return whether the compiled kernel answers there, once it has started.

        Raises
        ------
        InputError
            It ended before: no article is to blame, and another worker would do the same.
        """
        if self._compiled is None:
            self._compiled = bool(self._ready()["compiled"])
        return self._compiled

    def part(self, payload: bytes, blocks: Sequence[Block]) -> Part:
        """Return the part that the rows in blocks make.

        Parameters
        ----------
        payload : bytes
            From `payload`; sent with the first blocks, so that workers open models side by side.
        blocks : sequence of Block

        Raises
        ------
        WorkerDied
            The process ended; this worker is of no more use.
        SaringError
            The worker did not start, or the job refuses its records altogether.
        """
        if not self._taught:
            self.compiled()
            self._ready(payload)
            self._taught = True
        stdin, stdout = self._process.stdin, self._process.stdout
        try:
            _send(stdin, pickle.dumps(blocks, pickle.HIGHEST_PROTOCOL))
            head = orjson.loads(_received(stdout))
            if head["error"]:
                raise SaringError(head["error"])
            return Part(_received(stdout), _received(stdout), Summary(**head["summary"]))
        except (OSError, EOFError, ValueError):
            raise WorkerDied(self._process.ending()) from None

    def _ready(self, payload: bytes = b"") -> dict[str, Any]:
        """Return what a worker says when it is ready for a payload, or having taken in this one."""
        try:
            if payload:
                _send(self._process.stdin, payload)
            said: dict[str, Any] = orjson.loads(_received(self._process.stdout))
        except (OSError, EOFError, ValueError):
            raise InputError(
                f"a worker process did not start ({self._process.ending()}); what it said stands "
                "above, if it said anything; try --workers 1"
            ) from None
        if said["error"]:
            raise SaringError(said["error"])
        return said

    def stop(self) -> None:
        """End the process at once, whatever it does."""
        self._process.stop()


def serve(answers: IO[bytes], kernel: bool) -> None:
    """Answer the parent's blocks with parts until its end of the pipe closes."""
    requests = sys.stdin.buffer
    with without(_UNUSED):
        _send(answers, orjson.dumps({"error": "", "compiled": kernel and prepare()}))
        try:
            maker: Maker = pickle.loads(_received(requests))
            pages = maker.pages()
            maker.part([], pages)  # brings in what writes the output
            _send(answers, orjson.dumps({"error": ""}))
        except SaringError as error:
            _send(answers, orjson.dumps({"error": str(error)}))
            return
    with pages:
        _answer(answers, maker, pages, pickle.loads(_received(requests)))
        gc.freeze()  # all that lasts has been made, and need never be looked through
        gc.set_threshold(GARBAGE_OBJECTS)
        gc.enable()
        while True:
            _answer(answers, maker, pages, pickle.loads(_received(requests)))


def _answer(answers: IO[bytes], maker: Maker, pages: PageReader, blocks: Sequence[Block]) -> None:
    """Make a part and send it, or the reason why there is none."""
    try:
        part = maker.part(blocks, pages)
    except SaringError as error:
        _send(answers, orjson.dumps({"error": str(error)}))
        return
    _send(answers, orjson.dumps({"error": "", "summary": asdict(part.summary)}))
    _send(answers, part.data)
    _send(answers, part.refused)


def _send(pipe: IO[bytes], data: bytes) -> None:
    """Write bytes, their length before them."""
    pipe.write(len(data).to_bytes(LENGTH_BYTES, "little"))
    pipe.write(data)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes:
    """Return bytes that were sent; EOFError where the other end has closed."""
    head = pipe.read(LENGTH_BYTES)
    data = pipe.read(int.from_bytes(head, "little"))
    if len(head) < LENGTH_BYTES or len(data) < int.from_bytes(head, "little"):
        raise EOFError
    return data


# Parts made by several processes at a time; what kills a worker costs one row.


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


def made_by_workers(batches: Iterable[Batch], maker: Maker, pool: WorkerPool) -> Generator[Made]:
    """Yield the part of each batch, made by a pool, as soon as it is there; then the pool stops.

    Raises
    ------
    InputError
        Some records again and again kill the process that works on them, and none does alone.
    """
    pool.assign(maker)
    waiting: dict[Future[Part], Batch] = {}
    with ExitStack() as ending:
        threads = ending.enter_context(ThreadPoolExecutor(pool.size))
        ending.callback(pool.stop)  # before the threads, which wait for their workers, are joined
        for number, blocks in batches:
            waiting[threads.submit(pool.part, blocks)] = (number, blocks)
            while len(waiting) >= pool.size * (1 + AHEAD):
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


class WorkerPool:
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
        self._payload = b""
        self._idle: SimpleQueue[Worker | None] = SimpleQueue()  # None: one that is yet to start
        self._lock = Lock()
        self._alive: set[Worker] = set()
        self._stopped = False
        for _ in range(size):
            self._idle.put(self._worker_pool())

    def compiled(self) -> bool:
        """Return whether the compiled kernel answers, once a worker has found out.

        Raises
        ------
        InputError
            The worker ended before.
        """
        return next(iter(self._alive)).compiled()

    def assign(self, maker: Maker) -> None:
        """Say what makes the parts; it goes to each worker with its first batch."""
        self._maker, self._payload = maker, Worker.payload(maker)

    def part(self, blocks: Sequence[Block]) -> Part:
        """Return the part of a batch; one that kills its worker twice is tried row by row."""
        for _ in range(2):  # it may have been another program that took all memory
            with contextlib.suppress(WorkerDied):
                return self._ask(blocks)
        checked = [self._checked(record) for record in self._opened(blocks)]
        try:
            return self._ask([Block(checked)])
        except WorkerDied as death:
            raise InputError(
                f"{checked[0].where} to {checked[-1].where}: the process that works on these rows "
                f"was ended three times ({death}), yet each row alone can be worked on; memory may "
                "be short: try a smaller --batch-size or fewer --workers"
            ) from None

    def _opened(self, blocks: Sequence[Block]) -> list[Record]:
        assert self._maker is not None, "teach() comes first"
        return open_blocks(blocks, self._maker.options)

    def _checked(self, record: Record) -> Record:
        """Return a record that does not kill its worker: as it is, or as one with an error."""
        try:
            self._ask([Block([record])])
        except WorkerDied as death:
            return broken(record, f"the article ended the process that worked on it ({death})")
        return record

    def _ask(self, blocks: Sequence[Block]) -> Part:
        """Return the part that a worker makes, waiting for one that is idle."""
        worker = self._idle.get()
        try:
            worker = worker or self._worker_pool()
            return worker.part(self._payload, blocks)
        except WorkerDied:
            with self._lock:
                self._alive.discard(worker)
            worker = None
            if self._stopped:
                raise _Stopped from None
            raise
        finally:
            self._idle.put(worker)

    def _worker_pool(self) -> Worker:
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
