"""A record's text to an `Article` of body, links and boilerplate.

`engine` tells the story. `rules` loads markers.toml and tries a rule where its literals stand; `lines` tells headlines
from prose; `boilerplate` finds what portals print around an article, with `metadata` in it and `datelines` before it;
`teasers` finds teasers, and `headline_ends` where a headline ends that lost its line break, by the `words` behind its
marker.
"""
