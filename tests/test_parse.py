"""What parse promises: nothing lost, tight spans, links and boilerplate found, body kept."""

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from layouts import LAYOUTS, stories
from timing import grows_linearly, names

from saring.article import Article, Record
from saring.errors import InputError
from saring.parsing.engine import clean, parse
from saring.parsing.rules import load_rules

BODY_1 = (
    "Petani di lereng Gunung Sumbing mulai memanen cabai rawit sejak awal pekan ini, dan harga "
    "di pasar induk langsung turun."
)
BODY_2 = '"Kami lega, tetapi khawatir harga jatuh lagi," kata Rina Wulandari, ketua kelompok tani.'
BODY_3 = "Ia menambahkan, luas panen bulan ini mencapai dua ribu hektare di tiga kecamatan itu."
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
        "İstanbul", "1. ", "\nBaca juga:\n", "A post shared by Rina Kabar (@rina)", "Foto: Rina W\n", "Video: ", "googletag.cmd.push(function() {});", "**", "[x](http://y)",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(st.one_of(SCRAPS, st.text(max_size=8)), max_size=40).map("".join))


@given(text=TEXTS, title=st.one_of(st.just(""), st.text(max_size=30)))
@example(text="Baca juga:", title="")
@example(text="A.CO-BACA:", title="")
@example(text="Baca juga:\nA post shared by KABAR Selasar (@kabar.selasar)", title="")
@example(text="\r\nBaca juga: A\rB", title="")
def test_the_pieces_rebuild_any_text_and_spans_are_tight(text, title):
    article = parse(Record(id="x", title=title, text=text))
    assert article.text == text
    assert "".join(piece.text for piece in article.pieces()) == text
    spans = sorted((one.start, one.end) for group in (article.links, article.removals) for one in group)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
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


HEADS = [
    TITLE, "19 Januari 2022, 14:30 WIB", "Penulis: Rina Wulandari", f"{TITLE} /Kabar/Rina", "Petani memanen (Foto: Kabar/Rina)",
    "Laporan Rina Wulandari | Aceh Timur",
]  # fmt: skip
OPENERS = ["", "JAKARTA, KOMPAS.com - ", "Liputan6.com, Jakarta ", "Jakarta (ANTARA) - ", f"SOLO - {TITLE}.\nSOLO - "]
TAILS = [
    "(abc)", "(abc/def)", "(*)", "Editor: Rina Wulandari", "Sumber: Reuters", "Advertisement", "Halaman 1 dari 2",
    "BACA SELENGKAPNYA >>>", "Tags\ncabai",
]  # fmt: skip
INNER = [BODY_1, BODY_2, BODY_3, f"Baca juga: {HEADLINE}", f"{BODY_2} (Baca juga: {HEADLINE}) {BODY_3}", "Baca Juga"]


@given(
    head=st.lists(st.sampled_from(HEADS), max_size=3),
    opener=st.sampled_from(OPENERS),
    inner=st.lists(st.sampled_from(INNER), max_size=4),
    tail=st.lists(st.sampled_from(TAILS), max_size=3, unique=True),
    glue=st.sampled_from(["\n", " "]),
)
def test_clean_text_cleaned_again_stays_as_it_is(head, opener, inner, tail, glue):
    text = "\n".join([*head, opener + BODY_1, *inner, BODY_3]) + glue + glue.join(tail)
    once = clean({"title": TITLE, "text": text})
    assert clean({"title": TITLE, "text": once}) == once


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_clean_text_of_a_portal_cleaned_again_stays_as_it_is(name):
    for story in stories():
        once = clean({"title": story.title, "text": LAYOUTS[name](story).text})
        assert clean({"title": story.title, "text": once}) == clean(once) == once


