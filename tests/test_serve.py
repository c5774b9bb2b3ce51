"""`saring serve`: a real server in a process of its own, asked as clients ask it, well and badly behaved ones."""

import asyncio
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from servers import answered, free_port, served

pytest.importorskip("fastapi", reason='needs the extra "serve"')

from saring.errors import UsageError
from saring.predict import load
from saring.serve.limits import Limits, Problem
from saring.serve.listener import access_to
from saring.serve.scorer import Scorer
from saring.serve.security import host_of

ARTICLES = Path(__file__).parent / "articles"
PRMN = (ARTICLES / "prmn.txt").read_text("utf-8")
ROW = {"id": "7", "judul": "Rupiah Menguat", "isi": "Rupiah menguat terhadap dolar AS.\nBaca Juga: Resep Sambal Terasi"}
TOKEN = "rahasia-yang-panjang"
COMMAND = [sys.executable, "-m", "saring", "serve", "--workers", "2"]


class Server:
    """A running server, and how to ask it."""

    def __init__(self, port, process):
        self.port, self.process = port, process

    def ask(self, method, path, body=None, **headers):
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if isinstance(body, dict):
            body = orjson.dumps(body)
            headers = {"Content-Type": "application/json"} | headers
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def rows(self, articles, path="/v1/predict", **wishes):
        status, _, body = self.ask("POST", path, {"articles": articles, **wishes})
        assert status == 200, body
        return orjson.loads(body)["rows"]

    def problem(self, method, path, body=None, **headers):
        """The name of the problem, after a look at what every problem has."""
        status, found, told = self.ask(method, path, body, **headers)
        problem = orjson.loads(told)
        assert found["content-type"] == "application/problem+json"
        assert problem["status"] == status
        assert problem["found"] and problem["expected"] and problem["remedy"]
        return status, problem["type"].rpartition(":")[2]


@contextmanager
def serving(folder, bundle, *options, env=os.environ):
    port = free_port()
    command = [*COMMAND, "--port", str(port), "--model", str(bundle), *options]
    env = {**env, "SARING_COMPILED": "0"}
    with served(command, f"http://127.0.0.1:{port}/readyz", folder / "serve.log", folder, env) as process:
        yield Server(port, process)


@pytest.fixture(scope="module")
def server(bundle_folder, tmp_path_factory):
    with serving(tmp_path_factory.mktemp("serve"), bundle_folder) as running:
        yield running


@pytest.fixture(scope="module")
def model(bundle_folder):
    return load(bundle_folder)


def without_time(rows):
    return [{name: value for name, value in row.items() if name != "scored_at"} for row in rows]


# The API.


@pytest.mark.parametrize("keep_links", ["none", "related", "all"])
def test_rows_are_those_of_predict(server, model, keep_links):
    articles = [ROW, {"text": PRMN}, {"text": None}, {"nothing": 1}, {"text": "Zdravo, svete", "date": ["gestern"]}]
    expected = [prediction.row() for prediction in model.predict(articles, keep_links=keep_links)]
    found = server.rows(articles, keep_links=keep_links)
    assert without_time(found) == without_time(expected)
    assert [row["error"] is None for row in found] == [True, True, False, False, False]
    datetime.fromisoformat(found[0]["scored_at"]).astimezone(UTC)


def test_lines_are_those_of_predict_json_byte_for_byte(server, bundle_folder, tmp_path):
    path = tmp_path / "rows.jsonl"
    articles = [ROW | {"id": str(n), "isi": f"{ROW['isi']}\nBaris {n}."} for n in range(70)]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in articles))
    printed = subprocess.run(
        [sys.executable, "-m", "saring", "predict", path, "--json", "--model", bundle_folder],
        check=True, capture_output=True, env={**os.environ, "SARING_COMPILED": "0"},
    ).stdout  # fmt: skip
    status, headers, lines = server.ask("POST", "/v1/predict", {"articles": articles}, Accept="application/x-ndjson")
    assert (status, headers["content-type"]) == (200, "application/x-ndjson")
    cut = b',"scored_at":"'
    assert [line.partition(cut)[0] for line in lines.splitlines()] == [
        line.partition(cut)[0] for line in printed.splitlines()
    ]


def test_clean_gives_the_columns_of_saring_clean(server):
    [row] = server.rows([ROW], "/v1/clean", keep_links="all")
    assert row["text"] == "Rupiah menguat terhadap dolar AS.\nBaca Juga: Resep Sambal Terasi"
    assert (row["id"], row["n_links"], row["error"]) == ("7", 1, None)


