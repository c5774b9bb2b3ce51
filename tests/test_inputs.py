"""What predict takes from Python: what a file may hold, and what is no article keeps its place."""

import re
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.article import Article, Link, Prediction, Record
from saring.errors import InputError
from saring.io.records import read
from saring.parsing.engine import clean, parse
from saring.sources import rows_of, take

COLUMNS_CSV = Path(__file__).parent / "articles" / "columns.csv"
TEXT = "Harga cabai turun di pasar induk.\nBaca Juga: Cara Menanam Cabai di Pot\nWarga lega."


def one(source):
    [item] = take([source])
    return item


def refused(source):
    item = one(source)
    assert isinstance(item, Prediction)
    return item


# what is taken


@pytest.mark.parametrize(
    "source",
    [TEXT, np.str_(TEXT), {"text": TEXT}, MappingProxyType({"text": TEXT}), Record("a", text=TEXT), parse(TEXT)],
)
def test_texts_rows_records_and_articles_are_taken(source):
    article = one(source)
    assert article.text == TEXT
    assert [link.headline for link in article.links] == ["Cara Menanam Cabai di Pot"]


def test_an_article_is_taken_as_it_is():
    article = Article("a", "Judul", TEXT, publisher="Warta Desa")
    assert one(article) is article


def test_order_is_kept_and_iterables_of_any_kind_do():
    sources = (f"Artikel {number}" for number in range(3))
    assert [item.text for item in take(list(rows_of(sources)))] == ["Artikel 0", "Artikel 1", "Artikel 2"]
    assert take([]) == []
    assert [item.text for item in take(list(rows_of(pd.Series(["Satu", "Dua"]))))] == ["Satu", "Dua"]


def test_a_row_may_have_the_columns_of_a_file():
    row = {"Judul": "Cabai Turun", "Isi Berita": TEXT, "Tanggal": "3 Maret 2023", "Sumber": "Warta"}
    article = one(row)
    assert (article.title, article.text) == ("Cabai Turun", TEXT)
    assert (article.published, article.publisher) == ("2023-03-03T00:00:00+07:00", "Warta")


def test_a_row_from_python_is_the_row_from_a_file():
    rows = pd.read_csv(COLUMNS_CSV).to_dict("records")
    assert take(rows) == [parse(record) for record in read(COLUMNS_CSV)]


@pytest.mark.parametrize("nothing", [None, float("nan"), np.nan, pd.NA, pd.NaT, ""])
def test_what_is_absent_in_a_row_is_absent_in_the_article(nothing):
    row = {"id": nothing, "title": nothing, "text": TEXT, "published": nothing, "url": nothing}
    article = one(row)
    assert (article.title, article.published, article.url) == ("", "", "")
    assert article.id == one({"text": TEXT}).id
    assert article.id


@pytest.mark.parametrize(("value", "text"), [(17, "17"), (17.0, "17"), ("x-1", "x-1"), (-1.5, "-1.5")])
def test_ids_may_be_numbers(value, text):
    assert one({"id": value, "text": TEXT}).id == text


@pytest.mark.parametrize("value", [date(2023, 3, 3), datetime(2023, 3, 3, 9, 15), "3 Maret 2023"])
def test_dates_may_be_dates(value):
    assert one({"text": TEXT, "date": value}).published.startswith("2023-03-03")


def test_a_text_may_be_a_list_of_paragraphs():
    assert one({"text": ["Satu.", "Dua."]}).text == "Satu.\nDua."


def test_the_title_alone_is_an_article():
    assert one({"title": "Harga Cabai Turun", "text": None}).title == "Harga Cabai Turun"


