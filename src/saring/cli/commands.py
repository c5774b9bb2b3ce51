"""The command line: parse arguments, call what they name, print, return an exit code.

Exit codes: 0 done; 1 an error, told on standard error; 2 wrong use, of words or of an option's
value, whatever the files hold; 3 done, but some rows had errors (they are in the output); 4 done,
and `drift` found cause for alarm; 130 interrupted. What a command needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from saring.cli import corpus_commands, model_commands
from saring.cli.arguments import (
    DRIFTED,
    FAILED,
    INTERRUPTED,
    OK,
    SOME_ERRORS,
    WRONG_USE,
    Command,
    make_parser,
    read_options,
)
from saring.cli.output import STANDARD_OUTPUT, named_output, print_json, print_line, tell, tell_model
from saring.errors import NO_ROWS, SaringError, UsageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of the command line; `arguments` are by default those of the process."""
    _open_streams()
    with _interrupts() as interrupted:
        told = ""
        try:
            options = make_parser(_COMMANDS).parse_args(arguments)
            code: int = options.run(options)
            with named_output():
                sys.stdout.flush()
        except (Exception, KeyboardInterrupt) as error:
            if interrupted or isinstance(error, KeyboardInterrupt):
                code, told = INTERRUPTED, "interrupted"
            else:
                code, told = _outcome(error)
            told = "; ".join([told, *getattr(error, "__notes__", ())])
        if told:
            tell(told)
        try:
            sys.stdout.flush()
        except OSError:  # drop what cannot be written, or Python tells of it when it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code


def _outcome(error: Exception) -> tuple[int, str]:
    """Return the exit code and the words of what went wrong; what nobody foresaw is raised."""
    match error:
        case UsageError():
            return WRONG_USE, str(error)
        case SaringError():
            return FAILED, str(error)
        case BrokenPipeError() if error.filename == STANDARD_OUTPUT:
            return OK, ""  # the reader of our output has seen enough
        case OSError():
            reason = error.strerror or str(error) or type(error).__name__
            places = [os.fsdecode(n) for n in (error.filename, error.filename2) if n is not None]
            return FAILED, f"{' -> '.join(places) or 'a file or pipe'}: {reason}"
        case MemoryError():
            return FAILED, "out of memory; give smaller files, fewer --workers or more memory"
        case _:
            raise error


