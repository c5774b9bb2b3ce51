"""The alarm names the publisher and the probable cause, and is silent where chance or news explains the rows."""

import hashlib
import json
import shutil
from itertools import chain

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from monthsofrows import LINK, TOPICS, articles, failed, row

from saring import store
from saring.cli.commands import main
from saring.drift import compare_profiles, latest_month, trained_on
from saring.evaluation.shifts import histogram_shift, holm, share_difference
from saring.io.writers import open_rows
from saring.profiles import Profile, profile_rows, read_profile
from saring.schema import kinds, prediction_columns

DONE, FAILED, WRONG_USE, DRIFTED = 0, 1, 2, 4
NOTHING = 0, 0.0
OTHERS = [*articles(150, "kabar.id", with_links=0.3), *articles(80, "berita.id", with_links=0, body=2000)]
SOUND = articles(200)


def against(rows, before=SOUND):
    return compare_profiles(profile_rows([*before, *OTHERS]), profile_rows([*rows, *OTHERS]))


def alarms(drift):
    return [(found.publisher, found.cause) for found in drift.alarms]


# What rots, and what is said of it.

ROT = {
    "the marker was renamed": (
        articles(200, with_links=0), "teasers",
        "warta.id: no teaser found in 200 articles, 50% before: its layout has probably changed",
    ),
    "one layout of two": (articles(200, with_links=0.2), "teasers", "teasers found in 20% of 200 articles, 50% before"),
    "lists are read as teasers": (articles(200, with_links=0.9), "teasers", "a list of headlines is read as text"),
    "a container was dropped": (articles(200, body=350), "text", "texts are shorter: a quarter of its 200 articles have fewer than 278 characters (before: fewer than 789)"),
    "a container was dropped in some pages": (
        [*articles(140), *articles(60, body=350)], "text", "texts are shorter: a quarter of its 200 articles have fewer than 469",
    ),
    "comments are read": (articles(200, body=3000), "text", "more of the page than the article is probably read"),
    "some pages are empty": (
        [*articles(150), *articles(50, body=100)], "text",
        "more than two sentences of text in 75% of 200 articles, 100% before",
    ),
    "paragraphs are taken for boilerplate": (
        articles(200, removed=0.6, body=430), "removed", "of the text of 200 articles is taken out",
    ),
    "boilerplate stays": (articles(200, removed=0.0), "removed", "boilerplate is probably no longer recognised"),
    "dates are printed elsewhere": (articles(200, published=None), "date", "no date found in 200 articles, 100% before"),
    "pages without an article": (
        [*articles(180), *[failed() | {"publisher": "warta.id"}] * 20], "errors",
        "10% of 200 rows could not be read, 0% before",
    ),
    "another language": (
        articles(200, with_links=0, out_of_domain=9.0, abstained=True, abstained_because="unlike_news"), "content",
        "texts of another kind or language, or broken ones",
    ),
}  # fmt: skip
# Portals that had such rates before, where the usual rows would not show the difference.
BEFORE = {"paragraphs are taken for boilerplate": articles(200, removed=0.1),
          "boilerplate stays": articles(200, removed=0.2, body=900)}  # fmt: skip


@pytest.mark.parametrize("name", ROT)
def test_the_alarm_names_the_publisher_and_the_cause_and_no_other(name):
    rows, cause, words = ROT[name]
    drift = against(rows, BEFORE.get(name, SOUND))
    assert alarms(drift) == [("warta.id", cause)], [found.sentence() for found in drift.alarms]
    assert words in drift.alarms[0].sentence()
    assert drift.verdict().startswith("alarm for warta.id: 3 publishers compared")


def test_who_loses_the_text_loses_teasers_with_it():
    [found] = against(articles(200, body=300, with_links=0.1)).alarms
    assert found.cause == "text"
    assert "teasers found in 10% of 200 articles, 50% before" in found.with_it
    assert f"(with it: {found.with_it[0]};" in found.sentence()


def test_of_several_markers_the_one_that_is_gone_is_named():
    simak = LINK | {"marker": "Simak Pula:"}
    before = articles(100, links=[LINK]) + articles(100, links=[LINK, simak])
    now = articles(200, links=[LINK])
    [found] = against(now, before).alarms
    assert found.cause == "marker"
    assert '"simak pula" not found in 200 articles, 50% before' in found.sentence()


