"""The routes: articles to rows, the model's card, health, and the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, get_args

import orjson

from saring import __version__
from saring.article import KeepLinks
from saring.batch.parts import Command
from saring.columns import Broken, kind_of
from saring.errors import MissingExtraError
from saring.io.formats import json_line
from saring.predict import Model
from saring.serve import openapi
from saring.serve.limits import PROBLEM_TYPE, Limits, Problem, problem_of_status
from saring.serve.pages import add_pages
from saring.serve.scorer import Scorer, Source
from saring.serve.security import Access, Application, Guard
from saring.serve.uploads import Uploads

try:
    from fastapi import FastAPI, Request, Response
    from fastapi.openapi.utils import get_openapi
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect
except ImportError as error:
    raise MissingExtraError("serve", "serving") from error

JSON = "application/json"
DEEPEST = 32  # levels of an article
LONG_BYTES = 1_000_000  # of a body that takes some milliseconds to read
# What of a card is not told: digests of rows, and what only files are checked with.
_UNTOLD = ("trained_on", "files", "format")


def make_app(model: Model, access: Access, limits: Limits, workers: int) -> Application:
    """Return the application; its worker processes start with it and end with it."""
    scorer, uploads = Scorer(model, limits, workers), Uploads(limits)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        scorer.start()
        yield
        await asyncio.to_thread(scorer.stop)
        uploads.close()

    app = FastAPI(
        title="saring",
        version=__version__,
        summary="Topics, teasers and clean text of Indonesian news articles.",
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        # Nothing is told to collectors, whatever the environment of the process says.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    _add_problems(app)
    _add_health(app, scorer)
    _add_articles(app, scorer)
    _describe(app, model)
    add_pages(app, scorer, uploads, access)
    return Guard(app, access, limits)


def _add_problems(app: FastAPI) -> None:
    """Answer whatever goes wrong with a problem."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return _answer(error)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        where = f"{request.method} {request.url.path[:200]}"
        return _answer(problem_of_status(error.status_code, where, error.headers or {}))

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> Response:
        return Response()  # that nobody reads

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        remedy = "see what the server's terminal says, and please report it"
        return _answer(Problem("broken", type(error).__name__, "an answer", remedy))


def _answer(problem: Problem) -> Response:
    return Response(orjson.dumps(problem.body()), problem.status, problem.headers, PROBLEM_TYPE)


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type=JSON)


def _add_health(app: FastAPI, scorer: Scorer) -> None:
    """Add what a supervisor asks, and the model's card."""
    status = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}

    @app.get("/healthz", summary="Whether the server runs", **openapi.json_route("It does", status))
    async def healthz() -> Response:
        return _json({"status": "ok"})

    @app.get("/readyz", summary="Whether a model can answer", **openapi.json_route("It can", status, "not-ready"))
    async def readyz() -> Response:
        if not scorer.ready:
            why = scorer.hindrance or "worker processes that are starting"
            raise Problem("not-ready", why, "one that can answer", "ask again in a moment", {"Retry-After": "1"})
        return _json({"status": "ok"})

    @app.get(
        "/v1/model",
        summary="Which model answers, and why",
        **openapi.json_route("Its card: name, version, topics, thresholds, figures", {"type": "object"}),
    )
    async def model() -> Response:
        return _json(card_of(scorer.model) | {"compiled": scorer.compiled})


def card_of(model: Model) -> dict[str, Any]:
    """Return a model's card without its arrays and digests, and why it is this model that answers."""
    card = {name: value for name, value in model.bundle.card.items() if name not in _UNTOLD}
    first = {"name": card["name"], "model_version": model.model_version, "why": model.why, "topics": model.topics}
    return first | card | {"tasks": model.bundle.tasks}


