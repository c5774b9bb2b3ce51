"""Rows to files: the same rows come back, and a file is there whole or not at all."""

import csv
import io
import json
import os
import re
import time
import unicodedata
from dataclasses import fields
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring import schema
from saring.article import LinkPrediction, Prediction
from saring.errors import ConfigError
from saring.io.writers import SUFFIXES, open_rows

TOPICS = ("economy", "other")
COLUMNS = schema.kinds(schema.prediction_columns(TOPICS))
CLEAN_COLUMNS = schema.kinds(schema.CLEAN_COLUMNS)
LINK_COLUMNS = schema.kinds(schema.LINK_COLUMNS)
LINK = LinkPrediction(
    headline='Harga "Emas", Turun',
    marker="Baca Juga:",
    start=10,
    end=40,
    related=False,
    p_unrelated=0.875,
    topic="economy",
    clickbait=0.1,
    reasons=("shares no specific word", "headline reads as economy"),
    url="https://a.example/emas",
)
FULL = Prediction(
    id="a",
    title='Kata "dia", lalu; pergi',
    publisher="Warta\tDesa",
    topic="other",
    probabilities={"economy": 0.1 + 0.2, "other": 0.7},
    clickbait=1e-9,
    links=(LINK,),
    clean_text="Baris satu.\nBaris dua 😀 مرحبا\u2028.",
    model_version="0a1b2c3d4e5f",
    scored_at="2023-03-03T09:15:00+00:00",
).row()
FAILED = Prediction(id="b", error="b.csv:2: column 'isi' is empty", topics=TOPICS).row()
UNJUDGED = Prediction(
    id="c",
    topic="other",
    probabilities={"economy": 0.0, "other": 1.0},
    links=(LinkPrediction("Judul", "Baca:", 0, 5, None, None, "other", None),),
    clean_text="",
).row()
ROWS = [FULL, FAILED, UNJUDGED]


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path):
    return tmp_path / f"rows{request.param}"


def written(path, rows, columns=COLUMNS, **options):
    with open_rows(path, columns, **options) as file:
        for row in rows:
            file.write([row])
    return path


def read_back(path, columns=COLUMNS):
    """The rows of a file, by the ordinary readers; what CSV holds as text is given its type."""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    types = {
        "string": str, "int": int, "float": float, "bool": "True".__eq__,
        "links": json.loads, "strings": json.loads,
    }  # fmt: skip
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {k: types[columns[k]](v) if v != "" else None for k, v in row.items()}
            for row in csv.DictReader(file, strict=True)
        ]


def same(path, rows):
    """The rows as a format can hold them: in CSV an empty text is an absent one."""
    if path.suffix != ".csv":
        return rows
    return [{k: None if v == "" else v for k, v in row.items()} for row in rows]


# what comes back


def test_the_same_rows_come_back_from_each_format(path):
    assert read_back(written(path, ROWS)) == same(path, ROWS)


def test_a_file_may_be_written_in_batches_of_any_size(path):
    with open_rows(path, COLUMNS) as file:
        file.write(ROWS[:2])
        file.write([])
        file.write(ROWS[2:])
    assert read_back(path) == same(path, ROWS)


def test_parts_made_apart_are_one_parquet_file_with_true_places_and_statistics(tmp_path):
    parts = [[FULL | {"id": f"{n:02}-{k}"} for k in range(3)] for n in range(40)]
    with open_rows(tmp_path / "rows.parquet", COLUMNS) as file:
        for rows in parts:
            file.append(SUFFIXES[".parquet"](COLUMNS).part(rows))
    written = pq.ParquetFile(tmp_path / "rows.parquet")
    assert (written.metadata.num_rows, written.num_row_groups) == (120, 40)
    for n, rows in reversed(list(enumerate(parts))):
        assert written.read_row_group(n).to_pylist() == rows
        ids = written.metadata.row_group(n).column(0)
        assert (ids.statistics.min, ids.statistics.max) == (f"{n:02}-0", f"{n:02}-2")
    found = pq.read_table(tmp_path / "rows.parquet", filters=[("id", "=", "31-1")])
    assert found.num_rows == 1
    whole = written.read()
    assert whole.to_pylist() == [row for rows in parts for row in rows]


def test_a_file_of_one_part_has_the_bytes_of_the_part(path):
    """So a footer that was taken apart is put together to the bit."""
    part = SUFFIXES[path.suffix](COLUMNS).part(ROWS * 20)
    with open_rows(path, COLUMNS) as file:
        file.append(part)
    head = SUFFIXES[path.suffix](COLUMNS).start() if path.suffix == ".csv" else b""
    assert path.read_bytes() == head + part


