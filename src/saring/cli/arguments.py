"""The command line's words: every command, its arguments and their help."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from saring import __version__
from saring.cli.lines import line, named_output

CORPUS = "data/corpus/articles.jsonl"
EXIT_CODES = """\
Exit codes: 0 done; 1 an error, told on standard error; 2 wrong use, of words
or of an option's value; 3 done, but some rows had errors; 130 interrupted."""
MAPPING = """\
A mapping file, such as mine.toml:

    publisher = "Warta Desa"    # of rows that name none
    [columns]                   # our name = "yours"
    title = "judul"
    text = "isi"
    date = "tanggal"
    topic = "kanal"
    clickbait = "pancingan"     # 1/0, true/false or yes/no
    [topics]                    # your value = our topic; without it yours are taken
    "Ekonomi" = "economy"
    "Selebritas" = "gossip"

All keys: python -m pydoc saring.datasets.recipe"""

Command = Callable[[argparse.Namespace], int]


class _Parser(argparse.ArgumentParser):
    """A parser whose errors quote words in one harmless line."""

    def error(self, message: str) -> NoReturn:
        super().error(line(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:  # argparse's own takes no notice of a full disk
            with named_output():
                file.write(message)
                file.flush()
        else:
            super()._print_message(message, file)


def make_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Return the parser of all commands.

    Parameters
    ----------
    commands : Mapping[str, Command]
        What runs each command, by its name; the parsed arguments name it as ``run``.
    """
    parser = _Parser(
        prog="saring",
        description="Topics, clickbait links and clean text of Indonesian news articles.",
        epilog=f"Start with `saring predict FILE`. {EXIT_CODES}",
    )
    parser.add_argument("--version", action="version", version=f"saring {__version__}")
    added = parser.add_subparsers(metavar="COMMAND")
    corpus = added.add_parser("corpus", help="make labelled corpora")
    actions = {"corpus": corpus.add_subparsers(metavar="COMMAND")}
    for group_parser in (parser, corpus):  # without a command: what commands there are
        group_parser.set_defaults(run=partial(_help, group_parser))
    for name, (summary, *parts) in _COMMANDS.items():
        *group, word = name.split()
        command = actions.get("".join(group), added).add_parser(
            word, help=summary, description=summary.capitalize() + ".", epilog=EXIT_CODES
        )
        command.set_defaults(run=commands[name])
        for add in parts:
            add(command)
    return parser


def _help(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Print what commands there are."""
    parser.print_help()
    return 0


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
    parser.add_argument("--fix-text", action="store_true", help="repair mojibake (needs ftfy)")


def _output(parser: argparse.ArgumentParser) -> None:
    """Add where rows go."""
    parser.add_argument(
        "--out", required=True, help=".jsonl, .csv or .parquet; after an interruption the same command goes on"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the output, or another run's unfinished one, if it is there"
    )
    parser.add_argument("--quarantine", metavar="FILE.jsonl", help="list rows with errors: file, row, id, reason")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one a core, one for small inputs)"
    )
    parser.add_argument(
        "--batch-size", type=int, metavar="ROWS", help="rows that are worked on and kept as one (default: 2048)"
    )


def _engine(parser: argparse.ArgumentParser) -> None:
    """Add whose processes do the work."""
    parser.add_argument(
        "--engine",
        choices=["local", "spark"],
        default="local",
        help="whose processes work: this machine's, or a Spark cluster's, which write a folder of "
        "parts (needs PySpark and Java; default: %(default)s)",
    )
    parser.add_argument(
        "--master",
        metavar="URL",
        help="the cluster, as in spark://host:7077 or local[2] (default: as Spark is configured)",
    )


def _model(parser: argparse.ArgumentParser) -> None:
    """Add which model answers."""
    parser.add_argument(
        "--model",
        help="a bundle, a folder of bundles or models:/saring@ALIAS (default: the newest in "
        "models/, else the one that comes with saring)",
    )


def _keep_links(parser: argparse.ArgumentParser) -> None:
    """Add which links stay in clean text."""
    parser.add_argument(
        "--keep-links",
        choices=["none", "related", "all"],
        default="none",
        help="links that stay in the clean text (default: %(default)s)",
    )


def _keep(parser: argparse.ArgumentParser) -> None:
    """Add which of the input's own columns stay."""
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column of the input that stays in the rows; may be given several times",
    )


def _json(parser: argparse.ArgumentParser) -> None:
    """Add output for programs."""
    parser.add_argument("--json", action="store_true", help="print JSON Lines")


def _training(parser: argparse.ArgumentParser) -> None:
    """Add what is trained on and where the model goes."""
    parser.add_argument("corpus", nargs="*", default=[CORPUS], help=f"default: {CORPUS}")
    parser.add_argument("--models", default="models", help="folder for the new model (default: %(default)s)")
    parser.add_argument("--bundle", help="the model's own folder; one that is there is replaced")
    parser.add_argument("--config", help="settings, such as conf/train.toml")
    parser.add_argument("--no-log", action="store_true", help="do not log the run to MLflow")


def _evaluation(parser: argparse.ArgumentParser) -> None:
    """Add what is asked about."""
    parser.add_argument(
        "--on",
        nargs="+",
        default=[CORPUS] if Path(CORPUS).is_file() else [],
        metavar="FILE",
        help=f"labelled files to ask now; default: the test split of {CORPUS} where there is one. "
        "What training measured is shown in any case",
    )
    parser.add_argument("--full", action="store_true", help="add classes, publishers, baselines")
    parser.add_argument("--gate", metavar="THRESHOLDS", help="fail where a figure is below its threshold in this file")


def _importing(parser: argparse.ArgumentParser) -> None:
    """Add what is imported and by which recipe."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{MAPPING}\n\n{EXIT_CODES}"
    parser.add_argument("recipe", help="click-id, or a mapping file such as mine.toml")
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a table, folder, zip or web address; the recipe's address if not given",
    )
    parser.add_argument("--out", required=True, help="a .jsonl file; what is fetched is kept beside it")
    parser.add_argument("--sha256", default="", help="checksum that SOURCE must have")
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it is there")


def _label_issues(parser: argparse.ArgumentParser) -> None:
    """Add whose labels are flagged and where the label issues go."""
    parser.add_argument("corpus", nargs="+", metavar="CORPUS", help="labelled files")
    parser.add_argument(
        "--question",
        choices=["topic", "link", "clickbait"],
        default="topic",
        help="whose labels are asked about (default: %(default)s)",
    )
    parser.add_argument("--config", help="settings, such as conf/pretrained.toml")


# Each command's summary, and what adds its arguments.
_COMMANDS: Mapping[str, tuple[Any, ...]] = {
    "predict": ("show what a model says of articles", _inputs, _keep, _model, _keep_links, _json),
    "score": (
        "write prediction rows of many articles",
        _inputs, _keep, _output, _engine, _model, _keep_links,
    ),
    "clean": (
        "write articles without teasers and boilerplate",
        _inputs, _keep, _output, _model, _keep_links,
    ),
    "parse": ("show the pieces of articles: body, links, boilerplate", _inputs, _json),
    "train": ("train a model on labelled articles", _training),
    "evaluate": ("score a model on labelled articles", _evaluation, _model),
    "corpus import": ("turn published files or own tables into a corpus", _importing),
    "corpus label-issues": (
        "list labels that a model which never saw them finds unlikely", _label_issues, _output,
    ),
}  # fmt: skip
