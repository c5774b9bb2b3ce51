"""What reaches standard output and error: text for people, made harmless, and JSON for programs.

Titles, links, file names and servers' answers are other people's text. A terminal obeys some
characters in them: it changes its title, moves the cursor, answers as if the user had typed, or
shows letters in another order than they stand in. All that is written goes through `visible`, here
or in `show.Terminal`, so that no print can forget it. Needs no rich.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saring.errors import visible, visible_json

if TYPE_CHECKING:
    from saring.predict import Model

STANDARD_OUTPUT = "standard output"


def line(text: str) -> str:
    """Return a text as `visible` does, in one line: a file's name cannot begin a second one."""
    return visible(text).replace("\n", r"\n")


def tell(message: str) -> None:
    """Write one line to standard error; where that fails there is nobody to tell."""
    with suppress(OSError):
        print(f"saring: {line(message)}", file=sys.stderr)  # noqa: T201 - the one print


def tell_model(model: Model) -> None:
    """Say in one line on standard error which model answers: its version, where it lies, and why it is that one."""
    here = Path.cwd()
    path = model.path.relative_to(here) if model.path.is_relative_to(here) else model.path
    with named_output():
        sys.stdout.flush()  # what was printed stands before it
    with suppress(OSError):
        print(line(f"model {model.model_version}  {path} ({model.why})"), file=sys.stderr)  # noqa: T201


@contextmanager
def named_output() -> Iterator[None]:
    """Name standard output in errors of the system that name no file."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or STANDARD_OUTPUT
        raise


def print_json(row: Mapping[str, Any]) -> None:
    """Print a row as one line of JSON, in UTF-8 wherever."""
    with named_output():
        sys.stdout.buffer.write(visible_json(row) + b"\n")


def print_line(text: str) -> None:
    """Print a line at once, as it is."""
    with named_output():
        sys.stdout.write(f"{line(text)}\n")
        sys.stdout.flush()
