import csv
import datetime as dt
import gzip
import io
import json
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

import saring.io.formats
from saring.errors import ConfigError, InputError
from saring.io.records import ReadOptions, read, rows
from saring.io.streams import Stream

KEEP = ReadOptions(on_error="keep")
RICE = {"id": "a1", "title": "Harga Beras Naik", "text": "Harga beras naik di Pasar Kramat."}
CHILI = {"id": "a2", "title": "Harga Cabai Turun", "text": "Harga cabai turun di Pasar Kramat."}


def lines(*values: object) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def wrote(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def one(path: Path, **options: object):
    (record,) = read([path], ReadOptions(**options))
    return record


def as_csv(*values: dict[str, str], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(values[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(values)
    return out.getvalue()


def write_as(path: Path, *values: dict[str, str]) -> Path:
    """Write rows in the format that a path's suffix tells."""
    suffix = path.name.partition(".")[2].removesuffix(".gz").removesuffix(".zst")
    if suffix == "parquet":
        out = io.BytesIO()
        parquet.write_table(pa.Table.from_pylist(list(values)), out)
        data = out.getvalue()
    elif suffix == "json":
        data = json.dumps(list(values)).encode()
    elif suffix in ("csv", "tsv"):
        data = as_csv(*values, delimiter="," if suffix == "csv" else "\t").encode()
    else:
        data = lines(*values).encode()
    pack = {".gz": gzip.compress, ".zst": zstandard.compress}.get(path.suffix, bytes)
    return wrote(path, pack(data))


# --- all formats -----------------------------------------------------------------------------


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize("suffix", ["jsonl", "ndjson", "json", "csv", "tsv", "parquet"])
def test_every_table_format_gives_the_same_records(tmp_path, suffix, packing):
    path = write_as(tmp_path / f"berita.{suffix}{packing}", RICE, CHILI)
    first, second = read([path])
    assert (first.id, first.title, first.text) == tuple(RICE.values())
    assert (second.id, second.where) == ("a2", f"{path}:2")


def test_a_text_file_is_one_article(tmp_path):
    path = wrote(tmp_path / "beras.txt", "Harga Beras Naik\n\nHarga beras naik lagi.")
    record = one(path)
    assert record.text == "Harga Beras Naik\n\nHarga beras naik lagi."
    assert (record.id, record.where, record.title) == ("beras.txt", str(path), "")


def test_inputs_are_read_in_the_order_given_folders_among_them(tmp_path):
    (tmp_path / "arsip/2024").mkdir(parents=True)
    write_as(tmp_path / "arsip/2024/a.jsonl", {"text": "satu"})
    wrote(tmp_path / "arsip/b.txt", "dua")
    wrote(tmp_path / "z.txt", "tiga")
    records = list(read([tmp_path / "z.txt", tmp_path / "arsip"]))
    assert [record.text for record in records] == ["tiga", "satu", "dua"]
    assert [record.id for record in records] == ["z.txt", "2024/a.jsonl:1", "b.txt"]


def test_a_single_path_may_stand_for_a_list_of_one(tmp_path):
    path = write_as(tmp_path / "a.jsonl", RICE)
    assert list(read(path)) == list(read(str(path))) == list(read([path]))


@pytest.mark.parametrize(
    ("given", "format"),
    [
        (lines(RICE).encode(), ""),
        (b" \n" + lines(RICE).encode(), ""),
        (json.dumps([RICE]).encode(), ""),
        (gzip.compress(lines(RICE).encode(), mtime=0), ""),
        (as_csv(RICE).encode(), "csv"),
        (as_csv(RICE).encode(), ""),
        (as_csv(RICE).replace("text", "isi").encode(), ""),
    ],
)
def test_standard_input_tells_its_format_or_is_told(monkeypatch, given, format):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    (record,) = read(["-"], ReadOptions(format=format))
    assert (record.id, record.text, record.where) == ("a1", RICE["text"], "stdin:1")


def test_parquet_on_standard_input(monkeypatch, tmp_path):
    data = write_as(tmp_path / "a.parquet", RICE).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert [record.id for record in read(["-"])] == ["a1"]


@pytest.mark.parametrize("text", ["Harga beras naik.", "Berita\nHarga beras naik.", "text\nx"])
def test_plain_text_on_standard_input_is_one_article(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    (record,) = read(["-"])
    assert (record.id, record.text) == ("stdin", text)


def test_a_pipe_that_the_user_names_is_read_once(tmp_path):
    pipe = tmp_path / "pipa"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(lines(RICE, CHILI),))
    writer.start()
    assert [record.id for record in read([pipe], ReadOptions(format="jsonl"))] == ["a1", "a2"]
    writer.join()


# --- columns ---------------------------------------------------------------------------------


def test_columns_are_found_under_indonesian_names_whatever_their_case(tmp_path):
    row = {
        "ID": 7,
        "Judul": "Harga Beras Naik",
        "Isi Berita": "Harga beras naik.",
        "TANGGAL": "19 Januari 2022",
        "Sumber": "Kabar Kota",
        "link": "https://kabarkota.example/1",
    }
    record = one(write_as(tmp_path / "a.jsonl", row))
    assert (record.id, record.title, record.text) == ("7", "Harga Beras Naik", "Harga beras naik.")
    assert (record.published, record.publisher) == ("19 Januari 2022", "Kabar Kota")
    assert record.url == "https://kabarkota.example/1"


def test_of_several_columns_that_fit_the_first_in_the_table_is_taken(tmp_path):
    row = {"body": "kedua", "text": "pertama", "headline": "kedua", "title": "pertama"}
    record = one(write_as(tmp_path / "a.csv", row))
    assert (record.title, record.text) == ("pertama", "pertama")


def test_a_column_the_user_names_goes_before_all_others(tmp_path):
    path = write_as(tmp_path / "a.csv", {"text": "ringkasan", "naskah": "Harga beras naik."})
    assert one(path, columns={"text": "naskah"}).text == "Harga beras naik."
    assert one(path, columns={"text": "Naskah"}).text == "Harga beras naik."


def test_a_missing_text_column_lists_what_there_is_what_is_close_and_what_to_do(tmp_path):
    path = write_as(tmp_path / "a.csv", {"judul": "Harga Beras Naik", "isi_brita": "Harga naik."})
    with pytest.raises(InputError) as caught:
        read([path], KEEP)
    message = str(caught.value)
    assert message.startswith(f"{path}: no text column: found 'judul', 'isi_brita'; expected one of")
    assert message.endswith("close to it: 'isi_brita'; name the right one with --column text=isi_brita")


@pytest.mark.parametrize("column", ["isi_brita", "Isi Brita", "isi brita's", "isi $brita; ls"])
def test_the_advised_option_works_when_it_is_pasted_into_a_shell(tmp_path, column):
    path = write_as(tmp_path / "a.csv", {"judul": "Harga Beras Naik", column: "Harga naik."})
    with pytest.raises(InputError) as caught:
        read([path], KEEP)
    advised = str(caught.value).partition("name the right one with ")[2]
    option, value = shlex.split(advised)
    assert option == "--column"
    assert one(path, columns=dict([value.split("=", 1)])).text == "Harga naik."


def test_a_column_named_and_not_there_is_an_error_not_a_guess(tmp_path):
    path = write_as(tmp_path / "a.jsonl", {"text": "Harga beras naik.", "judul_": "Beras"})
    with pytest.raises(InputError, match=r"no column 'judl', which --column names for title"):
        read([path], ReadOptions(columns={"title": "judl"}))


def test_a_field_that_is_none_of_ours_cannot_be_named(tmp_path):
    with pytest.raises(ConfigError, match=r"field 'teks'; expected one of id, title, text"):
        read([write_as(tmp_path / "a.csv", RICE)], ReadOptions(columns={"teks": "isi"}))


def test_every_table_the_user_names_is_checked_before_the_first_record(tmp_path):
    good = write_as(tmp_path / "a.jsonl", RICE)
    bad = write_as(tmp_path / "b.parquet", {"judul": "Harga Beras Naik"})
    with pytest.raises(InputError, match=r"b\.parquet: no text column"):
        read([good, bad], KEEP)


def test_in_a_folder_a_table_without_text_costs_one_record(tmp_path):
    write_as(tmp_path / "a.csv", {"judul": "Harga"}, {"judul": "Beras"})
    write_as(tmp_path / "b.csv", RICE)
    bad, good = read([tmp_path], KEEP)
    assert "no text column" in bad.error and bad.id == "a.csv"
    assert good.text == RICE["text"]


def test_json_rows_may_differ_in_their_columns(tmp_path):
    path = wrote(tmp_path / "a.jsonl", lines({"judul": "tanpa isi"}, {"isi": "satu"}, {"body": "dua"}))
    first, second, third = read([path], KEEP)
    assert first.error.startswith(f"{path}:1: no text column: found 'judul'")
    assert (second.text, third.text) == ("satu", "dua")


def test_a_row_without_id_is_called_by_its_file_and_number_and_equal_ids_stay(tmp_path):
    write_as(tmp_path / "a.csv", {"id": "", "text": "x"}, {"id": "9", "text": "y"})
    write_as(tmp_path / "b.csv", {"id": "9", "text": "z"})
    assert [record.id for record in read([tmp_path])] == ["a.csv:1", "9", "9"]


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("", ""), (["Alinea satu.", "Alinea dua."], "Alinea satu.\nAlinea dua.")]
)
def test_texts_may_be_null_or_a_list_of_paragraphs(tmp_path, value, text):
    assert one(write_as(tmp_path / "a.jsonl", {"text": value})).text == text


@pytest.mark.parametrize(
    ("value", "kind"), [(5, "the number 5"), (True, "true or false"), ({"a": 1}, "an object"), ([1], "a list")]
)
def test_a_text_of_another_kind_names_row_and_column(tmp_path, value, kind):
    path = wrote(tmp_path / "a.jsonl", lines(RICE, {"isi": value}))
    _, record = read([path], KEEP)
    assert record.error.startswith(f"{path}:2: column 'isi' (text): found {kind}; expected text")
    with pytest.raises(InputError, match=r"a\.jsonl:2: column 'isi'"):
        list(read([path]))


def test_a_broken_row_keeps_the_id_it_has(tmp_path):
    path = wrote(tmp_path / "a.jsonl", lines(RICE, {"id": "b7", "text": 5}, {"id": 8, "x": 1}))
    assert [record.id for record in read([path], KEEP)] == ["a1", "b7", "8"]


def test_a_title_that_is_a_list_is_an_error(tmp_path):
    (record,) = read([wrote(tmp_path / "a.jsonl", lines({"text": "x", "judul": ["a"]}))], KEEP)
    assert "column 'judul' (title): found a list" in record.error


# --- JSON Lines and JSON ---------------------------------------------------------------------


@pytest.mark.parametrize("value", ["5", "null", "[1, 2]", '"teks"', "true"])
def test_a_json_value_that_is_no_object_is_one_broken_row(tmp_path, value):
    path = wrote(tmp_path / "a.jsonl", lines(RICE) + value + "\n" + lines(CHILI))
    first, broken, last = read([path], KEEP)
    assert (first.id, last.id) == ("a1", "a2")
    assert "expected an object like" in broken.error and broken.id == "a.jsonl:2"


def test_a_torn_last_line_says_the_file_may_be_cut_off(tmp_path):
    path = wrote(tmp_path / "a.jsonl", lines(RICE) + '{"id": "a2", "text": "Harga cab')
    _, torn = read([path], KEEP)
    assert "found no JSON" in torn.error and "the file may be cut off here" in torn.error


def test_files_put_one_behind_another_are_one_whatever_marks_they_begin_with(tmp_path):
    path = wrote(tmp_path / "a.jsonl", f"\ufeff{lines(RICE)}\ufeff{lines(CHILI)}")
    assert [record.id for record in read([path])] == ["a1", "a2"]


def test_blank_lines_are_no_rows(tmp_path):
    path = wrote(tmp_path / "a.jsonl", "\n" + lines(RICE) + " \n\n" + lines(CHILI) + "\n")
    assert [record.where for record in read([path])] == [f"{path}:1", f"{path}:2"]


def test_half_surrogates_and_nuls_become_replacement_characters(tmp_path):
    path = wrote(tmp_path / "a.jsonl", '{"text": "harga \\ud83d naik\\u0000 lagi \\ud83d\\ude00"}\n')
    record = one(path)
    assert record.text == "harga \ufffd naik\ufffd lagi 😀"
    record.text.encode()


def test_what_python_writes_and_strict_json_forbids_is_read(tmp_path):
    path = wrote(tmp_path / "a.jsonl", '{"text": "kolom\tsatu", "id": NaN, "judul": "x"}\n')
    record = one(path)
    assert (record.text, record.id) == ("kolom\tsatu", "a.jsonl:1")


def test_a_row_with_bytes_that_are_no_utf8_is_one_broken_row(tmp_path):
    good = lines({"text": "naik “dua kali”"}, {"text": "turun “sedikit”"}).encode()
    path = wrote(tmp_path / "a.jsonl", good + b'{"text": "rusak \x93 di sini"}\n' + good)
    records = list(read([path], KEEP))
    assert [bool(record.error) for record in records] == [False, False, True, False, False]
    assert "no UTF-8 at byte 16" in records[2].error


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-le", "utf-32-be", "cp1252"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "json"])
def test_encodings_and_line_ends(tmp_path, suffix, encoding, newline):
    values = [{"id": "a1", "isi": "naik “dua kali”"}, {"id": "a2", "isi": "turun – kata dia"}]
    content = {
        "jsonl": lines(*values),
        "csv": "id,isi\na1,naik “dua kali”\na2,turun – kata dia\n",
        "json": json.dumps(values, ensure_ascii=False, indent=1),
    }[suffix]
    path = wrote(tmp_path / f"a.{suffix}", content.replace("\n", newline), encoding)
    assert [(record.id, record.text) for record in read([path])] == [
        ("a1", "naik “dua kali”"),
        ("a2", "turun – kata dia"),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_text_file_gets_one_kind_of_line_break(tmp_path, newline):
    path = wrote(tmp_path / "a.txt", f"satu{newline}{newline}dua")
    assert one(path).text == "satu\n\ndua"


def test_a_text_file_in_two_encodings_is_an_error_that_names_the_byte(tmp_path):
    content = ("naik “dua kali” " * 9).encode() + b"\x93"
    with pytest.raises(InputError, match=r"a\.txt: found a byte that is no utf-8 at byte"):
        list(read([wrote(tmp_path / "a.txt", content)]))


@pytest.mark.parametrize(
    "content",
    [json.dumps(RICE), json.dumps([RICE]), json.dumps([RICE], indent=2), f" [ {json.dumps(RICE)} , ] ", lines(RICE)],
)
def test_a_json_file_holds_an_object_a_list_or_lines(tmp_path, content):
    assert one(wrote(tmp_path / "a.json", content)).text == RICE["text"]


def test_a_json_file_that_breaks_off_keeps_the_rows_before(tmp_path):
    path = wrote(tmp_path / "a.json", json.dumps([RICE, CHILI])[:-20])
    first, broken = read([path], KEEP)
    assert first.id == "a1"
    assert broken.error.startswith(f"{path}:2: found no JSON from here on")


@pytest.mark.parametrize(
    ("content", "rows", "sign"),
    [
        ("[" * 100_000, 0, "]"),
        (json.dumps([RICE, CHILI])[:-1], 2, "]"),
        (json.dumps([RICE])[:-1] + ",\n", 1, "]"),
        (json.dumps([RICE]) + "]", 1, "["),
        ("[", 0, "]"),
    ],
)
def test_a_json_list_without_its_end_keeps_its_rows_and_says_so(tmp_path, content, rows, sign):
    *good, broken = read([wrote(tmp_path / "a.json", content)], KEEP)
    assert len(good) == rows and not any(record.error for record in good)
    assert f"found a list without its '{sign}' here" in broken.error


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_a_number_of_10_000_digits_costs_no_more_than_its_row(tmp_path, suffix):
    digits = "9" * 10_000
    rows = [f'{{"text": "satu", "x": {digits}}}', f'{{"text": "dua", "id": {digits}}}',
            f'{{"text": "tiga", "date": {digits}}}', '{"text": "empat"}']  # fmt: skip
    content = "\n".join(rows) if suffix == "jsonl" else f"[{', '.join(rows)}]"
    first, broken, dateless, last = read([wrote(tmp_path / f"a.{suffix}", content)], KEEP)
    assert (first.text, dateless.text, last.text) == ("satu", "tiga", "empat")
    assert "column 'id' (id): found a number of 10,000 digits" in broken.error
    assert "column 'date' (published): found a number of 10,000 digits" in dateless.note


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.txt", b"PK\x03\x04\x14\0", "a zip archive, as .docx and .xlsx are"),
        ("a.csv", b"PK\x03\x04\x14\0", "a zip archive, as .docx and .xlsx are"),
        ("a.html", b"%PDF-1.7\n", "a PDF"),
        ("a.txt", b"\xd0\xcf\x11\xe0\xa1", "a document of an old office program"),
        ("a.txt", b"{\\rtf1\\ansi", "rich text"),
        ("a.jsonl", b"PAR1\x15\x04", "Parquet"),
        ("a.jsonl.gz", gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), "an archive within an archive"),
        ("a.txt.gz", gzip.compress(b"satu.txt" + bytes(249) + b"ustar", mtime=0), "a tar archive"),
        ("a.txt", b"BZh91AY&SY", "a bzip2 archive"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(tmp_path, name, data, found):
    pytest.importorskip("trafilatura")
    (record,) = read([wrote(tmp_path / name, data)], KEEP)
    assert record.error.startswith(f"{tmp_path / name}: found {found}; expected ")


def test_nesting_beyond_all_measure_is_one_broken_row(tmp_path):
    bomb = '{"text": ' + "[" * 100_000 + "]" * 100_000 + "}\n"
    bomb_row, good = read([wrote(tmp_path / "a.jsonl", bomb + lines(RICE))], KEEP)
    assert "found no JSON" in bomb_row.error and good.id == "a1"


# --- CSV -------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_told_from_the_header(tmp_path, delimiter):
    row = {"judul": "Beras, cabai; gula", "isi": "Harga\tberas; gula, dan cabai naik.", "id": "1"}
    record = one(wrote(tmp_path / "a.csv", as_csv(row, delimiter=delimiter)))
    assert (record.title, record.text) == (row["judul"], row["isi"])


def test_a_table_of_one_column(tmp_path):
    assert one(wrote(tmp_path / "a.csv", "isi\nHarga beras naik\n")).text == "Harga beras naik"


def test_line_breaks_and_doubled_quotes_in_a_cell_are_text(tmp_path):
    row = {"id": "1", "isi": 'Kata dia "naik".\n\nBaca juga: Cabai\r\nSelesai.'}
    assert one(wrote(tmp_path / "a.csv", as_csv(row))).text == row["isi"]


@pytest.mark.parametrize("line", ["2,cabai", "2,cabai,turun,lagi"])
def test_a_ragged_row_says_how_many_cells_it_has(tmp_path, line):
    path = wrote(tmp_path / "a.csv", f'id,judul,isi\n1,beras,"naik\nlagi"\n{line}\n3,gula,tetap\n')
    first, ragged, last = read([path], KEEP)
    assert (first.id, last.id) == ("1", "3")
    found = line.count(",") + 1
    why = f"found no row, line 4 ({found} cells, where the header has 3)"
    assert ragged.error.startswith(f"{path}:2: {why}")


def test_rows_that_ran_together_do_not_hide_where_later_ones_break(tmp_path):
    path = wrote(tmp_path / "a.csv", 'id,isi,url\n,"aaa""aa\n\n2,1"",\n1""\n0,x\n1,x\n')
    places = [record.error.partition("found no row, ")[2].partition(" (")[0] for record in read([path], KEEP)]
    assert places == ["lines 2 to 3", "", "line 5", "line 6", "line 7"]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize(
    "stray",
    [
        '2,"turun',  # never closed, or by the next quote wherever it stands
        '2,"turun, kata ""dia',
        '2,"harga "beras" naik"',
        '"2,turun',
        '2,"turun"x',
        '2,turun,"lagi',
    ],
)
@pytest.mark.parametrize("after", [[], [("3", "tetap")], [("3", "Kata dia, naik.\n\nYa, lagi."), ("4", 'se"kali')]])
def test_a_stray_quote_costs_its_row_alone(tmp_path, quoting, stray, after):
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting)
    writer.writerows([("id", "isi"), ("1", "naik")])
    out.write(stray + "\r\n")
    writer.writerows(after)
    first, broken, *others = read([wrote(tmp_path / "a.csv", out.getvalue())], KEEP)
    assert (first.id, first.text) == ("1", "naik")
    assert broken.error.startswith(f"{tmp_path / 'a.csv'}:2: found no row, line 3 (")
    assert [(record.id, record.text) for record in others] == after


def test_lines_that_are_no_row_by_themselves_are_one_with_the_quote_that_broke_them(tmp_path):
    text = 'id,isi\n1,naik\n2,"Alinea satu.\n\nBaca, kata dia\n"Selesai."\n3,turun\n'
    _, broken, good = read([wrote(tmp_path / "a.csv", text)], KEEP)
    assert "found no row, lines 3 to 6 (" in broken.error and good.text == "turun"


@pytest.mark.parametrize("id", ["{}", "a{}"])
def test_a_quote_closed_rows_below_by_another_does_not_swallow_them(tmp_path, id):
    table = [f"{id.format(n)},Harga beras naik {n}.\n" for n in range(1, 30)]
    table[3] = table[3].replace(",", ',"', 1)
    table[-3] = table[-3].replace("\n", '"\n')
    records = list(read([wrote(tmp_path / "a.csv", "id,isi\n" + "".join(table))], KEEP))
    assert [n for n, record in enumerate(records, 1) if record.error] == [4]
    assert [record.id for record in records if not record.error] == [id.format(n) for n in range(1, 30) if n != 4]


def test_paragraphs_that_look_like_rows_are_text(tmp_path):
    text = "Alinea satu.\n1, kata dia\nDua, kata Sari\nTiga, kata Budi"
    table = as_csv({"id": "1", "isi": text}, {"id": "2", "isi": text})
    assert [record.text for record in read([wrote(tmp_path / "a.csv", table)])] == [text, text]


QUOTE = ("", '"')


@pytest.mark.parametrize("every", [7, 1000])
def test_stray_quotes_in_a_long_table_cost_their_rows_alone(tmp_path, every):
    table = [f"{n},{QUOTE[n % every == 0]}Harga beras naik {n}.\n" for n in range(1, 3001)]
    records = list(read([wrote(tmp_path / "a.csv", "id,isi\n" + "".join(table))], KEEP))
    assert len(records) == 3000
    assert [n for n, record in enumerate(records, 1) if record.error] == list(range(every, 3001, every))


@pytest.mark.parametrize("told", ["sep=;", "SEP=;", '"sep=;"', "sep=|"])
def test_a_first_line_that_tells_the_delimiter_is_none_of_the_table(tmp_path, told):
    row = {"judul": "Beras, cabai, gula", "isi": "Harga naik."}
    sign = told.strip('"')[-1]
    record = one(wrote(tmp_path / "a.csv", f"{told}\r\n" + as_csv(row, delimiter=sign)))
    assert (record.title, record.text, record.id) == (*row.values(), "a.csv:1")


def test_a_cell_with_a_byte_that_is_no_letter_breaks_one_row(tmp_path):
    start = "id,isi\n0,“naik” – “turun”\n".encode()
    path = wrote(tmp_path / "a.csv", start + b"1,rusak \x93\n2,turun\n")
    _, broken, good = read([path], KEEP)
    assert "found the byte 0x93" in broken.error and good.text == "turun"


def test_a_column_whose_name_is_no_utf8_is_called_by_its_bytes(tmp_path):
    path = wrote(tmp_path / "a.csv", "id,caf\udce9\n1,“naik” – “turun”\n".encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"found 'id', 'caf\\\\xe9'"):
        read([path])
    assert one(path, columns={"text": "caf\udce9"}).text == "“naik” – “turun”"
    for row in rows([path]):
        json.dumps(row.values, ensure_ascii=False).encode()


def test_cells_longer_than_the_csv_default_are_read(tmp_path):
    text = "kata " * 100_000
    assert one(wrote(tmp_path / "a.csv", f"isi\n{text}\n")).text == text


def test_two_columns_of_one_name_are_told_apart(tmp_path):
    path = wrote(tmp_path / "a.csv", "isi,isi,isi\nsatu,dua,tiga\n")
    (row,) = rows([path])
    assert row.values == {"isi": "satu", "isi (2)": "dua", "isi (3)": "tiga"}


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "id": st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1),
                "isi": st.text(st.characters(exclude_characters="\0", codec="utf-8")),
            }
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([".jsonl", ".json", ".csv", ".tsv", ".parquet"]),
)
def test_what_was_written_is_read(tmp_path_factory, values, suffix):
    path = write_as(tmp_path_factory.mktemp("ada") / f"a{suffix}", *values)
    assert [(r.id, r.text) for r in read([path])] == [(v["id"], v["isi"]) for v in values]


