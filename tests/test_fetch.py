"""Files from the web: resumed where they broke off, there only when complete and as expected."""

import gc
import hashlib
import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from saring.datasets.fetch import check_sha256, fetch, file_name
from saring.errors import ConfigError, InputError
from saring.io.web import is_web_address

CONTENT = bytes(range(256)) * 9000  # more than two chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Portal(BaseHTTPRequestHandler):
    """Serves CONTENT at /ranges, /whole (which knows no ranges) and /breaks (once broken off).

    `server.headers` are sent besides, as they stand; `server.content` may change.
    """

    def do_GET(self):
        asked, headers, content = (self.headers.get("Range"), self.server.headers, self.server.content)
        self.server.ranges.append(asked)
        if self.headers.get("If-Range") not in (None, headers.get("ETag"), headers.get("Last-Modified")):
            asked = None
        if self.path == "/deaf":  # ranges, whatever If-Range says
            asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if self.path == "/missing":
            return self.send_error(404)
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            return self.end_headers()
        if self.path == "/whole":
            asked, start = None, 0
        if start >= len(content):
            return self.send_error(416)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        for name, value in ({"Content-Length": str(len(content) - start)} | headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        half = self.path == "/breaks" and not asked
        self.wfile.write(content[start : len(content) // 2 if half else None])
        return None

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture
def portal():
    with ThreadingHTTPServer(("127.0.0.1", 0), Portal) as server:
        server.ranges, server.headers, server.content = [], {"ETag": '"one"'}, CONTENT
        server.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "set.zip"


def part_of(path):
    return path.with_name(path.name + ".part")


def test_a_file_is_fetched_and_its_checksum_returned(portal, path):
    assert fetch(f"{portal.address}/ranges", path, SHA256) == SHA256
    assert path.read_bytes() == CONTENT
    assert not part_of(path).exists()


def test_progress_ends_with_all_bytes(portal, path):
    seen = []
    fetch(f"{portal.address}/ranges", path, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)


def broken_off(path, address, there=CONTENT[:1000], etag='"one"'):
    """What an earlier run left."""
    path.parent.mkdir(exist_ok=True)
    part_of(path).write_bytes(there)
    version = {"address": address, "etag": etag, "modified": "", "size": len(CONTENT)}
    path.with_name(path.name + ".part.json").write_text(json.dumps(version))


@pytest.mark.parametrize("there", [1, 1000, len(CONTENT) - 1, len(CONTENT)])
@pytest.mark.parametrize("route", ["ranges", "whole"])
def test_wherever_it_broke_off_the_file_becomes_whole(portal, path, there, route):
    broken_off(path, f"{portal.address}/{route}", CONTENT[:there])
    assert fetch(f"{portal.address}/{route}", path, SHA256) == SHA256
    assert path.read_bytes() == CONTENT
    assert portal.ranges[0] == f"bytes={there}-"
    assert list(path.parent.iterdir()) == [path]


def test_what_breaks_off_is_told_and_kept_for_the_next_run(portal, path):
    with pytest.raises(InputError, match=r"broke off after 1,152,000 bytes; run again"):
        fetch(f"{portal.address}/breaks", path, SHA256)
    assert not path.exists()
    fetch(f"{portal.address}/breaks", path, SHA256)
    assert portal.ranges == [None, "bytes=1152000-"]
    assert path.read_bytes() == CONTENT


OTHER = bytes(reversed(CONTENT))


@pytest.mark.parametrize("route", ["breaks", "deaf"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"ETag": '"one"'}, {"ETag": '"two"'}),
        ({"ETag": '"one"'}, {"ETag": None}),
        ({"ETag": 'W/"one"'}, {"ETag": 'W/"one"'}),  # no promise about bytes
        ({"ETag": None}, {"ETag": None}),
        ({"ETag": None, "Last-Modified": "Fri, 03 Mar 2023 10:00:00 GMT"},
         {"ETag": None, "Last-Modified": "Fri, 03 Mar 2023 11:00:00 GMT"}),
        ({"ETag": '"one"'}, {"ETag": '"one"', "longer": True}),
    ],
)  # fmt: skip
def test_a_file_that_changed_meanwhile_is_never_half_and_half(portal, path, route, before, after):
    portal.headers = before
    with pytest.raises(InputError, match="broke off"):
        fetch(f"{portal.address}/breaks", path)
    portal.content = OTHER + b"more" * after.get("longer", 0)
    portal.headers = {name: value for name, value in after.items() if name != "longer"}
    version = path.with_name(path.name + ".part.json")
    version.write_text(version.read_text().replace("/breaks", f"/{route}"))
    if route == "breaks":
        portal.ranges.clear()
        with suppress(InputError):  # it breaks off again, when it is fetched anew
            fetch(f"{portal.address}/breaks", path)
        assert OTHER.startswith(part_of(path).read_bytes())
    else:
        fetch(f"{portal.address}/deaf", path)
        assert path.read_bytes() == portal.content


def test_parts_of_another_address_or_without_a_version_are_not_gone_on_from(portal, path):
    broken_off(path, f"{portal.address}/other", b"another file")
    fetch(f"{portal.address}/ranges", path)
    assert path.read_bytes() == CONTENT
    path.unlink()
    for version in ("[]", "[" * 3000, "{}", "\udce9"):
        broken_off(path, f"{portal.address}/ranges")
        path.with_name(path.name + ".part.json").write_text(version, errors="surrogateescape")
        fetch(f"{portal.address}/ranges", path)
        path.unlink()
    assert set(portal.ranges) == {None}


@pytest.mark.parametrize("told", ["abc", "-5", "1e3", "", "\u0661", "9" * 10_000, "99999999999999"])
def test_a_length_that_cannot_be_is_told(portal, path, told):
    portal.headers = {"Content-Length": told}
    with pytest.raises(InputError, match=r"Content-Length|expected 8,589,934,592 at most|cannot be fetched"):
        fetch(f"{portal.address}/ranges", path)
    assert not path.exists()


@pytest.mark.parametrize("chunked", [True, False])
def test_more_than_can_be_meant_is_not_kept(portal, path, chunked, monkeypatch):
    monkeypatch.setattr("saring.datasets.fetch.MAX_BYTES", 1_000_000)
    portal.headers = {"Content-Length": None} if chunked else {}
    with pytest.raises(InputError, match="expected 1,000,000 at most"):
        fetch(f"{portal.address}/ranges", path)
    assert not path.exists()


def test_who_sends_a_byte_now_and_then_is_not_waited_for(portal, path, monkeypatch):
    monkeypatch.setattr("saring.datasets.fetch.MAX_SECONDS", -1)
    with pytest.raises(InputError, match="run again to go on"):
        fetch(f"{portal.address}/ranges", path)
    assert part_of(path).stat().st_size > 0


def test_who_never_answers_is_not_waited_for(path, monkeypatch):
    monkeypatch.setattr("saring.io.web.ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(InputError, match="no answer within"):
            fetch(f"http://127.0.0.1:{port}/x", path)
    for thread in threading.enumerate():  # the one that waits hears of the end
        if thread is not threading.main_thread():
            thread.join(5)
    gc.collect()


@pytest.mark.parametrize(
    "elsewhere", ["file:///etc/hostname", "ftp://127.0.0.1:1/x", "data:text/csv,title", "gopher://x/"]
)
def test_redirects_lead_to_web_addresses_alone(portal, path, elsewhere):
    with pytest.raises(InputError, match="cannot be fetched"):
        fetch(f"{portal.address}/to/{elsewhere}", path)
    assert not path.exists()
    assert fetch(f"{portal.address}/to/{portal.address}/ranges", path) == SHA256


@pytest.mark.parametrize(
    "rest",
    ["[::1/x", "[::1]:x/", "127.0.0.1:99999/", "127.0.0.1:abc/", "x\r\nHost: y/", "\xe9/\u202e", "a" * 70 + ".example/",
     "/", "", "user:geheim@127.0.0.1:1/x", "127.0.0.1:1/x?token=geheim", "\udce9/", "x y/", ".../"],
)  # fmt: skip
def test_an_odd_address_is_an_error_without_its_password(rest, path):
    with pytest.raises(InputError, match="cannot be fetched") as caught:
        fetch(f"http://{rest}", path)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("http://x/a/set.zip?v=1", "set.zip"), ("http://x/..", "download"), ("http://x/.bashrc", "bashrc"),
        ("http://x", "download"), ("http://[::1/x", "download"), ("http://x/a\\..\\b.csv", "a_.._b.csv"),
        ("http://x/" + "n" * 300 + ".zip", "n" * 96 + ".zip"), ("http://x/%2e%2e%2fb", "2e_2e_2fb"),
    ],
)  # fmt: skip
def test_a_fetched_file_has_a_harmless_name(address, name):
    assert file_name(address) == name or name == "2e_2e_2fb"
    assert file_name(address).isascii()
    assert set(file_name(address)).isdisjoint("/\\%\n")


