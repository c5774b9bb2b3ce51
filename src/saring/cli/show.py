"""What the command line shows a person, through rich: rows, reports, progress.

`Terminal` is the only way to a terminal: what is printed passes `errors.visible` there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from saring.article import Abstention, Article, LinkPrediction, Prediction
from saring.cli.output import named_output, tell_model
from saring.errors import visible

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

    from saring.batch.parts import Summary
    from saring.drift import Drift
    from saring.evaluation.reports import Table
    from saring.predict import Model

_STYLES = {"body": "", "link": "cyan"}  # of pieces; boilerplate is dim
NO_TEXT = Text("(no text)", "dim")  # of an article that is a title alone
# What is said of a link and its style, by `related`.
_VERDICTS = {True: ("related", "cyan"), False: ("unrelated", "red"), None: ("not judged", "dim")}
_ABSTENTIONS: Mapping[Abstention, str] = {
    "unsure": "the model abstains: no topic is likely enough to rely on",
    "unlike_news": "the model abstains: the text is unlike the Indonesian news it knows, and "
    "so the probabilities above mean nothing",
}
READING_COLUMNS = 88  # longer lines are hard to read, however wide the terminal
SPAN_CHARS = 29  # before a piece's text
PIECE_CHARS = 100  # of a piece that is shown where there is no terminal to fit
METADATA = ("title", "published", "publisher", "place", "author", "editor", "source", "url")


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


def print_text(out: Terminal, text: Text, hang: int = 0) -> None:
    """Print a paragraph, on a terminal wrapped between words, its further lines indented."""
    lines = text.wrap(out, min(out.width, READING_COLUMNS) - hang) if out.is_terminal else [text]
    for number, line in enumerate(lines):
        line.rstrip()
        out.print(Text(" " * hang * bool(number)).append_text(line))


def print_table(out: Terminal, table: Table) -> None:
    """Print a table, fitted to a terminal; elsewhere plain and as wide as it is."""
    out.print(table if out.is_terminal else Text(str(table)), soft_wrap=not out.is_terminal)


def print_lines(lines: Iterable[str], style: str = "") -> None:
    """Print lines about a run on standard error."""
    console = Terminal(stderr=True)
    for line in lines:
        print_text(console, Text(line, style))


def print_problem(message: str) -> None:
    """Print an error about one row on standard error."""
    print_lines([message], "red")


def print_prediction(where: str, prediction: Prediction) -> None:
    """Print one article with its topic, the verdict on each link, and the unrelated ones struck through.

    `where` is the article's place, ``file:row``. The prediction was made with ``keep_links="all"``, so
    that the links stand in its clean text.
    """
    if prediction.error:
        print_problem(prediction.error)
    if prediction.failed:
        return
    out = Terminal()
    print_text(out, Text(where, "dim"))
    print_text(out, Text(prediction.title or "(no title)", "bold"))
    if facts := [*filter(None, (prediction.published, prediction.publisher, prediction.source))]:
        print_text(out, Text(" · ".join(facts), "dim"))
    first, *others = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    topic = Text("topic: ").append(f"{first[0]} {_percent(first[1])}", "bold green")
    if others and others[0][1] >= 0.01:
        topic.append(f", then {others[0][0]} {_percent(others[0][1])}")
    if prediction.abstained_because:
        topic.append(f"\n{_ABSTENTIONS[prediction.abstained_because]}", "yellow")
    print_text(out, topic)
    if prediction.clickbait is not None:
        print_text(out, Text(f"clickbait: {_percent(prediction.clickbait)}"))
    for line in _marked_lines(prediction, strikes=out.color_system is not None) or [NO_TEXT]:
        out.print()
        print_text(out, line)
    out.print()
    for link in prediction.links:
        _print_verdict(out, link)
    if not prediction.links:
        print_text(out, Text("no teaser links", "dim"))
    out.print()


def _percent(probability: float) -> str:
    """Return a probability in percent; no model is certain, so neither 0% nor 100%."""
    if probability > 0.99:
        return ">99%"
    return "<1%" if probability < 0.01 else f"{probability:.0%}"


def _marked_lines(prediction: Prediction, *, strikes: bool) -> list[Text]:
    """Return the lines of the clean article with its links in place, the unrelated struck through.

    Where nothing can be struck through, tildes stand for it, as in Markdown.
    """
    lines = [Text(line) for line in (prediction.clean_text or "").split("\n") if line]
    at = 0
    for link in prediction.links:
        printed = f"{link.marker} {link.headline}".strip()
        found = next((n for n in range(at, len(lines)) if lines[n].plain == printed), None)
        if found is None:
            continue
        at = found + 1
        unrelated = link.related is False
        lines[found] = Text(f"~~{printed}~~" if unrelated and not strikes else printed, _VERDICTS[link.related][1])
        if unrelated and strikes:
            lines[found].stylize("strike")
    return lines


def _print_verdict(out: Terminal, link: LinkPrediction) -> None:
    """Print the verdict on a link and its reasons."""
    verdict, style = _VERDICTS[link.related]
    if link.p_unrelated is not None:
        verdict += f" {_percent(1 - link.p_unrelated if link.related else link.p_unrelated)}"
    print_text(out, Text.assemble((verdict, style), "  ", link.headline), hang=4)
    if link.reasons:
        print_text(out, Text("    ").append("; ".join(link.reasons), "dim"), hang=4)


def print_article(article: Article) -> None:
    """Print an article's metadata and its pieces, each with its kind and span."""
    out = Terminal()
    for name in METADATA:
        if value := getattr(article, name):
            out.print(Text(f"{name:<10} {value}", style="bold" if name == "title" else ""))
    if article.tags:
        out.print(Text(f"{'tags':<10} {', '.join(article.tags)}"))
    out.print()
    width = max(out.width - SPAN_CHARS, SPAN_CHARS) if out.is_terminal else PIECE_CHARS
    if not article.text.strip():
        out.print(NO_TEXT)
    for piece in article.pieces():
        text = " ".join(piece.text.split())
        if not text:
            continue
        shown = text if len(text) <= width else text[: width - 1] + "…"
        style = _STYLES.get(piece.kind, "dim")
        out.print(Text(f"{piece.start:>6}-{piece.end:<6} {piece.kind:<14} {shown}", style=style))
    out.print()


