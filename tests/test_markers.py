"""Every rule of markers.toml against the examples and false friends beside it, one by one."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from re import _parser

import pytest

from saring.errors import ConfigError
from saring.parsing.boilerplate import END_CHARS
from saring.parsing.rules import Draft, Marker, Rule, Rules, load_rules, lower, read_rules, take_line
from saring.parsing.teasers import find_teasers

RULES = load_rules()
ALL_RULES = RULES.rules
STRETCH = re.compile("⟦(.*?)⟧")


def stretch(example: str) -> tuple[str, str]:
    """The example without its brackets, and what stands in them (all of it, if there are none)."""
    inner = STRETCH.search(example)
    return STRETCH.sub(r"\1", example), inner[1] if inner else example


def taken_by(rule: Rule, line: str) -> str:
    """What the rule alone takes of a line; empty if nothing."""
    alone = Rules([], [rule])
    if rule.where in ("line", "head", "tail", "tail_header"):
        return line if take_line([rule], line, rule.after) else ""
    if rule.where == "inside":
        matches = [rule.pattern.match(line, at) for at, _ in alone.places(line).inside]
        match = next((match for match in matches if match), None)
    elif rule.where == "start":
        match = rule.pattern.match(line)
    else:
        needed = any(need in lower(line) for need in rule.needs)
        ended = rule.ends is None or rule.ends.match(line, len(line) - 1)
        match = rule.pattern.search(line) if needed and ended else None
    return match.group().strip() if match else ""


def teasers_of(marker: Marker, line: str):
    alone = Rules([marker], [])
    return find_teasers(Draft(line, "", "", alone, alone.places(line)), [(0, len(line))], [])


def cases(entries, kind):
    return [
        pytest.param(entry, example, id=f"{getattr(entry, 'name', None) or entry.kind}: {example}")
        for entry in entries
        for example in getattr(entry, kind)
    ]


@pytest.mark.parametrize(("rule", "example"), cases(ALL_RULES, "examples"))
def test_a_rule_takes_its_example(rule, example):
    line, expected = stretch(example)
    assert taken_by(rule, line) == expected


@pytest.mark.parametrize(("rule", "line"), cases(ALL_RULES, "false_friends"))
def test_a_rule_leaves_its_false_friend(rule, line):
    assert taken_by(rule, line) == ""


@pytest.mark.parametrize(("marker", "line"), cases(RULES.markers, "examples"))
def test_a_marker_takes_its_example_as_a_whole(marker, line):
    teasers = teasers_of(marker, line)
    assert [(teaser.start, teaser.end) for teaser in teasers] == [(0, len(line))]
    if marker.kind == "link":
        assert teasers[0].headline == "Panen Raya di Lereng Merapi Bikin Harga Cabai Turun"


@pytest.mark.parametrize(("marker", "line"), cases(RULES.markers, "false_friends"))
def test_a_marker_leaves_its_false_friend(marker, line):
    assert teasers_of(marker, line) == []


NEW_MARKER = """
[[marker]]
name = "ikuti_juga"
phrases = ["ikuti juga", "telusuri juga"]
separator = "optional"
comma_ends = true
example = ["Ikuti juga: Panen Raya di Lereng Merapi Bikin Harga Cabai Turun"]
"""
FIND_IT = """
from saring.datasets.recipe import split_paragraphs
from saring.html.page import page_record
from saring.parsing.engine import parse

BODY = "Petani mulai memanen cabai rawit sejak awal pekan ini, dan harga di pasar induk langsung turun."
NEW = "Telusuri Juga: Cara Menanam Cabai di Pot"
page = f"<article><p>{BODY}</p><p>Telusuri Juga: <a href='/a'>{NEW[15:]}</a></p><p>{BODY}</p></article>"
dump = split_paragraphs(f"{BODY},{NEW},Karena itu, petani lega.")
for source in (f"{BODY}\\n{NEW}\\n{BODY}", page_record(page.encode(), "a.html"), dump):
    print(*[(link.marker, link.headline, link.url) for link in parse(source).links])
"""


def test_a_marker_that_is_added_to_the_data_file_is_found_in_text_pages_and_imports(tmp_path):
    # The recipe of CONTRIBUTING.md, followed in a copy of the package: one table, and no code.
    package = Path(__file__).parents[1] / "src" / "saring"
    shutil.copytree(package, tmp_path / "saring", ignore=shutil.ignore_patterns("shipped", "__pycache__"))
    with (tmp_path / "saring" / "parsing" / "markers.toml").open("a", encoding="utf-8") as file:
        file.write(NEW_MARKER)
    command = [sys.executable, "-c", FIND_IT]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True)
    link = ("Telusuri Juga:", "Cara Menanam Cabai di Pot")
    assert done.stdout.decode().splitlines() == [str((*link, "")), str((*link, "/a")), str((*link, ""))]


@pytest.mark.parametrize("rule", [*ALL_RULES, *RULES.markers], ids=lambda r: r.pattern.pattern[:40])
def test_no_quantifier_is_open_ended(rule):
    # Sets and escapes aside, `*`, `+` and `{n,}` could make a rule slower than linear.
    bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])+\]", "x", rule.pattern.pattern)
    assert not re.search(r"[^(]\*|\+|\{\d*,\}", bare)


@pytest.mark.parametrize("rule", RULES.at["end"], ids=lambda rule: rule.kind)
def test_a_rule_for_the_end_says_how_far_back_it_reaches(rule):
    _, longest = _parser.parse(rule.pattern.pattern, rule.pattern.flags).getwidth()
    assert min(longest, END_CHARS) <= rule.max_chars


def test_a_needed_string_starts_every_match():
    for rule in (*RULES.markers, *RULES.at["inside"]):
        for example in rule.examples:
            line, _ = stretch(example)
            assert any(need in lower(line) for need in rule.needs), example


@pytest.mark.parametrize("need", ["Baca", "“baca”", "di"])
def test_a_string_that_texts_are_not_searched_for_is_refused(need):
    rule = {"kind": "x", "where": "inside", "pattern": "x", "example": ["x"], "needs": [need]}
    with pytest.raises(ConfigError, match=need):
        read_rules({"rule": [rule]})


def test_lower_keeps_the_length_of_any_text():
    text = "İstanbul BACA JUGA"
    assert len(lower(text)) == len(text)
    assert lower(text).endswith("baca juga")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"kind": "x", "where": "nowhere", "pattern": "x", "example": ["x"]}, "nowhere"),
        ({"kind": "x", "where": "line", "pattern": "x"}, "no example"),
        ({"kind": "x", "where": "line", "pattern": "(", "example": ["("]}, "'x'"),
        ({"kind": "x", "where": "line", "pattern": "x", "example": ["x"], "typo": 1}, "typo"),
    ],
)
def test_a_bad_rule_is_refused_by_name(entry, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_rules({"rule": [entry]})


def test_the_data_file_names_every_kind_in_snake_case():
    data = tomllib.loads(files("saring.parsing").joinpath("markers.toml").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"[a-z_]+", rule["kind"]) for rule in data["rule"])
