"""report.html: the verdict first, figures that are counted in the rows, articles to open, other people's text as text."""

import re
import subprocess
import sys

import orjson
import pytest
from pages import HOSTILE, read_page, rows_of
from scoredrows import HEADLINES, failed, row

pytest.importorskip("jinja2", reason='needs the extra "report"')
pytest.importorskip("lxml", reason='needs the extra "html"')

from saring.cli.commands import main
from saring.evaluation.metrics import wilson_interval
from saring.html_reports import report_articles
from saring.html_reports import rows_report as rows_report_module
from saring.html_reports.language import LANGUAGES, Language, phrases
from saring.html_reports.report_articles import web_address
from saring.html_reports.rows_report import FILTERED, rows_report
from saring.io.writers import open_rows
from saring.models.pair_features import Evidence
from saring.predict import link_reasons
from saring.profiles import profile_rows as profile_of
from saring.schema import kinds, prediction_columns
from saring.scored_rows import read_rows

# Forty links each of two publishers, a few of a third; one article without date and publisher, two errors.
ROWS = [
    *(row(n, "warta.id", related=(False, True)) for n in range(20)),
    *(row(n, "kabar.id", related=(False, False, False, True), topic="gossip") for n in range(20, 30)),
    *(row(n, "sedikit.id", related=(False,), published="2024-12-31T00:00:00+07:00") for n in range(30, 33)),
    *(row(n, "bersih.id", clickbait=0.9) for n in range(33, 40)),
    row(40, None, published=None, abstained_because="unsure"),
    row(41, "kabar.id", related=(None,), abstained_because="unlike_news"),
    failed(42),
    failed(43, "found 7 bytes"),
]


def page_of(rows, lang="en", against=None, **expected):
    return read_page(rows_report([rows], Language(lang), against).html(["rows.parquet"]), lang=lang, **expected)


@pytest.fixture(scope="module")
def page():
    return page_of(ROWS)


def words(node):
    return " ".join(node.text_content().split())


def test_the_verdict_is_three_sentences_with_numbers(page):
    unrelated, topics, rows = map(words, page.xpath("//*[@class='lead']/p"))
    assert unrelated == (
        "64% of the teasers in these articles (“Baca Juga: …”) have nothing to do with them: 53 of 83; "
        "most at kabar.id, 75% of 40, fewest at warta.id, 50% of 40."
    )
    assert (
        topics
        == "The articles are 76% economy, 24% gossip; for 5% of them the model is not sure enough to name a topic."
    )
    assert rows == "2 of 44 rows have errors, 2% have no date, and 2.4% no publisher."


def test_publishers_are_ranked_by_their_share_and_few_links_are_marked(page):
    all_of_them, *publishers = rows_of(page, "Unrelated teasers by publisher")
    assert all_of_them[:6] == ["all", "", "63.9%", "53–73%", "53", "83"]
    span = wilson_interval(0.75, 40)
    assert publishers == [
        ["kabar.id", "1", "75.0%", f"{100 * span.low:.0f}–{span.high:.0%}", "30", "40", "11", ""],
        ["warta.id", "2", "50.0%", "35–65%", "20", "40", "20", ""],
        ["sedikit.id", "few", "100.0%", "44–100%", "3", "3", "3", ""],
    ]
    assert "2 publishers printed no teaser" in page.text_content()


def test_an_interval_is_drawn_beside_its_own_row(page):
    [table] = [t for t in page.xpath("//table") if t.xpath("./caption")[0].text == "Unrelated teasers by publisher"]
    drawn = [float(line.get("x1")) for line in table.xpath(".//*[local-name()='line'][not(@class)]")]
    lows = [float(re.match(r"\d+", row[3])[0]) for row in rows_of(page, "Unrelated teasers by publisher")]
    assert sorted(drawn) == [low for _, low in sorted(zip(lows, drawn, strict=True))]


