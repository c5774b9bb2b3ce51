"""What scrapers write is read as it is: each shape as the tool's own version writes it, with an article of ours."""

import csv
import gzip
import io
import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import saring
from saring.columns import Columns, flattened
from saring.errors import InputError
from saring.io.records import ReadOptions, read
from saring.publishers import canonical_publisher

TITLE = "Harga Cabai Rawit Turun"
FIRST = "Harga cabai rawit turun di pasar induk, kata pedagang pada Jumat pagi."
SECOND = "Pasokan dari petani di lereng gunung kembali lancar setelah hujan reda."
HEADING = "Pasokan kembali lancar"
TEXT = f"{FIRST}\n{SECOND}"
URL = "https://www.wartalembah.com/ekonomi/1-harga-cabai"
HOST = "wartalembah.com"


@dataclass(frozen=True)
class Shape:
    """A row as a tool writes it, and what is in it."""

    row: dict[str, Any]
    text: str = TEXT
    title: str = TITLE
    published: str = "2023-03-03"
    publisher: str = HOST  # the one name of a portal, as rows have it
    url: str = URL
    columns: dict[str, str] = field(default_factory=dict)


TRAFILATURA = {  # 2.3.1: extract(output_format="json", with_metadata=True), and `trafilatura --json --with-metadata`
    "title": TITLE, "author": "Rina Wulandari", "hostname": HOST, "date": "2023-03-03",
    "fingerprint": "740461c18eddc4b2", "id": None, "license": None, "comments": "",
    "raw_text": f"{FIRST} {SECOND}", "text": TEXT, "language": None, "image": None, "pagetype": None,
    "filedate": "2026-11-29", "source": URL, "source-hostname": "Warta Lembah", "excerpt": "Harga cabai rawit turun.",
    "categories": "", "tags": "cabai, pasar",
}  # fmt: skip
NEWSPAPER = {  # 0.9.6: Article.to_json()
    "url": URL, "read_more_link": "", "language": "id", "title": TITLE, "top_image": "", "meta_img": "", "images": [],
    "movies": [], "keywords": [], "meta_keywords": ["cabai", "pasar"], "tags": None, "authors": ["Rina Wulandari"],
    "publish_date": "2023-03-03T10:00:00+07:00", "summary": "", "meta_description": "Harga cabai rawit turun.",
    "meta_lang": "id", "meta_favicon": "", "meta_site_name": "Warta Lembah", "canonical_link": URL,
    "text": f"{FIRST}\n\n{SECOND}",
}  # fmt: skip
NEWS_PLEASE = {  # 1.6.16: NewsPlease.from_html(...).get_dict(), and get_serializable_dict() with its "None"
    "authors": ["Rina Wulandari"], "date_download": "None", "date_modify": "None", "date_publish": "2023-03-03 10:00:00",
    "description": "Harga cabai rawit turun.", "filename": "https%3A%2F%2Fwww.wartalembah.com%2F1.json",
    "image_url": "https://www.wartalembah.com/1.jpg", "language": "id", "localpath": None, "maintext": TEXT,
    "source_domain": "www.wartalembah.com", "text": None, "title": TITLE, "title_page": None, "title_rss": None,
    "url": URL,
}  # fmt: skip
FUNDUS = {  # 0.5.7: one of the objects of save_to_file, whose names come in any order and without an address
    "images": [{"versions": [{"url": "https://www.wartalembah.com/1.jpg"}], "is_cover": True}],
    "title": TITLE, "authors": ["Rina Wulandari"], "topics": ["cabai"], "free_access": True,
    "publishing_date": "2023-03-03 10:00:00+07:00",
    "body": {"summary": ["Ringkasan."], "sections": [{"headline": [], "paragraphs": [FIRST]},
                                                     {"headline": [HEADING], "paragraphs": [SECOND]}]},
}  # fmt: skip
FUNDUS_TEXT = f"Ringkasan.\n{FIRST}\n{HEADING}\n{SECOND}"
NEWS_WATCH = {  # 1.3.0
    "title": TITLE, "publish_date": "2023-03-03 10:00:00", "author": "Rina Wulandari", "content": f"{FIRST} {SECOND}",
    "keyword": "cabai", "category": "Ekonomi", "source": "detik.com", "link": "https://finance.detik.com/d-1/harga-cabai",
}  # fmt: skip
AT_TEN = "2023-03-03T10:00:00+07:00"

