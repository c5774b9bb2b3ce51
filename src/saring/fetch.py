"""Files from the web: fetched when the user asks, resumed where they broke off, checked."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from saring import __version__
from saring.atomic import appear, sync
from saring.errors import ConfigError, InputError

__all__ = ["check_sha256", "fetch", "is_address"]

SCHEMES = ("http", "https")
CHUNK_BYTES = 1 << 20
SILENCE_SECONDS = 60  # a server that sends nothing for so long sends nothing more
PARTIAL, NOTHING_FOLLOWS = 206, 416  # HTTP status, RFC 9110

Progress = Callable[[int, int], None]


def is_address(given: str) -> bool:
    """Return whether a source is a web address rather than a path."""
    return urlsplit(given).scheme.lower() in SCHEMES


def fetch(
    address: str,
    path: Path,
    sha256: str = "",
    progress: Progress = lambda done, total: None,
) -> str:
    """Return the SHA-256 of the file at an address, once it lies complete at `path`.

    What is there already is not fetched again. What an earlier run left in ``path.part`` is
    resumed.

    Parameters
    ----------
    address : str
        An http or https address.
    path : Path
        Where the file goes; it appears when it is complete and has the right checksum.
    sha256 : str
        Expected checksum; without one any complete file will do.
    progress : callable
        Called with the bytes that are there and those there will be, 0 when unknown.

    Raises
    ------
    InputError
        The server cannot be reached, refuses or breaks off, or the checksum differs.
    ConfigError
        The address is no web address, or the disk refuses.
    """
    if not is_address(address):
        raise ConfigError(f"{address}: no web address; expected http:// or https://")
    try:
        if path.exists():
            return check_sha256(path, sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        _complete(address, part, progress)
        try:
            digest = check_sha256(part, sha256)
        except InputError:
            part.unlink()  # or the next run would go on from it
            raise
        appear(part, path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); make room or name another place"
        ) from error
    return digest


def check_sha256(path: Path, expected: str = "") -> str:
    """Return the SHA-256 of a file's bytes, as 64 hex digits.

    Raises
    ------
    InputError
        It is not the expected one.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if expected and found != expected.lower():
        raise InputError(
            f"{path}: has SHA-256 {found}; expected {expected.lower()}; get the file anew, or give "
            "the checksum of this one if you trust it"
        )
    return found


def _complete(address: str, part: Path, progress: Progress) -> None:
    """Fetch what is missing of a file."""
    there = part.stat().st_size if part.exists() else 0
    response = _opened(address, there)
    if response is None:
        return
    with response:
        if response.status != PARTIAL:  # the server sends all of it, whatever was asked for
            there = 0
        total = there + int(response.headers.get("Content-Length") or 0)
        with part.open("ab" if there else "wb") as file:
            done = there
            while chunk := _read(response, address, done):
                file.write(chunk)
                done += len(chunk)
                progress(done, total)
            sync(file)
    if total > there and done < total:
        raise InputError(_broken_off(address, done))


def _opened(address: str, there: int) -> HTTPResponse | None:
    """Return the response with what follows the bytes that are there, None when nothing does."""
    request = urllib.request.Request(address, headers={"User-Agent": f"saring/{__version__}"})
    if there:
        request.add_header("Range", f"bytes={there}-")
    try:
        response: HTTPResponse = urllib.request.urlopen(request, timeout=SILENCE_SECONDS)
    except urllib.error.HTTPError as error:
        with error:
            if there and error.code == NOTHING_FOLLOWS:
                return None  # the checksum says whether what is there is the file
            reason = f"{error.code} {error.reason}"
    except (OSError, HTTPException) as error:
        reason = str(getattr(error, "reason", error) or type(error).__name__)
    else:
        return response
    raise InputError(
        f"{address}: cannot be fetched ({reason}); check the address and the network, or fetch "
        "the file some other way and give its path"
    )


def _read(response: HTTPResponse, address: str, done: int) -> bytes:
    """Return the next bytes, none at the end."""
    try:
        return response.read(CHUNK_BYTES)
    except (OSError, HTTPException) as error:
        raise InputError(_broken_off(address, done)) from error


def _broken_off(address: str, done: int) -> str:
    return f"{address}: broke off after {done:,} bytes; run again to go on from there"
