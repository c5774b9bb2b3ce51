"""A process that makes parts: started with a `Maker`, given rows in blocks, it answers with bytes.

Parent and worker speak over pipes. What the parent sends is pickled, for it is ours; what comes
back is JSON and bytes. A worker writes nothing to the disk, so that one whose parent was killed
can do no harm, and ends when its input does.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO

import orjson

from saring.compiled import THREADS
from saring.errors import InputError, SaringError
from saring.read import Block
from saring.score.making import Maker, Part
from saring.score.summary import Summary

__all__ = ["Worker", "WorkerDied", "serve"]

LENGTH_BYTES = 8
STOP_SECONDS = 2.0  # a worker that closed its pipes is about to end

_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from saring.score.worker import serve; serve()"
)
# One thread each: there are as many workers as cores.
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS", THREADS,
)  # fmt: skip


class WorkerDied(Exception):
    """A worker ended without an answer; the message says how it ended."""


class Worker:
    """A process that makes parts.

    Parameters
    ----------
    start : bytes
        From `Worker.prepare`.
    """

    def __init__(self, start: bytes) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(_THREADS, "1")},
        )
        self._start = start  # sent with the first blocks, so that workers load side by side

    @staticmethod
    def prepare(maker: Maker) -> bytes:
        """Return what a worker needs to know: made once, for all workers."""
        return pickle.dumps(maker, pickle.HIGHEST_PROTOCOL)

    def part(self, blocks: Sequence[Block]) -> Part:
        """Return the part that the rows in blocks make.

        Raises
        ------
        WorkerDied
            The process ended; this worker is of no more use.
        SaringError
            The worker did not start, or the job refuses its records altogether.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            if self._start:
                self._prepare(stdin, stdout)
            _send(stdin, pickle.dumps(blocks, pickle.HIGHEST_PROTOCOL))
            head = orjson.loads(_received(stdout))
            if head["error"]:
                raise SaringError(head["error"])
            return Part(_received(stdout), _received(stdout), Summary(**head["summary"]))
        except (OSError, EOFError, ValueError):
            raise WorkerDied(self._ending()) from None

    def _prepare(self, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        """Send the maker and wait until the worker is ready for blocks.

        Raises
        ------
        InputError
            It ended before it was: no article is to blame, and another worker would do the same.
        """
        try:
            _send(stdin, self._start)
            head = orjson.loads(_received(stdout))
        except (OSError, EOFError, ValueError):
            raise InputError(
                f"a worker process did not start ({self._ending()}); what it said stands above, "
                "if it said anything; try --workers 1"
            ) from None
        if head["error"]:
            raise SaringError(head["error"])
        self._start = b""

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
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.kill()  # first, for a thread may be waiting in the middle of a read or write
        status = process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        return status


def serve() -> None:
    """Answer the parent's blocks with parts until its end of the pipe closes."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not run into the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    requests = sys.stdin.buffer
    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            maker = pickle.loads(_received(requests))
            _send(answers, orjson.dumps({"error": ""}))
        except SaringError as error:
            _send(answers, orjson.dumps({"error": str(error)}))
            return
        while True:
            _answer(answers, maker, pickle.loads(_received(requests)))


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
