"""A process that makes parts: started with a `Maker`, given rows in blocks, it answers with bytes.

Parent and worker speak over pipes. What the parent sends is pickled, for it is ours; what comes
back is JSON and bytes. A worker writes nothing to the disk, so that one whose parent was killed
can do no harm, and ends when its input does.
"""

from __future__ import annotations

import gc
import pickle
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any

import orjson

from saring.compiled import THREADS, prepare
from saring.errors import InputError, SaringError
from saring.processes import WorkerProcess, without
from saring.read import Block, Pages
from saring.score.making import Maker, Part
from saring.score.summary import Summary

__all__ = ["Worker", "WorkerDied", "serve"]

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
    def lesson(maker: Maker) -> bytes:
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

    def part(self, lesson: bytes, blocks: Sequence[Block]) -> Part:
        """Return the part that the rows in blocks make.

        Parameters
        ----------
        lesson : bytes
            From `lesson`; sent with the first blocks, so that workers open models side by side.
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
            self._ready(lesson)
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

    def _ready(self, lesson: bytes = b"") -> dict[str, Any]:
        """Return what a worker says when it is ready for a lesson, or having learnt this one."""
        try:
            if lesson:
                _send(self._process.stdin, lesson)
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


def _answer(answers: IO[bytes], maker: Maker, pages: Pages, blocks: Sequence[Block]) -> None:
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