# --- Parquet ---------------------------------------------------------------------------------


def test_parquet_columns_of_many_types(tmp_path):
    table = pa.table(
        {
            "id": pa.array([1.0, None, 3.0]),
            "judul": pa.array(["a", "b", None], pa.string()).dictionary_encode(),
            "isi": pa.array(["satu", None, "tiga"], pa.large_string()),
            "tanggal": pa.array([dt.datetime(2022, 1, 19, 14, 30)] * 3, pa.timestamp("ns")),
            "media": pa.array(["x", "y", "z"], pa.string_view()),
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    first, second, third = read([tmp_path / "a.parquet"])
    assert [r.id for r in (first, second, third)] == ["1", "a.parquet:2", "3"]
    assert [r.text for r in (first, second, third)] == ["satu", "", "tiga"]
    assert [r.title for r in (first, second, third)] == ["a", "b", ""]
    assert (first.published, first.publisher) == ("2022-01-19T14:30:00", "x")


def test_parquet_dates_lists_and_bytes(tmp_path):
    table = pa.table(
        {
            "isi": pa.array([["Alinea satu.", "Alinea dua."]]),
            "tanggal": pa.array([dt.date(2022, 1, 19)]),
            "sumber": pa.array([b"Kabar"], pa.binary()),
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    (record,) = read([tmp_path / "a.parquet"], KEEP)
    assert "column 'sumber' (publisher): found bytes" in record.error
    (row,) = rows([tmp_path / "a.parquet"])
    assert row.values["isi"] == ["Alinea satu.", "Alinea dua."]


def test_a_parquet_text_that_is_no_utf8_breaks_one_row(tmp_path):
    raw = pa.array([b"satu", b"rusak \x93", b"tiga"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    parquet.write_table(pa.table({"isi": text}), tmp_path / "a.parquet")
    records = list(read([tmp_path / "a.parquet"], KEEP))
    assert [record.text for record in records] == ["satu", "", "tiga"]
    assert "no UTF-8" in records[1].error


def from_numbers(numbers: list[int], kind: pa.DataType) -> pa.Array:
    """Return numbers as times, unchecked, as a mistaken program writes them."""
    return pa.array(numbers, pa.int64() if kind.bit_width == 64 else pa.int32()).view(kind)


ODD = {  # values that Python's own types cannot hold
    "milliseconds taken for seconds": from_numbers([0, 1642602600000000], pa.timestamp("ms")),
    "a year before the first": from_numbers([0, -(2**61)], pa.timestamp("us")),
    "a date far away": from_numbers([0, 2**31 - 1], pa.date32()),
    "a long duration": from_numbers([0, 2**60], pa.duration("ms")),
    "a time zone nobody knows": from_numbers([0, 1], pa.timestamp("us", "Mars/Phobos")),
    "a struct with a name twice": pa.StructArray.from_arrays([pa.array([1, 2])] * 2, ["a", "a"]),
    "times in a list": pa.array([[0], [2**61]]).cast(pa.list_(pa.timestamp("us"))),
}


@pytest.mark.parametrize("name", ODD)
def test_a_value_that_nothing_can_hold_costs_no_row_where_nobody_needs_it(tmp_path, name):
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"isi": ["satu", "dua"], "diambil": ODD[name]}), path)
    assert [(r.text, r.error, r.note) for r in read([path])] == [("satu", "", ""), ("dua", "", "")]
    first, second = rows([path])
    assert (first.values["isi"], second.values["isi"], second.error) == ("satu", "dua", "")


@pytest.mark.parametrize("name", ODD)
def test_a_date_that_nothing_can_hold_costs_the_date_and_the_record_says_so(tmp_path, name):
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"isi": ["satu", "dua"], "tanggal": ODD[name]}), path)
    *_, record = read([path])
    assert (record.text, record.published, record.error) == ("dua", "", "")
    assert record.note.startswith(f"{path}:2: column 'tanggal' (published): found ")


