"""What a run tells: its name, its description, its data sets with their figures, its tables and tags.

All of it is read from the bundle that training made and from its review beside the champion, so a figure is the same
number here, in the card, in the terminal and in MLflow.
"""

from __future__ import annotations

import csv
import hashlib
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from io import StringIO
from itertools import starmap
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from saring.champions import CHAMPION, line_of
from saring.config import TrainConfig, flat
from saring.evaluation.comparison import Comparison, Verdict, told
from saring.evaluation.gate import Check, gate_told
from saring.evaluation.heldout import HeldOut, Strings, from_arrays
from saring.evaluation.metrics import Estimate, figure
from saring.evaluation.reports import COVERAGE, Report, Table, model_card, stored_reports
from saring.store import Bundle
from saring.tracking.runs import ADDRESS, DataSet, RunRecord

TEST, EVAL = "test", "eval"  # what a data set was used for
NOT_SETTINGS = ("name", "licence", "about")  # they change no answer
MOST_CHANGES = 5  # in a run's name
NAME_CHARS = 200  # MLflow keeps 250, and a number or a task may follow
DESCRIPTION_CHARS = 7_900  # MLflow cuts a longer one at 8,000

Changes = Mapping[str, tuple[Any, Any]]  # the champion's value and ours, by setting


def run_record(
    bundle: Bundle,
    *,
    name: str = "",
    champion: Bundle | None = None,
    comparisons: Sequence[Comparison] = (),
    checks: Sequence[Check] = (),
    verdict: Verdict | None = None,
    others: Mapping[str, Sequence[Comparison]] = MappingProxyType({}),
    trained_on: Sequence[DataSet] = (),
    files: Mapping[str, str] | None = None,
) -> RunRecord:
    """Return what a run tells of the model that it made.

    Without a `name` it is called by what differs from the champion's settings. `others` are its comparisons with
    earlier models, by name; `trained_on` are the rows that each task's model was fitted on; `files` are shown with the
    run, by path.
    """
    card = bundle.card
    reports = stored_reports(card)
    changes = changed_settings(card, champion.card) if champion else {}
    name = (name or run_name(card, champion.card if champion else None, changes))[:NAME_CHARS]
    heldout = from_arrays(bundle.heldout)
    datasets = [*trained_on, *_tested(reports, heldout, card)]
    unlinked = () if heldout else [report for report in reports if not report.part]  # of a bundle without answers
    tags = {
        "line": line_of(card),
        "data_sha256": card["data"]["sha256"],
        "gate": gate_told(checks).partition(",")[0],
        "seed": str(card["config"].get("seed", "")),
        **{name: str(card[name]) for name in ("git_commit", "git_dirty") if name in card},
        **{f"version.{package}": str(number) for package, number in card.get("versions", {}).items()},
        "version.mlflow": version("mlflow"),
        "processor": processor(),
        "cores": str(os.cpu_count() or ""),
    }
    if champion:
        tags |= {
            "champion": champion.model_version,
            "changed_settings": " ".join(starmap(_word, _words(changes))) or "nothing",
        }
    against = {**({CHAMPION: comparisons} if champion else {}), **others}
    if verdict:
        tags["verdict"] = str(verdict)
    return RunRecord(
        name=name,
        bundle=bundle.path,
        topics=card["labels"]["topic"],
        line=line_of(card),
        description=_description(bundle, reports, champion, changes, comparisons, checks, verdict, others),
        params=card["config"],
        metrics={key: value for report in unlinked for key, value in report.metrics().items()},
        tags=tags,
        datasets=datasets,
        tables={"figures": _figures(reports), **({"comparison": _compared(against)} if any(against.values()) else {})},
        files={"metrics.json": _json(card["metrics"]), "card.md": model_card(card), **(files or {})},
        children=[_child(task, bundle, reports, comparisons, datasets) for task in bundle.tasks],
    )


def _child(
    task: str, bundle: Bundle, reports: Sequence[Report], comparisons: Sequence[Comparison], datasets: Sequence[DataSet]
) -> RunRecord:
    """Return what the run of one task tells: its figures again, its labels, publishers and confusions as tables."""
    own = [report for report in reports if report.name == task]
    against = {
        f"{c.challenger.address}/{name}": value
        for c in comparisons
        if c.challenger.name == task
        for name, value in (
            ("difference", c.difference.value),
            ("difference_low", c.difference.low),
            ("difference_high", c.difference.high),
        )
    }
    labels = [
        {"split": r.subset, "label": s.label, "precision": s.precision, "recall": s.recall}
        | _interval("f1", s.f1)
        | {"rows": s.support}
        for r in own
        for s in r.per_class
    ]
    publishers = [
        {"split": r.subset, "publisher": s.publisher, "rows": s.n}
        | _interval("accuracy", s.accuracy)
        | {"macro_f1": s.macro_f1}
        for r in own
        for s in r.per_publisher
    ]
    confusion = [
        {"split": r.subset, "truth": truth, "predicted": predicted, "rows": n}
        for r in own
        for truth, row in zip(r.labels, r.confusion, strict=True)
        for predicted, n in zip(r.labels, row, strict=True)
    ]
    mine = [one for one in datasets if one.name.partition("/")[0] == task]
    ids = {
        f"datasets/{one.name.partition('/')[2]}.csv": csv_text(
            ("id", "label"), ({"id": i, "label": label} for i, label in zip(one.ids, one.labels, strict=True))
        )
        for one in mine
    }
    return RunRecord(
        name=task,
        description="\n\n".join([_headline_table(own, comparisons).markdown(), _NOTE]),
        params={key: value for key, value in bundle.card["config"].items() if key.startswith(f"{task}.")},
        metrics=against,
        tags={"task": task},
        datasets=mine,
        tables={"labels": _columns(labels), "publishers": _columns(publishers), "confusion": _columns(confusion)},
        files=ids,
    )