def test_a_marker_whose_place_another_takes_is_no_cause_for_alarm():
    before = articles(100, links=[LINK]) + articles(100, links=[LINK | {"marker": "Simak Juga:"}])
    assert against(articles(200, links=[LINK]), before).alarms == ()


def test_a_publisher_whose_name_is_no_longer_found_is_named():
    drift = against(articles(200, publisher=None))
    assert alarms(drift) == [("(all publishers)", "publisher")]
    assert "a publisher found in 53% of 430 articles, 100% before; none of warta.id" in drift.alarms[0].words


def test_rows_that_lost_their_publisher_are_not_compared_with_those_that_never_had_one():
    nameless = articles(60, publisher=None, with_links=0)
    drift = against([*articles(200, publisher=None), *nameless], [*SOUND, *nameless])
    assert alarms(drift) == [("(all publishers)", "publisher")]


def test_rows_that_cannot_be_read_and_name_no_publisher_are_told():
    assert alarms(against([*SOUND, *[failed()] * 29])) == [("(all publishers)", "errors")]


def test_other_news_is_noted_and_no_alarm():
    economy = articles(100) + articles(100, topic="other")
    drift = against(articles(160) + articles(40, topic="other"), economy)
    assert (drift.alarms, [found.cause for found in drift.notes]) == ((), ["topics"])


def test_other_sections_alone_are_an_alarm():
    assert alarms(against(articles(200, topic="other"))) == [("warta.id", "topics")]


def test_verdicts_on_links_are_noted():
    related = LINK | {"related": True}
    drift = against(articles(200, links=[related]), articles(200, links=[LINK]))
    assert (drift.alarms, drift.notes[0].cause) == ((), "links")


def test_what_another_model_says_is_no_alarm():
    unlike = {"abstained_because": "unsure", "abstained": True}
    assert alarms(against(articles(200, **unlike))) == [("warta.id", "content")]
    before = profile_rows([*SOUND, *OTHERS])
    drift = compare_profiles(
        before, profile_rows([found | {"model_version": "new"} for found in articles(200, **unlike)])
    )
    assert drift.alarms == ()
    assert "scored by new, abc before" in drift.notes[-1].sentence()


def test_new_words_of_titles_are_noted():
    drift = against([found | {"title": "Banjir Rob"} for found in SOUND])
    assert drift.notes[0].words == "new in titles: banjir (200), rob (200)"


def test_publishers_that_fell_silent_are_noted():
    drift = compare_profiles(profile_rows([*SOUND, *OTHERS]), profile_rows([*SOUND, *OTHERS[150:]]))
    assert drift.alarms == ()
    assert drift.notes[0].words == "hardly any articles of kabar.id (0, 150 before): are they still collected?"


# Silence.


@given(st.lists(st.sampled_from([*SOUND[:9], *OTHERS[::40], failed()]), min_size=1, max_size=6), st.integers(1, 3))
def test_a_profile_against_itself_never_alarms(rows, times):
    profile = profile_rows(rows * 30 * times)
    assert compare_profiles(profile, profile).alarms == ()


def test_few_articles_are_said_to_be_too_few():
    drift = against(articles(29, with_links=0))
    assert (drift.alarms, drift.too_few) == ((), {"warta.id": (200, 29)})
    assert "1 with too few articles" in drift.verdict()


def test_a_difference_that_chance_makes_is_no_alarm():
    assert against(articles(40, with_links=0.3), articles(40, with_links=0.5)).alarms == ()


def test_a_difference_that_does_not_matter_is_no_alarm_however_many_articles_show_it():
    before, now = (profile_rows(articles(1000, with_links=share)) for share in (0.50, 0.55))
    for _ in range(7):
        before, now = before + before, now + now
    assert now.of().rows == 128_000
    assert compare_profiles(before, now).alarms == ()


def test_random_halves_of_the_same_rows_do_not_alarm():
    rng = np.random.default_rng(0)
    rows = list(chain(*(articles(60 + 5 * n, f"{n}.id", with_links=n / 20, body=500 + 80 * n) for n in range(20))))
    halves = (rng.permutation(len(rows)) for _ in range(10))
    profiles = [[profile_rows([rows[i] for i in half]) for half in np.array_split(mixed, 2)] for mixed in halves]
    assert sum(bool(compare_profiles(*pair).alarms) for pair in profiles) == 0


def test_nothing_to_compare_is_said():
    assert (
        compare_profiles(Profile(), Profile()).verdict().startswith("nothing to compare: no publisher has 30 articles")
    )


