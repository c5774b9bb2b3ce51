"""Every date that portals, tables and pages print is read alike and written in one form."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring import load
from saring.columns import Columns
from saring.dates import MIDNIGHT, read_date
from saring.parsing.engine import parse

FORM = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("19 Januari 2022, 14:30 WIB", "2022-01-19T14:30:00"),
        ("- 19 Januari 2022, 14:30 WIB", "2022-01-19T14:30:00"),
        ("1 Pebruari 2022 pukul 10.05 WIB", "2022-02-01T10:05:00"),
        ("Jumat (12/8/2022) 10.00 WIB", "2022-08-12T10:00:00"),
        ("Jumat (12/8/2022), pkl. 10.00 WIB", "2022-08-12T10:00:00"),
        ("Jumat, 12/8/2022", "2022-08-12T00:00:00"),
        ("12.8.2022 10.00", "2022-08-12T10:00:00"),
        ("12 - 8 - 2022 jam 9.05", "2022-08-12T09:05:00"),
        ("10.05 WIB, 1 Februari 2022", "2022-02-01T10:05:00"),
        ("08/25/2022", "2022-08-25T00:00:00"),
        ("Selasa, 10 Juni 2025 - 06:56 WIB", "2025-06-10T06:56:00"),
        ("Diperbarui 20 Jun 2025, 18:05 WIB", "2025-06-20T18:05:00"),
        ("24/06/2019, 10:15 WITA", "2019-06-24T09:15:00"),
        ("3 Agustus 2024 pukul 09.05 WIT", "2024-08-03T07:05:00"),
        ("10 Juni 2025 |21:33 WIB", "2025-06-10T21:33:00"),
        ("Senin, 21 Januari 2019 / 22:05 WIB", "2019-01-21T22:05:00"),
        (", Jurnalis-Senin, 16 Juni 2025 |15:20 WIB", "2025-06-16T15:20:00"),
        ("Kompas.com- 29/05/2025, 14:55 WIB", "2025-05-29T14:55:00"),
        ("Jum'at, 01 Mei 2020 - 22:55 WIB", "2020-05-01T22:55:00"),
        ("2025/07/03 16:16:38", "2025-07-03T16:16:38"),
        ("Selasa, 10 Jun 2025 - 10:21 WIB_x0000_", "2025-06-10T10:21:00"),
        ("September 30, 2024", "2024-09-30T00:00:00"),
        ("Sept 30th, 2024 2:05 PM", "2024-09-30T14:05:00"),
        ("06-Dec-19", "2019-12-06T00:00:00"),
        ("13+December+2018", "2018-12-13T00:00:00"),
        ("19 Febuari 2022", "2022-02-19T00:00:00"),
        ("3 Agusuts 2024", "2024-08-03T00:00:00"),
        ("12 Nopmber 2024", "2024-11-12T00:00:00"),
        ("2022-01-19", "2022-01-19T00:00:00"),
        ("2022-01-19T14:30+07:00", "2022-01-19T14:30:00"),
        ("2025-11-05T09:19:00Z", "2025-11-05T16:19:00"),
        ("2025-11-05T23:19:00.123456789", "2025-11-05T23:19:00"),
        ("2022-01-19 14:30:00-0500", "2022-01-20T02:30:00"),
        ("Wed, 19 Jan 2022 07:30:00 GMT", "2022-01-19T14:30:00"),
        ("2022-01-19T14:30:00 GMT+8", "2022-01-19T13:30:00"),
        ("20220119T143000Z", "2022-01-19T21:30:00"),
        ("20220119", "2022-01-19T00:00:00"),
        ("1642577400", "2022-01-19T14:30:00"),
        ("1642577400000", "2022-01-19T14:30:00"),
        ("1642577400.5", "2022-01-19T14:30:00"),
        ("19 Januari 2022, 25:70 WIB", "2022-01-19T00:00:00"),
        ("9999-12-31T23:00:00Z", "9999-12-31T23:00:00"),
    ],
)
def test_a_printed_date_is_read(printed, expected):
    assert read_date(printed) == f"{expected}+07:00"
    assert read_date(f" {printed}\n") == f"{expected}+07:00"
    assert read_date(read_date(printed)) == read_date(printed)


@pytest.mark.parametrize(
    "printed",
    [
        "", "kemarin", "31 Februari 2022", "2022-02-31", "99/99/2020", "11-Jan", "Rp 12.500", "NaT",
        "12 orang 2022", "5 marah 2022", "2", "123456", "0000-00-00 00:00:00", "10:05:22", "2-1",
    ],
)  # fmt: skip
def test_what_is_no_possible_date_gives_nothing(printed):
    assert read_date(printed) == ""


@given(st.text() | st.from_regex(r"\d{1,19}[-/. T]?\d{0,4}[-/. :]\d{0,8}( [a-z]{3,9} \d{4})?"))
def test_any_text_gives_a_date_or_nothing(text):
    found = read_date(text)
    assert found == "" or read_date(found) == found


WIB = timezone(timedelta(hours=7))
TIMES = st.datetimes(datetime(1900, 1, 2), datetime(9999, 12, 30), timezones=st.timezones() | st.just(WIB)).map(
    lambda time: time.replace(microsecond=0)
)


@given(TIMES)
def test_a_time_is_the_same_moment_whatever_its_zone(time):
    if time.utcoffset().seconds % 60 == 0:  # local time before there were zones
        # In UTC: two zones' times are never equal to Python where a clock is put back.
        assert datetime.fromisoformat(read_date(time.isoformat())) == time.astimezone(UTC)


@given(st.dates(date(1900, 1, 1)), st.sampled_from(["{0} {1} {2}", "Senin, {0}-{1}-{2}", "{1} {0}, {2}"]))
def test_every_day_is_read_back(day, form):
    months = "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"
    printed = form.format(day.day, months.split()[day.month - 1], f"{day.year:04}")
    assert read_date(printed) == f"{day.isoformat()}{MIDNIGHT}"


@pytest.mark.parametrize(
    "value",
    [
        "19 Januari 2022, 14:30 WIB", 1642577400, 1642577400.0, Decimal(1642577400), 1642577400000,
        datetime(2022, 1, 19, 14, 30), datetime(2022, 1, 19, 14, 30, tzinfo=WIB),
    ],
)  # fmt: skip
def test_columns_texts_and_lines_give_the_same(value):
    fields = Columns({}).fields({"text": "Isi berita.", "tanggal": value})
    assert parse(fields).published == "2022-01-19T14:30:00+07:00"


def test_pandas_reads_the_column_in_one_go(bundle_folder):
    pandas = pytest.importorskip("pandas")
    printed = ["24/06/2019, 10:15 WITA", "2022-01-19", "", "2025-11-05T09:19:00Z", "3 Mei 2024 10.00"]
    rows = load(bundle_folder).predict([{"text": "Isi berita.", "date": raw} for raw in printed])
    column = pandas.to_datetime(pandas.Series([row.published or None for row in rows]))
    assert str(column.dtype) == "datetime64[us, UTC+07:00]"
    assert column.isna().tolist() == [False, False, True, False, False]
