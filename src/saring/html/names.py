"""What the names say that portals give to the elements of a page; the names are data, in pages.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

NAMES_KEPT = 1 << 14  # a portal's pages share their names
BOILERPLATE_SHARE = 0.4  # an element with more of the page's prose than this is no boilerplate
COMMENTS_SHARE = 0.9  # the same for comments, which may outweigh a short article

STYLES_KEPT = 256
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BRACES = re.compile(r"([^{}]*)([{}])")
_DISPLAY = re.compile(r"(?:^|[;\s])display\s*:\s*([\w-]+)", re.IGNORECASE)
_NAME = re.compile(r"[.#][\w-]+")
_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")


class Named(NamedTuple):
    """What the names of an element say of it."""

    share: float  # below what share of the page's prose it is boilerplate; 0 for never
    is_box: bool  # it holds teasers
    bodies: frozenset[str]  # which names of an article's container it has
    is_hidden: bool  # one of its classes hides it from all readers
    unfolds: bool  # it hides what a reader unfolds
    selectors: tuple[str, ...]  # its classes and id as a style sheet says them (".a", "#b")
    classes: str | None
    says: bool  # whether any of the first three does


@cache
def page_rules() -> dict[str, Any]:
    """Return pages.toml, read once."""
    return tomllib.loads(files("saring.html").joinpath("pages.toml").read_text("utf-8"))


@cache
def body_names() -> tuple[str, ...]:
    """Return the names of the containers that hold an article, the surest first."""
    rules = page_rules()["body"]
    return (*("itemprop=" + value for value in rules["itemprop"]), *rules["names"])


@lru_cache(maxsize=NAMES_KEPT)
def named(tag: str, classes: str | None = None, id_: str | None = None, itemprop: str | None = None) -> Named:
    """Return what the tag, the classes, the id and the itemprop of an element say of it."""
    rules = page_rules()
    names = f"{classes or ''} {id_ or ''}"
    words = {word.lower() for name in names.split() for word in _WORD_BREAK.split(name)}
    share = BOILERPLATE_SHARE if tag in rules["boilerplate"]["tags"] else 0.0
    if not words.isdisjoint(rules["boilerplate"]["words"]):
        share = BOILERPLATE_SHARE
    if not words.isdisjoint(rules["boilerplate"]["sure"]):
        share = COMMENTS_SHARE
    hiding, own = rules["hidden"], (classes or "").lower().split()
    is_shown = any(re.search(hiding["shown"], name) for name in own)
    selectors = (*[f".{name}" for name in (classes or "").split()], f"#{id_ or ''}")
    is_box = any(re.search(box, names, re.IGNORECASE) for box in rules["teaser"]["boxes"])
    bodies = frozenset({*names.lower().split(), f"itemprop={(itemprop or '').lower()}"}.intersection(body_names()))
    return Named(
        share,
        is_box,
        bodies,
        is_hidden=not is_shown and not set(own).isdisjoint(hiding["classes"]),
        unfolds=re.search(hiding["unfolded"], " ".join(selectors), re.IGNORECASE) is not None,
        selectors=selectors,
        classes=classes,
        says=bool(share or is_box or bodies),
    )


@lru_cache(maxsize=STYLES_KEPT)
def hidden_by(style: str) -> Mapping[str, bool]:
    """Return which elements a style sheet hides, by class (".a") or id ("#b"), leaving out media and states."""
    found: dict[str, bool] = {}
    depth, selectors = 0, ""
    for brace in _BRACES.finditer(_CSS_COMMENT.sub("", style)):
        if brace[2] == "{":
            if depth == 0:
                selectors = brace[1]
            depth += 1
            continue
        depth = max(0, depth - 1)
        if depth == 0 and (display := _DISPLAY.search(brace[1])):
            found |= {
                name: display[1].lower() == "none"
                for name in map(str.strip, selectors.split(","))
                if _NAME.fullmatch(name)
            }
            selectors = ""
    return found
