"""Where a headline ends in text that lost its line breaks, and what the score is made of."""

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.parsing.engine import parse
from saring.parsing.headline_ends import candidate_score, candidates, headline_end, load_model
from saring.parsing.words import ArticleWords, Window, read_word

NEWS = Path(__file__).parents[1].parent / "shared" / "data" / "news" / "articles.parquet"


def headline(text: str, title: str = "") -> str:
    """The headline found behind "juga: " in a text."""
    at = text.index("juga: ") + len("juga: ")
    return text[at : headline_end(ArticleWords(text, title), at, len(text))]


@pytest.mark.parametrize(
    ("before", "expected", "after"),
    [
        ("ujarnya. Baca juga: ", "Warga Antre Gas Sejak Subuh", " Menurut dia, pasokan seret."),
        ("ujarnya. Baca juga: ", "Warga Antre Gas Sejak Subuh", "  Stok di agen habis sejak kemarin."),
        ("ujarnya.Baca juga: ", "Warga Antre Gas Sejak Subuh", "Karena itu, pasokan ditambah."),
        ("ujarnya. Baca juga: ", "Mengapa Gas Langka di Kota?", ' "Stok kami aman," kata dia lagi.'),
        ("ujarnya. Baca juga: ", 'Wali Kota: "Gas Aman"', " Namun, antrean masih terlihat di agen."),
        ("ujarnya. Baca juga: ", "Warga Antre Gas Sejak Subuh...", " Ia menambahkan, stok aman."),
    ],
)
def test_a_headline_ends_before_the_next_sentence(before, expected, after):
    assert headline(before + expected + after) == expected


def test_a_headline_in_sentence_case_ends_before_the_next_capital_that_opens_a_sentence():
    text = "katanya. Baca juga: Warga antre gas sejak subuh di dua kota Namun, stok di agen aman."
    assert headline(text) == "Warga antre gas sejak subuh di dua kota"


def test_a_headline_is_about_as_long_as_the_articles_title():
    text = "Warga Antre Gas Sejak Subuh di Dua Kota Pasokan Gas Ditambah Menurut dia, stok aman."
    model = load_model()

    def lead_of_the_short_one(title: str) -> float:
        found = candidates(ArticleWords(text, title), 0, len(text), model.odds)
        scores = {text[: one.end]: candidate_score(one, model.weights) for one in found}
        short, long = sorted(end for end in scores if end.endswith(("Kota", "Ditambah")))
        return scores[short] - scores[long]

    title = "Harga Beras Naik Lagi Jelang Panen"
    assert lead_of_the_short_one(title) > lead_of_the_short_one(f"{title}, {title}, {title}")


def test_a_caption_that_is_printed_twice_is_no_part_of_the_headline():
    caption = "Antrean Gas di Agen Kota Solo Pagi Ini"
    text = f"katanya. Baca juga: Warga Panik, Gas Langka Sejak Subuh {caption} {caption} Stok aman."
    assert headline(text) == "Warga Panik, Gas Langka Sejak Subuh"


@pytest.mark.parametrize("credit", ["(Foto: Rini/Kabar)", "(Dok. Rini)"])
def test_a_captions_credit_is_no_part_of_the_headline(credit):
    text = (
        f"katanya. Baca juga: Warga Antre Gas Sejak Subuh di Dua Kota Warga mengantre gas {credit} "
        "Menurut dia, stok di agen aman."
    )
    assert headline(text) == "Warga Antre Gas Sejak Subuh di Dua Kota"


def test_a_year_and_a_figure_stay_with_their_words():
    text = "katanya. Baca juga: Enam Tim Lolos ke Piala Dunia 2026 Namun, jadwal belum terbit."
    assert headline(text) == "Enam Tim Lolos ke Piala Dunia 2026"


def test_the_tables_hold_no_text():
    # Words and pairs of words, by their log-odds; a longer stretch would be somebody's text.
    odds = load_model().odds
    assert all(len(pair.split("_")) == 2 for pair in odds.starts)
    for table in (odds.openers, odds.closers, odds.prose):
        assert not any("_" in word or " " in word for word in table)


def test_a_headline_may_fill_all_that_is_left():
    assert headline("Baca juga: Warga Antre Gas Sejak Subuh") == "Warga Antre Gas Sejak Subuh"


def test_a_lost_headline_leaves_the_sentence_to_the_body():
    text = "katanya. Baca juga: Namun, menurut dia, antrean masih terlihat di sejumlah agen gas kota."
    assert headline(text) == ""


