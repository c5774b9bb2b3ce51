"""Worker processes that answer requests: articles of many requests are scored together, long requests in parts.

Parsing is Python, so threads would take turns: a process a core scores as `saring score` does. Each has a thread
here that hands it the next articles and waits. An article that kills its process costs its own row.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import pickle
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import IO, Any

from saring.article import KeepLinks, Record
from saring.batch.parts import Command, Task, row_tables
from saring.batch.workers import ONE_THREAD, UNUSED
from saring.columns import Columns
from saring.errors import ConfigError, SaringError, visible_json
from saring.kernel.scoring import SWITCH, prepare
from saring.kernel.text_arrays import kernel_is_kept
from saring.predict import Model, load_same, now
from saring.processes import WorkerDied, WorkerProcess, search_garbage_seldom, send, without
from saring.schema import rows_in
from saring.serve.limits import Limits, Problem
from saring.sources import record_of

Source = Record | Mapping[str, Any]
Wish = tuple[Command, KeepLinks, str]  # what is to be done, which links stay, the time that stands in the rows

PART_ROWS = 64  # given to a worker at once: some 20 ms of work, so that short requests need not wait for long ones
PART_CHARS = 400_000  # the same where articles are long
HEAD_START = 8  # so many requests that come later go before each further part of a long one


# In the worker.


def answer_parts(answers: IO[bytes], folder: str, model_version: str, seconds: float) -> None:
    """Answer the parent's articles with their rows until its end of the pipe closes; runs in the worker."""
    model = load_same(folder, model_version)
    with without(UNUSED):
        compiled = prepare()
        model.predict(["Rupiah menguat.\nBaca Juga: Harga Cabai Turun"])  # reads all models from the disk
    search_garbage_seldom()
    send(answers, compiled=compiled)
    columns = Columns({})
    while True:
        wish, sources = pickle.load(sys.stdin.buffer)
        try:
            rows = list(_rows(Task(wish[0], model, *wish[1:]), sources, columns, seconds))
        except SaringError as error:
            send(answers, error=str(error))
        else:
            send(answers, *rows)


def _rows(task: Task, sources: Sequence[Source], columns: Columns, seconds: float) -> Iterator[bytes]:
    """Yield the row of each article as JSON."""
    records = [source if isinstance(source, Record) else record_of(source, columns) for source in sources]
    for table in row_tables(task, records, seconds):
        yield from map(visible_json, rows_in(table))


# Here.


class ScoringProcess(WorkerProcess):
    """A process that makes rows of articles; it starts at once, and is ended when it takes far too long."""

    def __init__(self, model: Model, limits: Limits, *, kernel: bool) -> None:
        self.kernel = kernel  # whether it uses the compiled kernel, where there can be one
        self._seconds = 3 * limits.article_seconds  # a part is tried as a whole, then row by row
        arguments = (str(model.path.absolute()), model.model_version, limits.article_seconds)
        super().__init__(answer_parts, *arguments, env=ONE_THREAD | ({} if kernel else {SWITCH: "0"}))

    def start(self) -> bool:
        """Wait until it can answer; return whether the compiled kernel does. WorkerDied where it cannot."""
        return bool(self.receive()[0]["compiled"])

    def rows(self, wish: Wish, sources: Sequence[Source]) -> list[bytes]:
        """Return the row of each article as JSON; WorkerDied where the process ended, SaringError where all fail."""
        payload = pickle.dumps((wish, sources), pickle.HIGHEST_PROTOCOL)  # whole, before any of it is written
        timer = threading.Timer(self._seconds, self.kill)
        timer.daemon = True
        timer.start()
        try:
            with suppress(OSError):  # then reading finds that it ended
                self.stdin.write(payload)
                self.stdin.flush()
            return self.receive()[1]
        finally:
            timer.cancel()


