import codecs
import contextlib
import gzip
import io
import os
import random
import socket
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

import saring.io.input_files
from saring.errors import InputError
from saring.io.input_files import folder_files, named_file
from saring.io.records import ReadOptions, read
from saring.io.streams import HEAD_BYTES, Stream, guess_encoding

TEXT = "Harga cabai di Pasar Kramat naik “dua kali lipat” – kata pedagang.\n"


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Satu artikel.")


def content(path: Path, format: str = "") -> bytes:
    source = named_file(path, format)
    assert source is not None
    with source.open() as stream:
        return stream.body.read()


def unpacked(data: bytes) -> bool:
    return data[:2] != b"\x1f\x8b" and data[:4] != b"\x28\xb5\x2f\xfd"


# --- named files -----------------------------------------------------------------------------


def test_a_path_that_is_not_there_is_named():
    with pytest.raises(InputError, match=r"berita\.jsonl: there is no such file or folder"):
        named_file("berita.jsonl")


def test_a_suffix_that_tells_no_format_lists_those_that_do(tmp_path):
    touch(tmp_path, "berita.docx", "berita")
    with pytest.raises(InputError, match=r"suffix \.docx tells no format.*\.parquet.*text as \.txt"):
        named_file(tmp_path / "berita.docx")
    touch(tmp_path, "berita.XLS")
    with pytest.raises(InputError, match=r"save it as CSV UTF-8$"):
        named_file(tmp_path / "berita.XLS")
    with pytest.raises(InputError, match=r"suffix \(none\)"):
        named_file(tmp_path / "berita")
    assert named_file(tmp_path / "berita", "txt").format == "txt"


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.txt", "txt"),
        ("a.HTM", "html"),
        ("a.ndjson.gz", "jsonl"),
        ("a.json", "json"),
        ("2024.01.tsv.zst", "csv"),
        ("a.parquet", "parquet"),
    ],
)
def test_the_suffix_tells_the_format_beneath_any_packing(tmp_path, name, format):
    touch(tmp_path, name)
    assert named_file(tmp_path / name).format == format


# --- folders ---------------------------------------------------------------------------------


def test_a_folder_gives_its_files_in_sorted_order_at_any_depth(tmp_path):
    touch(tmp_path, "b.txt", "a/z.html", "a/2.jsonl", "c.csv")
    found = list(folder_files(tmp_path))
    assert [source.label for source in found] == ["a/2.jsonl", "a/z.html", "b.txt", "c.csv"]
    assert not any(source.named for source in found)


def test_hidden_files_unknown_suffixes_and_what_is_no_file_are_left_out(tmp_path):
    touch(tmp_path, "a.txt", ".b.txt", ".git/c.txt", "foto.jpg")
    os.mkfifo(tmp_path / "d.txt")
    (tmp_path / "hilang.txt").symlink_to(tmp_path / "tidak-ada.txt")
    with socket.socket(socket.AF_UNIX) as listening, tempfile.TemporaryDirectory() as short:
        listening.bind(f"{short}/s.txt")
        (tmp_path / "e.txt").symlink_to(f"{short}/s.txt")
        assert [source.label for source in folder_files(tmp_path)] == ["a.txt"]


def test_a_link_back_to_a_folder_above_ends(tmp_path):
    touch(tmp_path, "a/b/satu.txt")
    (tmp_path / "a/b/lagi").symlink_to(tmp_path / "a", target_is_directory=True)
    assert [source.label for source in folder_files(tmp_path)] == ["a/b/satu.txt"]


def test_a_folder_that_many_links_lead_to_is_read_once(tmp_path):
    touch(tmp_path, "akar/0/satu.txt")
    for level in range(1, 41):  # two links a level: 2 ** 40 ways
        (tmp_path / f"akar/{level}").mkdir()
        for name in ("a", "b"):
            (tmp_path / f"akar/{level}/{name}").symlink_to(tmp_path / f"akar/{level - 1}")
    assert len(list(folder_files(tmp_path / "akar"))) == 1


def test_a_folder_deeper_than_the_recursion_limit_is_read(tmp_path):
    deep = tmp_path / ("a/" * 1050)
    subprocess.run(["mkdir", "-p", deep], check=True)
    (deep / "satu.txt").write_text("Satu artikel.")
    [source] = folder_files(tmp_path)
    with source.open() as stream:
        assert stream.body.read() == b"Satu artikel."
    subprocess.run(["rm", "-rf", tmp_path / "a"], check=True)


