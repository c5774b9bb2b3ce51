"""What counts as a near-duplicate, and what the order of the texts may not change."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saring.training import splits
from saring.training.splits import near_duplicate_groups

WORDS = [f"kata{number}" for number in range(400)]


def article(seed, n_words=200):
    return " ".join(np.random.default_rng(seed).choice(WORDS, n_words))


def edited(text, n_edits, seed=0):
    """Replace single words, spread evenly: each edit breaks at most five runs."""
    words = text.split()
    for at in np.linspace(3, len(words) - 4, n_edits).astype(int):
        words[at] = f"sunting{seed}"
    return " ".join(words)


def partition(groups):
    return {frozenset(np.flatnonzero(groups == group).tolist()) for group in set(groups.tolist())}


def runs(text):
    words = text.split()
    return {tuple(words[at : at + 5]) for at in range(len(words) - 4)}


def test_an_article_and_its_lightly_edited_copy_share_a_group():
    texts = [article(1), article(2), edited(article(1), 8)]
    assert near_duplicate_groups(texts).tolist() == [0, 1, 0]


def test_unrelated_articles_do_not_share_a_group():
    assert len(set(near_duplicate_groups([article(seed) for seed in range(300)]))) == 300


def test_case_punctuation_and_spacing_do_not_count():
    text = "Rupiah menguat tipis ke level Rp15.200 per dolar, Selasa pagi."
    shouted = "  RUPIAH menguat - tipis\nke level rp15.200 per dolar Selasa pagi"
    assert near_duplicate_groups([text, shouted]).tolist() == [0, 0]


def test_the_order_of_words_counts():
    words = ["satu", "dua", "tiga", "empat", "lima", "enam"]
    assert near_duplicate_groups([" ".join(words), " ".join(reversed(words))]).tolist() == [0, 1]


def test_texts_without_a_word_are_alone_and_equal_short_texts_are_not():
    texts = ["", "", " *** ", "Gempa Cianjur", "gempa cianjur!", "Gempa", "Cianjur gempa"]
    assert near_duplicate_groups(texts).tolist() == [0, 1, 2, 3, 3, 4, 5]


def test_no_texts_give_no_groups():
    assert near_duplicate_groups([]).tolist() == []


def test_copies_of_copies_share_a_group():
    chain = [article(5, 400)]
    for _ in range(4):
        words = chain[-1].split()
        chain.append(" ".join(words[60:]) + " " + article(100 + len(chain), 60))
    assert len(runs(chain[0]) & runs(chain[-1])) / len(runs(chain[0]) | runs(chain[-1])) < 0.5
    assert set(near_duplicate_groups(chain)) == {0}


@pytest.mark.parametrize("threshold", [0.4, 0.5, 0.7, 0.9])
def test_the_threshold_is_exact(threshold, monkeypatch):
    monkeypatch.setattr(splits, "NEAR", threshold)
    texts = [edited(article(7), n_edits) for n_edits in range(1, 30)]
    for text in texts:
        both, either = runs(article(7)) & runs(text), runs(article(7)) | runs(text)
        together = len(set(near_duplicate_groups([article(7), text]))) == 1
        assert together == (len(both) / len(either) >= threshold)


def test_a_copy_is_found_among_thousands_of_texts_of_one_template():
    template = article(11, 80)
    texts = [f"{template} {article(seed, 110)}" for seed in range(1000, 2500)]
    copies = [edited(text, 4) for text in texts[:50]]
    groups = near_duplicate_groups(texts + copies)
    assert groups[:50].tolist() == groups[-50:].tolist()
    assert len(set(groups[:1500])) == 1500


@given(st.permutations(range(12)))
@settings(deadline=None, max_examples=25)
def test_the_partition_does_not_depend_on_the_order_of_the_texts(order):
    texts = [article(1), edited(article(1), 5), edited(article(1), 9), article(2), article(2)]
    texts += ["", "", "Gempa", "gempa", article(3), edited(article(3), 20), edited(article(3), 30)]
    moved = partition(near_duplicate_groups([texts[row] for row in order]))
    assert {frozenset(order[at] for at in members) for members in moved} == partition(near_duplicate_groups(texts))


@given(st.lists(st.text(), max_size=8))
@settings(deadline=None)
def test_any_text_is_accepted_and_groups_are_numbered_by_first_appearance(texts):
    groups = near_duplicate_groups([*texts, *texts]).tolist()
    assert list(dict.fromkeys(groups)) == list(range(len(set(groups))))
    worded = [any(char.isalnum() for char in text) for text in texts]
    assert all(groups[at] == groups[at + len(texts)] for at in range(len(texts)) if worded[at])


@pytest.mark.slow
def test_ten_thousand_articles_take_less_than_fifteen_seconds():
    texts = [article(seed, 270) for seed in range(10_000)]
    start = time.process_time()
    groups = near_duplicate_groups(texts)
    assert time.process_time() - start < 15
    assert len(set(groups)) == 10_000
