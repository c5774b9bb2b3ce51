"""What a batch must survive, from file to file: each oddity costs at most its own row."""

import codecs
import gzip
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from timing import grows_linearly

from saring.article import Record
from saring.batch import score
from saring.errors import InputError
from saring.parsing.engine import parse
from saring.parsing.rules import load_rules
from saring.predict import Model, load
from saring.schema import kinds, prediction_columns

NEWS = "Rupiah menguat 15 poin terhadap dolar AS pada perdagangan hari ini di Jakarta."
GOOD = {"id": "a", "title": "Rupiah Menguat", "text": NEWS}


@pytest.fixture(scope="module")
def model(bundle_folder) -> Model:
    return load(bundle_folder)


def lines(*values):
    """JSON Lines of values, a good row before and behind them."""
    return b"".join(orjson.dumps(value) + b"\n" for value in (GOOD, *values, GOOD))


def table(encoding="utf-8", newline="\n", text=NEWS):
    """A CSV of two articles."""
    return newline.join(["judul;isi", f"Satu;{text}", f"Dua;{text}", ""]).encode(encoding)


def command_of(process):
    return Path(f"/proc/{process}/cmdline").read_bytes()


def packed(data):
    return gzip.compress(data, 9)


def parquet(columns):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


# What lies in a file, the file's suffix, and its rows: 1 for one that is scored, 0 for an error.
ODDITIES = {
    "a byte order mark": (codecs.BOM_UTF8 + table(), "csv", "11"),
    "utf-16": (table("utf-16"), "csv", "11"),
    "cp1252": (table("cp1252", text=f"“{NEWS}” – kata Émile di kafé"), "csv", "11"),
    "mojibake": (table(text=NEWS + " â€œYaâ€\x9d"), "csv", "11"),
    "half a surrogate pair": (lines(GOOD | {"text": "x"}).replace(b'"x"', b'"\\ud83d Satu"'), "jsonl", "111"),
    "nul bytes": (lines(GOOD | {"title": "a\0b", "text": "\0" * 50}), "jsonl", "111"),
    "nul bytes in the raw": (lines() + b"\0\0\0\n", "jsonl", "110"),
    "cr alone": (table(newline="\r"), "csv", "11"),
    "cr and lf": (table(newline="\r\n"), "csv", "11"),
    "line breaks in quotes": (table(text=f'"{NEWS}\n\n""Ya"", katanya.\r\n{NEWS}"'), "csv", "11"),
    "ragged rows": (table() + b"Tiga\nEmpat;a;b;c\nLima;" + NEWS.encode() + b"\n", "csv", "11001"),
    "a quote never closed": (table() + b'Tiga;"' + NEWS.encode(), "csv", "110"),
    "a torn last line": (lines() + b'{"id": "b", "text": "Rup', "jsonl", "110"),
    "a number": (lines(5), "jsonl", "101"),
    "null": (lines(None), "jsonl", "101"),
    "a list": (lines([GOOD]), "jsonl", "101"),
    "a text that is a number": (lines({"text": 5}), "jsonl", "101"),
    "a text that is null": (lines({"text": None}), "jsonl", "101"),
    "an empty article": (lines({"text": ""}), "jsonl", "101"),
    "white space": (lines({"title": "\u200b \n", "text": " \n\t\xa0 "}), "jsonl", "1?1"),
    "a title alone": (lines({"title": "Rupiah Menguat Terhadap Dolar", "text": ""}), "jsonl", "111"),
    "a title alone, without a text column's value": (lines({"title": "Rupiah", "text": None}), "jsonl", "111"),
    "equal ids": (lines(GOOD, GOOD), "jsonl", "1111"),
    "no id": (lines({"text": NEWS}), "jsonl", "111"),
    "an empty id": (lines(GOOD | {"id": ""}, GOOD | {"id": None}), "jsonl", "1111"),
    "javanese": (lines({"text": "Aku arep lunga menyang pasar, nanging udan deres banget wengi iki."}), "jsonl", "111"),
    "malay": (lines({"text": "Kerajaan Malaysia mengumumkan cukai baharu untuk syarikat kereta."}), "jsonl", "111"),
    "english": (lines({"text": "The central bank kept its rate. Baca Juga: Harga Emas Turun Lagi"}), "jsonl", "111"),
    "emoji and arabic": (lines({"text": "😀👨‍👩‍👧 مرحبا بالعالم 🇮🇩" * 20}), "jsonl", "111"),
    "stopwords alone": (lines({"text": "yang dan di ke dari pada untuk dengan itu ini " * 30}), "jsonl", "111"),
    "signs alone": (lines({"title": "?!", "text": "… — ?! ()" * 50}), "jsonl", "111"),
    "html of great depth": (b"<html><body>" + b"<div>" * 200_000 + NEWS.encode(), "html", "0"),
    "an entity bomb": (
        b'<!DOCTYPE x [<!ENTITY a "' + b"lol " * 99 + b'">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 99) for n in range(8))
        + b"]><html><body><p>&i;</p><p>" + NEWS.encode() * 9 + b"</p></body></html>",
        "html", "?",
    ),
    "a gzip bomb": (packed(lines() + b"x" * 200_000_000), "jsonl.gz", "110"),
    "a packed file cut off": (packed(os.urandom(1_000_000).hex().encode())[:1_000_000], "jsonl.gz", "0"),
    "no gzip at all": (lines(), "jsonl.gz", "11"),
    "dictionaries": (parquet({"isi": pa.array([NEWS, NEWS]).dictionary_encode()}), "parquet", "11"),
    "large strings and nulls": (
        parquet({"isi": pa.array([NEWS, None], pa.large_string()), "judul": pa.nulls(2)}), "parquet", "10",
    ),
    "views": (parquet({"isi": pa.array([NEWS], pa.string_view())}), "parquet", "1"),
    "no parquet": (b"PAR1 rusak", "parquet", "0"),
    "a parquet cut off": (parquet({"isi": [NEWS]})[:-9], "parquet", "0"),
    "nothing": (b"", "jsonl", ""),
    "a header alone": (b"judul,isi\n", "csv", ""),
    "no rows": (parquet({"isi": pa.array([], pa.string())}), "parquet", ""),
}  # fmt: skip


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_oddity_costs_at_most_its_own_row(model, tmp_path, oddity):
    data, suffix, expected = ODDITIES[oddity]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / f"1.{suffix}").write_bytes(data)
    (folder / "2.txt").write_text(NEWS, "utf-8")
    out = tmp_path / "out.parquet"
    summary = score([folder], out, model, workers=1)
    rows = pq.read_table(out).to_pylist()
    assert [bool(row["error"]) for row in rows[-1:]] == [False]
    verdicts = ["01"[row["topic"] is not None] for row in rows[:-1]]
    assert len(verdicts) == len(expected)
    assert all(e in ("?", v) for v, e in zip(verdicts, expected, strict=True)), rows
    assert all((row["topic"] is None) == bool(row["error"]) for row in rows)
    assert summary.rows == summary.scored + summary.abstained + summary.errors == len(rows)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_no_rows_give_a_valid_file_with_its_columns_and_a_row_that_says_so(model, tmp_path, suffix):
    (tmp_path / "in.csv").write_text("judul,isi\n")
    out = tmp_path / f"out{suffix}"
    score([tmp_path / "in.csv"], out, model)
    columns = list(kinds(prediction_columns(model.topics)))
    if suffix == ".jsonl":
        [row] = map(orjson.loads, out.read_bytes().splitlines())
    else:
        table = (pyarrow.csv.read_csv if suffix == ".csv" else pq.read_table)(out)
        assert table.column_names == columns
        [row] = table.to_pylist()
    assert "in.csv: holds no rows" in row["error"]


