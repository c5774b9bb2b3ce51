"""A label that has no headline behind it on its line: what goes with it, and what is no label."""

import pytest

from saring.parsing.engine import parse

FIRST = "Harga emas turun di Jakarta hari ini, kata pedagang."
HEADLINE = "Harga Cabai Naik Dua Kali Lipat di Pasar"
LAST = "Pedagang mengeluh karena pasokan berkurang sejak pekan lalu."


def pieces(text):
    return [(piece.kind, piece.text) for piece in parse(text).pieces() if piece.text.strip()]


@pytest.mark.parametrize("label", ["[Baca Juga:]", "(Baca Juga:)", "Baca Juga:"])
def test_a_label_in_brackets_over_a_box_goes_with_its_brackets(label):
    assert pieces(f"{FIRST}\n{label}\n{HEADLINE}\n{LAST}") == [
        ("body", f"{FIRST}\n"),
        ("link_label", label),
        ("link", HEADLINE),
        ("body", f"\n{LAST}"),
    ]


@pytest.mark.parametrize("label", ["(Baca juga:)", "[Baca Juga:]"])
def test_so_does_one_at_the_end_of_a_paragraph_with_nothing_under_it(label):
    assert pieces(f"{FIRST} {label}\n{LAST}") == [("body", f"{FIRST} "), ("bare_label", label), ("body", f"\n{LAST}")]


def test_a_label_melted_into_a_paragraph_goes_and_words_of_a_sentence_stay():
    melted = f"Pedagang mengeluh. Baca Juga {FIRST}\n{LAST}"
    assert ("bare_label", "Baca Juga") in pieces(melted)
    sentence = f"Pedagang mengeluh. Baca Juga buku tentang emas itu, kata mereka kemarin.\n{LAST}"
    assert pieces(sentence) == [("body", sentence)]


@pytest.mark.parametrize("initials", ["(anl/ega)", "(ant)"])
def test_initials_alone_behind_a_label_are_no_headline(initials):
    found = pieces(f"{FIRST}\nBaca juga: {initials}\n{LAST}")
    assert ("bare_label", "Baca juga:") in found
    assert "link" not in dict(found)


@pytest.mark.parametrize(
    "behind", [" (abc)", "(abc)", "(ab)", "   (ABC)", " 2.", " Editor: Rina Salma Copyright ©", " Pewarta : Rina Salma"]
)
def test_who_wrote_it_and_the_next_number_of_a_list_are_no_part_of_a_headline(behind):
    assert [link.headline for link in parse(f"{FIRST}\nBaca juga: {HEADLINE}{behind}\n{LAST}").links] == [HEADLINE]


@pytest.mark.parametrize("end", [" (MK)", " (Lagi)", ": Editor Buku Bicara", " Nomor 2"])
def test_brackets_and_words_of_a_headline_stay(end):
    assert [link.headline for link in parse(f"{FIRST}\nBaca juga: {HEADLINE}{end}\n{LAST}").links] == [HEADLINE + end]


@pytest.mark.parametrize(
    ("dateline", "publisher"), [("LENSA BOGOR", "Lensa Bogor"), ("BOGOR BANDUNG", ""), ("BOGOR, JAKARTA BANDUNG", "")]
)
def test_a_name_in_capitals_with_a_place_is_a_publisher_and_two_places_are_none(dateline, publisher):
    assert parse(f"{dateline} - {LAST}").publisher == publisher