BUDGET = 3.0  # seconds; a free core needs 2.5 for the worst of them
BUSY = 20.0  # a third of what an article is given

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
    seconds = time.process_time() - start
    # A busy machine takes several times as long as a free one, but then for a part of the text, too.
    assert seconds < BUDGET or (seconds < BUSY and grows_linearly(parse, text[: len(text) // 4], text, most=8))
    assert "".join(piece.text for piece in article.pieces()) == text


def once(pattern: str, times: int) -> str:
    """A pattern so many times, each time with words that stand nowhere else."""
    return "".join(pattern.format(*names(3 * number, 3 * number + 3), number=number) for number in range(times))


ONCE = {
    "glued headlines": "Ya. Baca juga: {0}Naik {1}Turun {2}Datang di Induk menurut warga ",
    "spaced headlines": "Ya. Baca juga: {0} {1} Naik di Induk {2} menurut warga ",
    "headlines on lines": "Warga {0} lega.\nBaca juga: {1} Naik {2} di Pasar Induk\n",
    "labels and boxes": "Baca Juga:\n- {0} Naik di Pasar Induk\n- {1} Turun di Induk\n{2} lega.\n",
    "markers that hide the next": "Simak juga Video: Baca juga: {0}. Turun di {1}. Kata {2} benar. ",
    "brackets": "(Baca juga: {0} Naik {1} di Induk) {2} ",
    "credits": "Foto: {0} {1}\nEditor: {2}\n",
    "dates": "{number} Januari 2022 {0}\n",
    "digits and signs": "{number}-’{0}-{1}’{number}Baca Juga: {2}{number}. ",
}


@pytest.mark.parametrize("name", ONCE)
def test_a_text_of_words_that_stand_once_takes_time_as_it_is_long(name):
    load_rules()
    small, large = (once(ONCE[name], times) for times in (700, 2800))
    assert grows_linearly(parse, small, large)


# --- Ten portals' layouts -------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYOUTS)
def test_links_body_and_boilerplate_of_a_portal_layout(name):
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
            one for one in printed.boilerplate if one in body or (len(one) > 10 and any(one in line for line in body))
        }
        for field in ("published", "publisher", "place", "editor", "author", "source"):
            assert getattr(article, field) == getattr(printed, field), field
    assert found / links >= 0.99
    assert kept / chars >= 0.999
    assert not left


# --- Teasers on lines of their own ----------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f"Baca Juga: {HEADLINE}",
        f"BACA JUGA : {HEADLINE}",
        f"Baca juga, {HEADLINE}",
        f"Baca:{HEADLINE}",
        f"\xa0Baca\xa0juga:\xa0{HEADLINE}\xa0",
        f"• **Baca juga: {HEADLINE}**",
        f"(Baca juga : {HEADLINE})",
        f"Pilihan Editor: {HEADLINE}",
    ],
)
def test_a_teaser_on_its_own_line_is_a_link_and_the_body_stays(line):
    article = parse("\n\n".join([BODY_1, line, BODY_2]))
    assert [link.headline for link in article.links] == [HEADLINE]
    assert article.body == f"{BODY_1}\n{BODY_2}"


def test_the_marker_is_kept_as_printed():
    assert parse(f"{BODY_1}\nBACA JUGA : {HEADLINE}").links[0].marker == "BACA JUGA :"


def test_a_teaser_in_brackets_within_a_paragraph():
    article = parse(f"{BODY_1} (Baca juga: {HEADLINE}) {BODY_2}")
    assert [link.headline for link in article.links] == [HEADLINE]
    assert article.body == f"{BODY_1} {BODY_2}"


def test_brackets_inside_a_bracketed_headline_are_part_of_it():
    article = parse(f"{BODY_1} (Baca juga: Harga Cabai (Rawit) Turun Lagi di Pasar) {BODY_2}")
    assert [link.headline for link in article.links] == ["Harga Cabai (Rawit) Turun Lagi di Pasar"]


def test_two_teasers_in_a_row_on_one_line():
    line = f"Baca juga: {HEADLINE} Baca juga: Pasar Induk Diserbu Pembeli dari Luar Kota"
    assert links_of(BODY_1, line, BODY_2) == [HEADLINE, "Pasar Induk Diserbu Pembeli dari Luar Kota"]


def test_a_markdown_link_gives_its_address():
    article = parse(f"{BODY_1}\n**Baca juga:** [{HEADLINE}](https://kabar.id/a-1)\n{BODY_2}")
    assert [(link.headline, link.url) for link in article.links] == [(HEADLINE, "https://kabar.id/a-1")]
    assert article.body == f"{BODY_1}\n{BODY_2}"