@pytest.mark.parametrize("count", [0, 1, 14, 15, 16, 130])
def test_any_number_of_parts_is_one_parquet_file(tmp_path, count):
    """A list of fifteen is written in another way than one of fourteen."""
    with open_rows(tmp_path / "rows.parquet", {"id": "string"}) as file:
        for n in range(count):
            file.write([{"id": str(n)}])
    found = pq.ParquetFile(tmp_path / "rows.parquet")
    assert found.num_row_groups == count
    assert found.read()["id"].to_pylist() == [str(n) for n in range(count)]


def test_a_file_that_is_completed_twice_has_one_end(path):
    with open_rows(path, COLUMNS) as file:
        file.write(ROWS)
        file.complete()
    once = path.with_name(f"once{path.suffix}")
    with open_rows(once, COLUMNS) as file:
        file.write(ROWS)
    assert path.read_bytes() == once.read_bytes()


def test_columns_stand_in_order(path):
    written(path, ROWS)
    assert all(list(row) == list(COLUMNS) for row in read_back(path))


@given(title=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), p=st.floats(0, 1))
def test_any_text_and_number_comes_back(tmp_path_factory, title, p):
    row = FULL | {"title": title, "p_economy": p}
    for suffix in SUFFIXES:
        path = tmp_path_factory.getbasetemp() / f"any{suffix}"
        [found] = read_back(written(path, [row], overwrite=True))
        if suffix == ".csv" and found["title"] != title:  # apostrophes, where there are signs
            assert re.search("[=+@−\t\r-]", unicodedata.normalize("NFKC", title))
            assert found["title"].replace("'", "") == title.replace("'", "")
            found["title"] = title
        assert found == row


def test_rows_of_clean_articles_have_a_schema_too(path):
    row = dict.fromkeys(CLEAN_COLUMNS) | {"id": "a", "text": "Isi.", "n_links": 2, "tags": ["a"]}
    assert read_back(written(path, [row], CLEAN_COLUMNS), CLEAN_COLUMNS) == [row]


def test_no_rows_give_a_valid_empty_file_with_its_columns(path):
    written(path, [])
    assert read_back(path) == []
    if path.suffix == ".parquet":
        assert pq.read_schema(path).names == list(COLUMNS)
    if path.suffix == ".csv":
        assert path.read_text("utf-8").splitlines() == [",".join(COLUMNS)]


def test_parquet_types_do_not_depend_on_the_first_rows(tmp_path):
    path = written(tmp_path / "rows.parquet", [FAILED, FAILED, FULL])
    schema = pq.read_schema(path)
    assert schema.field("topic_probability").type == pa.float64()
    assert schema.field("abstained").type == pa.bool_()
    assert schema.field("n_links").type == pa.int64()
    assert schema.field("title").type == pa.string()
    link = schema.field("links").type.value_type
    assert [link.field(i).name for i in range(link.num_fields)] == list(LINK_COLUMNS)
    assert read_back(path) == [FAILED, FAILED, FULL]


def test_the_columns_of_a_link_are_its_fields():
    assert list(LINK_COLUMNS) == [field.name for field in fields(LinkPrediction)]


# CSV and spreadsheets


@pytest.mark.parametrize("start", ["=1+1", "+62", "-1", "@sum", "＝1", "＋1", "－1", "＠a", "﹦1"])
@pytest.mark.parametrize("before", ["", " ", "\ufeff", "\u3000", "\xa0\u200b", "\x00"])
def test_no_text_in_a_csv_is_run_as_a_formula(tmp_path, start, before):
    path = written(tmp_path / "rows.csv", [FULL | {"title": before + start, "p_economy": -1.5}])
    [row] = read_back(path)
    assert row["title"] == "'" + before + start
    assert row["p_economy"] == -1.5


def runs(cell):
    """Whether a spreadsheet may take a cell for a formula, whatever it strips and folds."""
    unseen = {"Cc", "Cf", "Zs", "Zl", "Zp"}
    seen = [char for char in cell if unicodedata.category(char) not in unseen and char != '"']
    return unicodedata.normalize("NFKC", "".join(seen[:1]))[:1] in ("=", "+", "-", "@")


SIGNS = ["=", "+", "-", "@", "＝", "－", "＠", "﹢", "⩵", "₊"]
PIECES = st.sampled_from([
    *SIGNS, ";", "\t", "\n", "\r", "\v", "\x85", "\u2028", '"', "'", ",", " ", "\ufeff", "\u3000", "\u200b",
    "\xad", "\x00", "x", "1", "HYPERLINK(1)", "[", "{", "\\",
])  # fmt: skip
TRICKS = st.lists(PIECES, max_size=12).map("".join)


