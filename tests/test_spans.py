"""Spans say what of a raw text is no body; with the text they give the clean article, to the byte."""

import csv
import gzip
import io
import json

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from saring.article import clean_text
from saring.batch import apply_spans, clean
from saring.cli.commands import main
from saring.errors import ConfigError, InputError, UsageError
from saring.io.records import ReadOptions, read
from saring.parsing.engine import parse
from saring.predict import load

DOCUMENTS = [
    {
        "id": "a",
        "title": "Rupiah Menguat",
        "text": "JAKARTA, Warta - Rupiah 😀 menguat &amp; pasar tenang.\n"
        "Baca Juga: Potret Mesra Artis Sinetron dan Kekasih Barunya\n"
        "Pelaku pasar menanti data inflasi. (Baca juga: Harga Emas Hari Ini Turun Seribu Rupiah) Begitu kata analis.\n"
        "Editor: Sari Dewi",
    },
    {"id": "b", "title": "Polos", "text": "Tidak ada apa-apa di sini."},
    {"id": "c", "title": "", "text": ""},
    {"id": "d", "title": "Bertanggal", "text": "Hujan turun.\r\n\r\nBaca Juga\r\nSawah Kembali Hijau", "date": [2024]},
]
KEPT = ["none", "related", "all"]


@pytest.fixture(scope="module")
def model(bundle_folder):
    return load(bundle_folder)


def written(path, documents):
    path.write_bytes(b"".join(json.dumps(document).encode() + b"\n" for document in documents))
    return path


def lines(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def raw(tmp_path):
    return written(tmp_path / "raw.jsonl", DOCUMENTS)


@pytest.fixture
def spans(raw, model):
    out = raw.with_name("spans.jsonl")
    clean([raw], out, model, spans=True)
    return out


def test_spans_point_at_the_raw_text_in_code_points(raw, spans):
    text = DOCUMENTS[0]["text"]
    row = lines(spans)[0]
    shown = [(text[start:end], kind, score == 1) for start, end, kind, score in row["spans"]]
    assert shown == [
        ("JAKARTA, Warta -", "dateline", True),
        ("Baca Juga: Potret Mesra Artis Sinetron dan Kekasih Barunya", "link", False),
        ("(Baca juga: Harga Emas Hari Ini Turun Seribu Rupiah)", "link", False),
        ("Editor: Sari Dewi", "byline", True),
    ]
    assert row["text_length"] == len(text)


def test_attributes_are_the_same_spans_in_dolmas_form(spans):
    """Which is for each name a list of whole, whole, number: its mixer leaves out those from ``min_score`` on."""
    for row in lines(spans):
        by_kind = [
            [start, end, name.removeprefix("saring__"), score]
            for name, found in row["attributes"].items()
            for start, end, score in found
        ]
        assert sorted(by_kind) == row["spans"]


def test_every_document_has_a_row_in_its_place_and_says_what_is_wrong_with_it(raw, spans):
    rows = lines(spans)
    assert [row["id"] for row in rows] == ["a", "b", "c", "d"]
    assert [row["spans"] for row in rows][1:3] == [[], []]
    assert "title and text are empty" in rows[2]["error"]
    assert rows[2]["text_digest"] is None


@pytest.mark.parametrize("keep_links", KEPT)
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_applied_spans_give_what_clean_gives_to_the_byte(raw, spans, model, keep_links, suffix):
    options = ReadOptions(on_error="keep", keep=("date",))
    direct, applied = raw.with_name(f"direct{suffix}"), raw.with_name(f"applied{suffix}")
    summary = clean([raw], direct, model, options, keep_links=keep_links)
    found = apply_spans([raw], spans, applied, options, keep_links=keep_links)
    assert applied.read_bytes() == direct.read_bytes()
    assert found.summary == summary
    assert found.sentences() == []


def as_csv(documents):
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, ["id", "judul", "isi"])
    table.writeheader()
    table.writerows({"id": d["id"], "judul": d["title"], "isi": d["text"]} for d in documents)
    return text.getvalue().encode()


def as_parquet(documents):
    sink = io.BytesIO()
    pq.write_table(pa.table({name: [d[name] for d in documents] for name in ("id", "title", "text")}), sink)
    return sink.getvalue()