def test_the_page_tells_a_links_address():
    record = Record(id="1", text=f"{BODY_1}\nBaca juga: {HEADLINE}", addresses={HEADLINE: "https://kabar.id/a"})
    assert parse(record).links[0].url == "https://kabar.id/a"


def test_what_the_page_marks_as_a_teaser_is_a_link_whatever_its_marker():
    record = Record(id="1", text=f"{BODY_1}\nKata Warganet: {HEADLINE}", addresses={HEADLINE: "https://kabar.id/a"})
    assert [(link.marker, link.headline) for link in parse(record).links] == [("Kata Warganet:", HEADLINE)]


@pytest.mark.parametrize("section", ["FOTO", "VIDEO", "BERITA FOTO", "Video"])
def test_a_headline_may_start_with_its_section(section):
    assert links_of(BODY_1, f"Baca juga: {section}: {HEADLINE}", BODY_2) == [f"{section}: {HEADLINE}"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Pembaca diharap jangan hanya membaca judul, tapi baca juga isi artikelnya sampai habis.",
        "Mari simak juga berikut ini profil para petani muda yang sukses di lereng Merapi.",
        "Kalau saya lihat juga, warga sini memang rajin sejak dulu.",
        "Aparat (baca: polisi) baru datang satu jam kemudian.",
        "Baca juga isi artikelnya sampai habis agar tidak salah paham.",
    ],
)
def test_the_words_of_a_marker_in_a_sentence_are_text(sentence):
    article = parse(f"{BODY_1}\n{sentence}\n{BODY_2}")
    assert article.links == ()
    assert article.body == f"{BODY_1}\n{sentence}\n{BODY_2}"


@pytest.mark.parametrize(
    ("left", "kind"),
    [
        ("\nBaca Juga\n", "bare_label"),
        ("baca juga\n", "bare_label"),
        (" Saksikan Live KabarSore: ", "video_teaser"),
        ("\nSaksikan LiveKabarpagi:\n", "video_teaser"),
        ("\nTonton juga video Panen Raya di Lereng Merapi Dihadiri Bupati:\n", "video_teaser"),
        ("\nSaksikan juga Buka-bukaan, Rina W: Panen Raya di Lereng Merapi!\n", "video_teaser"),
        ("Simak selengkapnya di halaman berikutnya ", "paging"),
        (" Bersambung ke halaman berikutnya... ", "paging"),
        (" Saksikan Live KabarSore: Simak berita selengkapnya di halaman selanjutnya. ", "paging"),
    ],
)
@pytest.mark.parametrize("below", ["Artikel ini akan mengulas panen raya.", "Berita lain dibaca warga."])
def test_what_a_portal_prints_between_sentences_is_left_out(left, kind, below):
    article = parse(f"{BODY_1}{left}{below}\n{BODY_2}")
    assert kind in kinds_of(article).values()
    assert "".join(article.body.split()) == "".join(f"{BODY_1}{below}{BODY_2}".split())


@pytest.mark.parametrize(
    "end",
    [
        "\n= = =Editor: Rina Wulandari",
        " Copyright © KABAR 2025 Dilarang keras mengambil konten tanpa izin.",
        " Sumber: Kabar Penerjemah: Dedi Saputra Editor: Rina W Copyright © KABAR 2025",
        " Saksikan Live KabarSore:",
        " BACA SELENGKAPNYA DI SINI>>>",
        "  Advertisement",
        "Dapatkan update berita pilihan setiap hari dari Kabar.com. Mari bergabung di Grup Telegram Kabar.",
        "(abcd/efg)panen rayaharga cabai",
        " (abc/def)",
    ],
)
def test_what_a_portal_prints_behind_the_last_sentence_is_left_out(end):
    assert parse(f"{BODY_1}\n{BODY_2}{end}").body == f"{BODY_1}\n{BODY_2}"


@pytest.mark.parametrize(
    "behind", [" 2.", " (abc)", "   (ABC)", "\xa0   (Abc)", " Foto/Instagram @kabar_a", " (abc/def)"]
)
@pytest.mark.parametrize("headline", [HEADLINE, "Harga Cabai di Pasar Kini Rp14.995/Kg"])
def test_what_stands_behind_a_headline_on_its_line_is_no_part_of_it(behind, headline):
    assert links_of(BODY_1, f"Baca juga: {headline}{behind}", BODY_2) == [headline]


