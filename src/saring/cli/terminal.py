"""The terminal: styles and progress bars, on a terminal only; no styles where NO_COLOR is set.

`Terminal` is the only way to it: what is printed passes `lines.visible` there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from saring.cli.lines import named_output, visible

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


class Terminal(Console):
    """A console that shows what a terminal would obey, and reads no markup in what it prints.

    It leaves a closed pipe to `cli.main`; rich's own exits with 1 there.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        color = None if os.environ.get("NO_COLOR") else "auto"
        plain = {"highlight": False, "markup": False, "emoji": False, "soft_wrap": True}
        super().__init__(stderr=stderr, color_system=color, **plain)  # type: ignore[arg-type]

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, and say where to when that fails."""
        with nullcontext() if self.stderr else named_output():
            super().print(*objects, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield what is written; whatever is printed passes here."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Let the error through."""
        raise


@contextmanager
def _progress(*columns: str | ProgressColumn) -> Iterator[Progress]:
    """Give a display of progress on standard error that is there on a terminal only, and gone at the end."""
    from rich.progress import Progress

    console = Terminal(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


@contextmanager
def counting(verb: str) -> Iterator[Callable[..., None]]:
    """Give a callable that shows rows done, their rate and the time left.

    It takes the number of rows done and, where that is known, about how many there are. What the
    first call tells was done before.
    """
    from rich.progress import SpinnerColumn

    counted = "{task.description} {task.completed:,.0f} articles"
    with _progress(SpinnerColumn(), counted, "{task.fields[pace]}") as bar:
        task = bar.add_task(verb, total=None, pace="")
        start: list[tuple[int, float]] = []

        def update(rows: int, total: int | None = None) -> None:
            now = time.monotonic()
            start[:] = start or [(rows, now)]
            before, began = start[0]
            bar.update(task, completed=rows, pace=pace(rows - before, now - began, rows, total))

        yield update


def pace(done: int, seconds: float, rows: int, total: int | None) -> str:
    """Return in words how fast rows are done and how long the rest will take.

    `done` rows took this run so many `seconds`; `rows` are done in all, of about `total`.

    >>> pace(3_000, 2.0, 53_000, 200_000)
    '1,500/s, 1:38 left of about 200,000'
    """
    if done <= 0 or seconds <= 0:
        return ""
    rate = f"{done / seconds:,.0f}/s"
    if total is None or total < rows:
        return rate
    minutes, rest = divmod(round((total - rows) * seconds / done), 60)
    hours, minutes = divmod(minutes, 60)
    left = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{rate}, {left} left of about {total:,}"


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """Give a callable that shows the stage of a run and its steps."""
    from rich.progress import BarColumn, MofNCompleteColumn

    with _progress("{task.description:<16}", BarColumn(), MofNCompleteColumn()) as bar:
        tasks: dict[str, Any] = {}

        def update(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done)

        yield update
