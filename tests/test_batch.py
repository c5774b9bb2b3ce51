"""A batch survives: what was done stays done, and the end has the bytes of an undisturbed run."""

import errno
import importlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from saring.article import Record
from saring.batch import clean, score
from saring.batch.parts import PartMaker, Summary
from saring.batch.run import survey
from saring.batch.workers import Worker, WorkerPool, parts_made_here, pool_for
from saring.errors import ConfigError, InputError, SaringError
from saring.io.blocks import Block
from saring.io.records import ReadOptions
from saring.kernel.scoring import SWITCH
from saring.kernel.text_arrays import cores
from saring.predict import Model, load
from saring.processes import without

NOON = "2023-03-03T12:00:00+00:00"
SUFFIXES = (".jsonl", ".csv", ".parquet")


@pytest.fixture(scope="module")
def model(bundle_folder) -> Model:
    return load(bundle_folder)


@pytest.fixture
def given(tmp_path):
    return write(tmp_path / "in.jsonl", 70)


def write(path, rows, word="menguat"):
    """Write articles with a link each; every tenth has no text."""
    with path.open("wb") as file:
        for number in range(rows):
            text = (
                f"Rupiah {word} {number} poin terhadap dolar AS pada perdagangan hari ini.\n"
                f"Baca Juga: Harga Emas Hari Ini Turun {number} Rupiah per Gram\n"
                f"Pelaku pasar ke-{number} menanti data inflasi."
            )
            row = {"id": f"=a{number}", "title": f"Rupiah {number}", "text": text}
            file.write(orjson.dumps(row if number % 10 else {"id": str(number), "text": ""}) + b"\n")
    return path


def stopping(at):
    """Progress that interrupts a run once so many rows are done."""

    def progress(rows, total):
        if rows >= at:
            raise KeyboardInterrupt

    return progress


def interrupted(at, *words, **options):
    with pytest.raises(KeyboardInterrupt) as caught:
        score(*words, progress=stopping(at), batch_size=10, scored_at=NOON, **options)
    return " ".join(caught.value.__notes__)


def undisturbed(given, out, model, **options):
    score([given], out, model, batch_size=10, scored_at=NOON, **options)
    return out.read_bytes()


# going on


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_interrupted_run_goes_on_to_the_same_bytes(model, given, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    note = interrupted(30, [given], out, model)
    assert note == f"30 rows are kept in {out}.parts; the same command goes on from there"
    assert not out.exists()
    seen = []
    summary = score(
        [given], out, model, batch_size=10, scored_at=NOON,
        progress=lambda rows, total: seen.append(rows),
    )  # fmt: skip
    assert seen == [30, 40, 50, 60, 70]
    assert (summary.rows, summary.resumed, summary.errors) == (70, 30, 7)
    assert summary.rows == summary.scored + summary.abstained + summary.errors
    assert out.read_bytes() == undisturbed(given, tmp_path / f"other{suffix}", model)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.jsonl", out.name, f"other{suffix}"])


def test_the_time_in_the_rows_is_that_of_the_first_run(model, given, tmp_path):
    out = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        score([given], out, model, batch_size=10, progress=stopping(30))
    [manifest] = (tmp_path / "out.jsonl.parts").glob("manifest.jsonl")
    began = orjson.loads(manifest.read_bytes().splitlines()[0])["scored_at"]
    time.sleep(1.1)  # the time is noted in whole seconds
    score([given], out, model, batch_size=10)
    assert {orjson.loads(row)["scored_at"] for row in out.read_bytes().splitlines()} == {began}


def test_the_manifest_says_what_the_run_is_about_and_what_is_done(model, given, tmp_path):
    interrupted(30, [given], tmp_path / "out.jsonl", model)
    lines = (tmp_path / "out.jsonl.parts" / "manifest.jsonl").read_bytes().splitlines()
    plan, *done = map(orjson.loads, lines)
    assert plan["model"] == model.model_version
    assert plan["input"] == survey([given], "")[0]
    assert len(plan["config"]) == 32
    assert [(d["part"], d["rows_in"], d["rows_out"]) for d in done] == [
        (0, 10, 10), (1, 10, 10), (2, 10, 10),
    ]  # fmt: skip


def test_a_part_that_is_torn_or_gone_is_made_again(model, given, tmp_path):
    out = tmp_path / "out.jsonl"
    interrupted(40, [given], out, model)
    folder = tmp_path / "out.jsonl.parts"
    (folder / "part-000000").write_bytes(b"{")
    (folder / "part-000002").unlink()
    manifest = folder / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-20])  # the last line is half there
    assert score([given], out, model, batch_size=10, scored_at=NOON).resumed == 10
    assert out.read_bytes() == undisturbed(given, tmp_path / "other.jsonl", model)


