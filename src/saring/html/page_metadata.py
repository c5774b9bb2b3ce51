"""What a page says beside its text: title, date, publisher, and the teasers in its body."""

from __future__ import annotations

import copy
import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from saring.dates import find_date, read_date, written
from saring.html.layout import Line, page_rules

# A web page's title, time, publisher and address.


MATCH_SHARE = 0.6  # a heading must cover this much of the page's title, or the other way round
DATE_LINES = 8  # the date line stands this near below the headline
DATE_LINES_ABOVE = 3  # or this near above it
DATE_CHARS = 90  # and is no longer than this
MIN_NAME_CHARS = 4  # a word of the site's name that tells it ("the", "id" do not)
MAX_NAME_WORDS = 5  # "ANTARA News Jawa Timur" is a portal's name, a longer part is a headline's
TITLE_CHARS = 300  # no portal prints a longer headline
LINKED_TEXT = 5  # rank of a line of links that is no heading

_SEPARATOR = re.compile(r"\s+[-|–—»:]+\s+|\s*\|\s*|:\s+(?=[A-Z])")
_PAGE_OF = re.compile(r"[-|,(]?\s*\b(?:halaman|page) (?:all|\d+)\)?(?=\s*(?:[-|–—:]|$))", re.I)


@dataclass(frozen=True, slots=True)
class PageMeta:
    """What a page says of its article; `start` is the index of the line after its headline."""

    title: str
    published: str
    publisher: str
    url: str
    start: int


def page_meta(root: Any, lines: Sequence[Line]) -> PageMeta:
    """Return the metadata of a page, given its root element and its lines.

    `published` is as `read_date` writes it; all may be empty.
    """
    metas = _meta_tags(root)
    ld = _news_article(root)
    url = next((u for u in _addresses(root, metas) if u.startswith("http")), "")
    site = metas.get("og:site_name") or _name(ld.get("publisher"))
    publisher = site or (urlsplit(url).hostname or _usual_host(lines)).removeprefix("www.")
    heads = _titles(root, metas, ld)
    at = _headline(heads, f"{site} {publisher}", lines)
    title = lines[at].text if at >= 0 else _bare_title(heads, f"{site} {publisher}")
    start = at + 1
    above = lines[max(0, at - DATE_LINES_ABOVE) : max(0, at)]
    published = _published(metas, ld, [*lines[start : start + DATE_LINES], *above])
    if not (title and published):
        title, published = _asked(root, title, published)
    return PageMeta(title, published, publisher, url, start)


def _meta_tags(root: Any) -> dict[str, str]:
    """Return the page's meta tags by name, property or itemprop in lower case, first one wins."""
    metas: dict[str, str] = {}
    for e in root.iter("meta", "time"):
        name = e.get("property") or e.get("name") or e.get("itemprop") or e.tag
        content = " ".join((e.get("content") or e.get("datetime") or "").split())
        if content:
            metas.setdefault(name.lower(), content)
    return metas


def _news_article(root: Any) -> dict[str, Any]:
    """Return the JSON-LD object that describes an article, empty where there is none."""
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        try:
            found = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):  # portals print broken JSON-LD; the page says it again
            continue
        for thing in _objects(found):
            kinds = thing.get("@type")
            if any("Article" in str(k) for k in (kinds if isinstance(kinds, list) else [kinds])):
                return thing
    return {}


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-LD block: itself, its list or its @graph."""
    if isinstance(value, dict):
        yield value
        yield from _objects(value.get("@graph"))
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _name(value: Any) -> str:
    return str(value.get("name") or "") if isinstance(value, dict) else ""


def _addresses(root: Any, metas: dict[str, str]) -> Iterator[str]:
    for link in root.iter("link"):
        if (link.get("rel") or "").lower() == "canonical":
            yield (link.get("href") or "").strip()
    yield metas.get("og:url", "")
    yield metas.get("twitter:url", "")


def _usual_host(lines: Sequence[Line]) -> str:
    """Return the host most links of the page lead to: the portal's own."""
    hosts = Counter(urlsplit(to).hostname or "" for line in lines for _, to in line.links if "//" in to)
    return hosts.most_common(1)[0][0] if hosts else ""


def _titles(root: Any, metas: dict[str, str], ld: dict[str, Any]) -> list[str]:
    """Return what the page calls itself, the most reliable first."""
    tag = next((e.text or "" for e in root.iter("title")), "")
    ours = [metas.get("og:title"), ld.get("headline"), metas.get("twitter:title"), tag]
    named = [" ".join(html.unescape(t).split()) for t in ours if isinstance(t, str)]
    return [t for t in named if t]