@pytest.mark.parametrize("name", ["in.csv", "in.parquet", "in.jsonl.gz", "in.csv.gz"])
def test_the_spans_of_a_text_are_the_same_whatever_file_it_stands_in(tmp_path, model, name):
    documents = DOCUMENTS[:2]
    data = as_csv(documents) if ".csv" in name else as_parquet(documents)
    if ".jsonl" in name:
        data = b"".join(json.dumps(document).encode() + b"\n" for document in documents)
    path, out, applied = tmp_path / name, tmp_path / "spans.jsonl", tmp_path / "clean.jsonl"
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    clean([path], out, model, spans=True)
    plain = tmp_path / "plain.jsonl"
    clean([written(tmp_path / "raw.jsonl", documents)], plain, model, spans=True)
    assert out.read_bytes() == plain.read_bytes()
    out.with_name("packed.jsonl.gz").write_bytes(gzip.compress(out.read_bytes()))
    assert apply_spans([path], out.with_name("packed.jsonl.gz"), applied).summary.errors == 0
    assert [row["text"] for row in lines(applied)] == [clean_text(parse(r)) for r in read(path)]


# What a text may be made of: whatever characters there are, and what saring's rules look for.
PIECES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from([
        "\n", "\r\n", "\r", "\x85", "\u2028", " ", "\xa0", ".", ",", "😀", "\u0301", "&amp;", "&amp;nbsp;", "&#10;", "&lt;", "\0",
        "Baca Juga: Harga Emas Turun Seribu Rupiah", "BACA JUGA", "(Baca juga: Cara Menanam Cabai di Pot)", "Simak Juga :",
        "Rupiah menguat terhadap dolar AS, kata Bank Indonesia.", "Editor: Sari Dewi", "ADVERTISEMENT", "JAKARTA, Warta - ",
        "[Gambas:Video 20detik]", "Halaman Selanjutnya", "Tag: Rupiah, Emas", "(abc/def)",
    ]),
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=14).map("".join)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(["", "Rupiah Menguat"]), TEXTS), min_size=1, max_size=6), st.sampled_from(KEPT)
)
@example([("", "Baca Juga\nHarga Emas Turun\nRupiah.\nBaca Juga: A B C &amp; D.")], "all")
def test_whatever_the_texts_applied_spans_give_what_clean_gives(model, tmp_path_factory, articles, keep_links):
    folder = tmp_path_factory.mktemp("any")
    documents = [{"id": str(n), "title": title, "text": text} for n, (title, text) in enumerate(articles)]
    raw = written(folder / "raw.jsonl", documents)
    clean([raw], folder / "spans.jsonl", model, spans=True)
    clean([raw], folder / "direct.jsonl", model, keep_links=keep_links)
    apply_spans([raw], folder / "spans.jsonl", folder / "applied.jsonl", keep_links=keep_links)
    assert (folder / "applied.jsonl").read_bytes() == (folder / "direct.jsonl").read_bytes()
    for document, row in zip(documents, lines(folder / "spans.jsonl"), strict=True):
        assert all(0 <= start < end <= len(document["text"]) for start, end, *_ in row["spans"])


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.9, 1.1])
def test_any_threshold_can_be_replayed(raw, spans, model, threshold):
    out = raw.with_name("clean.jsonl")
    apply_spans([raw], spans, out, keep_links="related", threshold=threshold)
    article = parse(next(iter(read(raw))))
    [prediction] = model.predict([article])
    scores = {link.start: link.p_unrelated for link in prediction.links}
    kept = [link for link in article.links if scores[link.start] < threshold]
    assert lines(out)[0]["text"] == clean_text(article, kept)


def test_spans_are_joined_by_id_whatever_the_order(raw, spans):
    shuffled = written(raw.with_name("shuffled.jsonl"), [DOCUMENTS[3], DOCUMENTS[0]])
    out, whole = raw.with_name("some.jsonl"), raw.with_name("whole.jsonl")
    found = apply_spans([shuffled], spans, out)
    apply_spans([raw], spans, whole)
    by_id = {row["id"]: row["text"] for row in lines(whole)}
    assert {row["id"]: row["text"] for row in lines(out)} == {name: by_id[name] for name in ("a", "d")}
    assert found.sentences() == ["spans without a document: 1"]


