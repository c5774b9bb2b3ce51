"""Digests of what was trained on: they know a row again, however it is set, and no other."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.article import Article
from saring.errors import BundleError
from saring.training.corpus import BYTES, LabelledArticle, LabelledLink, digests, seen

WORDS = st.lists(st.sampled_from(["harga", "beras", "naik", "jelang", "panen", "raya", "di", "Bulog"]), min_size=1)
TEXTS = WORDS.map(" ".join)


def article(title="", text="", *headlines):
    links = tuple(LabelledLink(headline, related=True) for headline in headlines)
    return LabelledArticle(Article("1", title, text), links=links)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=9))
def test_what_was_trained_on_is_known_again(pairs):
    rows = [article(title, text) for title, text in pairs]
    assert sum(seen(rows, digests(rows))) == len(rows)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_what_was_not_is_not(title, text, other, third):
    stored = digests([article(title, text)])
    row = article(f"{other} kemarin", f"{third} lusa")
    assert sum(seen([row], stored)) == 0


def test_case_spacing_and_marks_do_not_count():
    stored = digests([article("Harga Beras Naik!", "Kata Bulog,\nharga naik.")])
    for row in (
        article("HARGA BERAS: NAIK", "lain"),
        article("Lain", "kata Bulog  harga naik"),
        article("Lain", "\uff2bata Bulog harga naik"),  # a full-width letter
    ):
        assert sum(seen([row], stored)) == 1


def test_a_headline_that_was_trained_on_is_a_title_that_was():
    stored = digests([article("Judul", "Isi.", "Cabai Rawit Turun")])
    assert sum(seen([article("Cabai rawit turun")], stored)) == 1


def test_nothing_is_like_nothing():
    assert sum(seen([article("", ""), article("...", "")], digests([article("", "!")]))) == 0
    assert sum(seen([article("a")], "")) == 0


def test_digests_are_short_and_in_no_order_of_rows():
    rows = [article(f"judul {n}", f"isi {n}") for n in range(100)]
    assert digests(rows) == digests(rows[::-1])
    assert len(digests(rows)) == 200 * BYTES * 5 // 4
    assert digests(rows) == digests([replace(row, split="test") for row in rows])


@pytest.mark.parametrize("stored", ['"""', "~~~~~", "é", 7, None, ["a"]])
def test_what_are_no_digests_is_an_error_of_the_bundle(stored):
    with pytest.raises(BundleError, match=r"trained_on in card\.json"):
        seen([article("a")], stored)
