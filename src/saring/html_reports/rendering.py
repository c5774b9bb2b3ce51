"""Templates to pages: the one environment, in which whatever is filled in stays text."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from saring.errors import MissingExtraError, visible
from saring.html_reports.language import OWN

if TYPE_CHECKING:
    from jinja2 import Environment


def check_ready() -> None:
    """Raise MissingExtraError where Jinja is not installed: before the work, not after it."""
    _environment(OWN)


def render(template: str, package: str = OWN, **values: Any) -> str:
    """Return a page from a template and its values; MissingExtraError where Jinja is not installed.

    Templates of another package can extend and import those of this one.

    Titles and labels are other people's text: each becomes text of the page, whatever characters it has, and marks
    that would turn the page's own words around are shown instead of obeyed.
    """
    return _environment(package).get_template(template).render(**values)


def code_hash(code: str) -> str:
    """Return how a content-security policy names a script or style that stands in the page."""
    return f"sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}"


@cache
def _environment(package: str) -> Environment:
    """Return the templates of a package and of this one; a value that is asked for and was not given is an error."""
    try:
        from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("report", "writing a page") from error
    return Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, OWN))]),
        autoescape=True,
        undefined=StrictUndefined,
        # What templates have made of values is Markup, and was seen to already.
        finalize=lambda value: visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