@pytest.mark.parametrize("name", ["a year before the first", "a long duration"])
def test_another_field_that_nothing_can_hold_costs_its_row_alone(tmp_path, name):
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"isi": ["x", "y", "z"], "id": pa.concat_arrays(
        [ODD[name].slice(1), pa.nulls(2, ODD[name].type)])}), path)  # fmt: skip
    first, second, third = read([path], KEEP)
    assert f"{path}:1: column 'id' (id): found a value of type" in first.error
    assert (second.text, third.text, second.error) == ("y", "z", "")


def test_of_parquet_only_the_columns_that_are_used_are_read(tmp_path):
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"isi": ["naik"] * 9, "vektor": [os.urandom(999)] * 9}), path)
    data = path.read_bytes()
    chunk = parquet.read_metadata(path).row_group(0).column(1)
    damaged = data[: chunk.dictionary_page_offset] + b"\xff" * chunk.total_compressed_size
    path.write_bytes(damaged + data[len(damaged) :])
    assert [record.text for record in read([path])] == ["naik"] * 9


def test_a_parquet_file_whose_columns_are_no_utf8_is_one_error(tmp_path):
    parquet.write_table(pa.table({"isi": ["naik"], "cafe": ["x"]}), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes().replace(b"cafe", b"caf\xe9")
    (record,) = read([wrote(tmp_path / "a.parquet", data)], KEEP)
    assert "found no readable Parquet" in record.error


def test_a_file_that_is_no_parquet_is_one_error(tmp_path):
    path = wrote(tmp_path / "a.parquet", b"PAR1 ini bukan parquet PAR1")
    (record,) = read([path], KEEP)
    assert record.error.startswith(f"{path}: found no readable Parquet")


# --- empty, huge, broken on the way ------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv", "parquet", "feather", "xlsx", "warc", "txt", "html"])
def test_a_file_of_nothing_is_an_error_that_names_it(tmp_path, suffix):
    path = wrote(tmp_path / f"a.{suffix}", "")
    (record,) = read([path], KEEP)
    assert record.error == f"{path}: holds no rows; expected at least one article"


def test_so_is_a_table_of_nothing_but_a_header_and_an_empty_list(tmp_path):
    parquet.write_table(pa.table({"isi": pa.array([], pa.string())}), tmp_path / "b.parquet")
    given = [wrote(tmp_path / "a.csv", "id,isi\n"), tmp_path / "b.parquet", wrote(tmp_path / "c.json", "[]")]
    assert ["holds no rows" in record.error for record in read(given, KEEP)] == [True] * 3
    with pytest.raises(InputError, match="holds no rows"):
        list(read(given))


def test_an_empty_table_in_a_folder_is_left_out_as_one_part_of_many(tmp_path):
    write_as(tmp_path / "part-1.jsonl", RICE)
    wrote(tmp_path / "part-0.jsonl", "")
    assert len(list(read([tmp_path]))) == 1


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("how", [KEEP, ReadOptions(columns={"title": "judl"})])
def test_a_table_of_nothing_but_a_header_without_a_text_is_an_error(tmp_path, suffix, how):
    path = tmp_path / f"a.{suffix}"
    if suffix == "parquet":
        parquet.write_table(pa.table({"id": pa.array([], pa.string())}), path)
    else:
        wrote(path, gzip.compress(b"id,judul\n") if suffix == "csv.gz" else b"id,judul\n")
    with pytest.raises(InputError, match=r"a\.(csv|parquet).*: no (text )?column"):
        list(read([path], how))
    write_as(tmp_path / "b.jsonl", RICE)
    bad, good = read([tmp_path], KEEP)
    assert "no text column" in bad.error and not good.error
    assert list(rows([path])) == []


def test_an_empty_text_file_is_one_record(tmp_path):
    record = one(wrote(tmp_path / "a.txt", " \n \n"))
    assert (record.id, record.text.strip(), record.error) == ("a.txt", "", "")


def test_a_text_of_the_greatest_length_is_read_and_a_longer_one_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("saring.columns.MAX_TEXT_BYTES", 1000)
    path = wrote(tmp_path / "a.jsonl", lines({"text": "x" * 1000}, {"text": "x" * 1001}))
    good, bad = read([path], KEEP)
    assert len(good.text) == 1000
    assert "found 1,001 characters; expected one article, at most 1,000" in bad.error


def test_a_text_file_beyond_the_limit_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("saring.io.blocks.MAX_TEXT_BYTES", 1000)
    (record,) = read([wrote(tmp_path / "a.txt", "x" * 1001)], KEEP)
    assert "found more than 1,000 bytes" in record.error


@pytest.mark.parametrize("newline", ["\n", "\r"])
def test_a_line_beyond_the_limit_is_one_broken_row(tmp_path, monkeypatch, newline):
    monkeypatch.setattr(saring.io.formats, "MAX_ROW_BYTES", 100)
    content = lines(RICE, {"text": "x" * 1000}, CHILI).replace("\n", newline)
    records = list(read([wrote(tmp_path / "a.jsonl", content)], KEEP))
    assert [record.id for record in records] == ["a1", "a.jsonl:2", "a2"]
    assert "found a line of more than 100 bytes" in records[1].error


def peak_megabytes(path: Path) -> int:
    """Return the most memory that reading a file took, in a process of its own."""
    code = (
        "import sys; from pathlib import Path; from saring.io.records import *;"
        "print(sum(1 for _ in read(sys.argv[1:], ReadOptions(on_error='keep'))));"
        # Not getrusage: its peak is inherited from the process that ran the tests before.
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    rows, peak_kilobytes = map(int, run.stdout.split())
    assert rows
    return peak_kilobytes // 1024


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["jsonl.gz", "csv.gz", "txt.gz", "json.gz", "jsonl.zst"])
def test_a_bomb_is_read_in_bounded_memory(tmp_path, suffix):
    path = tmp_path / f"bom.{suffix}"
    with path.open("wb") as raw:
        gz = suffix.endswith("gz")
        out = gzip.GzipFile("", "wb", 1, raw) if gz else zstandard.ZstdCompressor().stream_writer(raw)
        with out:
            out.write(b'isi\n"' if "csv" in suffix else b'{"text": "')
            for _ in range(480):  # of a megabyte each
                out.write(b"a" * (1 << 20))
    assert peak_megabytes(path) < 400


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path, suffix):
    value = {"text": os.urandom(2000).hex()}
    few = write_as(tmp_path / f"few.{suffix}", *[value] * 1000)
    many = tmp_path / f"many.{suffix}"
    if suffix == "parquet":
        values = [{"text": os.urandom(2000).hex()} for _ in range(25_000)]
        write_as(many, *values)
    else:
        write_as(many, *[value] * 25_000)
    assert peak_megabytes(many) < peak_megabytes(few) + 60


