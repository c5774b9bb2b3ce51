"""Inputs and outputs by address: an S3 server of this machine, and web pages of it."""

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
import pyarrow.parquet as pq
import pytest
from objectstore import ACCOUNT, BUCKET, Bucket, Proxy, object_store

from saring.batch import clean, score
from saring.batch.leases import Lease
from saring.cli.commands import main
from saring.errors import ConfigError, InputError, LostConnectionError, UsageError
from saring.io import addresses, connections
from saring.io.addresses import Address, AddressAside
from saring.io.input_files import find_files
from saring.io.records import ReadOptions, read
from saring.predict import load

NEWS = "Rupiah menguat 15 poin terhadap dolar AS pada perdagangan hari ini.\nBaca Juga: Harga Emas Turun\nPasar tenang."


def article(number):
    return {"id": f"a{number}", "title": f"Rupiah Menguat {number}", "text": NEWS, "publisher": "kompas"}


def json_lines(count, first=0):
    return b"".join(orjson.dumps(article(first + n)) + b"\n" for n in range(count))


@pytest.fixture(scope="session")
def store_port(tmp_path_factory):
    with object_store(tmp_path_factory.mktemp("store")) as port:
        yield port


@pytest.fixture
def bucket(store_port):
    found = Bucket(store_port)
    found.empty()
    return found


@pytest.fixture
def proxy(store_port, monkeypatch, bucket):
    """What stands between saring and the server."""
    found = Proxy(store_port)
    for name, value in {**ACCOUNT, "AWS_ENDPOINT_URL": found.address}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(connections, "WAITS", (0.01, 0.02))
    addresses._store.cache_clear()
    yield found
    addresses._store.cache_clear()
    found.close()


@pytest.fixture(scope="module")
def model(bundle_folder):
    return load(bundle_folder)


def test_an_object_is_read_as_a_file_is(bucket, proxy):
    address = bucket.put("berita.jsonl", json_lines(3))
    assert [record.title for record in read(address)] == ["Rupiah Menguat 0", "Rupiah Menguat 1", "Rupiah Menguat 2"]
    assert next(record.where for record in read(address)) == f"{address}:1"


def test_packed_objects_are_unpacked(bucket, proxy):
    address = bucket.put("berita.jsonl.gz", gzip.compress(json_lines(3)))
    other = bucket.put("berita.jsonl.zst", pa.compress(json_lines(2), "zstd", asbytes=True))
    assert len(list(read([address, other]))) == 5


def test_a_prefix_is_read_as_a_folder_is(bucket, proxy, tmp_path):
    for name in (
        "b/2.jsonl",
        "b.jsonl",
        "b/1.txt",
        "a/x/y.jsonl",
        ".hidden.jsonl",
        "out.jsonl.parts/part-000000",
        "c.pdf",
    ):
        bucket.put(f"in/{name}", b"{}")
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    found = list(find_files(f"s3://{BUCKET}/in"))
    assert [file.label for file in found] == [file.label for file in find_files(tmp_path)]
    assert found[0].name == f"s3://{BUCKET}/in/a/x/y.jsonl"
    assert list(find_files(f"s3://{BUCKET}/in/")) == found


def test_of_parquet_only_the_needed_columns_are_fetched(bucket, proxy):
    size = 6_000_000
    table = pa.table({"judul": ["Rupiah"] * 3, "isi": [NEWS] * 3, "raw": [os.urandom(size) for _ in range(3)]})
    file = io.BytesIO()
    pq.write_table(table, file, compression="none")
    address = bucket.put("berita.parquet", file.getvalue())
    assert [record.title for record in read(address)] == ["Rupiah"] * 3
    assert proxy.sent < size / 3


# What is wrong, and words of the message that tells it.
REFUSALS = {
    "no such object": (f"s3://{BUCKET}/none.jsonl", "there is no such object or folder"),
    "no such bucket": ("s3://no-such-bucket/a.jsonl", "there is no such bucket"),
    "a name that tells no format": (f"s3://{BUCKET}/a.bin", "the suffix .bin tells no format"),
    "another protocol": ("ftp://server/a.jsonl", "found an address by ftp; expected one of s3,"),
    "a password": (f"s3://me:geheim@{BUCKET}/a.jsonl", "found a name or password in the address"),
}


