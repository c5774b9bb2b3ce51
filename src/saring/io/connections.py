"""What becomes of a request that failed: tried again, or told in words.

Libraries for object stores raise hundreds of errors. What tells them apart here are the names of their classes, and
the codes that servers answer with, in an error or in those that it came from.
"""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from saring.errors import LostConnectionError

T = TypeVar("T")

WAITS = (1.0, 4.0)  # seconds before each further try, give or take a quarter; libraries try several times each time
MAX_REASON_CHARS = 200
WEB = ("http", "https")  # protocols that give pages


class Facts(NamedTuple):
    """What is known of an object, a page or a folder before it is read."""

    is_folder: bool = False
    size: int | None = None  # in bytes; None where only reading would tell
    tag: str = ""  # changes with the content: an ETag or version; empty where the server gives none
    content_type: str = ""  # of a page


class Refused(OSError):
    """A server said no: `strerror` says in words what was found, `mend` what to do."""

    def __init__(self, found: str, mend: str) -> None:
        super().__init__(errno.EIO, found)
        self.mend = mend


class Absent(Refused):
    """There is no such object, folder, bucket or page."""


class Changed(Refused):
    """An object is there already, or is no longer the one that was begun with."""


# The first line of which an error has a sign tells what was found and what to do.
_REFUSALS: Sequence[tuple[type[Refused], frozenset[str], str, str]] = (
    (Absent, frozenset({"NoSuchBucket", "InvalidBucketName", "ContainerNotFound"}), "there is no such bucket",
     "check the bucket's name, and that AWS_ENDPOINT_URL and AWS_PROFILE are those of its account"),
    (Changed, frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "FileExpired", "FileExistsError",
                         "ResourceExistsError"}),
     "it was written meanwhile", "see that one run at a time writes it, and run again"),
    (Refused, frozenset({"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError", "GoogleAuthError",
                         "CredentialRetrievalError", "TokenRetrievalError", "UnauthorizedSSOTokenError",
                         "SSOTokenLoadError", "ProfileNotFound", "LoginRefreshRequired"}),
     "found no credentials", "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, log in with the "
     "provider's own program, or name an object that is public"),
    (Refused, frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "401",
                         "TokenRefreshRequired", "ExpiredTokenException"}),
     "the server does not accept the credentials", "check them, or log in anew"),
    (Refused, frozenset({"AccessDenied", "Forbidden", "403", "PermissionError", "AllAccessDisabled"}),
     "access is refused", "check the address, and that these credentials may read it, or write there"),
    (Absent, frozenset({"NoSuchKey", "NoSuchUpload", "404", "410", "FileNotFoundError", "ResourceNotFoundError",
                        "EntryNotFoundError", "RepositoryNotFoundError"}),
     "there is no such object or folder", "check the address"),
)  # fmt: skip
_TRANSIENT = frozenset({
    "EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "HTTPClientError", "ConnectionClosedError",
    "IncompleteRead", "IncompleteReadError", "ResponseStreamingError", "ClientPayloadError", "ClientConnectionError",
    "ResponseParserError", "FSTimeoutError", "TimeoutError", "ConnectionError", "ServiceRequestError", "gaierror",
    "TransportError", "RemoteDisconnected", "BadStatusLine", "SlowDown", "RequestTimeout", "InternalError",
    "ServiceUnavailable", "Throttling", "TooManyRequests", "RequestTimeTooSkewed", "OperationAborted", "IncompleteBody",
    "408", "425", "429", "500", "502", "503", "504",
})  # fmt: skip


def tried(action: Callable[[], T], place: str, waits: Sequence[float] | None = None) -> T:
    """Return what an action returns, which is tried again where the connection is to blame.

    `Refused` where the server says no, LostConnectionError where it did not answer after all tries.
    """
    waits = WAITS if waits is None else waits
    for wait in (*waits, None):
        try:
            return action()
        except (Refused, LostConnectionError):
            raise
        except Exception as error:  # of whatever library
            refusal = refused(error)
            if refusal:
                raise refusal from None
            if not _TRANSIENT & set(_signs(error)):
                raise Refused(_reason(error), "check the address") from error
            if wait is None:
                times = f" {len(waits) + 1} times" if waits else ""
                server = ", and whether AWS_ENDPOINT_URL names the server that is meant" if place[:2] == "s3" else ""
                raise LostConnectionError(
                    f"{place}: the connection failed{times} ({_reason(error)}); check the network{server}"
                ) from None
        time.sleep(wait * random.uniform(0.75, 1.25))
    raise AssertionError("the last try returns or raises")


def refused(error: BaseException) -> Refused | None:
    """Return what an error says in words if a server said no, None for any other."""
    signs = set(_signs(error))
    for kind, ours, found, mend in _REFUSALS:
        if ours & signs:
            code = next((sign for sign in sorted(signs & ours) if not sign.endswith("Error")), "")
            return kind(f"{found} ({code})" if code else found, mend)
    return None


def _signs(error: BaseException) -> Iterator[str]:
    """Yield what tells an error from others: names of classes, and codes, its causes' as well."""
    seen: BaseException | None = error
    while seen is not None:
        yield from (kind.__name__ for kind in type(seen).__mro__)
        response: Any = getattr(seen, "response", None)
        if isinstance(response, dict):  # botocore's
            yield str(response.get("Error", {}).get("Code", ""))
            yield str(response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
        yield from (str(getattr(seen, name, "")) for name in ("code", "status", "status_code"))
        reason = getattr(seen, "reason", None)  # urllib's
        seen = reason if isinstance(reason, BaseException) else seen.__cause__ or seen.__context__


def _reason(error: BaseException) -> str:
    """Return an error in a few words."""
    text = str(getattr(error, "reason", "") or getattr(error, "strerror", "") or error)
    return " ".join(text.split())[:MAX_REASON_CHARS] or type(error).__name__
