"""The command line as people and scripts meet it: output, messages, exit codes."""

import csv
import gzip
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import orjson
import pandas as pd
import pyarrow.parquet as pq
import pytest
from joblib import parallel_config

import saring
from saring.cli.commands import main
from saring.predict import Model
from saring.pyfunc import _load_pyfunc

ARTICLES = Path(__file__).parent / "articles"
PRMN = str(ARTICLES / "prmn.txt")
MIXED = str(ARTICLES / "mixed.jsonl")  # 2 articles, 4 rows with errors
COLUMNS = str(ARTICLES / "columns.csv")  # 3 articles under Indonesian headers
COMMANDS = ["predict", "score", "drift", "clean", "parse", "train", "evaluate", "promote", "rollback", "models"]
ANSWERS = r"model [0-9a-f]{12}  .* \(named by SARING_MODELS\)\n"
DONE, FAILED, WRONG_USE, SOME_ERRORS, INTERRUPTED = 0, 1, 2, 3, 130


@pytest.fixture(autouse=True)
def work(tmp_path, tmp_path_factory, monkeypatch):
    """A working folder and a folder of models, both empty, and no terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SARING_MODELS", str(tmp_path_factory.mktemp("models")))
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(bundle_folder, monkeypatch, capfd):
    """Run a command with the small model; return its exit code, output and messages."""
    monkeypatch.setenv("SARING_MODELS", str(bundle_folder))

    def call(*words):
        code = main([str(word) for word in words])
        sys.stdout.flush()
        return code, *capfd.readouterr()

    return call


def rows_of(path):
    return [orjson.loads(line) for line in Path(path).read_bytes().splitlines()]


def process(*words, **options):
    """Run the command line as its own process."""
    return subprocess.run(
        [sys.executable, "-m", "saring", *map(str, words)],
        capture_output=True, text=True, timeout=120, **options,
    )  # fmt: skip


# help


def test_help_imports_nothing_heavy_and_is_instant():
    code = (
        "import sys\n"
        "from saring.cli.commands import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'sklearn', 'mlflow', 'pandas', 'numpy', 'scipy', 'pyarrow', 'nltk', 'rich'}\n"
        "sys.exit(str(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else 0)\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stderr) == (0, "")
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.3


def test_importing_saring_imports_nothing_heavy():
    code = (
        "import sys, saring, saring.article, saring.io, saring.parsing, saring.config\n"
        "print({'sklearn', 'mlflow', 'pandas', 'numpy', 'pyarrow', 'trafilatura'}"
        " & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("words", [[], ["corpus"]])
def test_without_a_command_it_says_which_there_are(words, capsys):
    assert main(words) == DONE
    out, err = capsys.readouterr()
    assert f"usage: {' '.join(['saring', *words])}" in out
    assert "import" in out if words else "predict" in out
    assert err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"usage: saring {command}" in capsys.readouterr().out


def test_the_program_runs_as_a_module_and_tells_its_version():
    done = process("--version")
    assert (done.returncode, done.stdout) == (0, f"saring {saring.__version__}\n")


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert saring.__version__ == version("saring")


@pytest.mark.parametrize(
    "words",
    [
        ["guess"],
        ["predict"],
        ["nonsense"],
        ["corpus", "nonsense"],
        ["score", PRMN],
        ["clean"],
        ["predict", PRMN, "--keep-links", "x"],
    ],
)
def test_wrong_use_is_exit_code_2(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == WRONG_USE
    assert "usage: saring" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["predict", COLUMNS, "--column", "isi"], "--column isi: expected OURS=YOURS, as in text=isi"),
        (["predict", COLUMNS, "--column", "teks=isi"], "found the field 'teks'; expected one of id,"),
        (["predict", COLUMNS, "--format", "docx"], "format: found 'docx'; expected one of arrow, csv,"),
        (["score", PRMN, "--out", "rows.xlsx"], "expected one of .jsonl, .csv, .parquet"),
        (["score", PRMN, "--out", "a.csv", "--workers", "0"], "--workers: found 0; expected 1 to 256"),
        (["clean", PRMN, "--out", "a.csv", "--batch-size", "-1"], "--batch-size: found -1; expected"),
        (["clean", PRMN, "--out", "a.csv", "--quarantine", "a.txt"], "a.txt: found suffix '.txt'; expected a .jsonl"),
        (["score", PRMN, "--out", "a.csv", "--master", "local"], "--master local: names a Spark"),
        (["corpus", "import", "x.toml", PRMN, "--out", "a.csv"], "a.csv: found suffix '.csv'"),
    ],
)  # fmt: skip
def test_an_option_that_no_file_could_make_right_is_wrong_use_too(run, work, words, message):
    (work / "x.toml").write_text('[columns]\ntitle = "judul"\n')
    code, out, err = run(*words)
    assert (code, out) == (WRONG_USE, "")
    assert err.startswith("saring: ")
    assert message in err
    assert [path.name for path in work.iterdir()] == ["x.toml"]


def test_a_command_tells_its_own_exit_codes_and_an_example(capsys):
    for command, code in {"score": "3 done, but", "drift": "4 done, and found", "serve": "2 wrong use"}.items():
        with pytest.raises(SystemExit):
            main([command, "--help"])
        out = " ".join(capsys.readouterr().out.split())
        assert f"Example: saring {command}" in out and code in out
        assert ("3 done" in out, "4 done" in out) == (command == "score", command == "drift")


MISTYPED = {
    ("scroe",): "did you mean 'score'?",
    ("report", "rows.csv", "--out", "r.html", "--lang", "ind"): "did you mean 'id'?",
    (
        "predict",
        "a.txt",
        "--mdel",
        "x",
    ): "saring predict: error: unrecognized arguments: --mdel x; did you mean --model?",
}


@pytest.mark.parametrize("words", MISTYPED)
def test_what_is_mistyped_is_told_what_is_nearest_with_the_usage_of_its_command(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    err = capsys.readouterr().err
    assert stop.value.code == WRONG_USE
    assert MISTYPED[words] in err and err.startswith(f"usage: saring {'' if len(words) == 1 else words[0]}")


@pytest.mark.parametrize("words", [[], ["score"], ["corpus", "import"]])
def test_exit_codes_are_told_by_help(words, capsys):
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert "Exit codes: 0 done; 1 an error" in out
    assert "2 wrong use" in out


def test_help_shows_a_mapping_file_that_can_be_imported_by(capsys, work):
    with pytest.raises(SystemExit):
        main(["corpus", "import", "--help"])
    shown = capsys.readouterr().out.partition("mine.toml:\n")[2].partition("All keys")[0]
    (work / "mine.toml").write_text(textwrap.dedent(shown))
    (work / "mine.csv").write_text("judul,isi,tanggal,kanal,pancingan\nHarga Pala Naik,Naik.,3 Maret 2023,Ekonomi,0\n")
    assert main(["corpus", "import", "mine.toml", "mine.csv", "--out", "mine.jsonl"]) == DONE
    [row] = rows_of("mine.jsonl")
    assert (row["title"], row["topic"], row["date"]) == ("Harga Pala Naik", "economy", "2023-03-03")
    assert (row["clickbait"], row["publisher"]) == (0, "Warta Desa")


# predict


def test_predict_prints_an_article_for_a_person(run):
    code, out, err = run("predict", PRMN)
    assert code == DONE
    assert re.fullmatch(ANSWERS, err)
    assert "topic: international_politics" in out
    assert out.count("Baca Juga: ") == 3
    assert out.count("\nunrelated ") + out.count("\nrelated ") == 3
    assert "shares " in out
    assert "\x1b" not in out


def test_predict_json_prints_a_row_a_line_errors_in_place(run):
    code, out, err = run("predict", "--json", MIXED, COLUMNS)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == SOME_ERRORS
    assert [row["id"] for row in rows] == [
        "rupiah", "kosong", "angka", "mixed.jsonl:4", "aktris", "mixed.jsonl:6", "17", "18", "19",
    ]  # fmt: skip
    assert [row["error"] is None for row in rows] == [True, False, False, False, True, False] + [True] * 3
    assert re.fullmatch(ANSWERS, err)


def test_predict_tells_errors_on_standard_error_and_goes_on(run):
    code, out, err = run("predict", MIXED)
    assert code == SOME_ERRORS
    assert "Aktris Ternama Menikah" in out
    assert len(err.splitlines()) == 5
    assert "mixed.jsonl:2: title and text are empty" in err


@pytest.mark.parametrize("command", ["predict", "parse", "clean", "score"])
@pytest.mark.parametrize("name", ["kosong.csv", "judul.csv", "kosong.json", "kosong.txt", "folder"])
def test_an_input_without_a_row_is_told_with_its_name_and_an_exit_code(run, command, name):
    Path("folder").mkdir(exist_ok=True)
    for path, content in {"kosong.csv": "", "judul.csv": "judul,isi\n", "kosong.json": "[]", "kosong.txt": "",
                          "folder/part-0.jsonl": ""}.items():  # fmt: skip
        Path(path).write_text(content)
    code, out, err = run(command, name, *(("--out", "rows.jsonl") if command in ("clean", "score") else ()))
    assert code == SOME_ERRORS and not out
    assert f"{name}: holds no rows; expected at least one article" in err


def test_predict_reads_standard_input(run, monkeypatch):
    def standard_input(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    standard_input(Path(PRMN).read_bytes())
    assert "Karvania" in run("predict", "-")[1]
    standard_input(gzip.compress(Path(PRMN).read_bytes()))
    assert "Karvania" in run("predict", "-")[1]
    standard_input(Path(COLUMNS).read_bytes())
    assert "Timnas Menang Tipis" in run("predict", "-", "--format", "csv")[1]


def test_predict_reads_packed_files_pages_and_folders(run, work):
    (work / "in" / "deep").mkdir(parents=True)
    (work / "in" / "deep" / "prmn.txt.gz").write_bytes(gzip.compress(Path(PRMN).read_bytes()))
    (work / "in" / "page.html").write_bytes((ARTICLES / "page.html").read_bytes())
    code, out, _ = run("predict", "--json", "in")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == DONE
    assert [(row["id"], row["n_links"]) for row in rows] == [("deep/prmn.txt.gz", 3), ("page.html", 1)]
    assert rows[1]["links"][0]["url"] == "https://bolapetang.example/harga-emas"


def test_parse_json_is_printed_without_what_draws():
    code = (
        "import sys\n"
        "from saring.cli.commands import main\n"
        "main(['parse', '--json', sys.argv[1]])\n"
        "print('rich' in sys.modules, file=sys.stderr)\n"
    )
    words = [sys.executable, "-c", code, PRMN]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["title"]
    assert done.stderr == "False\n"


# errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["predict", "nowhere.txt"], "nowhere.txt: there is no such file or folder; check the path"),
        (["predict", "odd.docx"], "suffix .docx tells no format; expected one of .txt"),
        (["predict", "empty"], "empty: found nothing to read"),
        (["predict", str(ARTICLES / "wrong-column.csv")], "no text column: found 'judul', 'naskah'"),
        (["predict", COLUMNS, "--column", "text=naskah"], "no column 'naskah'"),
        (["predict", PRMN, "--model", "nowhere"], "nowhere: found neither such a folder nor such a model in "),
        (["parse", "nowhere.txt"], "there is no such file or folder"),
        (["score", COLUMNS, "--out", COLUMNS], "is also an input"),
        (["clean", PRMN, "--out", "taken.csv"], "is there already; name another file or add --overw"),
        (["clean", PRMN, "--out", "taken.csv/x.csv"], "taken.csv/x.csv: cannot be written ("),
        (["train", "nowhere.jsonl"], "nowhere.jsonl: there is no such file or folder"),
        (["train", COLUMNS], "columns.csv:1: found neither 'title' nor 'text'"),
        (["train", MIXED, "--config", "nowhere.toml"], "nowhere.toml: cannot be read (No such file"),
        (["evaluate", "--on", COLUMNS], "columns.csv:1: found neither 'title' nor 'text'"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_in_a_sentence_and_exit_code_1(run, work, words, message):
    (work / "odd.docx").touch()
    (work / "taken.csv").touch()
    (work / "empty").mkdir()
    code, out, err = run(*words)
    assert (code, out) == (FAILED, "")
    assert err.startswith("saring: ")
    assert message in err
    assert "Traceback" not in err
    assert (work / "taken.csv").read_bytes() == b""


def test_a_tampered_model_is_told(run, bundle_folder, work):
    import shutil

    folder = shutil.copytree(bundle_folder, work / "bundle")
    (folder / "card.json").write_bytes((folder / "card.json").read_bytes().replace(b"0", b"1"))
    code, _, err = run("predict", PRMN, "--model", folder)
    assert code == FAILED
    assert "card.json: differs from its checksum" in err


# score, clean


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_score_writes_rows_and_a_summary_that_adds_up(run, suffix):
    code, out, err = run("score", MIXED, COLUMNS, PRMN, "--out", f"rows{suffix}")
    assert (code, out) == (SOME_ERRORS, "")
    assert "10 rows = 6 done + 4 with errors; 6 links" in err
    assert f"-> rows{suffix}\n" in err
    assert "first error: " in err
    assert "mixed.jsonl:2: title and text are empty; expected an article" in err
    counts = {
        ".jsonl": lambda path: len(rows_of(path)),
        ".csv": lambda path: len(list(csv.reader(io.StringIO(Path(path).read_text("utf-8"))))) - 1,
        ".parquet": lambda path: pq.read_metadata(path).num_rows,
    }
    assert counts[suffix](f"rows{suffix}") == 10


def test_score_without_errors_is_exit_code_0(run):
    assert run("score", COLUMNS, "--out", "rows.jsonl")[0] == DONE
    assert run("score", COLUMNS, "--out", "rows.jsonl")[0] == FAILED
    assert run("score", COLUMNS, "--out", "rows.jsonl", "--overwrite")[0] == DONE


def test_score_with_a_named_column(run):
    words = ["score", ARTICLES / "wrong-column.csv", "--column", "text=naskah", "--out", "rows.jsonl"]
    code, _, err = run(*words)
    summary, model = err.splitlines()
    assert (code, summary) == (DONE, "1 rows = 1 done + 0 with errors; 0 links -> rows.jsonl")
    assert model.startswith("model ")


def test_clean_needs_no_model(capsys):
    assert main(["clean", PRMN, "--out", "none.jsonl"]) == DONE
    assert main(["clean", PRMN, "--out", "all.jsonl", "--keep-links", "all"]) == DONE
    assert "1 rows = 1 done + 0 with errors; 3 links -> all.jsonl" in capsys.readouterr().err
    [none], [whole] = rows_of("none.jsonl"), rows_of("all.jsonl")
    assert len(none["text"].splitlines()) == 14
    assert len(whole["text"].splitlines()) == 17


def test_clean_with_a_model_keeps_the_related_links(run):
    code, _, err = run("clean", MIXED, "--out", "clean.jsonl", "--keep-links", "related")
    assert code == SOME_ERRORS
    assert "6 rows = 2 done + 4 with errors" in err
    rows = rows_of("clean.jsonl")
    assert rows[0]["text"].count("Baca Juga") == 1
    assert [row["error"] is None for row in rows] == [True, False, False, False, True, False]


# parse


def test_parse_shows_the_pieces_without_a_model(capsys):
    assert main(["parse", PRMN]) == DONE
    out = capsys.readouterr().out
    for line in ("published  2023-03-03T09:15:00+07:00", "publisher  Media Ciremai", "source     Reuters"):
        assert line in out
    assert out.count(" link ") == 3


def test_parse_json_gives_the_article(capfd):
    assert main(["parse", "--json", MIXED]) == SOME_ERRORS
    sys.stdout.flush()
    out, err = capfd.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["id"] for row in rows] == ["rupiah", "kosong", "aktris"]
    assert [link["headline"] for link in rows[0]["links"]] == [
        "Bank Indonesia Tahan Suku Bunga, Rupiah Menguat",
        "7 Potret Artis Ini Liburan di Bali, Nomor 3 Bikin Kaget!",
    ]
    assert rows[0]["body"].startswith("Rupiah menguat")
    assert len(err.splitlines()) == 3


# train, evaluate


def test_without_a_model_of_ones_own_the_shipped_one_answers_and_is_named(capsys, work):
    assert main(["predict", PRMN]) == DONE
    out, err = capsys.readouterr()
    assert "topic: international_politics" in out
    assert err.endswith("shipped (comes with saring; nobody promoted another)\n")


def test_the_gate_stays_shut_while_a_figure_is_below_its_threshold(small_corpus, work, run):
    thresholds = work / "thresholds.toml"
    for threshold, code, sign in ((0.05, DONE, ">="), (1.0, FAILED, "<")):
        thresholds.write_text(f"[saring.topic]\nmacro_f1 = {threshold}\n")
        found, out, _ = run("evaluate", "--on", str(small_corpus), "--gate", str(thresholds))
        assert found == code
        assert f"{sign} threshold {threshold:.3f}" in out
        assert ("FAILED" in out) == (code == FAILED)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "thresholds.toml: cannot be read (No such file or directory); name a TOML file"),
        ("[saring.topic]\nf1 = 0.5\n", "f1 = 0.5; expected one of accuracy, macro_f1"),
        ("[saring.topik]\nmacro_f1 = 0.5\n", "the model answers no question 'topik'"),
    ],
)
def test_a_gate_that_cannot_be_held_is_told_before_anything_is_asked(run, work, text, message):
    if text:
        (work / "thresholds.toml").write_text(text)
    # What is asked about would fail too, but later.
    code, out, err = run("evaluate", "--on", "nowhere.jsonl", "--gate", "thresholds.toml")
    assert (code, out) == (FAILED, "")
    assert message in err


def test_every_labelled_file_is_read_before_the_model_is_asked(run, work, small_corpus):
    row = orjson.loads(small_corpus.read_bytes().splitlines()[0]) | {"topic": "olahraga"}
    (work / "own.jsonl").write_bytes(orjson.dumps(row))
    code, _, err = run("evaluate", "--on", "own.jsonl", "nowhere.jsonl")
    assert code == FAILED
    assert "nowhere.jsonl: there is no such file" in err


def test_train_prints_results_and_what_comes_next_and_evaluate_asks_the_model(small_corpus, capfd, work):
    (work / "quick.toml").write_text("folds = 2\n[link]\ndimensions = 20\n")
    words = ["train", str(small_corpus), "--no-log", "--config", "quick.toml", "--models", "our models"]
    with parallel_config("sequential"):
        assert main(words) == DONE
    out, err = capfd.readouterr()
    [folder] = (work / "our models").iterdir()
    assert f"model      our models/{folder.name}\n" in out
    assert f"next       saring predict FILE --model 'our models/{folder.name}'\n" in out
    assert all(task in out for task in ("topic", "link", "clickbait"))
    assert (err, "\x1b" in out) == ("", False)

    assert main(["evaluate", "--model", "our models", "--on", str(small_corpus)]) == DONE
    out, err = capfd.readouterr()
    assert folder.name in err
    assert all(task in out for task in ("topic", "link", "clickbait"))
    assert f"{small_corpus}: the rows whose split is test, " in out
    assert "other left out: rows of" in out
    (work / "train.jsonl").write_bytes(
        b"".join(x for x in small_corpus.read_bytes().splitlines(True) if b'"test"' not in x)
    )
    assert main(["evaluate", "--model", "our models", "--on", "train.jsonl"]) == DONE
    assert re.search(r"train.jsonl: all (\d+) rows. The model WAS TRAINED ON \1 of them", capfd.readouterr().out)
    assert main(["evaluate", "--model", "our models", "--on", str(small_corpus), "--full"]) == DONE
    assert "F1, international_politics" in capfd.readouterr().out


def test_evaluate_writes_a_page_that_has_the_terminals_figures_and_no_page_is_lost(
    bundle_folder, small_corpus, capfd, work
):
    words = ["evaluate", "--model", str(bundle_folder), "--on", str(small_corpus), "--html", "report.html"]
    assert main(words) == DONE
    out, err = capfd.readouterr()
    assert "-> report.html" in err
    page = (work / "report.html").read_text()
    line = next(line.split() for line in out.splitlines() if line.startswith("topic") and "publisher-out" in line)
    assert f"macro-F1 {line[3]} [{line[4].replace('–', ', ')}]" in page
    assert f"{small_corpus}: the rows whose split is test, " in page
    assert main(words) == FAILED
    assert "report.html: is there already; name another file or add --overwrite" in capfd.readouterr().err
    assert main([*words, "--overwrite"]) == DONE


def test_what_comes_next_names_the_bundle_that_was_asked_for(capfd, work):
    rows = [
        {"title": f"{word} {n}", "text": f"{word} lagi {n}", "topic": word}
        for word in ("rupiah", "gempa")
        for n in range(12)
    ]
    (work / "own.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    (work / "quick.toml").write_text("folds = 2\n[topic]\nmin_df = 1\n")
    words = ["train", "own.jsonl", "--no-log", "--config", "quick.toml"]
    with parallel_config("sequential"):
        assert main([*words, "--bundle", "given/ours"]) == DONE
    assert "next       saring predict FILE --model given/ours\n" in capfd.readouterr().out
    assert main(["predict", PRMN, "--model", "given/ours"]) == DONE


@pytest.mark.parametrize("missing", ["mlflow", "jinja2"])
def test_what_logging_lacks_is_told_before_training(small_corpus, capfd, work, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(["train", str(small_corpus)]) == FAILED
    err = capfd.readouterr().err
    assert "mlflow" in err and "--no-log" in err and "pip install" in err
    assert not list(work.iterdir())


# pipes and interrupts


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(work):
    (work / "many.csv").write_text("isi\n" + "Satu kalimat saja di sini.\n" * 20_000)
    for words in (["parse", "many.csv"], ["parse", "--json", "many.csv"]):
        command = [sys.executable, "-m", "saring", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            assert child.stdout.readline()
            child.stdout.close()
            assert child.stderr.read() == b""
            assert child.wait(60) == DONE


def test_ctrl_c_leaves_no_output_and_is_exit_code_130(work):
    os.mkfifo("endless.jsonl")
    command = [sys.executable, "-m", "saring", "clean", "endless.jsonl", "--out", "rows.jsonl"]
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child,
        Path("endless.jsonl").open("wb", buffering=0) as feed,
    ):
        sent = False
        with pytest.raises(BrokenPipeError):  # the child has gone
            while True:
                feed.write(b'{"text": "Satu."}\n' * 1000)
                if not sent and Path("rows.jsonl.parts/part-000000").exists():
                    child.send_signal(signal.SIGINT)
                    sent = True
        assert child.wait(60) == INTERRUPTED
        assert child.stderr.read() == ("saring: interrupted; nothing is kept, for the input can be read only once\n")
    assert [path.name for path in work.iterdir()] == ["endless.jsonl"]


# every entry point


def test_python_json_score_and_pyfunc_give_the_same_rows(run, bundle_folder):
    given = [
        {"id": "a", "title": "Judul", "text": Path(PRMN).read_text("utf-8"), "publisher": "Warta"},
        {"id": "b", "title": None, "text": None},
        orjson.loads(Path(MIXED).read_bytes().splitlines()[0]),
        {"id": "c", "title": "Timnas Menang Tipis", "text": "Timnas menang 1-0.\x00 😀"},
    ]  # fmt: skip
    Path("in.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in given))

    model = saring.load(bundle_folder)
    python = [prediction.row() for prediction in model.predict(given)]
    code, out, _ = run("predict", "--json", "in.jsonl")
    assert code == SOME_ERRORS
    printed = [json.loads(line) for line in out.splitlines()]
    assert run("score", "in.jsonl", "--out", "rows.jsonl")[0] == SOME_ERRORS
    assert run("score", "in.jsonl", "--out", "rows.parquet")[0] == SOME_ERRORS
    frame = _load_pyfunc(str(bundle_folder)).predict(pd.DataFrame(given))
    served = frame.astype(object).where(frame.notna(), None).to_dict("records")

    def comparable(rows):
        for row in rows:
            row["error"] = row["error"] and row["error"].removeprefix("in.jsonl:2: ")
            row["scored_at"] = None
        return rows

    expected = comparable(python)
    assert [row["error"] is None for row in expected] == [True, False, True, True]
    assert comparable(printed) == expected
    assert comparable(rows_of("rows.jsonl")) == expected
    assert comparable(pq.read_table("rows.parquet").to_pylist()) == expected
    assert comparable(served) == expected


def test_json_rows_are_scored_many_at_a_time(tmp_path, capsysbinary, monkeypatch, bundle_folder):
    rows = [{"id": f"{n}", "title": f"Judul {n}", "text": f"Isi {n}."} for n in range(300)]
    rows[7]["text"] = rows[7]["title"] = ""
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    asked = []
    predict = Model.predict

    def counted(self, articles, **options):
        asked.append(len(articles))
        return predict(self, articles, **options)

    monkeypatch.setattr(Model, "predict", counted)
    code = main(["predict", str(path), "--json", "--model", str(bundle_folder)])
    found = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert code == 3
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    assert [row["id"] for row in found if row["error"]] == ["7"]
    assert len(asked) < 5
    assert len({row["scored_at"] for row in found}) == 1