@pytest.fixture
def too_deep(tmp_path):
    """A folder with one in it whose path is longer than the system takes, and a text beside it."""
    touch(tmp_path, "z.txt")
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path], check=True)


def test_a_path_longer_than_the_system_takes_costs_its_folder(too_deep):
    first, second = read([too_deep], ReadOptions(on_error="keep"))
    assert "cannot be opened (File name too long)" in first.error and second.text
    with pytest.raises(InputError, match=r"d/x: cannot be opened \(File name too long\)"):
        named_file(f"{too_deep}/{'d/' * 3000}x")


@pytest.mark.skipif(os.getuid() == 0, reason="root may look everywhere")
def test_a_folder_one_may_not_look_into_costs_its_files(tmp_path):
    touch(tmp_path, "rahasia/a.txt", "b.txt", "rahasia/dalam/c.txt")
    (tmp_path / "rahasia").chmod(0o600)
    found = list(read([tmp_path], ReadOptions(on_error="keep")))
    (tmp_path / "rahasia").chmod(0o700)
    assert [bool(record.error) for record in found] == [False, True, True]
    assert "Permission denied" in found[1].error
    with pytest.raises(InputError, match="Permission denied"):
        named_file(tmp_path / "rahasia/a.txt")


def test_a_device_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"/dev/zero: is a device; expected a file or folder, or -"):
        named_file("/dev/zero", "jsonl")


def test_a_pipe_without_a_writer_is_an_error_and_a_slow_writer_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(saring.io.input_files, "WRITER_SECONDS", 0.2)
    os.mkfifo(tmp_path / "pipa")
    with pytest.raises(InputError, match=r"is a pipe that nobody has written to for 0.2 seconds"):
        content(tmp_path / "pipa", "txt")
    script = "import sys, time; pipe = open(sys.argv[1], 'w'); time.sleep(0.5); pipe.write('satu')"
    with subprocess.Popen([sys.executable, "-c", script, tmp_path / "pipa"]):
        monkeypatch.setattr(saring.io.input_files, "WRITER_SECONDS", 30)
        assert content(tmp_path / "pipa", "txt") == b"satu"


def test_closed_standard_input_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="stdin: is closed"):
        list(read(["-"]))


def test_a_linked_folder_elsewhere_is_read(tmp_path):
    touch(tmp_path, "arsip/satu.txt", "kini/dua.txt")
    (tmp_path / "kini/lama").symlink_to(tmp_path / "arsip", target_is_directory=True)
    labels = [source.label for source in folder_files(tmp_path / "kini")]
    assert labels == ["dua.txt", "lama/satu.txt"]


def test_a_folder_with_nothing_to_read_says_what_was_left_out(tmp_path):
    touch(tmp_path, "a.pdf", "b.pdf", "c.docx")
    with pytest.raises(InputError, match=r"nothing to read; left out: 2 \.pdf, 1 \.docx; expected"):
        list(folder_files(tmp_path))


def test_an_empty_folder_says_so(tmp_path):
    with pytest.raises(InputError, match="the folder is empty"):
        list(folder_files(tmp_path))


# --- packing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_the_first_bytes_tell_the_packing_whatever_the_suffix(tmp_path, pack, suffix):
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(pack(TEXT.encode()))
    assert content(path) == TEXT.encode()


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_parts_packed_one_behind_another_are_one_file(tmp_path, pack):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(pack(b"satu\n") + pack(b"dua\n"))
    assert content(path) == b"satu\ndua\n"


def checked_zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


NOISE = random.Random(8).randbytes(3 * HEAD_BYTES).hex().encode()
ZSTD_BLOCK = 1 << 17  # bytes that zstd checks and gives as one


