"""Credits and tags as portals print them."""

import pytest

from saring.parsing.metadata import parse_credits, parse_tags


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Editor: Rina Wulandari", {"editor": "Rina Wulandari"}),
        ("Penulis :  Rina Wulandari ", {"author": "Rina Wulandari"}),
        ("sumber : Antara", {"source": "Antara"}),
        ("Pewarta: Rina W\nEditor: Dedi S", {"author": "Rina W", "editor": "Dedi S"}),
        ("Sumber: AcakEditor: Dedi S", {"source": "Acak", "editor": "Dedi S"}),
        ("(Penulis: Rina W | Editor : Dedi S)", {"author": "Rina W", "editor": "Dedi S"}),
        ("(Ditulis oleh Rina W)", {"author": "Rina W"}),
        ("Editor: Dedi S Copyright © KABAR 2025", {"editor": "Dedi S"}),
        ('judul "Dibantu oleh Warga"', {}),
        ("Editor:", {}),
    ],
)
def test_a_credit_line_names_its_people(line, expected):
    assert parse_credits(line) == expected


def test_tags_are_parted_by_what_portals_print_between_them():
    assert parse_tags("cabai, panen raya,Merapi") == ("cabai", "panen raya", "Merapi")
    assert parse_tags("#cabai #panen") == ("cabai", "panen")
    assert parse_tags("") == ()
