"""The terminal: styles and progress bars, on a terminal only; no styles where NO_COLOR is set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

__all__ = ["Terminal", "counting", "stages"]


class Terminal(Console):
    """A console that leaves a closed pipe to `cli.main`; rich's own exits with 1 there."""

    def __init__(self, *, stderr: bool = False) -> None:
        plain = bool(os.environ.get("NO_COLOR"))
        super().__init__(
            stderr=stderr,
            color_system=None if plain else "auto",
            highlight=False,
            soft_wrap=True,
        )

    def on_broken_pipe(self) -> None:
        """Let the error through."""
        raise


@contextmanager
def counting(verb: str) -> Iterator[Callable[[int], None]]:
    """Give a callable that shows the number of rows done and their rate, on a terminal."""
    console = Terminal(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description} {task.completed:,.0f} articles"),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(verb, total=None, rate="")

        def update(rows: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=rows, rate=f"{speed:,.0f}/s" if speed else "")

        yield update


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """Give a callable that shows the stage of a run and its steps, on a terminal."""
    console = Terminal(stderr=True)
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        tasks: dict[str, Any] = {}

        def update(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done)

        yield update