def _add_articles(app: FastAPI, scorer: Scorer) -> None:
    """Add the routes that turn articles to rows."""

    async def rows(request: Request, command: Command) -> Response:
        sources, keep_links = await _articles(request, scorer.limits)
        found = await scorer.rows(command, keep_links, sources, request.client.host if request.client else "")
        if openapi.LINES in request.headers.get("accept", ""):
            return Response(b"".join(row + b"\n" for row in found), media_type=openapi.LINES)
        return Response(b'{"rows":[' + b",".join(found) + b"]}", media_type=JSON)

    @app.post(
        "/v1/predict",
        summary="What the model says of articles",
        description="The rows of `saring predict --json`, one for each article, in order.",
        **openapi.rows_route("score", scorer.limits),
    )
    async def predict(request: Request) -> Response:
        return await rows(request, "score")

    @app.post(
        "/v1/clean",
        summary="Articles without teasers and boilerplate",
        description="The rows of `saring clean`, one for each article, in order.",
        **openapi.rows_route("clean", scorer.limits),
    )
    async def clean(request: Request) -> Response:
        return await rows(request, "clean")


async def _articles(request: Request, limits: Limits) -> tuple[Sequence[Source], KeepLinks]:
    """Return a request's articles and which links it keeps; Problem where its body is not as it should be."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        found = f"the content type {media_type[:100]!r}"
        raise Problem("media-type", found, JSON, f"send JSON with the header `Content-Type: {JSON}`")
    data = await request.body()
    # What takes long is read beside the loop, which answers others meanwhile.
    body = json_line(data) if len(data) < LONG_BYTES else await asyncio.to_thread(json_line, data)
    if isinstance(body, Broken):
        remedy = "check the body's syntax, and send it as UTF-8"
        raise Problem("no-json", body.error.partition(";")[0].removeprefix("found "), "an object in JSON", remedy)
    for name in body:
        if name not in ("articles", "keep_links"):
            raise _wrong(f"the field {name[:100]!r}", "articles and, optionally, keep_links")
    articles, keep_links = body.get("articles"), body.get("keep_links", "none")
    if not isinstance(articles, list) or not articles:
        found = "no articles" if articles in (None, []) else kind_of(articles)
        raise _wrong(f"{found} in `articles`", f"a list of 1 to {limits.rows:,} objects")
    if len(articles) > limits.rows:
        found, expected = f"{len(articles):,} articles", f"at most {limits.rows:,}"
        raise Problem("too-many-rows", found, expected, "send them in several requests, or use `saring score`")
    for number, article in enumerate(articles):
        _check_article(article, number)
    if keep_links not in get_args(KeepLinks):
        shown = repr(keep_links[:100]) if isinstance(keep_links, str) else kind_of(keep_links)
        raise _wrong(f"{shown} in `keep_links`", " or ".join(get_args(KeepLinks)))
    return articles, keep_links


def _check_article(article: object, number: int) -> None:
    if not isinstance(article, dict):
        raise _wrong(f"{kind_of(article)} at articles[{number}]", "an object with a text and what else is known")
    if _is_deeper(article, DEEPEST):
        raise _wrong(f"more than {DEEPEST} levels in articles[{number}]", "fields with texts, numbers or lists")


def _is_deeper(value: Any, levels: int) -> bool:
    """Return whether lists and objects stand in each other over more than so many levels."""
    if not isinstance(value, dict | list):
        return False
    return not levels or any(
        _is_deeper(one, levels - 1) for one in (value.values() if isinstance(value, dict) else value)
    )


def _wrong(found: str, expected: str) -> Problem:
    example = '{"articles": [{"title": "...", "text": "..."}], "keep_links": "none"}'
    return Problem("wrong-shape", found, expected, f"send {example}")


def _describe(app: FastAPI, model: Model) -> None:
    """Let the API's description have the schemas of the rows, which the model's topics belong to."""

    def described() -> dict[str, Any]:
        if not app.openapi_schema:
            found = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            found["components"] = {"schemas": openapi.components(model.topics)}
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
