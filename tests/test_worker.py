"""A page may crash or hang its reader at the cost of one row. The functions below stand in for
`page_record`: the worker runs whatever `PageReader` is told by `parse_page`."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import saring.html.page
from saring.article import Record
from saring.errors import InputError, MissingExtraError
from saring.html.page import GROUP_ITEMS, Page, PageReader
from saring.io.records import ReadOptions, read

GOOD = b"<html><body><h1>Harga Cabai Naik</h1>" + b"<p>Harga cabai naik di Pasar Kramat.</p>" * 4


def who(html: bytes, name: str) -> Record:
    return Record(id=name, text=str(os.getpid()))


def misbehave(html: bytes, name: str) -> Record:
    """Do what a page's bytes say, as a parser might."""
    if html == b"killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if html == b"segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if html == b"leaves":
        os._exit(3)
    if html == b"hangs":
        while True:
            pass
    if html == b"raises":
        raise RuntimeError("rusak")
    if html == b"nests":
        return misbehave(html, name)
    if html == b"eats":
        return Record(id=name, text="x" * (1 << 40))
    if html == b"prints":
        print("bukan jawaban", flush=True)  # noqa: T201
    return Record(id=name, text=str(os.getpid()))


def dawdle(html: bytes, name: str) -> Record:
    time.sleep(0.3)
    return Record(id=name, text="selesai")


def limits(html: bytes, name: str) -> Record:
    found = [resource.getrlimit(limit)[0] for limit in (resource.RLIMIT_AS, resource.RLIMIT_CORE)]
    return Record(id=name, text=json.dumps(found))


def test_one_worker_reads_many_pages():
    with PageReader(parse_page=who) as reader:
        first, second = reader.read(b"1", "a.html"), reader.read(b"2", "b.html")
    assert (first.id, second.id) == ("a.html", "b.html")
    assert first.text == second.text != str(os.getpid())


@pytest.mark.parametrize(
    ("page", "error"),
    [
        (b"killed", r"crashed the page reader \(signal SIGKILL\)"),
        (b"segfault", r"crashed the page reader \(signal SIGSEGV\)"),
        (b"leaves", r"crashed the page reader \(exit status 3\)"),
        (b"hangs", r"took longer than 2 seconds and was given up"),
        (b"raises", r"broke the page reader \(RuntimeError: rusak\)"),
        (b"nests", r"broke the page reader \(RecursionError"),
        (b"eats", r"broke the page reader \(MemoryError"),
    ],
)
def test_a_page_that_breaks_its_reader_costs_one_page(page, error):
    with PageReader(seconds=2, parse_page=misbehave) as reader:
        before = reader.read(b"1", "a.html")
        with pytest.raises(InputError, match=rf"^rusak\.html: the page {error}"):
            reader.read(page, "rusak.html")
        after = reader.read(b"2", "b.html")
    assert before.id == "a.html" and after.id == "b.html"


def test_of_many_pages_those_that_break_the_reader_cost_their_own_records_and_no_others():
    says = [b"1", b"killed", b"2", b"hangs", b"hangs", b"3", b"raises", *[b"4"] * GROUP_ITEMS, b"leaves"]
    pages = [Page(html, f"{number}.html", f"nomor-{number}") for number, html in enumerate(says)]
    with PageReader(seconds=1, parse_page=misbehave) as reader:
        records = list(reader.records([*pages, "apa saja"]))
    assert records.pop() == "apa saja"
    assert [record.id for record in records] == [page.id for page in pages]
    assert [record.where for record in records] == [page.name for page in pages]
    assert [not record.error for record in records] == [html.isdigit() for html in says]
    workers = [record.text for record in records if record.text]
    assert len(set(workers)) == 3  # a new one where one died or hung, for all pages that follow


def test_each_page_of_a_group_has_its_own_time():
    with PageReader(seconds=0.6, parse_page=dawdle) as reader:
        assert not any(record.error for record in reader.records([Page(b"", "a.html", "a")] * 5))


def test_what_is_known_of_a_page_from_elsewhere_stands_behind_what_it_says_itself():
    html = "<html><head>{}</head><body><h1>Harga Cabai Naik</h1>" + "<p>Kafé itu menjual cabai merah.</p>" * 4
    said = '<meta charset="utf-8"><link rel="canonical" href="https://a.id/1"><meta property="og:url" content="https://a.id/1">'
    pages = [
        Page(html.format("").encode("utf-16-le"), "a:0", "a", "https://b.id/2?x=1", "utf-16-le"),
        Page(html.format(said).encode(), "a:9", "b", "https://b.id/2?x=1", "koi8-r"),
        Page(html.format("").encode("cp1252"), "a:10", "c", "https://b.id/2?x=1", "tiada"),
    ]
    with PageReader() as reader:
        records = list(reader.records(pages))
    assert [record.url for record in records] == ["https://b.id/2?x=1", "https://a.id/1", "https://b.id/2?x=1"]
    assert all("Kafé itu" in record.text for record in records)