SHAPES = {
    "trafilatura": Shape(TRAFILATURA),
    "trafilatura without metadata": Shape({"text": TEXT, "comments": ""}, TEXT, "", "", "", ""),
    "trafilatura without a site's name": Shape(TRAFILATURA | {"source-hostname": None, "hostname": None}),
    "trafilatura of a known portal": Shape(
        TRAFILATURA | {"hostname": "kompas.com", "source": "https://regional.kompas.com/read/1", "source-hostname": "KOMPAS.com"},
        publisher="kompas.com", url="https://regional.kompas.com/read/1",
    ),
    "trafilatura, bare_extraction().as_dict()": Shape(
        {"title": TITLE, "url": URL, "hostname": HOST, "sitename": "Warta Lembah", "date": "2023-03-03", "body": None,
         "comments": "", "raw_text": f"{FIRST} {SECOND}", "text": TEXT}
    ),
    "newspaper4k": Shape(NEWSPAPER, f"{FIRST}\n\n{SECOND}", published=AT_TEN),
    "newspaper4k without a site's name": Shape(NEWSPAPER | {"meta_site_name": ""}, f"{FIRST}\n\n{SECOND}", published=AT_TEN),
    "newspaper4k without an address but the canonical": Shape(NEWSPAPER | {"url": ""}, f"{FIRST}\n\n{SECOND}", published=AT_TEN),
    "news-please": Shape(NEWS_PLEASE, published="2023-03-03 10:00:00"),
    "news-please, JsonFileStorage": Shape(
        {name: value for name, value in NEWS_PLEASE.items() if name != "text"}, published="2023-03-03 10:00:00"
    ),
    "news-please without a title but the page's": Shape(
        NEWS_PLEASE | {"title": None, "title_page": TITLE}, published="2023-03-03 10:00:00"
    ),
    "fundus": Shape(FUNDUS, FUNDUS_TEXT, published="2023-03-03 10:00:00+07:00", publisher="", url=""),
    "fundus, to_json of named attributes": Shape(
        {"title": TITLE, "plaintext": TEXT, "publisher": "Media Indonesia", "publishing_date": "2023-03-03 10:00:00+07:00"},
        published="2023-03-03 10:00:00+07:00", publisher="mediaindonesia.com", url="",
    ),
    "fundus with the page beside it": Shape(
        FUNDUS | {"html": {"requested_url": URL, "responded_url": URL, "content": "<p>Baca</p>",
                           "source_info": {"publisher": "Warta Lembah", "type": "sitemap", "url": URL}}},
        FUNDUS_TEXT, published="2023-03-03 10:00:00+07:00",
    ),
    "datatrove": Shape(
        {"text": TEXT, "id": "<urn:uuid:1>", "media": [{"id": "1", "type": 0, "url": "https://cdn.example/1.jpg"}],
         "metadata": {"url": URL, "date": "2023-03-03T03:00:00Z", "title": TITLE, "dump": "CC-MAIN-2024-10"}},
        published="2023-03-03T03:00:00Z",
    ),
    "datatrove, expand_metadata": Shape({"text": TEXT, "id": "1", "url": URL, "date": "2023-03-03", "title": TITLE}),
    "datatrove with a corpus's name": Shape(
        {"text": TEXT, "id": "1", "metadata": {"url": URL, "date": "2023-03-03", "title": TITLE, "source": "cc-news"}}
    ),
    "dolma": Shape(
        {"id": "1", "text": TEXT, "source": "common-crawl", "created": "2023-03-03", "added": "2024-01-01",
         "version": "v1", "metadata": {"url": URL, "title": TITLE}, "attributes": {"span": [[0, 1, 0.5]]}}
    ),
    "dolma of a corpus of one's own": Shape(
        {"id": "1", "text": TEXT, "source": "berita-id-2024", "created": "2023-03-03", "added": "2024-01-01",
         "metadata": {"url": URL, "title": TITLE}}
    ),
    "dolma of a corpus named after its portal": Shape(
        {"id": "1", "text": TEXT, "source": "detik", "added": "2024-01-01", "created": "2023-03-03"},
        title="", publisher="detik.com", url="",
    ),
    "metadata as JSON in a cell": Shape(
        {"id": "1", "text": TEXT, "metadata": json.dumps({"url": URL, "date": "2023-03-03", "title": TITLE})}
    ),
    "metadata as pandas writes it": Shape(
        {"id": "1", "text": TEXT, "metadata": str({"url": URL, "date": "2023-03-03", "title": TITLE, "tags": None})}
    ),
    "metadata as pandas.json_normalize names it": Shape(
        {"id": "1", "text": TEXT, "metadata.url": URL, "metadata.date": "2023-03-03", "metadata.title": TITLE}
    ),
    "news-watch": Shape(
        NEWS_WATCH, f"{FIRST} {SECOND}", published="2023-03-03 10:00:00", publisher="detik.com",
        url="https://finance.detik.com/d-1/harga-cabai",
    ),
    "newsapi": Shape(
        {"source": {"id": None, "name": "Warta Lembah"}, "author": None, "title": TITLE, "url": URL,
         "publishedAt": "2023-03-03T03:00:00Z", "content": TEXT},
        published="2023-03-03T03:00:00Z",
    ),
    "a text within an object that the user names": Shape(
        {"id": "1", "metadata": {"naskah": TEXT, "url": URL, "date": "2023-03-03", "title": TITLE}},
        columns={"text": "metadata.naskah"},
    ),
}  # fmt: skip


