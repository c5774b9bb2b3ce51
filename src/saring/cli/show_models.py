"""What people see of models: the review of a challenger, promotions, the list of models, reports, the gate."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from saring.champions import CHALLENGER, LINE, Step, models_folder
from saring.cli.show import Terminal, print_table, print_text

if TYPE_CHECKING:
    from saring.evaluation.gate import Check
    from saring.evaluation.reports import Report
    from saring.experiment import Trained
    from saring.model_comparison import ModelComparison
    from saring.promotion import Listed, Review
    from saring.store import Bundle

HISTORY_STEPS = 20  # that are shown; the file has all


def _fact(out: Terminal, name: str, text: str, style: str = "") -> None:
    """Print a fact under its name; its further lines are indented."""
    print_text(out, Text(f"{name:<11}").append(text, style), hang=11)


def _named(bundle: Bundle) -> str:
    """Return a model's name, version, the folder it lies in, and what its run is called."""
    run = f": {bundle.card['run_name']}" if "run_name" in bundle.card else ""
    return f"{bundle.card['name']} {bundle.model_version} ({bundle.path.name}){run}"


def print_review(review: Review) -> None:
    """Print champion and challenger on the same rows, what the gate says, and the verdict in words."""
    from saring.evaluation.comparison import comparison_table
    from saring.evaluation.gate import gate_told, is_failed

    out = Terminal()
    if review.comparisons:
        print_table(out, comparison_table(review.comparisons))
        out.print()
    if review.champion:
        _fact(out, "champion", _named(review.champion))
    _fact(out, CHALLENGER, _named(review.challenger))
    _fact(
        out,
        "gate",
        gate_told(review.checks).partition(":")[0],
        "red" if is_failed(review.checks) else "green" * bool(review.checks),
    )
    _fact(out, "verdict", str(review.verdict), "green" if review.verdict.may else "yellow")


def print_trained(trained: Trained, models: Path, bundle: str | None, name: str) -> None:
    """Print the reports of a training run, its review, where the model is, and what to type next."""
    from saring.evaluation.reports import risk_table, summary_table

    out, review = Terminal(), trained.review
    print_table(out, summary_table(trained.reports))
    if risks := risk_table(trained.reports):
        out.print()
        print_table(out, risks)
    if review:
        out.print()
        print_review(review)
    _fact(out, "model", str(trained.folder))
    if trained.run_id:
        alias = f" (alias {CHALLENGER})" if review else ""
        version = f"{review.line if review else LINE} version {trained.registered_version}{alias}"
        _fact(out, "MLflow", f"run {trained.run_id}, {version}; `make mlflow` opens it")
    if review and review.line != LINE:
        called = "" if review.line == name else ", called after the file, as its topics are not saring's own"
        _fact(out, "line", f"{review.line}, a line of models of its own{called}")
    if review and review.champion and not review.verdict.may:
        _fact(out, "answers", f"{review.champion.path.name} {review.champion.model_version} goes on answering")
    if review and review.verdict.may:
        reference = "" if review.line == LINE else f" {shlex.quote(review.line)}@{CHALLENGER}"
        _fact(out, "next", f"saring promote{reference}{_option(models)}")
    asking = f"saring predict FILE --model {shlex.quote(bundle or str(trained.folder))}"
    _fact(out, "try it" if review and review.verdict.may else "next", asking)


def _option(models: Path) -> str:
    """Return the option that names a folder of models, where it is not the user's own."""
    return "" if models.resolve() == models_folder().resolve() else f" --models {shlex.quote(str(models))}"


def _answering(line: str, models: Path) -> str:
    """Return in words which model answers in a line from now on, though this folder says otherwise."""
    from saring.errors import BundleError
    from saring.locate import find_bundle

    if _option(models):
        return f"with --model {shlex.quote(str(models))}; without it that of {models_folder()} does"
    try:
        choice = find_bundle(None if line == LINE else line)
    except BundleError as error:
        return str(error)
    return f"{choice.folder.name} ({choice.why})" + ("" if line == LINE else f" with --model {shlex.quote(line)}")