def test_the_card_says_which_model_answers_and_why(server, model):
    status, _, body = server.ask("GET", "/v1/model")
    card = orjson.loads(body)
    assert (status, card["model_version"], card["why"]) == (200, model.model_version, "named")
    assert card["topics"] == list(model.topics)
    assert {"thresholds", "metrics", "licence"} <= card.keys()
    assert "trained_on" not in card and str(model.path) not in body.decode()


def test_health(server):
    assert orjson.loads(server.ask("GET", "/healthz")[2]) == {"status": "ok"}
    assert orjson.loads(server.ask("GET", "/readyz")[2]) == {"status": "ok"}
    status, headers, body = server.ask("HEAD", "/healthz")
    assert (status, headers["content-length"], body) == (200, "15", b"")


def test_a_thousand_articles_come_back_in_order(server):
    rows = server.rows([{"id": n, "text": f"Rupiah menguat {n} persen."} for n in range(1000)])
    assert [row["id"] for row in rows] == [str(n) for n in range(1000)]


# What cannot be answered.

PROBLEMS = {
    "not JSON": (b"{", 400, "no-json"),
    "a list": (b"[]", 400, "no-json"),
    "no articles": ({}, 422, "wrong-shape"),
    "an empty list": ({"articles": []}, 422, "wrong-shape"),
    "a text for a list": ({"articles": "Rupiah"}, 422, "wrong-shape"),
    "a text for an article": ({"articles": ["Rupiah"]}, 422, "wrong-shape"),
    "a wish nobody knows": ({"articles": [ROW], "keep_links": "some"}, 422, "wrong-shape"),
    "a field nobody knows": ({"articles": [ROW], "path": "/etc/passwd"}, 422, "wrong-shape"),
    "too many": ({"articles": [{"text": "a"}] * 1001}, 413, "too-many-rows"),
    "lists in lists": (b'{"articles":[{"text":' + b"[" * 900 + b"]" * 900 + b"}]}", 422, "wrong-shape"),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_a_body_that_is_not_as_it_should_be_is_told_what_is_wrong(server, case):
    body, status, name = PROBLEMS[case]
    assert server.problem("POST", "/v1/predict", body, Content_Type="application/json") == (status, name)


def test_other_problems_have_their_types(server):
    assert server.problem("POST", "/v1/predict", b"x", Content_Type="text/plain") == (415, "media-type")
    assert server.problem("GET", "/v1/predict") == (405, "method")
    assert server.problem("GET", "/etc/passwd") == (404, "no-such-path")
    assert server.problem("GET", "/healthz", Host="evil.example") == (403, "foreign-host")
    assert server.problem("GET", "/healthz", Host=f"localhost:{server.port}@evil.example") == (403, "foreign-host")
    assert server.problem("POST", "/v1/predict", {}, Origin="https://evil.example") == (403, "foreign-page")
    assert server.problem("POST", "/v1/predict", {}, Origin="http://[evil") == (403, "foreign-page")
    assert server.problem("POST", "/", b"text=a", Sec_Fetch_Site="cross-site") == (403, "foreign-page")
    assert server.problem("POST", "/v1/predict", {"articles": [ROW]}, Content_Encoding="gzip") == (415, "media-type")


NO_HTTP = {
    "two hosts": b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "a handshake of TLS": b"\x16\x03\x01\x02\x00\r\n\r\n",
    "a length without end": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("case", NO_HTTP)
def test_what_is_no_request_is_told_in_the_same_words(server, case):
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        client.sendall(NO_HTTP[case])
        answer = client.makefile("rb").read()
    assert b"application/problem+json" in answer
    problem = orjson.loads(answer.partition(b"\r\n\r\n")[2])
    assert problem["type"] == "urn:saring:problem:no-http" and problem["found"]


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(server):
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        client.sendall(head(server, 20_000_001))
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_does_not_say_how_long_it_is_ends_at_the_limit(server):
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        client.sendall(head(server).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked"))
        chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
        try:
            for _ in range(40):
                client.sendall(chunk)
        except OSError:  # it has hung up
            return
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("chunked", [False, True])
def test_who_sends_too_much_can_read_why(server, chunked):
    body = iter([b"a" * 1_000_000] * 25) if chunked else b"a" * 25_000_000
    assert server.problem("POST", "/v1/predict", body, Content_Type="application/json") == (413, "too-large")


def test_a_client_that_hangs_up_is_no_error_of_the_server(bundle_folder, tmp_path):
    with serving(tmp_path, bundle_folder) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(head(server, 1_000) + b"{")
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(NO_HTTP["two hosts"])
        assert server.rows([ROW])[0]["topic"]
    assert len((tmp_path / "serve.log").read_text().splitlines()) == 2  # its address, and the model


def test_after_an_answer_a_client_may_not_dally_either(monkeypatch):
    from saring.serve import listener

    monkeypatch.setattr(listener, "HEAD_SECONDS", 5)
    monkeypatch.setattr(listener, "REST_SECONDS", 0.2)

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def dally():
        config = listener.uvicorn.Config(app, http=listener._Connection, lifespan="off", log_config=None)
        config.load()
        state = listener.uvicorn.Server(config).server_state
        with listener.listening("127.0.0.1", 0) as taken:
            loop = asyncio.get_running_loop()
            begun = await loop.create_server(lambda: listener._Connection(config, state, {}), sock=taken)
            reader, writer = await asyncio.open_connection(*taken.getsockname())
            request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
            writer.write(request)
            await reader.readuntil(b"ok")
            writer.write(request)
            await reader.readuntil(b"ok")
            writer.write(b"GET /hea")
            with suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 3) == b""
            writer.close()
            begun.close()

    asyncio.run(dally())


def head(server, length=0, path="/v1/predict"):
    """The head of a request."""
    lines = [f"POST {path} HTTP/1.1", f"Host: localhost:{server.port}", "Content-Type: application/json"]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


# Security.


def test_every_answer_has_the_headers_that_protect(server):
    for path in ("/healthz", "/v1/model", "/nothing"):
        _, headers, _ = server.ask("GET", path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers and "server" not in headers


@pytest.mark.parametrize("address", ["localhost:80@evil", "evil.example#localhost", "localhost/", "", "[::1", "a b"])
def test_a_host_header_is_read_as_nothing_but_a_host(address):
    assert host_of(address) not in ("localhost", "::1")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.id"])
def test_another_host_than_loopback_needs_a_token(host, monkeypatch):
    with pytest.raises(UsageError, match="token"):
        access_to(host, None, [])
    with pytest.raises(UsageError, match="at least 16"):
        access_to(host, "short", [])
    monkeypatch.setenv("SARING_TOKEN", TOKEN)
    assert access_to(host, None, ["saring.example"]).hosts >= {"localhost", "saring.example"}
    assert access_to(host, None, ["Saring.example:8080", "[::2]"]).hosts >= {"saring.example", "::2"}


def test_with_a_token_nothing_is_told_without_it(bundle_folder, tmp_path):
    env = {**os.environ, "SARING_TOKEN": TOKEN}
    with serving(tmp_path, bundle_folder, "--host", "0.0.0.0", "--allowed-host", "saring.example", env=env) as server:
        for path in ("/v1/model", "/openapi.json", "/"):
            assert server.problem("GET", path) == (401, "token")
            assert server.problem("GET", path, Authorization=f"Bearer {TOKEN}x") == (401, "token")
        assert server.ask("GET", "/v1/model", Authorization=f"Bearer {TOKEN}", Host="saring.example")[0] == 200
        assert server.ask("GET", "/healthz")[0] == 200


# Many clients, slow clients, the end.


def test_each_of_200_clients_gets_its_own_answer(server):
    begun = threading.Barrier(200)

    def one(number):
        begun.wait()
        [row] = server.rows([{"id": number, "title": f"Laba {number}", "text": f"Laba bank naik {number} persen."}])
        return row["id"], row["title"], row["clean_text"]

    with ThreadPoolExecutor(200) as clients:
        assert list(clients.map(one, range(200))) == [
            (str(n), f"Laba {n}", f"Laba bank naik {n} persen.") for n in range(200)
        ]


def test_slow_clients_do_not_hold_others(server):
    clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    try:
        for number, client in enumerate(clients):
            client.sendall(head(server, 1_000_000) + b"{" if number % 2 else b"POST /v1/pre")
        start = time.monotonic()
        assert server.rows([ROW])[0]["topic"]
        assert time.monotonic() - start < 10
    finally:
        for client in clients:
            client.close()


@pytest.mark.slow
def test_a_long_request_does_not_hold_a_short_one(server):
    long = [{"text": f"{PRMN}\n{n}"} for n in range(1000)]
    with ThreadPoolExecutor() as clients:
        slow = [clients.submit(server.rows, long) for _ in range(3)]
        time.sleep(0.3)
        assert server.rows([ROW])[0]["topic"]
        assert not all(request.done() for request in slow)


@pytest.mark.slow
def test_a_process_that_is_killed_costs_no_row(server):
    pids = workers_of(server.process.pid)
    with ThreadPoolExecutor() as clients:
        asked = clients.submit(server.rows, [{"id": n, "text": f"{PRMN}\n{n}"} for n in range(1000)])
        time.sleep(0.3)
        os.kill(pids[0], signal.SIGKILL)
        rows = asked.result()
    assert [row["id"] for row in rows] == [str(n) for n in range(1000)]
    assert [row["error"] for row in rows if row["error"]] == []  # another program killed it, no article did
    assert len(workers_of(server.process.pid)) >= 2


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_starts_is_started_again(server):
    before = set(workers_of(server.process.pid))
    with ThreadPoolExecutor() as clients:
        request = clients.submit(server.rows, [{"id": n, "text": f"{PRMN}\n{n}"} for n in range(1000)])
        time.sleep(0.3)
        os.kill(min(before), signal.SIGKILL)
        while not (new := set(workers_of(server.process.pid)) - before):
            time.sleep(0.01)
        os.kill(min(new), signal.SIGKILL)
        assert [row["error"] for row in request.result()] == [None] * 1000
    assert len(workers_of(server.process.pid)) >= 2


def workers_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] or [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


@pytest.mark.slow
def test_told_to_end_it_finishes_what_is_under_way(bundle_folder, tmp_path):
    with serving(tmp_path, bundle_folder) as server, ThreadPoolExecutor() as clients:
        asked = clients.submit(server.rows, [{"id": n, "text": f"{PRMN}\n{n}"} for n in range(1000)])
        time.sleep(0.5)
        os.killpg(server.process.pid, signal.SIGTERM)  # as systemd does: all processes of the service
        assert len(asked.result()) == 1000
        assert server.process.wait(20) == 0
        with pytest.raises(OSError):
            answered(f"http://127.0.0.1:{server.port}/healthz")


def test_the_command_says_where_it_is_and_which_model_answers(bundle_folder, tmp_path):
    with serving(tmp_path, bundle_folder) as server:
        told = (tmp_path / "serve.log").read_text()
    assert told.splitlines()[0] == f"http://127.0.0.1:{server.port}/"
    assert load(bundle_folder).model_version in told


def test_a_port_that_is_taken_is_told(bundle_folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port, "--model", bundle_folder], capture_output=True, text=True)
    assert done.returncode == 1 and f"127.0.0.1:{port}: cannot listen there" in done.stderr


@pytest.mark.parametrize(
    "options", [["--workers", "0"], ["--port", "65536"], ["--host", "0.0.0.0"], ["--token", "short"]]
)
def test_wrong_options_are_told_before_anything_starts(options):
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, env=os.environ | {"SARING_TOKEN": ""})
    assert done.returncode == 2 and "expected" in done.stderr


# The scorer by itself.


@pytest.fixture
def scorer(model, monkeypatch):
    monkeypatch.setenv("SARING_COMPILED", "0")
    made = Scorer(model, Limits(waiting_rows=100, answer_seconds=30), workers=1)
    yield made
    made.stop()


def test_one_client_may_not_fill_the_queue(scorer):
    async def ask(rows, client):
        return await scorer.rows("score", "none", [{"text": f"Rupiah menguat {n}."} for n in range(rows)], client)

    async def all_of_them():
        first = asyncio.create_task(ask(80, "a"))
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="too-many-requests"):
            await ask(30, "a")
        other = asyncio.create_task(ask(30, "b"))
        scorer.start()
        return len(await first), len(await other), len(await ask(30, "a"))

    assert asyncio.run(all_of_them()) == (80, 30, 30)