# Data sets.


def data_set(
    name: str, context: str, keys: NDArray[np.uint64], labels: Strings, ids: Strings, sources: Sequence[str]
) -> DataSet:
    """Return labelled rows as a data set; `keys` are `training.corpus.row_keys` of what a model reads."""
    rows = sorted(f"{key:016x}{label}" for key, label in zip(keys.tolist(), labels.tolist(), strict=True))
    digest = hashlib.blake2b("\n".join(rows).encode(), digest_size=16).hexdigest()  # MLflow takes up to 36 characters
    return DataSet(name, digest, context, ids.tolist(), labels.tolist(), sources)


def _tested(reports: Sequence[Report], heldout: Sequence[HeldOut], card: Mapping[str, Any]) -> Iterable[DataSet]:
    """Yield the rows of each protocol and of the test split, with the headline figures measured on them."""
    own = {(one.task, one.split, one.part): one for one in heldout if not one.by}
    for report in reports:
        if one := own.get((report.name, report.split, report.part)):
            context = TEST if report.split == TEST else EVAL
            found = data_set(report.address, context, one.keys, one.scored.truth, one.ids, card["sources"])
            yield DataSet(found.name, found.digest, context, found.ids, found.labels, found.sources, report.metrics())


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as CSV, which MLflow's browser shows as a table."""
    text = StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


# The name.