# The latest month.


def test_without_rows_to_compare_with_it_is_the_latest_month_and_those_before():
    months = [articles(60, month=month) for month in ("2023-01", "2024-10", "2025-08", "2025-09")]
    rows = list(chain(*months, articles(60, month="2025-10", with_links=0)))
    drift = latest_month(profile_rows(rows))
    assert (drift.before, drift.now) == ("2024-10 to 2025-09", "2025-10")
    assert "no teaser found in 60 articles, 50% in 2024-10 to 2025-09" in drift.alarms[0].sentence()


def test_a_stray_date_in_the_future_is_no_month():
    rows = [*articles(60, month="2025-09"), *articles(60, month="2025-10"), *articles(3, month="2031-01")]
    assert latest_month(profile_rows(rows)).now == "2025-10"


def test_rows_without_a_date_are_in_no_month_and_are_told():
    rows = [*articles(60), *articles(60, month="2025-07"), *articles(5, published=None), failed()]
    assert latest_month(profile_rows(rows)).notes[-1].words == (
        "6 rows have no date, 1 of them as it could not be read: no month has them, so compare them with others "
        "by --against"
    )


@pytest.mark.parametrize("rows", [[], articles(60), articles(60, published=None)])
def test_a_single_month_has_nothing_to_be_compared_with(rows):
    assert latest_month(profile_rows(rows)).verdict().startswith("nothing to compare")


def test_what_months_differ_in_anyway_is_noted_and_no_alarm():
    def months(*shares):
        rows = [articles(100, month=f"2025-0{n}", with_links=share) for n, share in enumerate(shares, 1)]
        return latest_month(profile_rows(list(chain(*rows))))

    assert alarms(months(0.5, 0.48, 0.52, 0.5, 0.2)) == [("warta.id", "teasers")]
    varied = months(0.9, 0.1, 0.6, 0.4, 0.2)
    assert (varied.alarms, varied.notes[0].cause) == ((), "teasers")
    assert "(months before differ as much)" in varied.notes[0].words


def test_months_that_both_sides_have_are_compared_however_much_months_differ():
    def months(*shares):
        rows = [articles(100, month=f"2025-0{n}", with_links=share) for n, share in enumerate(shares, 1)]
        return profile_rows(list(chain(*rows)))

    before = months(0.9, 0.1, 0.6, 0.4)
    assert alarms(compare_profiles(before, months(0, 0, 0, 0))) == [("warta.id", "teasers")]
    assert alarms(compare_profiles(before, months(0.9, 0.1))) == []


def test_rot_of_last_month_does_not_hide_that_of_this_month():
    rows = [articles(100, month=f"2025-{n:02}", with_links=0 if n > 10 else 0.2 + n / 100) for n in range(1, 13)]
    assert alarms(latest_month(profile_rows(list(chain(*rows))))) == [("warta.id", "teasers")]


# The arithmetic.


def test_the_interval_of_a_difference_is_newcombes():
    """Example (a) of his table II."""
    found = share_difference(48, 80, 56, 70)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    assert share_difference(0, 30, 0, 30).high == pytest.approx(0.1135, abs=1e-4)


def test_equal_histograms_do_not_shift():
    counts = profile_rows(SOUND).of().body_chars
    found = histogram_shift(counts, counts)
    assert (found.effect, round(found.p, 9)) == (0, 1)


def test_of_random_halves_the_index_is_small_and_the_p_values_are_those_of_chance():
    rng = np.random.default_rng(0)
    drawn = [
        [profile_rows([row(clean_text="x" * int(n)) for n in rng.lognormal(6, 1, 60)]).of() for _ in "ab"]
        for _ in range(100)
    ]
    found = [histogram_shift(a.body_chars, b.body_chars) for a, b in drawn]
    assert np.mean([shift.effect for shift in found]) < 0.08
    assert 0.005 < np.mean([shift.p < 0.1 for shift in found]) < 0.2


@given(st.lists(st.floats(0, 1), max_size=8))
def test_corrected_p_values_are_no_smaller_and_in_the_same_order(values):
    adjusted = holm(values)
    assert all(p <= q <= 1 for p, q in zip(values, adjusted, strict=True))
    assert [q for _, q in sorted(zip(values, adjusted, strict=True))] == sorted(adjusted)