def shape_of(found: saring.Record) -> tuple[str, ...]:
    return found.text, found.title, found.published, canonical_publisher(found.publisher, found.url), found.url


def expected(shape: Shape) -> tuple[str, ...]:
    return shape.text, shape.title, shape.published, shape.publisher, shape.url


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("form", ["object", "list", "lines", "lines.gz", "parquet"])
def test_each_shape_gives_text_title_date_publisher_and_address(tmp_path, name, form):
    shape = SHAPES[name]
    if form == "parquet":
        path = tmp_path / "a.parquet"
        parquet.write_table(pa.Table.from_pylist([shape.row]), path)
    else:
        path = tmp_path / {"object": "a.json", "list": "a.json", "lines": "a.jsonl", "lines.gz": "a.jsonl.gz"}[form]
        value = [shape.row] if form == "list" else shape.row
        data = json.dumps(value, indent=None if "lines" in form else 4, ensure_ascii=False).encode()
        path.write_bytes(gzip.compress(data) if form == "lines.gz" else data)
    (found,) = read([path], ReadOptions(columns=shape.columns))
    assert shape_of(found) == expected(shape)
    assert "://" not in found.publisher


@pytest.mark.parametrize("name", [name for name in SHAPES if not SHAPES[name].columns])
def test_python_takes_the_same_mappings(name, bundle_folder):
    shape = SHAPES[name]
    (found,) = saring.load(bundle_folder).predict([shape.row])
    assert not found.error
    assert (found.title, found.publisher, found.url) == (shape.title or found.title, shape.publisher, shape.url)


# The names that people give their own columns, each to what it holds.
HOMEMADE = {
    "text": [
        "text", "isi", "isi_berita", "konten", "text_berita", "clean_article", "maintext", "Isi Artikel", "article_text",
        "content", "body", "full_text", "article_content", "plaintext",
    ],
    "title": ["judul", "Judul Berita", "headline", "title", "article_title", "judul-artikel"],
    "published": [
        "tanggal", "tanggal_rilis", "timestamp", "date", "publish_date", "Tanggal Terbit", "waktu", "created_at", "pubDate",
        "datePublished", "tgl",
    ],
    "publisher": [
        "sumber", "media", "source", "portal", "media_name", "sitename", "domain", "hostname", "nama_media", "site_name",
        "source_domain",
    ],
    "url": ["url", "link", "tautan", "URL Berita", "canonical_url", "permalink", "original_url"],
}  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), [(ours, theirs) for ours in HOMEMADE for theirs in HOMEMADE[ours]])
def test_names_that_people_give_their_columns(ours, theirs):
    values = {"text": TEXT, "title": TITLE, "published": "2023-03-03", "publisher": "kompas.com", "url": URL}
    row = {theirs if name == ours else name.upper(): value for name, value in values.items()} | {"kategori": "ekonomi"}
    assert Columns({}).fields(row) == values


@pytest.mark.parametrize("empty", [None, "", " \n", "None", "null", float("nan"), []])
def test_the_text_column_that_holds_text_wins_row_by_row(tmp_path, empty):
    rows = [{"text": empty, "maintext": TEXT}, {"text": FIRST, "maintext": SECOND}, {"text": SECOND, "maintext": empty}]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [record.text for record in read([path])] == [TEXT, FIRST, SECOND]