def changed_settings(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Changes:
    """Return the settings that differ between two cards; one that a card lacks has its default."""
    defaults = flat(TrainConfig())
    configs = [{**defaults, **card["config"]} for card in (theirs, ours)]
    pairs = {key: (_plain(configs[0][key]), _plain(value)) for key, value in configs[1].items() if key in configs[0]}
    return {key: pair for key, pair in pairs.items() if key not in NOT_SETTINGS and pair[0] != pair[1]}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def run_name(card: Mapping[str, Any], champion: Mapping[str, Any] | None, changes: Changes) -> str:
    """Return what people call a run: what differs from the champion, ``topic-C30 +domains``.

    Where that is too much to name, and less differs from the defaults, it is called by this.
    """
    if champion is None:
        return f"{card['name']}, the first"
    chosen = changed_settings(card, {"config": {}})
    nearer = len(changes) > max(MOST_CHANGES, len(chosen))
    words = list(starmap(_word, _words(chosen if nearer else changes)))
    if len(words) > MOST_CHANGES:
        return f"{' '.join(words[:MOST_CHANGES])} and {len(words) - MOST_CHANGES} more"
    same = card["data"]["sha256"] == champion["data"]["sha256"]
    unchanged = "default settings" if nearer else f"same settings, {'same' if same else 'other'} data"
    return " ".join(words) or unchanged


def _words(changes: Changes) -> list[tuple[str, tuple[Any, Any]]]:
    """Return the changes: first what somebody chose, which is no default, and of that a task's model first."""
    defaults = flat(TrainConfig())
    return sorted(
        changes.items(), key=lambda change: (change[1][1] == _plain(defaults.get(change[0])), "." not in change[0])
    )


def _word(key: str, values: tuple[Any, Any]) -> str:
    """Return a change as one word: a value behind its setting, + and - for what is switched on and off."""
    theirs, ours = values
    task, _, setting = key.rpartition(".")
    if isinstance(ours, list):
        moved = [f"+{one}" for one in ours if one not in theirs] + [f"-{one}" for one in theirs if one not in ours]
        return " ".join(moved) or f"{setting}-{'+'.join(ours)}"
    if isinstance(ours, bool) or (task and 0 in values):
        return f"{'+' if ours else '-'}{setting}"
    if isinstance(ours, str):
        return f"{setting}-{ours}" if ours else f"-{setting}"
    return f"{task}{'-' * bool(task)}{setting}{ours:g}"


# The description.

_NOTE = (
    "In brackets 95% intervals, by resampled groups of near duplicates. ECE: calibration error. Risk: share of wrong "
    f"answers among the surest {COVERAGE:.0%} of the rows. The champion's figures and the differences are of the rows "
    "that both held out."
)


def _description(
    bundle: Bundle,
    reports: Sequence[Report],
    champion: Bundle | None,
    changes: Changes,
    comparisons: Sequence[Comparison],
    checks: Sequence[Check],
    verdict: Verdict | None,
    others: Mapping[str, Sequence[Comparison]],
) -> str:
    """Return the page that MLflow shows first, in Markdown; the model card stands last, if there is room."""
    card = bundle.card
    rows = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in card["data"].items() if isinstance(n, int))
    beside = f"The champion is `{champion.card['name']}`, version `{champion.model_version}`. " if champion else ""
    parts = [f"**It {verdict}.**"] if verdict else []
    parts += ["## Figures", _headline_table(reports, comparisons).markdown(), beside + _NOTE]
    if any(others.values()):
        note = "Each on the rows that both held out. A task is left out where both give every row the same answer."
        parts += ["## Beside earlier models", _others_table(others).markdown(), note]
    parts += ["## Data", f"{', '.join(f'`{name}`' for name in card['sources'])}: {rows}; "
              f"SHA-256 `{card['data']['sha256']}`."]  # fmt: skip
    if champion:
        table = Table("", ("setting", "champion", "this model"), (tuple(
            (key, _shown(theirs), _shown(ours)) for key, (theirs, ours) in _words(changes)),))  # fmt: skip
        other = [] if card["data"]["sha256"] == champion.card["data"]["sha256"] else ["The training data differ."]
        parts += ["## What changed", table.markdown() if changes else "No setting.", *other]
    parts += ["## Quality gate", "\n".join(f"- {check}" for check in checks) or "No thresholds are set for this name."]
    parts += ["## Load it", f'```python\nimport saring\n\nmodel = saring.load("{ADDRESS}")\n```']
    parts += [f"`saring promote {bundle.path.name}` makes it the champion, where the verdict is for it."] * bool(
        verdict
    )
    text, page = "\n\n".join(parts), model_card(card)
    whole = f"{text}\n\n{page.replace('# ', '## ', 1)}"
    return whole if len(whole) <= DESCRIPTION_CHARS else f"{text}\n\nThe model card is the artifact `card.md`."


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _headline_table(reports: Sequence[Report], comparisons: Sequence[Comparison]) -> Table:
    """Return the headline figures of reports, beside the champion's."""
    beside = {c.challenger.address: c for c in comparisons}
    header = ("task", "measured on", "rows", "macro-F1", "AUC", "ECE", f"risk at {COVERAGE:.0%}")
    more = ("champion", "difference", "this one is")
    rows = []
    for report in reports:
        auc = str(report.auc) if report.auc else ""
        row = (report.name, report.subset, f"{report.n:,}", str(report.macro_f1), auc, figure(report.ece),
               figure(report.risk))  # fmt: skip
        found = beside.get(report.address)
        against = (str(found.champion.macro_f1), told(found.difference), found.outcome) if found else ("", "", "")
        rows.append(row + against * bool(comparisons))
    return Table("Figures", header + more * bool(comparisons), (tuple(rows),))


def _others_table(others: Mapping[str, Sequence[Comparison]]) -> Table:
    """Return this model beside earlier ones, one comparison a row."""
    rows = [
        (name, c.challenger.name, c.challenger.subset, f"{c.challenger.n:,}", str(c.champion.macro_f1),
         str(c.challenger.macro_f1), told(c.difference), c.outcome)
        for name, some in others.items()
        for c in some
    ]  # fmt: skip
    header = ("model", "task", "measured on", "rows", "its macro-F1", "this model's", "difference", "this one is")
    return Table("Beside earlier models", header, (tuple(rows),))


# Tables for MLflow.


def _figures(reports: Sequence[Report]) -> dict[str, list[Any]]:
    """Return the figures of all reports as columns."""
    return _columns(
        {"task": r.name, "split": r.subset, "rows": r.n, "groups": r.n_groups}
        | _interval("macro_f1", r.macro_f1)
        | _interval("accuracy", r.accuracy)
        | _interval("auc", r.auc)
        | {"ece": r.ece, f"risk_at_{100 * COVERAGE:.0f}": r.risk, "log_loss": r.log_loss, "brier": r.brier}
        for r in reports
    )


def _compared(against: Mapping[str, Sequence[Comparison]]) -> dict[str, list[Any]]:
    """Return the model beside the champion and others, by name, as columns."""
    return _columns(
        {
            "against": name,
            "task": c.challenger.name,
            "split": c.challenger.subset,
            "rows": c.challenger.n,
            "left_out": c.left_out,
        }
        | _interval("theirs", c.champion.macro_f1)
        | _interval("ours", c.challenger.macro_f1)
        | _interval("difference", c.difference)
        | {"changed": len(c.changed), "outcome": c.outcome}
        for name, comparisons in against.items()
        for c in comparisons
    )


def _interval(name: str, figure: Estimate | None) -> dict[str, float | None]:
    """Return a figure and its interval, by column."""
    values = (figure.value, figure.low, figure.high) if figure else (None,) * 3
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


def _columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return rows of the same keys as columns."""
    rows = list(rows)
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def processor() -> str:
    """Return what this machine's processor is called."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]