def test_a_number_of_a_list_is_cut_from_a_headline_and_not_from_a_sentence():
    article = parse(f"{BODY_1}\nBaca juga: {HEADLINE} 2.\n{BODY_2}")
    assert article.body == f"{BODY_1}\n2.\n{BODY_2}"
    line = "Baca juga: Cabai Turun Lagi di Pasar Berikut adalah daftar harga cabai di pasar induk: 1."
    assert links_of(BODY_1, line, BODY_2) == ["Cabai Turun Lagi di Pasar"]


def test_a_headline_without_a_colon_may_run_on():
    article = parse(f"{BODY_1}\nBaca juga Dinas Pertanian {HEADLINE} {BODY_3}")
    assert [link.headline for link in article.links] == [f"Dinas Pertanian {HEADLINE}"]
    assert links_of(BODY_1, f"Baca juga; {HEADLINE}", BODY_2) == [HEADLINE]


# --- Labels and boxes -----------------------------------------------------------------------------

OTHERS = [
    "Pasar Induk Kramat Jati Diserbu Pembeli dari Luar Kota",
    "Jadwal Tanam Serempak Diumumkan Dinas Pertanian Awal Bulan",
]


def test_a_label_with_a_colon_takes_the_headline_on_the_next_line():
    article = parse("\n".join([BODY_1, "Baca juga:", HEADLINE, BODY_2]))
    assert [link.headline for link in article.links] == [HEADLINE]
    assert article.links[0].marker == "Baca juga:"
    assert kinds_of(article)["Baca juga:"] == "link_label"
    assert article.body == f"{BODY_1}\n{BODY_2}"


def test_a_box_of_three():
    article = parse("\n".join([BODY_1, "Baca Juga", HEADLINE, *OTHERS, BODY_2]))
    assert [link.headline for link in article.links] == [HEADLINE, *OTHERS]
    assert article.body == f"{BODY_1}\n{BODY_2}"


def test_bullets_of_a_box_are_not_part_of_its_headlines():
    article = parse("\n".join([BODY_1, "Baca Juga:", f"- {HEADLINE}", f"- {OTHERS[0]}", BODY_2]))
    assert [link.headline for link in article.links] == [HEADLINE, OTHERS[0]]
    assert article.body == f"{BODY_1}\n{BODY_2}"


def test_a_subheading_under_a_headline_is_body():
    article = parse("\n".join([BODY_1, "Baca juga:", HEADLINE, "Panen di Tiga Kecamatan", BODY_2]))
    assert [link.headline for link in article.links] == [HEADLINE]
    assert "Panen di Tiga Kecamatan" in article.body


@pytest.mark.parametrize("label", ["Baca Juga", "Baca juga:", "BACA JUGA :"])
def test_a_label_whose_headlines_are_lost_takes_no_body(label):
    article = parse("\n".join([BODY_1, label, BODY_2, BODY_3]))
    assert article.links == ()
    assert kinds_of(article)[label] == "bare_label"
    assert article.body == f"{BODY_1}\n{BODY_2}\n{BODY_3}"


def test_the_bodys_numbered_list_under_a_bare_label_stays():
    article = parse("\n".join([BODY_1, "Baca Juga", "1. Simpan Cabai di Wadah Tertutup", BODY_2]))
    assert article.links == ()
    assert "1. Simpan Cabai di Wadah Tertutup" in article.body


def test_a_shortcode_of_the_editing_system_is_boilerplate():
    article = parse(f"{BODY_1} [bacajuga:Baca Juga](123456 234567\xa0345678) {BODY_2}")
    assert article.body == f"{BODY_1} {BODY_2}"


@pytest.mark.parametrize(
    "line",
    [
        "Simak Video: Detik-detik Panen Raya Cabai",
        "Simak juga Video 'Detik-detik Panen Raya Cabai':",
        "Lihat juga Video: Detik-detik Panen Raya Cabai",
        "Tonton juga Video: Detik-detik Panen Raya Cabai",
        "Saksikan video di bawah ini:",
        "Video: Detik-detik Panen Raya Cabai",
    ],
)
def test_videos_are_boilerplate_not_links(line):
    article = parse(f"{BODY_1}\n{line}\n[Gambas:Video 20detik]\n{BODY_2}")
    assert article.links == ()
    assert kinds_of(article)[line] == "video_teaser"
    assert article.body == f"{BODY_1}\n{BODY_2}"


