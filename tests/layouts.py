"""Articles of the embedded corpus printed as ten portals print theirs.

Each layout takes the same `Story` and returns a `Printed` page: the text, and what a parser should
make of it. Persons, titles and captions are invented; the shapes are the portals' own.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

CORPUS = Path(__file__).parents[1] / "data" / "corpus" / "articles.jsonl"

_DATELINE = re.compile(r"^[^!?]{1,60}? [-–—]{1,2} ")
_MARKER = re.compile(r"^[A-Za-z ]{4,20}: ")

OTHERS = [
    "Jadwal Kereta Tambahan Lebaran Dibuka Mulai Senin Pekan Depan",
    "Warga Kampung Nelayan Gotong Royong Perbaiki Tanggul",
    "Resep Sayur Lodeh Rumahan yang Gurih dan Tahan Lama",
]
"""Headlines of other articles, for the lists under an article."""


@dataclass(frozen=True)
class Story:
    """An article without boilerplate: title, paragraphs, and links by the paragraph they follow."""

    title: str
    paragraphs: list[str]
    links: dict[int, list[str]]

    @property
    def headlines(self) -> list[str]:
        return [headline for group in self.links.values() for headline in group]


@dataclass(frozen=True)
class Printed:
    """A page as one portal prints a story, and what should come out of it."""

    text: str
    headlines: list[str]
    boilerplate: list[str] = field(default_factory=list)
    published: str = ""
    publisher: str = ""
    place: str = ""
    editor: str = ""
    author: str = ""
    source: str = ""


def stories(split: str = "test") -> Iterator[Story]:
    """Articles of the corpus that have no dateline of their own and at least one link."""
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] != split or not row["links"] or _DATELINE.match(row["text"]):
            continue
        headlines = {link["headline"] for link in row["links"]}
        paragraphs: list[str] = []
        links: dict[int, list[str]] = {}
        for paragraph in row["text"].split("\n"):
            headline = _MARKER.sub("", paragraph)
            if headline in headlines and headline != paragraph:
                links.setdefault(len(paragraphs), []).append(headline)
            else:
                paragraphs.append(paragraph)
        yield Story(row["title"], paragraphs, links)


def lay(story: Story, dateline: str, teaser: Callable[[list[str]], list[str]], between: dict[int, str]) -> list[str]:
    """The lines of a story: dateline, paragraphs, teasers after them, boilerplate between them."""
    lines: list[str] = []
    for number, paragraph in enumerate(story.paragraphs, start=1):
        lines.append(dateline + paragraph if number == 1 else paragraph)
        lines += [between[number]] if number in between else []
        lines += teaser(story.links[number]) if number in story.links else []
    return lines


def each(marker: str) -> Callable[[list[str]], list[str]]:
    return lambda headlines: [f"{marker}{headline}" for headline in headlines]


def kompas(story: Story) -> Printed:
    head = ["Kompas.com - 29/05/2025, 14:55 WIB", "Tim Redaksi", "Lihat Foto"]
    head += ["Ilustrasi pasar tradisional (SHUTTERSTOCK/RINA W)"]
    script = "googletag.cmd.push(function() { googletag.display('div-gpt-ad-1'); });"
    tail = [
        "Simak breaking news dan berita pilihan kami langsung di ponselmu. Pilih saluran andalanmu "
        "akses berita Kompas.com WhatsApp Channel : https://www.whatsapp.com/channel/1",
        f'Artikel ini telah tayang di Kompas.com dengan judul "{story.title}"',
        "Penulis : Rina Wulandari",
        "Editor : Dedi Saputra",
        "Tag",
        "cabai",
        "panen raya",
    ]
    body = lay(story, "JAKARTA, KOMPAS.com - ", each("Baca juga: "), {2: script})
    return Printed(
        "\n".join([story.title, *head, *body, *tail]),
        story.headlines,
        [*head, script, *tail, "JAKARTA, KOMPAS.com"],
        published="2025-05-29T14:55:00+07:00",
        publisher="Kompas.com",
        place="Jakarta",
        author="Rina Wulandari",
        editor="Dedi Saputra",
    )


def detik(story: Story) -> Printed:
    between = {1: "SCROLL TO CONTINUE WITH CONTENT", 3: "ADVERTISEMENT"}
    tail = ["Simak juga Video 'Warga Antre Minyak Goreng':", "[Gambas:Video 20detik]"]
    tail += ["Halaman 1 2 Selanjutnya", "(abc/def)", "cabai rawit", "panen raya 2025"]

    def boxes(headlines: list[str]) -> list[str]:
        return [line for headline in headlines for line in ("Baca juga:", headline)]

    body = lay(story, "Jakarta - ", boxes, between)
    boilerplate = [*between.values(), *tail, "Baca juga:", "Jakarta - "]
    return Printed("\n".join([*body, "", *tail]), story.headlines, boilerplate, place="Jakarta")


def liputan6(story: Story) -> Printed:
    between = {2: "Advertisement", 4: "2 dari 3 halaman"}
    box = story.headlines + [one for one in OTHERS if len(story.headlines) < 2][:2]

    def whole_box(headlines: list[str]) -> list[str]:
        return ["Baca Juga", *box[:3]] if headlines == next(iter(story.links.values())) else []

    body = lay(story, "Liputan6.com, Bandung - ", whole_box, between)
    boilerplate = [*between.values(), "Baca Juga", "Liputan6.com"]
    return Printed(
        "\n".join(["Diperbarui 20 Jun 2025, 18:05 WIB", *body]),
        box[:3],
        boilerplate,
        published="2025-06-20T18:05:00+07:00",
        publisher="Liputan6.com",
        place="Bandung",
    )


def okezone(story: Story) -> Printed:
    between = {2: "Baca Juga :"}
    tail = ["Follow WhatsApp Channel Okezone untuk update berita terbaru setiap hari", "(rin)"]
    body = lay(story, "SURABAYA – ", each("BACA JUGA: "), between)
    return Printed(
        "\r\n\r\n".join(["Senin 11 Mei 2020 18:02 WIB", *body, *tail]),
        story.headlines,
        [*tail, "Baca Juga :", "SURABAYA"],
        published="2020-05-11T18:02:00+07:00",
        place="Surabaya",
    )


def tribun(story: Story) -> Printed:
    head = ["Laporan Wartawan Tribunnews.com, Rina Wulandari"]
    tail = ["(*)", "Baca berita lainnya di Google News", "Sumber: Tribun Solo"]
    body = lay(story, "TRIBUNNEWS.COM, SOLO - ", each("Baca juga:\xa0"), {})
    return Printed(
        "\n".join([*head, *body, *tail]),
        story.headlines,
        [*head, *tail, "TRIBUNNEWS.COM, SOLO"],
        publisher="Tribunnews.com",
        place="Solo",
        author="Rina Wulandari",
        source="Tribun Solo",
    )


def tempo(story: Story) -> Printed:
    last = "Pilihan Editor: " + OTHERS[0]
    body = lay(story, "TEMPO.CO, Jakarta - ", each("Baca: "), {})
    return Printed(
        "\n\n".join([*body, last]),
        [*story.headlines, OTHERS[0]],
        ["TEMPO.CO, Jakarta", "Pilihan Editor"],
        publisher="Tempo.co",
        place="Jakarta",
    )


def antara(story: Story) -> Printed:
    ends = Story(story.title, story.paragraphs, {len(story.paragraphs): story.headlines})
    tail = ["Pewarta: Rina Wulandari", "Editor: Dedi Saputra", "Copyright © ANTARA 2025"]
    tail += ["Dilarang keras mengambil konten, melakukan crawling atau pengindeksan otomatis."]
    body = lay(ends, "Jakarta (ANTARA) - ", each("Baca juga: "), {})
    return Printed(
        "\n".join([*body, *tail]),
        story.headlines,
        [*tail, "(ANTARA)"],
        publisher="Antara",
        place="Jakarta",
        author="Rina Wulandari",
        editor="Dedi Saputra",
    )


def republika(story: Story) -> Printed:
    tail = ["Loading...", "sumber : Antara", "Ikuti Whatsapp Channel Republika"]

    def bulleted(headlines: list[str]) -> list[str]:
        return ["Baca Juga:", *(f"- {headline}" for headline in headlines)]

    body = lay(story, "REPUBLIKA.CO.ID, YOGYAKARTA -- ", bulleted, {3: "Komik Si Calus"})
    return Printed(
        "\n".join([*body, *tail]),
        story.headlines,
        [*tail, "Komik Si Calus", "REPUBLIKA.CO.ID", "Baca Juga"],
        publisher="Republika.co.id",
        place="Yogyakarta",
        source="Antara",
    )


def suara(story: Story) -> Printed:
    head = ["Rina Wulandari | Suara.com", "Selasa, 24 Juni 2019 | 10:15 WITA"]
    head += ["Ilustrasi cabai rawit. (Shutterstock)"]
    body = lay(story, "Suara.com - ", each("Baca Juga: "), {2: "Iklan"})
    return Printed(
        "\n".join([story.title, *head, *body]),
        story.headlines,
        [*head, "Iklan", "Suara.com -"],
        published="2019-06-24T09:15:00+07:00",
        publisher="Suara.com",
        author="Rina Wulandari",
    )


def pikiran_rakyat(story: Story) -> Printed:
    head = [story.title, "", "- 19 Januari 2022, 14:30 WIB", story.title]
    head += [f"{story.title} /Ilustrasi Pixabay/", ""]
    tail = ["", "Editor: Dedi Saputra", "", "Sumber: Reuters", "", "", "Tags", "", "Artikel Pilihan"]
    tail += ["", OTHERS[0], "Terkait", *OTHERS, "Terkini", "25 September 2019, 23:12 WIB", OTHERS[1]]
    tail += ["Terpopuler", "1", OTHERS[2], "Kabar Daerahnone"]
    body = lay(story, "PORTAL SUMBING - ", each("Baca Juga: "), {})
    body[-1] += "***" if len(story.paragraphs) not in story.links else ""
    return Printed(
        "\n".join([*head, "\n\n".join(body), *tail]),
        story.headlines,
        [*filter(None, [*head, *tail]), "***", "PORTAL SUMBING"],
        published="2022-01-19T14:30:00+07:00",
        publisher="Portal Sumbing",
        editor="Dedi Saputra",
        source="Reuters",
    )


LAYOUTS: dict[str, Callable[[Story], Printed]] = {
    layout.__name__: layout
    for layout in (
        kompas, detik, liputan6, okezone, tribun, tempo, antara, republika, suara, pikiran_rakyat
    )
}  # fmt: skip