def test_a_csv_of_newspaper4k_is_read_with_its_lists_as_python_prints_them(tmp_path):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(NEWSPAPER))
    writer.writeheader()
    writer.writerow(NEWSPAPER)
    path = tmp_path / "a.csv"
    path.write_text(out.getvalue())
    (found,) = read([path])
    assert shape_of(found) == (f"{FIRST}\n\n{SECOND}", TITLE, AT_TEN, HOST, URL)


@pytest.mark.parametrize(
    "name",
    ["common-crawl", "CC-MAIN-2024-10", "cc-news", "c4", "mC4", "OSCAR-2301", "fineweb-2", "culturax", "wikipedia-id"],
)
def test_the_name_of_a_corpus_is_no_publisher(name):
    found = Columns({}).fields({"text": TEXT, "source": name, "url": URL})
    assert (found["publisher"], canonical_publisher(found["publisher"], URL)) == ("", HOST)


@pytest.mark.parametrize("address", [URL, "//www.wartalembah.com/x", "www.wartalembah.com/x", "http://wartalembah.com"])
@pytest.mark.parametrize("column", ["source", "sumber", "publisher", "portal", "domain"])
def test_an_address_is_no_publisher_but_its_host_is(column, address):
    assert Columns({}).fields({"text": TEXT, column: address})["publisher"] == HOST


def test_a_domain_of_knowledge_is_no_publisher():
    assert (
        Columns({}).fields({"text": TEXT, "domain": "ekonomi", "media_name": "Warta Lembah"})["publisher"]
        == "Warta Lembah"
    )
    assert Columns({}).fields({"text": TEXT, "domain": "ekonomi"})["publisher"] == ""


def test_what_objects_hold_can_be_named_and_kept(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"isi_lengkap": {"naskah": TEXT}, "metadata": {"kategori": "ekonomi"}}) + "\n")
    (found,) = read([path], ReadOptions(columns={"text": "isi_lengkap.naskah"}, keep=["metadata.kategori"]))
    assert (found.text, found.kept) == (TEXT, {"metadata.kategori": "ekonomi"})


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ({"nama": "x", "naskah": TEXT}, "--column text=naskah"),
        ({"nama": "x", "uraian": {"naskah lengkap": TEXT}}, "--column 'text=uraian.naskah lengkap'"),
        ({"judul": TITLE, "isi_brita": "Harga naik."}, "--column text=isi_brita"),
        ({"_index": "warta", "_source": {"text": TEXT}}, "--column text=_source.text"),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "json", "parquet"])
def test_a_file_that_fits_nothing_names_its_columns_and_the_line_to_type(tmp_path, row, line, form):
    path = tmp_path / f"a.{form}"
    if form == "parquet":
        parquet.write_table(pa.Table.from_pylist([row]), path)
    else:
        path.write_text(json.dumps(row) + "\n")
    with pytest.raises(InputError) as caught:
        read([path])
    message = str(caught.value)
    assert message.startswith(f"{path}: no text column: found ")
    assert all(repr(name) in message for name in flattened(row))
    assert message.endswith(f"; name the right one with {line}")


PAGE = (
    f'<html lang="id"><head><title>{TITLE}</title><meta property="og:site_name" content="Warta Lembah">'
    f'<meta property="article:published_time" content="{AT_TEN}"><link rel="canonical" href="{URL}"></head>'
    f"<body><article><h1>{TITLE}</h1><p>{FIRST} {SECOND}</p><p>{SECOND} {FIRST}</p></article></body></html>"
)


@pytest.mark.parametrize("suffix", ["json", "csv", "tsv", "txt"])
@pytest.mark.parametrize("with_metadata", [True, False])
def test_trafilatura_as_installed(tmp_path, suffix, with_metadata):
    trafilatura = pytest.importorskip("trafilatura")
    path = tmp_path / f"a.{suffix}"
    form = "csv" if suffix == "tsv" else suffix
    path.write_text(trafilatura.extract(PAGE, url=URL, output_format=form, with_metadata=with_metadata))
    (found,) = read([path])
    assert f"{FIRST} {SECOND}\n{SECOND} {FIRST}" in found.text and "---" not in found.text
    assert shape_of(found)[1:] == ((TITLE, "2023-03-03", HOST, URL) if with_metadata else ("", "", "", ""))


