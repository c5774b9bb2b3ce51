"""Web archives of our own pages, written as crawlers do, record by record."""

import gzip

PARAGRAPHS = [
    "Harga cabai rawit di Pasar Kramat naik menjadi Rp90.000 per kilogram pada Senin pagi.",
    "Pedagang menyebut pasokan dari Garut dan Cianjur berkurang karena hujan yang turun terus-menerus.",
    "Dinas Perdagangan akan menggelar operasi pasar di lima kecamatan mulai besok pagi.",
    "Warga berharap harga kembali turun sebelum bulan puasa tiba di kota itu.",
]


def page(number, head=""):
    """A page whose article is known by its number."""
    paragraphs = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    title = f"Harga Cabai Naik Hari ke-{number}"
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>{paragraphs}"
        f"<p>Baca juga: <a href='/bola/{number}'>Persib Menang Lagi di Kandang Lawan</a></p>"
        f"<p>Laporan ke-{number} dari pasar itu selesai ditulis.</p></article></body></html>"
    ).encode()


def record(kind, block, *, url="", id="", length=None, **headers):
    """A record; `headers` are further ones, `_` for `-`."""
    lines = ["WARC/1.0", f"WARC-Type: {kind}", f"WARC-Record-ID: <urn:uuid:{id}>" if id else ""]
    lines += [f"WARC-Target-URI: {url}" if url else "", "WARC-Date: 2026-11-01T00:00:00Z"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(block) if length is None else length}"]
    return "\r\n".join(filter(None, lines)).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def http(body, kind="text/html; charset=utf-8", status="200 OK", **headers):
    """What a server answers."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}" if kind else ""]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(filter(None, lines)).encode() + b"\r\n\r\n" + body


def response(number, body=None, *, length=None, warc=None, **answer):
    """The record of a page that a server answered with."""
    block = http(page(number) if body is None else body, **answer)
    url = f"https://www.warta-{number % 2}.example.id/berita/{number}"
    type = {"Content_Type": "application/http; msgtype=response"}
    return record("response", block, url=url, id=f"rec-{number}", length=length, **type | (warc or {}))


def packed(*records):
    """A .warc.gz: each record a member of its own."""
    return b"".join(map(gzip.compress, records))