def print_promoted(step: Step, models: Path) -> None:
    """Print who is champion now, and how to take it back."""
    out = Terminal()
    _fact(out, "promoted", f"{step.bundle} {step.model_version}, champion of the line {step.line!r}", "bold")
    if step.overridden:
        _fact(out, "because", f"{step.reason} (against the verdict; recorded)")
    _fact(out, "answers", _answering(step.line, models))
    line = "" if step.line == LINE else f" --line {shlex.quote(step.line)}"
    _fact(out, "undo", f"saring rollback{line}{_option(models)}")


def print_rolled_back(steps: Sequence[Step], models: Path) -> None:
    """Print who is champion again."""
    out = Terminal()
    for step in steps:
        back = f"{step.bundle} {step.model_version}".rstrip() if step.bundle else "no champion"
        _fact(out, "back to", back + (f" ({step.reason})" if step.reason else ""), "bold")
    _fact(out, "answers", _answering(steps[-1].line, models))


def print_models(found: Mapping[str, Sequence[Listed]], models: Path, split: str) -> None:
    """Print the models of each line, where they lie, and which answers."""
    from saring.promotion import models_table

    out = Terminal()
    for line, listed in found.items():
        if line:
            print_table(out, models_table(line, listed, split))
        for one in listed:
            if called := one.card.get("run_name"):
                print_text(out, Text(f"{one.card['model_version']}: {called}"), hang=14)
        out.print()
    for listed in found.values():
        for one in listed:
            if one.problem:
                print_text(out, Text(one.problem, "red"))
    _fact(out, "folder", str(models))
    _fact(out, "answers", _answering(LINE, models))


def print_history(steps: Sequence[Step], models: Path) -> None:
    """Print the last steps of the history, the newest last."""
    out = Terminal()
    out.print()
    print_text(out, Text(f"History, {min(len(steps), HISTORY_STEPS)} of {len(steps)} steps", "bold"))
    for step in steps[-HISTORY_STEPS:]:
        who = f"{step.when[:16].replace('T', ' ')} {step.who}".rstrip()
        what = f"{step.action:<8} {step.line}: {step.bundle or 'no champion'} {step.model_version}".rstrip()
        override = " (against the verdict)" if step.overridden else ""
        print_text(out, Text(f"{who}  {what}{override}"), hang=4)
        if step.reason:
            print_text(out, Text(f"    {step.reason}", "dim"), hang=4)
        if step.figures:
            figures = "; ".join(f"{name} {figure}" for name, figure in step.figures.items())
            print_text(out, Text(f"    {figures}", "dim"), hang=4)


def print_comparison(found: ModelComparison) -> None:
    """Print what differs between two models: the answers to a reviewer's questions, then the tables."""
    out = Terminal()
    for question, answer in found.answers:
        print_text(out, Text(question, "bold"))
        print_text(out, Text(f"    {answer}"), hang=4)
    for table in found.tables():
        out.print()
        print_table(out, table)


def print_reports(stored: Sequence[Report], reports: Sequence[Report], notes: Sequence[str], *, full: bool) -> None:
    """Print what was measured now, on rows that the notes name, and what training measured."""
    from saring.evaluation.reports import risk_table, summary_table

    out = Terminal()
    for title, some, said in (("Measured now", reports, notes), ("Measured in training", stored, ())):
        if some:
            out.print()
            print_table(out, summary_table(some, title))
            if risks := risk_table(some):
                out.print()
                print_table(out, risks)
        for note in said:
            print_text(out, Text(note, "yellow" if "TRAINED" in note else ""))
    if full:
        for report in (*reports, *stored):
            out.print()
            print_table(out, report.table())


def print_checks(checks: Sequence[Check]) -> None:
    """Print each threshold of the quality gate and whether it holds."""
    out = Terminal()
    for check in checks:
        relation, style, end = (">=", "green", "") if check.holds else ("<", "red", " FAILED")
        figure = f"{check.task} {check.metric}: worst {check.worst:.3f} ({check.split})"
        print_text(out, Text(f"{figure} {relation} threshold {check.threshold:.3f}{end}", style))
