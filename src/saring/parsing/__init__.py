"""A record's text to an `Article` of body, links and boilerplate.

    words > window > headline_ends; rules > teasers; metadata > boilerplate
    teasers, boilerplate > engine

`rules` loads markers.toml and tries each rule where its literals occur; `teasers` finds teasers and
`headline_ends` where a headline ends that lost its line break; `boilerplate` finds what portals
print around an article.
"""
