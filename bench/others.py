"""The same article through saring and through what others use: what of it arrives.

    python -m venv build/others && build/others/bin/pip install -r bench/others-requirements.txt
    python bench/others.py --tools build/others/bin/python [--pages ../shared/data/html]

The article is bench/article.html, of our own making: six paragraphs of body with four teasers among them, and what
portals print around an article. It is laid out as fundus' one Indonesian publisher lays its pages out, since fundus
reads no others. Each tool runs with its defaults but for what its name says, and is told the page's address.
trafilatura is the one in saring's own environment. The regular expressions are run on the text that trafilatura gives.
With `--pages` all but fundus also read labelled pages, as bench/pages.py does.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ARTICLE = HERE / "article.html"
LABEL: dict[str, Any] = {
    "file": ARTICLE.name,
    "title": "Petani Sukamaju Panen Cabai Dua Kali Berkat Embung Baru",
    "date": "2026-03-14",
    "body_has": [
        "Petani Desa Sukamaju memanen cabai rawit untuk kedua kalinya tahun ini setelah embung seluas dua hektare "
        "selesai dibangun pada akhir tahun lalu.",
        "Kepala Desa Sukamaju Dadang Hermawan mengatakan air dari embung cukup untuk mengairi tiga puluh hektare "
        "ladang selama empat bulan musim kemarau.",
        '"Dulu kami hanya menunggu hujan, dan kalau hujan terlambat kami membeli cabai dari pasar seperti orang '
        'kota," kata Dadang di kantornya, Jumat (13/3/2026).',
        "Dinas Pertanian setempat mencatat produksi cabai di tiga desa sekitar embung naik dari 18 ton menjadi 41 ton. "
        "Baca buku catatan panen mereka dan terlihat bahwa hampir semua kenaikan itu datang dari panen kedua.",
        "Menurut penyuluh lapangan Siti Nurhaliza, petani kini bergiliran membuka pintu air supaya ladang di bagian "
        "hilir juga kebagian.",
        "Pemerintah kabupaten berencana membangun empat embung lagi tahun depan. Lokasinya dipilih bersama warga agar "
        "tidak memakan sawah yang masih produktif.",
    ],
    "body_lacks": [
        "Sabtu, 14 Maret 2026 09:30", "(Foto: Warta Tani", "Editor: Sari Dewi", "Tag: embung",
        "Daftar sekarang, gratis", "Penyaluran Pupuk Subsidi", "Resep Sayur Lodeh", "Hak cipta 2026",
    ],
    "links": [
        {"headline": "Lama Menghilang dari Layar Kaca, Pesinetron Ini Kini Berjualan Lontong"},
        {"headline": "Harga Cabai di Pasar Induk Turun ke Rp38 Ribu per Kilogram"},
        {"headline": "Ramalan Zodiak Pekan Ini, Taurus Jangan Terburu-buru"},
        {"headline": "Potret Pernikahan Mewah Artis dan Pengusaha Tambang di Bali"},
    ],
}  # fmt: skip
PATTERNS = {
    "trafilatura, then `re.sub(r'Baca Juga.*', '', s, flags=DOTALL)`": r"(?s)Baca Juga.*",
    "trafilatura, then `re.sub(r'Baca.*?\\.', '', s, flags=DOTALL)`": r"(?s)Baca.*?\.",
}

Found = dict[str, str]  # text, title, date


def saring(html: str) -> Found:
    """Return what saring reads from a page."""
    from saring.html.page import page_record
    from saring.parsing.engine import parse

    article = parse(page_record(html.encode(), "page.html"))
    return {"text": article.body, "title": article.title, "date": article.published[:10]}


def address(html: str) -> str:
    """Return the address that a page gives itself; tools look for dates in it."""
    found = re.search(r"""<link[^>]+rel=["']?canonical["']?[^>]*href=["']([^"']+)|"og:url" content="([^"]+)""", html)
    return (found[1] or found[2]) if found else "https://portal.example/berita"


def with_trafilatura(html: str, *, precision: bool = False) -> Found:
    """Return what trafilatura reads from a page."""
    import trafilatura

    wish = {"output_format": "json", "with_metadata": True, "favor_precision": precision}
    found = json.loads(trafilatura.extract(html, url=address(html), **wish) or "{}")
    return {name: found.get(name) or "" for name in ("text", "title", "date")}


def with_newspaper(html: str) -> Found:
    """Return what newspaper4k reads from a page."""
    import newspaper

    article = newspaper.Article(address(html), language="id", fetch_images=False)
    article.download(input_html=html)
    article.parse()
    return {"text": article.text, "title": article.title, "date": str(article.publish_date or "")[:10]}


def with_news_please(html: str) -> Found:
    """Return what news-please reads from a page."""
    from newsplease import NewsPlease

    found = NewsPlease.from_html(html, url=address(html), fetch_images=False)
    return {"text": found.maintext or "", "title": found.title or "", "date": str(found.date_publish or "")[:10]}


def with_fundus(html: str) -> Found:
    """Return what fundus reads from a page with the parser of Media Indonesia."""
    from fundus import PublisherCollection

    found = PublisherCollection.id.MediaIndonesia.parser().parse(html, error_handling="suppress")
    text = str(found.get("body") or "")
    return {"text": text, "title": found.get("title") or "", "date": str(found.get("publishing_date") or "")[:10]}


TOOLS: dict[str, tuple[str, Callable[[str], Found]]] = {
    "trafilatura": ("trafilatura", with_trafilatura),
    "trafilatura, `favor_precision`": ("trafilatura", lambda html: with_trafilatura(html, precision=True)),
    "newspaper4k": ("newspaper4k", with_newspaper),
    "news-please": ("news-please", with_news_please),
    "fundus (parser of Media Indonesia)": ("fundus", with_fundus),
}
ONE_PUBLISHER = "fundus (parser of Media Indonesia)"


def answer(name: str) -> None:
    """Write what a tool reads from the pages on standard input; this runs in the tools' environment."""
    warnings.simplefilter("ignore")
    package, read = TOOLS[name]
    out, sys.stdout = sys.stdout, sys.stderr
    found = [read(html) for html in json.load(sys.stdin)]
    json.dump({"version": version(package), "found": found}, out)


def asked(tools: str, name: str, pages: Sequence[str]) -> tuple[str, list[Found]]:
    """Return a tool's name with its version, and what it reads from pages."""
    words = [tools, str(Path(__file__).resolve()), "--answer", name]
    done = subprocess.run(words, input=json.dumps(list(pages)), check=True, capture_output=True, text=True)
    given = json.loads(done.stdout)
    package = TOOLS[name][0]
    return name.replace(package, f"{package} {given['version']}", 1), given["found"]


def flat(text: str) -> str:
    """Return a text with its white space collapsed."""
    return " ".join(text.split())


def lost_words(paragraphs: Iterable[str], text: str) -> tuple[int, int]:
    """Return how many words of paragraphs a text lacks, and how many there are."""
    body, there = " ".join(paragraphs).split(), text.split()
    matcher = difflib.SequenceMatcher(None, body, there, autojunk=False)
    return len(body) - sum(block.size for block in matcher.get_matching_blocks()), len(body)


def cells(labels: Sequence[dict[str, Any]], found: Sequence[Found], *, whole: bool) -> list[str]:
    """Return the figures of a tool; `whole` says that the labels have the body to the word."""
    lost = words = teasers = noise = titles = dates = n_teasers = n_noise = 0
    for label, one in zip(labels, found, strict=True):
        text = flat(one["text"])
        if whole:
            gone, all_words = lost_words(label["body_has"], text)
        else:
            gone, all_words = sum(flat(s) not in text for s in label["body_has"]), len(label["body_has"])
        lost, words = lost + gone, words + all_words
        teasers += sum(flat(link["headline"]) in text for link in label["links"])
        noise += sum(flat(s) in text for s in label["body_lacks"])
        n_teasers, n_noise = n_teasers + len(label["links"]), n_noise + len(label["body_lacks"])
        titles += flat(one["title"]) == flat(label["title"])
        dates += one["date"] == label["date"]
    shown = [f"{teasers} of {n_teasers}", f"{lost} of {words}", f"{noise} of {n_noise}"]
    if len(labels) == 1:
        return [*shown, "yes" if titles else "no", "yes" if dates else "no"]
    return [*shown, f"{titles} of {len(labels)}", f"{dates} of {len(labels)}"]


def compare(tools: str, labels: Sequence[dict[str, Any]], pages: Sequence[str], *, whole: bool) -> None:
    """Print the table of all tools on some pages."""
    unit = "words" if whole else "strings"
    rows: list[list[str]] = []
    plain: list[Found] = []
    for name in TOOLS:
        if name == ONE_PUBLISHER and not whole:
            continue
        shown, found = asked(sys.executable if name.startswith("trafilatura") else tools, name, pages)
        plain = plain or found
        rows.append([shown, *cells(labels, found, whole=whole)])
    for name, pattern in PATTERNS.items():
        cut = [one | {"text": re.sub(pattern, "", one["text"])} for one in plain]
        rows.append([name, *cells(labels, cut, whole=whole)])
    rows.append([f"saring {version('saring')}", *cells(labels, [saring(html) for html in pages], whole=whole)])
    header = ["", "teasers left", f"body {unit} lost", "noise left", "title right", "date right"]
    for row in (header, ["---"] + ["--:"] * 5, *rows):
        print(f"| {' | '.join(row)} |")


def main() -> None:
    """Print the table of the article, and that of labelled pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", default=sys.executable, help="the Python that has the other tools")
    parser.add_argument(
        "--pages", type=Path, help="folder of saved pages with labels.jsonl, as bench/pages.py reads it"
    )
    parser.add_argument("--answer", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answer(options.answer)
        return
    compare(options.tools, [LABEL], [ARTICLE.read_text("utf-8")], whole=True)
    if options.pages:
        labels = [json.loads(line) for line in (options.pages / "labels.jsonl").read_bytes().splitlines()]
        pages = [(options.pages / label["file"]).read_bytes().decode("utf-8", "replace") for label in labels]
        print(f"\n{len(pages)} labelled pages:\n")
        compare(options.tools, labels, pages, whole=False)


if __name__ == "__main__":
    main()
