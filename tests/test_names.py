"""The names of the news: one line each, every one can be found, and of a person no line says more than it may."""

import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

import saring
from saring.text import load_kinds, load_lexicon, load_names, words

FILE = Path(saring.__file__).parent / "names.tsv"
PEOPLE = {
    "entertainer", "influencer", "family", "entertainer_foreign", "kpop", "royal", "athlete", "coach", "econ_person",
    "leader_foreign", "official_foreign", "politician", "police_person", "home_person",
}  # fmt: skip
AFFAIRS = {"home_affair", "traffic_and_crime_term"}
AT_HOME = {"place_id", "politician", "party", "agency", "home_affair", "home_person", "police_person"}
ABROAD = {"country_form", "foreign_city", "leader_foreign", "official_foreign", "party_foreign"}
# Words that say of whom they are related to more than in which part of the news the name occurs.
ACCUSING = re.compile(
    r"\b(korupsi|suap|ott|kpk|pencucian|penipuan|pemerasan|penggelapan|narkoba|sabu|ganja|tersangka|terdakwa|vonis"
    r"|hukuman|penjara|lapas|rutan|pembunuhan|penganiayaan|pelecehan|pencabulan|kdrt|prostitusi|syur|porno|selingkuh"
    r"|teroris|hoaks|ujaran|penistaan|kasus|skandal)\b"
)


@pytest.fixture(scope="module")
def lines():
    return [line.split("\t") for line in FILE.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def names():
    return load_names()


def test_the_file_is_a_table_of_three_columns_under_a_head(lines):
    assert lines[0] == ["term", "kinds", "related"]
    assert {len(line) for line in lines} == {3}
    assert FILE.read_bytes().endswith(b"\n")


def test_terms_are_sorted_and_given_once(lines):
    terms = [line[0] for line in lines[1:]]
    assert [(one, two) for one, two in pairwise(terms) if one >= two] == []


def test_terms_are_one_to_four_words_as_texts_are_read(names):
    for term, name in names.items():
        for written in (term, *name.related):
            assert written == " ".join(words(written)), f"{term}: {written!r} can never be found"
            assert 1 <= len(written.split()) <= 4, f"{term}: {written!r}"
            assert not written.isdigit(), f"{term}: {written!r}"


def test_kinds_are_those_of_the_lexicon_sorted_and_all_are_used(names):
    kinds = load_kinds()
    for term, name in names.items():
        assert list(name.kinds) == sorted(set(name.kinds)), term
        assert set(name.kinds) <= set(kinds), term
    assert {kind for name in names.values() for kind in name.kinds} == set(kinds)
    assert set(kinds.values()) <= set(load_lexicon("domains"))


def test_related_terms_are_six_at_most_each_once_and_never_the_term_itself(names):
    for term, name in names.items():
        assert len({*name.related, term}) == len(name.related) + 1 <= 7, term


def test_nothing_is_at_home_and_abroad(names):
    domains = load_lexicon("domains")
    for term, name in names.items():
        assert not (AT_HOME & set(name.kinds) and ABROAD & set(name.kinds)), term
        assert not (term in domains["home"] and ABROAD & set(name.kinds)), term
        assert not (term in domains["abroad"] and AT_HOME & set(name.kinds)), term


def test_nobody_is_an_affair_or_a_crime(names):
    for term, name in names.items():
        assert not (PEOPLE & set(name.kinds) and AFFAIRS & set(name.kinds)), term


def test_who_is_known_from_an_affair_has_no_relations(names):
    known = {term for term, name in names.items() if "home_person" in name.kinds}
    for term, name in names.items():
        assert not (term in known and name.related), term
        assert not known & set(name.related), term


def test_no_relation_joins_a_person_with_an_affair_or_accuses_one(names):
    people = {term for term, name in names.items() if PEOPLE & set(name.kinds)}
    affairs = {term for term, name in names.items() if AFFAIRS & set(name.kinds)}
    for term, name in names.items():
        if term in affairs or ACCUSING.search(term):
            assert term in people or not people & set(name.related), term
        if term in people:
            assert not affairs & set(name.related), term
            assert [related for related in name.related if ACCUSING.search(related)] == [], term


def test_several_kinds_for_one_term(names):
    assert names["verrell bramasta"].kinds == ("entertainer", "politician")
    assert names["lukashenko"].related == ("belarus", "minsk", "rusia")
    counts = defaultdict(int)
    for name in names.values():
        counts[len(name.kinds)] += 1
    assert counts[2] > 300
