"""The page on which a person tries articles, with a script and without one; the API's page; the page for the token."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.resources import files
from typing import Any, get_args

import orjson

from saring.article import KeepLinks, Record
from saring.errors import MissingExtraError
from saring.html_reports.language import LANGUAGES, Language
from saring.html_reports.rendering import render
from saring.io.writers import SUFFIXES
from saring.schema import CLEAN_COLUMNS, KINDS, LINK_COLUMNS, kinds, prediction_columns
from saring.serve.limits import Limits, Problem
from saring.serve.openapi import LINES, operations
from saring.serve.scorer import Scorer
from saring.serve.security import COOKIE, Access, page_policy
from saring.serve.shown_article import listed, shown, total
from saring.serve.uploads import Uploads

try:
    from fastapi import FastAPI, Request, Response
    from python_multipart.multipart import parse_options_header
    from starlette.datastructures import FormData, UploadFile
    from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
except ImportError as error:
    raise MissingExtraError("serve", "serving") from error

PACKAGE = "saring.serve"
ANSWERS = {"page": "", "jsonl": LINES, "csv": "text/csv"}
OPENED = 50  # articles of a table that can be opened on the page
OPENED_CHARS = 1_000_000  # all together; more makes a page that browsers are slow to show
FORM_FIELDS = 20
TOKEN_BYTES = 4_096
COOKIE_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gave, as the form shows it again."""

    title: str = ""
    text: str = ""
    keep_links: KeepLinks = "none"
    answer: str = "page"
    file: tuple[str, bytes] | None = None


class Pages:
    """Makes pages; `scorer` answers, `uploads` reads what was given."""

    def __init__(self, scorer: Scorer, uploads: Uploads) -> None:
        self.scorer, self.uploads = scorer, uploads

    def front(
        self,
        say: Language,
        given: Given,
        records: Sequence[Record] = (),
        rows: Sequence[bytes] = (),
        problem: Problem | None = None,
    ) -> str:
        """Return the page with the form and, below it, what was found or what is wrong."""
        model = self.scorer.model
        values = [orjson.loads(row) for row in rows]
        opened = [
            shown(number, record, row, say)
            for number, (record, row) in enumerate(zip(_few(records), values, strict=False), 1)
        ]
        version = model.model_version
        return render(
            "try.html",
            PACKAGE,
            say=say,
            other=next(name for name in LANGUAGES if name != say.name),
            model=say("model_answers", name=model.bundle.card["name"], version=version),
            given=given,
            limits=_in_words(self.scorer.limits),
            keeps=get_args(KeepLinks),
            answers=ANSWERS,
            rows=[listed(row, say) for row in values] if len(values) > 1 else [],
            total=total(values, say) if len(values) > 1 else "",
            shown=opened,
            problem=problem,
            script=_script(),
        )

    async def answered(self, say: Language, given: Given, client: str) -> Response:
        """Return the answer to a form: a page, or a file of rows."""
        if given.file:
            records = await asyncio.to_thread(self.uploads.file, *given.file)
        else:
            records = await asyncio.to_thread(self.uploads.pasted, given.title, given.text)
        if given.answer == "page" and len(records) == 1 and len(records[0].text) > OPENED_CHARS:
            found, expected = (
                f"an article of {len(records[0].text):,} characters",
                f"at most {OPENED_CHARS:,} on a page",
            )
            raise Problem("too-large", found, expected, "let the answer be a file, or use the API")
        rows = await self.scorer.rows("score", given.keep_links, records, client)
        if given.answer == "page":
            page = await asyncio.to_thread(self.front, say, given, records, rows)
            return page_of(page)
        columns = kinds(prediction_columns(self.scorer.model.topics))
        suffix = f".{given.answer}"
        format = SUFFIXES[suffix](columns)
        body = format.start() + format.part([orjson.loads(row) for row in rows])
        headers = {"Content-Disposition": f'attachment; filename="saring{suffix}"'}
        return Response(body, headers=headers, media_type=ANSWERS[given.answer])


