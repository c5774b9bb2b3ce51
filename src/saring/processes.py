"""Worker processes, and where installed programs are.

No code of the working folder runs in a worker, for articles of strangers may lie there: a worker finds modules where
saring and its libraries are, and nowhere else.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from saring.errors import SaringError

STOP_SECONDS = 2.0  # a worker that closed its pipes is about to end

# So many new objects, those of some hundred articles, are made between searches for garbage. Hardly any of it is in
# cycles: with Python's 700 the searches take a fifteenth of the time.
GARBAGE_OBJECTS = 50_000

# Hardly anything that is made at the start goes again: to look for it is a tenth of the time.
_BOOT = (
    "import gc, sys; gc.disable(); sys.path[:] = sys.argv[4:]; "
    "from saring.processes import _serve; _serve(*sys.argv[1:4])"
)


class WorkerDied(Exception):
    """A worker ended without an answer; the message says how it ended."""


class WorkerProcess:
    """A Python process that calls one function and dies with this process; it starts at once.

    The function, at the top level of a module, is called with the file that its answers go to and the arguments;
    requests are its standard input.
    """

    def __init__(
        self,
        serve: Callable[..., None],
        *arguments: Any,  # JSON values
        needs: Callable[..., Any] | None = None,  # another function that the worker finds by its name
        env: Mapping[str, str] = {},  # variables beside those of this process
        quiet: bool = False,  # whether what is written to standard error is thrown away
    ) -> None:
        # Nothing is ever written to this pipe: its other end closes when this process ends.
        read, alive = os.pipe()
        options = ["-I", "-B"] if sys.dont_write_bytecode else ["-I"]
        try:
            self._process = subprocess.Popen(
                [sys.executable, *options, "-c", _BOOT,
                 name_of(serve), json.dumps(arguments), str(read), *_module_folders(needs or serve)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL if quiet or sys.__stderr__ is None else None,
                env={**os.environ, **env},
                pass_fds=[read] if os.name == "posix" else [],
            )  # fmt: skip
        except BaseException:
            os.close(alive)
            raise
        finally:
            os.close(read)
        assert self._process.stdin is not None and self._process.stdout is not None
        self.stdin: IO[bytes] = self._process.stdin
        self.stdout: IO[bytes] = self._process.stdout
        # Ends the process at once, whatever it does, and closes its pipes.
        self.stop = weakref.finalize(self, _end, self._process, alive)

    @property
    def runs(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return what `send` gave: the head and the pieces. WorkerDied where the process ended; its error is raised."""
        try:
            head = json.loads(self.stdout.readline())
            pieces = [self.stdout.read(length) for length in head["lengths"]]
            if list(map(len, pieces)) != head["lengths"]:
                raise EOFError
        except (OSError, EOFError, ValueError):
            raise WorkerDied(self.ending()) from None
        if head["error"]:
            raise SaringError(head["error"])
        return head, pieces

    def kill(self) -> None:
        """End the process at once; whoever waits for its answer sees the pipe close."""
        self._process.kill()

    def ending(self) -> str:
        """Return in words how a process ended that has closed its pipes."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self.stop()
        status = self._process.returncode
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def _end(process: subprocess.Popen[bytes], alive: int) -> None:
    """End a worker and collect it; called once, by hand, by the garbage collector or at exit."""
    assert process.stdin is not None and process.stdout is not None
    process.kill()  # first, for a thread may be waiting in the middle of a read or write
    process.wait()
    os.close(alive)
    with suppress(OSError):
        process.stdin.close()
    process.stdout.close()


def _module_folders(needs: Callable[..., Any]) -> list[str]:
    """Return where a worker looks for modules: not in the working folder, but for what it needs."""
    homes = [_home(__name__), _home(needs.__module__)]
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it has been deleted
        return [*sys.path, *map(str, homes)]
    folders = [Path(entry).absolute() for entry in sys.path if entry]
    return [str(folder) for folder in [*folders, *homes] if folder != here or folder in homes]


def _home(module: str) -> Path:
    """Return the folder in which a module is found by its whole name."""
    file = sys.modules[module].__file__
    assert file is not None
    return Path(file).absolute().parents[module.count(".") + Path(file).match("__init__.py")]


def _serve(name: str, arguments: str, alive: str) -> None:
    """Call the function that a worker was started for; runs in the worker."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not run into the answers
    for number in (signal.SIGINT, signal.SIGTERM):  # of Ctrl-C, or a service that is ended: the parent's to handle
        signal.signal(number, signal.SIG_IGN)
    if os.name == "posix":
        import fcntl
        import select

        # The system ends this process when the parent's end of the pipe closes. A thread that looks for the parent
        # would wait for a page's or an article's long work in C.
        pipe = int(alive)
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([pipe], [], [], 0)[0]:  # it has closed before
            os._exit(1)
    with suppress(EOFError, BrokenPipeError):
        named(name)(answers, *json.loads(arguments))


def send(answers: IO[bytes], *pieces: bytes, error: str = "", **head: Any) -> None:
    """Answer from a worker: a line of JSON, and the pieces whose lengths it names; `error` says why there are none."""
    line = json.dumps({"error": error, "lengths": list(map(len, pieces)), **head})
    answers.writelines([line.encode(), b"\n", *pieces])
    answers.flush()


def search_garbage_seldom() -> None:
    """Search for garbage from now on, which a worker does not at its start; not in what is there by now, and lasts."""
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    gc.enable()


def name_of(function: Callable[..., Any]) -> str:
    """Return the name by which `named` finds a function at the top level of a module."""
    return f"{function.__module__}:{function.__qualname__}"


def named(name: str) -> Callable[..., Any]:
    """Return the function that `name_of` gave this name."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def program(name: str) -> str | None:
    """Return where a program is installed, None where it is not.

    A relative folder in PATH is passed over: it is another one wherever saring is called.
    """
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    absolute = os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())
    found = shutil.which(name, path=absolute) if absolute else None
    return found if found and Path(found).is_absolute() else None


@contextmanager
def without(names: Sequence[str]) -> Iterator[None]:
    """Make these modules look as if they were not installed to what imports them for the first time."""

    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        if name in names:
            raise ModuleNotFoundError(f"{name} is not wanted here", name=name)

    finder: Any = SimpleNamespace(find_spec=find_spec)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
