"""How the topic model behaves on articles of our own: what must not matter does not.

One model for all tests here: the topic pipeline fitted on the whole training split.
"""

from functools import cache

import pytest
from plain_articles import PLAIN

from saring.config import TrainConfig
from saring.corpus import read_corpus
from saring.fit import fit
from saring.parse import parse
from saring.tasks import TASKS

# One process fits the model for them all.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("behaviour")]

TEASERS = {
    "economy": "Baca Juga: IHSG Ditutup Melemah, Saham Perbankan Jadi Pemberat",
    "gossip": "Baca Juga: Potret Mesra Aktris Ini dengan Kekasih Barunya, Netizen Heboh",
    "international_politics": "Baca Juga: Rusia dan Ukraina Kembali Bertukar Tawanan Perang",
    "other": "Baca Juga: Timnas Menang Tipis, Pelatih Puji Penampilan Kiper",
}
PUBLISHERS = {
    "economy": "BISNIS RAYA",
    "gossip": "SELEB KITA",
    "international_politics": "SOROT DUNIA",
    "other": "BOLA PETANG",
}
CASES = [(topic, number) for topic, texts in PLAIN.items() for number in range(len(texts))]
each_article = pytest.mark.parametrize(("topic", "number"), CASES)


@pytest.fixture(scope="module")
def topic_of(embedded_corpus):
    task, config = TASKS[0], TrainConfig()
    known = [a for a in read_corpus(embedded_corpus) if a.split == "train"]
    model = fit(task, task.table(known, config), config)

    @cache
    def ask(text):
        article = parse(text)
        return str(model.predict([(article.title, article.body)])[0])

    return ask


def with_line(text, line, at):
    lines = text.split("\n")
    return "\n".join([*lines[:at], line, *lines[at:]])


# Minimum function


@each_article
def test_a_plain_article_is_of_its_topic(topic_of, topic, number):
    assert topic_of(PLAIN[topic][number]) == topic


# What must not matter


@each_article
def test_a_teaser_of_another_topic_added_anywhere_does_not_change_it(topic_of, topic, number):
    text = PLAIN[topic][number]
    for other, teaser in TEASERS.items():
        for at in (2, 3, text.count("\n") + 1):
            assert topic_of(with_line(text, teaser, at)) == topic, (other, at)


@each_article
def test_a_teaser_removed_or_swapped_does_not_change_it(topic_of, topic, number):
    text = PLAIN[topic][number]
    found = {topic_of(with_line(text, teaser, 3)) for teaser in TEASERS.values()}
    assert found == {topic_of(text)}


@each_article
def test_the_publisher_s_name_in_the_dateline_does_not_change_it(topic_of, topic, number):
    title, first, *rest = PLAIN[topic][number].split("\n")
    for publisher in PUBLISHERS.values():
        dated = "\n".join([title, f"JAKARTA, {publisher} - {first}", *rest])
        assert topic_of(dated) == topic, publisher


@each_article
def test_furniture_around_the_article_does_not_change_it(topic_of, topic, number):
    text = PLAIN[topic][number]
    furniture = ("SCROLL TO CONTINUE WITH CONTENT", "ADVERTISEMENT", "[Gambas:Video 20detik]")
    for line in furniture:
        assert topic_of(with_line(text, line, 2)) == topic, line
