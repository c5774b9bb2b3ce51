"""What parsing does not look at could not have mattered: the short way finds what the long one does."""

import re
from dataclasses import replace

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from saring.parsing import boilerplate
from saring.parsing.engine import parse
from saring.parsing.lines import MAX_COMMA_DUMP_LINES, split_lines
from saring.parsing.rules import PLACES, Draft, Literals, load_rules, lower, take_line

RULES = load_rules()
SEARCHED = [*RULES.markers, *RULES.at["inside"]]
EXAMPLES = [
    example.replace("⟦", "").replace("⟧", "")
    for one in (*RULES.markers, *RULES.rules)
    for example in (*one.examples, *one.false_friends)
]
NEEDS = sorted({need for one in (*RULES.markers, *RULES.rules) for need in one.needs})
PROSE = ["Rupiah menguat terhadap dolar.", "Kata Émile, “Ya.”", "İstanbul", "(baca: polisi)", "a/b"]
# Texts of whole examples, of the strings that rules need, and of prose, joined in any way.
TEXTS = st.lists(
    st.tuples(st.sampled_from([*EXAMPLES, *NEEDS, *PROSE]), st.sampled_from(["\n", " ", "", "\n\n"])), max_size=8
).map(lambda pieces: "".join(piece + joint for piece, joint in pieces))


def places_the_long_way(low):
    return {(at, id(one)) for one in SEARCHED for need in one.needs for at in starts_of(need, low)}


def lines_the_long_way(text, lines):
    found, before = [], ""
    for start, end in lines:
        taken = take_line(RULES.at["line"], text[start:end], before)
        before = taken[0].kind if taken else ""
        found += [(before, start, end)] if taken else []
    return found


def without_shortcuts(rule):
    return replace(rule, needs=(), starts=(), ends=None)


def check(text):
    places = RULES.places(text)
    marks = [(at, marker) for at, markers in places.marks for marker in markers]
    short = [(at, id(one)) for at, one in [*marks, *places.inside]]
    assert len(short) == len(set(short))
    assert set(short) == places_the_long_way(lower(text))
    lines = split_lines(text)
    found = boilerplate.find_lines(Draft(text, "", "", RULES, places), lines)
    assert [find[:3] for find in found] == lines_the_long_way(text, lines)
    for line in text.splitlines():
        for place in PLACES:
            assert RULES.whole_line(place, line) == take_line(RULES.at[place], line) or (
                RULES.whole_line(place, line)[1].span() == take_line(RULES.at[place], line)[1].span()
            )


@given(TEXTS)
def test_no_marker_and_no_rule_is_passed_over(text):
    check(text)


def test_nor_in_any_article_of_the_corpus_with_its_markers_and_without(embedded_corpus):
    for row in embedded_corpus.read_bytes().splitlines()[::5]:
        text = orjson.loads(row)["text"]
        check(text)
        check(parse(text).body)


COMMA_JOINT = re.compile(r"[.?!:][^\sA-Za-z\d,]{0,4},{1,9}[^\s\d,]")
COMMA_BREAK = re.compile(r",(?=[A-Z\"“‘'(\[#,‚])")


def lines_by_definition(text):
    """What line breaks part; where there are few and stops run into commas, what commas part, too."""
    parts = re.split("[\r\n]", text)
    if sum(bool(part.strip()) for part in parts) <= MAX_COMMA_DUMP_LINES and COMMA_JOINT.search(text):
        return [line for part in parts for line in map(without_commas, COMMA_BREAK.split(part)) if line]
    return [part.strip() for part in parts if part.strip()]


def without_commas(part):
    return re.sub(r"\A[\s,]+", "", part).rstrip()


@given(
    st.lists(st.sampled_from([*"aA.,\n\r\t \xa0\u200b\u2028\x0b\x0c\x1c\x851“”", ".,A", "?”,“", "..,,B", ", "])).map(
        "".join
    )
)
def test_lines_are_found_as_they_are_defined(text):
    lines = split_lines(text)
    assert [text[start:end] for start, end in lines] == lines_by_definition(text)
    assert lines == sorted(lines)


@given(TEXTS)
def test_lines_parted_by_feeds_and_by_returns_are_the_same_article(text):
    fed = parse({"title": "Judul", "text": text, "id": "a"})
    returned = parse({"title": "Judul", "text": text.replace("\n", "\r"), "id": "a"})
    assert fed.body == returned.body
    assert [link.headline for link in fed.links] == [link.headline for link in returned.links]


@given(TEXTS)
def test_what_a_rule_says_of_its_lines_leaves_none_out(text):
    for start, end in split_lines(text):
        line = text[start:end]
        for rule in RULES.rules:
            if rule.where != "end":
                long = take_line([without_shortcuts(rule)], line, rule.after)
                assert bool(long) == bool(take_line([rule], line, rule.after))
            elif rule.ends and rule.pattern.search(line):
                assert rule.ends.match(line, len(line) - 1)


@pytest.mark.parametrize("need", RULES.literals.strings)
def test_each_string_that_is_needed_is_found_wherever_it_stands(need):
    number = RULES.literals.strings.index(need)
    assert (9, number) in RULES.literals.find(f"di dalam {need.upper()} kalimat")
    assert (1, number) in RULES.literals.find(f"x{need}x")


def hits_by_definition(literals, text):
    low = lower(text)
    found = [(at, number) for number, one in enumerate(literals.strings) for at in starts_of(one, low)]
    return sorted(found, key=lambda hit: (hit[0] + len(literals.strings[hit[1]]), hit[0]))


def starts_of(string, low):
    at = low.find(string)
    while at >= 0:
        yield at
        at = low.find(string, at + len(string))


@given(st.one_of(TEXTS, st.text(st.characters(exclude_categories=()))))
@example("BACA JUGA \ud83d Baca juga: \u212aAMUS baca juga")
def test_the_automaton_finds_the_literals_of_the_rules(text):
    assert RULES.literals.find(text) == hits_by_definition(RULES.literals, text)


@given(
    strings=st.lists(st.text("abc(", min_size=3, max_size=6), min_size=1, max_size=9, unique=True),
    text=st.text("abcAB( é\ud83d", max_size=40),
)
def test_whatever_strings_are_searched_for_are_found(strings, text):
    literals = Literals(strings)
    assert literals.find(text) == hits_by_definition(literals, text)
