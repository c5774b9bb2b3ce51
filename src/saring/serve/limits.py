"""What a request may cost, and what is said to one that cannot be answered: found, expected, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

PROBLEM_TYPE = "application/problem+json"  # RFC 9457


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the server takes on."""

    body_bytes: int = 20_000_000  # of one request
    rows: int = 1_000  # articles of one request
    body_seconds: float = 30.0  # that a request may take to arrive
    answer_seconds: float = 60.0  # that it may take to be answered once it is there
    article_seconds: float = 10.0  # that the model may work on one article
    requests: int = 512  # that are answered at once
    waiting_rows: int = 20_000  # of one client that wait for a worker
    arriving_bytes: int = 200_000_000  # of all requests that have not arrived whole


# What can be wrong: the name of the problem to its status and title.
PROBLEMS: Mapping[str, tuple[int, str]] = {
    "no-http": (400, "The request is no HTTP"),
    "no-json": (400, "The body is no JSON"),
    "bad-form": (400, "The form cannot be read"),
    "token": (401, "A token is needed"),
    "foreign-host": (403, "The request is for another host"),
    "foreign-page": (403, "The request comes from another site's page"),
    "no-such-path": (404, "There is nothing at this address"),
    "method": (405, "The address does not take this method"),
    "slow-body": (408, "The request took too long to arrive"),
    "too-large": (413, "The request is too large"),
    "too-many-rows": (413, "The request has too many articles"),
    "media-type": (415, "The body has another type than can be read"),
    "wrong-shape": (422, "The body has another shape than expected"),
    "too-many-requests": (429, "Too many articles of yours are waiting"),
    "broken": (500, "Answering failed"),
    "busy": (503, "The server is busy"),
    "not-ready": (503, "The server is not ready"),
    "too-slow": (504, "Answering took too long"),
}


class Problem(Exception):
    """A request that cannot be answered; `name` is one of `PROBLEMS`."""

    def __init__(self, name: str, found: str, expected: str, remedy: str, headers: Mapping[str, str] = {}) -> None:
        super().__init__(f"{name}: found {found}; expected {expected}; {remedy}")
        self.name, self.found, self.expected, self.remedy = name, found, expected, remedy
        self.status, self.title = PROBLEMS[name]
        self.headers = dict(headers)

    def body(self) -> dict[str, Any]:
        """Return what is answered, as RFC 9457 has it."""
        return {
            "type": f"urn:saring:problem:{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": f"found {self.found}; expected {self.expected}; {self.remedy}",
            "found": self.found,
            "expected": self.expected,
            "remedy": self.remedy,
        }


def problem_of_status(status: int, where: str, headers: Mapping[str, str] = {}) -> Problem:
    """Return the problem that the web framework found itself; `where` is the method and path."""
    if status == HTTPStatus.NOT_FOUND:
        return Problem("no-such-path", where, "one of the paths that /docs lists", "see GET /docs")
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = {name.lower(): value for name, value in headers.items()}.get("allow", "another method")
        return Problem("method", where, allowed, "see GET /docs", headers)
    return Problem("bad-form", f"a request that breaks off or is malformed ({where})", "a form", "send it anew")
