"""The parse room: a record's text to an `Article` of body, links and furniture.

    host; shape > word > tables > window > signs, echoes > runon
    needles > rules > markers
    rules > teaser > marks > box > links
    dateline, metadata > furniture > edges
    links, edges > engine

`needles` looks through a text for what `rules` need; `markers` loads those of markers.toml; `links`
finds teasers and `runon` where a headline ends that lost its line break; `furniture` finds what
portals print around an article, `edges` what stands in its first and last line.
"""

from saring.parse.engine import as_record, parse, parse_all, text_id

__all__ = ["as_record", "parse", "parse_all", "text_id"]
