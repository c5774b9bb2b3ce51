"""What a page tells beside plain paragraphs: title, date, publisher, and the teasers in its body."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from saring.dates import find_date, written
from saring.html.markup import PROSE_CHARS, Line, Markup
from saring.html.names import page_rules
from saring.parsing.rules import load_rules

MATCH_SHARE = 0.6  # a heading must cover this much of the page's title, or the other way round
DATE_LINES = 8  # the date line stands this near below the headline
DATE_LINES_ABOVE = 3  # or this near above it
DATE_CHARS = 90  # and is no longer than this
MIN_NAME_CHARS = 4  # a word of the site's name that tells it ("the", "id" do not)
MAX_NAME_WORDS = 5  # "ANTARA News Jawa Timur" is a portal's name, a longer part is a headline's
TITLE_CHARS = 300  # no portal prints a longer headline
HEADING_RANKS = {"h1": 0, "h2": 1, "h3": 1}
TEXT_RANK, LINKS_RANK = 2, 3  # of other lines; what is added for lines of links
PREFIX_CHARS = 48  # the longest marker as printed, with brackets and bullets before it
REST_CHARS = 20  # more text than this behind the link, and the line is a sentence with a link in it
BOX_LINKS = 10  # a label owns at most so many links; portals print one to six

_SEPARATOR = re.compile(r"(\s+[-|–—»:]+\s+|\s*\|\s*|:\s+(?=[A-Z]))")
_PAGE_OF = re.compile(r"[-|,(]?\s*\b(?:halaman|page) (?:all|\d+)\)?(?=\s*(?:[-|–—:]|$))", re.I)

_NO_LETTERS = re.compile(r"[\W_]+")

Teaser = tuple[str, list[tuple[str, str]]]  # a line of text, headline and address of the teasers in it


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_WORDS = page_rules()["teaser"] | {"markers": load_rules().phrases}
_MARKERS, _LISTS, _OTHERS = (_any_of(_WORDS[kind]) for kind in ("markers", "lists", "others"))
_TWO_WORDS = _any_of(marker for marker in _WORDS["markers"] if " " in marker)
# Text before a link that makes it a teaser: "Baca juga", "Simak juga Video:". A single word needs its colon: "Baca
# buku" is a sentence. Then the same at the end of some text of a paragraph, and within the link's text.
_PREFIX = re.compile(rf"\W{{0,4}}(?:(?:{_MARKERS}|{_LISTS})(?: \w+){{0,3}} ?:|{_TWO_WORDS})\W{{0,4}}", re.IGNORECASE)
_ENDING = re.compile(rf"\b(?:{_MARKERS}) ?: ?\Z", re.IGNORECASE)
_INSIDE = re.compile(rf"\W{{0,4}}(?:(?:{_MARKERS}) ?:|(?:{_TWO_WORDS}) ?[:,-]?) ?", re.IGNORECASE)
# A line that is nothing but a marker; that heads a list of other articles; that heads those or other links.
_LABEL, _LIST_LABEL, _ANY_LABEL = (
    re.compile(rf"\W{{0,4}}(?:{words})\W{{0,4}}", re.IGNORECASE)
    for words in (_MARKERS, _LISTS, f"{_MARKERS}|{_LISTS}|{_OTHERS}")
)
_FIRST_WORDS = "|".join(sorted({words.split()[0] for kind in ("markers", "lists") for words in _WORDS[kind]}))
_OPENING = re.compile(rf"\W{{0,4}}(?:{_FIRST_WORDS})\b", re.IGNORECASE)


class PageMetadata(NamedTuple):
    """What a page says of its article; any text may be empty."""

    title: str
    published: str  # as `read_date` writes it
    publisher: str
    url: str
    start: int  # index of the line after the headline


def find_metadata(markup: Markup) -> PageMetadata:
    """Return the metadata of a page whose lines are marked."""
    lines = markup.lines
    metas: dict[str, str] = {}  # by name, property or itemprop in lower case, the first one wins
    canonical = []
    for tag, attrib in markup.told:
        name = attrib.get("property") or attrib.get("name") or attrib.get("itemprop") or tag
        if tag == "link":
            canonical += [attrib.get("href")] if attrib.get("rel", "").lower() == "canonical" else []
        elif content := " ".join((attrib.get("content") or attrib.get("datetime") or "").split()):
            metas.setdefault(name.lower(), content)
    ld = _news_article(markup.scripts)
    addresses = [(to or "").strip() for to in (*canonical, metas.get("og:url"), metas.get("twitter:url"))]
    url = next((to for to in addresses if to.startswith("http")), "")

    maker = ld.get("publisher")
    site = metas.get("og:site_name") or (str(maker.get("name") or "") if isinstance(maker, dict) else "")
    publisher = site or (urlsplit(url).hostname or _usual_host(lines)).removeprefix("www.")

    titles = [
        metas.get("og:title"),
        ld.get("headline"),
        metas.get("twitter:title"),
        *markup.titles[:1],
    ]  # most reliable first
    stated = [" ".join(html.unescape(title).split()) for title in titles if isinstance(title, str)]
    heads = list(dict.fromkeys(filter(None, stated)))
    bare = [_bare_title(head, f"{site} {publisher}") for head in heads]
    at = _headline([*heads, *bare], lines)
    title = lines[at].text if at >= 0 else next(iter(bare), "")
    start = at + 1
    near = [*lines[start : start + DATE_LINES], *lines[max(0, at - DATE_LINES_ABOVE) : max(0, at)]]
    published = _published(metas, ld, near)
    if start and len(lines) > start and len(lines[start].text) <= PROSE_CHARS and find_date(lines[start].text):
        start += 1
    return PageMetadata(title, published, publisher, url, start)


def _news_article(scripts: Sequence[str]) -> dict[str, Any]:
    """Return the JSON-LD object that describes an article, empty where there is none."""
    for script in scripts:
        try:
            found = json.loads(script, strict=False)
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


def _usual_host(lines: Sequence[Line]) -> str:
    """Return the host most links of the page lead to: the portal's own."""
    hosts = Counter(urlsplit(to).hostname or "" for line in lines for _, to in line.links if "//" in to)
    return hosts.most_common(1)[0][0] if hosts else ""