def _in_words(limits: Limits) -> dict[str, int]:
    """Return the limits that the page tells a person."""
    return {"n": limits.rows, "mb": limits.body_bytes // 1_000_000, "chars": OPENED_CHARS}


def add_pages(app: FastAPI, scorer: Scorer, uploads: Uploads, access: Access) -> None:
    """Add the pages to the application."""
    pages = Pages(scorer, uploads)

    @app.get("/", include_in_schema=False)
    async def front(request: Request) -> Response:
        return page_of(pages.front(language_of(request), Given()))

    @app.post("/", include_in_schema=False)
    async def ask(request: Request) -> Response:
        say, given = language_of(request), Given()
        try:
            async with _form(request, scorer.limits.body_bytes) as form:
                given = await _given(form)
            return await pages.answered(say, given, request.client.host if request.client else "")
        except Problem as problem:
            return page_of(pages.front(say, given, problem=problem), problem.status, problem.headers)

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        tables = {
            "Prediction row": prediction_columns(scorer.model.topics),
            "A link, in the column links": LINK_COLUMNS,
            "Clean article": CLEAN_COLUMNS,
        }
        return page_of(
            render(
                "api.html", PACKAGE, say=language_of(request), operations=operations(app.openapi()), tables=tables,
                kinds=KINDS, limits=scorer.limits, summary=app.summary, address=str(request.base_url),
            )
        )  # fmt: skip

    _add_login(app, access)


def _add_login(app: FastAPI, access: Access) -> None:
    """Add the page on which a person types in the token."""

    def login_page(say: Language, *, wrong: bool) -> Response:
        return page_of(render("login.html", PACKAGE, say=say, wrong=wrong), 401 if wrong else 200)

    @app.get("/login", include_in_schema=False)
    async def login(request: Request) -> Response:
        return login_page(language_of(request), wrong=False)

    @app.post("/login", include_in_schema=False)
    async def enter(request: Request) -> Response:
        async with _form(request, TOKEN_BYTES) as form:
            token = str(form.get("token", ""))
        if access.token and not access.has_token(token):
            return login_page(language_of(request), wrong=True)
        answer = Response(status_code=303, headers={"Location": "/"})
        if access.token:
            secure = request.url.scheme == "https"
            answer.set_cookie(COOKIE, access.cookie(), COOKIE_SECONDS, httponly=True, samesite="strict", secure=secure)
        return answer


def page_of(html: str, status: int = 200, headers: Mapping[str, str] = {}) -> Response:
    """Return a page with the policy under which a browser shows it."""
    return Response(html, status, {**headers, "Content-Security-Policy": policy()}, "text/html")


@cache
def policy() -> str:
    """Return the content-security policy of all pages: the one style, the one script, nothing from elsewhere."""
    page = render("login.html", PACKAGE, say=Language("en", PACKAGE), wrong=False)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    return f"{page_policy(_script(), styles)}; img-src data:"


@cache
def _script() -> str:
    """Return the script of the page, which works without it."""
    return files(PACKAGE).joinpath("templates/serve.js").read_text("utf-8").strip()


@cache
def example() -> str:
    """Return an article to try, made up for saring."""
    return files(PACKAGE).joinpath("example.txt").read_text("utf-8").strip()


def language_of(request: Request) -> Language:
    """Return the language to answer in: of ``?lang=``, or else the one that the browser likes best."""
    name = request.query_params.get("lang", "")
    if name not in LANGUAGES:
        name = preferred(request.headers.get("accept-language", ""))
    return Language(name, PACKAGE)


def preferred(accepted: str) -> str:
    """Return the language that an Accept-Language header likes best of those that the page has, else English.

    >>> preferred("id-ID,id;q=0.9,en;q=0.5"), preferred("en-GB, id;q=0.1"), preferred("fr"), preferred("in;q=x")
    ('id', 'en', 'en', 'en')
    """
    best, found = 0.0, "en"
    for part in accepted.split(","):
        tag, _, weight = part.strip().lower().partition(";q=")
        name = tag.split("-")[0]
        try:
            liking = float(weight or 1)
        except ValueError:
            continue
        if name in LANGUAGES and liking > best:
            best, found = liking, name
    return found


class _Multipart(MultiPartParser):
    """Reads a form, with its file in memory: what a person gives is written to no disk."""

    spool_max_size = sys.maxsize


@asynccontextmanager
async def _form(request: Request, most_bytes: int) -> AsyncIterator[FormData]:
    """Yield a request's form; Problem where there is none, or where it is in other letters than UTF-8."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    parsers: Mapping[bytes, Callable[..., MultiPartParser | FormParser]] = {
        b"multipart/form-data": partial(_Multipart, max_files=1),
        b"application/x-www-form-urlencoded": FormParser,
    }
    if kind not in parsers or options.get(b"charset", b"utf-8").lower() != b"utf-8":
        found = repr(request.headers.get("content-type", "")[:100])
        raise Problem("media-type", f"the content type {found}", "a form in UTF-8", "send it from this page")
    try:
        async with aclosing(request.stream()) as stream:
            parser = parsers[kind](request.headers, stream, max_fields=FORM_FIELDS, max_part_size=most_bytes)
            form = await parser.parse()
    except MultiPartException as error:
        remedy = "send it from this page"
        raise Problem("bad-form", error.message, "the fields of this page's form", remedy) from None
    try:
        yield form
    finally:
        await form.close()


async def _given(form: FormData) -> Given:
    """Return what a form holds; fields that are not there are empty."""
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    given = Given(texts.get("title", "").strip(), texts.get("text", "").replace("\r\n", "\n"))
    keep_links: Any = texts.get("keep_links", "none")
    answer = texts.get("answer", "page")
    if keep_links not in get_args(KeepLinks) or answer not in ANSWERS:
        raise Problem(
            "wrong-shape",
            f"keep_links={keep_links[:50]!r}, answer={answer[:50]!r}",
            f"{' or '.join(get_args(KeepLinks))}; {' or '.join(ANSWERS)}",
            "send the form from this page",
        )
    given = replace(given, keep_links=keep_links, answer=answer)
    if texts.get("example"):
        return replace(given, title="", text=example(), answer="page")
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        return replace(given, file=(file.filename, await file.read()))
    if not (given.title or given.text.strip()):
        raise Problem("wrong-shape", "neither a text nor a file", "an article", "paste one, or show the example")
    return given


def _few(records: Sequence[Record]) -> Sequence[Record]:
    """Return the records that can be opened on the page."""
    chars = 0
    for number, record in enumerate(records[:OPENED]):
        chars += len(record.text)
        if chars > OPENED_CHARS:
            return records[:number]
    return records[:OPENED]
