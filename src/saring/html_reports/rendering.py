"""Templates to pages: the one environment, in which whatever is filled in stays text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from saring.errors import MissingExtraError, visible

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: Any) -> str:
    """Return a page from a template and its values; MissingExtraError where Jinja is not installed.

    Titles and labels are other people's text: each becomes text of the page, whatever characters it has, and marks
    that would turn the page's own words around are shown instead of obeyed.
    """
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    """Return the templates of this package; a value that a template asks for and was not given is an error."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("train", "writing a page") from error
    return Environment(
        loader=PackageLoader("saring.html_reports"),
        autoescape=True,
        undefined=StrictUndefined,
        # What templates have made of values is Markup, and was seen to already.
        finalize=lambda value: visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
