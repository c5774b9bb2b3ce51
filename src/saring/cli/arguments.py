"""The command line's words: every command, its arguments and their help, as tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING, Any, NoReturn

from saring import __version__
from saring.cli.output import line, named_output
from saring.errors import UsageError

if TYPE_CHECKING:
    from saring.io.records import ReadOptions

CORPUS = "data/corpus/articles.jsonl"  # the part with a test split
CORPORA = [CORPUS, "data/corpus/politics.jsonl", "data/corpus/borders.jsonl"]
OK, FAILED, WRONG_USE, SOME_ERRORS, DRIFTED = 0, 1, 2, 3, 4
INTERRUPTED = 130  # what a shell reports for Ctrl-C
# What each exit code says; those with commands are of these alone.
EXIT_CODES: Mapping[int, tuple[str, tuple[str, ...]]] = {
    OK: ("done", ()),
    FAILED: ("an error, told on standard error", ()),
    WRONG_USE: ("wrong use, of words or of an option's value", ()),
    SOME_ERRORS: ("done, but some rows had errors, or an input had no rows",
                  ("predict", "score", "clean", "parse", "apply spans", "label import", "corpus import")),
    DRIFTED: ("done, and found cause for alarm", ("drift",)),
    INTERRUPTED: ("interrupted", ()),
}  # fmt: skip
WIDTH = 78  # of help that argparse does not wrap
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
Arguments = dict[str, dict[str, Any]]  # name or flag -> what argparse wants to know of it


def _value(help: str, **settings: Any) -> dict[str, Any]:
    return {"help": help, **settings}


def _flag(help: str) -> dict[str, Any]:
    return {"help": help, "action": "store_true"}


INPUTS: Arguments = {
    "inputs": _value(
        "txt, html, jsonl, json, csv, xlsx, parquet, feather, warc or wet, also .gz or .zst; a folder; an address "
        "(s3://..., https://...); - for stdin",
        nargs="+", metavar="IN",
    ),
    "--column": _value(
        "name a column that is not found by itself, as in --column text=isi or text=metadata.body",
        action="append", default=[], metavar="OURS=YOURS",
    ),
    "--format": _value("format of stdin or of an odd suffix", default=""),
    "--fix-text": _flag("repair mojibake (needs ftfy)"),
}  # fmt: skip
KEEP: Arguments = {
    "--keep": _value(
        "a column of the input that stays in the rows; may be given several times",
        action="append", default=[], metavar="COLUMN",
    ),
}  # fmt: skip
BATCH: Arguments = {
    **INPUTS,
    **KEEP,
    "--dedup": _value(
        "of pages and texts with the same payload, in web archives and folders, only the first becomes a row",
        choices=["payload"], default="",
    ),
}  # fmt: skip
OUTPUT: Arguments = {
    "--out": _value(".jsonl, .csv or .parquet; after an interruption the same command goes on", required=True),
    "--overwrite": _flag("replace the output, or another run's unfinished one, if it is there"),
    "--quarantine": _value("list rows with errors: file, row, id, reason", metavar="FILE.jsonl"),
    "--workers": _value("processes (default: one a core, one for small inputs)", type=int, metavar="N"),
    "--batch-size": _value("rows that are worked on and kept as one (default: 2048)", type=int, metavar="ROWS"),
}
PROFILE: Arguments = {
    "--profile": _value("also write what the rows say in numbers, without texts, for `saring drift`",
                        metavar="FILE.json"),
}  # fmt: skip
DRIFT: Arguments = {
    "rows": _value("what `saring score` wrote, rows or a profile; several files are taken together", nargs="+",
                   metavar="ROWS"),
    "--against": _value("rows or a profile of before, or the folder of a model, for the articles "
                        "it was trained on (default: the latest month of ROWS is compared with up to twelve "
                        "months before it)", nargs="+", default=[], metavar="ROWS"),
    "--out": _value("also write the profile of ROWS, to compare later ones with", metavar="PROFILE.json"),
    "--overwrite": _flag("replace the profile if it is there"),
    "--json": _flag("print what was found as JSON"),
}  # fmt: skip
ENGINE: Arguments = {
    "--engine": _value(
        "whose processes work: this machine's, or a Spark cluster's, which write a folder of "
        "parts (needs PySpark and Java; default: %(default)s)",
        choices=["local", "spark"], default="local",
    ),
    "--master": _value(
        "the cluster, as in spark://host:7077 or local[2] (default: as Spark is configured)", metavar="URL"
    ),
}  # fmt: skip
MODEL: Arguments = {
    "--model": _value(
        "a bundle, the name or version of one in the folder of models, a folder of bundles, LINE@challenger or "
        "models:/saring@ALIAS (default: the champion, as `saring models` shows it)"
    )
}
MODELS: Arguments = {
    "--models": _value(
        "folder of models (default: SARING_MODELS, or else models/ in saring's checkout, or else "
        "~/.local/share/saring/models)",
        metavar="FOLDER",
    )
}
KEEP_LINKS: Arguments = {
    "--keep-links": _value(
        "teasers that stay in the clean text (default: %(default)s)",
        choices=["none", "related", "all"], default="none",
    ),
}  # fmt: skip
SPANS: Arguments = {
    "--spans": _flag(
        "write what would be left out instead: for each document [start, end, kind, score] of its raw text, also as "
        "dolma's attributes; `saring apply spans` makes the clean articles of both"
    )
}
APPLYING: Arguments = {
    "inputs": _value("the raw documents, as given to `saring clean --spans`", nargs="+", metavar="DOCS"),
    "spans": _value("what it wrote", metavar="SPANS"),
    **{name: settings for name, settings in INPUTS.items() if name.startswith("--")},
    **KEEP,
    "--out": _value(".jsonl, .csv or .parquet", required=True),
    "--overwrite": _flag("replace the output if it is there"),
    **KEEP_LINKS,
    "--threshold": _value(
        "with --keep-links related: the score from which a teaser is unrelated and leaves (default: the model's, as "
        "the spans name it)", type=float, metavar="P",
    ),
}  # fmt: skip
JSON: Arguments = {"--json": _flag("print JSON Lines")}
TRAINING: Arguments = {
    "corpus": _value(f"default: {', '.join(CORPORA)}", nargs="*", default=CORPORA),
    "--name": _value(
        "name of the model; with topics other than saring's own it names a line of models of its own (default: that "
        "of the settings, or of other topics the file's)"
    ),
    **MODELS,
    "--bundle": _value("the model's own folder; one that is there is replaced"),
    "--config": _value("settings, such as conf/train.toml"),
    "--no-log": _flag("do not log the run to MLflow"),
    "--from": _value(
        "correct this model, such as id-news, which comes with saring, by the rows instead of training one: the corpus "
        "it was trained on is not needed, and where the rows say nothing it stays as it is",
        dest="base", metavar="MODEL",
    ),
    "--texts": _value(
        "with --from: labelled articles like those it was trained on, whose answers shall stay; what of them it held "
        f"out measures what the correction costs (default: {CORPUS} where there is one)",
        nargs="+", metavar="FILE",
    ),
    "--learning-curve": _flag(
        "also measure models of half the rows, a quarter, an eighth, to see what more would bring"
    ),
}  # fmt: skip
PROMOTION: Arguments = {
    "reference": _value(
        "a bundle, its name or version, a run of MLflow, or LINE@challenger (default: %(default)s, the newest model)",
        nargs="?", default="challenger", metavar="MODEL",
    ),
    "--because": _value("reason to promote it against the verdict; recorded", default="", metavar="REASON"),
    "--gate": _value("thresholds of the quality gate (default: saring's own)", metavar="THRESHOLDS"),
    **MODELS,
}  # fmt: skip
ROLLBACK: Arguments = {
    "--line": _value("name of the line of models (default: %(default)s)", default="saring", metavar="NAME"),
    "--because": _value("your reason; it is recorded", default="", metavar="REASON"),
    **MODELS,
}
LISTING: Arguments = {
    "--history": _flag("show who became champion, when and why"),
    "--split": _value(
        "show the figures of this protocol, such as publisher-out (default: the worst)", default="", metavar="NAME"
    ),
    **MODELS,
}
REPORT: Arguments = {
    "rows": _value(
        "what `saring score` wrote: jsonl, csv or parquet, any of them .gz or .zst; a folder; an address "
        "(s3://..., https://...); - for stdin",
        nargs="+", metavar="ROWS",
    ),
    "--out": _value("the page, one file", required=True, metavar="FILE.html"),
    "--against": _value(
        "rows or a profile of before, to tell what has changed (default: the latest month beside "
        "up to twelve before it)",
        nargs="+", metavar="ROWS",
    ),
    "--lang": _value("language of the page (default: %(default)s)", choices=["id", "en"], default="en"),
    "--overwrite": _flag("replace the page if it is there"),
}  # fmt: skip
EVALUATION: Arguments = {
    "--on": _value(
        f"labelled files to evaluate on now; default: the test split of {CORPUS} where there is one. "
        "What training measured is shown below",
        nargs="+", metavar="FILE",
    ),
    "--full": _flag("add classes, publishers, baselines"),
    "--gate": _value("fail where a figure is below its threshold in this file", metavar="THRESHOLDS"),
    "--html": _value("also write a page to look at: figures, drawings, worst errors", metavar="FILE.html"),
    "--overwrite": _flag("replace the page if it is there"),
}  # fmt: skip
IMPORT: Arguments = {
    "recipe": _value("click-id, or a mapping file such as mine.toml"),
    "source": _value(
        "a table, folder, zip or web address; the recipe's address if not given", nargs="?", metavar="SOURCE"
    ),
    "--out": _value("a .jsonl file; what is fetched is kept beside it", required=True),
    "--sha256": _value("checksum that SOURCE must have", default=""),
    "--overwrite": _flag("replace the output if it is there"),
}
LABEL_ISSUES: Arguments = {
    "corpus": _value("labelled files", nargs="+", metavar="CORPUS"),
    "--question": _value(
        "whose labels are checked (default: %(default)s)", choices=["topic", "link", "clickbait"], default="topic"
    ),
    "--config": _value("settings, such as conf/pretrained.toml"),
}
LABEL_EXPORT: Arguments = {
    **INPUTS,
    "--uncertain": _value(
        "how many articles to label: those the model is unsure of, no two of a kind (default: %(default)s)",
        type=int, default=200, metavar="N",
    ),
    "--out": _value(".json for Label Studio, .csv for a spreadsheet", required=True),
    "--config": _value("also write Label Studio's labelling interface", metavar="FILE.xml"),
    "--labelled": _value(
        "corpus files whose articles are not asked for again (what the model was trained on never is)",
        nargs="+", default=[], metavar="FILE",
    ),
    **MODEL,
    "--overwrite": _flag("replace the outputs if they are there"),
}  # fmt: skip
LABEL_IMPORT: Arguments = {
    "inputs": _value("Label Studio's export (JSON), or a table of `saring label export` filled in", nargs="+",
                     metavar="FILE"),
    "--out": _value("a .jsonl file of corpus rows", required=True),
    "--quarantine": _value("list tasks that do not fit: file, row, id, field, reason", metavar="FILE.jsonl"),
    "--overwrite": _flag("replace the outputs if they are there"),
}  # fmt: skip
CORPUS_CHECK: Arguments = {
    "corpus": _value("labelled files", nargs="+", metavar="CORPUS"),
    "--label-issues": _flag("also count labels that a model which never saw them finds unlikely (trains models)"),
    "--config": _value("settings for that, such as conf/pretrained.toml"),
    "--show": _value("how many rows of each kind are named (default: %(default)s)", type=int, default=5, metavar="N"),
}
RELOCATE: Arguments = {
    "store": _value(
        "an SQLite database of MLflow, or its address (default: MLFLOW_TRACKING_URI, else mlflow.db beside models/)",
        nargs="?", metavar="STORE",
    ),
    "--from": _value("the folder that was moved (default: as the store names it)", metavar="OLD", dest="old"),
    "--to": _value("where it is now (default: where the database lies)", metavar="NEW", dest="new"),
}  # fmt: skip
REGISTRATION: Arguments = {
    "reference": _value("a bundle, its name or version, or id-news, the model that comes with saring", metavar="MODEL")
}
COMPARISON: Arguments = {
    "a": _value("a bundle, its name or version, a run of MLflow, champion, or LINE@challenger", metavar="A"),
    "b": _value("another; differences are B's figures less A's", metavar="B"),
    "--out": _value("also write a page with everything that differs", metavar="FILE.html"),
    "--overwrite": _flag("replace the page if it is there"),
    "--on": _value("labelled files that both are asked about now", nargs="+", default=[], metavar="FILE"),
    "--corpus": _value(
        "files with the texts of held-out articles, which bundles do not hold "
        "(default: those that `saring train` reads where it is told no other, if they are there)",
        nargs="+", default=[], metavar="FILE",
    ),
}  # fmt: skip
SERVING: Arguments = {
    "--host": _value(
        "address to listen at; another than this machine's own needs a token (default: %(default)s)",
        default="127.0.0.1",
    ),
    "--port": _value("0 for any that is free (default: %(default)s)", type=int, default=8765),
    "--token": _value("a secret that requests must bring (default: the variable SARING_TOKEN)"),
    "--allowed-host": _value(
        "a name under which requests may ask for this server, as behind a proxy; may be given several times",
        action="append", default=[], metavar="NAME",
    ),
    "--workers": _value("processes that score (default: one a core)", type=int, metavar="N"),
    "--open": _flag("open the page in a browser"),
}  # fmt: skip
COMMANDS: Mapping[str, tuple[str, Arguments]] = {
    "predict": ("show what a model says of articles", INPUTS | KEEP | MODEL | KEEP_LINKS | JSON),
    "score": ("write prediction rows of many articles", BATCH | OUTPUT | PROFILE | ENGINE | MODEL | KEEP_LINKS),
    "clean": ("write articles without teasers and boilerplate", BATCH | OUTPUT | MODEL | KEEP_LINKS | SPANS),
    "parse": ("show the pieces of articles: body, teasers, boilerplate", INPUTS | JSON),
    "report": ("make a page to look at of prediction rows", REPORT),
    "serve": ("answer over HTTP: an API, and a page to try articles on", SERVING | MODEL),
    "drift": ("raise an alarm where scored rows have changed: layouts that rot, lost dates, other texts", DRIFT),
    "apply spans": ("make clean articles of raw ones and the spans of `clean --spans`", APPLYING),
    "train": ("train a model on labelled articles", TRAINING),
    "evaluate": ("score a model on labelled articles", EVALUATION | MODEL),
    "compare": ("show what differs between two models, in the terminal and as a page", COMPARISON),
    "promote": ("make a model the champion of its line, which answers from then on", PROMOTION),
    "rollback": ("take the last promotion back", ROLLBACK),
    "models": ("list models: their data and figures, the champion, the challenger", LISTING),
    "models register": ("register a model in MLflow that no run made", REGISTRATION),
    "label export": ("choose articles worth labelling and write them as tasks", LABEL_EXPORT),
    "label import": ("turn labelled tasks into corpus rows that say who labelled them", LABEL_IMPORT),
    "corpus import": ("turn published files or own tables into a corpus", IMPORT),
    "corpus check": ("find what is wrong with labelled files", CORPUS_CHECK),
    "corpus label-issues": ("list labels that a model which never saw them finds unlikely", LABEL_ISSUES | OUTPUT),
    "relocate": ("write the new place into MLflow's store after its folder was moved", RELOCATE),
}
EXAMPLES: Mapping[str, str] = {
    "predict": "saring predict article.txt",
    "score": "saring score news/*.jsonl --out rows.parquet --keep text",
    "clean": "saring clean news.csv --out clean.jsonl",
    "parse": "saring parse article.html",
    "report": "saring report rows.parquet --out report.html",
    "serve": "saring serve --open",
    "drift": "saring drift rows-november.parquet --against rows-october.parquet",
    "apply spans": "saring apply spans news.jsonl spans.jsonl --out clean.jsonl",
    "train": "saring train mine.jsonl --from id-news",
    "evaluate": "saring evaluate --on mine.jsonl",
    "compare": "saring compare champion challenger --out compare.html",
    "promote": "saring promote challenger",
    "rollback": 'saring rollback --because "worse on our own pages"',
    "models": "saring models --history",
    "models register": "saring models register id-news",
    "label export": "saring label export news.jsonl --out tasks.csv",
    "label import": "saring label import tasks.csv --out mine.jsonl",
    "corpus import": "saring corpus import mine.toml news.csv --out mine.jsonl",
    "corpus check": "saring corpus check mine.jsonl",
    "corpus label-issues": "saring corpus label-issues mine.jsonl --out issues.csv",
    "relocate": "saring relocate",
}
GROUPS = {
    "apply": "leave out what was found before",
    "label": "bring labels from people",
    "corpus": "make and check labelled corpora",
}


class _Parser(argparse.ArgumentParser):
    """A parser whose errors quote words in one harmless line."""

    def error(self, message: str) -> NoReturn:
        super().error(line(message))

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return what was given; a command tells of its own unknown options, which argparse leaves to the top."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}{self._close_to(unknown[0])}")
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            if close := get_close_matches(str(value), list(map(str, action.choices or ())), 1):
                raise argparse.ArgumentError(action, f"found {value!r}; did you mean {close[0]!r}?") from None
            raise error

    def _close_to(self, word: str) -> str:
        """Return in words which option is nearly the one that was given."""
        close = get_close_matches(word.partition("=")[0], list(self._option_string_actions), 1)
        return f"; did you mean {close[0]}?" if close else ""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:  # argparse's own takes no notice of a full disk
            with named_output():
                file.write(message)
                file.flush()
        else:
            super()._print_message(message, file)


def exit_codes(command: str = "") -> str:
    """Return in words which exit codes a command has, or all commands together."""
    told = [f"{code} {said}" for code, (said, of) in EXIT_CODES.items() if not command or not of or command in of]
    return f"Exit codes: {'; '.join(told)}."


def make_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Return the parser of all commands.

    `commands` says what runs each command, by its name; the parsed arguments have it as ``run``.
    Without a command that prints what commands there are.
    """
    parser = _Parser(
        prog="saring",
        description='What Indonesian news articles are about, which of their "Baca Juga" teasers have nothing to do '
        "with them, and their text without teasers and boilerplate.",
        epilog=f"Start with `saring predict FILE`. {exit_codes()}",
    )
    parser.add_argument("--version", action="version", version=f"saring {__version__}")
    added = parser.add_subparsers(metavar="COMMAND")
    parser.set_defaults(run=partial(_help, parser))
    groups = {"": added}
    for name, (summary, arguments) in COMMANDS.items():
        group_name, _, word = name.rpartition(" ")
        if group_name not in groups:
            group = added.add_parser(group_name, help=GROUPS[group_name])
            group.set_defaults(run=partial(_help, group))
            groups[group_name] = group.add_subparsers(metavar="COMMAND")
        command = groups[group_name].add_parser(
            word, help=summary, description=fill(f"{summary[0].upper()}{summary[1:]}.", WIDTH)
        )
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        command.epilog = "\n\n".join(
            [f"Example: {EXAMPLES[name]}", *[MAPPING] * (name == "corpus import"), fill(exit_codes(name), WIDTH)]
        )
        command.set_defaults(run=commands[name])
        for words, settings in arguments.items():
            command.add_argument(words, **settings)
        if any(other.startswith(f"{name} ") for other in COMMANDS):
            groups[name] = command.add_subparsers(metavar="COMMAND")
    return parser


def _help(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    parser.print_help()
    return 0


def read_options(options: argparse.Namespace) -> ReadOptions:
    """Return how to read, from the arguments of `INPUTS` and those of `BATCH` that a command has."""
    from saring.io.records import ReadOptions

    columns = {}
    for column in options.column:
        ours, _, yours = column.partition("=")
        if not (ours and yours):
            raise UsageError(f"--column {column}: expected OURS=YOURS, as in text=isi")
        columns[ours] = yours
    others: dict[str, Any] = {name: getattr(options, name) for name in ("dedup", "keep") if name in options}
    return ReadOptions(columns, options.fix_text, options.format, "keep", **others)