def _headline(titles: Sequence[str], lines: Sequence[Line]) -> int:
    """Return the index of the line that repeats one of the page's titles, -1 if none does.

    A heading goes before other lines, and of equals the first. A line of links is a headline only as a heading, for
    many lists link to the page they stand on. Where the page gives itself no title, its first ``<h1>`` is taken.
    """
    if not titles:
        return next((i for i, line in enumerate(lines) if line.owner.tag == "h1"), -1)
    keys = {_letters(title) for title in titles} - {""}
    least = MATCH_SHARE * min(map(len, keys), default=TITLE_CHARS)
    most = min(TITLE_CHARS, 2 * max(map(len, keys), default=TITLE_CHARS) / MATCH_SHARE)  # half of it no letters
    at, lowest = -1, TEXT_RANK + LINKS_RANK
    for i, line in enumerate(lines):
        if not least <= len(line.text) <= most:
            continue
        links = line.is_links and line.owner.tag != "h1"
        rank = HEADING_RANKS.get(line.owner.tag, TEXT_RANK) + LINKS_RANK * links
        if rank >= lowest:
            continue
        letters = _letters(line.text)
        if any([_is_part(letters, key) for key in keys]):
            at, lowest = i, rank
    return at


def _is_part(a: str, b: str) -> bool:
    """Return whether one of two texts is most of the other."""
    short, long = (a, b) if len(a) < len(b) else (b, a)
    return len(short) >= MATCH_SHARE * len(long) and short in long and bool(short)


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text.casefold())


def _bare_title(title: str, site: str) -> str:
    """Return the page's title without the portal's name before or behind it."""
    portals = {word for word in re.split(r"\W+", site.casefold()) if len(word) >= MIN_NAME_CHARS}
    portals |= set(page_rules()["title"]["portals"])

    def is_site(part: str) -> bool:
        short = len(part.split()) <= MAX_NAME_WORDS
        return short and (not part.strip() or any(name in part.casefold() for name in portals))

    parts = _SEPARATOR.split(_PAGE_OF.sub("", title))  # every second one is a separator
    while len(parts) > 1 and is_site(parts[-1]):
        del parts[-2:]
    while len(parts) > 1 and is_site(parts[0]):
        del parts[:2]
    return "".join(parts).strip()


def _published(metas: dict[str, str], ld: dict[str, Any], near: Sequence[Line]) -> str:
    """Return the time of publication, the page's own offset first, then the printed date line."""
    stated = [ld.get("datePublished"), *(metas.get(name) for name in page_rules()["date"]["metas"])]
    times = []
    for value in stated:
        if isinstance(value, str) and (found := find_date(value)):
            if found.time.utcoffset():
                return written(found.time)
            times.append(found)
    short = [line.text for line in near if len(line.text) <= DATE_CHARS and not line.is_links]
    printed = [found for text in short if (found := find_date(text))]
    # "Z" or no offset is often local time by mistake; the printed line is what readers see.
    ranked = [*[found for found in printed if found.timed], *times, *printed]
    return written(ranked[0].time) if ranked else ""