# size


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        (NEWS + "\n") * 240_000,
        (NEWS + " ") * 240_000,
        "kata\n" * 1_000_000,
        ("Baca Juga: Harga Emas Hari Ini Turun Lagi\n" + 4 * (NEWS + "\n")) * 6_000,
    ],
    ids=["20 MB of paragraphs", "20 MB of one line", "a million lines of a word", "six thousand links"],
)  # fmt: skip
def test_an_article_beyond_all_measure_is_scored_in_bounded_time(model, tmp_path, text):
    (tmp_path / "in.jsonl").write_bytes(lines({"text": text[:19_900_000]}))
    start = time.process_time()
    summary = score([tmp_path / "in.jsonl"], tmp_path / "out.jsonl", model, workers=1)
    assert (summary.rows, summary.errors) == (3, 0)
    assert time.process_time() - start < 120


RULES = load_rules()


@pytest.mark.slow
@pytest.mark.parametrize("joint", [" ", "\n", ""], ids=["on one line", "on lines", "glued"])
@pytest.mark.parametrize("rule", [*RULES.markers, *RULES.rules], ids=lambda r: r.pattern.pattern[:40])
def test_a_rule_takes_linear_time_on_what_it_looks_for(rule, joint):
    example = rule.examples[0].replace("⟦", "").replace("⟧", "")
    for prefix in (example, example[: (len(example) + 1) // 2]):
        piece = prefix + joint
        small, large = (Record("a", "Judul", piece * (chars // len(piece))) for chars in (20_000, 80_000))
        assert grows_linearly(parse, small, large, most=8)  # memory makes 5.3 of 4 where lines are short


# files that move


def test_links_that_lead_back_and_pipes_are_passed_by(model, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(NEWS)
    (folder / "loop").symlink_to(folder)
    (folder / "gone.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "pipe.jsonl")
    assert score([folder], tmp_path / "out.jsonl", model).scored == 1


def test_a_file_deleted_on_the_way_costs_one_row(model, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(lines() * 40)
    (folder / "b.txt").write_text(NEWS)
    (folder / "c.txt").write_text(NEWS)

    def delete(rows, total):
        if rows == 10:
            (folder / "b.txt").unlink()

    summary = score([folder], tmp_path / "out.jsonl", model, batch_size=10, progress=delete, workers=1)
    assert (summary.rows, summary.errors) == (82, 1)
    assert "b.txt: cannot be opened (No such file or directory)" in summary.first_error


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
@pytest.mark.parametrize("workers", [1, 2])
def test_names_that_are_not_utf8_are_written_in_one_way(model, tmp_path, suffix, workers):
    folder = tmp_path / os.fsdecode(b"in\xff")
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text(NEWS)
    (folder / os.fsdecode(b"kosong\xe9.txt")).touch()
    (folder / os.fsdecode(b"tabel\xe9.jsonl")).write_bytes(lines({"text": 5}))
    (folder / os.fsdecode(b"tabel\xff.parquet")).write_bytes(parquet({"isi": [NEWS]}))
    out = folder.parent / os.fsdecode(b"out\xfe" + suffix.encode())
    quarantine = tmp_path / os.fsdecode(b"q\xfe.jsonl")
    summary = score([folder], out, model, quarantine=quarantine, workers=workers, batch_size=2)
    assert (summary.rows, summary.errors) == (6, 2)
    assert r"in\xff/kosong\xe9.txt: holds no rows" in summary.first_error
    refused = [orjson.loads(line) for line in quarantine.read_bytes().splitlines()]
    assert [(Path(row["file"]).name, row["row"], row["id"]) for row in refused] == [
        (r"kosong\xe9.txt", None, r"kosong\xe9.txt"),
        (r"tabel\xe9.jsonl", 2, r"tabel\xe9.jsonl:2"),
    ]
    assert rb"caf\xe9.txt".replace(b"\\", b"\\\\" if suffix == ".jsonl" else b"\\") in (
        out.read_bytes()
        if suffix != ".parquet"
        else pq.read_table(io.BytesIO(out.read_bytes()))["id"][0].as_py().encode()
    )


def test_an_error_about_a_name_that_is_not_utf8_can_be_written_anywhere(model, tmp_path):
    gone = tmp_path / os.fsdecode(b"caf\xe9.jsonl")
    with pytest.raises(InputError, match=r"caf\\xe9.jsonl: there is no such file") as caught:
        score([gone], tmp_path / "out.jsonl", model)
    assert str(caught.value).encode()


def test_a_wrong_column_is_told_before_anything_is_read_with_what_there_is(model, tmp_path):
    (tmp_path / "in.csv").write_text("judul,naskah\nA,B\n")
    with pytest.raises(InputError, match=r"found 'judul', 'naskah'.*--column text="):
        score([tmp_path / "in.csv"], tmp_path / "out.jsonl", model)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


# what would do harm later


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_an_id_that_is_a_path_never_reaches_the_file_system(model, tmp_path, suffix):
    work = tmp_path / "a" / "b"
    work.mkdir(parents=True)
    ids = ["../../x", "/tmp/saring-x", "..", "a/../../x.jsonl", "C:\\x", "x\0y", "part-000000", "CON"]
    (work / "in.jsonl").write_bytes(lines(*(GOOD | {"id": one} for one in ids)))
    before = set(tmp_path.rglob("*"))
    out = work / f"out{suffix}"
    score([work / "in.jsonl"], out, model, batch_size=2, quarantine=work / "errors.jsonl")
    assert set(tmp_path.rglob("*")) - before == {out, work / "errors.jsonl"}
    assert not Path("/tmp/saring-x").exists()
    if suffix == ".parquet":
        assert pq.read_table(out)["id"].to_pylist()[1:6] == ids[:5]


def test_no_cell_of_a_csv_is_run_by_a_spreadsheet(model, tmp_path):
    evil = ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1"]
    rows = [{"id": one, "title": one, "text": f"{one} {NEWS}", "publisher": one} for one in evil]
    (tmp_path / "in.jsonl").write_bytes(lines(*rows))
    score([tmp_path / "in.jsonl"], tmp_path / "out.csv", model)
    table = pyarrow.csv.read_csv(tmp_path / "out.csv", parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True))
    numbers = {name for name, kind in kinds(prediction_columns(model.topics)).items() if kind == "float"}
    for name in set(table.column_names) - numbers:
        for cell in table[name].to_pylist():
            assert not str(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


# ends


PROGRAM = """
import sys
from saring.predict import load
from saring.batch import score
score([sys.argv[2]], sys.argv[3], load(sys.argv[1]), scored_at="2023-03-03T12:00:00+00:00", workers=1)
"""


@pytest.mark.slow
def test_the_last_digit_is_the_same_in_every_process(bundle_folder, tmp_path, embedded_corpus):
    some = tmp_path / "in.jsonl"
    some.write_bytes(b"".join(embedded_corpus.read_bytes().splitlines(keepends=True)[:60]))
    outs = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.jsonl"
        command = [sys.executable, "-c", PROGRAM, bundle_folder, some, out]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": seed})
        outs.append(out.read_bytes())
    assert outs[0] == outs[1]


def seconds_of(process: str) -> int:
    """Return the processor time of a process, in ticks."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@pytest.mark.slow
def test_a_worker_that_is_killed_by_the_system_costs_time_and_no_row(model, tmp_path):
    (tmp_path / "in.jsonl").write_bytes(lines() * 100)
    killed = []

    def kill(rows, total):
        children = " ".join(p.read_text() for p in Path("/proc/self/task").glob("*/children"))
        started = [c for c in children.split() if b"batch.workers" in command_of(c)]
        if rows >= 20 and not killed:
            # The one that has worked most: on a busy machine the other may still be starting.
            killed.append(max(started, key=seconds_of))
            os.kill(int(killed[0]), signal.SIGKILL)

    out = tmp_path / "out.jsonl"
    summary = score([tmp_path / "in.jsonl"], out, model, batch_size=10, workers=2, progress=kill)
    assert killed
    assert (summary.rows, summary.errors) == (200, 0)
