"""What a report takes from rows in one pass: repeated headlines and articles worth reading, in bounded memory."""

from collections import Counter
from random import Random

import pytest
from scoredrows import failed, row

from saring.html_reports import row_digest
from saring.html_reports.row_digest import KEPT_OF_KIND, Digest, RepeatedHeadlines, WorthReading, kept_text, worths


def counted(headlines, most=1000):
    found = RepeatedHeadlines(most)
    for headline in headlines:
        found.add(headline, "warta.id")
    return found


def test_headlines_that_fit_are_counted_exactly_with_who_prints_them():
    found = RepeatedHeadlines()
    for publisher in ("warta.id", "kabar.id", "warta.id"):
        found.add("Artis  Ini Pamer Cincin", publisher)
    found.add("ARTIS INI PAMER CINCIN", "kabar.id")
    found.add("Hanya Sekali", "kabar.id")
    [top] = found.top(10)
    assert (top.headline, top.times, top.printed_by) == ("Artis Ini Pamer Cincin", 4, {"warta.id": 2, "kabar.id": 2})
    assert found.missed == 0


def test_beyond_the_table_a_count_is_too_low_by_no_more_than_is_said():
    draw = Random(0)
    headlines = [f"judul {int(draw.paretovariate(0.7))}" for _ in range(20_000)]
    found, truth = counted(headlines, most=200), Counter(headlines)
    assert found.missed > 0
    top = found.top(20)
    assert [one.headline for one in top[:5]] == [name for name, _ in truth.most_common(5)]
    for one in top:
        assert one.times <= truth[one.headline] <= one.times + found.missed


def test_a_table_of_headlines_never_grows_beyond_its_size():
    found = counted((f"judul {n}" for n in range(5_000)), most=100)
    assert len(found._kept) <= 100
    assert found.top(10) == []


def chosen(rows, most=200):
    found = WorthReading()
    for one in rows:
        found.add(one)
    return found.chosen(most)


def test_a_row_is_worth_reading_for_what_stands_in_it():
    assert dict(worths(row(1))) == {}
    assert set(dict(worths(row(1, related=(True, False))))) == {"both", "surest"}
    assert set(dict(worths(row(1, related=(True,), clickbait=0.9)))) == {"clickbait"}
    assert set(dict(worths(row(1, abstained_because="unsure")))) == {"unsure"}
    assert set(dict(worths(row(1, abstained_because="unlike_news")))) == {"unlike_news"}
    assert set(dict(worths(failed(1)))) == {"error"}


def test_an_ordinary_row_has_its_place_behind_the_others():
    rows = [*(row(n) for n in range(300)), row(300, related=(False,))]
    kinds = [one.kind for one in chosen(rows)]
    assert (kinds[0], set(kinds[1:])) == ("surest", {"plain"})


def test_articles_are_spread_over_publishers_and_kinds():
    rows = [row(n, "besar.id", related=(True, False)) for n in range(300)]
    rows += [row(n, f"kecil{n}.id", related=(False,)) for n in range(5)]
    rows += [failed(n, error=f"reason {n % 3}") for n in range(50)]
    kinds = Counter((one.kind, one.row["publisher"]) for one in chosen(rows, most=40))
    assert all(kinds["surest", f"kecil{n}.id"] == 1 for n in range(5))
    assert kinds["error", None] >= 3
    assert len({one.row["error"] for one in chosen(rows) if one.kind == "error"}) == 3


def test_no_more_than_are_asked_for_and_each_once():
    rows = [row(n, f"p{n % 7}", related=(True, False), clickbait=0.9) for n in range(500)]
    found = chosen(rows, most=60)
    assert len(found) == 60
    assert len({one.row["id"] for one in found}) == 60


def test_an_article_that_comes_again_is_shown_once():
    assert len(chosen([row(1, related=(False,))] * 100)) == 1


def test_the_same_rows_give_the_same_articles():
    rows = [row(n, f"p{n % 5}", related=(False, True)) for n in range(400)]
    assert [one.row["id"] for one in chosen(rows)] == [one.row["id"] for one in chosen(rows)]


def test_few_rows_wait_whatever_there_is():
    found = WorthReading()
    for n in range(1_000):
        found.add(row(n, f"p{n}", related=(True, False)))
    assert all(sum(map(len, groups.values())) <= KEPT_OF_KIND for groups in found._found.values())


def test_of_many_publishers_those_with_the_worthiest_rows_stay():
    rows = [row(n, f"p{n}", clickbait=0.5 + (n * 7919 % 1000) / 2_001) for n in range(1_000)]
    found = WorthReading()
    for one in rows:
        found.add(one)
    kept = sorted(group[0].worth for group in found._found["clickbait"].values())
    assert kept == sorted(one["clickbait"] for one in rows)[-KEPT_OF_KIND:]


def test_the_first_and_last_run_and_the_models_are_known():
    digest = Digest()
    digest.add([row(1), row(2, scored_at="2025-08-01", model_version="xyz"), failed(3)])
    assert digest.scored == ("2025-07-01T00:00:00+00:00", "2025-08-01")
    assert list(digest.versions) == ["abc", "xyz"]


@pytest.mark.parametrize("column", ["text", "isi", "Isi Berita", "content", "kolom_saya"])
def test_a_kept_text_is_found_under_its_usual_names(column):
    rows = {name: value for name, value in row(1).items() if name != "text"}
    assert kept_text(rows | {column: "Harga naik."}) == "Harga naik."
    assert kept_text(rows) == ""


def test_a_text_that_is_very_long_does_not_wait(monkeypatch):
    monkeypatch.setattr(row_digest, "TEXT_CHARS", 20)
    [one] = chosen([row(1, related=(False,))])
    assert (one.row["text"], len(one.row["clean_text"])) == ("", 20)
