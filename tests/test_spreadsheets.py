"""Excel workbooks are read as tables: news-watch writes them, and so do people, who put more onto a sheet."""

import datetime as dt
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from saring.errors import InputError, MissingExtraError
from saring.io.records import ReadOptions, read, rows

openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("python_calamine")

KEEP = ReadOptions(on_error="keep")
TEXT = "Harga cabai rawit turun di pasar induk, kata pedagang pada Jumat pagi."
OTHER = "Pasokan dari petani di lereng gunung kembali lancar setelah hujan reda."


def workbook(path: Path, *sheets: list[list[Any]], merged: str = "") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, cells in enumerate(sheets):
        sheet = book.create_sheet(f"Lembar {number + 1}")
        for row in cells:
            sheet.append(row)
        if merged and number == 0:
            sheet.merge_cells(merged)
    book.save(path)
    return path


def found(path: Path, options: ReadOptions = KEEP) -> list[tuple[str, str]]:
    return [(record.title, record.text) for record in read([path], options)]


def test_what_news_watch_writes(tmp_path):
    pandas = pytest.importorskip("pandas")
    row = {
        "title": "Harga Cabai", "publish_date": "2023-03-03 10:00:00", "author": "Rina", "content": f"{TEXT} {OTHER}",
        "keyword": "cabai", "category": "Ekonomi", "source": "detik.com", "link": "https://finance.detik.com/d-1/cabai",
    }  # fmt: skip
    pandas.DataFrame([row, row | {"content": None}], columns=list(row)).to_excel(tmp_path / "a.xlsx", index=False)
    first, second = read([tmp_path / "a.xlsx"])
    assert (first.title, first.text, first.published) == (row["title"], row["content"], row["publish_date"])
    assert (first.publisher, first.url, first.id) == (row["source"], row["link"], "a.xlsx:1")
    assert (second.text, second.where) == ("", f"{tmp_path / 'a.xlsx'}:2")


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        (dt.datetime(2023, 3, 3, 10), "2023-03-03T10:00:00"),
        (dt.date(2023, 3, 3), "2023-03-03"),
        ("Jumat, 3 Maret 2023", "Jumat, 3 Maret 2023"),
        (None, ""),
    ],
)
def test_dates_and_numbers_are_what_excel_shows(tmp_path, cell, date):
    path = workbook(tmp_path / "a.xlsx", [["No", "ID", "Isi Berita", "Tanggal"], [1, 17, TEXT, cell]])
    (record,) = read([path])
    assert (record.id, record.text, record.published) == ("17", TEXT, date)


@pytest.mark.parametrize(
    "above",
    [[["Daftar Berita 2023"], []], [[None, "Berita"], ["Disusun oleh", "Rina"], []], [[], [], []], [["Text"], []]],
)
def test_the_header_need_not_stand_in_the_first_row_or_column(tmp_path, above):
    path = workbook(tmp_path / "a.xlsx", [*above, [None, "Judul", "Isi"], [None, "A", TEXT], [], [None, "B", OTHER]])
    assert found(path) == [("A", TEXT), ("B", OTHER)]


def test_a_table_of_one_column(tmp_path):
    assert found(workbook(tmp_path / "a.xlsx", [["isi"], [TEXT], [OTHER]])) == [("", TEXT), ("", OTHER)]


def test_every_sheet_with_a_text_column_is_read_and_others_are_left(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx",
        [],
        [["Catatan"], ["dibuat 2023"]],
        [["judul", "isi"], ["A", TEXT]],
        [["Sumber", "Jumlah"], ["Kompas", 3]],
        [["content", "headline"], [OTHER, "B"]],
    )
    assert found(path) == [("A", TEXT), ("B", OTHER)]
    assert [record.id for record in read([path])] == ["a.xlsx:1", "a.xlsx:2"]


def test_a_cell_merged_over_rows_is_in_each_of_them_that_has_more(tmp_path):
    cells = [
        ["Sumber", "Judul", "Isi"],
        ["Kompas", "A", TEXT],
        [None, "B", OTHER],
        [None, None, None],
        ["Detik", "C", TEXT],
    ]
    path = workbook(tmp_path / "a.xlsx", cells, merged="A2:A4")
    assert [(record.publisher, record.title) for record in read([path])] == [
        ("Kompas", "A"),
        ("Kompas", "B"),
        ("Detik", "C"),
    ]


