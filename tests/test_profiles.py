"""A profile says what rows say in numbers: the same however the rows are cut, stored or put together."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from monthsofrows import LINK, TOPICS, failed, row

from saring.errors import InputError
from saring.io.writers import open_rows
from saring.profiles import USED, Counts, Profile, Words, bin_chars, chars_bin, profile_rows, read_profile, reason_of
from saring.schema import kinds, prediction_columns
from saring.scored_rows import read_rows

ROWS = st.lists(
    st.builds(
        row,
        publisher=st.sampled_from(["warta.id", "kabar.id", None]),
        published=st.sampled_from(["2025-06-01T00:00:00+07:00", "2025-07-02T00:00:00+07:00", None]),
        topic=st.sampled_from(TOPICS),
        topic_probability=st.floats(0.25, 1),
        clickbait=st.none() | st.floats(0, 1),
        removed=st.floats(0, 1),
        out_of_domain=st.floats(1, 99),
        clean_text=st.text(max_size=30),
        abstained_because=st.sampled_from([None, "unsure", "unlike_news"]),
        links=st.lists(st.builds(lambda related: LINK | {"related": related}, st.sampled_from([True, False, None]))),
        title=st.sampled_from([None, "Harga Cabai Turun", "Cabai Langka"]),
    )
    | st.just(failed()),
    max_size=8,
)


@given(ROWS, ROWS)
def test_the_profile_of_all_rows_is_the_sum_of_their_profiles(one, other):
    assert profile_rows(one + other) == profile_rows(one) + profile_rows(other)


@given(ROWS, ROWS, ROWS)
def test_profiles_add_up_in_any_order(one, other, third):
    a, b, c = map(profile_rows, (one, other, third))
    assert (a + b) + c == a + (b + c) == c + b + a
    assert a + Profile() == a


@given(ROWS)
def test_json_holds_all_of_a_profile(rows):
    profile = profile_rows(rows)
    assert Profile.from_json(json.loads(json.dumps(profile.to_json()))) == profile


@given(ROWS)
def test_every_row_is_counted_once(rows):
    total = profile_rows(rows).of()
    assert total.rows == len(rows)
    assert total.failed == sum(row["topic"] is None for row in rows)
    for histogram in (total.topics, total.link_counts, total.body_chars, total.removed, total.topic_probability):
        assert histogram.total() == total.scored


def test_what_is_counted_of_a_row():
    counts = profile_rows([row(), failed()]).of()
    assert counts.to_json() == {
        "rows": 2, "failed": 1, "dated": 1, "named": 1, "with_links": 1, "links": 1, "unrelated": 1, "body": 300,
        "taken": 300, "clickbait_units": 250_000_000, "errors": {"column … is empty": 1}, "markers": {"baca juga": 1},
        "topics": {"economy": 1}, "link_counts": {"1": 1}, "body_chars": {"32": 1}, "given_chars": {"36": 1},
        "removed": {"10": 1}, "topic_probability": {"9": 1}, "clickbait": {"2": 1}, "out_of_domain": {"16": 1},
    }  # fmt: skip


def test_rows_are_kept_apart_by_publisher_and_month():
    profile = profile_rows([row(), row(published=None), row(publisher=None), failed()])
    assert set(profile.counts) == {("warta.id", "2025-06"), ("warta.id", ""), ("", "2025-06"), ("", "")}
    assert (profile.publishers, profile.months) == (["", "warta.id"], ["2025-06"])
    assert profile.of("warta.id", ["2025-06"]).rows == 1


def test_what_is_no_date_is_no_month():
    rows = [row(published=text) for text in ("2025-13-01", "June 2025", "²025-06-01", "2025-06")]
    assert profile_rows(rows).months == ["2025-06"]


def test_a_profile_holds_no_text():
    assert "Sambal" not in json.dumps(profile_rows([row()]).to_json())


def test_rows_of_an_earlier_version_lack_two_columns():
    old = {name: value for name, value in row().items() if name not in ("removed", "out_of_domain")}
    counts = profile_rows([old]).of()
    assert (counts.rows, counts.removed, counts.out_of_domain) == (1, Counter(), Counter())


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_every_format_that_score_writes_gives_the_same_rows(tmp_path, suffix):
    rows = [row(), row(links=[]), failed()]
    with open_rows(tmp_path / f"rows{suffix}", kinds(prediction_columns(TOPICS))) as file:
        file.write(rows)
    assert [found for batch in read_rows(tmp_path / f"rows{suffix}") for found in batch] == rows
    assert read_profile(tmp_path / f"rows{suffix}") == profile_rows(rows)
    assert read_profile([tmp_path]) == profile_rows(rows)
    if suffix == ".parquet":
        assert set(next(read_rows(tmp_path / "rows.parquet", USED))[0]) == set(USED)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.jsonl", '{"title": "Judul", "text": "Isi"}\n', r"a.jsonl: row 1: has no column published.*score the articles"),
        ("a.csv", "title,text\nJudul,Isi\n", r"a.csv: has no column published"),
        ("a.jsonl", "{", r"a.jsonl: row 1: found no JSON"),
        ("a.jsonl", json.dumps(row(links="two")), "row 1: links is 'two'; expected list of links"),
        ("a.txt", "Isi", r"a.txt: found txt; expected rows"),
        ("a.json", '{"saring_profile": 9}', r"a.json: found profile format 9; expected 1"),
        ("a.json", '{"saring_profile": 1, "publishers": []}', r"a.json: found a damaged profile"),
    ],
)  # fmt: skip
def test_other_files_are_refused_by_name(tmp_path, name, text, told):
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(InputError, match=told):
        read_profile([tmp_path / name])


def test_a_cell_of_csv_that_is_no_number_is_refused(tmp_path):
    with open_rows(tmp_path / "rows.csv", kinds(prediction_columns(TOPICS))) as file:
        file.write([row(topic_probability="viel")])
    with pytest.raises(InputError, match=r"rows.csv: row 1: column topic_probability: found 'viel'; expected float"):
        read_profile(tmp_path / "rows.csv")


def test_a_profile_on_disk_keeps_the_commonest_words(tmp_path):
    titles = ["Harga Cabai"] * 3 + [f"Harga Barang{n:03}" for n in range(400) for _ in range(2)]
    profile = profile_rows([row(title=title) for title in titles])
    profile.write(tmp_path / "profile.json")
    again = read_profile(tmp_path / "profile.json")
    assert again.counts == profile.counts
    assert len(again.titles().counts) == 300
    assert (again.titles().counts["cabai"], again.titles().most("barang399")) == (3, 2)


def test_profiles_and_rows_are_taken_together(tmp_path):
    for name in ("may", "june"):
        profile_rows([row(), row()]).write(tmp_path / f"{name}.json")
    (tmp_path / "july.jsonl").write_text(json.dumps(row()))
    assert read_profile([tmp_path / name for name in ("may.json", "july.jsonl", "june.json")]).of().rows == 5


def test_a_word_that_is_not_listed_stands_in_few_titles():
    cut = Words(Counter(harga=5, cabai=2, beras=2, turun=1)).cut(2)
    assert cut == Words(Counter(harga=5, beras=2), unlisted=2)
    assert (cut + Words(Counter(cabai=4))).most("cabai") == 6


@given(st.integers(0, 10_000_000))
def test_the_middle_of_a_bin_is_near_the_lengths_in_it(chars):
    assert chars_bin(bin_chars(chars_bin(chars))) == chars_bin(chars) or chars < 6
    assert 0.8 * chars - 1 <= bin_chars(chars_bin(chars)) <= 1.25 * chars + 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("title and text are empty; expected an article", "title and text are empty"),
        ("a b/news.csv:17: found the byte 0x9f, which is no letter", "found the byte …, which is no letter"),
        ("page.html: found no article; look at it", "found no article"),
    ],
)
def test_errors_of_one_kind_have_one_reason(error, reason):
    assert reason_of(error) == reason


def test_one_column_of_a_million_values_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("saring.profiles.MAX_PUBLISHERS", 2)
    profile = profile_rows([row(publisher=f"{n}.id") for n in range(5)])
    assert set(profile.publishers) == {"0.id", "1.id", "(other publishers)"}
    assert profile.of() == sum((found for found in profile.counts.values()), Counts())