def test_topics_are_counted_by_month_and_publisher_and_drawn(page):
    found = {name: cells for name, *cells in rows_of(page, "Topics over time")}
    assert found["all"] == ["", "42", "76%", "24%", "5%"]
    assert found["(no date)"] == ["", "1", "100%", "0%", "100%"]
    assert found["December 2024"] == ["", "3", "100%", "0%", "0%"]
    by_publisher = {name: cells for name, *cells in rows_of(page, "Topics by publisher")}
    assert by_publisher["kabar.id"] == ["", "11", "9%", "91%", "9%"]
    [table] = [t for t in page.xpath("//table") if t.xpath("./caption")[0].text == "Topics by publisher"]
    [bar] = [r for r in table.xpath(".//tr") if r[0].text == "kabar.id"]
    assert [one.get("style") for one in bar.xpath(".//i")] == ["--w: 9.09%", "--w: 90.91%"]


def test_topics_that_are_too_many_for_a_table_are_summed():
    page = page_of([row(n, topic=f"topic {n % 12}", probabilities={f"topic {n % 12}": 0.8}) for n in range(24)])
    [table] = [t for t in page.xpath("//table") if t.xpath("./caption")[0].text == "Topics by publisher"]
    assert [th.text for th in table.xpath("./thead//th")][-2:] == ["5 other topics", "abstained"]
    assert rows_of(page, "Topics by publisher")[0][-2:] == ["42%", "0%"]


def test_repeated_headlines_name_who_prints_them():
    twice = [row(1, name, related=(False,)) for name in ("warta.id", "kabar.id", "warta.id")]
    [headline] = rows_of(page_of([*twice, row(2, related=(False,))]), "Most repeated unrelated headlines")
    assert headline == [f"{HEADLINES[False]} 1", "3", "warta.id (2), kabar.id (1)"]


def test_clickbait_abstentions_errors_and_dates_are_counted(page):
    clickbait = rows_of(page, "Clickbait by publisher")
    assert clickbait[0][:6] == ["all", "", "16.7%", "8–31%", "7", "42"]
    assert ["bersih.id", "few", "100.0%", "65–100%", "7", "7", "90%", ""] in clickbait
    assert rows_of(page, "Articles without an answer on their topic") == [
        ["all", "42", "2", "4.8%", "1", "1"],
        ["(no publisher)", "1", "1", "100.0%", "0", "1"],
        ["kabar.id", "11", "1", "9.1%", "1", "0"],
    ]
    assert rows_of(page, "Rows with errors, by reason") == [["found … bytes", "1"], ["title and text are empty", "1"]]
    assert rows_of(page, "Articles without a date") == [
        ["all", "42", "1", "2.4%"],
        ["(no publisher)", "1", "1", "100.0%"],
    ]


def test_what_has_changed_is_told_by_publisher():
    before = [row(n, "warta.id", related=(True,), published="2025-05-03") for n in range(60)]
    rows = [*before, *(row(n, "warta.id", published="2025-06-03") for n in range(60))]
    for page in (page_of(rows, scripts=1), page_of(rows[60:], against=profile_of(before), scripts=1)):
        [alarm] = page.xpath("//h2[@id='changes']/following-sibling::ul[1]/li")[:1]
        assert words(alarm).startswith("⚠ alarm warta.id: no teaser found in 60 articles, 100%")
        assert rows_of(page, "Figures that changed")[0][:2] == ["warta.id", "alarm"]
    assert "No publisher has 30 articles" in page_of(ROWS[:3]).text_content()


def test_it_says_where_its_rows_come_from_but_names_no_folders():
    page = read_page(rows_report([ROWS], Language("en")).html([f"/home/me/{n}.parquet" for n in range(7)]))
    told = "From 0.parquet, 1.parquet, 2.parquet, 3.parquet, 4.parquet, and 2 more; scored 2025-07-01 by the model abc."
    assert words(page.xpath("//header/p[@class='meta']")[0]) == told


def test_the_same_in_indonesian_with_its_numbers():
    rows = [row(n, "warta.id", related=(False, True, True)) for n in range(1_200)]
    page = page_of(rows, "id", scripts=1)
    told = words(page.xpath("//*[@class='lead']/p")[0])
    assert told.startswith("33% tautan “Baca Juga” dalam artikel-artikel ini tidak ada hubungannya")
    assert "1.200 dari 3.600" in told
    assert rows_of(page, "Tautan tidak terkait menurut penerbit")[1][2:6] == ["33,3%", "32–35%", "1.200", "3.600"]
    assert "Juni 2025" in page.text_content()
    assert "ekonomi" in page.text_content()


