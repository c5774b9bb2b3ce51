"""A process that makes parts: started with a `Maker`, given rows in blocks, it answers with bytes.

Parent and worker speak over pipes. What the parent sends is pickled, for it is ours; what comes
back is JSON and bytes. A worker writes nothing to the disk, so that one whose parent was killed
can do no harm, and ends when its input does.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import IO, Any

import orjson

from saring.compiled import THREADS, prepare
from saring.errors import InputError, SaringError
from saring.read import Block
from saring.score.making import Maker, Part
from saring.score.summary import Summary

__all__ = ["Worker", "WorkerDied", "serve"]

LENGTH_BYTES = 8
STOP_SECONDS = 2.0  # a worker that closed its pipes is about to end

# Hardly anything that is made at the start goes again: to look for it is a tenth of the time.
_BOOT = (
    "import gc, sys, json; gc.disable(); sys.path[:], kernel = json.loads(sys.argv[1]); "
    "from saring.score.worker import serve; serve(kernel=kernel)"
)
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
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, json.dumps([sys.path, kernel])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(_THREADS, "1")},
        )
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
        stdin, stdout = self._pipes()
        try:
            _send(stdin, pickle.dumps(blocks, pickle.HIGHEST_PROTOCOL))
            head = orjson.loads(_received(stdout))
            if head["error"]:
                raise SaringError(head["error"])
            return Part(_received(stdout), _received(stdout), Summary(**head["summary"]))
        except (OSError, EOFError, ValueError):
            raise WorkerDied(self._ending()) from None

    def _ready(self, lesson: bytes = b"") -> dict[str, Any]:
        """Return what a worker says when it is ready for a lesson, or having learnt this one."""
        stdin, stdout = self._pipes()
        try:
            if lesson:
                _send(stdin, lesson)
            said: dict[str, Any] = orjson.loads(_received(stdout))
        except (OSError, EOFError, ValueError):
            raise InputError(
                f"a worker process did not start ({self._ending()}); what it said stands above, "
                "if it said anything; try --workers 1"
            ) from None
        if said["error"]:
            raise SaringError(said["error"])
        return said

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        """Return where the process reads and writes."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        return stdin, stdout

    def _ending(self) -> str:
        """Return in words how the process ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        status = self.stop()
        if status < 0:
            return f"signal {signal.Signals(-status).name}"
        return f"exit status {status}"

    def stop(self) -> int:
        """End the process at once, whatever it does, and return its exit status."""
        stdin, stdout = self._pipes()
        self._process.kill()  # first, for a thread may be waiting in the middle of a read or write
        status = self._process.wait()
        with contextlib.suppress(OSError):
            stdin.close()
        stdout.close()
        return status


def serve(*, kernel: bool) -> None:
    """Answer the parent's blocks with parts until its end of the pipe closes."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not run into the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    requests = sys.stdin.buffer
    with contextlib.suppress(EOFError, BrokenPipeError):
        with _without(_UNUSED):
            _send(answers, orjson.dumps({"error": "", "compiled": kernel and prepare()}))
            try:
                maker = pickle.loads(_received(requests))
                maker.part([])  # brings in what writes the output
                _send(answers, orjson.dumps({"error": ""}))
            except SaringError as error:
                _send(answers, orjson.dumps({"error": str(error)}))
                return
        _answer(answers, maker, pickle.loads(_received(requests)))
        gc.freeze()  # all that lasts has been made, and need never be looked through
        gc.set_threshold(GARBAGE_OBJECTS)
        gc.enable()
        while True:
            _answer(answers, maker, pickle.loads(_received(requests)))


class _Absent:
    """Finds that some modules are not there."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Return nothing, so that others are asked; ModuleNotFoundError for those not there."""
        if name in self._names:
            raise ModuleNotFoundError(f"{name} is not wanted here", name=name)


@contextlib.contextmanager
def _without(names: Sequence[str]) -> Iterator[None]:
    """Have whoever tries to import these modules find that they are not there."""
    absent = _Absent(names)
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        sys.meta_path.remove(absent)


def _answer(answers: IO[bytes], maker: Maker, blocks: Sequence[Block]) -> None:
    """Make a part and send it, or the reason why there is none."""
    try:
        part = maker.part(blocks)
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