class _Seat:
    """A process that answers and, when it ends, the one in its place; `make` returns one that can answer."""

    process: ScoringProcess

    def __init__(self, make: Callable[[], ScoringProcess]) -> None:
        self._make = make

    def start(self) -> None:
        """Have a new process; WorkerDied where none can start, however often that is tried."""
        for last in (False, False, True):
            self.stop()
            try:
                self.process = self._make()
                return
            except WorkerDied:  # it may have been killed
                if last:
                    raise

    def stop(self) -> None:
        """End the process, if there is one."""
        if hasattr(self, "process"):
            self.process.stop()

    def rows(self, wish: Wish, sources: Sequence[Source], is_wanted: Callable[[], bool]) -> list[bytes]:
        """Return the rows of some articles; of those that end a process each is tried by itself, and then again.

        SaringError once nobody wants the rows any more.
        """
        try:
            return self.process.rows(wish, sources)
        except WorkerDied:
            self.start()
        rows = []
        for source in sources:
            if not is_wanted():
                raise SaringError("nobody waits for these rows any more")
            rows.append(self._row(wish, source))
        return rows

    def _row(self, wish: Wish, source: Source) -> bytes:
        why = ""
        for _ in range(2):  # it may have been another program that took all memory
            try:
                return self.process.rows(wish, [source])[0]
            except WorkerDied as death:
                why = str(death)
                self.start()
        record = source if isinstance(source, Record) else record_of(source, Columns({}))
        error = f"the article ended the process that worked on it ({why}); look at it or take it out"
        return self.process.rows(wish, [replace(record, text="", error=error)])[0]


@dataclass(slots=True)
class RequestPart:
    """Some of a request's articles, and the rows that they become."""

    wish: Wish
    sources: list[Source]
    chars: int
    client: str
    rows: Future[list[bytes]] = field(default_factory=Future)
    given_up: bool = False  # whether nobody waits for the rows any more