@pytest.mark.parametrize("wrong", REFUSALS)
def test_what_is_wrong_with_an_address_is_told(bucket, proxy, wrong):
    address, words = REFUSALS[wrong]
    bucket.put("a.bin", b"x")
    with pytest.raises((InputError, UsageError)) as told:
        list(read(address))
    assert words in str(told.value)
    assert address.replace("me:geheim", "***") in str(told.value)
    assert "geheim" not in str(told.value)


def test_a_server_that_is_not_there_is_told(proxy, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(LostConnectionError, match=r"s3://berita/a.jsonl: the connection failed 3 times"):
        list(read(f"s3://{BUCKET}/a.jsonl"))


@pytest.mark.parametrize("given", [Path("s3://berita/a.jsonl"), "s3:/berita/a.jsonl"])
def test_an_address_that_lost_a_slash_is_told(given):
    with pytest.raises(UsageError, match=r"s3:/berita/a.jsonl: expected two slashes in an address: s3://"):
        list(read(given))


def test_what_is_public_needs_no_credentials(bucket, proxy, monkeypatch):
    address = bucket.put("berita.jsonl", json_lines(3), ACL="public-read")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert len(list(read(address))) == 3
    with pytest.raises(ConfigError, match=r"found no credentials.*set AWS_PROFILE"):
        clean([address], f"s3://{BUCKET}/out.jsonl")


def test_rows_appear_at_an_address_as_they_would_in_a_file(bucket, proxy, model, tmp_path):
    address = bucket.put("in/berita.jsonl", json_lines(7) + b"{kaputt\n")
    stamp = "2026-01-01T00:00:00+07:00"
    places = {}
    for where in (f"s3://{BUCKET}/out", str(tmp_path)):
        places[where] = [f"{where}/{name}" for name in ("rows.parquet", "errors.jsonl", "profile.json")]
        rows, errors, profile = places[where]
        score([address], rows, model, scored_at=stamp, batch_size=3, quarantine=errors, profile=profile)
    assert bucket.names() == ["in/berita.jsonl", "out/errors.jsonl", "out/profile.json", "out/rows.parquet"]
    for name in ("rows.parquet", "errors.jsonl", "profile.json"):
        assert bucket.get(f"out/{name}") == (tmp_path / name).read_bytes()
    assert bucket.open_uploads() == 0


def test_an_output_that_is_there_is_not_overwritten(bucket, proxy):
    address, out = bucket.put("in.jsonl", json_lines(2)), bucket.put("out.jsonl", b"mine")
    with pytest.raises(ConfigError, match="is there already; name another file or add --overwrite"):
        clean([address], out)
    assert bucket.get("out.jsonl") == b"mine"
    clean([address], out, overwrite=True)
    assert bucket.get("out.jsonl").count(b"\n") == 2


def test_an_output_that_came_meanwhile_is_not_overwritten(bucket, proxy):
    address = bucket.put("in.jsonl", json_lines(2))

    def another(rows, total):
        if rows:
            bucket.put("out.jsonl", b"another")

    with pytest.raises(ConfigError, match="is there already"):
        clean([address], f"s3://{BUCKET}/out.jsonl", progress=another)
    assert bucket.get("out.jsonl") == b"another"


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("https://server/out.jsonl", "can only be read"),
        (f"s3://{BUCKET}/out.txt", "found suffix '.txt'"),
        ("s3://no-such-bucket/out.jsonl", "there is no such bucket"),
        (f"s3://{BUCKET}/in.jsonl", "is also an input"),
    ],
)
def test_places_that_cannot_be_written_to_are_told_before_the_work(bucket, proxy, out, words):
    address = bucket.put("in.jsonl", json_lines(2))
    with pytest.raises(ConfigError, match=words):
        clean([address], out)


# A connection that breaks.


