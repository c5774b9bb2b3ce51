"""What parse promises: nothing lost, tight spans, links and furniture found, body kept."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from layouts import LAYOUTS, stories

from saring.article import Article, Record
from saring.markers import load_rules
from saring.parse import parse

BODY_1 = (
    "Petani di lereng Gunung Sumbing mulai memanen cabai rawit sejak awal pekan ini, dan harga "
    "di pasar induk langsung turun."
)
BODY_2 = '"Kami lega, tetapi khawatir harga jatuh lagi," kata Rina Wulandari, ketua kelompok tani.'
BODY_3 = (
    "Dinas Pertanian mencatat luas panen bulan ini mencapai dua ribu hektare di tiga kecamatan."
)
TITLE = "Panen Cabai di Lereng Sumbing, Harga di Pasar Induk Turun"
HEADLINE = "Lima Cara Menyimpan Cabai agar Segar Sebulan"


def links_of(*lines: str) -> list[str]:
    return [link.headline for link in parse("\n".join(lines)).links]


def kinds_of(article: Article) -> dict[str, str]:
    return {article.text[r.start : r.end]: r.kind for r in article.removals}


# --- Nothing is lost ------------------------------------------------------------------------------

SCRAPS = st.sampled_from(
    [
        "Baca juga: ", "BACA JUGA", "Baca Juga:", "(Baca juga: ", ")", "Simak Video: ", "\n", "\r\n",
        "\r", "\n\n", " ", "\xa0", "\u200b", "***", "Tags", "Terkait", "Editor: Rina", "(abc/def)",
        "[Gambas:Video 20detik]", "SCROLL TO CONTINUE WITH CONTENT", "ADVERTISEMENT", ",", ".,", ". ",
        "Kompas", "JAKARTA, KOMPAS.com - ", "Panen Cabai Raya di Merapi", "menurut dia", '"', "“", "”",
        "- ", "19 Januari 2022, 14:30 WIB", "Halaman 1 2 Selanjutnya", "[bacajuga:Baca Juga](12 34)",
        "İstanbul", "1. ", "Video: ", "googletag.cmd.push(function() {});", "**", "[x](http://y)",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(), st.lists(st.one_of(SCRAPS, st.text(max_size=8)), max_size=40).map("".join)
)


@given(text=TEXTS, title=st.one_of(st.just(""), st.text(max_size=30)))
@example(text="Baca juga:", title="")
@example(text="\r\nBaca juga: A\rB", title="")
def test_the_pieces_rebuild_any_text_and_spans_are_tight(text, title):
    article = parse(Record(id="x", title=title, text=text))
    assert article.text == text
    assert "".join(piece.text for piece in article.pieces()) == text
    spans = sorted(
        (one.start, one.end) for group in (article.links, article.removals) for one in group
    )
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))
    assert [link.start for link in article.links] == sorted(link.start for link in article.links)
    for start, end in spans:
        assert text[start:end] == text[start:end].strip()
    for link in article.links:
        assert link.headline
        assert link.headline in text[link.start : link.end]


@given(text=TEXTS)
def test_parse_is_deterministic_and_parses_its_own_body(text):
    article = parse(text)
    assert parse(text) == article
    parse(article.body)


LINES = {
    "one line of a megabyte": lambda: "a" * 1_000_000,
    "one line of words": lambda: "cabai " * 170_000,
    "one line of capitals": lambda: "Cabai " * 170_000,
    "a million short lines": lambda: "a\n" * 500_000,
    "short headlines": lambda: "Panen Cabai Raya\n" * 60_000,
    "spaces": lambda: " " * 1_000_000,
    "line breaks": lambda: "\r\n" * 500_000,
    "digits": lambda: "1" * 1_000_000,
    "numbers": lambda: "12 " * 330_000,
    "quotes": lambda: '"' * 1_000_000,
    "opening brackets": lambda: "(" * 1_000_000,
    "brackets": lambda: "[]" * 500_000,
    "stars": lambda: "*" * 1_000_000,
    "commas": lambda: ".,A" * 330_000,
    "bare markers": lambda: "Baca juga: " * 100_000,
    "markers on lines": lambda: "Baca Juga\n" * 100_000,
    "markers in brackets": lambda: "(Baca juga: " * 90_000,
    "markers with headlines": lambda: f"Baca juga: {HEADLINE} Menurut dia benar. " * 12_000,
    "markers on own lines": lambda: f"Baca juga: {HEADLINE}\n" * 18_000,
    "one marker before a long line": lambda: "Baca juga: " + "Cabai " * 170_000,
    "open videos": lambda: "Simak Video: '" * 70_000,
    "open embeds": lambda: "[Gambas:" * 120_000,
    "open scripts": lambda: "googletag.cmd.push(function() {" * 32_000,
    "tail headers": lambda: "Terkait\n" * 120_000,
    "syndication": lambda: "Artikel ini telah tayang di " * 36_000,
    "glued sentences": lambda: "Baca juga:PanenRaya" * 50_000,
    "datelines": lambda: "JAKARTA, " * 110_000,
    "mixed": lambda: "\n".join([BODY_1, f"Baca juga: {HEADLINE}", "Halaman 1 dari 2"] * 6_000),
}


@pytest.mark.parametrize("name", LINES)
def test_a_megabyte_of_anything_takes_about_a_second(name):
    text = LINES[name]()
    load_rules()
    start = time.process_time()
    article = parse(text)
    assert time.process_time() - start < 2.5  # 2 s, and room for a slow machine
    assert "".join(piece.text for piece in article.pieces()) == text


# --- Ten portals' layouts -------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYOUTS)
def test_links_body_and_furniture_of_a_portal_layout(name):
    links = found = chars = kept = 0
    left: set[str] = set()
    for story in stories():
        printed = LAYOUTS[name](story)
        article = parse({"title": story.title, "text": printed.text})
        headlines = [link.headline for link in article.links]
        links += len(printed.headlines)
        found += sum(headline in headlines for headline in printed.headlines)
        body = article.body.split("\n")
        chars += sum(map(len, story.paragraphs))
        kept += sum(len(paragraph) for paragraph in story.paragraphs if paragraph in body)
        left |= {
            one
            for one in printed.furniture
            if one in body or (len(one) > 10 and any(one in line for line in body))
        }
        for field in ("published", "publisher", "place", "editor", "author", "source"):
            assert getattr(article, field) == getattr(printed, field), field
    assert found / links >= 0.99
    assert kept / chars >= 0.999
    assert not left
