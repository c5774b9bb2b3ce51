"""Web archives: which of their records are rows, what a damaged one costs, and payloads that came before."""

import gzip
import io
import json
import zlib
from itertools import pairwise

import brotli
import fastwarc.warc as fastwarc
import orjson
import pyarrow as pa
import pytest
from warcs import PARAGRAPHS, http, packed, page, record, response

import saring.io.warc
from saring.batch import clean
from saring.cli.commands import main
from saring.errors import InputError
from saring.io.records import ReadOptions, read, rows
from saring.io.sieve import SeenPayloads

KEEP = ReadOptions(on_error="keep")
WET = {"Content_Type": "text/plain", "WARC_Identified_Content_Language": "ind"}


def found(tmp_path, data, name="a.warc", options=KEEP):
    path = tmp_path / name
    path.write_bytes(data)
    return list(read([path], options))


def skipped(tmp_path, data, name="a.warc", **options):
    """What of an archive is no row, by reason, and how many are rows."""
    path = tmp_path / name
    path.write_bytes(data)
    summary = clean([path], tmp_path / "out.jsonl", options=ReadOptions(on_error="keep", **options), overwrite=True)
    return dict(summary.skipped), summary.rows


def test_a_page_brings_its_address_its_publisher_and_a_place_to_find_it_again(tmp_path):
    data = packed(record("warcinfo", b"software: tests"), response(1))
    [row] = found(tmp_path, data, "a.warc.gz")
    assert row.title == "Harga Cabai Naik Hari ke-1" and row.text.startswith(PARAGRAPHS[0])
    assert (row.id, row.url) == ("urn:uuid:rec-1", "https://www.warta-1.example.id/berita/1")
    assert row.addresses == {"Persib Menang Lagi di Kandang Lawan": "https://www.warta-1.example.id/bola/1"}
    assert row.published == ""  # the record's date is the crawl's
    name, _, offset = row.where.rpartition(":")
    assert name == str(tmp_path / "a.warc.gz")
    assert gzip.decompress(data[int(offset) :]).startswith(b"WARC/1.0\r\nWARC-Type: response")


def test_rows_of_an_archive_name_the_portal_of_its_address(tmp_path, capsysbinary):
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed(response(1), response(2, status="301 Moved"), record("request", b"GET / HTTP/1.1")))
    assert main(["score", str(path), "--out", str(tmp_path / "rows.jsonl")]) == 0
    [row] = map(orjson.loads, (tmp_path / "rows.jsonl").read_bytes().splitlines())
    assert (row["publisher"], row["url"][-9:], row["n_links"]) == ("example.id", "/berita/1", 1)
    assert "no rows: 1 HTTP status 301, 1 request record" in capsysbinary.readouterr().err.decode()
    assert main(["predict", str(path), "--json"]) == 0
    assert orjson.loads(capsysbinary.readouterr().out)["id"] == "urn:uuid:rec-1"
    assert main(["parse", str(path)]) == 0


def test_what_a_page_says_of_itself_goes_before_what_its_record_says(tmp_path):
    head = (
        '<link rel="canonical" href="https://kabar.example.com/7"><meta property="og:site_name" content="Kabar Desa">'
    )
    head += '<meta property="article:published_time" content="2024-05-06T07:00:00+07:00">'
    [row] = found(tmp_path, response(1, page(7, head)))
    assert (row.url, row.publisher) == ("https://kabar.example.com/7", "Kabar Desa")
    assert row.published.startswith("2024-05-06")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": "404 Not Found"}, "HTTP status 404"),
        ({"status": "206 Partial Content"}, "HTTP status 206"),
        ({"body": b"\x89PNG\r\n", "kind": "image/png"}, "response without HTML"),
        ({"body": b"\x89PNG\r\n"}, "response without HTML"),
        ({"body": b"%PDF-1.4", "kind": ""}, "response without HTML"),
        ({"body": b' {"a": "<html>"}'}, "response without HTML"),
        ({"body": b'<?xml version="1.0"?><rss version="2.0"></rss>'}, "response without HTML"),
        ({"body": b"var a = 1", "kind": "text/javascript"}, "response without HTML"),
        ({"body": b""}, "response without HTML"),
    ],
)
def test_an_answer_that_is_no_page_is_counted_and_no_row(tmp_path, answer, reason):
    assert skipped(tmp_path, response(1, **answer) + response(2)) == ({reason: 1}, 1)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/octet-stream", "application/xhtml+xml", "TEXT/HTML"])
