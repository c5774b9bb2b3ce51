"""The command line: parse arguments, call the room, print, return an exit code.

Exit codes: 0 done; 1 an error, told on standard error; 2 wrong use; 3 done, but some rows had
errors (they are in the output). What a command needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from saring import __version__
from saring.errors import SaringError

if TYPE_CHECKING:
    from saring.predict import Model
    from saring.read import ReadOptions
    from saring.score import Summary

__all__ = ["main"]

OK, FAILED, SOME_ERRORS = 0, 1, 3
INTERRUPTED = 130  # what a shell reports for Ctrl-C
CORPUS = "data/corpus/articles.jsonl"

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the program's name; those of the process when not given.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except SaringError as error:
        print(f"saring: {error}", file=sys.stderr)  # noqa: T201 - errors are told here alone
        return FAILED
    except KeyboardInterrupt:
        print("saring: interrupted", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return OK
    return code


def _parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="saring",
        description="Topics, clickbait links and clean text of Indonesian news articles.",
        epilog="Start with `make train`, then `saring predict FILE`.",
    )
    parser.add_argument("--version", action="version", version=f"saring {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    predict = _command(commands, "predict", _predict, "show what a model says of articles")
    _inputs(predict)
    _model(predict)
    _keep_links(predict)
    predict.add_argument("--json", action="store_true", help="print rows as JSON Lines")

    score = _command(commands, "score", _score, "write prediction rows of many articles")
    _inputs(score)
    _output(score)
    _model(score)
    _keep_links(score)

    clean = _command(commands, "clean", _clean, "write articles without teasers and furniture")
    _inputs(clean)
    _output(clean)
    _model(clean)
    _keep_links(clean)

    parse = _command(
        commands, "parse", _parse, "show the pieces of articles: body, links, furniture"
    )
    _inputs(parse)
    parse.add_argument("--json", action="store_true", help="print articles as JSON Lines")

    train = _command(commands, "train", _train, "train a model on labelled articles")
    train.add_argument("corpus", nargs="*", default=[CORPUS], help=f"default: {CORPUS}")
    train.add_argument(
        "--models", default="models", help="folder for the new model (default: %(default)s)"
    )
    train.add_argument("--config", help="settings, such as conf/train.toml")
    train.add_argument("--no-log", action="store_true", help="do not log the run to MLflow")

    evaluate = _command(commands, "evaluate", _evaluate, "score a model on labelled articles")
    evaluate.add_argument("--on", nargs="+", default=[CORPUS], metavar="FILE",
                          help=f"labelled files; default: the test split of {CORPUS}")  # fmt: skip
    _model(evaluate)
    evaluate.add_argument("--full", action="store_true", help="add classes, publishers, baselines")
    return parser


def _command(commands: Any, name: str, run: Command, summary: str) -> argparse.ArgumentParser:
    """Return the parser of one command, added to `commands` (argparse names no type for them)."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary.capitalize() + "."
    )
    parser.set_defaults(run=run)
    return parser


def _inputs(parser: argparse.ArgumentParser) -> None:
    """Add what is read and how."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="IN",
        help="txt, html, jsonl, csv or parquet, any of them .gz or .zst; a folder; - for stdin",
    )
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="OURS=YOURS",
        help="name a column that is not found by itself, as in --column text=isi",
    )
    parser.add_argument("--format", default="", help="format of stdin or of an odd suffix")
    parser.add_argument(
        "--fix-text", action="store_true", help="repair mojibake (needs saring[fix])"
    )


def _output(parser: argparse.ArgumentParser) -> None:
    """Add where rows go."""
    parser.add_argument("--out", required=True, help=".jsonl, .csv or .parquet")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the output if it is there"
    )


def _model(parser: argparse.ArgumentParser) -> None:
    """Add which model answers."""
    parser.add_argument(
        "--model",
        help="a bundle, a folder of bundles or models:/saring@ALIAS (default: newest in models/)",
    )


def _keep_links(parser: argparse.ArgumentParser) -> None:
    """Add which links stay in clean text."""
    parser.add_argument(
        "--keep-links",
        choices=["none", "related", "all"],
        default="none",
        help="links that stay in the clean text (default: %(default)s)",
    )


def _read_options(options: argparse.Namespace) -> ReadOptions:
    """Return how to read, from the command's options."""
    from saring.errors import ConfigError
    from saring.read import ReadOptions

    pairs = [column.partition("=") for column in options.column]
    for ours, equals, yours in pairs:
        if not (ours and equals and yours):
            raise ConfigError(
                f"--column {ours}{equals}{yours}: expected OURS=YOURS, as in text=isi"
            )
    return ReadOptions(
        columns={ours: yours for ours, _, yours in pairs},
        fix_text=options.fix_text,
        format=options.format,
        on_error="keep",
    )


def _predict(options: argparse.Namespace) -> int:
    """Print predictions for a person, or as JSON Lines."""
    from saring.predict import load
    from saring.read import read
    from saring.show import print_json, print_prediction

    model = load(options.model)
    failed = False
    for record in read(options.inputs, _read_options(options)):
        [prediction] = model.predict([record], keep_links=options.keep_links)
        failed |= bool(prediction.error)
        if options.json:
            print_json(prediction.row(model.topics))
        else:
            print_prediction(record, prediction)
    return SOME_ERRORS if failed else OK


def _score(options: argparse.Namespace) -> int:
    """Write prediction rows."""
    from saring.predict import load
    from saring.score import score

    return _write(options, "scoring", score, load(options.model))


def _clean(options: argparse.Namespace) -> int:
    """Write clean articles."""
    from saring.predict import load
    from saring.score import clean

    model = load(options.model) if options.keep_links == "related" else None
    return _write(options, "cleaning", clean, model)


def _write(
    options: argparse.Namespace, doing: str, write: Callable[..., Summary], model: Model | None
) -> int:
    """Run a batch with a progress bar and print its summary."""
    from saring.show import counting, print_summary

    with counting(doing) as progress:
        summary = write(
            options.inputs,
            options.out,
            model,
            _read_options(options),
            keep_links=options.keep_links,
            overwrite=options.overwrite,
            progress=progress,
        )
    print_summary(summary, options.out)
    return SOME_ERRORS if summary.errors else OK


def _parse(options: argparse.Namespace) -> int:
    """Print the pieces of articles."""
    from dataclasses import asdict

    from saring.parse import parse
    from saring.read import read
    from saring.show import print_article, print_json, print_problem

    failed = False
    for record in read(options.inputs, _read_options(options)):
        if record.error:
            failed = True
            print_problem(record.error)
            continue
        article = parse(record)
        if options.json:
            print_json(asdict(article) | {"body": article.body})
        else:
            print_article(article)
    return SOME_ERRORS if failed else OK


def _train(options: argparse.Namespace) -> int:
    """Train, store, log, and print the reports."""
    from saring.config import TrainConfig, load_config
    from saring.show import print_trained, stages
    from saring.train import train

    config = load_config(options.config) if options.config else TrainConfig()
    with stages() as progress:
        trained = train(
            options.corpus, options.models, config, log=not options.no_log, progress=progress
        )
    print_trained(trained)
    return OK


def _evaluate(options: argparse.Namespace) -> int:
    """Print reports of a model on labelled files."""
    from pathlib import Path

    from saring.assess import assess
    from saring.corpus import read_corpus
    from saring.predict import load
    from saring.show import print_reports

    model = load(options.model)
    reports = [
        report
        for path in options.on
        for report in assess(model.bundle, read_corpus(path), Path(path).stem)
    ]
    print_reports(reports, model, full=options.full)
    return OK