# --- Text that lost its line breaks ---------------------------------------------------------------


@pytest.mark.parametrize("glue", [" ", "  ", ""])
def test_a_run_on_headline_ends_where_the_next_sentence_begins(glue):
    article = parse(glue.join([BODY_1, f"Baca juga: {HEADLINE}", BODY_3]))
    assert [link.headline for link in article.links] == [HEADLINE]
    assert article.body.startswith(BODY_1)
    assert article.body.endswith(BODY_3)


def test_a_box_that_lost_its_line_breaks():
    text = f"{BODY_1}Baca Juga:{HEADLINE}{OTHERS[0]}{BODY_2}"
    assert [link.headline for link in parse(text).links] == [HEADLINE, OTHERS[0]]


def test_paragraphs_joined_by_commas_survive():
    dump = f" , - {BODY_1},{BODY_2},Baca juga: {HEADLINE},{BODY_3},Baca Juga :,,{BODY_1},Baca juga:,"
    article = parse(dump)
    assert [link.headline for link in article.links] == [HEADLINE]
    for paragraph in (BODY_1, BODY_2, BODY_3):
        assert paragraph in article.body


# --- A whole page ---------------------------------------------------------------------------------

PAGE = f"""{TITLE}

- 19 Januari 2022, 14:30 WIB
{TITLE}
{TITLE} /Ilustrasi Pixabay/

PORTAL SUMBING - {BODY_1}

Baca Juga: {HEADLINE}

{BODY_2}

{BODY_3}***

Editor: Rina Wulandari

Sumber: Reuters


Tags

Artikel Pilihan

Terkait

{OTHERS[0]}

Kabar Daerahnone"""


def test_a_whole_page_gives_title_links_metadata_and_body():
    article = parse(PAGE)
    assert article.title == TITLE
    assert [link.headline for link in article.links] == [HEADLINE]
    assert article.published == "2022-01-19T14:30:00+07:00"
    assert (article.editor, article.source) == ("Rina Wulandari", "Reuters")
    assert article.publisher == "Portal Sumbing"
    assert article.body == "\n".join([BODY_1, BODY_2, BODY_3])


def test_what_the_record_says_wins_over_the_page():
    article = parse({"text": PAGE, "published": "2 Maret 2023", "publisher": "Kabar Lain"})
    assert article.published == "2023-03-02T00:00:00+07:00"
    assert article.publisher == "Kabar Lain"


def test_lists_of_headlines_are_tail_only_where_no_paragraph_follows():
    article = parse("\n".join([BODY_1, "Terkait", OTHERS[0], BODY_2]))
    assert article.body == "\n".join([BODY_1, "Terkait", OTHERS[0], BODY_2])


def test_tags_under_their_header_are_read():
    article = parse("\n".join([BODY_1, "Tags", "cabai", "panen raya"]))
    assert article.tags == ("cabai", "panen raya")
    assert article.body == BODY_1


def test_a_title_repeated_in_the_text_is_no_body():
    article = parse({"title": f"{TITLE}!", "text": f"{TITLE}\n{BODY_1}"})
    assert article.body == BODY_1


@pytest.mark.parametrize(
    "rest",
    [
        " dan tiga anak buahnya dalam operasi senyap di Jakarta",
        " (dan harga bawang ikut turun)",
        ", foto warga memanen pun beredar luas",
        "/Bawang dan kentang menyusul pekan depan",
        ": ini penjelasan dinas pertanian",
    ],
)
def test_a_first_line_that_begins_like_the_title_is_body(rest):
    article = parse({"title": TITLE, "text": f"{TITLE}{rest}\n{BODY_1}"})
    assert article.body == f"{TITLE}{rest}\n{BODY_1}"


