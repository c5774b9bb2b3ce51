"""What parsing does not look at could not have mattered: the short way finds what the long one does."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.parse import engine, parse
from saring.parse.markers import PLACES, load_rules, lower, take_line

RULES = load_rules()
SEARCHED = [*RULES.markers, *RULES.at("inside")]
EXAMPLES = [
    example.replace("⟦", "").replace("⟧", "")
    for one in (*RULES.markers, *RULES.rules)
    for example in (*one.examples, *one.false_friends)
]
NEEDS = sorted({need for one in (*RULES.markers, *RULES.rules) for need in one.needs})
PROSE = ["Rupiah menguat terhadap dolar.", "Kata Émile, “Ya.”", "İstanbul", "(baca: polisi)", "a/b"]
# Texts of whole examples, of the strings that rules need, and of prose, joined in any way.
TEXTS = st.lists(
    st.tuples(
        st.sampled_from([*EXAMPLES, *NEEDS, *PROSE]), st.sampled_from(["\n", " ", "", "\n\n"])
    ),
    max_size=8,
).map(lambda pieces: "".join(piece + joint for piece, joint in pieces))


def places_the_long_way(low):
    found = set()
    for one in SEARCHED:
        for need in one.needs:
            at = low.find(need)
            while at >= 0:
                found.add((at, id(one)))
                at = low.find(need, at + len(need))
    return found


def needed_the_long_way(place, low):
    return [r for r in RULES.at(place) if not r.needs or any(need in low for need in r.needs)]


def check(text):
    low = lower(text)
    met = RULES.met(low)
    short = [(at, id(one)) for at, one in RULES.places(low, met)]
    assert set(short) == places_the_long_way(low)
    assert short == [(at, id(one)) for at, one in RULES.places(low)]
    assert RULES.needed("line", low, met) == needed_the_long_way("line", low)
    for line in text.splitlines():
        for place in PLACES:
            assert RULES.whole_line(place, line) == take_line(RULES.at(place), line) or (
                RULES.whole_line(place, line)[1].span()
                == take_line(RULES.at(place), line)[1].span()
            )


@given(TEXTS)
def test_no_marker_and_no_rule_is_passed_over(text):
    check(text)


def test_nor_in_any_article_of_the_corpus_with_its_markers_and_without(embedded_corpus):
    for row in embedded_corpus.read_bytes().splitlines()[::5]:
        text = orjson.loads(row)["text"]
        check(text)
        check(parse(text).body)


@given(st.text(st.sampled_from("ab.\n \t\xa0\u200b\u2028\x0b\x0c\x1c\x85")))
def test_lines_are_found_alike_by_both_ways(text):
    long = [engine._tight(text, *match.span()) for match in engine._LINE.finditer(text)]
    assert engine._fed_lines(text) == long


@given(TEXTS)
def test_lines_parted_by_feeds_and_by_returns_are_the_same_article(text):
    fed = parse({"title": "Judul", "text": text, "id": "a"})
    returned = parse({"title": "Judul", "text": text.replace("\n", "\r"), "id": "a"})
    assert fed.body == returned.body
    assert [link.headline for link in fed.links] == [link.headline for link in returned.links]


@pytest.mark.parametrize("need", NEEDS)
def test_each_string_that_is_needed_is_met_wherever_it_stands(need):
    searched = {n for one in (*SEARCHED, *RULES.at("line")) for n in one.needs}
    if need in searched:
        assert need in RULES.met(f"di dalam {need} kalimat")
        assert need in RULES.met(f"x{need}x")
