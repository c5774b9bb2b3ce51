"""The nouns: an article's pieces rebuild its text, and its clean text is its body and nothing else."""

import json
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.article import Article, Link, LinkPrediction, Prediction, Record, Removal, clean_text
from saring.evaluation.reports import stored_reports
from saring.parsing.engine import parse

TOPICS = ("economy", "gossip", "other")
ROW_COLUMNS = [
    "id", "title", "published", "publisher", "publisher_printed", "source", "url", "topic", "topic_probability",
    "p_economy", "p_gossip", "p_other", "abstained", "abstained_because", "out_of_domain", "clickbait", "links", "n_links",
    "n_unrelated", "removed", "clean_text", "error", "model_version", "scored_at",
]  # fmt: skip
LINK_COLUMNS = [
    "headline", "marker", "start", "end", "related", "p_unrelated", "topic", "clickbait",
    "reasons", "url",
]  # fmt: skip

TEXT = (
    "Judul\n"
    "KOTA - Harga cabai turun.\n"
    "Baca Juga: Cara Menanam Cabai di Pot\n"
    "Warga lega (Baca juga: Resep Sambal Ijo). Pasar ramai.\n"
    "Editor: Sari"
)


def link(headline: str, printed: str, text: str = TEXT) -> Link:
    start = text.index(printed)
    marker = printed.strip("()").partition(":")[0] + ":"
    return Link(headline, marker, start, start + len(printed))


def removal(kind: str, printed: str, text: str = TEXT) -> Removal:
    start = text.index(printed)
    return Removal(kind, start, start + len(printed))


LINKS = (
    link("Cara Menanam Cabai di Pot", "Baca Juga: Cara Menanam Cabai di Pot"),
    link("Resep Sambal Ijo", "(Baca juga: Resep Sambal Ijo)"),
)
ARTICLE = Article(
    id="a",
    title="Judul",
    text=TEXT,
    links=LINKS,
    removals=(removal("title", "Judul"), removal("dateline", "KOTA - "), removal("credit", "Editor: Sari")),
)


@st.composite
def articles(draw):
    """An article of any text, with any disjoint spans for links and removals."""
    text = draw(st.text(alphabet="ab .,()\n\r\t\xa0é😀", max_size=60))
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=10, unique=True))
    spans = list(zip(*[iter(sorted(cuts))] * 2, strict=False))
    is_link = [draw(st.booleans()) for _ in spans]
    return Article(
        id="a",
        title="",
        text=text,
        links=tuple(Link(text[s:e].strip(), "Baca:", s, e) for (s, e), yes in zip(spans, is_link, strict=True) if yes),
        removals=tuple(Removal("tail", s, e) for (s, e), yes in zip(spans, is_link, strict=True) if not yes),
    )


# pieces


def test_pieces_name_what_each_stretch_is():
    kinds = [(piece.kind, piece.text.strip()) for piece in ARTICLE.pieces() if piece.text.strip()]
    assert kinds == [
        ("title", "Judul"),
        ("dateline", "KOTA -"),
        ("body", "Harga cabai turun."),
        ("link", "Baca Juga: Cara Menanam Cabai di Pot"),
        ("body", "Warga lega"),
        ("link", "(Baca juga: Resep Sambal Ijo)"),
        ("body", ". Pasar ramai."),
        ("credit", "Editor: Sari"),
    ]


@given(articles())
def test_pieces_rebuild_the_text(article):
    pieces = list(article.pieces())
    assert "".join(piece.text for piece in pieces) == article.text
    assert all(piece.text == article.text[piece.start : piece.end] for piece in pieces)


def test_an_article_without_finds_is_one_piece_of_body():
    assert [piece.kind for piece in Article("a", "", "Satu\nDua").pieces()] == ["body"]
    assert list(Article("a", "Judul", "").pieces()) == []


# clean text


def test_the_body_drops_links_and_boilerplate():
    assert ARTICLE.body == "Harga cabai turun.\nWarga lega. Pasar ramai."


def test_kept_links_stand_on_lines_of_their_own():
    assert clean_text(ARTICLE, LINKS) == (
        "Harga cabai turun.\n"
        "Baca Juga: Cara Menanam Cabai di Pot\n"
        "Warga lega.\n"
        "Baca juga: Resep Sambal Ijo\n"
        "Pasar ramai."
    )
    assert clean_text(ARTICLE, LINKS[:1]).splitlines()[1:] == [
        "Baca Juga: Cara Menanam Cabai di Pot",
        "Warga lega. Pasar ramai.",
    ]


def test_a_kept_link_without_marker_is_its_headline():
    article = Article("a", "", "Satu.\nJudul Lain\nDua.", (Link("Judul Lain", "", 6, 16),))
    assert clean_text(article, article.links) == "Satu.\nJudul Lain\nDua."


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("lega ", " dan senang", "lega dan senang"),
        ("lega", "dan senang", "lega dan senang"),
        ("lega ", ". Pasar", "lega. Pasar"),
        ("lega ", "... Pasar", "lega... Pasar"),
        ("lega ", ".", "lega."),
        ("lega.\n", ". Pasar", "lega.\n. Pasar"),
        ("lega", ", lalu", "lega, lalu"),
        ("lega.", "\nPasar", "lega.\nPasar"),
        ("", "Pasar", "Pasar"),
    ],
)
def test_the_two_ends_of_a_cut_meet_at_one_space(before, after, joined):
    text = f"{before}[iklan]{after}"
    article = Article("a", "", text, (), (Removal("ad", len(before), len(before) + 7),))
    assert article.body == joined


