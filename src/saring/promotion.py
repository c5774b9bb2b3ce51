"""May a challenger take the champion's place: both compared on the same rows, and the step that follows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from saring import champions, store, tracking
from saring.champions import CHALLENGER, CHAMPION, LINE, PROMOTE, SHIPPED, Step, line_of, models_folder
from saring.config import read_toml
from saring.errors import BundleError, ConfigError, SaringError
from saring.evaluation.comparison import Comparison, Verdict, compare, told, verdict
from saring.evaluation.gate import Check, check_thresholds, gate_told, is_failed, load_thresholds
from saring.evaluation.heldout import from_arrays
from saring.evaluation.reports import Table, stored_reports
from saring.locate import bundle_of, find_bundle, shipped_bundle
from saring.relocate import refuse_moved
from saring.store import TASKS, Bundle

IS_CHAMPION = "it is the champion"


@dataclass(frozen=True, slots=True)
class Review:
    """A challenger beside the champion of its line: what was compared, what the gate says, and the verdict."""

    challenger: Bundle
    champion: Bundle | None  # None where the line has none yet
    comparisons: Sequence[Comparison]
    checks: Sequence[Check]  # of the quality gate; none where no thresholds are set for the model's name
    verdict: Verdict

    @property
    def line(self) -> str:
        """The line of models that both belong to."""
        return line_of(self.challenger.card)


def review(challenger: Bundle, models: Path | None = None, gate: Path | None = None) -> Review:
    """Return the review of a challenger, by the rows that it and the champion of its line both held out in training.

    `gate` is a file of thresholds; without it those that come with saring count. ConfigError where a threshold of the
    file is none.
    """
    models = models or models_folder()
    line = line_of(challenger.card)
    checks = gate_checks(challenger, gate)
    try:
        current = champion_of(models, line)
    except BundleError as error:  # training has made a model all the same
        return Review(challenger, None, (), checks, Verdict(False, f"the champion cannot be asked: {error}"))
    if current is None:
        first = verdict([], checks) if is_failed(checks) else Verdict(True, "it is the first")
        return Review(challenger, None, (), checks, first)
    if current.model_version == challenger.model_version:
        return Review(challenger, current, (), checks, Verdict(False, IS_CHAMPION))
    compared = compare_bundles(current, challenger)
    found = verdict(compared, checks)
    if lost := [f"no model of {task}" for task in current.tasks if task not in challenger.tasks]:
        found = Verdict(False, f"it has {' and '.join(lost)}, which the champion has")
    return Review(challenger, current, compared, checks, found)


def champion_of(models: Path, line: str) -> Bundle | None:
    """Return the champion of a line; the shipped model where nobody was promoted in its own, None in another.

    BundleError where it is gone or damaged.
    """
    if step := champions.champion(models, line):
        return store.load(bundle_of(models, step))
    return store.load(shipped_bundle()) if line == LINE else None


def compare_bundles(champion: Bundle, challenger: Bundle) -> list[Comparison]:
    """Return the comparisons on the rows that training of both held out, or of one while the other was asked."""
    ours, theirs = from_arrays(challenger.heldout), from_arrays(champion.heldout)
    own = [one for one in theirs if not one.by]
    # Training has the champion of the day answer its own test split, too.
    found = compare([*own, *(o for o in ours if o.by == champion.model_version)], [o for o in ours if not o.by])
    done = {(c.answers[1].task, c.answers[1].split, c.answers[1].part) for c in found}
    back = [o for o in theirs if o.by == challenger.model_version and (o.task, o.split, o.part) not in done]
    return found + compare(own, back)


def gate_checks(challenger: Bundle, gate: Path | None = None) -> list[Check]:
    """Return the checks of the quality gate.

    Without a file of thresholds those that come with saring count: none where they have none for the model's name, as
    thresholds belong to the data they were set on.
    """
    card = challenger.card
    with as_file(files("saring.evaluation").joinpath("thresholds.toml")) as ours:
        path = gate or ours
        if gate is None and card["name"] not in read_toml(path):
            return []
        thresholds = load_thresholds(path, card["name"], card["labels"], skip=gate is None)
    return check_thresholds(stored_reports(card), thresholds)


def promote(
    reference: str | Path = CHALLENGER,
    *,
    because: str = "",
    models: Path | None = None,
    gate: Path | None = None,
    reviewed: Callable[[Review], None] = lambda review: None,
) -> tuple[Review, Step]:
    """Return the review of a model and the step that made it the champion of its line.

    Of two promotions at once the second is compared with what the first made the champion.

    Parameters
    ----------
    reference : str or path
        What `saring.load` takes. A bundle that lies elsewhere is copied into the folder of models.
    because : str
        A reason that overrides the verdict; it is recorded.
    models : Path, optional
        The folder of models, by default the user's.
    gate : Path, optional
        A file of thresholds, by default the one that comes with saring.
    reviewed : callable, optional
        Called with the review before the model is promoted or refused.

    Raises
    ------
    BundleError
        When there is no such model, or the folder of models cannot be written.
    ConfigError
        When it is the champion already, when the verdict is against it and no reason is given, and where MLflow's store
        was moved.
    """
    refuse_moved(tracking.tracking_uri())
    models = models or models_folder()
    challenger = store.load(find_bundle(reference, models).folder)
    run = tracking.run_of(line_of(challenger.card), challenger.model_version)
    with champions.changing(models) as add:
        found = review(challenger, models, gate)
        reviewed(found)
        name = challenger.path.name
        if found.verdict.reason == IS_CHAMPION:
            raise ConfigError(f"{name} {challenger.model_version}: {IS_CHAMPION} already, so nothing is changed")
        if not (found.verdict.may or because.strip()):
            raise ConfigError(
                f"{name} is not promoted: {found.verdict.reason}; train a better one, or give your reason with "
                '--because "..."'
            )
        step = add(
            Step(
                line=found.line,
                action=PROMOTE,
                bundle=_stored(challenger, models),
                model_version=challenger.model_version,
                reason=because.strip() or found.verdict.reason,
                overridden=not found.verdict.may,
                figures={c.where: told(c.difference) for c in found.comparisons},
                commit=str(challenger.card.get("git_commit", "")),
                run=run,
            )
        )
    tracking.promoted(step, challenger.path, found.checks)
    return found, step


def rollback(line: str = LINE, *, because: str = "", models: Path | None = None) -> list[Step]:
    """Return the step back: the champion before, or the shipped model, answers again.

    Where the folder of the one before is gone a further step goes back beyond it. ConfigError where nobody is promoted,
    and where MLflow's store was moved.
    """
    refuse_moved(tracking.tracking_uri())
    models = models or models_folder()
    steps = champions.rollback(models, line, because.strip())
    tracking.rolled_back(steps[-1], bundle_of(models, steps[-1]) if steps[-1].bundle else None)
    return steps


def _stored(bundle: Bundle, models: Path) -> str:
    """Return the name of a bundle's folder in that of the models; one that lies elsewhere is copied there."""
    if bundle.path.resolve() == shipped_bundle().resolve():
        return SHIPPED
    if bundle.path.resolve().parent == models.resolve():
        return bundle.path.name
    for folder in models.glob(f"*-{bundle.model_version}"):  # named by its run, whose store has a copy
        with suppress(BundleError):
            if store.load(folder).checksums == bundle.checksums:
                return folder.name
    name = f"promoted-{bundle.model_version}"
    if not (models / name).exists():
        models.mkdir(parents=True, exist_ok=True)
        shutil.copytree(bundle.path, models / f".{name}.part", dirs_exist_ok=True)
        (models / f".{name}.part").rename(models / name)
    return name


