"""What the API says of itself in OpenAPI: bodies, rows and problems, made from the tables that make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from saring.article import KeepLinks
from saring.columns import aliases
from saring.schema import CLEAN_COLUMNS, LINK_COLUMNS, Column, prediction_columns
from saring.serve.limits import PROBLEM_TYPE, PROBLEMS, Limits

_TYPES: Mapping[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "strings": {"type": "array", "items": {"type": "string"}},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
}
LINES = "application/x-ndjson"
_ROWS = {"score": ("Prediction", "the prediction row"), "clean": ("CleanArticle", "the clean article")}
_EXAMPLE = {
    "title": "Rupiah Menguat",
    "text": "Rupiah menguat terhadap dolar AS, kata Bank Indonesia.\nBaca Juga: Resep Sambal Terasi yang Bikin Nagih",
}


def row_schema(columns: Iterable[Column], description: str) -> dict[str, Any]:
    """Return the schema of a row with these columns."""
    properties = {}
    for column in columns:
        kind = dict(_TYPES[column.kind])
        if column.null:
            kind = {"anyOf": [kind, {"type": "null"}]}
        properties[column.name] = kind | {"description": column.meaning}
    return {
        "type": "object", "description": description, "properties": properties, "required": list(properties),
        "additionalProperties": False,
    }  # fmt: skip


def components(topics: Iterable[str]) -> dict[str, Any]:
    """Return the schemas that the routes refer to."""
    fields = ("type", "title", "detail", "found", "expected", "remedy")
    return {
        "Prediction": row_schema(prediction_columns(topics), "What the model says of an article"),
        "CleanArticle": row_schema(CLEAN_COLUMNS, "An article without teasers and boilerplate"),
        "Link": row_schema(LINK_COLUMNS, "A teaser within an article"),
        "Problem": {
            "type": "object",
            "description": "What was wrong: found, expected, what to do (RFC 9457)",
            "properties": {name: {"type": "string"} for name in fields} | {"status": {"type": "integer"}},
            "required": [*fields, "status"],
        },
    }


def problems(*names: str) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route to what can be wrong with a request."""
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    found: dict[int | str, dict[str, Any]] = {}
    for name in names:
        status, title = PROBLEMS[name]
        before = found.get(status, {}).get("description", "")
        found[status] = {"description": f"{before}; {title}".removeprefix("; "), "content": content}
    return found


ALWAYS = ("token", "foreign-host", "broken")  # what can be wrong with any request
OF_BODIES = (
    "no-json", "foreign-page", "slow-body", "too-large", "too-many-rows", "media-type", "wrong-shape",
    "too-many-requests", "busy", "not-ready", "too-slow",
)  # fmt: skip


def rows_route(command: str, limits: Limits) -> dict[str, Any]:
    """Return what FastAPI is told of a route that takes articles and gives their rows."""
    schema, what = _ROWS[command]
    row = {"$ref": f"#/components/schemas/{schema}"}
    names = "; ".join(f"`{field}`: {', '.join(names)}" for field, names in aliases().items())
    body = {
        "type": "object",
        "properties": {
            "articles": {
                "type": "array",
                "minItems": 1,
                "maxItems": limits.rows,
                "items": {"type": "object", "additionalProperties": True},
                "description": f"Rows with a text and what else is known, under any of the usual names. {names}. One "
                "that cannot be read keeps its row, with `error`.",
            },
            "keep_links": {
                "type": "string",
                "enum": list(get_args(KeepLinks)),
                "default": "none",
                "description": "Which links stay in the clean text",
            },
        },
        "required": ["articles"],
        "additionalProperties": False,
    }
    answer = {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": row}},
        "required": ["rows"],
        "additionalProperties": False,
    }
    content = {"application/json": {"schema": answer}, LINES: {"schema": {"type": "string"}}}
    return {
        "openapi_extra": {
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": body, "example": {"articles": [_EXAMPLE]}}},
            }
        },
        "responses": {
            200: {
                "description": f"For each article, in order, {what}; as JSON Lines where `Accept` asks for {LINES}",
                "content": content,
            },
            **problems(*ALWAYS, *OF_BODIES),
        },
    }


def json_route(description: str, schema: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return what FastAPI is told of a route that gives JSON; `names` are problems that it has of its own."""
    answer = {"description": description, "content": {"application/json": {"schema": dict(schema)}}}
    return {"responses": {200: answer, **problems(*ALWAYS, *names)}}


def operations(openapi: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each operation of an OpenAPI description as a page shows it."""
    found = []
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            bodies = operation.get("requestBody", {}).get("content", {})
            found.append({
                "name": f"{method.upper()} {path}",
                "id": f"{method}{path}".replace("/", "-"),
                "summary": operation.get("summary", ""),
                "description": operation.get("description", ""),
                "body": next((body["schema"]["properties"] for body in bodies.values()), {}),
                "answers": [(status, answer["description"]) for status, answer in operation["responses"].items()],
            })  # fmt: skip
    return found