def test_what_a_library_prints_does_not_mix_with_the_answers():
    with PageReader(parse_page=misbehave) as reader:
        assert reader.read(b"prints", "a.html").id == "a.html"


def test_a_worker_killed_between_pages_is_replaced():
    with PageReader(parse_page=who) as reader:
        old = int(reader.read(b"1", "a.html").text)
        os.kill(old, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{old}/status").read_text().find("State:\tZ") < 0:
            assert time.monotonic() < deadline
        assert int(reader.read(b"2", "b.html").text) != old


def test_a_page_beyond_the_limit_is_not_even_parsed(monkeypatch):
    monkeypatch.setattr(saring.html.page, "MAX_PAGE_BYTES", 10)
    with PageReader() as reader, pytest.raises(InputError, match="more than 10 bytes"):
        reader.read(b"<p>sebelas</p>", "a.html")


def test_real_bombs_cost_one_record_each(tmp_path):
    (tmp_path / "a.html").write_bytes(b"<html><body>" + b"<div>" * 500_000 + b"teks")
    (tmp_path / "b.html").write_bytes(b"<p " + b" ".join(b"a%d=1" % n for n in range(300_000)))
    (tmp_path / "c.html").write_bytes(b"<html><body><p>" + b"kata " * 3_000_000)
    (tmp_path / "d.html").write_bytes(GOOD)
    options = ReadOptions(on_error="keep", page_seconds=5)
    *bombs, good = read([tmp_path], options)
    assert len(bombs) == 3 and all(bomb.error for bomb in bombs)
    assert good.text.startswith("Harga cabai naik") and good.id == "d.html"
    assert good.where == str(tmp_path / "d.html")


def test_a_broken_page_the_user_names_stops_the_run_unless_told_otherwise(tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(b"<html></html>")
    with pytest.raises(InputError, match=rf"^{path}: found no article text"):
        list(read([path]))
    (record,) = read([path], ReadOptions(on_error="keep"))
    assert (record.id, record.where) == ("a.html", str(path))
    assert record.error.count(str(path)) == 1


def test_no_worker_is_left_when_reading_stops_early(tmp_path):
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_bytes(GOOD)
    records = read([tmp_path])
    next(records)
    records.close()
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    commands = [Path(f"/proc/{child}/cmdline").read_text() for child in children]
    assert not [command for command in commands if "saring.html.page" in command]


def test_a_program_that_forgets_to_close_ends_at_once_and_quietly(tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(GOOD)
    code = "import sys; from saring.io.records import read; records = read(sys.argv[1:]);print(next(records).title)"
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", code, path, path]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (run.stdout, run.stderr) == ("Harga Cabai Naik\n", "")


def test_a_worker_ends_when_its_parent_is_killed(tmp_path):
    code = (
        "import os, signal; from saring.html.page import PageReader; from test_worker import who;"
        "print(PageReader(parse_page=who).read(b'', 'a').text, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parent)
    worker = Path(f"/proc/{run.stdout.strip()}")
    deadline = time.monotonic() + 10
    while worker.exists() and "State:\tZ" not in (worker / "status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_worker_in_the_middle_of_a_page_ends_when_its_parent_is_killed():
    code = (
        "import os, signal, threading; from saring.html.page import PageReader;"
        "from test_worker import misbehave; reader = PageReader(9, misbehave);"
        "print(reader.read(b'1', 'a').text, flush=True);"
        "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGKILL)).start();"
        "reader.read(b'hangs', 'b')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parent)
    worker = Path(f"/proc/{run.stdout.strip()}")
    deadline = time.monotonic() + 1
    while worker.exists() and "State:\tZ" not in (worker / "status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_page_cannot_take_the_machine_s_memory_nor_leave_a_core():
    with PageReader(parse_page=limits) as reader:
        assert json.loads(reader.read(b"", "a.html").text) == [4 << 30, 0]


def test_what_is_missing_is_named_when_the_first_page_comes(monkeypatch):
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with PageReader() as reader, pytest.raises(MissingExtraError, match=r"pip install .*trafilatura"):
        reader.read(b"", "a.html")