def mark_teasers(markup: Markup) -> None:
    """Set `is_teaser` on the lines that are teasers by their marker, wherever they stand."""
    lines = markup.lines
    for box in [e for e in markup.named if e.named.is_box]:
        for line in lines[box.first : box.end]:
            line.is_boxed = line.is_teaser = line.is_links
    for at, line in enumerate(lines):
        if line.is_boxed or not _OPENING.match(line.text):
            continue
        if _inline_teasers(line):
            line.is_teaser = True
        elif _LABEL.fullmatch(line.text):
            for teaser in (line, *_box_links(lines, at + 1)):
                teaser.is_teaser = True


def body_text(body: Sequence[Line]) -> tuple[str, dict[str, str]]:
    """Return the text of a body, a paragraph a line, and the address of each teaser's headline."""
    paragraphs = list(_paragraphs(body))
    addresses: dict[str, str] = {}
    for headline, address in [link for _, links in paragraphs for link in links]:
        addresses.setdefault(headline, address)
    return "\n".join([text for text, _ in paragraphs]), addresses


def _paragraphs(body: Sequence[Line]) -> Iterator[Teaser]:
    """Yield each line of the text with the teaser links that stand in it."""
    prose = [i for i, line in enumerate(body) if line.is_prose and not line.is_boilerplate] or [0]
    at = 0
    while at < len(body):
        line = body[at]
        at += 1
        is_between = prose[0] < at <= prose[-1]
        if teasers := _inline_teasers(line):
            yield from teasers
        elif _is_label(line):
            if at < len(body) and _is_label(body[at]):
                continue  # a heading and the box's own label say the same
            box = _box_links(body, at)
            at += len(box)
            is_list = is_between and box and _LIST_LABEL.fullmatch(line.text)
            if is_list or _LABEL.fullmatch(line.text):
                yield from [_boxed_teaser(line.text, link) for link in box] or [(line.text, [])]
            elif not box and not line.is_boilerplate:
                yield line.text, []
        elif line.is_boxed:
            yield _boxed_teaser(page_rules()["teaser"]["default"], line)
        elif not line.is_boilerplate and not (line.is_links and line.owner.tag != "p"):
            yield line.text, _embedded_teasers(line)


def _inline_teasers(line: Line) -> list[Teaser]:
    """Return the teasers of a line that starts with a marker and goes on with links, else []."""
    if not line.links:
        return []
    links = line.links
    prefix, _, rest = line.text.partition(links[0][0])
    prefix = prefix.strip()
    if not prefix and (found := _INSIDE.match(links[0][0])):
        prefix = found.group().strip()
        links = [(links[0][0][found.end() :], links[0][1]), *links[1:]]
    elif len(prefix) > PREFIX_CHARS or not _PREFIX.fullmatch(prefix):
        return []
    for text, _ in links[1:]:
        rest = rest.replace(text, "", 1)
    links = [link for link in links if link[0]]
    if len(rest.strip()) > REST_CHARS or not links:
        return []
    close = rest.strip() if len(links) == 1 else ""
    return [(f"{_with_colon(prefix)} {text}{close}", [(text, to)]) for text, to in links]


def _embedded_teasers(line: Line) -> list[tuple[str, str]]:
    """Return the links inside a paragraph that a marker with a colon stands before."""
    found: list[tuple[str, str]] = []
    at = 0
    for text, address in line.links:
        if (start := line.text.find(text, at)) < 0:
            continue
        if _ENDING.search(line.text, max(0, start - PREFIX_CHARS), start):
            found.append((text, address))
        at = start + len(text)
    return found


def _box_links(body: Sequence[Line], at: int) -> list[Line]:
    """Return the lines of links that follow a label at once."""
    box: list[Line] = []
    for line in body[at : at + BOX_LINKS]:
        if not line.is_links or _inline_teasers(line) or _is_label(line):
            break
        box.append(line)
    return box


def _boxed_teaser(label: str, line: Line) -> Teaser:
    """Return the teaser of a line of links under a label."""
    headline = " ".join(text for text, _ in line.links)
    return f"{_with_colon(label)} {headline}", [(headline, line.links[0][1])]


def _is_label(line: Line) -> bool:
    return _ANY_LABEL.fullmatch(line.text) is not None


def _with_colon(label: str) -> str:
    """Return a marker with the colon that sets it off from a headline."""
    return label.rstrip(" :,.!-–—»›>→") + ":"
