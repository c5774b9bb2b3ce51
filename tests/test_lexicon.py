"""The lexicon: every term can be found, and a group's count is the number of its words in a text."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from saring.models.vocabulary import Bag, GroupCounter
from saring.text import load_lexicon, runs, words

SECTIONS = ("domains", "subjects")
GROUPS = {"sea": ["kapal", "kapal perang", "laut"], "war": ["perang", "kapal perang"]}


# Words


def test_words_are_lower_cased_runs_of_two_letters_and_more():
    assert words('Harga "Emas" Antam-UBS naik Rp1.000, kata Ma\'ruf (52)') == [
        "harga", "emas", "antam", "ubs", "naik", "rp1", "000", "kata", "ma", "ruf", "52",
    ]  # fmt: skip
    assert words("") == words("a, b.") == []


@given(st.text(alphabet=st.characters() | st.sampled_from("abAB1_ .,-\n\xa0“éİΣς")))
def test_words_are_those_of_scikit_learn(text):
    expected = CountVectorizer().build_analyzer()(text)
    assert words(text) == expected
    bag = Bag(runs(text))
    assert (bag.words, bag.counts, bag.size) == (expected, Counter(expected), len(expected))


@given(*[st.lists(st.sampled_from(["laut", "kapal", "perang", "a"]), max_size=12)] * 2)
def test_neighbours_are_counted_as_in_a_plain_loop(first, second):
    bag = Bag(first + second)
    found = [word for word in first + second if len(word) > 1]
    assert (bag.words, bag.counts, bag.size) == (found, Counter(found), len(found))
    pairs = Counter(pairwise(found))
    for one in ("laut", "kapal", "perang", "damai"):
        for two in ("laut", "kapal", "perang", "damai"):
            assert bag.times((one, two)) == pairs[one, two]
    for run in (["laut", "kapal", "laut"], ["laut", "laut", "laut"], ["kapal", "perang", "laut", "kapal"]):
        assert bag.times(run) == sum(found[at : at + len(run)] == run for at in range(len(found)))


# The file


@pytest.mark.parametrize("section", SECTIONS)
def test_terms_are_lower_case_words_or_pairs_given_once_in_a_group(section):
    groups = load_lexicon(section)
    assert len(groups) > 1
    for name, terms in groups.items():
        assert terms, name
        assert [term for term, times in Counter(terms).items() if times > 1] == [], name
        for term in terms:
            assert term == " ".join(words(term)), f"{name}: {term!r} can never be found"
            assert len(term.split()) <= 2, f"{name}: {term!r}"


def test_the_places_that_link_features_add_to_the_subjects_are_domains():
    assert {"abroad", "home"} <= set(load_lexicon("domains"))
    assert not set(load_lexicon("domains")) & set(load_lexicon("subjects"))


def test_a_place_is_at_home_or_abroad():
    domains = load_lexicon("domains")
    assert not set(domains["abroad"]) & set(domains["home"])


# Counting


def counts_of(groups, texts):
    counter = GroupCounter(groups.values())
    return [counter.count(Bag(runs(text))) for text in texts]


def test_a_group_counts_its_words_and_pairs_of_neighbours():
    counts = counts_of(GROUPS, ["Kapal perang di laut, kapal lain", "perang kapal", "perkapalan", ""])
    assert counts == [[4, 2], [1, 1], [0, 0], [0, 0]]


def test_a_pair_spans_punctuation_but_not_a_word_between():
    assert counts_of({"war": ["kapal perang"]}, ["Kapal, perang", "kapal si perang"]) == [[1], [0]]


@given(st.lists(st.lists(st.sampled_from(["kapal", "perang", "laut", "damai"]), max_size=12)))
def test_counts_are_those_of_a_plain_loop_and_no_text_minds_the_others(texts):
    counts = counts_of(GROUPS, map(" ".join, texts))
    for found, row in zip(texts, counts, strict=True):
        times = Counter(found + [" ".join(pair) for pair in pairwise(found)])
        assert row == [sum(times[term] for term in terms) for terms in GROUPS.values()]
        assert counts_of(GROUPS, [" ".join(found)]) == [row]