def test_every_phrase_is_there_in_both_languages_with_the_same_blanks():
    for key, phrase in phrases().items():
        assert set(phrase) == set(LANGUAGES), key
        blanks = [set(re.findall(r"\{\w+\}|#", phrase[lang])) for lang in LANGUAGES]
        assert blanks[0] == blanks[1], key


def test_reasons_are_said_in_the_page_s_language():
    evidence = [Evidence(f"beras{n}", 4.8, True) for n in range(6)]
    groups = [Evidence("bulog", 6.4, False)]
    given = [
        *link_reasons([*evidence, *groups], ("gossip", 0.9), "economy", 0.9, related=False),
        *link_reasons(evidence[:1], ("gossip", 0.1), "economy", 0.1, related=True),
        *link_reasons([], ("gossip", 0.1), "economy", 0.1, related=True),
    ]
    assert [Language("id").reason(one) for one in given] == [
        "sama-sama menyebut 'beras0' 4,8, 'beras1' 4,8, 'beras2' 4,8, 'beras3' 4,8 dan 2 lagi",
        "artikel memuat kata yang sekerabat dengan 'bulog' 6,4",
        "judul terbaca sebagai gosip",
        "judul terbaca sebagai umpan klik",
        "hanya sama-sama menyebut 'beras0' 4,8",
        "tidak ada kata khas yang sama",
    ]
    assert [Language("en").reason(one) for one in given] == given
    assert Language("id").reason("{topic} {n} other words") == "{topic} {n} other words"


def test_an_article_opens_to_its_text_with_the_links_marked_in_words_and_signs(page):
    [article] = [one for one in page.xpath("//details[@class='article']") if "r0" in one.text_content()][:1]
    struck, kept = article.xpath(".//*[@class='text']//s")[0], article.xpath(".//*[@class='text']//u")[0]
    assert words(struck).startswith(f"Baca Juga: {HEADLINES[False]}")
    assert words(kept).startswith(f"Baca Juga: {HEADLINES[True]}")
    verdicts = [words(one) for one in article.xpath(".//*[@class='text']//*[contains(@class, 'verdict')]")]
    assert verdicts == ["✗ unrelated 95%:", "✓ related 98%:"]
    listed = [words(one) for one in article.xpath(".//ul[@class='links']/li")]
    assert listed[0] == f"✗ unrelated 95% {HEADLINES[False]} 0 reads as gossip · clickbait 40% · shares no word"
    [address] = article.xpath(".//p[@class='meta']/a")
    assert (address.get("href"), address.get("rel")) == ("https://warta.id/1", "noreferrer")


def test_what_was_removed_is_shown_on_demand_and_numbered_in_the_text():
    text = "Harga beras naik, kata Bulog.\nBaca Juga: Penyanyi Ini Pamer Cincin Baru 1\nHarga turun.\nPenulis: Budi Karya\nEditor: Sari Dewi"
    page = page_of([row(1, related=(False,)) | {"text": text, "links": [link_at(text)]}])
    [article] = page.xpath("//details[@class='article']")
    assert "[removed 1]" in article.xpath(".//*[@class='text']")[0].text_content()
    [removed] = article.xpath(".//details")
    assert "Budi Karya" in removed.text_content()


def link_at(text):
    start = text.index("Baca Juga")
    return row(1, related=(False,))["links"][0] | {"start": start, "end": text.index("\n", start)}


def test_a_text_that_csv_changed_is_read_as_it_was(tmp_path):
    text = "- Harga beras naik.\nBaca Juga: Penyanyi Ini Pamer Cincin Baru 1\n+62 turun."
    one = row(1, related=(False,)) | {"text": text, "links": [link_at(text)]}
    with open_rows(
        tmp_path / "rows.csv", {**kinds(prediction_columns(("economy", "gossip", "other"))), "text": "string"}
    ) as file:
        file.write([one])
    [[read]] = read_rows(tmp_path / "rows.csv")
    assert read["text"] != text
    assert "The article with its teasers" in page_of([read]).text_content()


@pytest.mark.parametrize("text", [None, "Teks lain yang tidak punya tautan sama sekali."])
def test_without_the_text_that_was_scored_the_clean_text_and_the_links_are_shown(text):
    page = page_of([row(1, related=(False,)) | {"text": text}])
    [article] = page.xpath("//details[@class='article']")
    assert article.xpath(".//h4")[0].text == "Clean text"
    assert article.xpath(".//s | .//u") == []
    assert HEADLINES[False] in article.xpath(".//ul[@class='links']")[0].text_content()
    assert "saring score --keep text" in page.text_content()


