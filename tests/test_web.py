"""Pages and tables by web address, from a server of this machine."""

import base64
import gc
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

from saring.batch import clean
from saring.cli.commands import main
from saring.errors import ConfigError, InputError
from saring.io import web
from saring.io.records import ReadOptions, read

NEWS = "Rupiah menguat 15 poin terhadap dolar AS pada perdagangan hari ini di Jakarta. " * 5
PAGE = f"<html><head><title>Rupiah Menguat</title></head><body><article><h1>Rupiah Menguat</h1><p>{NEWS}</p><p>{NEWS}</p></article></body></html>"
TABLE = b"".join(orjson.dumps({"id": f"a{n}", "text": NEWS}) + b"\n" for n in range(3_000))


class Site(BaseHTTPRequestHandler):
    """A portal; what each test needs of it is set on the server."""

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, *, body):
        site = self.server
        site.requests.append((self.command, self.path, dict(self.headers)))
        path = self.path.partition("?")[0]
        if path in site.redirects:
            return self.head(302, Location=site.redirects[path])
        if path not in site.pages:
            return self.head(site.codes.get(path, 404))
        kind, data = site.pages[path]
        headers = {"Content-Type": kind, "Content-Length": len(data), **({"ETag": site.tag} if site.tag else {})}
        start = 0
        if (ranged := self.headers.get("Range")) and self.headers.get("If-Range") == site.tag:
            start = int(ranged.removeprefix("bytes=").rstrip("-"))
            headers |= {
                "Content-Length": len(data) - start,
                "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}",
            }
        self.head(206 if start else 200, **headers)
        if body:
            part = data[start : start + site.most]
            site.most = site.then
            self.wfile.write(part)
            if site.changes:  # with each answer
                site.tag = f'"{len(site.requests)}"'
            if start + len(part) < len(data):
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)

    def head(self, code, **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *words):
        pass


@contextmanager
def served():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.requests, server.redirects, server.codes, server.tag, server.changes = [], {}, {}, '"one"', False
    server.most = server.then = 1 << 30  # bytes of an answer before it breaks off, and of those after it
    server.pages = {"/berita/rupiah": ("text/html; charset=utf-8", PAGE.encode()), "/a.jsonl": ("text/plain", TABLE)}
    server.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(web, "TRIES", (0.01, 0.02))
    with served() as server:
        yield server


def test_a_page_is_read_as_a_page(site, bundle_folder, capfd):
    [record] = read(f"{site.address}/berita/rupiah?page=all")
    assert record.title == "Rupiah Menguat"
    assert record.text.startswith("Rupiah menguat 15 poin")
    assert main(["predict", f"{site.address}/berita/rupiah", "--model", str(bundle_folder)]) == 0
    assert "Rupiah Menguat" in capfd.readouterr().out


def test_a_table_is_read_by_its_suffix_and_gone_on_with_where_the_connection_broke(site):
    site.most, site.then = 1_000_000, 300_000
    assert [record.id for record in read(f"{site.address}/a.jsonl")] == [f"a{n}" for n in range(3_000)]
    assert len([1 for command, path, headers in site.requests if "Range" in headers]) > 1


@pytest.mark.parametrize(
    ("tag", "changes", "words"),
    [('"one"', True, "and is another one now"), ("", False, "cannot say what follows"), ('W/"x"', False, "cannot say")],
)
def test_a_table_that_cannot_be_gone_on_with_is_an_error_not_a_short_file(site, tag, changes, words):
    site.tag, site.changes = tag, changes
    site.most = site.then = 1_000_000
    found = list(read(f"{site.address}/a.jsonl", ReadOptions(on_error="keep")))
    assert words in found[-1].error
    assert 0 < len(found) < 3_000


# What is wrong, the path, and words of the message.
WRONG = {
    "no such page": ("/none", "the server has no such page; check the address"),
    "refused": ("/403", "access is refused (403); check the address, or save the page in a browser"),
    "a server in trouble": ("/503", "the server does not answer"),
    "a file of the machine": ("/file", "file:///etc/passwd"),
    "a loop": ("/loop", "the server says"),
    "a picture": ("/photo", "the server sends image/png; expected a page"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_with_a_page_is_told(site, wrong):
    path, words = WRONG[wrong]
    site.redirects = {"/file": "file:///etc/passwd", "/loop": "/loop"}
    site.codes = {"/403": 403, "/503": 503}
    site.pages["/photo"] = ("image/png", b"\x89PNG")
    with pytest.raises(InputError) as told:
        list(read(site.address + path))
    assert words in str(told.value)


def test_offline_it_is_told_so(capfd, monkeypatch, bundle_folder):
    monkeypatch.setattr(web, "TRIES", ())
    assert main(["predict", "https://portal.invalid/berita", "--model", str(bundle_folder)]) == 1
    told = capfd.readouterr().err
    assert "https://portal.invalid/berita: cannot be read: the server does not answer" in told
    assert "check the address and the network, or save the page in a browser and give the file" in told
    assert told.count("\n") == 1


def test_a_server_that_takes_a_request_and_says_nothing_is_given_up_at_once(capfd, monkeypatch):
    monkeypatch.setattr(web, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert main(["parse", f"http://127.0.0.1:{silent.getsockname()[1]}/x.html"]) == 1
        silent.settimeout(0.2)
        silent.accept()[0].close()  # the thread that waits hears of the end
        with pytest.raises(TimeoutError):
            silent.accept()  # for it was asked once
    told = capfd.readouterr().err
    assert "the server does not answer: it sent nothing for 0.2 seconds; try again later" in told
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(5)
    gc.collect()


def test_names_passwords_and_signatures_are_sent_and_not_told(site, tmp_path):
    address = site.address.replace("://", "://budi:geheim@") + "/a.jsonl?X-Amz-Signature=rahasia&page=2"
    clean([address], tmp_path / "out.jsonl", batch_size=500, quarantine=tmp_path / "errors.jsonl")
    word = base64.b64encode(b"budi:geheim").decode()
    assert {headers.get("Authorization") for _, _, headers in site.requests} == {f"Basic {word}"}
    assert site.requests[-1][1] == "/a.jsonl?X-Amz-Signature=rahasia&page=2"
    for path in tmp_path.iterdir():
        assert b"geheim" not in path.read_bytes() and b"rahasia" not in path.read_bytes()
    with pytest.raises(InputError) as told:
        list(read(address.replace("a.jsonl", "none")))
    assert "geheim" not in str(told.value) and "rahasia" not in str(told.value)


def test_a_redirect_to_another_server_gets_no_password(site):
    with served() as other:
        site.redirects = {"/moved": f"{other.address}/berita/rupiah"}
        assert list(read(site.address.replace("://", "://budi:geheim@") + "/moved"))
        assert not [1 for _, _, headers in other.requests if "Authorization" in headers]


def test_a_web_address_is_no_place_for_an_output(site, tmp_path):
    with pytest.raises(ConfigError, match="can only be read"):
        clean([f"{site.address}/a.jsonl"], f"{site.address}/out.jsonl")
