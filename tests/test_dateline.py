"""Datelines of portals, and openings of articles that only look like one."""

import pytest

from saring.parsing.metadata import find_dateline, publisher_name


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
        "Petani memanen cabai.",
        "",
    ],
)
def test_an_opening_without_proof_is_body(opening):
    assert find_dateline(opening, 0) is None


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
