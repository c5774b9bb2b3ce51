"""What is named to read: files, folders, archives, objects and pages by address, standard input."""

from __future__ import annotations

import os
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

from saring.errors import InputError, UsageError, path_text
from saring.io.addresses import Address, Place, place
from saring.io.connections import Refused
from saring.io.streams import Stream

FORMATS = {".txt": "txt", ".html": "html", ".htm": "html", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
           ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".feather": "arrow", ".arrow": "arrow",
           ".ipc": "arrow", ".xlsx": "xlsx", ".xlsm": "xlsx", ".warc": "warc", ".wet": "warc"}  # fmt: skip
# What to do with files that are often tried.
ADVICE = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods"), "open it in a spreadsheet and save it as CSV UTF-8"),
    **dict.fromkeys((".docx", ".doc", ".odt", ".rtf", ".pdf"), "save its text as .txt in UTF-8"),
    **dict.fromkeys((".wat", ".cdx", ".cdxj"), "take the WARC or WET file that it tells of"),
    ".arc": "turn it into WARC, as `warcio recompress` does",
    **dict.fromkeys((".mhtml", ".mht"), "save the page as HTML only"),
    **dict.fromkeys(
        (".xml", ".tei", ".md", ".markdown"), 'of trafilatura, write JSON instead (--json, or output_format="json")'
    ),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".rar", ".7z", ".bz2", ".xz"), "unpack it"),
}
PACKINGS = (".gz", ".zst")
WRITER_SECONDS = 10.0  # that a pipe may be without anybody who writes to it
PARTS_SUFFIX = ".parts"  # of folders that batches keep unfinished output in

# What a server says that a page or file is, where its name does not tell; any other text is taken for a page.
CONTENT_TYPES = {"application/json": "json", "application/x-ndjson": "jsonl", "application/jsonl": "jsonl",
                 "text/csv": "csv", "text/tab-separated-values": "csv", "text/plain": "txt",
                 "text/html": "html", "application/xhtml+xml": "html",
                 "application/vnd.apache.parquet": "parquet", "application/warc": "warc"}  # fmt: skip

Inputs = str | Place | Sequence[str | Place]


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input file, or standard input."""

    name: str  # for messages: the path or address as given, less its passwords, or "stdin"
    label: str  # for ids: the file's name, within the folder it was found in
    path: Place | None  # None for standard input
    format: str  # a value of `FORMATS`, or empty where the content must tell
    named: bool  # whether the user named the file himself

    @property
    def reopens(self) -> bool:
        """Whether the file can be read a second time."""
        if isinstance(self.path, Address):  # of a page, only a tag tells that it is the same
            return not self.path.is_web or bool(self.path.known and self.path.known.tag)
        return self.path is not None and os.path.isfile(self.path)  # noqa: PTH113 - never raises

    @property
    def size(self) -> int:
        """How many bytes it has, 0 where that is not known; OSError where it is gone."""
        if isinstance(self.path, Address):
            return (self.path.known and self.path.known.size) or 0
        return self.path.stat().st_size if self.path else 0

    def open(self) -> Stream:
        """Return the file's bytes, unpacked if it is no web archive; raise InputError where it cannot be read."""
        if self.path is None:
            if sys.stdin is None or sys.stdin.closed:
                raise InputError("is closed; expected articles, or name a file")
            return Stream(sys.stdin.buffer, closes=False, unpacks=self.format != "warc")
        try:
            if isinstance(self.path, Address):
                return Stream(self.path.open(), unpacks=self.format != "warc")
            is_pipe = stat.S_ISFIFO(self.path.stat().st_mode)
            raw = _written_pipe(self.path) if is_pipe else self.path.open("rb")
            return Stream(raw, unpacks=self.format != "warc")  # whose damaged members are passed over
        except Refused as refusal:
            raise InputError(f"cannot be read: {refusal.strerror}; {refusal.mend}") from None
        except OSError as error:
            raise InputError(f"cannot be opened ({error.strerror}); check the path") from None


def _written_pipe(path: Path) -> IO[bytes]:
    """Return a pipe, opened once somebody writes to it; raise InputError when nobody does."""
    from concurrent.futures import Future  # seldom needed, and slow to import
    from threading import Thread

    opening: Future[IO[bytes]] = Future()

    def wait() -> None:
        try:
            opening.set_result(path.open("rb"))
        except OSError as error:
            opening.set_exception(error)

    Thread(target=wait, daemon=True).start()
    try:
        return opening.result(WRITER_SECONDS)
    except TimeoutError:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))  # ends the waiting
        opening.result().close()
        why = f"is a pipe that nobody has written to for {WRITER_SECONDS:g} seconds"
        raise InputError(f"{why}; start what writes to it, or name a file") from None


def listed(inputs: Inputs) -> Sequence[str | Place]:
    """Return the inputs as a sequence, also where there is but one."""
    return [inputs] if isinstance(inputs, (str, Path, Address)) else inputs


def find_files(inputs: Inputs, format: str = "") -> Iterator[InputFile]:
    """Return the files that `read` would read, in its order; folders are walked lazily, errors as of `named_file`."""
    if format and format not in FORMATS.values():
        raise UsageError(f"format: found {format!r}; expected one of {', '.join(sorted(set(FORMATS.values())))}")
    files: list[Iterable[InputFile]] = []
    for given in listed(inputs):
        if file := named_file(given, format):
            files.append([file])
        else:
            found = folder_files(place(given))
            files.append(chain([next(found)], found))  # an empty folder is an error at once
    return chain.from_iterable(files)


