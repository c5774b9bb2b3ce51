"""Two models on the same rows: the laws of their difference, the rows left out, and the verdict."""

import numpy as np
import pytest
from heldouts import heldout
from hypothesis import given, settings
from hypothesis import strategies as st

from saring.evaluation.comparison import (
    ALIKE,
    BETTER,
    NOT_HELD_OUT,
    RELABELLED,
    TRAINED_ON,
    TRAINED_ON_BY_IT,
    WORSE,
    compare,
    comparison_table,
    told,
    verdict,
)
from saring.evaluation.gate import Check

CODES = st.integers(0, 2)
ROWS = st.lists(st.tuples(CODES, CODES, CODES), min_size=6, max_size=30)
TRUTH = [n % 3 for n in range(60)]
BAD = [(n + (n % 2)) % 3 for n in TRUTH]  # every third is wrong


def one(champion, challenger):
    [found] = compare([champion], [challenger])
    return found


# Laws


@settings(max_examples=25)
@given(ROWS)
def test_a_model_is_like_itself(rows):
    truth, said, _ = zip(*rows, strict=True)
    found = one(heldout(truth, said), heldout(truth, said))
    assert (found.difference.value, found.difference.low, found.difference.high) == (0, 0, 0)
    assert (found.outcome, len(found.changed), found.left_out) == (ALIKE, 0, 0)


@settings(max_examples=25)
@given(ROWS)
def test_swapped_the_difference_is_the_opposite(rows):
    truth, first, second = zip(*rows, strict=True)
    there = one(heldout(truth, first), heldout(truth, second))
    back = one(heldout(truth, second), heldout(truth, first))
    assert there.difference.value == -back.difference.value
    assert there.difference.low == pytest.approx(-back.difference.high, abs=1e-12)
    assert {there.outcome, back.outcome} in ({ALIKE}, {BETTER, WORSE})


@settings(max_examples=25)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, random):
    truth, first, second = zip(*rows, strict=True)
    order = list(range(len(rows)))
    random.shuffle(order)
    a, b = heldout(truth, first), heldout(truth, second)
    there, shuffled = one(a, b), one(a.take(np.array(order)), b)
    assert there.difference == shuffled.difference
    assert np.array_equal(*(answered.keys for answered in shuffled.answers))


def test_figures_are_those_of_the_same_rows():
    found = one(heldout(TRUTH, BAD), heldout(TRUTH, TRUTH))
    assert found.challenger.macro_f1.value == 1
    assert found.difference.value == found.challenger.macro_f1.value - found.champion.macro_f1.value
    assert found.outcome == BETTER
    assert found.changed.tolist() == [n for n in range(60) if TRUTH[n] != BAD[n]]


# Rows


def test_rows_of_equal_words_are_not_lost():
    keys = [7, 7, 7, 8, 9, 9]
    found = one(heldout([0, 1, 2, 0, 1, 2], [0] * 6, keys=keys), heldout([0, 1, 2, 0, 1, 2], [1] * 6, keys=keys))
    assert (found.challenger.n, found.left_out) == (6, 0)


def test_left_out_rows_are_counted_by_reason():
    ours = heldout(TRUTH[:30], TRUTH[:30])
    own = heldout([2, *TRUTH[1:20]], TRUTH[:20])  # of the first row another label
    assert one(own, ours).left_out_for == {NOT_HELD_OUT: 10, RELABELLED: 1}
    asked = heldout(TRUTH[:20], TRUTH[:20], by="0123456789ab")  # by training, that leaves out what it was trained on
    assert one(asked, ours).left_out_for == {TRAINED_ON: 10}
    assert one(ours, asked).left_out_for == {TRAINED_ON_BY_IT: 10}


def test_the_table_says_what_was_left_out_within_eighty_columns():
    found = compare(
        [heldout(TRUTH, BAD, task="clickbait", split="publisher-out", by="0123456789ab")],
        [heldout([*TRUTH, 0], [*TRUTH, 0], task="clickbait", split="publisher-out")],
    )
    lines = str(comparison_table(found)).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "Left out of clickbait, publisher-out: 1 that the champion was trained on."
    assert lines[3].split()[-1] == "better"


def test_of_a_champion_s_answers_those_to_the_most_rows_count():
    ours = heldout(TRUTH, TRUTH)
    few, most = heldout(TRUTH[:5], TRUTH[:5]), heldout(TRUTH, BAD, part="articles")
    assert one(most, ours).champion == compare([most, few], [ours])[0].champion
    assert one(most, ours).difference == compare([few, most], [ours])[0].difference


@pytest.mark.parametrize(
    "other",
    [
        heldout(TRUTH, TRUTH, task="link"),
        heldout(TRUTH, TRUTH, split="random"),
        heldout(TRUTH, TRUTH, labels=("ball", "race", "fish")),
        heldout(TRUTH, TRUTH, keys=np.arange(100, 160)),
    ],
    ids=["another task", "another protocol", "other labels", "other rows"],
)
def test_what_cannot_be_compared_is_not(other):
    assert compare([other], [heldout(TRUTH, TRUTH)]) == []


# The verdict

GOOD, POOR = heldout(TRUTH, TRUTH), heldout(TRUTH, BAD)


def test_better_at_one_and_worse_at_none_may_be_promoted():
    found = verdict([one(POOR, GOOD), one(GOOD, GOOD)])
    assert found.may
    assert found.reason.startswith(f"it is better at topic, test: {told(one(POOR, GOOD).difference)}")


@pytest.mark.parametrize(
    ("comparisons", "checks", "reason"),
    [
        ([one(POOR, GOOD), one(GOOD, POOR)], [], "it is worse at topic, test: -"),
        ([one(GOOD, GOOD)], [], "it is better at nothing beyond the interval"),
        ([], [], "no held-out rows in common"),
        (
            [one(POOR, GOOD)],
            [Check("topic", "macro_f1", 0.9, 0.5, "test")],
            "below the quality gate: topic macro_f1 0.5",
        ),
    ],
)
def test_all_else_may_not(comparisons, checks, reason):
    found = verdict(comparisons, checks)
    assert not found.may
    assert reason in found.reason