def test_a_part_of_the_same_length_with_other_bytes_is_made_again(model, given, tmp_path):
    out = tmp_path / "out.jsonl"
    interrupted(40, [given], out, model)
    part = tmp_path / "out.jsonl.parts" / "part-000001"
    part.write_bytes(part.read_bytes().replace(b"Rupiah", b"rupiah"))
    assert score([given], out, model, batch_size=10, scored_at=NOON).resumed == 30
    assert out.read_bytes() == undisturbed(given, tmp_path / "other.jsonl", model)


def test_a_manifest_that_is_no_manifest_is_no_run(model, given, tmp_path):
    out = tmp_path / "out.jsonl"
    (tmp_path / "out.jsonl.parts").mkdir()
    (tmp_path / "out.jsonl.parts" / "manifest.jsonl").write_bytes(b"[1]\nnull\n")
    assert score([given], out, model).resumed == 0


def damaged(line):
    """A line of the manifest in ways that are JSON but not what was written."""
    whole = orjson.loads(line)
    yield from (b"{}", b"[]", b'{"part": 0}', b"null", line[:-1], b"\xff")
    for name, value in whole.items():
        yield orjson.dumps({key: item for key, item in whole.items() if key != name})
        yield orjson.dumps({**whole, name: {} if isinstance(value, str | int) else "x"})


def test_a_line_of_the_manifest_that_is_not_as_it_was_written_ends_what_counts(model, given, tmp_path):
    out = tmp_path / "out.jsonl"
    interrupted(30, [given], out, model)
    whole = undisturbed(given, tmp_path / "other.jsonl", model)
    manifest = tmp_path / "out.jsonl.parts" / "manifest.jsonl"
    head, first, second, third = manifest.read_bytes().splitlines()
    kept = {path.name: path.read_bytes() for path in manifest.parent.iterdir()}
    for line in damaged(second):
        manifest.parent.mkdir(exist_ok=True)
        for name, data in kept.items():
            (manifest.parent / name).write_bytes(data)
        manifest.write_bytes(b"\n".join([head, first, line, third, b""]))
        summary = score([given], out, model, batch_size=10, scored_at=NOON, overwrite=True)
        assert (summary.resumed, summary.rows, out.read_bytes()) == (10, 70, whole)


@pytest.mark.parametrize("head", [b'{"layout":2}', b'{"layout":3,"input":5}', b'{"layout":[]}'])
def test_a_manifest_without_its_plan_is_begun_anew(model, given, tmp_path, head):
    out = tmp_path / "out.jsonl"
    interrupted(30, [given], out, model)
    manifest = tmp_path / "out.jsonl.parts" / "manifest.jsonl"
    manifest.write_bytes(b"\n".join([head, *manifest.read_bytes().split(b"\n")[1:]]))
    assert score([given], out, model, batch_size=10, scored_at=NOON).resumed == 0
    assert not manifest.parent.exists()


def test_rows_with_errors_are_checked_as_the_others_are(model, given, tmp_path):
    out, quarantine = tmp_path / "out.jsonl", tmp_path / "q.jsonl"
    interrupted(30, [given], out, model)
    errors = tmp_path / "out.jsonl.parts" / "part-000000.errors"
    assert errors.stat().st_size
    (errors.parent / "part-000002.errors").unlink()
    errors.write_bytes(b"")
    summary = score(
        [given], out, model, batch_size=10, scored_at=NOON, quarantine=quarantine
    )  # fmt: skip
    assert (summary.resumed, quarantine.read_bytes().count(b"\n")) == (10, 7)


def test_a_part_that_goes_while_the_run_does_is_told_and_made_anew(model, given, tmp_path):
    out = tmp_path / "out.jsonl"
    folder = tmp_path / "out.jsonl.parts"
    for change in (Path.unlink, lambda path: path.write_bytes(b"x" * path.stat().st_size)):

        def progress(rows, total, change=change):
            if rows == 70:
                change(folder / "part-000003")

        with pytest.raises(ConfigError, match="part-000003: is gone or was changed") as caught:
            score([given], out, model, batch_size=10, scored_at=NOON, progress=progress, workers=1)
        assert caught.value.__notes__[0].startswith("70 rows are kept in")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", folder.name]
    assert score([given], out, model, batch_size=10, scored_at=NOON).resumed == 60
    assert out.read_bytes() == undisturbed(given, tmp_path / "other.jsonl", model)


# a fresh plan, and folders of others


