"""Objects by their addresses: ``s3://bucket/key``, ``gs://``, ``az://``, ``hf://``, and web pages by ``https://``.

An `Address` has those methods of a `Path` that reading and writing need, so that few places ask which of the two they
have. Object stores are reached by fsspec (extra "remote"), which is imported when an address is given; where they are
and who asks, the usual environment variables and files say (AWS_PROFILE, AWS_ENDPOINT_URL, ...).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, NoReturn, Self, cast
from urllib.parse import urlsplit

from saring.errors import ConfigError, MissingExtraError, UsageError, masked
from saring.io.connections import WEB, Absent, Changed, Facts, Refused, T, tried
from saring.io.streams import Plain

WRITABLE = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss")
OBJECTS = (*WRITABLE, "hf")
PROTOCOLS = (*OBJECTS, *WEB)
_PACKAGES = {**dict.fromkeys(("az", "abfs", "abfss"), "adlfs"), "hf": "huggingface_hub"}  # that the extra has not
WHOLE_BYTES = 1 << 20  # an object of no more is fetched at once
FIRST_BYTES, MOST_BYTES = 1 << 18, 1 << 23  # of a longer one are fetched at first, and at a time once it is read on

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_COLLAPSED = re.compile(rf"({'|'.join(PROTOCOLS)}):/(?!/)")
# What a file system calls the sign by which it knows one content of an object from another.
_TAGS = ("ETag", "etag", "generation", "version_id", "blob_id", "md5Hash", "LastModified", "last_modified", "updated")


def place(given: str | Path | Address) -> Path | Address:
    """Return the address or path that somebody named; UsageError for an address of another kind."""
    if isinstance(given, Address):
        return given
    text = given.as_posix() if isinstance(given, Path) else given
    if (found := _COLLAPSED.match(text)) and not Path(given).exists():
        as_text = ", as a text and no Path" if isinstance(given, Path) else ""
        raise UsageError(f"{given}: expected two slashes in an address: {found[1]}://...{as_text}")
    if isinstance(given, Path):
        return given
    found = _ADDRESS.match(given)
    if not found:
        return Path(given)
    if found[1].lower() not in PROTOCOLS:
        raise UsageError(f"{given}: found an address by {found[1]}; expected one of {', '.join(PROTOCOLS)}, or a path")
    return Address(given)


@dataclass(frozen=True, slots=True)
class Address:
    """Where an object, a page, or a folder of objects is; its methods are those of a `Path`."""

    text: str
    known: Facts | None = field(default=None, compare=False)  # as the listing told that it is from

    def __str__(self) -> str:
        return masked(self.text)

    @property
    def protocol(self) -> str:
        """The letters before ``://``."""
        return self.text.partition("://")[0].lower()

    @property
    def is_web(self) -> bool:
        """Whether it is a web address."""
        return self.protocol in WEB

    @property
    def _parts(self) -> tuple[str, str]:
        """What stands before the name, and the name."""
        scheme, _, rest = self.text.partition("://")
        if self.is_web:
            rest = urlsplit(self.text).path
        before, _, name = rest.rstrip("/").rpartition("/")
        return f"{scheme}://{before}", name

    @property
    def name(self) -> str:
        """The last part of it."""
        return self._parts[1]

    @property
    def suffix(self) -> str:
        """The last suffix of its name."""
        return Path(self.name).suffix

    @property
    def parent(self) -> Address:
        """What it lies in."""
        return Address(self._parts[0])

    def __truediv__(self, name: str) -> Address:
        return Address(f"{self.text.rstrip('/')}/{name}")

    def is_within(self, other: Address) -> bool:
        """Return whether it is another address or lies in it, as in a folder."""
        return f"{self.text.rstrip('/')}/".startswith(f"{other.text.rstrip('/')}/")

    def facts(self) -> Facts:
        """Return what is known of it, asked now; `Absent` where there is nothing."""
        if self.is_web:
            from saring.io.web import facts

            return facts(self.text)
        return _facts(self._request(lambda files, path: files.info(path)))

    def exists(self) -> bool:
        """Return whether there is something."""
        try:
            self.facts()
        except Absent:
            return False
        return True

    def is_file(self) -> bool:
        """Return whether there is an object or a page."""
        try:
            return not (self.known or self.facts()).is_folder
        except Absent:
            return False

    def iterdir(self) -> Iterator[Address]:
        """Yield what is in a folder, sorted by name, nothing where there is no such folder."""
        try:
            entries = self._request(lambda files, path: files.ls(path, detail=True))
        except Absent:
            return
        here = self.located()
        found = {entry["name"].rstrip("/").rpartition("/")[2]: entry for entry in entries if entry["name"] != here}
        for name in sorted(filter(None, found)):
            yield Address((self / name).text, _facts(found[name]))

    def open(self) -> IO[bytes]:
        """Return its bytes from front to back; a read that breaks is gone on with where the content is the same."""
        if self.is_web:
            from saring.io.web import WebReader

            return cast("IO[bytes]", WebReader(self.text))
        facts = self.known or self.facts()
        if facts.is_folder:
            raise Absent("there is a folder, and no object of this name", "check the address")
        if facts.size is not None and facts.size <= WHOLE_BYTES:
            data: bytes = self._request(lambda files, path: files.cat_file(path))
            if len(data) != facts.size:
                raise Changed(f"it has {len(data):,} bytes and had {facts.size:,}", "run again once nobody writes it")
            return io.BytesIO(data)
        return cast("IO[bytes]", Plain(_ranges(self.seekable(facts))))

    def seekable(self, facts: Facts | None = None) -> ObjectReader:
        """Return the bytes as a file that can be sought, and fetches what is read of it; OSError where it cannot."""
        if self.is_web:
            raise io.UnsupportedOperation("a page is read from front to back")
        return ObjectReader(self, facts or self.known or self.facts())

    def read_bytes(self) -> bytes:
        """Return the bytes."""
        if self.is_web:
            with self.open() as file:
                return file.read()
        found: bytes = self._request(lambda files, path: files.cat_file(path))
        return found

    def write_bytes(self, data: bytes, *, new: bool = False, instead_of: str = "", once: bool = False) -> None:
        """Put an object, at once and whole; tried `once` where it is not worth waiting for.

        `Changed` where there is one and it shall be `new`, or its tag is not the one it shall stand `instead_of`,
        as far as the store can tell.
        """
        more: dict[str, Any] = {}
        if self.protocol in ("s3", "s3a"):
            more = {"IfMatch": instead_of} if instead_of else {"mode": "create"} if new else {}
        elif (new or instead_of) and self.exists() and (new or self.facts().tag != instead_of):
            raise Changed("it was written meanwhile", "see that one run at a time writes it, and run again")
        self._request(lambda files, path: files.pipe_file(path, data, **more), writes=True, once=once)

    def put(self, file: IO[bytes], *, new: bool) -> None:
        """Put what a named file holds, in several requests if it is long; the object is there once all have come."""
        more = {"mode": "create"} if new and self.protocol in ("s3", "s3a", "gs", "gcs") else {}
        self._request(lambda files, path: files.put_file(file.name, path, **more), writes=True)

    def unlink(self, *, missing_ok: bool = False, once: bool = False) -> None:
        """Remove an object; tried `once` where it is not worth waiting for."""
        try:
            self._request(lambda files, path: files.rm_file(path), writes=True, once=once)
        except Absent:
            if not missing_ok:
                raise

    def mkdir(self, *, parents: bool = True, exist_ok: bool = True) -> None:
        """Do nothing: objects need no folders."""

    def rmdir(self) -> None:
        """Do nothing: a folder without objects is not there."""

    def located(self) -> str:
        """Return where it is for its file system: ``bucket/key``; MissingExtraError without the extra "remote"."""
        return str(_store(self.protocol, False)._strip_protocol(self.text))

    def _request(self, action: Callable[[Any, str], T], *, writes: bool = False, once: bool = False) -> T:
        """Return what a file system answers; without credentials it is asked for what is public."""
        if self.is_web:
            raise Refused("a web address can only be read", "name a file, or an object as in s3://bucket/rows.jsonl")
        if "@" in self.text.partition("://")[2].partition("/")[0] and self.protocol != "hf":
            raise UsageError(
                f"{self}: found a name or password in the address; expected {self.protocol}://BUCKET/KEY: set "
                "AWS_PROFILE or the like"
            )
        path = self.located()
        waits = () if once or self.protocol in ("gs", "gcs") else None  # gcsfs has tries of its own
        try:
            return tried(lambda: action(_store(self.protocol, False), path), str(self), waits)
        except Refused as refusal:
            if writes or "credentials" not in str(refusal.strerror) or self.protocol not in ("s3", "s3a"):
                raise
            try:
                return tried(lambda: action(_store(self.protocol, True), path), str(self))
            except (Absent, Changed):
                raise
            except Refused:
                raise refusal from None


