"""Files from the web: fetched when the user asks, resumed where they broke off, checked.

What the server says is not trusted: it may be endless, slow, another file than before, or point elsewhere. Beside
``path.part`` lies what is to be the same when it is resumed, ``path.part.json``.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

from saring import __version__
from saring.atomic import appear, sync
from saring.errors import ConfigError, InputError
from saring.io.connections import MAX_REASON_CHARS
from saring.io.web import MAX_SECONDS, answer, is_web_address
from saring.io.writers import telling

CHUNK_BYTES = 1 << 20
MAX_BYTES = 1 << 33  # CLICK-ID's zip takes some hundred million
MAX_NAME_CHARS = 100
BY_HAND = "fetch the file some other way and give its path"

Progress = Callable[[int, int], None]


def file_name(address: str) -> str:
    """Return a name for what an address gives: its last part, in letters that are harmless."""
    try:
        name = PurePosixPath(urlsplit(address).path).name
    except ValueError:
        name = ""  # `fetch` says what is wrong with it
    return re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).lstrip(".")[-MAX_NAME_CHARS:] or "download"


def fetch(address: str, path: Path, sha256: str = "", progress: Progress = lambda done, total: None) -> str:
    """Return the SHA-256 of the file at an address, once it lies complete at `path`.

    What is there already is not fetched again. What an earlier run left in ``path.part`` is resumed, if the server
    says that the file is the same. `progress` takes the bytes that are there and those there will be, 0 when unknown.
    InputError when the server cannot be reached, refuses, breaks off or sends too much, or the checksum differs;
    ConfigError when this is no web address, or the disk refuses.
    """
    if not is_web_address(address):
        raise ConfigError(f"{address}: no web address; expected http:// or https://")
    with telling(path):
        if path.exists():
            return check_sha256(path, sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        part, version = (path.with_name(path.name + end) for end in (".part", ".part.json"))
        _complete(address, part, version, progress)
        try:
            digest = check_sha256(part, sha256)
        except InputError:
            part.unlink()  # or the next run would go on from it
            raise
        finally:
            version.unlink(missing_ok=True)
        appear(part, path)
    return digest


def check_sha256(path: Path, expected: str = "") -> str:
    """Return the SHA-256 of a file's bytes, as 64 hex digits; InputError when it is not the expected one."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if expected and found != expected.lower():
        mend = "get the file anew, or give the checksum of this one if you trust it"
        raise InputError(f"{path}: has SHA-256 {found}; expected {expected.lower()}; {mend}")
    return found


def _complete(address: str, part: Path, version: Path, progress: Progress) -> None:
    """Fetch what is missing of a file; all of it where the server's is another than before."""
    before = _read_version(version)
    there = part.stat().st_size if part.exists() else 0
    validator = before.get("etag") or before.get("modified") or ""
    if not (there and validator and before["address"] == address):
        there, validator = 0, ""  # nobody can say that what follows would be of the same file
    response = _opened(address, there, validator)
    if there and response.status == HTTPStatus.PARTIAL_CONTENT:
        length = _length(response, address)
        begins = response.headers.get("Content-Range", "").startswith(f"bytes {there}-")
        if not begins or _version(response, address, None if length is None else there + length) != before:
            response.close()
            there, response = 0, _opened(address)
    with response:
        if response.status == HTTPStatus.PARTIAL_CONTENT and not there:
            raise _refused(address, "a part of the file, for which nobody asked")
        length = _length(response, address)
        if response.status != HTTPStatus.PARTIAL_CONTENT:  # the server sends all of it, whatever the request was
            there = 0
            part.unlink(missing_ok=True)  # before the version, which it is not of
            version.write_text(json.dumps(_version(response, address, length)), encoding="utf-8")
        total = None if length is None else there + length
        with part.open("ab") as file:
            try:
                done = _copy(response, file, address, there, total, progress)
            finally:
                sync(file)
    if total is not None and done < total:
        raise _broken_off(address, done)


def _version(response: HTTPResponse, address: str, size: int | None) -> dict[str, Any]:
    """Return what must be equal in all parts of a file; a text is empty where the server does not tell it."""
    etag = response.headers.get("ETag", "")
    etag = "" if etag.startswith("W/") else etag  # a weak one promises nothing about bytes
    return {"address": address, "etag": etag, "modified": response.headers.get("Last-Modified", ""), "size": size}


def _read_version(path: Path) -> dict[str, Any]:
    """Return which file a part is of, empty where that is not known."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and set(found) == {"address", "etag", "modified", "size"} else {}


def _copy(
    response: HTTPResponse, file: IO[bytes], address: str, done: int, total: int | None, progress: Progress
) -> int:
    """Append what a server sends to a file, within bounds; return how many bytes there are."""
    ends = time.monotonic() + MAX_SECONDS
    while True:
        try:
            chunk = response.read1(CHUNK_BYTES)
        except (OSError, HTTPException) as error:
            raise _broken_off(address, done) from error
        if not chunk:
            return done
        done += len(chunk)
        if done > MAX_BYTES:
            raise _too_big(address, f"more than {MAX_BYTES:,}")
        file.write(chunk)
        progress(done, total or 0)
        if time.monotonic() > ends:
            late = f"not there after {MAX_SECONDS / 3600:g} hours, {done:,} bytes"
            raise InputError(f"{address}: {late}; run again to go on, or {BY_HAND}")


def _length(response: HTTPResponse, address: str) -> int | None:
    """Return how many bytes the server says it sends; None when it does not."""
    length = response.headers.get("Content-Length")
    if length is None or response.headers.get("Transfer-Encoding"):
        return None
    if not re.fullmatch(r"[0-9]{1,15}", length):
        found = f"Content-Length {length[:MAX_REASON_CHARS]!r}"
        raise InputError(f"{address}: the server says {found}; expected a number of bytes; {BY_HAND}")
    if int(length) > MAX_BYTES:
        raise _too_big(address, f"{int(length):,}")
    return int(length)


def _opened(address: str, there: int = 0, validator: str = "") -> HTTPResponse:
    """Return the response with what follows the bytes that are there, or with the whole file."""
    try:
        request = urllib.request.Request(address, headers={"User-Agent": f"saring/{__version__}"})
        if there:
            request.add_header("Range", f"bytes={there}-")
            request.add_header("If-Range", validator)
        return answer(request)
    except urllib.error.HTTPError as error:
        with error:
            if there and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return _opened(address)
            reason = f"{error.code} {error.reason}"
    except (OSError, HTTPException, ValueError) as error:
        reason = str(getattr(error, "reason", error) or type(error).__name__)
    raise _refused(address, reason)


def _refused(address: str, reason: str) -> InputError:
    why = reason[:MAX_REASON_CHARS]
    return InputError(f"{address}: cannot be fetched ({why}); check the address and the network, or {BY_HAND}")


def _too_big(address: str, size: str) -> InputError:
    return InputError(f"{address}: is {size} bytes; expected {MAX_BYTES:,} at most; {BY_HAND}")


def _broken_off(address: str, done: int) -> InputError:
    return InputError(f"{address}: broke off after {done:,} bytes; run again to go on from there")