# The command.


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Rows of a sound month and of one in which a marker is gone, in the working folder."""
    monkeypatch.chdir(tmp_path)
    for name, rows in {"june": SOUND, "july": articles(200, month="2025-07", with_links=0)}.items():
        with open_rows(f"{name}.parquet", kinds(prediction_columns(TOPICS))) as file:
            file.write([*rows, *OTHERS])
    return tmp_path


def test_an_alarm_is_exit_code_4_and_a_sentence(files, capsys):
    assert main(["drift", "july.parquet", "--against", "june.parquet"]) == DRIFTED
    out = capsys.readouterr().out
    assert out.startswith(
        "alarm: warta.id: no teaser found in 200 articles, 50% before: its layout has probably changed"
    )
    assert "warta.id   alarm  teasers found (share)     50%   0%" in out
    assert main(["drift", "june.parquet", "july.parquet"]) == DRIFTED
    assert "200 articles, 50% in 2025-06: its layout" in capsys.readouterr().out


def test_no_alarm_is_exit_code_0(files, capsys):
    assert main(["drift", "june.parquet", "--against", "june.parquet"]) == DONE
    assert "no alarm: 3 publishers compared (the rows compared with the rows before)" in capsys.readouterr().out


def test_a_profile_stands_for_its_rows(files, capfd):
    assert main(["drift", "june.parquet", "--out", "june.json"]) == DONE
    assert read_profile("june.json").counts == read_profile("june.parquet").counts
    capfd.readouterr()
    assert main(["drift", "july.parquet", "--against", "june.json", "--json"]) == DRIFTED
    found = json.loads(capfd.readouterr().out)
    assert (found["alarm"], found["alarms"][0]["publisher"], found["alarms"][0]["cause"]) == (
        True,
        "warta.id",
        "teasers",
    )
    assert found["alarms"][0]["difference"]["high"] < -0.4


def test_what_a_model_was_trained_on_can_be_compared_with_and_is_no_cause_for_alarm(files, capsys, bundle_folder):
    counts = trained_on(bundle_folder)
    assert (counts.rows, counts.dated, counts.out_of_domain.total()) == (counts.topics.total(),) * 3
    assert main(["drift", "july.parquet", "--against", str(bundle_folder)]) == DONE
    out = capsys.readouterr().out
    assert f"note: (all publishers): teasers found in 10% of 430 articles, 100% in what {bundle_folder.name} was" in out
    assert "no alarm" in out


def test_a_model_of_an_earlier_version_keeps_no_profile(files, capsys, bundle_folder):
    older = shutil.copytree(bundle_folder, files / "older")
    card, sums = (orjson.loads((older / name).read_bytes()) for name in (store.CARD, store.CHECKSUMS))
    del card["profile"]
    (older / store.CARD).write_bytes(orjson.dumps(card))
    digest = hashlib.sha256((older / store.CARD).read_bytes()).hexdigest()
    (older / store.CHECKSUMS).write_bytes(store.to_json(sums | {store.CARD: digest}))
    assert main(["drift", "july.parquet", "--against", str(older)]) == FAILED
    assert "its card has no profile of what it was trained on; train it anew" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--out", "profile.txt"], WRONG_USE, "found suffix '.txt'; expected a .json file"),
        (["--out", "old.json"], FAILED, "old.json: is there already"),
        (["--against", "nowhere.parquet"], FAILED, "nowhere.parquet: there is no such file"),
        (["--against", "other.json"], FAILED, "other.json: row 1: has no column title"),
    ],
)
def test_what_cannot_be_done_is_told(files, capsys, words, code, told):
    (files / "old.json").write_text("{}")
    (files / "other.json").write_text('[{"judul": "Harga"}]')
    assert main(["drift", "june.parquet", *words]) == code
    assert told in capsys.readouterr().err


def test_score_writes_a_profile_beside_the_rows(bundle_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SARING_MODELS", str(bundle_folder))
    (tmp_path / "in.jsonl").write_bytes(
        orjson.dumps({"title": "Harga", "text": "Harga naik.\nBaca Juga: Panen Raya Cabai"})
    )
    words = ["score", tmp_path / "in.jsonl", "--out", tmp_path / "rows.csv", "--profile", tmp_path / "rows.json"]
    assert main([str(word) for word in words]) == DONE
    assert read_profile(tmp_path / "rows.json").of().links == 1
    assert main([str(word) for word in words]) == FAILED
    assert "rows.json: is there already" in capsys.readouterr().err