def _headline(heads: Sequence[str], site: str, lines: Sequence[Line]) -> int:
    """Return the index of the line that repeats the page's title, -1 if none does.

    A heading goes before other lines, and of equals the first. A line of links is a headline only
    as a heading, for many lists link to the page they stand on. Where the page gives itself no
    title, its first ``<h1>`` is taken.
    """
    if not heads:
        return next((i for i, line in enumerate(lines) if line.owner.tag == "h1"), -1)
    keys = [_letters(text) for head in heads for text in (head, _bare_title([head], site))]
    ranks = {"h1": 0, "h2": 1, "h3": 1}
    found: list[tuple[int, int]] = []
    for i, line in enumerate(lines):
        if len(line.text) > TITLE_CHARS:
            continue
        rank = ranks.get(line.owner.tag, 2) + 3 * (line.is_links and line.owner.tag != "h1")
        if rank < LINKED_TEXT and _alike(_letters(line.text), keys):
            found.append((rank, i))
    return min(found)[1] if found else -1


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _alike(line: str, keys: Sequence[str]) -> bool:
    for key in keys:
        short, long = sorted((line, key), key=len)
        if short and len(short) >= MATCH_SHARE * len(long) and short in long:
            return True
    return False


def _bare_title(heads: Sequence[str], site: str) -> str:
    """Return the page's title without the portal's name before or behind it."""
    if not heads:
        return ""
    names = {word for word in re.split(r"\W+", site.casefold()) if len(word) >= MIN_NAME_CHARS}
    names |= set(page_rules()["title"]["portals"])

    def is_site(part: str) -> bool:
        short = len(part.split()) <= MAX_NAME_WORDS
        return short and (not part.strip() or any(name in part.casefold() for name in names))

    title = _PAGE_OF.sub("", heads[0])
    spans = _parts(title)
    while len(spans) > 1 and is_site(title[slice(*spans[-1])]):
        spans.pop()
    while len(spans) > 1 and is_site(title[slice(*spans[0])]):
        spans.pop(0)
    return title[spans[0][0] : spans[-1][1]].strip()


def _parts(title: str) -> list[tuple[int, int]]:
    """Return the spans between the separators of a title."""
    spans: list[tuple[int, int]] = []
    at = 0
    for cut in _SEPARATOR.finditer(title):
        spans.append((at, cut.start()))
        at = cut.end()
    return [*spans, (at, len(title))]


def _published(metas: dict[str, str], ld: dict[str, Any], near: Sequence[Line]) -> str:
    """Return the time of publication, the page's own offset first, then the printed date line."""
    stated = [ld.get("datePublished"), *(metas.get(name) for name in page_rules()["date"]["metas"])]
    times = [found for value in stated if isinstance(value, str) and (found := find_date(value))]
    short = [line.text for line in near if len(line.text) <= DATE_CHARS and not line.is_links]
    printed = [found for text in short if (found := find_date(text))]
    # "Z" or no offset is often local time by mistake; the printed line is what readers see.
    ranked = [
        *(found for found in times if found.time.utcoffset()),
        *(found for found in printed if found.timed),
        *times,
        *printed,
    ]
    return written(ranked[0].time) if ranked else ""


def _asked(root: Any, title: str, published: str) -> tuple[str, str]:
    """Return title and date, what is missing filled by trafilatura."""
    from trafilatura.metadata import extract_metadata

    found = extract_metadata(copy.deepcopy(root))
    return title or found.title or "", published or read_date(found.date or "")


# The lines of an article's body to its text, with the teaser links kept in place.


PREFIX_CHARS = 48  # the longest marker as printed, with brackets and bullets before it
REST_CHARS = 20  # more text than this behind the link, and the line is a sentence with a link in it
BOX_LINKS = 10  # a label owns at most so many links; portals print one to six


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The marker rules of pages.toml, compiled."""

    prefix: re.Pattern[str]  # text before a link that makes the link a teaser
    ending: re.Pattern[str]  # the same inside a paragraph, where a colon is needed
    inside: re.Pattern[str]  # a marker printed within the link text
    label: re.Pattern[str]  # a line that is nothing but a marker
    list_label: re.Pattern[str]  # a line that heads a list of other articles
    other_label: re.Pattern[str]  # a line that heads other links
    box: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    rules = page_rules()["teaser"]
    markers, lists = _any_of(rules["markers"]), _any_of(rules["lists"])
    others = _any_of(rules["others"])
    two_words = _any_of(marker for marker in rules["markers"] if " " in marker)

    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE)

    return _Patterns(
        # "Baca juga", "Simak juga Video:"; a single word needs its colon: "Baca buku" is a sentence
        prefix=compiled(rf"\W{{0,4}}(?:(?:{markers}|{lists})(?: \w+){{0,3}} ?:|{two_words})\W{{0,4}}"),
        ending=compiled(rf"\b(?:{markers}) ?: ?\Z"),
        inside=compiled(rf"\W{{0,4}}(?:(?:{markers}) ?:|(?:{two_words}) ?[:,-]?) ?"),
        label=compiled(rf"\W{{0,4}}(?:{markers})\W{{0,4}}"),
        list_label=compiled(rf"\W{{0,4}}(?:{lists})\W{{0,4}}"),
        other_label=compiled(rf"\W{{0,4}}(?:{others})\W{{0,4}}"),
        box=compiled("|".join(rules["boxes"])),
    )


def mark_teasers(lines: Sequence[Line]) -> None:
    """Set `is_teaser` on the lines that are teasers by their marker, wherever they stand."""
    label = _patterns().label
    for at, line in enumerate(lines):
        if _inline_teaser(line) or (line.is_links and _in_box(line)):
            line.is_teaser = True
        elif label.fullmatch(line.text):
            for teaser in (line, *_box_links(lines, at + 1)):
                teaser.is_teaser = True


def body_text(body: Sequence[Line]) -> tuple[str, dict[str, str]]:
    """Return the text of a body, a paragraph a line, and the address of each teaser's headline."""
    texts: list[str] = []
    addresses: dict[str, str] = {}
    for text, links in _paragraphs(body):
        texts.append(text)
        for headline, address in links:
            addresses.setdefault(headline, address)
    return "\n".join(texts), addresses


