"""What has its name is on the disk: a power cut at any time leaves the old file or the new one.

The disk below stands where the operating system does: it takes in what is brought to it (fsync) and
what gets a name (rename), and may refuse. It knows files by their number, whatever they are called.
"""

import errno
import os
import threading
from functools import partial
from hashlib import blake2b
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest
from bundles import CARD, TOPIC

from saring import store
from saring.batch import clean
from saring.datasets.fetch import fetch
from saring.datasets.import_corpus import import_corpus
from saring.errors import SaringError
from saring.io.writers import SUFFIXES, open_rows


class Disk:
    """What a power cut would leave of a folder, and the calls that were made so far.

    Attributes
    ----------
    calls : list[tuple[str, str]]
        "sync" or "rename", and the name.
    early : list[str]
        What got its name before all of it was on the disk.
    refuses : int
        The number of the call that fails, -1 for none.
    """

    def __init__(self, root, monkeypatch):
        self.root, self.calls, self.early, self.refuses = root, [], [], -1
        self._kept = {}  # bytes of a file, names in a folder, by number
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self.fsync)
        for name in ("replace", "rename"):
            monkeypatch.setattr(os, name, partial(self.rename, getattr(os, name)))

    def fsync(self, descriptor):
        number = os.fstat(descriptor).st_ino
        [path] = [p for p in (self.root, *self.root.rglob("*")) if p.stat().st_ino == number]
        self._note("sync", path.name)
        self._fsync(descriptor)
        self._kept[number] = held(path)

    def rename(self, really, source, target, **options):
        self._note("rename", Path(target).name)
        if not self._is_whole(Path(source)):
            self.early.append(Path(target).name)
        really(source, target, **options)

    def _note(self, what, name):
        self.calls.append((what, name))
        if len(self.calls) - 1 == self.refuses:
            raise OSError(errno.ENOSPC, "No space left on device")

    def _is_whole(self, path):
        """Whether all of a file, or of a folder and the files in it, is on the disk."""
        inside = path.iterdir() if path.is_dir() else ()
        there = self._kept.get(path.stat().st_ino) == held(path)
        return there and all(map(self._is_whole, inside))

    def left(self, path):
        """The bytes of a file, or by name those of a folder's, after a power cut now."""
        number = self._kept.get(path.parent.stat().st_ino, {}).get(path.name)
        found = self._kept.get(number)
        return {n: self._kept.get(i) for n, i in found.items()} if isinstance(found, dict) else found


def held(path):
    """The bytes of a file, the names in a folder and what number each has."""
    if path.is_dir():
        return {item.name: item.stat().st_ino for item in path.iterdir()}
    return path.read_bytes()


@pytest.fixture
def disk(tmp_path, monkeypatch):
    return Disk(tmp_path, monkeypatch)


@pytest.fixture
def given(tmp_path):
    """Ten articles, every third of them without a text."""
    path = tmp_path / "in" / "in.jsonl"
    path.parent.mkdir()
    rows = [{"id": str(n), "text": "Harga cabai naik." if n % 3 else ""} for n in range(10)]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@pytest.fixture
def served(tmp_path):
    """The address of a folder with one file."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "set.bin").write_bytes(bytes(range(256)) * 9)

    class Quiet(SimpleHTTPRequestHandler):
        log_message = staticmethod(lambda *words: None)

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "web")) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/set.bin"
        server.shutdown()
        thread.join()


def rows_to(suffix):
    def write(request, folder):
        with open_rows(folder / f"out{suffix}", {"id": "string"}, overwrite=True) as file:
            file.write([{"id": "a"}])
            file.write([{"id": "b"}])
        return folder / f"out{suffix}"

    return write


def bundle(request, folder):
    card = CARD | {"created": "2026-01-01T00:00:00Z"}
    return store.save(folder / "model", {"topic": TOPIC}, card, replace=True)


def batch(request, folder):
    out = folder / "out.jsonl"
    clean([request.getfixturevalue("given")], out, batch_size=5, quarantine=folder / "bad.jsonl",
          overwrite=True)  # fmt: skip
    return out


def imported(request, folder):
    (folder / "mine.toml").write_text('[columns]\ntitle = "judul"\ntext = ["isi"]\n')
    (folder / "mine.csv").write_text("judul,isi\nHarga Cabai Naik,Harga cabai naik di pasar.\n")
    import_corpus(folder / "mine.toml", folder / "mine.csv", folder / "c.jsonl", overwrite=True)
    return folder / "c.jsonl"


def fetched(request, folder):
    fetch(request.getfixturevalue("served"), folder / "set.bin")
    return folder / "set.bin"


WRITERS = {
    **{f"rows as {suffix}": rows_to(suffix) for suffix in SUFFIXES},
    "a bundle": bundle,
    "a batch": batch,
    "a corpus": imported,
    "a file from the web": fetched,
}
every_writer = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


def inside(path):
    """What lies at a path, by name if it is a folder."""
    return {p.name: p.read_bytes() for p in path.iterdir()} if path.is_dir() else path.read_bytes()


@every_writer
def test_what_has_its_name_is_on_the_disk(disk, request, tmp_path, write):
    out = write(request, tmp_path)
    assert disk.early == []
    assert disk.left(out) == inside(out) != b""


@every_writer
def test_a_disk_that_refuses_at_any_call_leaves_the_old_one_whole(disk, request, tmp_path, write):
    out = write(request, tmp_path)
    before, calls = inside(out), len(disk.calls)
    names = {path.name for path in tmp_path.iterdir()}
    for number in range(calls):
        disk.refuses = len(disk.calls) + number
        if write is fetched:
            out.unlink()  # what is there is not fetched again
        with pytest.raises(SaringError, match="cannot be written"):
            write(request, tmp_path)
        disk.refuses = -1
        if out.exists():
            assert inside(out) == before
        assert {path.name for path in tmp_path.iterdir()} <= names | {
            "out.jsonl.parts",
            "set.bin.part",
            "set.bin.part.json",
        }
        assert inside(write(request, tmp_path)) == before


def test_a_finished_part_survives_a_power_cut(disk, given, tmp_path):
    folder = tmp_path / "out.jsonl.parts"

    def check(rows, total):
        """Called when a part is said to be done."""
        left = disk.left(folder / "manifest.jsonl")
        noted = [orjson.loads(line) for line in left.splitlines()[1:]]
        assert sum(line["rows_in"] for line in noted) == rows
        for line in noted:
            data, errors = (disk.left(folder / f"part-{line['part']:06d}{suffix}") for suffix in ("", ".errors"))
            assert data and errors
            assert blake2b(data + errors, digest_size=16).hexdigest() == line["digest"]

    clean([given], tmp_path / "out.jsonl", batch_size=5, quarantine=tmp_path / "bad.jsonl",
          progress=check)  # fmt: skip
    assert disk.left(tmp_path / "bad.jsonl").count(b"\n") == 4


def test_whatever_call_is_refused_the_same_command_ends_the_batch(disk, given, tmp_path):
    def run(folder):
        clean([given], folder / "out.jsonl", batch_size=5, quarantine=folder / "bad.jsonl")
        return inside(folder)

    (tmp_path / "whole").mkdir()
    whole = run(tmp_path / "whole")
    assert sorted(whole) == ["bad.jsonl", "out.jsonl"]
    for number in range(len(disk.calls)):
        folder = tmp_path / str(number)
        folder.mkdir()
        disk.refuses = len(disk.calls) + number
        with pytest.raises(SaringError, match="cannot be written"):
            run(folder)
        assert run(folder) == whole
