"""Worker processes that make the parts of a batch; what kills a worker costs one row.

A worker first says whether the compiled kernel answers in it. It is then sent its payload, a pickled `PartMaker`, and
answers each request, pickled blocks, with a part.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from itertools import chain, count, islice
from queue import SimpleQueue
from threading import Lock
from typing import IO

from saring.batch.parts import Part, PartMaker, Summary, with_error
from saring.errors import InputError, SaringError
from saring.html.page import PageReader
from saring.io.blocks import Block
from saring.io.records import ReadOptions, open_blocks
from saring.kernel.scoring import prepare
from saring.kernel.text_arrays import THREADS, cores, kernel_is_kept
from saring.processes import WorkerDied, WorkerProcess, search_garbage_seldom, send, without

SMALL_ROWS = 4_096  # for no more, other processes would take longer to start than they save
SMALL_SIZE = 8_000_000  # nor for shorter text
# Batches for each worker that are cut and wait, so that it does not while others' parts are written to the disk.
AHEAD = 1
# Numba and Arrow import these for callers who have use for them. That takes longer than to read the kernel from the
# disk, and a short run waits for it.
UNUSED = ("cffi", "pandas", "scipy", "yaml")
# Variables: there are as many workers as cores.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS", THREADS), "1"
)

Batch = tuple[int, Sequence[Block]]  # the number of a part, and the blocks it is made of
Made = tuple[int, Sequence[Block], Part]


class Worker(WorkerProcess):
    """A process that makes parts; it starts at once, with the compiled kernel if `kernel` says so."""

    def __init__(self, *, kernel: bool) -> None:
        super().__init__(serve, kernel, env=ONE_THREAD)
        self._has_payload = False

    @cached_property
    def compiled(self) -> bool:
        """Whether the compiled kernel answers there, once the worker has started."""
        return self._ready()["compiled"]

    def part(self, payload: bytes, blocks: Sequence[Block]) -> Part:
        """Return the part that blocks make; the payload is sent before the first of them.

        WorkerDied where the process ended; SaringError where it did not start, or the task refuses all records.
        """
        if not self._has_payload:
            _ = self.compiled
            self._ready(payload)
            self._has_payload = True
        with suppress(OSError, ValueError):  # then receiving finds that it ended
            pickle.dump(blocks, self.stdin, pickle.HIGHEST_PROTOCOL)
            self.stdin.flush()
        head, (data, refused) = self.receive()
        return Part(data, refused, Summary(**head["summary"]))

    def _ready(self, payload: bytes = b"") -> dict[str, bool]:
        """Return the worker's answer once it has started or, given the payload, has unpickled it.

        InputError where it ended before: no article is to blame, and another worker would do the same.
        """
        try:
            with suppress(OSError, ValueError):
                self.stdin.write(payload)
                self.stdin.flush()
            return self.receive()[0]
        except WorkerDied as death:
            raise InputError(
                f"a worker process did not start ({death}); what it said stands above, if it said anything; "
                "try --workers 1"
            ) from None


def serve(answers: IO[bytes], kernel: bool) -> None:
    """Answer the parent's blocks with parts until its end of the pipe closes; runs in the worker."""
    requests = sys.stdin.buffer
    with without(UNUSED):
        send(answers, compiled=kernel and prepare())
        try:
            maker: PartMaker = pickle.load(requests)
            pages = PageReader(maker.options.page_seconds)
            maker.part([], pages)  # imports what writes the output
            send(answers)
        except SaringError as error:
            send(answers, error=str(error))
            return
    with pages:
        for number in count():
            try:
                part = maker.part(pickle.load(requests), pages)
                send(answers, part.data, part.refused, summary=asdict(part.summary))
            except SaringError as error:
                send(answers, error=str(error))
            if number == 0:
                search_garbage_seldom()