@pytest.mark.parametrize("packing", ["gz", "zst"])
@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.9999])
def test_a_cut_archive_gives_every_whole_row_before_the_cut_and_one_error(tmp_path, suffix, packing, share):
    values = [{"text": f"{i} {os.urandom(90).hex()}\n"} for i in range(5000)]
    path = write_as(tmp_path / f"a.{suffix}.{packing}", *values)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with path.open("rb") as raw:
        given = Stream(raw).body.read()
    *good, broken = read([path], KEEP)
    assert [record.text for record in good] == [row["text"] for row in values[: len(good)]]
    assert len(good) == given.count(b'\n"\r\n' if suffix == "csv" else b"}")
    assert len(good) > 1000 * share
    assert f"{path}:{len(good) + 1}: cannot be read on from here: the " in broken.error
    assert "archive is damaged" in broken.error


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_wrong_checksum_costs_no_row(tmp_path, suffix, end):
    data = {"jsonl": b'{"text": "satu"}\n{"text": "dua"}', "csv": b"text\nsatu\ndua"}[suffix]
    path = wrote(tmp_path / f"a.{suffix}.gz", gzip.compress(data + end)[:-1] + b"\x99")
    first, second, broken = read([path], KEEP)
    assert (first.text, second.text) == ("satu", "dua")
    assert broken.error.startswith(f"{path}:3: cannot be read on from here")


