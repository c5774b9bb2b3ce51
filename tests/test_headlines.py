"""Headlines: what is a token, what a term, which words are near."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.models.tfidf_features import HeadlineTfidf, word_vectors
from saring.text import TOKEN

HEADLINES = [
    "5 Artis Ini Bikin Heboh, Nomor 3 Tak Terduga!",
    "7 Artis Ini Bikin Melongo, Kok Bisa?",
    "Harga telur naik 4,5 persen",
    "Harga beras turun 12.000 rupiah",
]

headlines = st.text(max_size=60)


def terms(headlines=HEADLINES, **settings):
    return set(HeadlineTfidf(**settings).fit(headlines).tfidf_.terms)


# Tokens


def tokens(headline):
    return re.findall(TOKEN, headline)


def test_marks_are_tokens_and_a_number_keeps_its_inner_marks():
    assert tokens("Naik 4,5%, Kok Bisa?!") == ["Naik", "4,5", "%", ",", "Kok", "Bisa", "?", "!"]


@given(headlines)
def test_no_token_is_made_up(headline):
    assert "".join(tokens(headline)) == "".join(c for c in headline if c.isalnum() or not c.isspace())


# TF-IDF


def test_all_numbers_are_one_term_unless_kept_as_written():
    assert "0 artis" in terms()
    assert {"5 Artis", "12.000"} <= terms(min_df=1, cased=True)
    assert not [term for term in terms(min_df=1) if any(c in "123456789" for c in term)]


def test_the_start_and_the_end_are_terms_and_so_are_marks():
    assert {"\x02 0", "\x02 harga"} <= terms()
    assert {"? \x03", "! \x03", ","} <= terms(min_df=1)


def test_capitals_are_kept_where_asked_for():
    assert {"Artis Ini", "Harga"} <= terms(cased=True)
    assert {"artis ini", "harga"} <= terms()
    assert "Harga" not in terms()


def test_a_term_of_fewer_headlines_than_asked_for_is_unknown():
    assert "heboh" not in terms(min_df=2)
    assert "heboh" in terms(min_df=1)


def test_a_headline_given_once_for_each_label_counts_once():
    twice = HeadlineTfidf(min_df=2).fit([*HEADLINES, *HEADLINES]).tfidf_
    once = HeadlineTfidf(min_df=2).fit(HEADLINES).tfidf_
    assert twice.terms == once.terms
    assert np.array_equal(twice.idf, once.idf)


def test_known_words_are_terms_whether_training_saw_them_or_not():
    found = HeadlineTfidf(known=True).fit(HEADLINES)
    assert found.tfidf_.terms == list(word_vectors()[0])
    assert found.transform(["Penyanyi menikah"]).nnz == 2


@pytest.mark.parametrize("settings", [{}, {"cased": True}, {"known": True}])
@given(headline=headlines)
def test_a_row_has_length_one_or_is_empty(settings, headline):
    found = HeadlineTfidf(min_df=1, **settings).fit(HEADLINES).transform([headline])
    assert np.linalg.norm(found.toarray()) == pytest.approx(1 if found.nnz else 0)


# Word vectors


def test_words_have_vectors_of_length_one_and_stand_once():
    words, vectors = word_vectors()
    assert len(set(words)) == len(words) == len(vectors)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


@pytest.mark.parametrize(
    ("word", "near", "far"),
    [("heboh", "geger", "inflasi"), ("inflasi", "suku", "cantik"), ("menikah", "pernikahan", "gol")],
)
def test_words_of_one_field_are_nearer_than_words_of_two(word, near, far):
    words, vectors = word_vectors()
    one, two, three = (vectors[words.index(w)] for w in (word, near, far))
    assert one @ two > one @ three + 0.1