@pytest.mark.parametrize("suffix", ["xml", "md"])
def test_other_forms_of_trafilatura_are_told_what_to_do(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_text("<doc/>")
    with pytest.raises(
        InputError, match=r'tells no format; .*of trafilatura, write JSON instead \(--json, or output_format="json"\)'
    ):
        read([path])


@pytest.mark.parametrize(
    "text", ["---\nHarga naik: kata dia.\n---\nx", "---\nkutipan: harga naik\n---\nx", "--- title: x", "---\n"]
)
def test_dashes_that_open_no_metadata_are_text(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert next(read([path])).text == text


@pytest.mark.parametrize("name", [name for name in SHAPES if not SHAPES[name].columns])
@pytest.mark.parametrize("library", ["pandas", "polars", "Arrow"])
def test_tables_in_python_are_read_alike(name, library, bundle_folder):
    shape, model = SHAPES[name], saring.load(bundle_folder)
    table: Any = pa.Table.from_pylist([shape.row])
    if library == "pandas":
        table = pytest.importorskip("pandas").DataFrame([shape.row])
    elif library == "polars":
        table = pytest.importorskip("polars").from_arrow(table)
    (found,) = model.predict(table)
    frame = model.predict_frame(table)
    if library == "pandas":
        frame = frame.astype("object").where(frame.notna(), None)
    rows = {"pandas": "to_dict", "polars": "to_dicts", "Arrow": "to_pylist"}[library]
    rows = getattr(frame, rows)(*["records"] * (library == "pandas"))
    for row in [found.row(), *rows]:
        assert (row["publisher"] or "", row["url"] or "") == (shape.publisher, shape.url)
    assert found.error == "" and found.title == (shape.title or found.title)


@pytest.mark.parametrize("name", [name for name in SHAPES if not SHAPES[name].columns])
def test_parsing_and_cleaning_take_the_same_mappings(name):
    shape = SHAPES[name]
    article = saring.parse(shape.row)
    assert (article.text, article.url) == (shape.text, shape.url)
    assert saring.clean(shape.row) == saring.clean(
        saring.Record("", shape.title, shape.text, publisher=article.publisher)
    )


@pytest.mark.parametrize("printed", [json.dumps, str])
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (FUNDUS["body"], FUNDUS_TEXT),
        ([FIRST, SECOND], TEXT),
        ({"a": 1}, None),
        ([1, 2], None),
        (["baca\\d"], "baca\\d"),
    ],
)
def test_a_body_that_pandas_wrote_into_a_cell(tmp_path, body, text, printed):
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["title", "body"], [TITLE, printed(body)]])
    (found,) = read([path])
    assert found.text == (printed(body) if text is None else text)


def test_a_cell_that_only_looks_like_a_list_is_text():
    for text in ('["Harga naik", kata dia', "['Harga' naik", '{"Harga"} naik.', '["a" * 9]'):
        assert Columns({}).fields({"text": text})["text"] == text


def test_lists_that_pandas_read_from_parquet(tmp_path):
    pandas = pytest.importorskip("pandas")
    parquet.write_table(pa.Table.from_pylist([FUNDUS]), tmp_path / "a.parquet")
    (row,) = pandas.read_parquet(tmp_path / "a.parquet").to_dict("records")
    assert Columns({}).fields(row)["text"] == FUNDUS_TEXT


@pytest.mark.parametrize("nothing", ["None", "null", "NaN", "nan", "<NA>", "\\N", "#N/A", "-"])
def test_a_programs_word_for_nothing_is_no_title_date_publisher_or_address(nothing):
    row = {
        "text": nothing,
        "title": nothing,
        "date_publish": nothing,
        "source": nothing,
        "url": nothing,
        "maintext": TEXT,
    }
    assert Columns({}).fields(row) == {"text": TEXT, "title": "", "published": "", "publisher": "", "url": ""}


# JSON files that are no list of articles but hold one.

