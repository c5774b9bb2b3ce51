"""Sources that are one article each: text files and web pages."""

from __future__ import annotations

from typing import Any

from saring.errors import InputError
from saring.read.stream import Stream
from saring.read.values import MAX_TEXT_BYTES
from saring.read.worker import MAX_SAVED_BYTES, PageReader

__all__ = ["DOCUMENTS", "Pages", "text_fields"]

DOCUMENTS = ("html", "txt")  # formats of one article a file


def text_fields(stream: Stream) -> dict[str, Any]:
    """Return the fields of a text file: its text, line breaks made one kind.

    Raises
    ------
    InputError
        It is too long, damaged, or not in one encoding throughout.
    """
    data = stream.body.read(MAX_TEXT_BYTES + 1)
    stream.check()
    if len(data) > MAX_TEXT_BYTES:
        raise InputError(
            f"found more than {MAX_TEXT_BYTES:,} bytes; expected one article a text file; split it"
        )
    try:
        text = data.decode(stream.encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"found a byte that is no {error.encoding} at byte {error.start}; expected UTF-8, "
            "UTF-16 or cp1252 throughout; save the file as UTF-8"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return {"text": text.replace("\0", "\ufffd")}


class Pages:
    """The page reader of one run, started when the first page comes; a context manager.

    Parameters
    ----------
    seconds : float
        Time limit for one page.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._reader: PageReader | None = None

    def __enter__(self) -> Pages:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._reader is not None:
            self._reader.close()

    def fields(self, stream: Stream, name: str) -> dict[str, Any]:
        """Return the fields of a web page.

        Raises
        ------
        InputError
            The page is too large or holds no article, or reading it took too long or crashed.
        MissingExtraError
            The extra "html" is not installed.
        """
        if self._reader is None:
            self._reader = PageReader(self._seconds)
        html = stream.body.read(MAX_SAVED_BYTES + 1)
        stream.check()
        try:
            record = self._reader.read(html, name)
        except InputError as error:  # the caller puts the place before it, as for any other row
            raise InputError(str(error).removeprefix(f"{name}: ")) from None
        names = ("title", "text", "published", "publisher", "url", "addresses")
        return {field: getattr(record, field) for field in names}
