"""Terms are counted once: the same counts as reading the texts of each fold again."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from saring.models.tfidf_features import (
    Counts,
    FieldTfidf,
    GroupShares,
    HeadlineTfidf,
    Rows,
    count_terms,
    per_row,
    word_vectors,
)
from saring.text import END, START, TOKEN, framed, words

WORDS = ["kapal", "Kapal", "laut", "perang", "HARGA", "telur", "5,5", "ke-3", "é", "Ž", "a", "?!", "\n"]
texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join) | st.text(max_size=12)
rows = st.lists(st.tuples(texts, texts), min_size=1, max_size=12)


def check_equal(found, expected):
    assert found.shape == expected.shape
    assert np.array_equal(found.toarray(), expected.toarray())


# Rows


def test_some_rows_are_those_at_the_given_places():
    every = Rows("abcdef")
    some = every.take(np.array([4, 1, 3]))
    assert list(some) == ["e", "b", "d"]
    assert list(some.take(np.array([2, 0]))) == ["d", "e"]
    assert (some[1], list(some[1:]), len(some)) == ("b", ["b", "d"], 3)


def test_all_rows_are_asked_about_once_whichever_are_taken():
    asked = []

    def lengths(rows):
        asked.append(list(rows))
        return np.array([len(row) for row in rows])

    every = Rows(["a", "bb", "ccc"])
    for chosen in ([2, 0], [1], []):
        some = every.take(np.array(chosen, dtype=np.intp))
        assert per_row(some, "lengths", lengths).tolist() == [chosen_ + 1 for chosen_ in chosen]
    assert asked == [["a", "bb", "ccc"]]
    assert per_row(["dddd"], "lengths", lengths).tolist() == [4]  # others are just asked


def test_folds_side_by_side_ask_once():
    asked, every = [], Rows(range(3))
    begin = threading.Barrier(4)

    def fold():
        begin.wait()
        every.take(np.array([1])).once("answer", lambda rows: asked.append(list(rows)))

    threads = [threading.Thread(target=fold) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [[0, 1, 2]]


# Counts


@given(st.lists(texts, min_size=2, max_size=20), st.integers(1, 2), st.none() | st.integers(1, 6))
def test_tf_idf_is_learned_and_weighed_as_scikit_learn_does(found, min_df, limit):
    options = {"min_df": min_df, "max_features": limit, "sublinear_tf": True}
    found = [*found, "kapal kapal laut", "laut kapal perang"]
    expected = TfidfVectorizer(**options).fit(found)
    counts = count_terms(found, words)
    fitted = counts.fit(min_df, limit)
    assert fitted.terms == expected.get_feature_names_out().tolist()
    assert np.array_equal(fitted.idf, expected.idf_)
    check_equal(fitted.weigh(counts), expected.transform(found))
    others = ["laut biru", *found[:1]]
    check_equal(fitted.weigh(count_terms(others, words)), expected.transform(others))


def test_terms_that_nobody_kept_are_told_with_what_to_do():
    with pytest.raises(ValueError, match=r"no word stands in 2 of 2 texts; .* lower min_df"):
        count_terms(["satu", "dua"], words).fit(min_df=2)


def test_chosen_terms_stand_in_the_given_order_met_or_not():
    counts = count_terms(["laut kapal laut", "telur"], words).only(["telur", "zebra", "laut"])
    assert isinstance(counts, Counts)
    assert counts.matrix.toarray().tolist() == [[0, 0, 2], [1, 0, 0]]


# Features of some rows of a table


@settings(max_examples=30)
@given(rows, st.data())
@pytest.mark.parametrize(
    "features",
    [
        pytest.param(lambda: FieldTfidf("all", 1), id="all"),
        pytest.param(lambda: FieldTfidf("lead", 1), id="lead"),
        pytest.param(GroupShares, id="domains"),
        pytest.param(lambda: GroupShares("names"), id="names"),
    ],
)
def test_features_of_some_rows_are_those_of_the_rows_alone(features, every, data):
    chosen = data.draw(st.lists(st.integers(0, len(every) - 1), min_size=1, max_size=9))
    some = [("kapal laut", "perang"), *(every[i] for i in chosen)]
    table = Rows([*every, some[0]])
    taken = table.take(np.array([len(every), *chosen]))
    of_table, alone = features().fit(taken), features().fit(some)
    check_equal(of_table.transform(taken), alone.transform(some))
    check_equal(of_table.transform(table), alone.transform(list(table)))


@given(st.lists(texts, min_size=1, max_size=12), st.data())
@pytest.mark.parametrize("options", [{}, {"cased": True}, {"known": True}], ids=str)
def test_so_are_those_of_headlines(options, every, data):
    chosen = data.draw(st.lists(st.integers(0, len(every) - 1), min_size=1, max_size=9))
    table = Rows(every)
    taken, some = table.take(np.array(chosen)), [every[i] for i in chosen]
    of_table = HeadlineTfidf(1, **options).fit(taken)
    alone = HeadlineTfidf(1, **options).fit(some)
    check_equal(of_table.transform(taken), alone.transform(some))
    check_equal(of_table.transform(table), alone.transform(every))


@given(st.lists(texts, min_size=1, max_size=12), st.booleans())
def test_headlines_are_counted_as_scikit_learn_does(headlines, cased):
    for known in (False, True):
        expected = TfidfVectorizer(
            ngram_range=(1, 1) if known else (1, 2),
            vocabulary=word_vectors()[0] if known else None,
            lowercase=not cased,
            sublinear_tf=True,
            token_pattern=f"[{START}{END}]|{TOKEN}",
        ).fit([framed(row, cased=cased) for row in dict.fromkeys(headlines)])
        found = HeadlineTfidf(1, cased=cased, known=known).fit(headlines).tfidf_
        assert found.terms == expected.get_feature_names_out().tolist()
        assert np.array_equal(found.idf, expected.idf_)