def _open_streams() -> None:
    """Put streams in place of closed ones, or the next file that is opened is taken for them.

    Nothing can be read from them nor printed to them, but a command that does neither goes on.
    """
    for number, (name, kind) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            # Opened the wrong way round: reading and printing fail. Messages are just lost.
            opened = os.open(os.devnull, os.O_RDONLY if name == "stdout" else os.O_WRONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, kind, encoding="utf-8", closefd=False))  # noqa: SIM115 - for good
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # print what the terminal's encoding lacks as well
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Give a list that Ctrl-C fills: compiled modules turn it into other errors, or lose it."""
    seen: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        seen.append(number)
        raise KeyboardInterrupt

    def unraised(lost: Any) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            interrupt_main()  # again, outside of the destructor that lost it
        else:
            before(lost)

    before = sys.unraisablehook
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield seen
        return
    signal.signal(signal.SIGINT, interrupt)
    sys.unraisablehook = unraised
    try:
        yield seen
    finally:
        sys.unraisablehook = before
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _predict(options: argparse.Namespace) -> int:
    """Print predictions for a person, or as JSON Lines, which are scored many at a time."""
    from saring.io.records import kept_kinds, read
    from saring.predict import load, now

    model = load(options.model)
    model.check_keep_links(options.keep_links)
    reading = read_options(options)
    records = read(options.inputs, reading)
    rows = failed = 0
    if options.json:
        from saring.batch.parts import Task, row_tables
        from saring.schema import rows_in

        task = Task("score", model, options.keep_links, now(), kept_kinds(options.inputs, reading))
        for table in row_tables(task, records):
            for row in rows_in(table):
                print_json(row)
            rows += len(table["error"])
            failed += any(table["error"])
    else:
        from saring.cli.show import print_prediction

        for record in records:
            [prediction] = model.predict([record], keep_links="all")  # shown in place, whichever are kept
            print_prediction(record.where, prediction)
            rows += 1
            failed += bool(prediction.error)
    tell_model(model)
    return _code(options.inputs, rows, failed)


def _code(inputs: Sequence[str], rows: int, failed: int) -> int:
    """Return the exit code of a command that reads articles, and tell where there was none.

    A file without a row that the user named is a row with an error already; this is for folders and archives.
    """
    if not rows:
        tell(f"{', '.join(inputs)}: {NO_ROWS}")
    return SOME_ERRORS if failed or not rows else OK


def _score(options: argparse.Namespace) -> int:
    """Write prediction rows, on this machine or with Spark."""
    from saring.predict import load

    if options.engine == "local":
        from saring.batch import score

        if options.master:
            raise UsageError(f"--master {options.master}: names a Spark cluster; add --engine spark")
        return _write(options, "scoring", partial(score, profile=options.profile), load(options.model))

    from saring.cli.show import print_summary
    from saring.profiles import profiled
    from saring.spark import score_files

    for name in ("workers", "batch_size", "quarantine", "dedup"):
        if getattr(options, name) not in (None, ""):
            raise UsageError(
                f"--{name.replace('_', '-')}: is for this machine; with --engine spark leave it "
                "out: the cluster shares out the work"
            )
    given = {name: getattr(options, name) for name in ("master", "keep_links", "overwrite")}
    with profiled(options.out, options.profile, overwrite=options.overwrite):
        model = load(options.model)
        summary = score_files(options.inputs, options.out, model, read_options(options), **given)
    print_summary(summary, options.out, model)
    return _code(options.inputs, summary.rows, summary.errors)


def _clean(options: argparse.Namespace) -> int:
    """Write clean articles, or the spans of what they would leave out."""
    from saring.batch import clean
    from saring.predict import load

    needs_model = options.spans or options.keep_links == "related"
    return _write(
        options, "cleaning", partial(clean, spans=options.spans), load(options.model) if needs_model else None
    )


def _apply_spans(options: argparse.Namespace) -> int:
    """Write the clean articles of raw documents and their spans, and tell what does not fit together."""
    from saring.batch import apply_spans
    from saring.cli.show import counting, print_lines, print_summary

    given = {name: getattr(options, name) for name in ("keep_links", "threshold", "overwrite")}
    with counting("applying") as progress:
        applied = apply_spans(
            options.inputs, options.spans, options.out, read_options(options), progress=progress, **given
        )
    print_summary(applied.summary, options.out)
    print_lines(applied.sentences())
    return _code(options.inputs, applied.summary.rows, applied.summary.errors)


def _write(options: argparse.Namespace, doing: str, write: Any, model: Any) -> int:
    """Run `batch.score` or `batch.clean` with a progress bar and print its summary."""
    from saring.cli.show import counting, print_summary

    names = ("keep_links", "overwrite", "workers", "batch_size", "quarantine")
    given = {name: getattr(options, name) for name in names}
    with counting(doing) as progress:
        summary = write(options.inputs, options.out, model, read_options(options), progress=progress, **given)
    print_summary(summary, options.out, model)
    return _code(options.inputs, summary.rows, summary.errors)


def _drift(options: argparse.Namespace) -> int:
    """Compare rows with those before and print what differs; an alarm has its own exit code."""
    from saring.drift import compare_profiles, compare_with_training, latest_month, trained_on
    from saring.io.writers import check_place, output_place
    from saring.profiles import PROFILE_SUFFIXES, read_profile
    from saring.store import CARD

    if options.out:
        check_place(output_place(options.out), overwrite=options.overwrite, suffixes=PROFILE_SUFFIXES)
    profile = read_profile(options.rows)
    before: list[str] = options.against
    if not before:
        found = latest_month(profile)
    elif len(before) == 1 and Path(before[0], CARD).is_file():
        found = compare_with_training(trained_on(before[0]), profile, Path(before[0]).name)
    else:
        found = compare_profiles(read_profile(before), profile)
    if options.json:
        print_json(found.to_json())
    else:
        from saring.cli.show import print_drift

        print_drift(found)
    if options.out:
        profile.write(options.out)
    return DRIFTED if found.alarms else OK


def _parse(options: argparse.Namespace) -> int:
    """Print the pieces of articles."""
    from dataclasses import asdict

    from saring.io.records import read
    from saring.parsing.engine import parse

    rows = failed = 0
    for record in read(options.inputs, read_options(options)):
        rows += 1
        if record.error:
            from saring.cli.show import print_problem

            failed += 1
            print_problem(record.error)
        elif options.json:
            article = parse(record)
            print_json(asdict(article) | {"body": article.body})
        else:
            from saring.cli.show import print_article

            print_article(parse(record))
    return _code(options.inputs, rows, failed)


def _report(options: argparse.Namespace) -> int:
    """Make a page of prediction rows and tell its verdict."""
    model_commands.check_page(options.out, overwrite=options.overwrite)
    from saring.cli.show import counting
    from saring.html_reports.language import Language
    from saring.html_reports.rows_report import rows_report
    from saring.profiles import read_profile
    from saring.scored_rows import read_rows

    with counting("reading") as progress:
        against = read_profile(options.against) if options.against else None
        report = rows_report(_counted(read_rows(options.rows), progress), Language(options.lang), against)
    model_commands.write_page(options.out, report.html(options.rows), report.sentences())
    return OK


def _counted(batches: Iterable[list[Any]], progress: Callable[[int], None]) -> Iterator[list[Any]]:
    """Yield rows and show how many they are so far."""
    done = 0
    for rows in batches:
        yield rows
        done += len(rows)
        progress(done)


def _serve(options: argparse.Namespace) -> int:
    """Answer requests until told to end."""
    from saring.predict import load

    if options.workers is not None and options.workers < 1:
        raise UsageError(f"--workers {options.workers}: expected at least 1")
    if not 0 <= options.port < 1 << 16:
        raise UsageError(f"--port {options.port}: expected 0 to 65535")
    from saring.serve.listener import access_to, address_of, listening, serve

    access = access_to(options.host, options.token, options.allowed_host)
    model = load(options.model)
    listener = listening(options.host, options.port)
    address = address_of(listener)

    def tell_address() -> None:
        print_line(address)  # what a program that starts the server reads
        tell_model(model)
        if options.open:
            import webbrowser

            webbrowser.open(address)

    serve(model, listener, access, workers=options.workers, started=tell_address)
    return OK


_COMMANDS: Mapping[str, Command] = {
    "predict": _predict,
    "score": _score,
    "clean": _clean,
    "apply spans": _apply_spans,
    "drift": _drift,
    "parse": _parse,
    "report": _report,
    "serve": _serve,
    "train": model_commands.train,
    "evaluate": model_commands.evaluate,
    "promote": model_commands.promote,
    "rollback": model_commands.rollback,
    "compare": model_commands.compare,
    "models": model_commands.models,
    "models register": model_commands.register,
    "relocate": model_commands.relocate,
    "label export": corpus_commands.export,
    "label import": corpus_commands.import_labels,
    "corpus import": corpus_commands.import_corpus,
    "corpus check": corpus_commands.check,
    "corpus label-issues": corpus_commands.label_issues,
}