ANOTHER = FUNDUS | {"title": "Harga Beras Naik", "publisher": "Media Indonesia"}
HOLDING = {
    "fundus, save_to_file": (
        {"Warta Lembah": [FUNDUS, FUNDUS], "Media Indonesia": [ANOTHER]},
        [(TITLE, "Warta Lembah"), (TITLE, "Warta Lembah"), ("Harga Beras Naik", "Media Indonesia")],
    ),
    "an answer of newsapi": (
        {"status": "ok", "totalResults": 1, "articles": [SHAPES["newsapi"].row]}, [(TITLE, "Warta Lembah")]
    ),
    "news-please, from_urls": ({URL: NEWS_PLEASE, f"{URL}/2": NEWS_PLEASE}, [(TITLE, "www.wartalembah.com")] * 2),
    "one that fundus found nothing of": ({"Warta Lembah": [], "Media Indonesia": [ANOTHER]}, [("Harga Beras Naik", "Media Indonesia")]),
    "news-please, an article without a text": (
        {URL: NEWS_PLEASE | {"maintext": None, "title": None}, f"{URL}/2": NEWS_PLEASE}, [("", "www.wartalembah.com"), (TITLE, "www.wartalembah.com")]
    ),
    "pandas, to_json()": (
        {"judul": {"0": TITLE, "1": "B"}, "isi": {"0": TEXT, "1": TEXT}, "media": {"0": "Kompas", "1": None}},
        [(TITLE, "Kompas"), ("B", "")],
    ),
    "pandas, orient=split": (
        {"columns": ["judul", "isi", "media"], "index": [0], "data": [[TITLE, TEXT, "Kompas"]]}, [(TITLE, "Kompas")]
    ),
    "pandas, orient=table": (
        {"schema": {"fields": [{"name": "isi", "type": "string"}], "pandas_version": "1.4.0"},
         "data": [{"index": 0, "judul": TITLE, "isi": TEXT, "media": "Kompas"}]}, [(TITLE, "Kompas")],
    ),
    "one article within an object": ({"article": {"title": TITLE, "text": TEXT}, "status": "ok"}, [(TITLE, "")]),
}  # fmt: skip


@pytest.mark.parametrize("name", HOLDING)
@pytest.mark.parametrize("indent", [None, 4])
def test_a_json_object_may_hold_articles(tmp_path, name, indent):
    value, expected = HOLDING[name]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value, indent=indent))
    found = list(read([path]))
    assert [(record.title, record.publisher) for record in found] == expected
    assert all(FIRST in record.text for record in found if record.title)
    assert [record.id for record in found] == [f"a.json:{number}" for number in range(1, len(found) + 1)]


@pytest.mark.parametrize("failed", [None, {}])
def test_an_address_that_failed_costs_its_row_alone(tmp_path, failed):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({URL: failed, f"{URL}/2": NEWS_PLEASE}))
    broken, whole = read([path], ReadOptions(on_error="keep"))
    assert "no text column" in broken.error and whole.title == TITLE


@pytest.mark.parametrize("value", [None, 5, "x", [None], {"x": 1}])
@pytest.mark.parametrize("name", ["columns", "data"])
def test_an_object_that_only_looks_like_a_table_of_pandas_names_its_columns(tmp_path, name, value):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"columns": ["judul"], "index": [0], "data": [[5]]} | {name: value}))
    with pytest.raises(InputError, match="no text column"):
        list(read([path]))


def test_a_number_for_a_text_costs_its_row_alone(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"text": 5, "title": "Harga Naik"}')
    (found,) = read([path], ReadOptions(on_error="keep"))
    assert "found the number 5; expected text" in found.error


@pytest.mark.parametrize("indent", [None, 4])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_list_or_printed_objects_may_be_called_json_lines(tmp_path, indent, mark):
    path = tmp_path / "a.jsonl"
    rows = [NEWSPAPER, NEWSPAPER | {"title": "Kedua"}]
    for data in (json.dumps(rows, indent=indent), "\n".join(json.dumps(row, indent=indent) for row in rows)):
        path.write_text(mark + data + "\n")
        assert [record.title for record in read([path])] == [TITLE, "Kedua"]


def test_an_object_over_many_lines_on_standard_input(monkeypatch):
    data = json.dumps(NEWSPAPER, indent=4).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    (found,) = read(["-"])
    assert (found.title, found.url) == (TITLE, URL)


def test_the_articles_of_each_publisher_are_read_in_bounded_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("saring.io.formats.MAX_ROW_BYTES", 5_000)
    monkeypatch.setattr("saring.io.formats.CHUNK_CHARS", 1_000)
    path = tmp_path / "a.json"
    path.write_text(
        json.dumps({'Warta "Lembah"': [FUNDUS] * 40, "Kosong": [], "Media Indonesia": [ANOTHER] * 30}, indent=4)
    )
    found = list(read([path]))
    assert [record.publisher for record in found] == ['Warta "Lembah"'] * 40 + ["Media Indonesia"] * 30
    assert {record.text for record in found} == {FUNDUS_TEXT}
