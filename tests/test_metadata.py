"""Dates, credits and tags as portals print them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.parse.metadata import parse_credits, parse_date, parse_tags


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("19 Januari 2022, 14:30 WIB", "2022-01-19T14:30+07:00"),
        ("- 19 Januari 2022, 14:30 WIB", "2022-01-19T14:30+07:00"),
        ("Selasa, 10 Juni 2025 - 06:56 WIB", "2025-06-10T06:56+07:00"),
        ("Diperbarui 20 Jun 2025, 18:05 WIB", "2025-06-20T18:05+07:00"),
        ("24/06/2019, 10:15 WITA", "2019-06-24T10:15+08:00"),
        ("3 Agustus 2024 pukul 09.05 WIT", "2024-08-03T09:05+09:00"),
        ("10 Juni 2025 |21:33 WIB", "2025-06-10T21:33+07:00"),
        ("Senin, 21 Januari 2019 / 22:05 WIB", "2019-01-21T22:05+07:00"),
        (", Jurnalis-Senin, 16 Juni 2025 |15:20 WIB", "2025-06-16T15:20+07:00"),
        ("Kompas.com- 29/05/2025, 14:55 WIB", "2025-05-29T14:55+07:00"),
        ("Jum'at, 01 Mei 2020 - 22:55 WIB", "2020-05-01T22:55+07:00"),
        ("2025/07/03 16:16:38", "2025-07-03T16:16"),
        ("Selasa, 10 Jun 2025 - 10:21 WIB_x0000_", "2025-06-10T10:21+07:00"),
        ("September 30, 2024", "2024-09-30"),
        ("06-Dec-19", "2019-12-06"),
        ("13+December+2018", "2018-12-13"),
        ("17 Agustus 2023", "2023-08-17"),
    ],
)
def test_a_printed_date_becomes_iso(printed, expected):
    assert parse_date(printed) == expected


@pytest.mark.parametrize(
    "iso", ["2022-01-19", "2022-01-19T14:30+07:00", "2025-11-05T09:19:00Z", "2025-11-05T09:19:00.5"]
)
def test_an_iso_date_is_kept_as_given(iso):
    assert parse_date(iso) == iso


def test_a_time_stamp_with_a_blank_gets_its_letter():
    assert parse_date("2025-07-17 16:30:00") == "2025-07-17T16:30:00"


@pytest.mark.parametrize(
    "printed",
    ["", "kemarin", "31 Februari 2022", "2022-02-31", "99/99/2020", "11-Jan", "Rp 12.500", "NaT"],
)
def test_what_is_no_possible_date_gives_nothing(printed):
    assert parse_date(printed) == ""


def test_an_impossible_time_leaves_the_day():
    assert parse_date("19 Januari 2022, 25:70 WIB") == "2022-01-19"


@given(st.text())
def test_any_text_gives_a_date_or_nothing(text):
    parse_date(text)


@given(st.dates(min_value=__import__("datetime").date(1900, 1, 1)))
def test_every_day_is_read_back(day):
    months = (
        "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"
    )
    printed = f"{day.day} {months.split()[day.month - 1]} {day.year}"
    assert parse_date(printed) == day.isoformat()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Editor: Rina Wulandari", {"editor": "Rina Wulandari"}),
        ("Penulis :  Rina Wulandari ", {"author": "Rina Wulandari"}),
        ("sumber : Antara", {"source": "Antara"}),
        ("Pewarta: Rina W\nEditor: Dedi S", {"author": "Rina W", "editor": "Dedi S"}),
        ("Sumber: AcakEditor: Dedi S", {"source": "Acak", "editor": "Dedi S"}),
        ("(Penulis: Rina W | Editor : Dedi S)", {"author": "Rina W", "editor": "Dedi S"}),
        ("(Ditulis oleh Rina W)", {"author": "Rina W"}),
        ("Editor: Dedi S Copyright © KABAR 2025", {"editor": "Dedi S"}),
        ('judul "Dibantu oleh Warga"', {}),
        ("Editor:", {}),
    ],
)
def test_a_credit_line_names_its_people(line, expected):
    assert parse_credits(line) == expected


def test_tags_are_parted_by_what_portals_print_between_them():
    assert parse_tags("cabai, panen raya,Merapi") == ("cabai", "panen raya", "Merapi")
    assert parse_tags("#cabai #panen") == ("cabai", "panen")
    assert parse_tags("") == ()
