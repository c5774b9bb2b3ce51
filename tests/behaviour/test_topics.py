"""What an article is about: thirty plain ones of each topic are right, and what must not matter does not.

Each law is asked of all plain articles at once; a failure lists every case that breaks it.
"""

from collections import Counter
from itertools import cycle, zip_longest

import pytest
from laws import Variant, assert_holds, assert_same_topic
from plain_articles import PLAIN

# One process opens the model for them all.
pytestmark = pytest.mark.slow

HEADLINES = {
    "economy": "IHSG Ditutup Melemah, Saham Perbankan Jadi Pemberat",
    "gossip": "Potret Mesra Aktris Ini dengan Kekasih Barunya, Netizen Heboh",
    "international_politics": "Rusia dan Ukraina Kembali Bertukar Tawanan Perang",
    "other": "Timnas Menang Tipis, Pelatih Puji Penampilan Kiper",
}
MARKERS = (
    "Baca Juga: {}",
    "BACA JUGA : {}",
    "(Baca juga: {})",
    "Simak Juga: {}",
    "Lihat juga: {}",
    "Artikel terkait: {}",
    "Pilihan Editor: {}",
)
PLACES = {"at the top": 0, "in the middle": 2, "at the end": 99}

MOST_BRIEFS_LOST = 3

PUBLISHERS = ("Bisnis Raya", "Seleb Kita", "Sorot Dunia", "Bola Petang")
DATELINES_WITH_PUBLISHER = (
    "JAKARTA, BISNIS RAYA",
    "JAKARTA, SELEB KITA",
    "SURABAYA, SOROT DUNIA",
    "Bola Petang, Bandung",
    "Liputan Nusantara, Jakarta",
    "Jakarta (Kantor Berita Mentari)",
    "Kabar6seleb.com",
    "EKONOMIHARIINI.CO.ID, JAKARTA",
)
DATELINES = ("JAKARTA", "Makassar", "Washington", "MOSKOW", "Seoul", "Kuala Lumpur, Malaysia", "Bali")
FURNITURE = (
    "SCROLL TO CONTINUE WITH CONTENT",
    "ADVERTISEMENT",
    "[Gambas:Video 20detik]",
    "Foto: Ilustrasi/Istimewa",
    "Halaman 1 dari 2",
    "Dapatkan update berita pilihan setiap hari di kanal Telegram kami.",
)


# Minimum function


def test_there_are_thirty_plain_articles_of_each_topic():
    assert set(Counter(article.topic for article in PLAIN).values()) == {30}
    assert len({article.title for article in PLAIN}) == len(PLAIN)


def test_a_plain_article_is_of_its_topic(shipped):
    found = shipped.predict([article.row() for article in PLAIN])
    broken = [
        f"{article.title} | {article.topic} -> {prediction.topic} {prediction.error}"
        for article, prediction in zip(PLAIN, found, strict=True)
        if prediction.topic != article.topic
    ]
    assert_holds(broken, asked=len(PLAIN))


def test_a_plain_article_is_not_abstained_from(shipped):
    found = shipped.predict([article.row() for article in PLAIN])
    assert_holds([p.title for p in found if p.abstained], asked=len(found))


def test_a_brief_is_not_abstained_from(shipped):
    """A title and one paragraph are news too."""
    found = shipped.predict([article.row(text=article.paragraphs[0]) for article in PLAIN])
    broken = [p.title for p in found if p.abstained]
    assert_holds(broken, asked=len(found), allowed=MOST_BRIEFS_LOST)


def test_it_is_the_same_as_copied_text_as_as_a_row(shipped):
    variants = [Variant(article, "copied", "\n".join([article.title, *article.paragraphs])) for article in PLAIN]
    assert_same_topic(shipped, variants)


# What must not matter: teasers


def test_a_teaser_added_anywhere_does_not_change_the_topic(shipped):
    marker = cycle(MARKERS)
    assert_same_topic(
        shipped,
        (
            Variant(article, f"{line} {where}", article.row(text=article.with_line(line, at)))
            for article in PLAIN
            for where, at in PLACES.items()
            for line in (next(marker).format(headline) for headline in HEADLINES.values())
        ),
    )


def test_teasers_that_change_places_or_fall_away_do_not_change_the_topic(shipped):
    """One behind each paragraph, in each order that starts with another topic, then one less."""
    teasers = [f"Baca Juga: {headline}" for headline in HEADLINES.values()]
    assert_same_topic(
        shipped,
        (
            Variant(article, " / ".join(lines), article.row(text=_between(article, lines)))
            for article in PLAIN
            for first in range(len(teasers))
            for kept in (3, 2, 1)
            for lines in [(teasers[first:] + teasers[:first])[:kept]]
        ),
    )


def _between(article, lines):
    """Return the text with each of the lines behind a paragraph of its own."""
    pairs = zip_longest(article.paragraphs, lines)
    return "\n".join(text for pair in pairs for text in pair if text)


# What must not matter: who printed it, where, and how


def test_the_publisher_s_name_does_not_change_the_topic(shipped):
    assert_same_topic(
        shipped,
        (
            Variant(article, publisher, article.row(publisher=publisher))
            for article in PLAIN
            for publisher in (article.publisher, *PUBLISHERS)
        ),
    )


def test_the_publisher_s_name_in_the_dateline_does_not_change_the_topic(shipped):
    assert_same_topic(
        shipped,
        (
            Variant(article, line, article.row(text=article.dated(line)))
            for article in PLAIN
            for line in DATELINES_WITH_PUBLISHER
        ),
    )


def test_a_dateline_does_not_change_the_topic(shipped):
    assert_same_topic(
        shipped,
        (Variant(article, line, article.row(text=article.dated(line))) for article in PLAIN for line in DATELINES),
    )


def test_the_case_of_the_title_does_not_change_the_topic(shipped):
    assert_same_topic(
        shipped,
        (
            Variant(article, case.__name__, article.row(title=case(article.title)))
            for article in PLAIN
            for case in (str.upper, str.lower, str.title)
        ),
    )


def test_boilerplate_around_the_article_does_not_change_the_topic(shipped):
    assert_same_topic(
        shipped,
        (
            Variant(article, f"{line} {where}", article.row(text=article.with_line(line, at)))
            for article in PLAIN
            for line in FURNITURE
            for where, at in PLACES.items()
        ),
    )


def test_the_order_of_the_paragraphs_does_not_change_the_topic(shipped):
    assert_same_topic(
        shipped,
        (
            Variant(article, order, article.row(text="\n".join(paragraphs)))
            for article in PLAIN
            for order, paragraphs in {
                "backwards": article.paragraphs[::-1],
                "first paragraph last": (*article.paragraphs[1:], article.paragraphs[0]),
            }.items()
        ),
    )


def test_lost_line_breaks_and_lost_capitals_do_not_change_the_topic(shipped):
    assert_same_topic(
        shipped,
        (
            Variant(article, change, article.row(text=text))
            for article in PLAIN
            for change, text in {
                "on one line": " ".join(article.paragraphs),
                "in lower case": "\n".join(article.paragraphs).lower(),
            }.items()
        ),
    )