@given(TRICKS, TRICKS, TRICKS)
def test_no_cell_is_a_formula_wherever_a_spreadsheet_lets_cells_begin(tmp_path_factory, title, headline, column):
    link = FULL["links"][0] | {"headline": headline, "url": title}
    row = FULL | {"title": title, "links": [link], "clean_text": headline, column: column}
    path = tmp_path_factory.getbasetemp() / "tricks.csv"
    written(path, [row], {**COLUMNS, column: "string"}, overwrite=True)
    text = path.read_text("utf-8")
    quoted = [cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line]
    naive = re.split("[;\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]", text)  # where quotes quote nothing
    read = [
        cell for sign in ";\t" for line in csv.reader(io.StringIO(text, newline=""), delimiter=sign) for cell in line
    ]
    numbers = {str(value) for value in row.values() if isinstance(value, float)}
    assert [cell for cell in (*quoted, *naive, *read) if cell not in numbers and runs(cell)] == []
    links = next(csv.DictReader(io.StringIO(text, newline="")))["links"]
    assert json.loads(links)[0] == link  # JSON says a sign in another way: nothing is lost


@pytest.mark.parametrize("text", ["\t" * 200_000, "; \t" * 100_000 + "x", ";=" * 100_000])
def test_the_search_for_formulas_takes_linear_time(tmp_path, text):
    start = time.process_time()
    written(tmp_path / "rows.csv", [FULL | {"title": text}])
    assert time.process_time() - start < 2


# whole or not at all


def test_a_file_appears_only_when_it_is_complete(path):
    with open_rows(path, COLUMNS) as file:
        file.write(ROWS)
        assert not path.exists()
    assert [item.name for item in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_midway_leaves_nothing_and_an_older_file_untouched(path, error):
    def broken(**options):
        with pytest.raises(error), open_rows(path, COLUMNS, **options) as file:
            file.write(ROWS)
            raise error

    broken()
    assert list(path.parent.iterdir()) == []
    before = written(path, [FULL]).read_bytes()
    broken(overwrite=True)
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_a_row_that_cannot_be_written_leaves_nothing(path):
    with pytest.raises((TypeError, ValueError)), open_rows(path, COLUMNS) as file:
        file.write([FULL | {"links": {1, 2}, "unknown": object()}])
    assert list(path.parent.iterdir()) == []


def test_an_older_file_is_replaced_only_when_asked_for(path):
    written(path, [FULL])
    with pytest.raises(ConfigError, match=r"is there already; name another file or add --overwrite"):
        open_rows(path, COLUMNS)
    assert read_back(written(path, [FAILED], overwrite=True)) == [FAILED]


def test_a_link_stays_and_its_file_is_replaced(path):
    (path.parent / "there").mkdir()
    there = path.parent / "there" / path.name
    path.symlink_to(there)
    assert read_back(written(path, [FULL])) == same(path, [FULL])
    assert read_back(written(path, [FAILED], overwrite=True)) == [FAILED]
    assert path.is_symlink() and not there.is_symlink()


def test_what_is_no_file_is_not_replaced(path):
    for make in (Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)):
        make(path)
        with pytest.raises(ConfigError, match="is there and no regular file; name another place"):
            open_rows(path, COLUMNS, overwrite=True)
        path.rmdir() if path.is_dir() else path.unlink()


def test_two_writers_of_one_file_do_not_meet(path):
    with open_rows(path, COLUMNS) as file:
        with pytest.raises(ConfigError, match="another run is writing it just now"):
            open_rows(path, COLUMNS)
        file.write(ROWS)
    assert read_back(path) == same(path, ROWS)


def test_what_is_left_of_a_killed_writer_is_in_nobody_s_way(path):
    path.with_name(path.name + ".part").write_bytes(b"half a ro" * 1_000)
    assert read_back(written(path, ROWS)) == same(path, ROWS)
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_a_link_in_the_place_of_the_unfinished_file_is_not_followed(path):
    mine = path.parent / "mine"
    mine.write_text("milik saya")
    path.with_name(path.name + ".part").symlink_to(mine)
    with pytest.raises(ConfigError, match="cannot be written"):
        open_rows(path, COLUMNS)
    assert mine.read_text() == "milik saya"


def test_folders_on_the_way_are_made(path):
    deeper = path.parent / "a" / "b" / path.name
    assert read_back(written(deeper, [FAILED])) == [FAILED]


# what is refused


@pytest.mark.parametrize("name", ["rows.xlsx", "rows", "rows.jsonl.gz", "-"])
def test_another_suffix_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(ConfigError, match=r"expected one of \.jsonl, \.csv, \.parquet"):
        open_rows(tmp_path / name, COLUMNS)
    assert list(tmp_path.iterdir()) == []


def test_the_case_of_a_suffix_does_not_matter(tmp_path):
    path = written(tmp_path / "ROWS.JSONL", [FULL])
    assert orjson.loads(path.read_bytes()) == FULL


def test_a_place_that_cannot_be_written_to_is_an_error_in_words(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"file/rows.csv: cannot be written \(\w.*name another"):
        open_rows(tmp_path / "file" / "rows.csv", COLUMNS)
