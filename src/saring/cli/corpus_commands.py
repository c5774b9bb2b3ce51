"""The commands that make labelled corpora: tasks out, labels in, data sets in; and those that check them."""

from __future__ import annotations

import argparse

from saring.cli.arguments import FAILED, OK, SOME_ERRORS, read_options
from saring.errors import UsageError


def export(options: argparse.Namespace) -> int:
    """Write the articles that are worth labelling, as tasks."""
    from saring.cli.show import counting, print_lines
    from saring.labelling.export import export as exported
    from saring.predict import load

    with counting("choosing") as progress:
        done = exported(
            options.inputs, options.out, load(options.model), most=options.uncertain, labelled=options.labelled,
            config=options.config, options=read_options(options), overwrite=options.overwrite, progress=progress,
        )  # fmt: skip
    print_lines([*done.lines(), f"-> {options.out}", *([f"-> {options.config}"] if options.config else [])])
    return OK


def import_labels(options: argparse.Namespace) -> int:
    """Write corpus rows of labelled tasks and print what became of them."""
    from saring.cli.show import print_lines, print_problem
    from saring.labelling.import_labels import import_labels as imported

    given = {"quarantine": options.quarantine, "overwrite": options.overwrite}
    done = imported(options.inputs, options.out, **given)
    print_lines([*done.lines(), f"-> {options.out}"])
    for row in done.quarantined[:5]:
        print_problem("{file}: task {row} ({id}), {field}: {reason}".format_map(row))
    return SOME_ERRORS if done.quarantined else OK


def check(options: argparse.Namespace) -> int:
    """Print what is wrong with corpus files, and fail where something must be mended."""
    from saring.cli.show import Terminal, print_lines, print_table, stages
    from saring.config import load_config
    from saring.labelling.corpus_check import check_corpus

    if options.show < 0:
        raise UsageError(f"--show {options.show}: expected 0 or more")
    with stages() as progress:
        found = check_corpus(
            options.corpus, load_config(options.config), label_issues=options.label_issues, progress=progress
        )
    print_table(Terminal(), found.table())
    print_lines(found.lines(most=options.show))
    return FAILED if found.faults else OK


def import_corpus(options: argparse.Namespace) -> int:
    """Import a corpus and print what became of its rows."""
    from saring.cli.show import print_lines, stages
    from saring.datasets.import_corpus import import_corpus as imported_corpus

    given = {name: getattr(options, name) for name in ("recipe", "source", "out", "sha256", "overwrite")}
    with stages() as progress:
        imported = imported_corpus(**given, progress=progress)
    print_lines([*imported.lines(), f"-> {options.out}"])
    return SOME_ERRORS if imported.problems else OK


def label_issues(options: argparse.Namespace) -> int:
    """Write the labels that models which never saw them find unlikely."""
    from dataclasses import asdict

    from saring.cli.show import print_lines, stages
    from saring.config import load_config
    from saring.io.writers import open_rows
    from saring.training.corpus import read_corpus
    from saring.training.label_issues import COLUMNS, find_label_issues

    config = load_config(options.config)
    with open_rows(options.out, COLUMNS, overwrite=options.overwrite) as file:
        articles = [article for path in options.corpus for article in read_corpus(path)]
        with stages() as progress:
            found = find_label_issues(articles, config, options.question, progress)
        file.write([asdict(issue) for issue in found.rows])
    print_lines([*found.lines(), f"-> {options.out}"])
    return OK
