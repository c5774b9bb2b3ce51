"""May a challenger take the champion's place: both compared on the same rows, and the step that follows."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from saring import champions, store
from saring.champions import LINE, PROMOTE, SHIPPED, Step, line_of, models_folder
from saring.errors import ConfigError
from saring.evaluation.comparison import Comparison, Verdict, compare, told, verdict
from saring.evaluation.gate import Check, check_thresholds, load_thresholds, model_names
from saring.evaluation.heldout import from_arrays
from saring.evaluation.reports import Report
from saring.locate import CHALLENGER, find_bundle, shipped_bundle
from saring.store import Bundle


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
    step = champions.champion(models, line)
    current = champion_of(models, line)
    checks = gate_checks(challenger, gate)
    failed = [str(check) for check in checks if not check.holds]
    if current is None:
        return Review(challenger, None, (), checks, verdict([], failed) if failed else Verdict(True, "it is the first"))
    compared = compare_bundles(current, challenger)
    if current.model_version == challenger.model_version:
        found = Verdict(False, "it is the champion" if step or line == LINE else "it is the same model")
    else:
        found = verdict(compared, failed)
    return Review(challenger, current, compared, checks, found)


def champion_of(models: Path, line: str) -> Bundle | None:
    """Return the champion of a line; the shipped model where nobody was promoted in its own, None in another."""
    if step := champions.champion(models, line):
        return store.load(shipped_bundle() if step.bundle == SHIPPED else models / step.bundle)
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
    """Return the checks of the quality gate; none where no thresholds are set for the model's name."""
    card = challenger.card
    with as_file(files("saring.evaluation").joinpath("thresholds.toml")) as ours:
        path = gate or ours
        if gate is None and card["name"] not in model_names(path):
            return []
        thresholds = load_thresholds(path, card["name"], card["labels"])
    return check_thresholds([Report.from_json(stored) for stored in card["metrics"].values()], thresholds)


def promote(
    reference: str = CHALLENGER, *, because: str = "", models: Path | None = None, gate: Path | None = None
) -> tuple[Review, Step]:
    """Return the review of a model and the step that made it the champion of its line.

    Parameters
    ----------
    reference : str
        What `saring.load` takes. A bundle that lies elsewhere is copied into the folder of models.
    because : str
        A reason that overrides the verdict; it is recorded.
    models : Path, optional
        The folder of models, by default the user's.
    gate : Path, optional
        A file of thresholds, by default the one that comes with saring.

    Raises
    ------
    BundleError
        When there is no such model.
    ConfigError
        When the verdict is against it and no reason is given.
    """
    models = models or models_folder()
    challenger = store.load(find_bundle(reference).folder)
    found = review(challenger, models, gate)
    if not (found.verdict.may or because):
        raise ConfigError(
            f"{challenger.path.name} is not promoted: {found.verdict.reason}; train a better one, or give your reason "
            'with --because "..."'
        )
    step = Step(
        line=found.line,
        action=PROMOTE,
        bundle=_stored(challenger, models),
        model_version=challenger.model_version,
        reason=because or found.verdict.reason,
        overridden=not found.verdict.may,
        figures={f"{c.challenger.name}, {c.challenger.subset}": told(c.difference) for c in found.comparisons},
        commit=str(challenger.card.get("git_commit", "")),
    )
    return found, champions.promote(models, step)


def _stored(bundle: Bundle, models: Path) -> str:
    """Return the name of a bundle's folder in that of the models; one that lies elsewhere is copied there."""
    if bundle.path.resolve() == shipped_bundle().resolve():
        return SHIPPED
    if bundle.path.resolve().parent == models.resolve():
        return bundle.path.name
    name = f"promoted-{bundle.model_version}"
    if not (models / name).exists():
        models.mkdir(parents=True, exist_ok=True)
        shutil.copytree(bundle.path, models / f".{name}.part", dirs_exist_ok=True)
        (models / f".{name}.part").rename(models / name)
    return name