def test_the_cap_is_said_and_many_articles_have_a_filter_that_the_page_does_without():
    page = page_of([row(n, related=(False,)) for n in range(300)], scripts=1)
    shown = page.xpath("//details[@class='article']")
    assert FILTERED < len(shown) <= 200
    assert f"{len(shown)} of 300 articles are here, at most 200" in page.text_content()
    [form] = page.xpath("//*[@id='filter']")
    assert form.get("hidden") is not None
    assert page_of([row(n, related=(False,)) for n in range(30)]).xpath("//*[@id='filter']") == []


def test_big_articles_are_fewer(monkeypatch):
    monkeypatch.setattr(report_articles, "MOST_BYTES", 20_000)
    text = "Harga beras naik.\n" * 100
    page = page_of([row(n, related=(), clickbait=0.9, clean_text=text, kept={}) for n in range(100)])
    assert 5 < len(page.xpath("//details[@class='article']")) < 20
    assert "More would make the file too big" in page.text_content()


def test_a_file_stays_small_whatever_the_rows_hold():
    quotes = '"<&>' * 5_000
    rows = [
        row(n, f"{quotes}{n}", related=(False, True) * 20, title=quotes, clickbait=0.9, published=f"{1900 + n}-01-01")
        | {"text": None, "clean_text": quotes + str(n)}
        for n in range(300)
    ]
    for one in rows:
        for link in one["links"]:
            link |= {
                "headline": f"{quotes[:200]} {one['id']}",
                "reasons": [quotes] * 9,
                "url": "https://x.id/?" + "&" * 1_900,
            }
    assert len(rows_report([rows], Language("en")).html([quotes] * 9).encode()) < 2_000_000


def test_many_publishers_are_summed_in_the_last_line(monkeypatch):
    monkeypatch.setattr(rows_report_module, "MOST_PUBLISHERS", 2)
    page = page_of(ROWS)
    rows = rows_of(page, "Unrelated teasers by publisher")
    assert [one[0] for one in rows] == ["all", "kabar.id", "warta.id", "(1 other publisher)"]
    assert rows[-1][4:6] == ["3", "3"]


HOSTILES = [
    HOSTILE,
    "\u202egnaro gnarab\u202c \u2066x \x1b[31m \x00 \x07",
    "{{ 7*7 }} {% raise %} {n} {0} %s",
    "javascript:alert(1)",
    "x" * 100_000,
    "</details></main></body><h1>ours</h1>",
]


@pytest.mark.parametrize("hostile", HOSTILES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_hostile_words_stay_text(hostile, lang):
    one = row(1, hostile, related=(False, True), title=hostile, url=hostile, topic="economy", publisher_printed=hostile)
    one["links"][0] |= {"headline": hostile, "reasons": [hostile], "url": hostile, "topic": hostile}
    rows = [one | {"id": hostile, "text": hostile}, one, failed(2, hostile)]
    page = page_of(rows * 20, lang)
    assert page.xpath("//a[not(starts-with(@href, '#'))]") == []
    text = page.text_content()
    assert not set("\u202e\u202c\u2066\x1b\x00\x07") & set(text)
    if len(hostile) < 200:
        assert hostile.split("\u202e")[-1].split("\u202c")[0][:20] in text
    assert len(text) < 200_000


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "JAVASCRIPT:alert(1)", " https://x.id", "https://x.id/\n", "data:text/html,x", "https:///x",
    "http://[", "//x.id", "file:///etc/passwd", None, 7, "https://x.id/\u202e",
])  # fmt: skip
def test_a_page_leads_to_no_address_but_web_addresses(url):
    assert web_address(url) == ""


@pytest.mark.parametrize("rows", [[], [failed(1)], [row(1)], [row(1, clickbait=None, title="")]])
def test_there_is_a_page_of_whatever_rows(rows):
    for lang in LANGUAGES:
        assert len(page_of(rows, lang).xpath("//h2")) == 9


