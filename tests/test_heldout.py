"""Answers to held-out rows are stored without loss, and what was altered is refused."""

import numpy as np
import pytest
from heldouts import LABELS, heldout
from hypothesis import given
from hypothesis import strategies as st

from saring.errors import BundleError
from saring.evaluation.heldout import from_arrays, to_arrays
from saring.store import read_npz, write_npz


@st.composite
def answers(draw):
    labels = draw(st.sampled_from([LABELS, ("related", "unrelated")]))
    codes = st.integers(0, len(labels) - 1)
    pairs = draw(st.lists(st.tuples(codes, codes), min_size=1, max_size=20))
    truth, predicted = zip(*pairs, strict=True)
    keys = draw(st.lists(st.integers(0, 2**64 - 1), min_size=len(pairs), max_size=len(pairs)))
    words = draw(st.tuples(*[st.text("abc é", max_size=5)] * 4))
    task, split, part, by = words
    return heldout(truth, predicted, keys=keys, labels=labels, task=task, split=split, part=part, by=by)


def told(one):
    """All that an answer says, as plain values."""
    scored = one.scored
    columns = (scored.truth, scored.predicted, scored.publishers, one.keys, one.ids, one.days)
    return (one.task, one.split, one.part, one.by, scored.labels, *(column.tolist() for column in columns))


@given(st.lists(answers(), max_size=3))
def test_what_is_stored_is_read_again(given_answers):
    found = from_arrays(read_npz(write_npz(to_arrays(given_answers))))
    assert [told(one) for one in found] == [told(one) for one in given_answers]
    for one, other in zip(found, given_answers, strict=True):
        assert np.allclose(one.scored.probabilities, other.scored.probabilities, rtol=0, atol=1e-12)
        same = one.scored.groups[:, None] == one.scored.groups
        assert (same == (other.scored.groups[:, None] == other.scored.groups)).all()


def test_the_same_answers_are_the_same_bytes():
    one = heldout([0, 1, 2], [0, 1, 1])
    assert write_npz(to_arrays([one])) == write_npz(to_arrays(from_arrays(to_arrays([one]))))


def test_no_text_of_an_article_is_stored():
    names = {name.partition(".")[2] for name in to_arrays([heldout([0, 1], [1, 1])])}
    assert names == {
        "name", "labels", "truth", "predicted", "probabilities", "groups", "shares", "keys", "publishers",
        "publishers_at", "ids", "ids_at", "days", "days_at",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("truth", None),
        ("truth", np.array([0, 9, 1], np.int16)),
        ("truth", np.array([0, -1, 1], np.int16)),
        ("predicted", np.array([0, 1], np.int16)),
        ("labels", np.array(["ball", "ball", "race"])),
        ("probabilities", np.full((3, 3), np.nan)),
        ("probabilities", np.full((3, 3), 0.9)),
        ("keys", np.arange(2, dtype=np.uint64)),
        ("keys", np.array([0.5, 1, 2])),
        ("ids_at", np.array([0, 1, 7], np.int32)),
        ("days_at", np.array([0, -3, 0], np.int32)),
        ("name", np.array(["topic", "test"])),
        ("groups", np.array(["a", "b", "c"])),
    ],
)
def test_what_was_altered_is_refused(name, value):
    arrays = to_arrays([heldout([0, 1, 2], [0, 1, 1])])
    arrays.pop(f"0.{name}")
    if value is not None:
        arrays[f"0.{name}"] = value
    with pytest.raises(BundleError, match="held-out answers: their arrays are no answers"):
        from_arrays(arrays)