def test_a_formula_is_its_value(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["judul", "isi"], ["A", TEXT], ["B", OTHER]])
    import zipfile

    data = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(data, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml"):  # as Excel saves a formula with what came of it
                part = part.replace(
                    b'<c r="A2" t="inlineStr"><is><t>A</t></is></c>', b'<c r="A2" t="str"><f>UPPER("a")</f><v>A</v></c>'
                )
                part = part.replace(b'<c r="A2" t="s"><v>2</v></c>', b'<c r="A2" t="str"><f>UPPER("x")</f><v>X</v></c>')
                assert b"<f>" in part
            new.writestr(name, part)
    path.write_bytes(data.getvalue())
    assert found(path)[0][0] in ("A", "X")


def test_line_breaks_in_a_cell_are_paragraphs(tmp_path):
    assert found(workbook(tmp_path / "a.xlsx", [["isi", "no"], [f"{TEXT}\r\n{OTHER}", 1]])) == [
        ("", f"{TEXT}\n{OTHER}")
    ]


@pytest.mark.parametrize("sheets", [[[]], [[], []]])
def test_an_empty_workbook_is_an_error_that_says_so(tmp_path, sheets):
    (record,) = read([workbook(tmp_path / "a.xlsx", *sheets)], KEEP)
    assert "a.xlsx: holds no rows" in record.error


def test_a_workbook_that_fits_nothing_names_its_columns_and_the_line_to_type(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["Daftar"], ["nama", "naskah lengkap"], ["A", TEXT]], [["x"], ["y"]])
    with pytest.raises(
        InputError, match=r"no text column: found 'nama', 'naskah lengkap'.*--column 'text=naskah lengkap'$"
    ):
        read([path])
    assert found(path, ReadOptions(columns={"text": "naskah lengkap"})) == [("", TEXT)]
    with pytest.raises(InputError, match="no column 'teks_', which --column names for text"):
        read([path], ReadOptions(columns={"text": "teks_"}))


def test_a_column_is_kept_and_rows_are_as_they_stand(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["isi", "jumlah", "", "jumlah"], [TEXT, 2.5, "x", True]])
    (record,) = read([path], ReadOptions(keep=["jumlah"]))
    assert record.kept == {"jumlah": 2.5}
    (row,) = rows([path])
    assert row.values == {"isi": TEXT, "jumlah": 2.5, "jumlah (2)": True}


@pytest.mark.parametrize("data", [b"PK\x03\x04 bukan buku", b"isi\nHarga naik\n"])
def test_what_is_no_workbook_is_one_error(tmp_path, data):
    (tmp_path / "a.xlsx").write_bytes(data)
    (record,) = read([tmp_path], KEEP)
    assert record.error.startswith(f"{tmp_path / 'a.xlsx'}: found no readable Excel workbook (")


def test_a_packed_workbook_and_one_on_standard_input(tmp_path, monkeypatch):
    import gzip

    data = workbook(tmp_path / "b.xlsx", [["judul", "isi"], ["A", TEXT]]).read_bytes()
    (tmp_path / "a.xlsx.gz").write_bytes(gzip.compress(data))
    assert found(tmp_path / "a.xlsx.gz") == [("A", TEXT)]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert [record.title for record in read(["-"])] == ["A"]


def test_what_excel_leaves_while_a_workbook_is_open_is_left_out(tmp_path):
    workbook(tmp_path / "a.xlsx", [["judul", "isi"], ["A", TEXT]])
    (tmp_path / "~$a.xlsx").write_bytes(b"\x05Rina")
    assert found(tmp_path) == [("A", TEXT)]


def test_without_its_extra_the_error_names_the_package(tmp_path, monkeypatch):
    path = workbook(tmp_path / "a.xlsx", [["isi"], [TEXT]])
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(MissingExtraError, match="reading Excel files needs an optional part: pip install"):
        read([path])
    (record,) = read([tmp_path], KEEP)
    assert "reading Excel files needs an optional part" in record.error
