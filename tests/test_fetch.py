"""Files from the web: resumed where they broke off, there only when complete and as expected."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from saring.errors import ConfigError, InputError
from saring.fetch import check_sha256, fetch, is_address

CONTENT = bytes(range(256)) * 9000  # more than two chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Portal(BaseHTTPRequestHandler):
    """Serves CONTENT at /ranges, /whole (which knows no ranges) and /breaks (which breaks off)."""

    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if self.path == "/missing":
            return self.send_error(404)
        if self.path != "/ranges":
            asked, start = None, 0
        if start >= len(CONTENT):
            return self.send_error(416)
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        end = len(CONTENT) // 2 if self.path == "/breaks" else len(CONTENT)
        self.wfile.write(CONTENT[start:end])
        return None

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture
def portal():
    with ThreadingHTTPServer(("127.0.0.1", 0), Portal) as server:
        server.asked = []
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


@pytest.mark.parametrize("there", [1, 1000, len(CONTENT) - 1, len(CONTENT)])
@pytest.mark.parametrize("door", ["ranges", "whole"])
def test_wherever_it_broke_off_the_file_becomes_whole(portal, path, there, door):
    path.parent.mkdir()
    part_of(path).write_bytes(CONTENT[:there])
    assert fetch(f"{portal.address}/{door}", path, SHA256) == SHA256
    assert path.read_bytes() == CONTENT
    assert portal.asked == [f"bytes={there}-"]


def test_what_breaks_off_is_told_and_kept_for_the_next_run(portal, path):
    with pytest.raises(InputError, match=r"broke off after 1,152,000 bytes; run again"):
        fetch(f"{portal.address}/breaks", path, SHA256)
    assert not path.exists()
    fetch(f"{portal.address}/ranges", path, SHA256)
    assert portal.asked == [None, "bytes=1152000-"]
    assert path.read_bytes() == CONTENT


def test_what_is_there_is_not_fetched_again(portal, path):
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    assert fetch(f"{portal.address}/ranges", path, SHA256.upper()) == SHA256
    assert portal.asked == []


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
    assert is_address("HTTPS://a.example/set.zip")
    for given in ("file:///etc/hostname", "ftp://a.example/x", "data/set.zip", "C:\\set.zip"):
        assert not is_address(given)
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