def test_a_page_is_known_by_its_first_bytes_where_its_type_lacks_or_lies(tmp_path, kind):
    assert skipped(tmp_path, response(1, kind=kind)) == ({}, 1)


def test_a_page_of_fragments_is_one_where_its_type_says_so(tmp_path):
    body = b"<div>" + page(1).partition(b"<body>")[2]
    assert skipped(tmp_path, response(1, body)) == ({}, 1)


def test_of_records_only_answers_and_texts_are_rows(tmp_path):
    kinds = ["warcinfo", "request", "metadata", "revisit", "resource", "continuation"]
    data = b"".join(record(kind, http(page(1))) for kind in kinds) + record("zip", b"") + response(1)
    data += record("response", b"20260101000000\n1.2.3.4", Content_Type="text/dns")
    data += record("conversion", b"%PDF-", Content_Type="application/pdf")
    expected = {f"{kind} record": 1 for kind in [*kinds, "unknown", "conversion"]}
    assert skipped(tmp_path, data) == ({**expected, "response that is not HTTP": 1}, 1)


def chunked(body, size=100):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;a=b\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def deflated(body, bits):
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (chunked(page(1)), {"Transfer_Encoding": "chunked"}),
        (gzip.compress(page(1)), {"Content_Encoding": "gzip"}),
        (chunked(gzip.compress(page(1))), {"Content_Encoding": "gzip", "Transfer_Encoding": "chunked"}),
        (brotli.compress(page(1)), {"Content_Encoding": "br"}),
        (deflated(page(1), 15), {"Content_Encoding": "deflate"}),
        (deflated(page(1), -15), {"Content_Encoding": "deflate"}),
        (pa.compress(page(1), "zstd", asbytes=True), {"Content_Encoding": "zstd"}),
        (gzip.compress(brotli.compress(page(1))), {"Content_Encoding": "br, gzip"}),
        # as crawlers write that take the packing off and leave the header
        *[(page(1), {"Content_Encoding": coding}) for coding in ("gzip", "br", "deflate", "zstd", "identity", "xyz")],
        (page(1), {"Transfer_Encoding": "chunked"}),
    ],
)
def test_a_body_is_unpacked_as_its_server_packed_it(tmp_path, body, headers):
    [row] = found(tmp_path, response(1, body, **headers))
    assert row.error == "" and row.text.startswith(PARAGRAPHS[0])


@pytest.mark.parametrize(("pack", "coding"), [(gzip.compress, "gzip"), (brotli.compress, "br")])
def test_a_body_whose_packing_is_damaged_costs_its_row(tmp_path, pack, coding):
    data = response(1, pack(page(1))[:-40], Content_Encoding=coding) + response(2)
    bad, good = found(tmp_path, data)
    assert bad.error.startswith(f"{tmp_path}/a.warc:0: found a page whose packing, {coding}, is damaged")
    assert (bad.id, good.error) == ("urn:uuid:rec-1", "")


def test_the_server_s_charset_counts_where_the_page_declares_none(tmp_path):
    text = page(1).decode().replace("Senin pagi", "Senin pagi “terang”")
    kind = "text/html; charset=UTF-16LE"
    [row] = found(tmp_path, response(1, text.encode("utf-16-le"), kind=kind))
    assert "“terang”" in row.text


