"""Who published an article: one name for a portal, however it is printed.

A portal is named by its registrable domain: `antaranews.com`, `otomotif.antaranews.com` and
`Antara News` are all ``antaranews.com``. publishers.toml knows what portals print of themselves; a
name that it does not know, beside an address that tells nothing, stays as it is printed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

KEPT_NAMES = 1 << 13  # many articles are of few portals
MIN_NAME_CHARS = 4  # so much of a name must be that of the domain beside it

_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*:)?(?P<slashes>//)?(?:[^/?#@\s]*@)?"
    r"(?P<host>[\w-]+(?:\.[\w-]+)+)\.?(?::\d*)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//\S+", re.IGNORECASE)  # an address among words


class PublisherNames(NamedTuple):
    """What publishers.toml says; a name's key is `_key` of what is printed."""

    by_name: Mapping[str, str]  # domain by a name's key
    by_domain: Mapping[str, str]  # domain by itself and by the portal's other domains
    suffixes: Mapping[str, Any]
    names: Mapping[str, Any]


def canonical_publisher(printed: str, url: str = "") -> str:
    """Return a publisher's one name: its domain, or what is printed where none is known.

    `printed` is a name, a domain, even an address, as the input or the article names it; the article's own address,
    `url`, tells where the name does not.

    >>> canonical_publisher("otomotif.antaranews.com"), canonical_publisher("Antara News Bali")
    ('antaranews.com', 'antaranews.com')
    >>> canonical_publisher("Media Ciremai"), canonical_publisher("", "https://warta.example.id/1")
    ('Media Ciremai', 'example.id')
    """
    return _canonical(printed, _host(url) if url else "")


@lru_cache(maxsize=KEPT_NAMES)
def _canonical(printed: str, host: str) -> str:
    """Return a publisher's name, given what is printed and the host of the article's address."""
    name = " ".join(printed.split())
    there = _portal(host)
    address = _WITHIN.search(name)
    words = name.partition(" ")
    named = _host(address[0] if address else words[0].rstrip(",;:"))
    if named and (address or _is_section(_key(words[2]), regions=True)):
        return _portal(named)
    if address or "://" in name or name.startswith("//") or name.lower().startswith(("www.", "mailto:")):
        return there  # an address is no name, even one that names no host
    key, own = _key(name), _key(there.partition(".")[0])
    size = min(len(own), len(key))
    # A name that is not known is kept, unless it may be that of the portal it was found at.
    is_own = not key or (size >= MIN_NAME_CHARS and own[:size] == key[:size]) or there in load_publishers().by_domain
    return _named(key) or (there if is_own else name)


def is_address(printed: str) -> bool:
    """Return whether what is printed for a publisher is an address, not a name or a host.

    >>> is_address("https://warta.example.id/1"), is_address("warta.example.id"), is_address("Warta/Lembah")
    (True, False, False)
    """
    name = printed.strip()
    return "://" in name or name.startswith("//") or ("/" in name and _host(name) != "")


def is_corpus(printed: str) -> bool:
    """Return whether what is printed for a publisher is the name of a collection of texts.

    >>> is_corpus("common-crawl"), is_corpus("CC-MAIN-2024-10"), is_corpus("Common Ground")
    (True, True, False)
    """
    key, names = _key(printed), load_publishers().names
    rests = [key[len(name) :] for name in names["corpora"] if key.startswith(name)]
    return not _host(printed) and any(not rest.strip("0123456789v") or rest in names["corpus_parts"] for rest in rests)


def _named(key: str) -> str:
    """Return the domain of a name, alone or with a section behind it; empty if none is known."""
    by_name, _, _, names = load_publishers()
    for end in range(len(key), 2, -1):
        domain, rest = by_name.get(key[:end], ""), key[end:]
        regions, common = domain in names["regional"], domain in names["common"]
        if domain and not (rest and common) and _is_section(rest, regions=regions):
            return domain
    return ""


def _is_section(rest: str, *, regions: bool) -> bool:
    """Return whether what stands behind a portal's name is the name of a part of it, or nothing."""
    names = load_publishers().names
    words = names["sections"] + names["regions"] * regions
    ends = {0}  # where in `rest` a word may end
    for at in range(len(rest)):
        if at in ends:
            ends |= {at + len(word) for word in words if rest.startswith(word, at)}
    return len(rest) in ends


def _host(address: str) -> str:
    """Return the host of an address in lower case, empty where there is none."""
    found = _ADDRESS.fullmatch(address.strip())
    if found is None:
        return ""
    host = found["host"].lower()
    ending = host.rpartition(".")[2]
    is_host = found["slashes"] or len(ending) == 2 or ending in load_publishers().suffixes["long"]
    return host if is_host and not ending.isdigit() else ""  # a file's name, or an abbreviation


def _portal(host: str) -> str:
    """Return the registrable domain of a host, or the portal's main one."""
    if not host:
        return ""
    suffixes, labels = load_publishers().suffixes, host.split(".")
    second = suffixes["id"] if labels[-1] == "id" else suffixes["other"]
    country = len(labels[-1]) == 2 and labels[-2] in second
    blogs = [shared.count(".") for shared in suffixes["shared"] if host.endswith("." + shared)]
    size = max([2 + country, *(dots + 2 for dots in blogs)])
    domain = ".".join(labels[-size:]) if len(labels) >= size else ""
    return load_publishers().by_domain.get(domain, domain)


def _key(name: str) -> str:
    """Return a name as names are compared: letters and digits alone, in lower case."""
    return "".join(filter(str.isalnum, name.casefold()))


@cache
def load_publishers() -> PublisherNames:
    """Return publishers.toml, read once."""
    table = tomllib.loads(files("saring").joinpath("publishers.toml").read_text("utf-8"))
    by_name: dict[str, str] = {}
    by_domain: dict[str, str] = {}
    for domain, names in table["portals"].items():
        for name in (domain, domain.partition(".")[0], *names):
            by_name.setdefault(_key(name), domain)
            if "." in name:
                by_domain[name] = domain
    return PublisherNames(by_name, by_domain, table["suffixes"], table["names"])