def test_a_read_that_breaks_in_the_middle_goes_on_where_it_was(bucket, proxy):
    address = bucket.put("berita.jsonl", json_lines(20_000))
    broken = []

    def once_each(request, sent):
        if request.startswith("GET") and request not in broken and sent > 300_000:
            broken.append(request)
            return True
        return False

    proxy.breaks = once_each
    assert [record.id for record in read(address)] == [f"a{n}" for n in range(20_000)]
    assert broken


def test_an_object_that_was_written_anew_meanwhile_is_an_error_not_a_short_file(bucket, proxy):
    address = bucket.put("berita.jsonl", json_lines(20_000))
    rows = read(address, ReadOptions(on_error="keep"))
    found = [next(rows)]
    bucket.put("berita.jsonl", json_lines(20_000, first=5))
    found += rows
    assert "it was written anew meanwhile" in found[-1].error or "it was written meanwhile" in found[-1].error
    assert [record.id for record in found[:-1]] == [f"a{n}" for n in range(len(found) - 1)]


@pytest.mark.slow
def test_a_run_whose_connection_is_lost_goes_on_by_the_same_command(bucket, proxy, tmp_path):
    address, out = bucket.put("berita.jsonl", json_lines(9_000)), f"s3://{BUCKET}/out.jsonl"
    manifest, lost = "out.jsonl.parts/manifest.jsonl", []

    def once_a_part_is_noted(request, sent):
        if request.startswith("PUT") and sent == -1 and manifest in bucket.names():
            lost.extend(bucket.get(manifest).splitlines()[1:])  # the first line is the plan
        return bool(lost)

    proxy.breaks = once_a_part_is_noted
    with pytest.raises(LostConnectionError):
        clean([address], out, batch_size=500, workers=1)
    proxy.breaks = lambda request, sent: False
    assert "out.jsonl" not in bucket.names()
    assert clean([address], out, batch_size=500, workers=1).resumed > 0
    clean([address], tmp_path / "out.jsonl", workers=1)
    assert bucket.get("out.jsonl") == (tmp_path / "out.jsonl").read_bytes()


def test_a_write_that_breaks_leaves_nothing_that_looks_finished(bucket, proxy, tmp_path):
    address, out = bucket.put("berita.jsonl", json_lines(100)), f"s3://{BUCKET}/out.jsonl"
    proxy.breaks = lambda request, sent: request.startswith("PUT") and request.partition("?")[0].endswith("/out.jsonl")
    with pytest.raises(LostConnectionError):
        clean([address], out, batch_size=10)
    assert "out.jsonl" not in bucket.names()
    assert "out.jsonl.parts/manifest.jsonl" in bucket.names()
    proxy.breaks = lambda request, sent: False
    assert clean([address], out, batch_size=10).resumed == 100
    assert bucket.names() == ["berita.jsonl", "out.jsonl"]


@pytest.mark.parametrize("breaks", [1, 100])
def test_a_long_output_is_put_in_pieces_of_which_one_may_break(bucket, proxy, breaks):
    broken = []

    def second_piece(request, sent):
        if request.startswith("PUT") and "partNumber=2" in request and len(broken) < breaks:
            broken.append(request)
            return True
        return False

    proxy.breaks = second_piece
    with AddressAside(Address(f"s3://{BUCKET}/rows.jsonl")) as aside:
        aside.file.write(bytes(110_000_000))
        if breaks == 1:
            aside.appear(new=True)
        else:
            with pytest.raises(LostConnectionError):
                aside.appear(new=True)
    assert broken
    assert bucket.names() == (["rows.jsonl"] if breaks == 1 else [])
    assert bucket.open_uploads() == 0


# A run that ended early.


