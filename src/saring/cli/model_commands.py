"""The commands that make, measure, compare and choose models; what each needs is imported when it runs."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from saring.atomic import whole
from saring.cli.arguments import CORPORA, CORPUS, FAILED, OK
from saring.cli.output import tell, tell_model
from saring.errors import NotNotedWarning, UsageError


def train(options: argparse.Namespace) -> int:
    """Train, store, log, and print the reports, the comparison with the champion and the line to type."""
    from dataclasses import replace

    from saring.cli.show import stages
    from saring.cli.show_models import print_trained
    from saring.config import load_config
    from saring.experiment import train_files
    from saring.locate import find_bundle
    from saring.store import load
    from saring.training.corrections import CORRECTIONS

    if not options.base and options.texts:
        raise UsageError("--texts: is for a model that is corrected; add --from MODEL")
    if options.base and (options.learning_curve or options.corpus == CORPORA):
        raise UsageError("--from: name the files of your labelled rows; a learning curve needs a training of its own")
    base = load(find_bundle(options.base).folder) if options.base else None
    texts = options.texts or [CORPUS] * Path(CORPUS).is_file() if base else []
    config = load_config(options.config)
    config = replace(config, name=options.name or config.name)
    models = _models(options)
    with stages() as progress:
        trained = train_files(
            options.corpus,
            models,
            config,
            bundle=options.bundle,
            log=not options.no_log,
            curve=options.learning_curve,
            base=base,
            texts=texts,
            progress=progress,
        )
    if base and all(report.split == CORRECTIONS for report in trained.reports):
        tell(
            f"none of the rows that {options.base} held out is at hand, so what the correction costs elsewhere is not "
            "known; name files that have them with --texts"
        )
    print_trained(trained, models, options.bundle, config.name)
    return OK


def evaluate(options: argparse.Namespace) -> int:
    """Print what training measured and what labelled files say; with thresholds, whether they hold."""
    from saring.cli.show_models import print_checks, print_reports
    from saring.evaluation.gate import check_thresholds, load_thresholds
    from saring.evaluation.heldout import from_arrays
    from saring.evaluation.reports import stored_reports
    from saring.predict import load
    from saring.training.corpus import read_corpus
    from saring.training.evaluate import evaluate_bundle, rows_note

    # All that can be wrong with what was given is told before the model works, for minutes.
    if options.html:
        check_page(options.html, overwrite=options.overwrite)
    model = load(options.model)
    card = model.bundle.card
    thresholds = load_thresholds(options.gate, card["name"], card["labels"]) if options.gate else {}
    corpora = {path: read_corpus(path) for path in options.on or [CORPUS] * Path(CORPUS).is_file()}
    stored = stored_reports(card)
    reports = []
    for path, articles in corpora.items():
        reports += evaluate_bundle(model.bundle, articles, Path(path).stem)
    notes = [rows_note(model.bundle, articles, path) for path, articles in corpora.items()]
    print_reports(stored, reports, notes, full=options.full)
    checks = check_thresholds([*stored, *reports], thresholds)
    print_checks(checks)
    if options.html:
        from saring.html_reports.evaluation_report import evaluation_html
        from saring.training.worst_errors import worst_errors

        read = [article for articles in corpora.values() for article in articles]
        errors = worst_errors(model.bundle, from_arrays(model.bundle.heldout), read)
        write_page(options.html, evaluation_html(model.bundle, reports=[*stored, *reports], errors=errors, notes=notes))
    tell_model(model)
    return OK if all(check.holds for check in checks) else FAILED


def promote(options: argparse.Namespace) -> int:
    """Print a model's review and make it the champion of its line, or refuse."""
    from saring.cli.show_models import print_promoted, print_review
    from saring.promotion import promote as promoted

    models = _models(options)
    gate = Path(options.gate) if options.gate else None
    with _warnings_told():
        _, step = promoted(options.reference, because=options.because, models=models, gate=gate, reviewed=print_review)
    print_promoted(step, models)
    return OK