def named_file(given: str | Place, format: str = "") -> InputFile | None:
    """Return the file for an input that the user named, None for a folder.

    InputError is raised where there is no such file, or its suffix tells no format and `format` is empty.
    """
    if str(given) == "-":
        return InputFile("stdin", "stdin", None, format, True)
    path = place(given)
    if isinstance(path, Address):
        return _named_object(path, format)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path}: there is no such file or folder; check the path") from None
    except (OSError, ValueError) as error:  # of too long a path, or one with a NUL in it
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path}: cannot be opened ({why}); check the path") from None
    if stat.S_ISDIR(mode):
        return None
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise InputError(f"{path}: is a device; expected a file or folder, or - for standard input")
    return InputFile(path_text(path), path_text(path.name), path, format or _told_format(path), True)


def _told_format(path: Place) -> str:
    """Return the format that a file's suffix tells, or raise InputError."""
    found = _format_of(path)
    if not found:
        advice = ADVICE.get(_suffix(path), "rename the file or give --format")
        raise InputError(
            f"{path}: the suffix {path.suffix or '(none)'} tells no format; expected one of "
            f"{' '.join(FORMATS)} (also with .gz or .zst); {advice}"
        )
    return found


def _named_object(address: Address, format: str) -> InputFile | None:
    """Return the file for an address that the user named, None for a folder of objects."""
    try:
        known = address.facts()
    except Refused as refusal:
        raise InputError(f"{address}: cannot be read: {refusal.strerror}; {refusal.mend}") from None
    if known.is_folder:
        return None
    named = Address(address.text, known)
    found = format or (_format_of(address) if address.is_web else _told_format(address))
    if not found:
        found = CONTENT_TYPES.get(known.content_type, "")
        if not found and known.content_type.partition("/")[0] not in ("", "text"):
            raise InputError(
                f"{address}: the server sends {known.content_type}; expected a page, a text or a table; "
                "if it is one, give --format"
            )
    name = path_text(str(address))
    return InputFile(name, path_text(address.name) or name, named, found or "html", True)


def folder_files(folder: Place) -> Iterator[InputFile]:
    """Yield the readable files under a folder, depth first in sorted order.

    Hidden entries, unfinished output, files of other suffixes, links that lead back to a folder above, and whatever is
    no regular file (pipes, sockets, devices) are left out. InputError is raised at the end when nothing was found.
    """
    skipped: Counter[str] = Counter()
    found = False
    for path, kind in _walk_objects(folder) if isinstance(folder, Address) else _walk(folder):
        format = _format_of(path) if kind == "file" else ""
        if format or kind == "folder":  # a folder that cannot be listed fails when it is opened
            found = True
            label = path_text(_relative(path, folder))
            yield InputFile(path_text(str(path)), label, path, format, False)
        else:
            skipped[path.suffix or "(no suffix)"] += 1
    if not found:
        left = ", ".join(f"{count} {suffix}" for suffix, count in skipped.most_common())
        raise InputError(
            f"{folder}: found nothing to read; left out: {left or 'nothing, the folder is empty'}; "
            f"expected files ending in {' '.join(FORMATS)} (also with .gz or .zst)"
        )


def _relative(path: Place, folder: Place) -> str:
    if isinstance(path, Address):
        return path.text.removeprefix(f"{str(folder.text if isinstance(folder, Address) else folder).rstrip('/')}/")
    return path.relative_to(str(folder)).as_posix()


def _format_of(path: Place) -> str:
    return FORMATS.get(_suffix(path), "")


def _suffix(path: Place) -> str:
    """Return a file's suffix before those of packing, in lower case."""
    name = path.name.lower()
    for packing in PACKINGS:
        name = name.removesuffix(packing)
    return Path(name).suffix


def _walk_objects(top: Address) -> Iterator[tuple[Address, str]]:
    """Yield what is in a folder of objects, as `_walk` does; one listing is held at a time for each folder above."""
    try:
        within = list(top.iterdir())
    except Refused as refusal:
        raise InputError(f"{top}: cannot be listed: {refusal.strerror}; {refusal.mend}") from None
    for address in within:
        if not address.name.startswith(".") and not address.name.endswith(PARTS_SUFFIX):
            if address.known and address.known.is_folder:
                yield from _walk_objects(address)
            else:
                yield address, "file"


def _walk(top: Path) -> Iterator[tuple[Path, str]]:
    """Yield what is in a folder, depth first in sorted order, and whether it is a "file", a "folder" or neither.

    Folders are given where they cannot be listed; one that several links lead to is listed once.
    """
    seen: set[tuple[int, int]] = set()
    waiting = [(str(top), "folder")]  # texts: a Path of a thousand parts is slow
    while waiting:
        path, kind = waiting.pop()
        if kind != "folder":
            yield Path(path), kind
            continue
        try:
            status = os.stat(path)  # noqa: PTH116
            here = (status.st_dev, status.st_ino)
            with os.scandir(path) as entries:
                within = [] if here in seen else sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError:
            yield Path(path), kind
            continue
        seen.add(here)
        for entry in within:
            if not entry.name.startswith((".", "~$")) and not entry.name.endswith(PARTS_SUFFIX):
                kind = ""
                with suppress(OSError):  # of a link that leads in circles, or where one may not look
                    kind = "folder" if entry.is_dir() else "file" if entry.is_file() else ""
                waiting.append((entry.path, kind))
