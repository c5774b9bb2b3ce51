"""Every error saring raises on purpose.

A message names the place (file, row, column), what was found, what was expected and what to do.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Python keeps a byte of a name that is not UTF-8 as one of these; no file can hold them.
_SURROGATES = re.compile("[\ud800-\udfff]")
# The user's name and password in an address, and what servers take for a password in a query.
_SECRETS = re.compile(
    r"(?<=://)(?:[^\s:/@?#]*:(?!\d*/)\S*|[^\s/?#]*)@"
    r"|(?<=[?&;])((?:password|passwd|pwd|secret|token|key|apikey|sig|signature|[\w-]+[_-](?:key|token|signature))=)[^\s&;#]+",
    re.IGNORECASE,
)


# What a terminal or a browser obeys: C0 but tab and newline, DEL and C1; marks of direction and of line ends.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]")


def masked(text: str) -> str:
    """Return a text without the users' names, passwords and keys of the addresses in it.

    >>> masked("postgresql://me:secret@host/db and https://host/x?token=abc")
    'postgresql://***@host/db and https://host/x?token=***'
    """
    return _SECRETS.sub(lambda found: f"{found[1]}***" if found[1] else "***@", text)


def path_text(path: str | Path) -> str:
    r"""Return a path as it is written into rows and messages: what is not UTF-8 as ``\xe9``.

    The text says which file is meant; it does not open it.

    >>> path_text("caf\udce9.html")
    'caf\\xe9.html'
    """

    def escaped(surrogate: re.Match[str]) -> str:
        number = ord(surrogate[0])
        return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else f"\\u{number:04x}"

    return _SURROGATES.sub(escaped, str(path))


def visible(text: str) -> str:
    r"""Return a text with what a terminal or a browser would obey written as Python escapes.

    >>> visible("a title\x1b]0;b\x07")
    'a title\\x1b]0;b\\x07'
    """
    return OBEYED.sub(lambda found: ascii(found[0])[1:-1], path_text(text))


NO_ROWS = "holds no rows; expected at least one article"  # of an input


def visible_json(row: Mapping[str, Any]) -> bytes:
    r"""Return a row as JSON in one line; what a terminal would obey is escaped, though JSON lets it stand.

    >>> visible_json({"title": "a\u202eb"})
    b'{"title":"a\\u202eb"}'
    """
    import orjson

    text = orjson.dumps(row).decode()
    return OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


class SaringError(Exception):
    """Base of every error saring raises on purpose; caught once, in `cli.main`.

    Its message can be written anywhere, whatever paths and addresses it names.
    """

    def __init__(self, message: str) -> None:
        super().__init__(masked(path_text(message)))


class InputError(SaringError):
    """An input file, row, column or page cannot be read."""


class LostConnectionError(SaringError):
    """A server does not answer, after several tries; a run that it ends is gone on with by the same command."""


class ConfigError(SaringError):
    """A setting is unknown, of the wrong type or out of range, or a place cannot be written to."""


class UsageError(ConfigError):
    """An option is wrong whatever the files hold; told as wrong use by `cli.main`."""


class CorpusError(SaringError):
    """A labelled corpus breaks its contract: labels, links or split."""


class BundleError(SaringError):
    """A model bundle is missing, damaged, tampered with or of another version."""


class MissingExtraError(SaringError):
    """An optional part of saring is needed and not installed.

    `extra` is its name in pyproject.toml; the message names its packages. `purpose` begins the message: "reading HTML".
    """

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs an optional part: {install_hint(extra)} and try again")
        self.extra = extra


class NotNotedWarning(UserWarning):
    """What was asked for is done, but MLflow, which should have noted it, did not answer or refused."""


def install_hint(extra: str) -> str:
    """Return the command that installs an extra where saring is installed, and the packages that this comes to."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        wanted = [line.split(";") for line in requires("saring") or ()]
    except PackageNotFoundError:  # saring's source alone is on the path
        return f"install the packages of `{extra}` in its pyproject.toml"
    mark = re.compile(rf"""extra == ["']{extra}["']""")
    packages = [name.strip() for name, *marker in wanted if mark.search("".join(marker))]
    return f"""pip install "saring[{extra}]" (which is: pip install {" ".join(map(shlex.quote, packages))})"""