@given(articles())
def test_clean_text_loses_and_adds_nothing_but_white_space(article):
    body = "".join(piece.text for piece in article.pieces() if piece.kind == "body")
    assert "".join(article.body.split()) == "".join(body.split())


@given(st.text(alphabet="ab .\n\r\t\xa0😀"))
def test_lines_of_a_plain_article_stay_as_they_are(text):
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    expected = [line.strip() for line in lines if line.strip()]
    assert Article("a", "", text).body == "\n".join(expected)


# rows

VERDICT = LinkPrediction(
    headline="Resep Sambal Ijo",
    marker="Baca juga:",
    start=3,
    end=9,
    related=False,
    p_unrelated=0.9,
    topic="other",
    clickbait=0.2,
    reasons=("shares no specific word",),
)
PREDICTION = Prediction(
    id="a",
    title="Judul",
    topic="other",
    probabilities={"economy": 0.25, "gossip": 0.0, "other": 0.75},
    clickbait=0.1,
    links=(VERDICT,),
    clean_text="Isi",
    model_version="abc",
    scored_at="2023-03-03T09:15:00+07:00",
)


def test_a_row_has_the_columns_of_the_contract_in_order():
    row = PREDICTION.row()
    assert list(row) == ROW_COLUMNS
    assert list(row["links"][0]) == LINK_COLUMNS
    assert [item.name for item in fields(LinkPrediction)] == LINK_COLUMNS
    assert (row["topic_probability"], row["p_gossip"]) == (0.75, 0.0)
    assert (row["n_links"], row["n_unrelated"]) == (1, 1)


def test_the_share_removed_is_that_of_links_and_boilerplate():
    article = parse("Harga cabai turun.\nBaca Juga: Cara Menanam Cabai")
    assert article.removed == len("Baca Juga: Cara Menanam Cabai") / len(article.text)
    assert (parse("Harga cabai turun.").removed, Article("a", "Judul", "").removed) == (0.0, 0.0)


def test_a_row_holds_json_types_and_none_for_what_is_absent():
    row = PREDICTION.row()
    assert json.loads(json.dumps(row)) == row
    assert (row["published"], row["publisher"], row["source"], row["error"]) == (None,) * 4


def test_an_error_row_holds_the_error_and_no_verdict():
    row = Prediction(id="a", error="a.csv:3: column 'isi' is empty", model_version="abc", topics=TOPICS).row()
    filled = {name for name, value in row.items() if value is not None}
    assert filled == {"id", "error", "model_version"}


def test_links_that_nobody_judged_are_not_counted_as_unrelated():
    unknown = LinkPrediction("Judul", "Baca Juga:", 0, 5, None, None, "other", None)
    prediction = Prediction(id="a", topic="other", probabilities={"other": 1.0}, links=(unknown,))
    assert (prediction.n_links, prediction.n_unrelated) == (1, None)
    assert Prediction(id="a").n_unrelated == 0


@pytest.mark.parametrize("noun", [Record("a"), ARTICLE, VERDICT, PREDICTION])
def test_nouns_are_frozen(noun):
    with pytest.raises(FrozenInstanceError):
        setattr(noun, fields(noun)[0].name, "b")


def test_big_objects_are_told_in_a_line(shipped):
    record = Record("a", "Judul " * 99, "Isi berita.\nBaca Juga: Lain\n" * 999)
    [prediction] = shipped.predict([record])
    report = stored_reports(shipped.bundle.card)[0]
    for thing in (shipped, record, parse(record), prediction, report):
        assert len(repr(thing)) < 1000
        assert "\n" not in repr(thing)
        assert type(thing).__name__ in repr(thing)
    assert shipped.model_version in repr(shipped)
    assert "economy" in repr(shipped)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Brighton &amp; Hove", "Brighton & Hove"),
        ("(M&lt;5,0) &#8220;kecil&#x201d;", "(M<5,0) “kecil”"),
        ("lagi.&amp;nbsp;&quot;Kami lega", 'lagi. "Kami lega'),
        ("satu&#10;baris &NewLine;saja", "satu baris  saja"),
        (
            "kabar.id/?a=1&para=2&copy=3 &bukanentitas; R&D; AT&T",
            "kabar.id/?a=1&para=2&copy=3 &bukanentitas; R&D; AT&T",
        ),
        ("Warga lega&nbsp;", "Warga lega"),
    ],
)
def test_entities_that_scrapers_left_are_characters_in_clean_text(printed, expected):
    article = Article(id="1", title="", text=printed)
    assert article.body == expected
    assert article.text == printed
