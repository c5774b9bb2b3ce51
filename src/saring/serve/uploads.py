"""What a person gives the page, as records: pasted text, a page's source, a file. Nothing is looked up on the disk."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from queue import SimpleQueue

from saring.article import Record
from saring.columns import Columns
from saring.errors import NO_ROWS, InputError
from saring.html.page import PageReader
from saring.io.blocks import file_blocks
from saring.io.input_files import ADVICE, FORMATS, PACKINGS, InputFile
from saring.io.streams import GZIP, ZSTD, Stream
from saring.parsing.given import looks_like_page
from saring.serve.limits import Limits, Problem
from saring.sources import record_of

READERS = 2  # pages that are read at once, each in a process of its own
TAKEN = ("txt", "html", "csv", "jsonl", "json")
# Files that hold others, or that no text editor shows, by their first bytes: what they unfold to has no bounds.
_PACKED = {GZIP: ".gz", ZSTD: ".zst", b"PK": ".zip", b"PAR1": ".parquet", b"%PDF": ".pdf"}


@dataclass(frozen=True, slots=True)
class Upload(InputFile):
    """A file that came with a request: its bytes, not a place on the disk."""

    data: bytes = b""

    def open(self) -> Stream:
        """Return its bytes."""
        return Stream(io.BytesIO(self.data))


class Uploads:
    """Turns what was given to records; pages are read in worker processes, which a page may crash."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._readers: SimpleQueue[PageReader] = SimpleQueue()
        for _ in range(READERS):
            self._readers.put(PageReader(limits.article_seconds))

    def pasted(self, title: str, text: str) -> list[Record]:
        """Return the record of a pasted article or, where it looks like one, of a page's source."""
        if looks_like_page(text):
            found = self._records(_upload("halaman.html", text.encode("utf-8", "replace"), "html"))
            return [replace(record, title=title or record.title) for record in found]
        values = {"title": title.strip(), "text": text.replace("\r\n", "\n").replace("\r", "\n")}
        return [record_of(values, Columns({}))]

    def file(self, name: str, data: bytes) -> list[Record]:
        """Return the records of a file; Problem where it is of another kind, or holds too many."""
        label = PurePosixPath(name.replace("\\", "/")).name[-100:] or "file"
        suffix = PurePosixPath(label).suffix.lower()
        packed = next((kind for start, kind in _PACKED.items() if data.startswith(start)), "")
        format = FORMATS.get(suffix, "")
        if packed or format not in TAKEN:
            advice = "unpack it" if packed in PACKINGS else "name it after what it is, as in article.txt"
            raise Problem(
                "media-type",
                f"the file {label!r}" + (f", which is a {packed}" if packed not in ("", suffix) else ""),
                "a file of text: .txt, .html, .csv, .tsv, .jsonl or .json",
                ADVICE.get(suffix) or ADVICE.get(packed, advice),
            )
        return self._records(_upload(label, data, format))

    def close(self) -> None:
        """End the processes."""
        while not self._readers.empty():
            self._readers.get().close()

    def _records(self, upload: Upload) -> list[Record]:
        records: list[Record] = []
        columns = Columns({})
        with self._reader() as pages:
            try:
                for block in file_blocks(upload, columns):
                    records += block.records(columns, pages)
                    if len(records) > self._limits.rows:
                        raise Problem(
                            "too-many-rows",
                            f"more than {self._limits.rows:,} articles in {upload.name}",
                            f"at most {self._limits.rows:,}",
                            f"take fewer, or `saring score {upload.name} --out rows.jsonl`",
                        )
            except InputError as error:
                why = str(error).partition("; name the right one with")[0]  # an option of the command line
                raise Problem("wrong-shape", why, "a table with a text column", "name the column text") from None
        if not records or records[0].error.endswith(NO_ROWS):
            raise Problem("wrong-shape", f"nothing in {upload.name}", "an article", "give a file that has one")
        return records

    @contextmanager
    def _reader(self) -> Iterator[PageReader]:
        reader = self._readers.get()
        try:
            yield reader
        finally:
            self._readers.put(reader)


def _upload(name: str, data: bytes, format: str) -> Upload:
    return Upload(name, name, None, format, True, data)