@pytest.mark.parametrize("suffix", ["txt", "html", "parquet"])
def test_of_a_cut_archive_of_one_piece_nothing_is_whole(tmp_path, suffix):
    pytest.importorskip("trafilatura")
    path = wrote(tmp_path / f"a.{suffix}.gz", gzip.compress(os.urandom(999).hex().encode())[:-99])
    (record,) = read([path], KEEP)
    assert f"{path}: cannot be read on from here" in record.error


def test_a_file_deleted_on_the_way_costs_one_record(tmp_path):
    for name in ("a.txt", "b.txt", "c.txt"):
        wrote(tmp_path / name, name)
    records = read([tmp_path], KEEP)
    first = next(records)
    (tmp_path / "b.txt").unlink()
    second, third = records
    assert (first.text, third.text) == ("a.txt", "c.txt")
    assert "b.txt: cannot be opened (No such file or directory)" in second.error


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read_costs_one_record(tmp_path):
    wrote(tmp_path / "a.txt", "rahasia").chmod(0)
    wrote(tmp_path / "b.txt", "terbuka")
    first, second = read([tmp_path], KEEP)
    assert "Permission denied" in first.error and second.text == "terbuka"


# --- options ---------------------------------------------------------------------------------


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"found 'docx'; expected one of arrow, csv, html, json"):
        read([write_as(tmp_path / "a.csv", RICE)], ReadOptions(format="docx"))