class Scorer:
    """Hands articles to worker processes, the shortest requests first, and gives their rows in order.

    `start` begins to start the processes and `stop` ends them, when what was begun is done.
    """

    def __init__(self, model: Model, limits: Limits, workers: int) -> None:
        self.model, self.limits, self.workers = model, limits, workers
        self._parts: list[tuple[int, int, RequestPart]] = []  # a heap: turn, number, part
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._waiting: dict[str, int] = {}  # rows of each client that nobody works on yet
        self._stopped = False
        self._under_way = 0  # requests that are being answered
        self._has_started = False  # whether a process has ever been able to answer
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        self._has_kernel = kernel_is_kept()
        self.compiled = False  # whether the compiled kernel answers
        self.failure = ""  # why no worker can answer

    @property
    def ready(self) -> bool:
        """Whether a worker can answer."""
        return self._has_started and not self.hindrance

    @property
    def hindrance(self) -> str:
        """Why articles that come now could not be answered soon; empty where they can."""
        if self._stopped:
            return "a server that is about to end"
        return self.failure

    def start(self) -> None:
        """Begin to start the processes; until the kernel is made, once on a machine, they answer in plain Python."""
        if not self._has_kernel:
            threading.Thread(target=self._make_kernel, daemon=True).start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the processes when they have done what they began."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(self.limits.answer_seconds)

    async def rows(
        self, command: Command, keep_links: KeepLinks, sources: Sequence[Source], client: str
    ) -> list[bytes]:
        """Return the row of each article as JSON, in order.

        Problem when the model cannot keep these links, too much is under way, no worker can answer, or it takes too
        long.
        """
        try:
            self.model.check_keep_links(keep_links)
        except ConfigError as error:
            raise Problem("wrong-shape", str(error), "another keep_links", "send none or all") from None
        if self._under_way >= self.limits.requests:
            found, expected = f"{self._under_way:,} requests under way", f"fewer than {self.limits.requests:,}"
            raise Problem("busy", found, expected, "try again", {"Retry-After": "1"})
        self._under_way += 1
        try:
            return await self._answers((command, keep_links, now() if command == "score" else ""), sources, client)
        finally:
            self._under_way -= 1

    async def _answers(self, wish: Wish, sources: Sequence[Source], client: str) -> list[bytes]:
        parts = list(_parts(wish, sources, client))
        self._add(parts, client)
        try:
            async with asyncio.timeout(self.limits.answer_seconds):
                done = await asyncio.gather(*(asyncio.wrap_future(part.rows) for part in parts))
        except TimeoutError:
            raise Problem(
                "too-slow",
                f"{len(sources):,} articles that were not done in {self.limits.answer_seconds:g} seconds",
                "fewer or shorter ones",
                "send fewer articles in a request, or try again when the server has less to do",
            ) from None
        except SaringError as error:
            raise Problem("broken", str(error), "rows", "see what the server's terminal says") from None
        finally:
            for part in parts:  # of a request that is given up, nothing more is scored
                part.given_up = True
                part.rows.cancel()
        return list(itertools.chain.from_iterable(done))

    def _add(self, parts: Sequence[RequestPart], client: str) -> None:
        with self._changed:
            if why := self.hindrance:
                raise Problem("not-ready", why, "a server that has started", "try again later", {"Retry-After": "5"})
            rows = sum(len(part.sources) for part in parts)
            waiting = self._waiting.get(client, 0)
            if waiting + rows > self.limits.waiting_rows:
                raise Problem(
                    "too-many-requests",
                    f"{waiting:,} articles of yours that wait, and {rows:,} more",
                    f"at most {self.limits.waiting_rows:,}",
                    "wait for answers before you send more",
                    {"Retry-After": "2"},
                )
            self._waiting[client] = waiting + rows
            for later, part in enumerate(parts):
                number = next(self._numbers)
                heapq.heappush(self._parts, (number + later * HEAD_START, number, part))
            self._changed.notify(len(parts))

    def _make_kernel(self) -> None:
        """Let one process compile the kernel for all; where it cannot, plain Python goes on answering."""
        maker = ScoringProcess(self.model, self.limits, kernel=True)
        with suppress(WorkerDied):
            maker.start()
            self._has_kernel = True
        maker.stop()

    def _work(self) -> None:
        """Start a process and hand it parts until the scorer is stopped; runs in a thread of its own."""
        seat = _Seat(self._process)
        try:
            seat.start()
            while (taken := self._next()) is not None:
                self._answer(seat, taken)
        except (WorkerDied, OSError) as death:
            self._give_up(f"worker processes that do not start ({death})")
        finally:
            seat.stop()

    def _process(self) -> ScoringProcess:
        """Return a process that can answer."""
        process = ScoringProcess(self.model, self.limits, kernel=self._has_kernel)
        self.compiled = process.start()
        self._has_started = True
        return process

    def _answer(self, seat: _Seat, parts: Sequence[RequestPart]) -> None:
        """Give each part its rows, or say why there are none; WorkerDied and OSError where no process starts."""
        wish, sources = parts[0].wish, [source for part in parts for source in part.sources]
        try:
            if self._has_kernel and not seat.process.kernel:
                seat.start()
            rows = iter(seat.rows(wish, sources, lambda: not all(part.given_up for part in parts)))
            for part in parts:
                part.rows.set_result(list(itertools.islice(rows, len(part.sources))))
        except Exception as error:
            known = error if isinstance(error, SaringError) else SaringError(f"{type(error).__name__}: {error}")
            for part in parts:
                if not part.rows.done():
                    part.rows.set_exception(known)
            if isinstance(error, WorkerDied | OSError):
                raise

    def _give_up(self, why: str) -> None:
        """Note that a worker could not be started; where it was the last one nobody is left waiting."""
        with self._changed:
            self.workers -= 1
            if self.workers:
                return
            self.failure = why
            parts, self._parts = self._parts, []
        for _, _, part in parts:
            if part.rows.set_running_or_notify_cancel():
                part.rows.set_exception(SaringError(why))

    def _next(self) -> list[RequestPart] | None:
        """Return the next parts with one wish, as many as are worth scoring together; None when there will be none."""
        with self._changed:
            taken: list[RequestPart] = []
            rows = chars = 0
            while not taken:
                while self._parts:
                    part = self._parts[0][2]
                    more = rows + len(part.sources), chars + part.chars
                    if taken and (part.wish != taken[0].wish or more[0] > PART_ROWS or more[1] > PART_CHARS):
                        break
                    heapq.heappop(self._parts)
                    self._forget(part)
                    if part.rows.set_running_or_notify_cancel():
                        taken.append(part)
                        rows, chars = more
                if not taken:
                    if self._stopped:
                        return None
                    self._changed.wait()
            return taken

    def _forget(self, part: RequestPart) -> None:
        """Count the rows of a part as waiting no more."""
        left = self._waiting[part.client] - len(part.sources)
        if left:
            self._waiting[part.client] = left
        else:
            del self._waiting[part.client]


def _parts(wish: Wish, sources: Sequence[Source], client: str) -> Iterator[RequestPart]:
    """Yield a request's articles in parts of bounded length and size."""
    group: list[Source] = []
    chars = 0
    for source in sources:
        size = _chars(source)
        if group and (len(group) == PART_ROWS or chars + size > PART_CHARS):
            yield RequestPart(wish, group, chars, client)
            group, chars = [], 0
        group.append(source)
        chars += size
    yield RequestPart(wish, group, chars, client)


def _chars(source: Source) -> int:
    """Return about how long an article is."""
    if isinstance(source, Record):
        return len(source.text)
    texts = (value for value in source.values() if isinstance(value, str | list))
    return sum(len(text) if isinstance(text, str) else sum(map(len, map(str, text))) for text in texts)