def test_nothing_of_an_older_plan_is_taken_for_the_new_one(model, given, tmp_path):
    out, quarantine = tmp_path / "out.jsonl", tmp_path / "q.jsonl"
    interrupted(50, [given], out, model)
    (tmp_path / "out.jsonl.parts" / "part-000007.errors.part").touch()
    other = tmp_path / "other.jsonl"
    other.write_bytes(b"".join(b'{"text": "Harga cabai naik %d."}\n' % n for n in range(30)))

    def look(rows, total):
        kept = {path.name for path in (tmp_path / "out.jsonl.parts").iterdir()}
        parts = {f"part-{number:06d}" for number in range(rows // 10)}
        assert kept == parts | {"lock", "manifest.jsonl"}

    summary = score([other], out, model, batch_size=10, overwrite=True, quarantine=quarantine, progress=look)
    assert (summary.resumed, summary.errors, quarantine.read_bytes()) == (0, 0, b"")


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["catatan.txt", "part-000000", "part-00000-a.parquet", "sub/lock", ".rahasia"])
def test_a_folder_that_is_not_ours_is_never_touched(model, given, tmp_path, name, overwrite):
    mine = tmp_path / "out.jsonl.parts" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("milik saya")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(ConfigError, match=r"out.jsonl.parts: unfinished output.* not ours; move"):
        score([given], tmp_path / "out.jsonl", model, overwrite=overwrite)
    assert set(tmp_path.rglob("*")) == before
    assert mine.read_text() == "milik saya"


def test_a_file_of_others_that_came_among_the_parts_stays(model, given, tmp_path):
    mine = tmp_path / "out.jsonl.parts" / "catatan.txt"
    out = tmp_path / "out.jsonl"

    def write(rows, total):
        mine.write_text("milik saya")

    score([given], out, model, batch_size=10, scored_at=NOON, progress=write)
    assert [path.name for path in mine.parent.iterdir()] == ["catatan.txt"]
    assert out.read_bytes() == undisturbed(given, tmp_path / "other.jsonl", model)


# output and quarantine


@pytest.mark.parametrize("fails", range(6))
def test_output_and_quarantine_are_gone_on_with_together(model, given, tmp_path, monkeypatch, fails):
    """Whichever rename or note at the end fails, the same command ends as if none had."""
    out, quarantine = tmp_path / "out.jsonl", tmp_path / "there" / "q.jsonl"
    again = {"batch_size": 10, "scored_at": NOON, "quarantine": quarantine, "workers": 1}
    score([given], out, model, **again)
    expected = out.read_bytes(), quarantine.read_bytes()
    out.unlink()
    quarantine.unlink()
    really, calls = os.fsync, []

    def fsync(descriptor):
        if done:
            calls.append(descriptor)
            if len(calls) == fails + 1:
                raise OSError(errno.ENOSPC, "No space left on device")
        really(descriptor)

    done = []
    with monkeypatch.context() as patched, pytest.raises(ConfigError, match="cannot be written"):
        patched.setattr(os, "fsync", fsync)
        score([given], out, model, **again, progress=lambda rows, _: done.extend([1][: rows // 70]))
    assert not (tmp_path / "there" / "q.jsonl.part").exists()
    assert score([given], out, model, **again).resumed == 70
    assert (out.read_bytes(), quarantine.read_bytes()) == expected
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"in.jsonl", "out.jsonl", "there"}


def test_what_others_put_in_place_meanwhile_stays(model, given, tmp_path):
    out, quarantine = tmp_path / "out.jsonl", tmp_path / "q.jsonl"
    for path in (out, quarantine):

        def write(rows, total, path=path):
            path.write_text("milik saya")

        with pytest.raises(ConfigError, match=f"{path.name}: is there already") as caught:
            score([given], out, model, batch_size=10, scored_at=NOON, quarantine=quarantine,
                  progress=write)  # fmt: skip
        assert caught.value.__notes__[0].startswith("70 rows are kept in")
        assert path.read_text() == "milik saya"
        path.unlink()
    assert score([given], out, model, batch_size=10, scored_at=NOON).resumed == 70


def test_two_runs_may_not_share_a_quarantine(model, given, tmp_path):
    quarantine = tmp_path / "q.jsonl"
    refused = []

    def second(rows, total):
        if rows == 30:
            with pytest.raises(ConfigError, match=r"q.jsonl: another run is writing it") as caught:
                score([given], tmp_path / "second.jsonl", model, quarantine=quarantine)
            refused.append(caught.value)

    score([given], tmp_path / "out.jsonl", model, batch_size=10, progress=second,
          quarantine=quarantine)  # fmt: skip
    assert len(refused) == 1
    assert quarantine.read_bytes().count(b"\n") == 7


def test_an_output_that_is_a_link_is_written_where_it_leads(model, given, tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    out, quarantine = tmp_path / "out.jsonl", tmp_path / "q.jsonl"
    out.symlink_to(there / "rows.jsonl")
    quarantine.symlink_to(there / "refused.jsonl")
    interrupted(30, [given], out, model)
    assert (there / "rows.jsonl.parts").is_dir()
    score([given], out, model, batch_size=10, scored_at=NOON, quarantine=quarantine)
    assert out.is_symlink() and quarantine.is_symlink()
    assert sorted(path.name for path in there.iterdir()) == ["refused.jsonl", "rows.jsonl"]
    with pytest.raises(ConfigError, match=r"rows.jsonl: is there already"):
        score([given], out, model)


def test_a_place_that_is_no_file_is_refused_before_anything_is_read(model, given, tmp_path):
    (tmp_path / "folder.jsonl").mkdir()
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "full.jsonl").symlink_to("/dev/full")
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    long = tmp_path / ("x" * 300 + ".jsonl")
    deep = Path(tmp_path, *["x" * 200] * 30, "out.jsonl")
    before = set(tmp_path.rglob("*"))
    for name in ("folder.jsonl", "pipe.jsonl", "full.jsonl", "loop.jsonl", long, deep):
        for places in ((name, None), ("out.jsonl", name)):
            out, quarantine = (place and tmp_path / place for place in places)
            with pytest.raises(ConfigError, match=r"no regular file|cannot be written"):
                score([given], out, model, quarantine=quarantine, overwrite=True)
    for path in tmp_path.rglob("*"):
        assert path in before or path.is_dir()  # folders on the way


@pytest.fixture
def closed_to():
    """Give a callable that makes a folder of others', with this mode, for who is not root."""
    with TemporaryDirectory() as above:
        Path(above).chmod(0o777)

        def make(mode):
            folder = Path(above) / f"{mode:o}"
            folder.mkdir()
            (folder / "in.jsonl").write_text('{"text": "Harga cabai naik."}\n')
            folder.chmod(mode)
            return folder

        yield make
        for folder in Path(above).iterdir():
            folder.chmod(0o700)


@pytest.mark.skipif(os.name == "nt", reason="changes modes")
@pytest.mark.parametrize("mode", [0o000, 0o444, 0o555, 0o666])
def test_a_folder_that_lets_nobody_in_is_told_in_one_line(closed_to, tmp_path, mode):
    folder, free = closed_to(mode), closed_to(0o777)
    (free / "o.jsonl.parts").mkdir(mode)
    clean([free / "in.jsonl"], tmp_path / "out.jsonl")  # nobody may not import what that takes
    was = os.geteuid()
    try:
        if was == 0:
            os.seteuid(65_534)  # nobody: root is let in everywhere
        for out, quarantine in (
            (folder / "out.jsonl", None),
            (free / "out.jsonl", folder / "q.jsonl"),
            *([] if mode & 0o500 == 0o500 else [(free / "o.jsonl", None)]),
        ):
            with pytest.raises(ConfigError, match=r"(written|read) \(Permission denied\)"):
                clean([free / "in.jsonl"], out, quarantine=quarantine, overwrite=True)
    finally:
        os.seteuid(was)
        (free / "o.jsonl.parts").chmod(0o700)


def test_a_manifest_that_may_not_be_read_is_told_in_one_line(closed_to, tmp_path):
    folder = closed_to(0o777)
    clean([folder / "in.jsonl"], tmp_path / "out.jsonl")
    manifest = folder / "out.jsonl.parts" / "manifest.jsonl"
    manifest.parent.mkdir()
    manifest.touch(0o000)
    was = os.geteuid()
    try:
        if was == 0:
            os.seteuid(65_534)
        with pytest.raises(ConfigError, match=r"manifest.jsonl: cannot be read \(Permission denied"):
            clean([folder / "in.jsonl"], folder / "out.jsonl")
    finally:
        os.seteuid(was)


# what is not gone on with


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"keep_links": "all"}, "keep_links was 'none' and is 'all'"),
        ({"batch_size": 20}, "batch_size was 10 and is 20"),
        ({"options": ReadOptions(on_error="keep", fix_text=True)}, "fix_text was False and is True"),
    ],
)
def test_other_settings_are_refused_and_say_so(model, given, tmp_path, change, why):
    out = tmp_path / "out.jsonl"
    interrupted(30, [given], out, model)
    options = {"batch_size": 10, "scored_at": NOON} | change
    with pytest.raises(ConfigError, match=why) as caught:
        score([given], out, model, **options)
    assert "run the command that was interrupted, or add --overwrite" in str(caught.value)
    assert score([given], out, model, batch_size=10, scored_at=NOON).resumed == 30


