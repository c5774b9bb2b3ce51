"""The edges of the process: what a terminal obeys never reaches it, and no fault ends in a traceback."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring import champions
from saring.cli.commands import main
from saring.cli.output import line, visible
from saring.cli.show import Terminal
from saring.errors import ConfigError
from saring.kernel.text_arrays import SLICE_BYTES, as_column, in_slices

# Every character that a terminal acts upon: C0 without tab and newline, DEL, C1, directions.
OBEYED = [
    *map(chr, (*range(9), *range(11, 32), *range(127, 160), 0x61C, 0x200E, 0x200F)),
    *map(chr, (*range(0x2028, 0x202F), *range(0x2066, 0x2070))),
]
ATTACK = "".join(OBEYED) + "\x1b]0;judul\x07\x1b[2J\x9b31m\u202egpj.exe\u2066"
OURS = re.compile(r"\x1b\[(\?25[lh]|2K|1A|[\d;]*m)|\r")  # what rich itself writes at a terminal
SENTENCE = "Rupiah ditutup menguat terhadap dolar AS pada perdagangan sore ini di Jakarta. "


def obeyed_in(text: str) -> set[str]:
    return set(text) & set(OBEYED)


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


@pytest.fixture
def hostile(work) -> Path:
    """A file whose name, and each of whose values, holds all that a terminal obeys."""
    path = work / f"a{ATTACK.replace(chr(0), '')}\nb.jsonl"
    text = f"{SENTENCE}{ATTACK}\nBaca Juga: Harga Emas {ATTACK} Naik\n{SENTENCE * 3}"
    values = {"id": ATTACK, "title": f"Rupiah {ATTACK} Menguat", "text": text, "url": f"http://x/{ATTACK}"}
    values |= {"publisher": f"Warta {ATTACK}", "author": ATTACK, "source": ATTACK, "date": ATTACK}
    rows = [json.dumps(values), json.dumps({"title": ATTACK, "text": 7}), "{" + "\x9b\u202e" + "\x1b"]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


# what is printed


@given(st.text() | st.lists(st.sampled_from(OBEYED)).map("".join))
def test_what_is_printed_holds_nothing_that_a_terminal_obeys_and_stays_as_it_is_elsewhere(text):
    assert not obeyed_in(visible(text))
    assert visible(text) == text or set(text) & {*OBEYED, *map(chr, range(0xD800, 0xE000)), *"\ufff9\ufffa\ufffb"}
    visible(text).encode()
    assert "\n" not in line(text)


@pytest.mark.parametrize("color", ["", "1"])
@pytest.mark.parametrize(
    "words",
    [
        ["predict", "FILE"],
        ["predict", "FILE", "--json"],
        ["parse", "FILE"],
        ["parse", "FILE", "--json"],
        ["score", "FILE", "--out", "OUT"],
        ["score", "FILE", "--out", "OUT", "--quarantine", "FILE"],
        ["clean", "FILE", "--out", "OUT"],
        ["evaluate", "--on", "FILE"],
        ["evaluate", "--model", "FILE"],
        ["train", "FILE"],
        ["corpus", "import", "RECIPE", "FILE", "--out", "OUT"],
        ["corpus", "import", "FILE", "FILE", "--out", "OUT"],
        ["corpus", "label-issues", "FILE", "--out", "OUT"],
        ["predict", "http://127.0.0.1:1/ATTACK"],
        ["predict", "ATTACK"],
        ["predict", "FILE", "--model", "ATTACK"],
        ["predict", "FILE", "--column", "ATTACK"],
        ["predict", "FILE", "--ATTACK"],
        ["ATTACK"],
    ],
)  # fmt: skip
def test_no_command_prints_what_a_terminal_obeys(words, color, hostile, work, monkeypatch, bundle_folder, capfd):
    monkeypatch.setenv("SARING_MODELS", str(bundle_folder))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR" if color else "NO_COLOR", "1")
    recipe = work / f"r{ATTACK.replace(chr(0), '')}.toml"
    recipe.write_text('[columns]\ntitle = "title"\ntext = "text"\npublisher = "publisher"\n')
    named = {"FILE": str(hostile), "RECIPE": str(recipe), "OUT": f"{hostile}-rows.jsonl"}
    without_nul = ATTACK.replace("\0", "")  # the system passes none
    with suppress(SystemExit):  # argparse's
        main([named.get(word, word.replace("ATTACK", without_nul)) for word in words])
    sys.stdout.flush()
    out, err = capfd.readouterr()
    printed = OURS.sub("", out + err) if color else out + err
    assert printed
    assert not obeyed_in(printed)
    if "--json" in words:
        assert without_nul in json.loads(out.splitlines()[0])["id"]


def test_markup_in_what_is_printed_is_text(capsys):
    Terminal().print("[link=http://x]model[/link] :bomb:")
    assert capsys.readouterr().out == "[link=http://x]model[/link] :bomb:\n"


def test_only_few_files_write_to_standard_output_and_error():
    """Whoever prints elsewhere forgets `visible`."""
    source = Path(__file__).parents[1] / "src" / "saring"
    example = re.compile(r"^ *(>>>|\.\.\.) .*$", re.MULTILINE)  # of a docstring
    writes = re.compile(r"sys\.(stdout|stderr)\.(buffer\.)?write|\bConsole\(|(?<!\w)(?<!\.)print\(")
    homes = {"output.py", "show.py", "__main__.py", "schema.py", "server.py"}  # the last two are run by themselves
    found = {path.name for path in source.rglob("*.py") if writes.search(example.sub("", path.read_text("utf-8")))}
    assert found <= homes


# streams, signals and files that fail


def process(*words, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.run([sys.executable, "-m", "saring", *map(str, words)], **options)


@pytest.fixture
def article(work) -> Path:
    path = work / "berita.txt"
    path.write_text(f"Rupiah Menguat\n\n{SENTENCE * 3}\n", encoding="utf-8")
    return path


def one_line(err: str, *parts: str) -> None:
    assert err.startswith("saring: ")
    assert err.count("\n") == 1
    for part in parts:
        assert part in err


PRINTING = [["predict", "berita.txt"], ["predict", "--json", "berita.txt"], ["parse", "berita.txt"],
            ["parse", "--json", "berita.txt"], ["evaluate"], ["--help"]]  # fmt: skip


@pytest.mark.parametrize("words", PRINTING)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is always full")
def test_a_full_disk_behind_standard_output_is_told_in_a_line(words, article):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = process(*words, stdout=full)
    one_line(done.stderr, "standard output", "No space left on device")
    assert done.returncode == 1


@pytest.mark.parametrize("words", [PRINTING[1], PRINTING[2], PRINTING[-1]])
def test_closed_standard_output_is_told_in_a_line(words, article):
    done = process(*words, preexec_fn=lambda: os.close(1))
    one_line(done.stderr, "standard output")
    assert done.returncode == 1


def test_closed_standard_error_and_input_hinder_nobody_who_needs_neither(article, work):
    for number in (0, 2):
        done = process("predict", "berita.txt", preexec_fn=lambda number=number: os.close(number))
        assert "topic: " in done.stdout
        assert "Traceback" not in done.stderr
        assert done.returncode == 0
    done = process("score", "berita.txt", "--out", "o.jsonl", preexec_fn=lambda: os.closerange(0, 3))
    assert done.returncode == 0
    assert json.loads((work / "o.jsonl").read_text("utf-8"))["topic"]
    done = process("predict", "-", preexec_fn=lambda: os.close(0))
    assert "Traceback" not in done.stderr
    assert done.returncode in (1, 3)


def test_what_the_terminals_encoding_lacks_is_printed_all_the_same(work):
    (work / "b.txt").write_text(f"Rupiah “Menguat” 🚀\n\n{SENTENCE}", encoding="utf-8")
    done = process("parse", "b.txt", env={**os.environ, "PYTHONIOENCODING": "ascii:strict"})
    assert done.returncode == 0, done.stderr
    assert r"\u201cMenguat" in done.stdout


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["evaluate", "--model", "x" * 300], "x" * 300),
        (["predict", "berita.txt", "--model", "x/" * 3000], "x/"),
        (["predict", "berita.txt", "--model", "berita.txt/models"], "berita.txt/models"),
        (["predict", "berita.txt", "--model", "loop"], "loop"),
        (["evaluate", "--gate", "x" * 300], "x" * 300),
        (["train", "x" * 300], "x" * 300),
        (["train", "berita.txt", "--config", "x" * 300], "x" * 300),
        (["corpus", "import", "x" * 300 + ".toml", "berita.txt", "--out", "o.jsonl"], "x" * 300),
        (["clean", "berita.txt", "--out", "x" * 300 + ".jsonl"], "x" * 300),
        (["clean", "berita.txt", "--out", "."], "."),
        (["score", "berita.txt", "--out", "/"], "/"),
        (["predict", "berita.txt", "--model", "http://u:geheim@127.0.0.1:1/x"], "http://***@127.0.0.1:1/x"),
        (["clean", "x" * 300 + ".txt", "--out", "o.jsonl"], "x" * 300),
    ],
)  # fmt: skip
def test_a_path_that_the_system_refuses_is_named_in_a_line(words, path, article, work, capsys):
    (work / "loop").symlink_to("loop")
    assert main(words) in (1, 2)
    one_line(capsys.readouterr().err, path)


def test_numba_told_not_to_compile_is_done_without(article):
    done = process("predict", "berita.txt", env={**os.environ, "NUMBA_DISABLE_JIT": "1", "SARING_COMPILED": "1"})
    assert done.returncode == 0
    assert done.stderr.startswith("scoring takes longer: no compiled kernel (NUMBA_DISABLE_JIT")


def test_a_number_of_threads_that_is_none_is_told(monkeypatch):
    monkeypatch.setenv("SARING_THREADS", "abc")
    with pytest.raises(ConfigError, match="SARING_THREADS: found 'abc'"):
        in_slices(lambda start, stop: None, [as_column(["a" * (SLICE_BYTES + 1)])])


@pytest.mark.parametrize("kind", ["file", "loop", "dangling", "pipe", "empty", "odd"])
def test_an_odd_folder_of_models_is_passed_over_or_told(kind, article, work, monkeypatch, capsys):
    models = work / "saring" / "models"
    models.parent.mkdir()
    monkeypatch.delenv("SARING_MODELS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(work))
    monkeypatch.setattr(champions, "__file__", str(work / "site" / "saring" / "champions.py"))  # no checkout
    match kind:
        case "file":
            models.write_text("x")
        case "loop":
            models.symlink_to("models")
        case "dangling":
            models.symlink_to("nowhere")
        case "pipe":
            os.mkfifo(models)
        case "empty":
            models.mkdir()
        case "odd":
            (models / "a").mkdir(parents=True)
            for name in ("card.json", "checksums.json"):
                (models / "a" / name).write_text("[" * 5000)
    code = main(["predict", "berita.txt", *["--model", "challenger"] * (kind == "odd")])
    out, err = capsys.readouterr()
    if kind == "odd":
        one_line(err, "card.json")
        assert code == 1
    else:
        assert "topic: " in out
        assert code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [["predict", "-"], ["score", "big.jsonl", "--out", "o.jsonl", "--workers", "1"], ["train", "big.jsonl"]]
)
def test_ctrl_c_at_any_moment_ends_without_a_traceback(words, work):
    row = json.dumps({"title": "Rupiah Menguat", "text": SENTENCE * 9})
    (work / "big.jsonl").write_text(f"{row}\n" * 20_000)
    for step in range(8):
        # What comes before is Python's own start, which the signal itself ends.
        up = "import sys; from saring.__main__ import main; print('up', flush=True); sys.exit(main())"
        command = [sys.executable, "-c", up, *words]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout.readline() == "up\n"
            time.sleep(0.13 * step)
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=30)
        assert "Traceback" not in err, err
        assert running.returncode in (130, -signal.SIGINT), (step, err)
