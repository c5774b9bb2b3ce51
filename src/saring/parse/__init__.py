"""The parse room: a record's text to an `Article` of body, links and furniture.

    shape > word > window > signs > runon
    markers > teaser > marks > box > links
    dateline, metadata > furniture
    links, furniture > engine

`markers` loads the rules of markers.toml; `links` finds teasers and `runon` where a headline ends
that lost its line break; `furniture` finds what portals print around an article.
"""

from saring.parse.engine import parse, text_id

__all__ = ["parse", "text_id"]