# what is not


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "found NoneType; expected a text"),
        (5, "found int; expected a text"),
        (float("nan"), "found float; expected a text"),
        (b"berita", "found bytes; expected a text"),
        ([TEXT], "found list; expected a text"),
        ({}, r"an article needs 'text'; found the fields \[\]"),
        ({"naskah": TEXT, 1: 2}, r"needs 'text'; found the fields \['1', 'naskah'\]"),
        ({"text": 5}, "column 'text' .*found the number 5; expected text"),
        ({"text": TEXT, "title": ["a"]}, r"column 'title' .*found a list; expected text"),
        ({"text": TEXT, "title": True}, "column 'title' .*found true or false"),
        (Path("a/b.html"), r"found \w+Path; expected a text.*read a file with saring.read\(path\)"),
        ("a/b.html", r"found the name of a file, 'a/b.html'; expected a text; read it: saring.read\('a/b.html'\)"),
        ("/berita hari ini/rows.jsonl.gz", "found the name of a file"),
        ("https://portal.example/read/1", "found the name of a file"),
        ("", "title and text are empty; expected an article"),
        (" \n\t", "title and text are empty"),
        ({"title": None, "text": None}, "title and text are empty"),
        (Record("a", where="a.csv:3"), "^a.csv:3: title and text are empty"),
        (Record("a", text=None), "field 'text' is NoneType; expected a string"),
        (Article("a", 5, TEXT), "field 'title' is int; expected a string"),
        (Article("a", "", ""), "title and text are empty"),
    ],
)
def test_what_is_no_article_says_why(source, message):
    assert re.search(message, refused(source).error)


@pytest.mark.parametrize("text", ["Rupiah naik 5.5", "Unduh laporan tahunan.xlsx di sini", "Baca html", "<5 persen"])
def test_a_short_text_is_no_file_s_name_and_no_page(text):
    assert take([text])[0].text == text


def test_a_page_s_source_is_read_as_a_page_among_others():
    html = (COLUMNS_CSV.parent / "page.html").read_text()
    before, page, after = take(["Satu", html, "Tiga"])
    assert (before.text, after.text) == ("Satu", "Tiga")
    assert page.title == "Pemain Muda Dipanggil Timnas" and "<" not in page.text and page.links


@pytest.mark.parametrize("wrong", [None, 42, Path("a.html"), "a.html", "Rupiah menguat."])
def test_what_is_no_list_of_articles_is_told(wrong):
    with pytest.raises(InputError, match=r"expected a (list of articles|text)"):
        rows_of(wrong)


@pytest.mark.parametrize("wrong", [None, 42, ["a"], Path("a.html"), "a/b.html", "<html><p>Rupiah menguat.</p></html>"])
def test_parsing_what_is_no_article_is_told(wrong):
    with pytest.raises(InputError, match=r"^found .*; expected a"):
        clean(wrong)


def test_an_error_keeps_the_id_it_can_know():
    assert refused({"id": 17, "text": 5}).id == "17"
    assert refused({"id": "a", "naskah": TEXT}).id == "a"
    assert refused(Record("a")).id == "a"
    assert refused(None).id == ""


def test_an_error_of_reading_stays_what_it_was():
    record = Record("a", "Judul", publisher="Warta", error="a.csv:3: column 'isi' is empty")
    item = refused(record)
    assert (item.id, item.title, item.publisher) == ("a", "Judul", "Warta")
    assert item.error == record.error


def test_what_is_no_article_moves_no_other():
    items = take(["Satu", None, "Dua", {}, "Tiga"])
    assert [getattr(item, "text", None) for item in items] == ["Satu", None, "Dua", None, "Tiga"]


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.integers(),
            st.text(max_size=20),
            st.dictionaries(
                st.one_of(st.sampled_from(["id", "title", "text", "date"]), st.integers()),
                st.one_of(st.none(), st.floats(), st.booleans(), st.text(max_size=20)),
            ),
            st.builds(Record, id=st.text(max_size=5), text=st.one_of(st.none(), st.text())),
        ),
        max_size=8,
    )
)
def test_whatever_goes_in_as_many_come_out(sources):
    items = take(sources)
    assert len(items) == len(sources)
    assert all(isinstance(item, Article) or item.error for item in items)