def print_summary(summary: Summary, out: str, model: Model | None = None) -> None:
    """Print what a batch did, on standard error: the rows add up."""
    parts = [f"{summary.scored:,} done"]
    parts += [f"{summary.abstained:,} abstained"] * bool(summary.abstained)
    parts += [f"{summary.errors:,} with errors"]
    unrelated = f", {summary.unrelated:,} unrelated" if summary.unrelated else ""
    print_lines([f"{summary.rows:,} rows = {' + '.join(parts)}; {summary.links:,} links{unrelated} -> {out}"])
    if summary.skipped:
        reasons = sorted(summary.skipped.items(), key=lambda item: (-item[1], item[0]))
        print_lines([f"no rows: {', '.join(f'{count:,} {reason}' for reason, count in reasons)}"])
    if summary.resumed:
        print_lines([f"{summary.resumed:,} of the rows were done before an interruption"])
    if model:
        tell_model(model)
    if summary.errors:
        print_problem(f"first error: {summary.first_error}")


def print_drift(drift: Drift) -> None:
    """Print what differs between rows and those before: sentences, then the figures."""
    out = Terminal()
    for found in (*drift.alarms, *drift.notes):
        style = "bold red" if found.level == "alarm" else "dim"
        print_text(out, Text.assemble((f"{found.level}: ", style), found.sentence()), hang=2)
    table = drift.table()
    if any(table.sections):
        print_table(out, table)
    else:
        print_text(out, Text(drift.verdict()))


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

    It takes the rows done and, where known, about how many there are; those of its first call were done before.
    """
    from rich.progress import SpinnerColumn

    counted = "{task.description} {task.completed:,.0f} articles"
    with _progress(SpinnerColumn(), counted, "{task.fields[pace]}") as bar:
        task = bar.add_task(verb, total=None, pace="")
        start: list[tuple[int, float]] = []

        def update(rows: int, total: int | None = None) -> None:
            start[:] = start or [(rows, time.monotonic())]
            before, began = start[0]
            bar.update(task, completed=rows, pace=pace(rows - before, time.monotonic() - began, rows, total))

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
    left = f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"
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