@pytest.fixture
def rows_file(tmp_path):
    path = tmp_path / "rows.jsonl"
    columns = {**kinds(prediction_columns(("economy", "gossip", "other"))), "text": "string"}
    with open_rows(path, columns) as file:
        file.write(ROWS)
    return path


def test_the_command_writes_the_page_and_tells_the_verdict(rows_file, tmp_path, capsys):
    out = tmp_path / "report.html"
    assert main(["report", str(rows_file), "--out", str(out), "--lang", "id"]) == 0
    read_page(out.read_text("utf-8"), lang="id")
    assert "53 dari 83" in capsys.readouterr().err
    assert main(["report", str(rows_file), "--out", str(out)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main(["report", str(rows_file), str(rows_file), "--out", str(out), "--overwrite"]) == 0
    assert "106 of 166" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.parquet", "profile.json"])
def test_no_rows_are_an_error_for_report_and_drift_and_no_good_news(rows_file, tmp_path, capsys, name):
    none = tmp_path / "none" / name
    none.parent.mkdir()
    if name == "profile.json":
        profile_of([]).write(none)
    else:
        with open_rows(none, kinds(prediction_columns(("economy", "gossip", "other")))):
            pass
    commands = [["drift", str(none)], ["drift", str(none), "--against", str(rows_file)],
                ["drift", str(rows_file), "--against", str(none)]]  # fmt: skip
    if name != "profile.json":
        commands.append(["report", str(none), "--out", str(tmp_path / "report.html")])
    for command in commands:
        assert main(command) == 1
        assert f"{name}: found no rows" in capsys.readouterr().err
    if name == "rows.jsonl":  # a part may be empty
        assert main(["drift", str(none), str(rows_file)]) == 0


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_rows_come_from_standard_input_as_well(tmp_path, suffix):
    rows = tmp_path / f"rows{suffix}"
    with open_rows(rows, kinds(prediction_columns(("economy", "gossip", "other")))) as file:
        file.write([{name: value for name, value in one.items() if name != "text"} for one in ROWS])
    command = [sys.executable, "-m", "saring", "report", "-", "--out", str(tmp_path / "report.html")]
    done = subprocess.run(command, input=rows.read_bytes(), capture_output=True, check=True)
    assert b"53 of 83" in done.stderr


@pytest.mark.parametrize(("values", "told"), [
    ({"clickbait": "tinggi"}, "row 2: clickbait is 'tinggi'; expected number"),
    ({"title": ["a"]}, "row 2: title is"),
    ({"links": "tiga"}, "row 2: links is 'tiga'; expected list of links"),
    ({"links": [{"headline": "Judul", "related": False}]}, "row 2: a link has no marker"),
    ({"links": [{"headline": "Judul", "marker": "Baca Juga:", "related": 0.5}]}, "row 2: a link's related is '0.5'"),
    ({"abstained": 1}, "row 2: abstained is '1'; expected true or false"),
])  # fmt: skip
def test_values_that_no_row_has_are_refused_by_row_and_name(tmp_path, capsys, values, told):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, [row(1), row(2) | values])))
    assert main(["report", str(path), "--out", str(tmp_path / "report.html")]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("rows", "out", "code", "told"), [
    ("missing.jsonl", "report.html", 1, "no such file"),
    ("rows.jsonl", "report.pdf", 2, ".html"),
    ("rows.jsonl", "nowhere/report.html", 1, "cannot be written"),
])  # fmt: skip
def test_the_command_says_what_is_wrong(rows_file, tmp_path, capsys, rows, out, code, told):
    assert main(["report", str(tmp_path / rows), "--out", str(tmp_path / out)]) == code
    assert told in capsys.readouterr().err


def test_importing_the_report_does_not_import_jinja():
    code = "import sys, saring.html_reports.rows_report; assert 'jinja2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_publishers_of_a_few_articles_share_a_row_of_a_long_table():
    rows = [row(n, f"besar{n % 3}.id", related=(False, True)) for n in range(60)]
    rows += [row(100 + n, f"kecil{n}.id", related=(True,)) for n in range(12)]
    page = read_page(rows_report([rows], Language("en")).html(["rows.parquet"]), scripts=1)
    for title in ("Unrelated teasers by publisher", "Topics by publisher"):
        names = [cells[0] for cells in rows_of(page, title)]
        assert "(12 other publishers)" in names and not any(name.startswith("kecil") for name in names)