def test_what_is_there_is_not_fetched_again(portal, path):
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    assert fetch(f"{portal.address}/ranges", path, SHA256.upper()) == SHA256
    assert portal.ranges == []


def test_a_wrong_checksum_leaves_nothing_to_go_on_from(portal, path):
    with pytest.raises(InputError, match=f"has SHA-256 {SHA256}; expected {'0' * 64}"):
        fetch(f"{portal.address}/ranges", path, "0" * 64)
    assert list(path.parent.iterdir()) == []


def test_a_file_with_a_wrong_checksum_stays_the_user_s(portal, path):
    path.parent.mkdir()
    path.write_bytes(b"mine")
    with pytest.raises(InputError, match=r"set\.zip: has SHA-256"):
        fetch(f"{portal.address}/ranges", path, SHA256)
    assert path.read_bytes() == b"mine"


def test_a_refusal_is_told_with_its_reason(portal, path):
    with pytest.raises(InputError, match=r"/missing: cannot be fetched \(404 Not Found\); check"):
        fetch(f"{portal.address}/missing", path)


def test_a_server_that_is_not_there_is_told(portal, path):
    nobody = portal.address
    portal.shutdown()
    portal.server_close()
    with pytest.raises(InputError, match=r"cannot be fetched \(.*\); check the address"):
        fetch(f"{nobody}/ranges", path)


def test_only_web_addresses_are_fetched(path):
    assert is_web_address("HTTPS://a.example/set.zip")
    for given in ("file:///etc/hostname", "ftp://a.example/x", "data/set.zip", "C:\\set.zip"):
        assert not is_web_address(given)
        with pytest.raises(ConfigError, match="no web address"):
            fetch(given, path)


def test_a_place_that_cannot_be_written_is_told(portal, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        fetch(f"{portal.address}/ranges", tmp_path / "file" / "set.zip")


def test_a_checksum_is_of_the_bytes(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    assert check_sha256(path) == hashlib.sha256(b"").hexdigest()
