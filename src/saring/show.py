"""What the command line prints: for a person through rich, for a program as JSON Lines.

Colours and bars appear on a terminal only, and colours not where NO_COLOR is set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from saring.article import Article, LinkPrediction, Prediction, Record

if TYPE_CHECKING:
    from saring.evaluate import Report
    from saring.predict import Model
    from saring.score import Summary
    from saring.train import Trained

__all__ = [
    "counting",
    "print_article",
    "print_json",
    "print_prediction",
    "print_problem",
    "print_reports",
    "print_summary",
    "print_trained",
    "stages",
]

_STYLES = {"body": "", "link": "cyan"}
_FURNITURE_STYLE = "dim"
_LINK_STYLES = {True: "cyan", False: "strike red", None: "dim"}
MAX_PIECE_CHARS = 100  # a piece is shown by its beginning
METADATA = ("title", "published", "publisher", "place", "author", "editor", "source", "url")


def _out() -> Console:
    """Return the console for results; long lines are left to the terminal to wrap."""
    return Console(highlight=False, soft_wrap=True)


def print_json(row: Mapping[str, Any]) -> None:
    """Print a row as one line of JSON."""
    import orjson

    sys.stdout.write(orjson.dumps(row).decode() + "\n")


def print_problem(message: str) -> None:
    """Print an error about one row on standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(message, style="red"))


def print_prediction(record: Record, prediction: Prediction) -> None:
    """Print one article with its topic, its links judged, and the unrelated ones struck through."""
    if prediction.error:
        print_problem(prediction.error)
        return
    out = _out()
    out.print(Text(prediction.title or "(no title)", style="bold"))
    facts = (prediction.published, prediction.publisher, prediction.source)
    out.print(Text(" · ".join(fact for fact in facts if fact), style="dim"))
    topic = f"{prediction.topic}  {prediction.topic_probability:.0%}"
    out.print(Text(topic + ("  (abstained: too unsure)" if prediction.abstained else ""), "green"))
    out.print()
    out.print(_marked_text(prediction, record.text))
    out.print()
    for link in prediction.links:
        line = Text(_verdict(link), _LINK_STYLES[link.related].replace("strike ", ""))
        line.append(link.headline, "strike" if link.related is False else "")
        line.append("\n          " + "; ".join(link.reasons), "dim")
        out.print(line)
    if not prediction.links:
        out.print(Text("no teaser links", style="dim"))
    out.print()


def _marked_text(prediction: Prediction, text: str) -> Text:
    """Return the article's clean text with its links in place, unrelated ones struck through."""
    from saring.article import clean_text
    from saring.parse import parse

    article = parse({"id": prediction.id, "title": prediction.title, "text": text})
    shown = Text(clean_text(article, article.links))
    for link in prediction.links:
        line = f"{link.marker} {link.headline}".strip()
        start = shown.plain.find(line)
        if start >= 0:
            shown.stylize(_LINK_STYLES[link.related], start, start + len(line))
    return shown


def _verdict(link: LinkPrediction) -> str:
    """Return the verdict on a link in words."""
    if link.p_unrelated is None:
        return "not judged               "
    verdict = "related  " if link.related else "unrelated"
    return f"{verdict} {link.p_unrelated:4.0%} unrelated  "


def print_article(article: Article) -> None:
    """Print an article's metadata and its pieces, each with its kind and span."""
    out = _out()
    for name in METADATA:
        if value := getattr(article, name):
            out.print(Text(f"{name:<10} {value}", style="bold" if name == "title" else ""))
    if article.tags:
        out.print(Text(f"{'tags':<10} {', '.join(article.tags)}"))
    out.print()
    for piece in article.pieces():
        text = " ".join(piece.text.split())
        if not text:
            continue
        shown = text if len(text) <= MAX_PIECE_CHARS else text[: MAX_PIECE_CHARS - 1] + "…"
        style = _STYLES.get(piece.kind, _FURNITURE_STYLE)
        out.print(Text(f"{piece.start:>6}-{piece.end:<6} {piece.kind:<14} {shown}", style=style))
    out.print()


def print_summary(summary: Summary, out: str) -> None:
    """Print what a batch did, on standard error: the rows add up."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(
        f"{summary.rows:,} rows = {summary.scored:,} done + {summary.abstained:,} abstained + "
        f"{summary.errors:,} with errors; {summary.links:,} links"
        + (f", {summary.unrelated:,} unrelated" if summary.unrelated else "")
        + f" -> {out}"
    )
    if summary.errors:
        console.print(Text(f"first error: {summary.first_error}", style="red"))


def print_trained(trained: Trained) -> None:
    """Print the reports of a training run and where its model is."""
    from saring.evaluate import summary_table

    out = _out()
    out.print(summary_table(trained.reports))
    out.print(f"model    {trained.folder}")
    if trained.run_id:
        out.print(
            f"MLflow   run {trained.run_id}, saring version {trained.registered_version} "
            "(alias challenger); `make mlflow` opens it"
        )
    out.print("next     saring predict FILE")


def print_reports(reports: Sequence[Report], model: Model, *, full: bool) -> None:
    """Print reports side by side, and each in full where asked."""
    from saring.evaluate import summary_table

    out = _out()
    out.print(f"model {model.model_version}  {model.bundle.path}")
    out.print(summary_table(reports))
    if full:
        for report in reports:
            out.print(report.table())


@contextmanager
def counting(verb: str) -> Iterator[Callable[[int], None]]:
    """Give a callable that shows the number of rows done and their rate, on a terminal."""
    console = Console(stderr=True)
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
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        tasks: dict[str, Any] = {}

        def update(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done)

        yield update