@pytest.mark.parametrize("lone", ["Satu teks", {"text": TEXT}, Record("a"), parse(TEXT), b"teks"])
def test_one_article_instead_of_a_list_is_refused(lone):
    with pytest.raises(InputError, match=r"put this one in a list: \[article\]"):
        rows_of(lone)


# tables

ROWS = [
    {"id": 17, "Judul": "Cabai Turun", "Isi Berita": TEXT, "Tanggal": datetime(2023, 3, 3, 9, 15), "hit": 0.5},
    {"id": None, "Judul": None, "Isi Berita": None, "Tanggal": None, "hit": None},
    {"id": 19, "Judul": None, "Isi Berita": "Warga lega.", "Tanggal": None, "hit": 1.0},
] * 700  # more than are turned to mappings at a time


class Stream:
    """A table of a library that saring does not know, and that speaks Arrow."""

    columns = ("id", "Judul", "Isi Berita", "Tanggal", "hit")

    def __arrow_c_stream__(self, requested_schema=None):
        return pa.Table.from_pylist(ROWS).__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame,
        lambda rows: pd.DataFrame(rows, index=[3] * len(rows)).convert_dtypes(),
        lambda rows: pytest.importorskip("polars").DataFrame(rows),
        pa.Table.from_pylist,
        pa.RecordBatch.from_pylist,
        lambda rows: Stream(),
    ],
    ids=["pandas", "nullable pandas", "polars", "Arrow", "Arrow batch", "any that speaks Arrow"],
)
def test_a_table_of_any_library_is_its_rows(table):
    assert take(list(rows_of(table(ROWS)))) == take(ROWS)


def test_a_table_without_rows_has_none():
    assert list(rows_of(pd.DataFrame(ROWS)[:0])) == list(rows_of(pa.Table.from_pylist(ROWS)[:0])) == []


def test_a_table_of_mixed_values_and_numbered_columns_is_read_too():
    table = pd.DataFrame({"text": ["Satu", 2, ["Tiga.", "Empat."]], 0: [b"a", 1, None]})
    items = take(list(rows_of(table)))
    assert [getattr(item, "text", None) for item in items] == ["Satu", None, "Tiga.\nEmpat."]


def test_a_time_that_python_cannot_hold_costs_the_time_alone():
    table = pa.table({"text": [TEXT], "date": pa.array([1], pa.timestamp("ns"))})
    [article] = take(list(rows_of(table)))
    assert (article.text, article.published) == (TEXT, "1970-01-01T00:00:00+07:00") or article.note


def test_a_table_whose_rows_cannot_be_had_is_refused_with_the_remedy():
    table = type("LazyFrame", (), {"columns": ["text"]})()
    with pytest.raises(InputError, match="found a LazyFrame; expected a list of articles or a table of pandas, polars"):
        rows_of(table)


# what no file could hold


def test_half_a_character_and_nul_become_the_replacement_character():
    text = "Harga\0cabai turun.\nBaca Juga: Cara Menanam \ud83d Cabai\nWarga lega."
    for source in (text, {"text": text}, Record("a", text=text), Article("a", "", text)):
        article = one(source)
        assert article.text == text.replace("\0", "\ufffd").replace("\ud83d", "\ufffd")
        for link in article.links:
            assert article.text[link.start : link.end] == f"{link.marker} {link.headline}"


def test_so_they_do_in_every_field_of_an_article():
    link = Link("Cara \ud83d", "Baca:", 0, 5, "http://a.example/\ud83d")
    article = one(Article("\ud83d", "Judul \udc00", "Isi", (link,), publisher="Warta \0"))
    assert (article.id, article.title, article.publisher) == ("\ufffd", "Judul \ufffd", "Warta \ufffd")
    assert article.links[0].headline == "Cara \ufffd"
    assert article.links[0].url == "http://a.example/\ufffd"
