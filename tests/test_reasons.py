"""Why a link was judged so, in words a reader understands."""

import pytest

from saring.models.pair_features import Evidence
from saring.predict import link_reasons


def evidence(*words, shared=True):
    return [Evidence(word, 9.04 - n, shared) for n, word in enumerate(words)]


def reasons(found=(), topic="economy", probability=0.9, article="economy", clickbait=0.0, related=False):
    return link_reasons(found, (topic, probability), article, clickbait, related=related)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "shares no specific word"),
        (evidence("rusia"), "shares only 'rusia' 9.0"),
        (evidence("minsk", "rusia"), "shares 'minsk' 9.0, 'rusia' 8.0"),
        (evidence(*"abcd"), "shares 'a' 9.0, 'b' 8.0, 'c' 7.0, 'd' 6.0"),
        (evidence(*"abcdef"), "shares 'a' 9.0, 'b' 8.0, 'c' 7.0, 'd' 6.0 and 2 more"),
    ],
)
def test_the_first_reason_is_what_is_shared_with_its_weights(found, words):
    assert reasons(found) == (words,)


def test_words_whose_related_terms_the_article_has_are_told_apart():
    found = [*evidence("rusia"), *evidence("tabrakan", shared=False)]
    assert reasons(found) == ("shares only 'rusia' 9.0", "article has kin of 'tabrakan' 9.0")


def test_a_name_is_told_with_what_the_article_has_of_its_companions():
    found = [Evidence("lukashenko", 8.0, False, "belarus"), *evidence("rusia")]
    assert reasons(found) == ("shares only 'rusia' 9.0", "names 'lukashenko', known with 'belarus'")


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
    assert reasons(evidence("rusia"), "gossip", 0.8, "other", 0.9) == (
        "shares only 'rusia' 9.0",
        "headline reads as gossip",
        "headline reads as clickbait",
    )
