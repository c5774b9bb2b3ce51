"""What of a web archive is a row: pages that were answered with status 200, and texts that were taken from pages.

The rest is counted by reason. The date of a record is the crawl's and no article's, so it is not read.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from hashlib import blake2b, sha1
from typing import Any

from saring.article import Record
from saring.columns import MAX_TEXT_BYTES
from saring.errors import InputError, MissingExtraError
from saring.html.page import MAX_SAVED_BYTES, Page
from saring.io.input_files import InputFile
from saring.io.sieve import KEY_BYTES, Sieve
from saring.io.streams import FOREIGN, GZIP, ZSTD, Stream
from saring.io.warc import HEAD_END, DamagedRecord, WarcRecord, parsed_headers, warc_records
from saring.text import plain_lines

CHUNK_BYTES = 1 << 20
SNIFFED_BYTES = 4_096  # of a body, by which it is known what it is
RECORD_TYPES = ("warcinfo", "request", "metadata", "revisit", "resource", "continuation")
NO_PAGE = "response without HTML"

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?!\d)")
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_COMMENTS = rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,2000}?-->\s*|<\?xml[^>]{0,200}>\s*)*"
# How a page begins, whatever its server says of it; and how what is none does though its server says it is.
_PAGE = re.compile(_COMMENTS + rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE | re.DOTALL)
_NO_PAGE = re.compile(_COMMENTS + rb"(?:[{\[]|<(?:rss|feed|svg|urlset|sitemapindex|rdf:rdf|wml)[\s>])", re.IGNORECASE)
_BINARY = (*FOREIGN, b"RIFF", b"\x00\x00\x01\x00", b"OggS", b"ID3", b"wOF")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_ANY_HEADER = 47  # of zlib: a gzip or zlib header, and the largest window


def crawled_items(file: InputFile, stream: Stream, sieve: Sieve) -> Iterator[Page | Record]:
    """Yield the pages and texts of a web archive, and for each damaged record one with `error` filled."""
    for found in warc_records(stream):
        where = f"{file.name}:{found.at}"
        id = f"{file.label}:{found.at}"
        try:
            if isinstance(found, DamagedRecord):
                raise InputError(
                    f"found {found.why}, at byte {found.at:,}; expected a whole record; fetch the file anew"
                )
            id = found.headers.get("warc-record-id", "").strip("<>") or id
            item = _item(found, where, id, sieve)
        except InputError as error:
            yield Record(id=id, where=where, error=f"{where}: {error}")
        else:
            if item is not None:
                yield item


def _item(record: WarcRecord, where: str, id: str, sieve: Sieve) -> Page | Record | None:
    """Return the page or text of a record, None where it has none or it came before; InputError where it is broken."""
    kind = record.headers.get("warc-type", "").lower()
    url = record.headers.get("warc-target-uri", "").strip("<>")
    if kind == "response":
        return _page(record, url, where, id, sieve)
    if kind == "conversion" and record.headers.get("content-type", "text/plain").lower().startswith("text/plain"):
        if not record.is_whole or len(record.block) > MAX_TEXT_BYTES:
            raise InputError(f"found a text of more than {MAX_TEXT_BYTES:,} bytes; expected an article; take it out")
        if not sieve.is_new(_digest(record, record.block) if sieve.wants_digests else b""):
            return None
        text = plain_lines(record.block.decode("utf-8", "replace"))
        return Record(id=id, text=text, url=url, where=where)
    sieve.skip(f"{kind if kind in RECORD_TYPES else 'conversion' if kind == 'conversion' else 'unknown'} record")
    return None


def _page(record: WarcRecord, url: str, where: str, id: str, sieve: Sieve) -> Page | None:
    """Return the page that a server answered with, as `_item` does."""
    status = _STATUS.match(record.block)
    if status is None:
        sieve.skip("response that is not HTTP")
        return None
    if status[1] != b"200":
        sieve.skip(f"HTTP status {status[1].decode()}")
        return None
    end = HEAD_END.search(record.block)
    headers = parsed_headers(record.block[: end.start()] if end else record.block)
    payload = _unchunked(record.block[end.end() :] if end else b"", headers.get("transfer-encoding", ""))
    kind = headers.get("content-type", "")
    coding = headers.get("content-encoding", "")
    if not record.is_whole:
        coding = ""  # the start tells what it is
    try:
        html = _decoded(payload, coding)
    except zlib.error as error:
        raise InputError(f"found a page whose packing, {coding[:20]}, is damaged ({error}); take it out") from None
    if not _is_page(kind.partition(";")[0].strip().lower(), html[:SNIFFED_BYTES]):
        sieve.skip(NO_PAGE)
        return None
    if not record.is_whole or len(html) > MAX_SAVED_BYTES:
        raise InputError(f"found a page of more than {MAX_SAVED_BYTES:,} bytes; expected an article page; take it out")
    if not sieve.is_new(_digest(record, payload) if sieve.wants_digests else b""):
        return None
    charset = _CHARSET.search(kind)
    return Page(html, where, id, url, charset[1] if charset else "")


def _is_page(kind: str, start: bytes) -> bool:
    """Return whether a body is HTML, by the content type that its server names and by its first bytes."""
    if _PAGE.match(start):
        return True
    lies = start.startswith(_BINARY) or _NO_PAGE.match(start) or not start.strip()
    return kind in _PAGE_TYPES and not lies


def _unchunked(body: bytes, coding: str) -> bytes:
    """Return a body without the lengths that stand between its chunks; crawlers may have taken them out before."""
    if "chunked" not in coding.lower() or not _CHUNK.match(body):
        return body
    pieces = []
    at = 0
    while (chunk := _CHUNK.match(body, at)) and (size := int(chunk[1], 16)):
        pieces.append(body[chunk.end() : chunk.end() + size])
        at = chunk.end() + size
        at += 2 if body.startswith(b"\r\n", at) else body.startswith(b"\n", at)
    return b"".join(pieces)


def _decoded(payload: bytes, coding: str) -> bytes:
    """Return a body unpacked, to little more than a page may have; crawlers may have done it before."""
    for name in reversed([part.strip().lower() for part in coding.split(",")]):
        if name in ("gzip", "x-gzip") and payload.startswith(GZIP):
            payload = _inflated(payload)
        elif name == "deflate" and not _PAGE.match(payload):
            try:
                payload = _inflated(payload)
            except zlib.error:
                payload = _inflated(payload, -zlib.MAX_WBITS)  # as some servers send it, without a header
        elif name == "br" and not payload.lstrip().startswith(b"<"):
            payload = _unbrotli(payload)
        elif name == "zstd" and payload.startswith(ZSTD):
            import pyarrow as pa

            try:
                payload = pa.CompressedInputStream(pa.BufferReader(payload), "zstd").read(MAX_SAVED_BYTES + 1)
            except OSError as error:
                raise zlib.error(str(error)) from None
    return payload


def _inflated(payload: bytes, bits: int = _ANY_HEADER) -> bytes:
    unpacker = zlib.decompressobj(bits)
    plain = unpacker.decompress(payload, MAX_SAVED_BYTES + 1)
    if not unpacker.eof and len(plain) <= MAX_SAVED_BYTES:
        raise zlib.error("it is cut off")
    return plain


def _unbrotli(payload: bytes) -> bytes:
    try:
        import brotli
    except ImportError:
        raise MissingExtraError("warc", "reading pages that were packed with Brotli") from None
    unpacker: Any = brotli.Decompressor()
    pieces = bytearray()
    try:
        pieces += unpacker.process(payload, output_buffer_limit=CHUNK_BYTES)
        while not unpacker.is_finished() and len(pieces) <= MAX_SAVED_BYTES:
            if unpacker.can_accept_more_data():
                raise zlib.error("it is cut off")
            pieces += unpacker.process(b"", output_buffer_limit=CHUNK_BYTES)
    except brotli.error as error:
        raise zlib.error(str(error)) from None
    return bytes(pieces)


def _digest(record: WarcRecord, payload: bytes) -> bytes:
    """Return the digest of a payload that its record names, or else its SHA-1, as most crawlers write it."""
    named = record.headers.get("warc-payload-digest", "")
    algorithm, _, value = named.partition(":")
    if not value:
        return sha1(payload, usedforsecurity=False).digest()
    if algorithm.lower() in ("sha1", "sha-1"):
        try:
            return bytes.fromhex(value) if len(value) == 40 else base64.b32decode(value.upper())
        except ValueError:
            pass
    return blake2b(named.encode(), digest_size=KEY_BYTES).digest()
