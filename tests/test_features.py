"""Features of articles: which text a field reads, what counts as a document, shares of domains."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.models.tfidf_features import FieldTfidf, GroupShares
from saring.text import LEAD_CHARS, SHARE_SCALE, field_text, load_kinds, load_lexicon

ARTICLES = [
    ("Harga telur turun", "Pedagang pasar menurunkan harga telur sejak pekan lalu."),
    ("Harga beras naik", "Pedagang pasar menaikkan harga beras sejak panen gagal."),
    ("Kapal perang merapat", "Kapal perang merapat di dermaga sejak pekan lalu."),
]
HEADLINES = [("Telur makin murah di pasar", ""), ("Telur, beras, telur", "")]

texts = st.text(max_size=60)
rows_of_texts = st.lists(st.tuples(texts, texts), min_size=1, max_size=5)


# Fields


def test_a_field_is_the_title_the_start_or_the_whole():
    row = ("Judul", "a" * LEAD_CHARS + "b")
    assert field_text(row, "title") == "Judul"
    assert field_text(row, "lead") == "Judul\n" + "a" * LEAD_CHARS
    assert field_text(row, "all") == "Judul\n" + "a" * LEAD_CHARS + "b"


@pytest.mark.parametrize(
    ("field", "known", "unknown"), [("title", "turun", "pekan"), ("lead", "pekan", "jauh"), ("all", "jauh", "zebra")]
)
def test_each_vocabulary_is_that_of_its_field(field, known, unknown):
    rows = [(title, f"{body}{' ' * LEAD_CHARS} jauh") for title, body in ARTICLES]
    vocabulary = FieldTfidf(field, min_df=1).fit(rows).tfidf_.terms
    assert known in vocabulary
    assert unknown not in vocabulary


def test_a_term_of_fewer_articles_than_asked_for_is_unknown():
    vocabulary = FieldTfidf(min_df=2).fit(ARTICLES).tfidf_.terms
    assert {"pedagang", "pekan"} <= set(vocabulary)
    assert not {"dermaga", "panen"} & set(vocabulary)


# Headlines as training rows


def test_a_headline_alone_changes_neither_vocabulary_nor_document_frequencies():
    plain = FieldTfidf(min_df=1).fit(ARTICLES)
    helped = FieldTfidf(min_df=1).fit([*ARTICLES, *HEADLINES])
    assert helped.tfidf_.terms == plain.tfidf_.terms
    assert np.array_equal(helped.tfidf_.idf, plain.tfidf_.idf)


def test_headlines_count_where_there_is_nothing_else():
    assert set(FieldTfidf(min_df=2).fit(HEADLINES).tfidf_.terms) == {"telur"}


# TF-IDF


def test_rows_are_of_length_one_or_empty():
    found = FieldTfidf(min_df=1).fit(ARTICLES).transform([*ARTICLES, ("Zebra", ""), ("", "")])
    lengths = np.sqrt(found.multiply(found).sum(axis=1)).ravel()
    assert np.allclose(lengths, [1, 1, 1, 0, 0])


@given(rows_of_texts)
def test_any_text_has_finite_features_that_do_not_depend_on_its_neighbours(rows):
    model = FieldTfidf(min_df=1).fit(ARTICLES)
    together = model.transform(rows).toarray()
    assert np.isfinite(together).all()
    for row, found in zip(rows, together, strict=True):
        assert np.array_equal(model.transform([row]).toarray()[0], found)


# Domains


def columns_of(name):
    names = list(load_lexicon("domains"))
    return names.index(name), len(names) + names.index(name)


def test_a_domain_has_a_column_for_titles_and_one_for_its_share_of_the_text():
    found = GroupShares().fit(ARTICLES).transform([("Harga saham", "Warga pulang"), ("", "saham")])
    in_title, share = columns_of("markets")
    assert found.shape == (2, 2 * len(load_lexicon("domains")))
    dense = found.toarray()
    # "harga" and "saham" are two words of four.
    assert dense[:, in_title].tolist() == [1, 0]
    assert dense[:, share].tolist() == pytest.approx([SHARE_SCALE * math.sqrt(0.5), SHARE_SCALE])


def test_a_share_does_not_grow_with_the_length_of_a_text():
    shares = GroupShares().fit(ARTICLES)
    once, often = shares.transform([("", "saham warga"), ("", "saham warga " * 50)]).toarray()
    assert np.allclose(once, often)


@given(rows_of_texts)
def test_titles_are_yes_or_no_and_shares_are_bounded(rows):
    found = GroupShares().fit(rows).transform(rows).toarray()
    in_title, shares = np.hsplit(found, 2)
    assert set(np.unique(in_title)) <= {0.0, 1.0}
    # A word can count twice: alone and in a pair.
    assert ((shares >= 0) & (shares <= SHARE_SCALE * math.sqrt(2))).all()


def test_a_text_without_words_has_no_share():
    assert GroupShares().fit(ARTICLES).transform([("", ""), ("?!", "...")]).nnz == 0


def test_a_fitted_model_keeps_its_lexicon_and_forgets_an_earlier_one(monkeypatch):
    shares = GroupShares().fit(ARTICLES)
    before = shares.transform(ARTICLES).toarray()
    monkeypatch.setattr("saring.models.tfidf_features.load_lexicon", lambda section: {"eggs": ("telur",)})
    assert np.array_equal(shares.transform(ARTICLES).toarray(), before)
    assert shares.fit(ARTICLES).transform(ARTICLES).shape == (3, 2)


def test_names_count_for_each_of_their_kinds_and_longer_ones_with_what_is_in_them():
    shares = GroupShares("names").fit(ARTICLES)
    title = "Verrell Bramasta Bertemu Presiden Korea Selatan"
    [found] = shares.transform([(title, "")]).toarray()
    in_title = {name for name, named in zip(shares.groups_, found, strict=False) if named}
    assert {"entertainer", "politician", "country_form"} <= in_title
    assert len(found) == 2 * len(load_kinds())