def test_a_document_without_spans_or_of_another_text_keeps_its_row_and_says_so(raw, spans):
    documents = [DOCUMENTS[0] | {"text": DOCUMENTS[0]["text"] + "!"}, DOCUMENTS[1], {"id": "neu", "text": "Baru."}]
    changed = written(raw.with_name("changed.jsonl"), documents)
    out = raw.with_name("clean.jsonl")
    found = apply_spans([changed], spans, out)
    rows = lines(out)
    assert [row["text"] is None for row in rows] == [True, False, True]
    assert "changed.jsonl:1: found a text of" in rows[0]["error"] and "spans of 'a'" in rows[0]["error"]
    assert "changed.jsonl:3: found no spans for the id 'neu'" in rows[2]["error"]
    assert found.summary.errors == 2
    assert found.sentences()[:2] == [
        "documents without spans: 1",
        "documents whose text is not the one that the spans were found in: 1",
    ]


def test_documents_of_one_id_are_told_apart_by_their_texts(tmp_path, model):
    same = [DOCUMENTS[0], DOCUMENTS[1] | {"id": "a"}]
    raw, out, spans = written(tmp_path / "raw.jsonl", same), tmp_path / "clean.jsonl", tmp_path / "spans.jsonl"
    clean([raw], spans, model, spans=True)
    found = apply_spans([written(tmp_path / "reversed.jsonl", same[::-1])], spans, out)
    assert [row["text"] for row in lines(out)] == [clean_text(parse(record)) for record in read(raw)][::-1]
    assert found.sentences() == ["ids with several texts, which told their spans apart: 1"]


def test_two_answers_for_one_text_are_told_not_chosen_from(raw, spans):
    row = lines(spans)[0]
    spans.write_bytes(spans.read_bytes() + orjson.dumps(row | {"spans": [], "headlines": []}) + b"\n")
    out = raw.with_name("clean.jsonl")
    found = apply_spans([raw], spans, out)
    assert "several spans for the id 'a'" in lines(out)[0]["error"]
    assert found.ambiguous == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"spans": None, "headlines": [[1, "a", "b"]]}, "other links"),
        ({"spans": [[0, 9, "tail", 1.0], [5, 12, "tail", 1.0]], "headlines": []}, "overlap"),
        ({"spans": [[0, 9999, "tail", 1.0]], "headlines": []}, "leave the text"),
        ({"spans": [[0, 9]]}, "found no spans"),
        ({"metadata": 7}, "found no spans"),
    ],
)
def test_a_row_that_is_none_of_spans_is_told_with_its_place(raw, spans, changes, why):
    spans.write_bytes(orjson.dumps(lines(spans)[0] | changes) + b"\n")
    with pytest.raises(InputError, match=why) as told:
        apply_spans([raw], spans, raw.with_name("clean.jsonl"))
    assert "spans.jsonl:1" in str(told.value)
    assert not raw.with_name("clean.jsonl").exists()


def test_wishes_that_spans_cannot_meet_are_told(raw, spans, model):
    with pytest.raises(ConfigError, match="need a model"):
        clean([raw], raw.with_name("s.jsonl"), spans=True)
    with pytest.raises(UsageError, match="--keep-links all"):
        clean([raw], raw.with_name("s.jsonl"), model, keep_links="all", spans=True)
    with pytest.raises(UsageError, match=r"expected a \.jsonl file"):
        clean([raw], raw.with_name("s.csv"), model, spans=True)
    with pytest.raises(UsageError, match="add --keep-links related"):
        apply_spans([raw], spans, raw.with_name("c.jsonl"), threshold=0.5)
    with pytest.raises(ConfigError, match="is also an input"):
        apply_spans([raw], spans, spans, overwrite=True)


def test_the_commands_do_the_same(raw, bundle_folder, capsys):
    names = ("spans.jsonl", "clean.jsonl", "direct.jsonl")
    spans, out, direct = (str(raw.with_name(name)) for name in names)
    model = ["--model", str(bundle_folder)]
    assert main(["clean", str(raw), "--spans", "--out", spans, *model]) == 3  # one document is empty
    assert main(["clean", str(raw), "--out", direct, "--keep-links", "related", *model]) == 3
    assert main(["apply", "spans", str(raw), spans, "--out", out, "--keep-links", "related"]) == 3
    assert raw.with_name("clean.jsonl").read_bytes() == raw.with_name("direct.jsonl").read_bytes()
    assert "4 rows = 2 done + 2 with errors" in capsys.readouterr().err