def test_what_is_given_up_is_not_scored(scorer):
    async def all_of_them():
        asked = [asyncio.create_task(scorer.rows("score", "none", [ROW], "a")) for _ in range(5)]
        await asyncio.sleep(0)
        for task in asked[1:]:
            task.cancel()
        await asyncio.sleep(0)
        scorer.start()
        return len(await asked[0])

    assert asyncio.run(all_of_them()) == 1
    assert scorer._waiting == {}


def test_a_model_that_is_gone_is_told_and_nobody_waits_for_it(bundle_folder, tmp_path, monkeypatch, capfd):
    folder = tmp_path / "model"
    shutil.copytree(bundle_folder, folder)
    scorer = Scorer(load(folder), Limits(answer_seconds=120), workers=1)
    shutil.rmtree(folder)
    monkeypatch.setenv("SARING_COMPILED", "0")
    scorer.start()
    try:
        with pytest.raises(Problem, match="worker processes that do not start"):
            asyncio.run(scorer.rows("score", "none", [ROW], "a"))
        assert not scorer.ready
        with pytest.raises(Problem, match="not-ready"):
            asyncio.run(scorer.rows("score", "none", [ROW], "a"))
    finally:
        scorer.stop()
    assert "BundleError" in capfd.readouterr().err


def test_marks_that_a_terminal_obeys_are_escaped_as_by_predict_json(server):
    _, _, body = server.ask("POST", "/v1/predict", {"articles": [{"text": "Rupiah menguat \u202e\x9b hari ini."}]})
    assert b"\\u202e\\u009b" in body