def test_a_format_that_is_told_goes_before_the_suffix(tmp_path):
    path = wrote(tmp_path / "berita.log", lines(RICE))
    assert one(path, format="jsonl").id == "a1"


def test_mojibake_is_repaired_on_request_and_quotes_stay(tmp_path):
    path = write_as(tmp_path / "a.jsonl", {"judul": "KafÃ©", "isi": "â€œNaikâ€\x9d kata dia, “ya”"})
    assert one(path).title == "KafÃ©"
    repaired = one(path, fix_text=True)
    assert (repaired.title, repaired.text) == ("Kafé", "“Naik” kata dia, “ya”")


# --- rows ------------------------------------------------------------------------------------


def test_rows_are_given_as_they_stand_with_their_place(tmp_path):
    value = {"id": 5, "text": "x", "links": [{"headline": "H", "related": False}], "topic": "economy"}
    path = wrote(tmp_path / "a.jsonl", lines(value) + "rusak\n")
    first, broken = rows([path], KEEP)
    assert first.values == value and first.id == "a.jsonl:1" and first.where == f"{path}:1"
    assert broken.values == {} and broken.error.startswith(f"{path}:2: found no JSON")
    with pytest.raises(InputError, match=r"a\.jsonl:2"):
        list(rows([path]))


def test_rows_need_no_text_column(tmp_path):
    assert next(rows([write_as(tmp_path / "a.csv", {"judul": "x"})])).values == {"judul": "x"}


def test_reading_is_lazy(tmp_path):
    path = wrote(tmp_path / "a.jsonl", lines(RICE) + "rusak\n")
    records = read([path])
    assert next(records).id == "a1"
    with pytest.raises(InputError):
        next(records)


def test_importing_read_loads_nothing_heavy():
    heavy = {"pandas", "pyarrow", "lxml", "trafilatura", "sklearn", "numpy", "ftfy"}
    code = f"import sys, saring.io; print(sorted({heavy!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