def _paragraphs(body: Sequence[Line]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each line of the text with the teaser links that stand in it."""
    rules = _patterns()
    prose = [i for i, line in enumerate(body) if line.is_prose and not line.is_boilerplate]
    first, last = (prose[0], prose[-1]) if prose else (0, 0)
    at = 0
    while at < len(body):
        line = body[at]
        at += 1
        between = first < at <= last
        if teaser := _inline_teaser(line):
            yield from teaser
        elif _is_label(line):
            if at < len(body) and _is_label(body[at]):
                continue  # a heading and the box's own label say the same
            box = _box_links(body, at)
            at += len(box)
            listed = between and box and rules.list_label.fullmatch(line.text)
            if listed or rules.label.fullmatch(line.text):
                yield from _box_teasers(line.text, box)
            elif not box and not line.is_boilerplate:
                yield line.text, []
        elif line.is_links and _in_box(line):
            yield from _box_teasers(page_rules()["teaser"]["default"], [line])
        elif not line.is_boilerplate and not (line.is_links and line.owner.tag != "p"):
            yield line.text, _embedded(line)


def _inline_teaser(line: Line) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the teasers of a line that starts with a marker and goes on with links, else []."""
    if not line.links:
        return []
    rules = _patterns()
    prefix, _, rest = line.text.partition(line.links[0][0])
    prefix = prefix.strip()
    links = line.links
    if not prefix and (found := rules.inside.match(links[0][0])):
        prefix = found.group().strip()
        links = [(text[found.end() :] if n == 0 else text, to) for n, (text, to) in enumerate(links)]
    elif len(prefix) > PREFIX_CHARS or not rules.prefix.fullmatch(prefix):
        return []
    for text, _ in links[1:]:
        rest = rest.replace(text, "", 1)
    links = [link for link in links if link[0]]
    if len(rest.strip()) > REST_CHARS or not links:
        return []
    close = rest.strip() if len(links) == 1 else ""
    return [(f"{_marker(prefix)} {text}{close}", [(text, to)]) for text, to in links]


def _box_links(body: Sequence[Line], at: int) -> list[Line]:
    """Return the lines of links that follow a label at once, labels between them left out."""
    box: list[Line] = []
    for line in body[at : at + BOX_LINKS]:
        if not line.is_links or _inline_teaser(line) or _is_label(line):
            break
        box.append(line)
    return box


def _box_teasers(label: str, box: Sequence[Line]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield a teaser for each line of a box, or the bare label where the box is empty."""
    if not box:
        yield label, []
    for line in box:
        headline = " ".join(text for text, _ in line.links)
        yield f"{_marker(label)} {headline}", [(headline, line.links[0][1])]


def _embedded(line: Line) -> list[tuple[str, str]]:
    """Return the links inside a paragraph that a marker with a colon stands before."""
    found: list[tuple[str, str]] = []
    at = 0
    for text, address in line.links:
        start = line.text.find(text, at)
        if start < 0:
            continue
        if _patterns().ending.search(line.text, max(0, start - PREFIX_CHARS), start):
            found.append((text, address))
        at = start + len(text)
    return found


def _is_label(line: Line) -> bool:
    rules = _patterns()
    kinds = (rules.label, rules.list_label, rules.other_label)
    return any(kind.fullmatch(line.text) for kind in kinds)


def _in_box(line: Line) -> bool:
    """Return whether an element around the line says by its name that it holds teasers."""
    element = line.owner
    while element is not None:
        if _patterns().box.search(f"{element.get('class') or ''} {element.get('id') or ''}"):
            return True
        element = element.getparent()
    return False


def _marker(label: str) -> str:
    """Return a label with the colon that sets it off from a headline."""
    return label.rstrip(" :,.!-–—»›>→") + ":"


def _any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