@pytest.mark.parametrize(
    "credit",
    [
        " /Kabar Sumbing/Rina", " /Ilustrasi Pixabay/", " (Rina W/Kabar)", ". Foto: Rina",
        " (Foto: Rina)", " | Dok. Kabar", "/Instagram @kabar/",
    ],
)  # fmt: skip
def test_the_title_with_a_photos_credit_is_a_caption(credit):
    article = parse({"title": TITLE, "text": f"{TITLE}{credit}\n{BODY_1}"})
    assert "photo_caption" in kinds_of(article).values()
    assert article.body == BODY_1


ONLY_TEXTS = [
    TITLE, f"{TITLE} /Kabar Sumbing/Rina", "Foto: Rina Wulandari", "Editor: Rina Wulandari",
    "JAKARTA, KOMPAS.com -", "Advertisement\nBaca Juga", "Simak Video: Detik-detik Panen Raya Cabai",
    f"{TITLE}\n19 Januari 2022, 14:30 WIB\nFoto: Rina Wulandari", "(Rina Wulandari)",
    "Copyright © KABAR 2025", "Tags\ncabai", "Simak selengkapnya di halaman berikutnya.",
]  # fmt: skip


@pytest.mark.parametrize("text", ONLY_TEXTS)
def test_rules_never_take_the_only_text(text):
    article = parse({"title": TITLE, "text": text})
    assert article.removals == ()
    assert article.body == text


def test_a_teaser_alone_is_still_a_link_and_its_label_no_text():
    assert parse({"title": TITLE, "text": f"{TITLE}\nBaca juga: {HEADLINE}"}).body == TITLE
    for text in (f"Baca juga: {HEADLINE}", f"Baca juga:\n{HEADLINE}"):
        article = parse(text)
        assert [link.headline for link in article.links] == [HEADLINE]
        assert article.body == ""


def test_what_removals_that_stay_say_is_read():
    article = parse({"title": TITLE, "text": f"{TITLE}\n19 Januari 2022, 14:30 WIB"})
    assert article.published.startswith("2022-01-19T14:30")


def test_a_text_of_paragraphs_has_no_title():
    assert parse(f"{BODY_1}\n{BODY_2}").title == ""
    assert parse("Harga cabai turun lagi").title == ""


def test_a_sentence_whose_links_were_printed_on_lines_of_their_own_is_no_title():
    text = f"Ketua Kelompok Tani Rina Wulandari\n, mengatakan panen raya sudah dimulai.\n{BODY_1}"
    assert parse(text).title == ""


@pytest.mark.parametrize("text", ["", " \n\t ", "\u200b", "a", "\n", "Baca juga", "(", "***"])
def test_texts_of_nearly_nothing(text):
    assert parse(text).text == text


# --- Sources --------------------------------------------------------------------------------------


def test_a_record_a_text_and_a_mapping_give_the_same_article():
    record = Record(id="1", title=TITLE, text=BODY_1)
    assert parse(record) == parse({"id": "1", "title": TITLE, "text": BODY_1, "topic": "economy"})
    assert parse(BODY_1).body == parse(record).body


def test_a_text_has_the_same_identifier_on_every_run():
    assert parse(BODY_1).id == parse(BODY_1).id != parse(BODY_2).id


def test_an_absent_field_may_be_none_but_a_text_must_be_there():
    assert parse({"text": BODY_1, "title": None, "date": None}).body == BODY_1
    assert parse({"text": BODY_1, "title": float("nan")}).body == BODY_1
    with pytest.raises(InputError, match="needs 'text'; found the fields \\['naskah'\\]"):
        parse({"naskah": BODY_1})
    with pytest.raises(InputError, match=r"column 'title' \(title\): found a list; expected text"):
        parse({"text": BODY_1, "title": ["a"]})


def test_a_label_glued_to_its_headline_is_still_a_label():
    text = (
        '"Stok aman," ujarnya.Baca JugaWarga Antre Gas Sejak Subuh di Dua KotaMenurut dia, pasokan '
        "gas seret sejak pekan lalu.Warga berharap stok segera ditambah."
    )
    (link,) = parse({"title": "Gas Langka di Kota Solo", "text": text}).links
    assert link.headline == "Warga Antre Gas Sejak Subuh di Dua Kota"
    sentence = "Ia membaca JugalBeli dan Baca JugaBeli di rak itu."
    assert not parse({"title": "Gas Langka di Kota Solo", "text": sentence}).links