def test_digits_of_the_kernel_and_of_plain_python_are_not_mixed(model, given, tmp_path):
    out = tmp_path / "out.jsonl"
    interrupted(30, [given], out, model)
    manifest = tmp_path / "out.jsonl.parts" / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes().replace(b'"compiled":false', b'"compiled":true'))
    with pytest.raises(ConfigError, match="compiled was True and is False"):
        score([given], out, model, batch_size=10, scored_at=NOON)


def test_a_changed_input_is_refused_wherever_it_changed(model, given, tmp_path):
    out = tmp_path / "out.jsonl"
    interrupted(30, [given], out, model)
    before = given.read_bytes()
    for changed in (before + b'{"text": "Satu lagi."}\n', before[:-10], before.replace(b"9", b"8")):
        given.write_bytes(changed)
        with pytest.raises(ConfigError, match="cannot be gone on with: the input has changed"):
            score([given], out, model, batch_size=10, scored_at=NOON)
    given.write_bytes(before)
    assert score([given], out, model, batch_size=10, scored_at=NOON).resumed == 30


def test_another_model_is_refused_by_both_versions(given, tmp_path, model):
    out = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        clean([given], out, model, keep_links="related", batch_size=10, progress=stopping(30))
    manifest = tmp_path / "out.jsonl.parts" / "manifest.jsonl"
    mine = model.model_version.encode()
    manifest.write_bytes(manifest.read_bytes().replace(mine, b"0123456789ab"))
    why = f"the model was 0123456789ab and is {model.model_version}"
    with pytest.raises(ConfigError, match=why):
        clean([given], out, model, keep_links="related", batch_size=10)