def rollback(options: argparse.Namespace) -> int:
    """Take the last promotion of a line back."""
    from saring.cli.show_models import print_rolled_back
    from saring.promotion import rollback as rolled_back

    models = _models(options)
    with _warnings_told():
        steps = rolled_back(options.line, because=options.because, models=models)
    print_rolled_back(steps, models)
    return OK


def models(options: argparse.Namespace) -> int:
    """Print the models there are, line by line, and with ``--history`` who was champion when."""
    from saring.champions import read_history
    from saring.cli.show_models import print_history, print_models
    from saring.promotion import list_models

    folder = _models(options)
    print_models(list_models(folder), folder, options.split)
    if options.history:
        print_history(read_history(folder), folder)
    _tell_moved()
    return OK


def register(options: argparse.Namespace) -> int:
    """Register a model in MLflow that no run of the store made, such as the one that comes with saring."""
    from saring.cli.show import print_lines
    from saring.html_reports.evaluation_report import evaluation_html
    from saring.locate import find_bundle
    from saring.promotion import gate_checks
    from saring.store import load
    from saring.tracking import register as registered

    bundle = load(find_bundle(options.reference).folder)
    info = registered(bundle, gate_checks(bundle), files={"report.html": evaluation_html(bundle)})
    print_lines([f"{bundle.card['name']} {bundle.model_version} is {info.model_uri}, by the run {info.run_id}"])
    return OK


def compare(options: argparse.Namespace) -> int:
    """Print what differs between two models, and write it as a page."""
    from saring.cli.show_models import print_comparison
    from saring.locate import find_bundle
    from saring.model_comparison import compare_models
    from saring.store import load
    from saring.training.corpus import read_corpus

    if options.out:
        check_page(options.out, overwrite=options.overwrite)
    references = options.a, options.b
    a, b = (load(find_bundle(reference).folder) for reference in references)
    on_articles = [article for path in options.on for article in read_corpus(path)]
    files = options.corpus or [path for path in CORPORA if Path(path).is_file()]
    texts = [article for path in files for article in read_corpus(path)]
    names = [Path(reference).name for reference in references]
    on = "+".join(Path(path).stem for path in options.on) or None
    found = compare_models(a, b, on_articles, on, (names[0], names[1]), texts=texts)
    if options.out:  # before anything is printed: who reads a few lines alone has the page
        from saring.html_reports.comparison_report import comparison_html

        write_page(options.out, comparison_html(found))
    print_comparison(found)
    _tell_moved()
    return OK


def _models(options: argparse.Namespace) -> Path:
    """Return the folder of models that is named, or the user's."""
    from saring.champions import models_folder

    return Path(options.models) if options.models else models_folder()


def _tell_moved() -> None:
    """Say that MLflow's store was moved where nothing was asked of it: what does ask refuses."""
    from saring.relocate import moved
    from saring.tracking import tracking_uri

    if there := moved(tracking_uri()):
        tell(str(there))


def check_page(path: str, *, overwrite: bool) -> None:
    """Raise an error where a page cannot be made, or not written to this file: before the work, not after it."""
    from saring.html_reports.rendering import check_ready
    from saring.io.writers import check_place, output_place

    check_ready()
    check_place(output_place(path), overwrite=overwrite, suffixes=(".html", ".htm"))


def write_page(path: str, page: str, lines: Sequence[str] = ()) -> None:
    """Write a page and say so, below the lines that tell what is in it; it appears when it is whole."""
    from saring.cli.show import print_lines
    from saring.io.addresses import Address, place
    from saring.io.writers import telling

    where = place(path)
    with telling(where):
        if isinstance(where, Address):
            where.write_bytes(page.encode())
        else:
            with whole(where) as file:
                file.write(page.encode())
    print_lines([*lines, f"-> {where}"])


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Tell in a line each what holds although something about it is amiss."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", NotNotedWarning)
        yield
    for warning in found:
        tell(str(warning.message))


def relocate(options: argparse.Namespace) -> int:
    """Write the new place of a store of runs into it and print how often."""
    from saring import relocate as relocating
    from saring.cli.show import print_lines
    from saring.tracking import tracking_uri

    print_lines(relocating.relocate(options.store or tracking_uri(), options.old, options.new).lines())
    return OK
