"""Metadata that portals print in an article's text: credits, tags, and how their own names are written."""

from __future__ import annotations

import re
from itertools import zip_longest

FIELDS = {  # of an article's metadata, by what a credit line calls them
    label: field
    for field, labels in {
        "editor": "editor, redaktur, red",
        "author": "penulis, reporter, pewarta, jurnalis, wartawan, kontributor, oleh, author, rep, ditulis oleh, "
        "dilaporkan oleh, laporan",
        "source": "sumber, sumber berita, source",
    }.items()
    for label in labels.split(", ")
}

NAMES = {
    name.lower(): name
    for name in (
        "Antara", "BBC News Indonesia", "CNBC Indonesia", "CNN Indonesia", "DW", "JPNN", "Kompas TV", "RRI", "TVRI",
        "VOA", "VOA Indonesia", "AFP", "AP", "Reuters", "Xinhua",
    )
} | {"pr": "Pikiran Rakyat"}  # fmt: skip
"""Publishers whose names are not simply written with capitals at the start of each word."""

PUBLISHER_WORDS = frozenset(
    """berita ekspres express harian info inilah jurnal kabar kanal koran majalah mantra media metro network news online
    pikiran portal pos post radar rakyat ringtimes seputar suara tabloid times today tribun tv warta zona""".split()  # noqa: SIM905
)
"""Words that make a name of several words a portal's: "MEDIA PAKUAN"."""

PUBLISHERS = frozenset(
    """bisnis detik detikcom gatra jpnn kompas kontan kumparan liputan6 merdeka okezone posmetro republika sindonews
    tempo tribunnews viva wartakota""".split()  # noqa: SIM905
)
"""Portals whose names stand alone, without a web address."""

ACRONYMS = frozenset(("DKI", "IKN", "NTB", "NTT", "DIY", "DC", "TV"))  # parts of names that keep their capitals

_WORD = re.compile(r"[^\s-]+")
_DOMAIN = re.compile(r"[\w-]+[.,](?:com|co\.id|co|id|net|org|tv)\b", re.IGNORECASE)
_FIELD = re.compile(
    r"(?:(?<![a-z])|(?<=[a-z])(?=[EPS][a-z]))"  # scrapers glue: "Sumber: AcakEditor: Rina"
    rf"({'|'.join(sorted(FIELDS, key=len, reverse=True))}|uploader|penerjemah)"
    r"(?:\s{0,3}:|(?<=tulis oleh)\s|(?<=laporkan oleh)\s)",
    re.IGNORECASE,
)
_CREDIT_END = re.compile(r"[\r\n]|\b(?:copyright|hak cipta|dilarang keras)\b", re.IGNORECASE)
_EDGE = " \t\xa0\u200b|,;()[]*-–—."


def parse_credits(line: str) -> dict[str, str]:
    """Return the fields of a credit line: editor, author, source.

    >>> parse_credits("Pewarta: Rina Wulandari Editor: Dedi Saputra")
    {'author': 'Rina Wulandari', 'editor': 'Dedi Saputra'}
    """
    marks = list(_FIELD.finditer(line))
    found: dict[str, str] = {}
    for mark, following in zip_longest(marks, marks[1:]):
        field = FIELDS.get(" ".join(mark[1].lower().split()))
        value = line[mark.end() : following.start() if following else len(line)]
        value = _CREDIT_END.split(value.strip())[0].strip(_EDGE)
        if field and value:
            found.setdefault(field, value)
    return found


def parse_tags(line: str) -> tuple[str, ...]:
    """Return the tags of a line; they are parted by commas, hashes, bars or semicolons."""
    return tuple(tag for raw in re.split(r"[,;|#•]", line) if (tag := raw.strip()))


def publisher_name(raw: str) -> str:
    """Return a publisher's name as it is best written: "KOMPAS.com" gives "Kompas.com"."""
    name = " ".join(raw.replace(" ,", ",").split()).strip(" .-–—()")
    if name.lower() in NAMES:
        return NAMES[name.lower()]
    if _DOMAIN.fullmatch(name):
        label, dot, ending = name.replace(",", ".", 1).partition(".")
        if label in (label.upper(), label.lower()) or label.lower() in PUBLISHERS:
            label = "-".join(word.capitalize() for word in label.split("-"))
        return label + dot + ending.lower()
    return title_case(name) if name == name.upper() else name


def title_case(name: str) -> str:
    """Return a name in capitals with a capital at the start of each word."""
    return _WORD.sub(lambda word: word[0] if word[0] in ACRONYMS else word[0].capitalize(), " ".join(name.split()))