def test_overwrite_starts_anew_only_where_it_must(model, given, tmp_path):
    out = tmp_path / "out.jsonl"
    interrupted(30, [given], out, model, overwrite=True)
    again = {"batch_size": 10, "scored_at": NOON, "overwrite": True}
    assert score([given], out, model, **again).resumed == 30
    interrupted(30, [given], out, model, overwrite=True)
    assert score([given], out, model, **again, keep_links="all").resumed == 0
    assert b"Baca Juga: Harga" in out.read_bytes()


def test_what_can_be_read_only_once_is_not_gone_on_with(model, tmp_path):
    fifo, out = tmp_path / "fifo.jsonl", tmp_path / "out.jsonl"
    os.mkfifo(fifo)
    for finished in (False, True):
        feed = ["sh", "-c", f"cat {write(tmp_path / 'in.jsonl', 70)} > {fifo}"]
        with subprocess.Popen(feed) as feeding:
            if finished:
                assert score([fifo], out, model, batch_size=10).rows == 70
            else:
                note = interrupted(30, [fifo], out, model)
                assert note == "nothing is kept, for the input can be read only once"
                assert not (tmp_path / "out.jsonl.parts").exists()
            feeding.terminate()


def test_nor_where_the_run_was_killed_and_its_parts_are_there(model, given, tmp_path):
    out, fifo = tmp_path / "out.jsonl", tmp_path / "fifo.jsonl"
    interrupted(30, [given], out, model)
    manifest = tmp_path / "out.jsonl.parts" / "manifest.jsonl"
    noted = manifest.read_bytes()
    manifest.write_bytes(noted.replace(orjson.loads(noted.splitlines()[0])["input"].encode(), b""))
    os.mkfifo(fifo)
    with subprocess.Popen(["sh", "-c", f"cat {given} > {fifo}"]):
        assert score([fifo], out, model, batch_size=10, scored_at=NOON).resumed == 0


def test_an_unfinished_output_is_not_read_as_articles(model, given, tmp_path):
    interrupted(30, [given], tmp_path / "rows.jsonl", model)
    assert score([tmp_path], tmp_path / "all.jsonl", model).rows == 70


# killed at any time