def test_a_wet_file_s_texts_are_articles_whose_first_line_is_their_title(tmp_path):
    text = "\r\n".join(["Harga Cabai Naik", *PARAGRAPHS]).encode()
    conversion = record("conversion", text, url="https://www.antaranews.com/1", id="c-1", **WET)
    path = tmp_path / "CC-MAIN-1.warc.wet.gz"
    path.write_bytes(packed(record("warcinfo", b""), conversion))
    assert main(["clean", str(path), "--out", str(tmp_path / "out.jsonl")]) == 0
    [row] = map(orjson.loads, (tmp_path / "out.jsonl").read_bytes().splitlines())
    assert (row["id"], row["publisher"], row["url"]) == (
        "urn:uuid:c-1",
        "antaranews.com",
        "https://www.antaranews.com/1",
    )
    assert (row["title"], row["text"].split("\n")) == ("Harga Cabai Naik", PARAGRAPHS)


def test_archives_stand_among_other_inputs_and_in_folders(tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.warc.gz").write_bytes(packed(response(1)))
    (folder / "b.html").write_bytes(page(2))
    (folder / "c.jsonl").write_text(json.dumps({"text": PARAGRAPHS[0]}))
    (folder / "d.warc.wet").write_bytes(record("conversion", PARAGRAPHS[1].encode(), **WET))
    (folder / "e.txt").write_text(PARAGRAPHS[2])
    (folder / "f.warc.wat.gz").write_bytes(b"")
    ids = [row.id for row in read([folder], KEEP)]
    assert ids == ["urn:uuid:rec-1", "b.html", "c.jsonl:1", "d.warc.wet:0", "e.txt"]
    assert [row.values["title"] for row in rows([folder / "a.warc.gz"])] == ["Harga Cabai Naik Hari ke-1"]
    with pytest.raises(InputError, match="take the WARC or WET file"):
        read([folder / "f.warc.wat.gz"])


def test_an_archive_comes_through_a_pipe_too(tmp_path, monkeypatch, capsysbinary):
    for data, format in [(response(1), []), (packed(response(1)), []), (packed(response(1)), ["--format", "warc"])]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert main(["predict", "-", "--json", *format]) == 0
        assert orjson.loads(capsysbinary.readouterr().out)["id"] == "urn:uuid:rec-1"


def written(kind, payload, url, content_type=""):
    """A record as FastWARC writes it, with digests."""
    made = fastwarc.WarcRecord()
    made.init_headers(record_type=kind)
    made.headers["WARC-Target-URI"] = url
    made.set_bytes_content(payload)
    made.is_http = not content_type
    if content_type:
        made.headers["Content-Type"] = content_type
    else:
        made.parse_http()
    out = io.BytesIO()
    made.write(out, checksum_data=True)
    return out.getvalue()


@pytest.mark.parametrize("packing", [b"".join, lambda records: packed(*records)])
def test_what_fastwarc_writes_is_read_and_its_digests_are_taken(tmp_path, packing):
    records = [
        written(fastwarc.response, http(page(number % 2)), f"http://kabar.example.id/{number}") for number in range(3)
    ]
    records.append(written(fastwarc.conversion, PARAGRAPHS[0].encode(), "http://kabar.example.id/3", "text/plain"))
    assert b"WARC-Payload-Digest: sha1:" in records[0]
    all_rows = found(tmp_path, packing(records))
    assert [row.url[-1] for row in all_rows] == ["0", "1", "2", "3"]
    assert all(row.id.startswith("urn:uuid:") and not row.error for row in all_rows)
    assert skipped(tmp_path, packing(records), dedup="payload") == ({"duplicate payload": 1}, 3)
    assert skipped(tmp_path, packing([records[0], response(0)]), dedup="payload") == ({"duplicate payload": 1}, 1)


FIVE = [response(number) for number in range(5)]
MEMBERS = [gzip.compress(one) for one in FIVE]


def hurt(member, at):
    return member[:at] + bytes([member[at] ^ 255]) + member[at + 1 :]


# What is wrong with an archive of five pages, which of them are still rows, and where the error is.
DAMAGED = {
    "a byte of a gzip member": (
        MEMBERS[0] + MEMBERS[1] + hurt(MEMBERS[2], 90) + MEMBERS[3] + MEMBERS[4],
        [0, 1, 3, 4],
        2,
    ),
    "its checksum": (MEMBERS[0] + MEMBERS[1] + hurt(MEMBERS[2], -5) + MEMBERS[3] + MEMBERS[4], [0, 1, 3, 4], 2),
    "its header": (MEMBERS[0] + MEMBERS[1] + hurt(MEMBERS[2], 1) + MEMBERS[3] + MEMBERS[4], [0, 1, 3, 4], 2),
    "the end of one that lacks": (MEMBERS[0] + MEMBERS[1][:-80] + b"".join(MEMBERS[2:]), [0, 2, 3, 4], 1),
    "rubbish between members": (MEMBERS[0] + b"rubbish " * 99 + b"".join(MEMBERS[1:]), [0, 1, 2, 3, 4], 1),
    "rubbish between records": (FIVE[0] + b"rubbish " * 99 + b"".join(FIVE[1:]), [0, 1, 2, 3, 4], 1),
    "rubbish at the start": (b"rubbish\r\n" + b"".join(FIVE), [0, 1, 2, 3, 4], 0),
    "a length too small": (FIVE[0] + response(1, length=300) + b"".join(FIVE[2:]), [0, 2, 3, 4], 1),
    "a length too large": (FIVE[0] + response(1, length=3000) + b"".join(FIVE[2:]), [0, 2, 3, 4], 1),
    "a length beyond all": (FIVE[0] + response(1, length=10**15) + b"".join(FIVE[2:]), [0, 2, 3, 4], 1),
    "no length": (FIVE[0] + FIVE[1].replace(b"Content-Length: ", b"X: ") + b"".join(FIVE[2:]), [0, 2, 3, 4], 1),
    "a length too large, packed": (packed(FIVE[0], response(1, length=3000), *FIVE[2:]), [0, 2, 3, 4], None),
    "the end of the file": (b"".join(FIVE)[:-100], [0, 1, 2, 3], 4),
    "the end of a packed file": (b"".join(MEMBERS)[:-100], [0, 1, 2, 3], 4),
    "the end of headers that lacks": (FIVE[0] + FIVE[1][:70] + b"".join(FIVE[2:]), [0, 2, 3, 4], 1),
    "the end within the headers": (b"".join(FIVE[:4]) + FIVE[4][:60], [0, 1, 2, 3], 4),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_record_costs_one_row_that_says_where_and_the_next_ones_are_read(tmp_path, name):
    data, whole, place = DAMAGED[name]
    all_rows = found(tmp_path, data)
    assert [int(row.id[-1]) for row in all_rows if not row.error] == whole
    [bad] = [row for row in all_rows if row.error]
    sizes = list(map(len, MEMBERS if data.startswith(b"\x1f\x8b") else FIVE))
    at = int(bad.where.rpartition(":")[2])
    assert place is None or at == sum(sizes[:place])
    assert bad.error.startswith(f"{tmp_path}/a.warc:{at}: found ") and f"at byte {at:,};" in bad.error
    if name not in ("rubbish at the start",):
        places = [int(row.where.rpartition(":")[2]) for row in all_rows]
        assert all(one < other for one, other in pairwise(places))


def test_the_list_of_refused_rows_names_the_byte(tmp_path):
    (tmp_path / "a.warc").write_bytes(FIVE[0] + b"rubbish " * 9 + FIVE[1])
    refused = tmp_path / "refused.jsonl"
    clean([tmp_path / "a.warc"], tmp_path / "out.jsonl", quarantine=refused)
    line = orjson.loads(refused.read_bytes())
    assert (line["file"], line["row"]) == (str(tmp_path / "a.warc"), len(FIVE[0]))


def test_a_damaged_record_stops_who_wants_no_errors(tmp_path):
    with pytest.raises(InputError, match=r"a\.warc:\d+: found a record that .* at byte"):
        found(tmp_path, FIVE[0] + FIVE[1][:-200], options=ReadOptions())


def test_a_record_too_long_to_hold_is_passed_over_or_an_error_of_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(saring.io.warc, "MAX_BLOCK_BYTES", 1 << 17)
    film = response(1, bytes(1 << 20), kind="video/mp4")
    long = response(2, page(2) + b" " * (1 << 20))
    assert skipped(tmp_path, FIVE[0] + film + FIVE[3]) == ({"response without HTML": 1}, 2)
    for data in (FIVE[0] + film + long + FIVE[3], packed(FIVE[0], film, long, FIVE[3])):
        first, bad, last = found(tmp_path, data)
        assert (first.id, bad.id, last.id) == ("urn:uuid:rec-0", "urn:uuid:rec-2", "urn:uuid:rec-3")
        assert "found a page of more than" in bad.error


def test_one_gzip_stream_over_a_whole_file_is_read(tmp_path):
    assert len(found(tmp_path, gzip.compress(b"".join(FIVE)), "a.warc.gz")) == 5
    assert len(found(tmp_path, pa.compress(b"".join(FIVE), "zstd", asbytes=True), "a.warc.zst")) == 5
    [row] = found(tmp_path, b"\x5d\x2a\x4d\x18" + bytes(99), "a.warc.zst")
    assert "zstd with a dictionary of its own" in row.error


@pytest.mark.parametrize("workers", [1, 2])
def test_payloads_that_came_before_are_no_rows_and_a_run_that_goes_on_gives_the_same_bytes(
    tmp_path, workers, monkeypatch
):
    (tmp_path / "in").mkdir()
    declared = {"WARC_Payload_Digest": "sha1:" + "A" * 32}
    many = [response(n, page(n % 7), warc=declared if n > 30 else None) for n in range(40)]
    (tmp_path / "in" / "a.warc.gz").write_bytes(packed(*many))
    for number in range(9):
        (tmp_path / "in" / f"{number}.html").write_bytes(page(number))
    (tmp_path / "in" / "z.txt").write_text("\n".join(PARAGRAPHS))
    (tmp_path / "in" / "zz.txt").write_text("\n".join(PARAGRAPHS))
    options = ReadOptions(on_error="keep", dedup="payload")
    run = {"options": options, "batch_size": 4, "workers": workers}
    whole = clean([tmp_path / "in"], tmp_path / "whole.jsonl", **run)
    assert (whole.rows, whole.skipped) == (9 + 1 + 1, {"duplicate payload": 40})

    def stop(done, total):
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clean([tmp_path / "in"], tmp_path / "resumed.jsonl", progress=stop, **run)
    resumed = clean([tmp_path / "in"], tmp_path / "resumed.jsonl", **run)
    assert resumed.resumed >= 4 and resumed.skipped == whole.skipped
    assert (tmp_path / "resumed.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_seen_payloads_are_told_apart_however_many():
    seen = SeenPayloads()
    digests = [bytes([number % 256, number // 256, *[7] * 6]) for number in range(5000)]
    assert all(map(seen.add, digests)) and not any(map(seen.add, digests))
    assert seen.add(bytes(8)) and not seen.add(bytes(8))


def test_spark_says_what_it_does_not_read(tmp_path, capsys):
    (tmp_path / "a.warc").write_bytes(response(1))
    code = main(["score", str(tmp_path / "a.warc"), "--engine", "spark", "--out", str(tmp_path / "rows.parquet")])
    assert code == 1 and "found warc; Spark reads parquet, jsonl, csv" in capsys.readouterr().err
    arguments = ["--engine", "spark", "--dedup", "payload", "--out", str(tmp_path / "rows.parquet")]
    assert main(["score", str(tmp_path / "a.warc"), *arguments]) == 2