@pytest.mark.parametrize(
    ("pack", "damage", "lost"),
    [
        (gzip.compress, lambda data: data[:-1], 0),
        (gzip.compress, lambda data: data[:-4], 0),
        (gzip.compress, lambda data: data[:-8], 0),
        (gzip.compress, lambda data: data[:-8] + b"abcd" + data[-4:], 0),
        (gzip.compress, lambda data: data[:-1] + b"\x99", 0),
        (gzip.compress, lambda data: data + b"sampah", 0),
        (gzip.compress, lambda data: data + b"\x1f", 0),
        (gzip.compress, lambda data: data[:-20], 60),
        (gzip.compress, lambda data: gzip.compress(b"") + data[:-20], 60),
        (zstandard.compress, lambda data: data + b"sampah", 0),
        (zstandard.compress, lambda data: data[:-9], ZSTD_BLOCK),
        (checked_zstd, lambda data: data[:-1], 0),
        (checked_zstd, lambda data: data[:-1] + bytes([data[-1] ^ 1]), 0),
        (checked_zstd, lambda data: data[:-20], ZSTD_BLOCK),
    ],
)
def test_a_damaged_archive_gives_all_bytes_before_the_damage_and_says_so(pack, damage, lost):
    with Stream(io.BytesIO(damage(pack(NOISE))), closes=False) as stream:
        found = stream.body.read()
        assert NOISE.startswith(found)
        assert len(NOISE) - lost <= len(found) <= len(NOISE)
        with pytest.raises(InputError, match=r"the (gzip|zstd) archive is damaged \([a-zA-Z' ]+\)"):
            stream.check()


@given(st.integers(0, len(PACKED := gzip.compress(NOISE[:20_000])) - 1), st.integers(1, 255))
def test_one_wrong_byte_of_a_gzip_archive_costs_nothing_that_zlib_made_before_it(at, change):
    damaged = bytearray(PACKED)
    damaged[at] ^= change
    expected, member = b"", zlib.decompressobj(31)
    with contextlib.suppress(zlib.error):
        for byte in damaged:
            expected += member.decompress(bytes([byte]))
    if damaged[:2] == PACKED[:2]:  # else it is no archive
        with Stream(io.BytesIO(bytes(damaged)), closes=False) as stream:
            assert stream.body.read() == expected


@pytest.mark.parametrize("padding", [1, 70_000])
def test_zeros_behind_a_gzip_archive_are_no_damage(padding):
    with Stream(io.BytesIO(gzip.compress(b"satu") + bytes(padding)), closes=False) as stream:
        assert stream.body.read() == b"satu"
        stream.check()


@given(st.binary(max_size=3000).filter(unpacked), st.integers(1, 700))
def test_the_head_is_read_again_with_the_rest(data, size):
    with Stream(io.BytesIO(data), closes=False) as stream:
        assert stream.head == data[:HEAD_BYTES]
        pieces = []
        while piece := stream.body.read(size):
            pieces.append(piece)
    assert b"".join(pieces) == data


def test_standard_input_is_a_source(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(b"satu"))))
    source = named_file("-", "txt")
    assert (source.name, source.reopens) == ("stdin", False)
    with source.open() as stream:
        assert stream.body.read() == b"satu"
    assert not sys.stdin.closed


# --- encodings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp1252"]
)
@pytest.mark.parametrize("text", [TEXT, TEXT * 200, "“Ya”", "Rp1.000 – Rp2.000"])
def test_the_encodings_portals_write_are_told_apart(codec, text):
    data = text.encode(codec)
    assert data.decode(guess_encoding(data)) == text


def test_utf16_with_a_big_endian_mark():
    data = codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")
    assert data.decode(guess_encoding(data)) == TEXT


@given(st.text(max_size=400).filter(lambda text: "\0" not in text and text[:1] != "\ufeff"))
def test_whatever_is_utf8_is_taken_for_utf8(text):
    assert guess_encoding(text.encode()) == "utf-8"


def test_a_character_cut_by_the_end_of_the_head_does_no_harm():
    assert guess_encoding("harga “cabai”".encode()[:-1]) == "utf-8"


def test_one_broken_byte_does_not_make_a_utf8_file_cp1252():
    assert guess_encoding((TEXT * 20).encode() + b"rusak \x93 di sini\n") == "utf-8"


def test_a_stray_nul_does_not_make_a_file_utf16():
    assert guess_encoding(TEXT.encode() + b"\0" + TEXT.encode()) == "utf-8"


@pytest.mark.parametrize("data", [b"", b"a", b"\xff", bytes(range(256)), b"\0" * 100])
def test_any_bytes_get_some_encoding(data):
    data.decode(guess_encoding(data), "replace")