SCORE = """
import sys, time
from saring.predict import load
from saring.batch import score
score([sys.argv[2]], sys.argv[3], load(sys.argv[1]), batch_size=20, workers=int(sys.argv[4]),
      scored_at=sys.argv[5], progress=lambda rows, total: (print(rows, flush=True), time.sleep(float(sys.argv[6]))))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "with_signal"), [("1", signal.SIGKILL), ("2", signal.SIGKILL), ("2", signal.SIGINT)]
)
def test_a_run_killed_again_and_again_loses_only_what_is_in_hand(model, bundle_folder, tmp_path, workers, with_signal):
    given, out = write(tmp_path / "in.jsonl", 200), tmp_path / "out.parquet"
    command = [sys.executable, "-c", SCORE, bundle_folder, given, out, workers, NOON]
    slow, quick = "0.2", "0"  # seconds after a part: time to be killed in, and none
    done, kills = 0, 0
    while True:
        with subprocess.Popen([*command, slow if kills < 3 else quick], stdout=subprocess.PIPE) as child:
            start = int(child.stdout.readline())
            assert start >= done  # of what was told to be done nothing is lost
            if kills < 3:
                done = int(child.stdout.readline())
                time.sleep(0.02 * kills)  # not only right behind a part
                child.send_signal(with_signal)
                kills += 1
            else:
                assert child.wait(120) == 0
                break
    assert start > 0
    score([given], tmp_path / "other.parquet", model, batch_size=20, scored_at=NOON)
    assert out.read_bytes() == (tmp_path / "other.parquet").read_bytes()
    assert not (tmp_path / "out.parquet.parts").exists()


# one at a time


def test_a_second_run_on_one_output_is_refused_and_does_no_harm(model, given, tmp_path):
    out = tmp_path / "out.jsonl"
    refused = []

    def second(rows, total):
        if rows == 30:
            with pytest.raises(ConfigError, match="another run is writing it just now") as caught:
                score([given], out, model, batch_size=10, overwrite=True)
            refused.append(str(caught.value))

    score([given], out, model, batch_size=10, scored_at=NOON, progress=second)
    assert len(refused) == 1
    assert out.read_bytes() == undisturbed(given, tmp_path / "other.jsonl", model)


# a full disk

FULL = """
import resource, sys
from saring.predict import load
from saring.batch import score
model = load(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
score([sys.argv[2]], sys.argv[3], model, batch_size=10, scored_at=sys.argv[5])
"""


@pytest.mark.parametrize("limit", [4_000, 20_000])  # too little for a part; for the whole alone
def test_a_disk_that_is_full_is_told_and_finished_parts_stay(model, bundle_folder, given, tmp_path, limit):
    out = tmp_path / "out.jsonl"
    parts = 3 if limit == 4_000 else 7
    if limit == 4_000:
        interrupted(30, [given], out, model)
    command = [sys.executable, "-c", FULL, bundle_folder, given, out, str(limit), NOON]
    run = subprocess.run(command, capture_output=True, text=True)
    error, note = run.stderr.splitlines()[-2:]
    assert "cannot be written (File too large); make room" in error
    assert note == f"{10 * parts} rows are kept in {out}.parts; the same command goes on from there"
    assert not out.exists()
    assert score([given], out, model, batch_size=10, scored_at=NOON).resumed == 10 * parts
    assert out.read_bytes() == undisturbed(given, tmp_path / "other.jsonl", model)


# the same bytes


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_number_of_workers_changes_no_byte(model, given, tmp_path, suffix):
    alone = undisturbed(given, tmp_path / f"one{suffix}", model, workers=1)
    assert undisturbed(given, tmp_path / f"two{suffix}", model, workers=2) == alone


def test_the_size_of_batches_changes_no_row(model, given, tmp_path):
    rows = []
    for size in (1, 7, 1_000):
        out = tmp_path / f"{size}.jsonl"
        score([given], out, model, batch_size=size, scored_at=NOON)
        rows.append(out.read_bytes())
    assert rows[0] == rows[1] == rows[2]


def test_row_groups_are_joined_as_they_are(model, given, tmp_path):
    undisturbed(given, tmp_path / "out.parquet", model)
    file = pq.ParquetFile(tmp_path / "out.parquet")
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert sizes == [10] * 7
    assert file.read_row_group(3, ["id"])["id"].to_pylist() == ["30", *(f"=a{n}" for n in range(31, 40))]
    whole = tmp_path / "whole.parquet"
    score([given], whole, model, scored_at=NOON)
    assert pq.read_table(whole).equals(pa.concat_tables([file.read()]))


# workers


@dataclass(frozen=True)
class Fragile:
    """A task that does what texts say: end its process, name it, or raise."""

    columns = MappingProxyType({"id": "string", "n_links": "int", "error": "string"})

    def table(self, records):
        for record in records:
            if record.text == "mati" and not record.error:
                os.kill(os.getpid(), signal.SIGKILL)
            if record.text == "ramai" and len(records) > 1:
                os.kill(os.getpid(), signal.SIGKILL)
            if record.text == "galat" and not record.error:
                raise RuntimeError("rusak")
            while record.text == "lama" and not record.error:
                pass
            if record.text == "pola" and not record.error:
                re.match("(a*)*b", "a" * 99)
        return {
            "id": [record.id for record in records],
            "n_links": [os.getpid() if record.text == "proses" else 0 for record in records],
            "error": [record.error or None for record in records],
        }


FRAGILE = PartMaker(Fragile(), ".jsonl")


def records(*texts):
    return [Record(f"r{n}", text=text, where=f"a.csv:{n}") for n, text in enumerate(texts, 1)]


def batch(number, *texts):
    return number, [Block(records(*texts))]


def starts_processes(rows=5_000):
    """Whether processes are started for so many rows, all of which are still to be made."""
    batches, pool, _ = pool_for(iter([batch(0, *["x"] * rows)[1]]), None, kernel=False)
    if pool:
        pool.stop()
    assert [len(block) for blocks in batches for block in blocks] == [rows]
    return pool is not None


def test_processes_are_worth_it_for_many_rows_where_nobody_else_has_the_cores():
    assert starts_processes() is (cores() > 1)
    assert not starts_processes(rows=5)
    with get_context("spawn").Pool(1) as several:
        assert several.apply(starts_processes) is False


def is_small(rows):
    """Whether so many rows are not worth the compiler, either."""
    _, pool, small = pool_for(iter([batch(0, *["x"] * rows)[1]]), None, kernel=False)
    if pool:
        pool.stop()
    return small


def test_many_rows_are_worth_the_compiler_where_one_process_must_do_them_too():
    assert is_small(5) and not is_small(5_000)
    with get_context("spawn").Pool(1) as several:
        assert several.apply(is_small, (5,)) and not several.apply(is_small, (5_000,))


def test_a_worker_makes_one_part_after_another():
    batches = [batch(number, "proses") for number in range(4)]
    made = [part for _, _, part in WorkerPool(1).parts(batches, FRAGILE)]
    assert len({orjson.loads(part.data)["n_links"] for part in made}) == 1


def test_a_row_that_kills_its_worker_is_an_error_and_no_other_row_is_lost():
    batches = [batch(0, "a", "mati", "b", "mati"), batch(1, "c", "d")]
    made = {n: part for n, _, part in WorkerPool(2).parts(batches, FRAGILE)}
    assert sorted(made) == [0, 1]
    rows = [orjson.loads(line) for line in made[0].data.splitlines()]
    assert [bool(row["error"]) for row in rows] == [False, True, False, True]
    assert rows[1]["error"].startswith("a.csv:2: the article ended the process that worked on it (signal SIGKILL)")
    assert made[0].summary.errors == 2
    assert made[1].summary == Summary(rows=2, scored=2)


def test_rows_that_kill_a_worker_only_together_stop_the_run_with_advice():
    with pytest.raises(InputError, match=r"a.csv:1 to a.csv:2.*try a smaller --batch-size"):
        list(WorkerPool(1).parts([batch(0, "ramai", "ramai")], FRAGILE))


@dataclass(frozen=True)
class Unable(Fragile):
    """A task whose worker ends while it is made ready."""

    def __reduce__(self):
        return os._exit, (3,)


def test_a_worker_that_does_not_start_stops_the_run_and_blames_no_article():
    with pytest.raises(InputError, match=r"worker process did not start \(exit status 3\)"):
        list(WorkerPool(2).parts([batch(0, "a", "b")], PartMaker(Unable(), ".jsonl")))


def test_an_article_that_breaks_the_scoring_costs_its_own_row():
    part = FRAGILE.part([Block(records("a", "galat", "b"))])
    assert part.summary.errors == 1
    assert "a.csv:2: the article broke the scoring (RuntimeError: rusak)" in part.summary.first_error


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("texts", [("lama", "a", "pola"), ("lama", "pola"), ("lama",)])
def test_an_article_that_takes_for_ever_costs_its_own_row(workers, texts):
    maker, batches = PartMaker(Fragile(), ".jsonl", seconds=0.2), [batch(0, *texts)]
    made = WorkerPool(1).parts(batches, maker) if workers > 1 else parts_made_here(batches, maker)
    [(_, _, part)] = made
    errors = [orjson.loads(line)["error"] or "" for line in part.data.splitlines()]
    assert ["took longer than 0.2 seconds" in error for error in errors] == [text != "a" for text in texts]
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


@pytest.mark.parametrize("workers", [1, 2])
def test_where_no_article_can_be_scored_it_is_not_they_who_are_blamed(workers):
    batches = [batch(0, "galat", "galat")]
    made = WorkerPool(2).parts(batches, FRAGILE) if workers > 1 else parts_made_here(batches, FRAGILE)
    with pytest.raises(SaringError, match=r"a.csv:1: scoring fails from here on.*RuntimeError"):
        list(made)


@pytest.mark.parametrize("wish", ["0", "1"])
def test_a_worker_says_whether_the_kernel_answers(monkeypatch, wish):
    monkeypatch.setenv(SWITCH, wish)
    expected = wish == "1" and find_spec("numba") is not None
    for kernel in (True, False):
        pool = WorkerPool(1, kernel=kernel)
        assert pool.compiled() == (kernel and expected)
        pool.stop()
    assert workers_alive() == []


def test_modules_are_hidden_while_a_worker_starts_and_no_longer(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with without(["colorsys"]), pytest.raises(ImportError):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv


def workers_alive():
    children = " ".join(p.read_text() for p in Path("/proc/self/task").glob("*/children")).split()
    commands = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    return [command for command in commands if b"saring.batch.workers" in command]


def test_no_worker_is_left_when_a_run_stops_early():
    made = WorkerPool(2).parts((batch(n, "a") for n in range(1_000)), FRAGILE)
    next(made)
    assert len(workers_alive()) == 2
    made.close()
    assert workers_alive() == []


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["html", "csv"])
def test_pages_and_tables_are_shared_among_workers(model, tmp_path, monkeypatch, suffix):
    """Each worker takes some, and the output has the same bytes as one process makes."""
    given = tmp_path / "in"
    given.mkdir()
    if suffix == "html":
        for n in range(40):
            page = f"<html><body><h1>Rupiah Menguat {n}</h1>{f'<p>Rupiah naik {n} poin.</p>' * 9}</body></html>"
            (given / f"{n:02}.html").write_text(page)
    else:
        rows = "".join(f'"Rupiah {n}","Rupiah naik\n\n""{n}"" poin."\n' for n in range(40))
        (given / "a.csv").write_text("judul,isi\n" + rows)
    asked = []
    part = Worker.part
    monkeypatch.setattr(Worker, "part", lambda self, *rest: (asked.append(id(self)), part(self, *rest))[1])
    for workers in (1, 2):
        score([given], tmp_path / f"{workers}.jsonl", model, workers=workers, batch_size=5, scored_at=NOON)
    assert len(set(asked)) == 2
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()
    assert len((tmp_path / "1.jsonl").read_bytes().splitlines()) == 40


# rows with errors


@pytest.mark.parametrize("workers", [1, 2])
def test_the_quarantine_lists_rows_with_errors_and_where_they_stand(model, given, tmp_path, workers):
    page = tmp_path / "kosong.txt"
    page.touch()
    quarantine = tmp_path / "errors.jsonl"
    summary = score(
        [given, page], tmp_path / "out.jsonl", model,
        batch_size=10, workers=workers, quarantine=quarantine,
    )  # fmt: skip
    lines = [orjson.loads(line) for line in quarantine.read_bytes().splitlines()]
    assert len(lines) == summary.errors == 8
    assert lines[1] == {
        "file": str(given),
        "row": 11,
        "id": "10",
        "reason": f"{given}:11: title and text are empty; expected an article",
    }
    assert (lines[-1]["file"], lines[-1]["row"]) == (str(page), None)


def test_the_quarantine_holds_what_was_found_before_an_interruption(model, given, tmp_path):
    out, quarantine = tmp_path / "out.jsonl", tmp_path / "errors.jsonl"
    interrupted(30, [given], out, model)
    score([given], out, model, batch_size=10, scored_at=NOON, quarantine=quarantine)
    assert [orjson.loads(line)["row"] for line in quarantine.read_bytes().splitlines()] == [
        1, 11, 21, 31, 41, 51, 61,
    ]  # fmt: skip


def test_a_run_without_errors_leaves_an_empty_quarantine(model, tmp_path):
    (tmp_path / "in.txt").write_text("Rupiah menguat terhadap dolar AS.")
    score([tmp_path / "in.txt"], tmp_path / "o.csv", model, quarantine=tmp_path / "e.jsonl")
    assert (tmp_path / "e.jsonl").read_bytes() == b""


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"quarantine": "errors.csv"}, "expected a .jsonl file"),
        ({"quarantine": "out.jsonl"}, "is both output and quarantine"),
        ({"quarantine": "in.jsonl"}, "is also an input"),
        ({"workers": 0}, "--workers: found 0; expected 1 to 256"),
        ({"batch_size": 0}, "--batch-size: found 0; expected 1 to"),
    ],
)
def test_nonsense_is_refused_before_anything_is_read(model, given, tmp_path, monkeypatch, options, why):
    monkeypatch.chdir(tmp_path)
    before = given.read_bytes()
    with pytest.raises(ConfigError, match=why):
        score(["in.jsonl"], "out.jsonl", model, overwrite=True, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
    assert given.read_bytes() == before


# how much there is


def test_a_survey_counts_rows_where_it_can(tmp_path):
    given = write(tmp_path / "a.jsonl", 70)
    (tmp_path / "b.csv").write_text('judul,isi\nA,"satu\ndua ""kata"""\nB,tiga\n')
    (tmp_path / "c.txt").write_text("Satu\nteks\n")
    pq.write_table(pa.table({"text": ["a", "b", "c"]}), tmp_path / "d.parquet")
    assert survey([tmp_path], "")[1] == 70 + 2 + 1 + 3
    assert survey([given], "")[1] == 70
    (tmp_path / "e.jsonl.gz").write_bytes(b"")
    assert survey([tmp_path], "")[1] is None


def test_a_survey_tells_inputs_apart_by_content_and_name_not_by_time(tmp_path):
    given = write(tmp_path / "a.jsonl", 3)
    found = survey([given], "")[0]
    os.utime(given, (0, 0))
    assert survey([given], "")[0] == found
    assert survey([write(tmp_path / "b.jsonl", 3)], "")[0] != found
    assert survey(["-"], "")[0] == ""