@cache
def _store(protocol: str, anonymous: bool) -> Any:
    """Return the file system of a protocol."""
    import logging

    try:
        import fsspec

        options: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}
        if protocol in ("s3", "s3a"):
            options |= {"anon": anonymous, "fixed_upload_size": True}
        files = fsspec.filesystem(protocol, **options)
    except ImportError as error:
        if package := _PACKAGES.get(protocol):
            raise ConfigError(f"{protocol}:// needs a package ({error}): pip install fsspec {package}") from None
        raise MissingExtraError("remote", f"reading and writing {protocol}://") from None
    if protocol in ("s3", "s3a"):
        files.retries = 1  # beside those of `tried` and of AWS_MAX_ATTEMPTS
    logging.getLogger("gcsfs").setLevel(logging.CRITICAL)  # it prints each try with its traceback
    return files


def _facts(info: dict[str, Any]) -> Facts:
    """Return what a file system tells of an object."""
    tag = next((str(info[name]) for name in _TAGS if info.get(name)), "")
    return Facts(info["type"] == "directory", info.get("size"), tag)


class ObjectReader(io.RawIOBase):
    """An object that can be sought: whatever is read is fetched, and no more; `Changed` if another content is there."""

    def __init__(self, address: Address, facts: Facts) -> None:
        self._address, self._tag = address, facts.tag
        self._at = 0
        self._file: Any = address._request(lambda files, path: files.open(path, "rb", cache_type="none"))
        self._size = int(self._file.size)
        if _facts(self._file.details | {"type": "file"}).tag not in ("", facts.tag):
            self._changed()

    def _changed(self) -> NoReturn:
        raise Changed("it was written anew meanwhile", "run again once nobody writes it")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be sought."""
        return True

    def tell(self) -> int:
        """Return where the next bytes are."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def fetched(self, size: int) -> bytes:
        """Return the next bytes; fewer at the end alone."""
        size = min(size, self._size - self._at)
        if size <= 0:
            return b""

        def fetch() -> bytes:
            self._file.seek(self._at)
            data: bytes = self._file.read(size)
            if len(data) < size:
                raise TimeoutError(f"{len(data):,} bytes came of {size:,}")
            return data

        data = tried(fetch, str(self._address))
        self._at += len(data)
        # S3 is asked for bytes of this very content; of other stores none was fetched before the last one.
        if self._at == self._size and self._address.facts().tag != self._tag:
            self._changed()
        return data

    def readinto(self, buffer: Any) -> int:
        """Put the next bytes into a buffer and return how many."""
        data = self.fetched(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _ranges(reader: ObjectReader) -> Iterator[bytes]:
    """Yield an object from front to back, in ranges that grow."""
    size = FIRST_BYTES
    while data := reader.fetched(size):
        yield data
        size = min(MOST_BYTES, 4 * size)


class AddressAside:
    """An output that is written into a temporary file and put to its address when it is complete; as `atomic.Aside`."""

    def __init__(self, address: Address) -> None:
        self.path = address
        self.file: IO[bytes] = NamedTemporaryFile("wb", prefix="saring-")  # noqa: SIM115 - closed by `__exit__`

    def appear(self, *, new: bool = False) -> None:
        """Put the object, in place of an older one unless it shall be `new`."""
        self.file.flush()
        self.path.put(self.file, new=new)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()


Place = Path | Address
