"""Why a link was judged so, in words a reader understands."""

import pytest

from saring.reasons import link_reasons


def reasons(
    shared=(), topic="economy", probability=0.9, article="economy", clickbait=0.0, related=False
):
    return link_reasons(shared, (topic, probability), article, clickbait, related=related)


@pytest.mark.parametrize(
    ("shared", "words"),
    [
        ([], "shares no specific word"),
        (["rusia"], "shares only 'rusia'"),
        (["minsk", "rusia"], "shares 'minsk', 'rusia'"),
        (["a", "b", "c", "d"], "shares 'a', 'b', 'c', 'd'"),
        (["a", "b", "c", "d", "e", "f"], "shares 'a', 'b', 'c', 'd' and 2 more"),
    ],
)
def test_the_first_reason_is_what_is_shared(shared, words):
    assert reasons(shared) == (words,)


def test_another_topic_is_a_reason_when_it_is_sure():
    assert reasons(topic="international_politics") == (
        "shares no specific word",
        "headline reads as international politics",
    )
    assert len(reasons(topic="gossip", probability=0.79)) == 1
    assert len(reasons(topic="economy")) == 1


def test_another_topic_does_not_explain_a_related_link_nor_does_other():
    assert len(reasons(topic="gossip", related=True)) == 1
    assert len(reasons(topic="other")) == 1


def test_clickbait_is_a_reason_when_it_is_sure():
    assert reasons(clickbait=0.7)[-1] == "headline reads as clickbait"
    assert len(reasons(clickbait=0.69)) == 1


def test_the_weightiest_reason_comes_first():
    assert reasons(["rusia"], "gossip", 0.8, "other", 0.9) == (
        "shares only 'rusia'",
        "headline reads as gossip",
        "headline reads as clickbait",
    )