def test_a_headline_never_ends_with_a_function_word():
    text = "Baca juga: Warga Antre di Kota Solo dan Sekitarnya Menurut dia, pasokan gas seret."
    at = text.index("Warga")
    ends = [one.end for one in candidates(ArticleWords(text), at, len(text), load_model().odds)]
    assert not any(text[at:end].endswith((" di", " dan")) for end in ends)


def test_names_with_a_capital_inside_are_one_word():
    odds = load_model().odds
    assert "WhatsApp" in odds.camel
    text = "Grup WhatsApp Warga Diretas"
    window = Window(ArticleWords(text), 0, len(text), odds)
    assert [text[a:b] for a, b in zip(window.starts, window.ends, strict=True)] == text.split()


@pytest.mark.parametrize(
    ("glued", "parts"),
    [
        ("SubuhMenurut", ["Subuh", "Menurut"]),
        ("KPKMenurut", ["KPK", "Menurut"]),
        ("2020Menurut", ["2020", "Menurut"]),
        ('lagi?"Kami', ['lagi?', '"Kami']),
        ("MenurutdiaLagi", ["Menurutdia", "Lagi"]),
        ("Menurut", ["Menurut"]),
        ("Rp12.500", ["Rp12.500"]),
    ],
)  # fmt: skip
def test_two_words_glued_are_taken_apart(glued, parts):
    cuts = [0, *read_word(glued).joints, len(glued)]
    assert [glued[a:b] for a, b in pairwise(cuts)] == parts


@given(text=st.text(max_size=400), start=st.integers(0, 400))
def test_the_end_lies_within_the_stretch(text, start):
    start = min(start, len(text))
    assert start <= headline_end(ArticleWords(text), start, len(text)) <= len(text)


SCRAPS = st.sampled_from(
    [
        "Warga", "Antre", "Gas", "Subuh", "Solo", "KPK", "warga", "antre", "di", "gas", "subuh.",
        "kata", "dia,", "Menurut", "Namun,", '"Kami', 'lega."', "(Foto:", "Rini)", "2.", "2026",
        "SubuhMenurut", "(abc/def)", "Rp12.500", "Wali", "Kota:", "-", "\n", " ", "‘Gas’", "Warga's",
    ]
)  # fmt: skip
STRETCHES = st.one_of(st.text(max_size=80), st.lists(SCRAPS, max_size=70).map(" ".join))


@given(text=STRETCHES, title=st.sampled_from(["", "Gas Langka", "Warga Antre Gas Sejak Subuh"]))
def test_the_end_is_that_of_the_best_candidate_and_of_equal_ones_the_last(text, title):
    article_words, model = ArticleWords(text, title), load_model()
    found = candidates(article_words, 0, len(text), model.odds)
    scores = [round(candidate_score(one, model.weights), 6) for one in found]
    best = [one.end for one, score in zip(found, scores, strict=True) if score == max(scores)]
    assert headline_end(article_words, 0, len(text)) == (best[-1] if best else 0)


WORD = re.compile(r"[^\W\d_][\w’'-]*")


@given(text=STRETCHES, phrase=st.lists(SCRAPS, min_size=1, max_size=3))
def test_a_phrase_stands_as_often_as_its_words_follow_each_other(text, phrase):
    words = WORD.findall(text)
    often = sum(words[at : at + len(phrase)] == phrase for at in range(len(words)))
    assert ArticleWords(text).count(*phrase) == often


def test_a_long_stretch_costs_no_more_than_a_window():
    text = "Panen " * 150_000
    load_model()
    article_words = ArticleWords(text)
    headline_end(article_words, 0, len(text))  # counts the text's words, once
    start = time.process_time()
    headline_end(article_words, 0, len(text))
    assert time.process_time() - start < 0.1


@pytest.mark.slow
@pytest.mark.skipif(not NEWS.exists(), reason="needs ../shared/data/news (not part of the project)")
@pytest.mark.parametrize(("glue", "least"), [(" ", 0.88), ("", 0.92)])
def test_most_real_headlines_survive_the_loss_of_line_breaks(glue, least):
    pd = pytest.importorskip("pandas")
    frame = pd.read_parquet(NEWS)
    frame = frame[frame["baca_juga_clean"] > 0]
    found = every = 0
    for title, text in zip(frame["title"], frame["text"], strict=True):
        truth = {link.headline for link in parse({"title": title, "text": text}).links}
        joined = glue.join(line.strip() for line in text.splitlines() if line.strip())
        again = {link.headline for link in parse({"title": title, "text": joined}).links}
        found += len(truth & again)
        every += len(truth)
    assert found / every >= least
