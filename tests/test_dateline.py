"""Datelines of portals, and openings of articles that only look like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.parsing.datelines import find_dateline
from saring.parsing.engine import clean, parse
from saring.parsing.metadata import publisher_name


@pytest.mark.parametrize(
    ("dateline", "publisher", "place"),
    [
        ("JAKARTA, KOMPAS.com - ", "Kompas.com", "Jakarta"),
        ("KOMPAS.com– ", "Kompas.com", ""),
        ("Liputan6.com, Jakarta - ", "Liputan6.com", "Jakarta"),
        ("Liputan6.com, Jakarta -", "Liputan6.com", "Jakarta"),
        ("Liputan6.com, Tel Aviv", "Liputan6.com", "Tel Aviv"),
        ("TEMPO.CO, Jakarta - ", "Tempo.co", "Jakarta"),
        ("TEMPO.CO,Jakarta-", "Tempo.co", "Jakarta"),
        ("Jakarta (ANTARA) - ", "Antara", "Jakarta"),
        ("Osaka, Jepang --(ANTARA/Business Wire)-- ", "Antara", "Osaka"),
        ("MEDIA PAKUAN - ", "Media Pakuan", ""),
        ("MANTRA SUKABUMI - ", "Mantra Sukabumi", ""),
        ("Suara.com - ", "Suara.com", ""),
        ("REPUBLIKA.CO.ID, JAKARTA -- ", "Republika.co.id", "Jakarta"),
        ("Jakarta, CNN Indonesia -- ", "CNN Indonesia", "Jakarta"),
        ("BANDUNG, (PR).- ", "Pikiran Rakyat", "Bandung"),
        ("LOS ANGELES - ", "", "Los Angeles"),
        ("TRIBUN-MEDAN.com, MEDAN - ", "Tribun-Medan.com", "Medan"),
        ("KONTAN.CO.ID - JAKARTA. ", "Kontan.co.id", "Jakarta"),
        ("KONTAN.CO.ID - WASHINGTON - ", "Kontan.co.id", "Washington"),
        ("SAINT-DENIS– ", "", "Saint-Denis"),
        ("NICE- ", "", "Nice"),
        ("Jakarta\n-\n", "", "Jakarta"),
        ("Suita\n-\n", "", "Suita"),
        ("Kab. Bogor - ", "", "Kab. Bogor"),
        ("KOLAKA UTARA - ", "", "Kolaka Utara"),
        ("JAKARTA KOMPAS.com – ", "Kompas.com", "Jakarta"),
        ("SAINT-DENIS -", "", "Saint-Denis"),
        ("BAU-BAU, KOMPAS.com - ", "Kompas.com", "Bau-Bau"),
        ("JAKARTA\n, KOMPAS.com -\n", "Kompas.com", "Jakarta"),
        ("SURYA.co.id | BANGKALAN - ", "Surya.co.id", "Bangkalan"),
        ("TRIBUNGAYO.COM, BONE BOLANGO - ", "Tribungayo.com", "Bone Bolango"),
        ("Tribunjogja.com Inggris --- ", "Tribunjogja.com", "Inggris"),
        ("KARIMUN, POSMETRO.CO: ", "Posmetro.co", "Karimun"),
        ("Jakarta (NUSKARA) - ", "", "Jakarta"),
        ("London (AFP) - ", "AFP", "London"),
        # Without a dash.
        ("Liputan6.com, Jakarta ", "Liputan6.com", "Jakarta"),
        ("Liputan6.com, Palangka Raya", "Liputan6.com", "Palangka Raya"),
        ("TRIBUNNEWS.COM, JAKARTA ", "Tribunnews.com", "Jakarta"),
        ("JAKARTA, KOMPAS.com ", "Kompas.com", "Jakarta"),
        ("Jakarta (ANTARA) ", "Antara", "Jakarta"),
        ("KOMPAS.com ", "Kompas.com", ""),
    ],
)
def test_a_dateline_ends_at_its_dash_and_names_publisher_and_place(dateline, publisher, place):
    found = find_dateline(dateline + "Petani memanen cabai.", 0)
    assert found == (len(dateline), publisher, place)


@pytest.mark.parametrize(
    "opening",
    [
        "Timnas Indonesia - Jepang bermain imbang di Solo.",
        "Jakarta-Bandung kini hanya empat puluh menit dengan kereta cepat.",
        "KPK - lembaga antirasuah - menahan bupati.",
        "Dua rute baru bus, Bekasi, yakni Bantargebang - Summarecon dibuka.",
        "Harga cabai - yang sempat naik - kini turun.",
        "PANDEMI COVID-19 berakhir di Solo.",
        "PANDEMI COVID-19 - Warga lega.",
        "HITUNG-hitungan harga cabai dimulai.",
        "KANAK-KANAK bermain di taman kota.",
        "JAKARTA-BANDUNG kini hanya empat puluh menit.",
        "Liputan6.com, Jakarta-Bandung kini hanya empat puluh menit.",
        "Amazon.com Inc melaporkan laba.",
        "Kompas.com, Selasa (10/6/2025), menemui warga.",
        "KOMPAS.com Gelar Lomba Menulis Cerita",
        "INFLASI - yang sempat naik - kini turun.",
        "Petani memanen cabai.",
        "",
    ],
)
def test_an_opening_without_proof_is_body(opening):
    assert find_dateline(opening, 0) is None


# --- No word of the first sentence is lost ----------------------------------------------------------

DATELINES = [
    "Liputan6.com, Jakarta", "KOMPAS.com", "TRIBUNNEWS.COM, JAKARTA", "Bisnis.com, JAKARTA", "TEMPO.CO, Jakarta",
    "JAKARTA, KOMPAS.com", "Jakarta (ANTARA)", "JAKARTA", "SURYA.co.id | MALANG", "Liputan6.com, Tel Aviv",
    "REPUBLIKA.CO.ID, BANDA ACEH", "Jakarta, CNN Indonesia", "SAINT-DENIS", "TRIBUN-MEDAN.com, MEDAN", "TEMPO.CO, Solo",
]  # fmt: skip
DASHES = [" ", " - ", " – ", " -- ", " —", " -", "- "]
OPENINGS = [
    "Anak-anak", "Harga-harga", "PT Telkom Tbk (TLKM) - induk", "Teka-teki", "Laga Persib - Persija", "Paris Saint-Germain",
    "COVID-19", "Harga Emas - Antam", "17 Juni-18 Juni", "Gara-Gara Hujan -", '"Kami lega," kata', "KPK-Polri", "Timnas U-23",
    "Petani - begitu ia disebut -", "Saint-Denis", "Rina (Warga - Solo)",
]  # fmt: skip


@given(
    dateline=st.sampled_from(DATELINES),
    dash=st.sampled_from(DASHES),
    opening=st.sampled_from(OPENINGS),
    rest=st.lists(st.sampled_from(["cabai", "di", "Solo,", "harga-harga", "-", "Jakarta-Bandung", "(abc)", "KPK"])),
)
def test_clean_text_has_every_word_behind_a_known_dateline(dateline, dash, opening, rest):
    prose = f"{opening} bermain di taman kota {' '.join(rest)} sejak pagi."
    assert clean(dateline + dash + prose).endswith(prose)


@pytest.mark.parametrize("dateline", DATELINES)
@pytest.mark.parametrize("dash", DASHES[1:])
def test_nothing_is_left_of_a_known_dateline_with_its_dash(dateline, dash):
    assert clean(f"{dateline}{dash}Petani memanen cabai sejak pagi.") == "Petani memanen cabai sejak pagi."


@pytest.mark.parametrize(
    "text",
    [
        "Liputan6.com, Jakarta Anak-anak bermain di taman kota.",
        "KOMPAS.com Anak-anak bermain di taman kota.",
        "TRIBUNNEWS.COM, JAKARTA Anak-anak bermain di taman kota.",
        "Liputan6.com, JakartaAnak-anak bermain di taman kota.",
    ],
)
def test_a_dateline_without_a_dash_ends_at_its_place(text):
    assert clean(text) == "Anak-anak bermain di taman kota."


# --- Datelines below the first line -----------------------------------------------------------------

CAPTION = "Petani memanen cabai di lereng gunung, Senin (9/6/2025), saat harga di pasar induk sedang tinggi."
PROSE = "Panen raya dimulai sejak pagi dan dihadiri warga dari tiga kecamatan di lereng gunung itu."


def test_a_dateline_below_a_caption_and_a_reporters_line_is_no_body():
    article = parse(f"{CAPTION}\nLaporan Rina Wulandari | Aceh Timur\nSERAMBINEWS.COM, IDI - {PROSE}")
    assert article.body == f"{CAPTION}\n{PROSE}"
    assert (article.publisher, article.place) == ("Serambinews.com", "Idi")


def test_an_agencys_dateline_behind_a_summary_is_no_body():
    article = parse(f"{CAPTION} Penajam Paser Utara (ANTARA) - {PROSE}")
    assert article.body == f"{CAPTION} {PROSE}"
    assert article.place == "Penajam Paser Utara"


def test_a_sentence_below_that_names_a_portal_stays():
    for line in ("KOMPAS.com Gelar lomba menulis.", "Kabar.com: Warga lega.", "Kompas.com menemui warga - Selasa."):
        assert clean(f"{CAPTION}\n{PROSE}\n{line}") == f"{CAPTION}\n{PROSE}\n{line}"


def test_a_known_publisher_is_proof():
    assert find_dateline("Warta Lembah - Petani memanen.", 0, "Warta Lembah").end == 15
    assert find_dateline("Lembah - Petani memanen.", 0) is None
    assert find_dateline("Lembah - Petani memanen.", 0, "Lembah").publisher == "Lembah"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("KOMPAS.com", "Kompas.com"),
        ("TRIBUNNEWS.COM", "Tribunnews.com"),
        ("CNN Indonesia", "CNN Indonesia"),
        ("MEDIA PAKUAN", "Media Pakuan"),
        ("ANTARA", "Antara"),
        ("DetakNiaga", "DetakNiaga"),
        ("", ""),
    ],
)
def test_a_publishers_name_is_written_as_it_is_best_read(raw, name):
    assert publisher_name(raw) == name