def killed(bucket, address, out):
    """Run `saring clean` until it has finished some parts, then kill it."""
    command = [sys.executable, "-m", "saring", "clean", address, "--out", out, "--batch-size", "50", "--workers", "1"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    manifest = f"{out.partition(f'{BUCKET}/')[2]}.parts/manifest.jsonl"
    while manifest not in bucket.names() or bucket.get(manifest).count(b'"part"') < 3:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return command


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(bucket, proxy, tmp_path):
    address, out = bucket.put("berita.jsonl", json_lines(6_000)), f"s3://{BUCKET}/out.jsonl"
    command = killed(bucket, address, out)
    assert "out.jsonl" not in bucket.names()
    with pytest.raises(ConfigError, match=r"cannot be gone on with: batch_size was 50 and is 70"):
        clean([address], out, batch_size=70, workers=1)
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    clean([address], tmp_path / "out.jsonl", workers=1)
    assert bucket.get("out.jsonl") == (tmp_path / "out.jsonl").read_bytes()
    assert bucket.names() == ["berita.jsonl", "out.jsonl"]


@pytest.mark.slow
def test_a_run_that_was_killed_on_another_machine_is_taken_over(bucket, proxy, tmp_path, monkeypatch):
    address, out = bucket.put("berita.jsonl", json_lines(6_000)), f"s3://{BUCKET}/out.jsonl"
    killed(bucket, address, out)
    lock = orjson.loads(bucket.get("out.jsonl.parts/lock"))
    bucket.put("out.jsonl.parts/lock", orjson.dumps(lock | {"machine": "another"}))
    monkeypatch.setattr("saring.batch.leases.LEASE_SECONDS", 1.5)
    monkeypatch.setattr("saring.batch.leases.POLL_SECONDS", 0.2)
    began = time.monotonic()
    assert clean([address], out, batch_size=50, workers=1).rows == 6_000
    assert time.monotonic() - began > 1.5


def test_an_input_that_was_changed_is_refused(bucket, proxy):
    address, out = bucket.put("berita.jsonl", json_lines(6_000)), f"s3://{BUCKET}/out.jsonl"
    killed(bucket, address, out)
    bucket.put("berita.jsonl", json_lines(6_001))
    with pytest.raises(ConfigError, match="the input has changed"):
        clean([address], out, batch_size=50, workers=1)


def test_of_two_runs_at_once_the_second_is_told_who_writes(bucket, proxy, monkeypatch):
    address = bucket.put("berita.jsonl", json_lines(10))
    monkeypatch.setattr("saring.batch.leases.RENEWAL_SECONDS", 0.2)
    monkeypatch.setattr("saring.batch.leases.POLL_SECONDS", 0.1)
    with (
        Lease(Address(f"s3://{BUCKET}/out.jsonl.parts/lock")),
        pytest.raises(
            ConfigError, match=rf"another run is writing it: .*process {os.getpid()}, since 20.*remove s3://"
        ),
    ):
        clean([address], f"s3://{BUCKET}/out.jsonl")
    assert clean([address], f"s3://{BUCKET}/out.jsonl").rows == 10


def test_a_run_that_lost_its_lock_stops(bucket, proxy, monkeypatch):
    address = bucket.put("berita.jsonl", json_lines(10))
    monkeypatch.setattr("saring.batch.leases.RENEWAL_SECONDS", 0.1)

    def steal(rows, total):
        bucket.put("out.jsonl.parts/lock", b'{"token": "mine"}')
        time.sleep(1)

    with pytest.raises(ConfigError, match="another run took the lock over while this run went on"):
        clean([address], f"s3://{BUCKET}/out.jsonl", batch_size=2, progress=steal)
    assert bucket.get("out.jsonl.parts/lock") == b'{"token": "mine"}'


# Commands.


@pytest.mark.parametrize("workers", ["1", "2"])
def test_commands_read_addresses(bucket, proxy, bundle_folder, tmp_path, capfd, workers):
    address = bucket.put("berita.jsonl", json_lines(30))
    rows, out = f"s3://{BUCKET}/rows.jsonl", str(tmp_path)
    named = ["--model", str(bundle_folder)]
    assert main(["score", address, "--out", rows, "--workers", workers, *named]) == 0
    assert main(["predict", address, "--json", *named]) == 0
    assert main(["parse", address, "--json"]) == 0
    assert main(["report", rows, "--out", f"{out}/page.html"]) == 0
    assert main(["drift", rows, "--out", f"{out}/profile.json", "--against", rows]) == 0
    assert main(["label", "export", rows, "--out", f"{out}/tasks.json", *named]) in (0, 1)
    assert "no such" not in capfd.readouterr().err