def pool_for(
    batches: Iterator[list[Block]], workers: int | None, *, kernel: bool
) -> tuple[Iterator[list[Block]], WorkerPool | None, bool]:
    """Return all batches, the processes for them, which start at once, and whether the batches are known to be small.

    There are no processes where this one is enough. Without `workers` there is one a core where the batches are large,
    but none in one of several processes that share the cores already. With it nobody looks how large they are.
    """
    first: list[list[Block]] = []
    rows = size = 0
    is_small = workers is None
    while is_small and (batch := next(batches, None)) is not None:
        first.append(batch)
        rows += sum(map(len, batch))
        size += sum(sum(block.sizes) for block in batch)
        is_small = rows <= SMALL_ROWS and size <= SMALL_SIZE
    batches = chain(first, batches)
    if workers is None:
        workers = 1 if is_small or _is_child() else cores()
    if workers == 1:
        return batches, None, is_small
    if kernel and not kernel_is_kept():
        prepare()  # or each worker would compile it
    return batches, WorkerPool(workers, kernel=kernel), is_small


def _is_child() -> bool:
    libraries = (sys.modules.get(name) for name in ("multiprocessing.process", "multiprocess.process"))
    return any(library and library.parent_process() for library in libraries)


def parts_made_here(batches: Iterable[Batch], maker: PartMaker) -> Generator[Made]:
    """Yield the part of each batch, made by this process."""
    with PageReader(maker.options.page_seconds) as pages:
        for number, blocks in batches:
            yield number, blocks, maker.part(blocks, pages)


class WorkerPool:
    """The workers of a run, so many of them: they start at once, and one that dies is replaced."""

    def __init__(self, size: int, *, kernel: bool = False) -> None:
        self._size = size
        self._kernel = kernel
        self._idle: SimpleQueue[Worker | None] = SimpleQueue()  # None: one that is yet to start
        self._lock = Lock()
        self._workers: list[Worker] = []  # all that were started, those that died among them
        self._stopped = False
        for _ in range(size):
            self._idle.put(self._start())

    def compiled(self) -> bool:
        """Return whether the compiled kernel answers, once a worker has started."""
        return self._workers[0].compiled

    def parts(self, batches: Iterable[Batch], maker: PartMaker) -> Generator[Made]:
        """Yield the part of each batch as soon as it is made; then stop the workers."""
        payload = pickle.dumps(maker, pickle.HIGHEST_PROTOCOL)  # once, for all workers
        batches = iter(batches)
        waiting: dict[Future[Part], Batch] = {}
        with ThreadPoolExecutor(self._size) as threads:
            try:
                while True:
                    for number, blocks in islice(batches, self._size * (1 + AHEAD) - len(waiting)):
                        waiting[threads.submit(self._part, blocks, payload, maker.options)] = (number, blocks)
                    if not waiting:
                        return
                    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                        number, blocks = waiting.pop(future)
                        yield number, blocks, future.result()
            finally:
                self.stop()  # before the threads, which wait for their workers, are joined

    def stop(self) -> None:
        """End all workers, whatever they do."""
        with self._lock:
            self._stopped = True
        for worker in self._workers:
            worker.stop()

    def _part(self, blocks: Sequence[Block], payload: bytes, options: ReadOptions) -> Part:
        """Return the part of a batch; one that kills its worker twice is tried row by row."""
        for _ in range(2):  # it may have been another program that took all memory
            with suppress(WorkerDied):
                return self._ask(blocks, payload)
        checked = []
        for record in open_blocks(blocks, options):
            try:
                self._ask([Block([record])], payload)
                checked.append(record)
            except WorkerDied as death:
                why = f"the article ended the process that worked on it ({death})"
                checked.append(with_error(record, why))
        try:
            return self._ask([Block(checked)], payload)
        except WorkerDied as death:
            raise InputError(
                f"{checked[0].where} to {checked[-1].where}: the process that works on these rows "
                f"was ended three times ({death}), yet each row alone can be worked on; memory may "
                "be short: try a smaller --batch-size or fewer --workers"
            ) from None

    def _ask(self, blocks: Sequence[Block], payload: bytes) -> Part:
        """Return the part that the next idle worker makes of blocks."""
        worker = self._idle.get()
        try:
            worker = worker or self._start()
            return worker.part(payload, blocks)
        except WorkerDied:
            worker = None
            raise
        finally:
            self._idle.put(worker)

    def _start(self) -> Worker:
        with self._lock:
            if self._stopped:
                raise CancelledError  # nobody waits for the answer
            worker = Worker(kernel=self._kernel)
            self._workers.append(worker)
            return worker
