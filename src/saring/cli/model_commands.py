"""The commands that make, measure, compare and choose models; what each needs is imported when it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from saring.cli.arguments import CORPUS, FAILED, OK
from saring.cli.output import tell_model


def train(options: argparse.Namespace) -> int:
    """Train, store, log, and print the reports, the comparison with the champion and the line to type."""
    from dataclasses import replace

    from saring.champions import models_folder
    from saring.cli.show import stages
    from saring.cli.show_models import print_trained
    from saring.config import TrainConfig, load_config
    from saring.experiment import train_files

    config = load_config(options.config) if options.config else TrainConfig()
    config = replace(config, name=options.name or config.name)
    models = Path(options.models) if options.models else models_folder()
    with stages() as progress:
        trained = train_files(
            options.corpus, models, config, bundle=options.bundle, log=not options.no_log, progress=progress
        )
    print_trained(trained, models, options.bundle, config.name)
    return OK


def evaluate(options: argparse.Namespace) -> int:
    """Print what training measured and what labelled files say; with thresholds, whether they hold."""
    from saring.cli.show_models import print_checks, print_reports
    from saring.evaluation.gate import check_thresholds, load_thresholds
    from saring.evaluation.reports import stored_reports
    from saring.predict import load
    from saring.training.corpus import read_corpus
    from saring.training.evaluate import evaluate_bundle, rows_note

    # All that can be wrong with what was given is told before the model works, for minutes.
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
    tell_model(model)
    return OK if all(check.holds for check in checks) else FAILED


def promote(options: argparse.Namespace) -> int:
    """Print a model's review and make it the champion of its line, or refuse."""
    from saring.champions import models_folder
    from saring.cli.show_models import print_promoted, print_review
    from saring.promotion import promote as promoted

    models = Path(options.models) if options.models else models_folder()
    gate = Path(options.gate) if options.gate else None
    _, step = promoted(options.reference, because=options.because, models=models, gate=gate, reviewed=print_review)
    print_promoted(step, models)
    return OK


def rollback(options: argparse.Namespace) -> int:
    """Take the last promotion of a line back."""
    from saring.champions import models_folder
    from saring.cli.show_models import print_rolled_back
    from saring.promotion import rollback as rolled_back

    models = Path(options.models) if options.models else models_folder()
    print_rolled_back(rolled_back(options.line, because=options.because, models=models), models)
    return OK


def models(options: argparse.Namespace) -> int:
    """Print the models there are, line by line, and with ``--history`` who was champion when."""
    from saring.champions import models_folder, read_history
    from saring.cli.show_models import print_history, print_models
    from saring.promotion import list_models

    folder = Path(options.models) if options.models else models_folder()
    print_models(list_models(folder), folder)
    if options.history:
        print_history(read_history(folder), folder)
    return OK


def relocate(options: argparse.Namespace) -> int:
    """Write the new place of a store of runs into it and print how often."""
    from saring import relocate as relocating
    from saring.cli.show import print_lines
    from saring.tracking import tracking_uri

    print_lines(relocating.relocate(options.store or tracking_uri(), options.old, options.new).lines())
    return OK