# The list of models.


@dataclass(frozen=True, slots=True)
class Listed:
    """A model in a folder of models, as a list shows it."""

    folder: Path
    card: Mapping[str, Any]  # empty where it cannot be read
    checks: Sequence[Check] = ()
    alias: str = ""  # champion, challenger, or that it comes with saring
    problem: str = ""

    def figures(self, split: str = "") -> dict[str, float]:
        """Macro-F1 of each task under a protocol; without one where it is the worst, the test split included."""
        whole = [r for r in stored_reports(self.card) if not r.part and split in ("", r.split)]
        tasks = dict.fromkeys(report.name for report in whole)
        return {task: min(r.macro_f1.value for r in whole if r.name == task) for task in tasks}


def list_models(models: Path | None = None) -> dict[str, list[Listed]]:
    """Return the models in a folder, by line, the newest first; the one that comes with saring is the last of its own.

    A model that cannot be read is listed with its problem, in no line.
    """
    models = models or models_folder()
    steps = champions.read_history(models)
    found: dict[str, list[Listed]] = {LINE: []}
    for folder in [path for path in store.bundles(models) if path.name != SHIPPED]:
        try:
            bundle = store.load(folder)
            one = Listed(folder, bundle.card, gate_checks(bundle))
            found.setdefault(line_of(bundle.card), []).append(one)
        except SaringError as error:
            found.setdefault("", []).append(Listed(folder, {}, problem=str(error)))
    ordered = {}
    for line, some in sorted(found.items(), key=lambda item: (item[0] != LINE, item[0] == "", item[0])):
        held = champions.champions(steps, line)
        current = held[-1].bundle if held else SHIPPED if line == LINE else ""
        some.sort(key=lambda one: (one.card.get("created", ""), one.folder.name), reverse=True)
        aliases = {some[0].folder.name: CHALLENGER if line else "", current: CHAMPION} if some else {}
        named = [replace(one, alias=aliases.get(one.folder.name, "")) for one in some]
        with suppress(BundleError):  # an installation without a model
            if line == LINE:
                bundle = store.load(shipped_bundle())
                alias = CHAMPION if current == SHIPPED else "shipped"
                named.append(Listed(bundle.path, bundle.card, gate_checks(bundle), alias))
        ordered[line] = named
    return ordered


def models_table(line: str, listed: Sequence[Listed], split: str = "") -> Table:
    """Return the models of a line as a table, one a row, with the figures of a protocol or else the worst."""
    rows = []
    for one in (one for one in listed if not one.problem):
        data, found = one.card["data"], one.figures(split)
        rows.append(
            (
                one.alias,
                one.card["model_version"],
                one.card["created"][:10],
                one.card["name"],
                f"{len(one.card['sources'])}/{data.get('articles', 0):,}",
                *(f"{found[task]:.3f}" if task in found else "" for task in TASKS),
                gate_told(one.checks).partition(",")[0],
            )
        )
    topics = ", ".join(listed[0].card["labels"]["topic"]) if rows else ""
    return Table(
        title=f"{line}: {topics}",
        header=("", "version", "made", "name", "files/rows", "topic", "link", "click", "gate"),
        sections=(tuple(rows),),
        note=f"Macro-F1 {f'under {split}' if split else 'of the worst protocol'}, on each model's own data.",
    )
