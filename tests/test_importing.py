"""Published files and users' tables to the corpus format: every row kept, joined or named."""

import gzip
import hashlib
import json
import math
import re
import threading
import zipfile
from collections import Counter
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from timing import grows_linearly

from saring.datasets.assemble import Draft, corpus_rows, merged, open_tables
from saring.datasets.import_corpus import import_corpus
from saring.datasets.recipe import (
    Annotations,
    TopicReading,
    demojibake,
    load_recipe,
    read_annotations,
    split_paragraphs,
    title_key,
)
from saring.errors import ConfigError, CorpusError, InputError

CLICK_ID = Path(__file__).parents[1] / "conf" / "click-id.toml"
TOPICS = ("economy", "gossip", "international_politics", "other")

MINE = """
publisher = "Warta Lembah"
[columns]
title = "judul"
text = ["isi", "konten"]
date = "tanggal"
topic = "kanal"
clickbait = "pancingan"
[topics]
"Ekonomi" = "economy"
"Artis" = "gossip"
[clickbait]
"ya" = true
"bukan" = false
"""

SHORT = """
[columns]
title = "judul"
text = ["isi", "konten"]
"""


@pytest.fixture
def mine(tmp_path):
    """Write a recipe and a table, and import them: rows and report."""

    def run(table, recipe=MINE, name="mine.csv", **options):
        (tmp_path / "mine.toml").write_text(recipe, encoding="utf-8")
        source = tmp_path / name
        source.write_text(table, encoding="utf-8")
        out = tmp_path / "mine.jsonl"
        report = import_corpus(tmp_path / "mine.toml", source, out, **options)
        return rows_of(out), report

    return run


def rows_of(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


# A user's table


def test_columns_constants_and_values_become_corpus_rows(mine):
    rows, report = mine(
        "judul,isi,tanggal,kanal,pancingan\n"
        "Harga Pala Naik,Harga pala naik.,3 Maret 2023,Ekonomi,bukan\n"
        'Ini Rahasia Dalang,"Dalang itu diam.\nIa pergi.",2023-03-04,Artis,Ya\n'
    )
    assert rows == [
        {
            "id": title_key("Harga Pala Naik"),
            "title": "Harga Pala Naik",
            "text": "Harga pala naik.",
            "publisher": "Warta Lembah",
            "date": "2023-03-03",
            "topic": "economy",
            "clickbait": 0,
        },
        {
            "id": title_key("Ini Rahasia Dalang"),
            "title": "Ini Rahasia Dalang",
            "text": "Dalang itu diam.\nIa pergi.",
            "publisher": "Warta Lembah",
            "date": "2023-03-04",
            "topic": "gossip",
            "clickbait": 1,
        },
    ]
    assert (report.counts["rows"], report.counts["articles"], report.counts["topics_read"]) == (2, 2, 2)


def test_unknown_values_stop_the_import_and_are_all_named(mine, tmp_path):
    with pytest.raises(CorpusError) as error:
        mine("judul,isi,tanggal,kanal,pancingan\nA,b,,Ekonomi,ya\nC,d,,Olahraga,mungkin\nE,f,,Olahraga,ya\n")
    message = str(error.value)
    assert re.search(r"mine\.csv:2: column 'kanal' is 'Olahraga'; expected one of 'Ek", message)
    assert re.search(r"mine\.csv:2: column 'pancingan' is 'mungkin'; expected one of", message)
    assert message.count("Olahraga") == 1
    assert message.endswith("mine.toml")
    assert not (tmp_path / "mine.jsonl").exists()


def test_unknown_topics_may_be_given_one(mine):
    rows, _ = mine("judul,isi,tanggal,kanal,pancingan\nA,b,,Olahraga,\n", 'unknown = "other"\n' + MINE)
    assert rows[0]["topic"] == "other"


def test_without_a_table_of_topics_their_names_are_ours(mine):
    rows, _ = mine("t,k\nA,Cuaca\n", '[columns]\ntitle = "t"\ntopic = "k"\n')
    assert rows == [{"id": title_key("A"), "title": "A", "text": "", "topic": "Cuaca"}]


def test_topics_that_are_none_of_ours_are_counted_and_told(mine, tmp_path):
    table = "t,k\nA,Cuaca\nB,economy\nC,Hukum\nD,Cuaca\nE,\n"
    _, report = mine(table, '[columns]\ntitle = "t"\ntopic = "k"\n')
    assert report.own_topics == {"Cuaca": 2, "Hukum": 1}
    [told] = [line for line in report.lines() if line.startswith("topics of your own")]
    assert "Cuaca (2), Hukum (1); `saring train` learns them" in told
    assert told.endswith(f"name yours under [topics] in {tmp_path / 'mine.toml'}")


def test_our_topics_are_those_of_the_shipped_model_and_need_no_remark(mine, shipped):
    assert shipped.topics == TOPICS
    _, report = mine("judul,isi,tanggal,kanal,pancingan\nA,b,,Ekonomi,\nC,d,,Artis,\n")
    assert not report.own_topics
    assert not [line for line in report.lines() if "your own" in line]


def test_a_row_that_cannot_be_used_is_left_out_and_named(mine):
    rows, report = mine("judul,isi\nA,b\n , \nC,d\n", SHORT)
    assert [row["title"] for row in rows] == ["A", "C"]
    assert (report.counts["rows"], report.counts["articles"], report.counts["left_out"]) == (3, 2, 1)
    assert re.search(r"mine\.csv:2: found neither title nor text", report.problems[0])


def test_a_broken_row_is_left_out_and_named(mine):
    rows, report = mine('{"judul": "A"}\n{"judul": \n{"judul": "C", "isi": "d"}\n', SHORT, name="mine.ndjson")
    assert [row["title"] for row in rows] == ["A", "C"]
    assert (report.counts["rows"], report.counts["left_out"]) == (3, 1)
    assert "mine.ndjson:2: " in report.problems[0]


def test_a_date_nobody_understands_is_left_empty_and_named(mine):
    rows, report = mine("judul,isi,tanggal\nA,b,kemarin\n", SHORT + 'date = "tanggal"')
    assert "date" not in rows[0]
    assert "column 'tanggal' is 'kemarin'" in report.problems[0]


def test_a_column_that_no_row_has_is_told_with_those_there_are(mine, tmp_path):
    with pytest.raises(ConfigError) as error:
        mine("judul,kategori\nA,Ekonomi\n")
    assert "mine.csv: has no column 'isi' or 'konten'" in str(error.value)
    assert "mine.toml names for 'text'; found 'judul', 'kategori'" in str(error.value)
    assert not (tmp_path / "mine.jsonl").exists()


def test_rows_may_lack_what_others_have(mine):
    rows, _ = mine('{"judul": "A"}\n{"konten": "b"}\n', SHORT, name="mine.ndjson")
    assert [(row["title"], row["text"]) for row in rows] == [("A", ""), ("", "b")]


def test_a_table_without_a_usable_row_is_an_error(mine, tmp_path):
    with pytest.raises(CorpusError, match="found no row to import"):
        mine("judul,isi\n , \n", SHORT)
    assert not (tmp_path / "mine.jsonl").exists()


def test_titles_that_come_twice_get_ids_of_their_own(mine):
    rows, _ = mine("judul,isi\nA,b\nA,c\nA,d\n", SHORT)
    key = title_key("A")
    assert [row["id"] for row in rows] == [key, f"{key}-2", f"{key}-3"]


def test_many_rows_of_one_title_take_time_as_they_are_many():
    recipe = load_recipe(CLICK_ID)
    few, many = ([Draft("k", "Judul", "Isi", "Kabar")] * times for times in (1000, 4000))
    assert grows_linearly(lambda drafts: list(corpus_rows(drafts, Annotations(), recipe)), few, many)
    rows = corpus_rows([Draft(key, "", "Isi", "") for key in ("a", "a", "a-2", "a")], Annotations(), recipe)
    assert [row["id"] for row in rows] == ["a", "a-2", "a-2-2", "a-3"]


def test_an_existing_corpus_stays_unless_told(mine, tmp_path):
    (tmp_path / "mine.jsonl").write_text("old")
    with pytest.raises(ConfigError, match="is there already"):
        mine("judul,isi\nA,b\n", SHORT)
    assert (tmp_path / "mine.jsonl").read_text() == "old"
    rows, _ = mine("judul,isi\nA,b\n", SHORT, overwrite=True)
    assert len(rows) == 1


def test_the_output_is_never_one_of_the_inputs(tmp_path):
    (tmp_path / "mine.toml").write_text(MINE)
    (tmp_path / "old.jsonl").write_text('{"judul": "A"}\n')
    for source in (tmp_path, tmp_path / "old.jsonl"):
        with pytest.raises(ConfigError, match="is also an input"):
            import_corpus(tmp_path / "mine.toml", source, tmp_path / "old.jsonl", overwrite=True)
    assert (tmp_path / "old.jsonl").read_text() == '{"judul": "A"}\n'


# Recipes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[columns]\njudul = 'a'", r"\[columns\]: unknown key 'judul'; known keys: id, title"),
        ("colums = 1", "unknown key 'colums'; did you mean 'columns'"),
        ("[columns]\ndate = 'a'", "found neither 'title' nor 'text'"),
        ("columns = 1", "columns is 1; expected a table"),
        ("[columns]\ntitle = 1", r"\[columns\]: title is 1; expected text in quotes or a list"),
        ("voters = 0\n[columns]\ntitle = 'a'", "voters is 0; expected 1 or more"),
        ("mojibake = 'utf-8'\n[columns]\ntitle = 'a'", "mojibake is 'utf-8'; expected a codec"),
        ("mojibake = 'rot13'\n[columns]\ntitle = 'a'", "mojibake is 'rot13'; expected a codec"),
        ("mojibake = 'idna'\n[columns]\ntitle = 'a'", "mojibake is 'idna'; expected a codec"),
        ("mojibake = 'unicode_escape'\n[columns]\ntitle = 'a'", "expected a codec"),
        ('mojibake = "a\\u0000b"\n[columns]\ntitle = "a"', "expected a codec"),
        (f"voters = {'9' * 10_000}", "not valid TOML: Exceeds the limit"),
        (f"voters = {'[' * 5_000}", "not valid TOML"),
        ("paragraphs = 'tabs'\n[columns]\ntitle = 'a'", "paragraphs is 'tabs'; expected one of"),
        ("[columns]\ntitle = 'a'\n[clickbait]\nya = 'true'", "ya is 'true'; expected true or false"),
        ("[columns]\ntitle = 'a'\n[files]\nlayouts = 'x'", "layouts is 'x'; expected lists"),
        ("[columns]\ntitle = 'a'\n[sections]\nx = 'y'", "x is 'y'; expected a table"),
        ("[columns", "not valid TOML"),
    ],
)
def test_a_recipe_that_is_wrong_says_where(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as error:
        load_recipe(path)
    assert str(path) in str(error.value)


def test_a_recipe_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"mine\.toml: cannot be read .*; name a TOML file"):
        load_recipe(tmp_path / "mine.toml")


def test_a_recipe_without_addresses_wants_a_path(tmp_path):
    (tmp_path / "mine.toml").write_text(MINE)
    with pytest.raises(ConfigError, match=r"has no .* addresses; expected a path"):
        import_corpus(tmp_path / "mine.toml", None, tmp_path / "a.jsonl")


def test_click_id_s_recipe_names_source_licence_and_checksums():
    recipe = load_recipe(CLICK_ID)
    assert recipe.licence == "CC BY 4.0"
    assert "William" in recipe.citation
    assert recipe.page.startswith("https://data.mendeley.com/")
    assert all(address.endswith("/k42j7x2kpn-1.zip") for address in recipe.addresses)
    digests = [recipe.sha256, *recipe.checksums.values()]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)


def test_click_id_s_sections_are_of_its_publishers_and_give_our_topics():
    recipe = load_recipe(CLICK_ID)
    assert set(recipe.sections) <= set(recipe.publishers.values())
    assert {topic for sections in recipe.sections.values() for topic in sections.values()} == set(TOPICS)


def test_every_section_of_click_id_has_its_agreement_behind_it_and_agrees_well():
    text = CLICK_ID.read_text(encoding="utf-8")
    sections = sum(len(sections) for sections in load_recipe(CLICK_ID).sections.values())
    measured = [(int(k), int(n)) for k, n in re.findall(r'" +# (\d+) of (\d+)$', text, re.M)]
    assert len(measured) == sections
    assert all(agreed / read >= 0.9 and wilson(agreed, read) > 0.7 for agreed, read in measured)


def wilson(successes, trials, z=1.96):
    """The lower end of Wilson's 95% interval of a share."""
    share = successes / trials
    spread = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return (share + z**2 / (2 * trials) - spread) / (1 + z**2 / trials)


# Repair


# Latin, Greek and Arabic, what portals print beside them, and whatever takes three or four bytes
@given(st.text(alphabet=st.one_of(st.characters(max_codepoint=0x17F), st.sampled_from("γمرحبا–“”’…→漢😀"))))
def test_any_text_read_by_a_wrong_codec_comes_back(text):
    assert demojibake(text.encode().decode("mac_roman"), "mac_roman") == text


@given(st.text(alphabet="abc éÉñÜ°–—“”‘’…«»\xa0,.\n"))
def test_sound_text_is_not_repaired(text):
    assert demojibake(text, "mac_roman") == text


@pytest.mark.parametrize(
    ("joined", "lines"),
    [
        ("Satu.,Dua.,,Tiga.", "Satu.\nDua.\nTiga."),
        ('Ani pergi.,"Saya pulang," kata Ani.', 'Ani pergi.\n"Saya pulang," kata Ani.'),
        ('"Saya pulang.","Ibu menunggu," katanya.', '"Saya pulang."\n"Ibu menunggu," katanya.'),
        ("Apa sebabnya?,2. Cuaca buruk!,Habis.", "Apa sebabnya?\n2. Cuaca buruk!\nHabis."),
        ("Ia diam. \xa0,Lalu ia pergi.", "Ia diam.\nLalu ia pergi."),
        (" , - Ani pergi.", "Ani pergi."),
        ("-5 derajat di puncak.", "-5 derajat di puncak."),
        # what is not certain stays: places of lost links, numbers, lists
        ("Harga naik 5,5 persen", "Harga naik 5,5 persen"),
        ("Pelatih,,Budi Lembah, pergi", "Pelatih,,Budi Lembah, pergi"),
        ("kata Ani. ,menurut Budi", "kata Ani. ,menurut Budi"),
        # a marker without its link must not make a headline of the next paragraph
        ("Ani pergi.,Baca juga:,,Budi pulang.", "Ani pergi.\nBudi pulang."),
        ("Ani pergi.,Baca juga: Ani, Budi, Kini,,Lalu sepi.",
         "Ani pergi.\nBaca juga: Ani, Budi, Kini\nLalu sepi."),
        ("Ani membaca juga, lalu tidur", "Ani membaca juga, lalu tidur"),
    ],
)  # fmt: skip
def test_paragraphs_joined_by_commas_become_lines_where_it_is_certain(joined, lines):
    assert split_paragraphs(joined) == lines


@given(st.text(alphabet='aA1., "”?)\n-'))
def test_splitting_paragraphs_loses_no_letter(text):
    letters = [char for char in text if char.isalnum()]
    assert [char for char in split_paragraphs(text) if char.isalnum()] == letters


# Joining


WORDS = st.sampled_from(["A", "B", "C"])
DRAFTS = st.builds(
    lambda title, text, publisher, shares: Draft(
        title_key(title), title, text, publisher, shares=shares, alone=bool(shares) and not text
    ),
    WORDS, st.sampled_from(["", "isi"]), WORDS, st.lists(st.sampled_from([0, 1 / 3, 1]), max_size=1),
)  # fmt: skip


@given(st.lists(DRAFTS, max_size=12))
def test_every_article_is_kept_and_every_vote_counts_once(drafts):
    votes = Counter(share for draft in drafts for share in draft.shares)
    articles = sum(not draft.alone for draft in drafts)
    titles = {draft.title for draft in drafts}
    kept = merged(drafts)
    assert Counter(share for draft in kept for share in draft.shares) == votes
    assert sum(not draft.alone for draft in kept) == articles
    assert {draft.title for draft in kept} == titles
    rows = list(corpus_rows(kept, Annotations(), load_recipe(CLICK_ID)))
    assert len({row["id"] for row in rows}) == len(rows) == len(kept)


def test_a_tie_of_readings_is_not_clickbait():
    drafts = [Draft("k", "A", "", "P", shares=[s], voted=True, alone=True) for s in (0.0, 1.0)]
    [row] = corpus_rows(merged(drafts), Annotations(), load_recipe(CLICK_ID))
    assert (row["clickbait"], row["clickbait_share"]) == (0, 0.5)


# CLICK-ID, in the shapes that it comes in


ARTICLES = [
    # title, publisher, date, time, category, sub_category, url, text
    ("Harga Pala Naik ", "okezone.com", "2019-09-15 00:00:00", "07:30:00", "Economy",
     "Sektor Riil", "https://a.example/1", " - Harga pala naik.,‚ÄúBerat,‚Äù kata Ani."),
    ("Dalang Itu Menikah", "okezone.com", "15-Sep-19", "09:05 WIB", "Celebrity", "Musik",
     "https://a.example/2", "Dalang itu menikah."),
    ("Banjir di Lembah", "tempo.co", "Sep 15, 2019", None, "dunia", None,
     "https://a.example/3", "Banjir melanda lembah."),
    ("Gol Menit Akhir", "tempo.co", "-", None, "bola", None, "https://a.example/4", "Gol."),
]  # fmt: skip
ARTICLE_COLUMNS = ("title", "publisher", "date", "time", "category", "sub_category", "url", "text")
HEADLINES = [  # title, label, votes, publisher
    ("Dalang Itu Menikah", 1, 2, "okezone"),
    ("Ini Rahasia Sang Juru Kunci", 1, 3, "detik"),
    ("Ini Rahasia Sang Juru Kunci", 0, 1, "republika"),
]


@pytest.fixture
def click_id(tmp_path):
    """The shipped recipe with annotations and checksums of our own articles."""
    topics = "article_key,publisher,topic,sure,topic_second\n" + "".join(
        f"{title_key(title)},{publisher},{topic},{sure},\n"
        for title, publisher, topic, sure in (
            ("Harga Pala Naik", "okezone.com", "economy", True),
            ("Banjir di Lembah", "tempo.co", "other", False),
            ("Dalang Itu Menikah", "okezone.com", "gossip", True),
        )
    )
    links = "article_key,headline_key,publisher,label,label_second\n" + "".join(
        f"{title_key('Banjir di Lembah')},{title_key(title)},tempo.co,{grade},\n"
        for title, grade in (("Gol Menit Akhir", 0), ("Berita Yang Hilang", 2))
    )
    (tmp_path / "topics.csv").write_text(topics)
    (tmp_path / "topics-chosen.csv").write_text(topics.replace("economy", "other"))
    (tmp_path / "links.csv").write_text(links)
    text = CLICK_ID.read_text(encoding="utf-8").replace("click-id-", "")
    text = re.sub(r"^\[sha256\].*?(?=^\[)", "", text, flags=re.M | re.S)
    path = tmp_path / "click-id.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def cached(tmp_path):
    """A folder of one table of articles and one of headlines, with votes."""
    folder = tmp_path / "cached"
    folder.mkdir()
    table = pa.table(dict(zip(ARTICLE_COLUMNS, map(list, zip(*ARTICLES, strict=True)), strict=True)))
    pq.write_table(table, folder / "articles.parquet")
    lines = [",".join(map(str, row)) for row in HEADLINES]
    with gzip.open(folder / "headlines.csv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(["title,label,votes,publisher", *lines]))
    return folder


@pytest.fixture
def published(tmp_path):
    """A zip as published: one file a publisher, without votes."""

    def csv_of(header, rows):
        cells = [[json.dumps(c or "", ensure_ascii=False).replace('\\"', '""') for c in row] for row in rows]
        return "\ufeff" + "\n".join([header, *map(",".join, cells)])

    header = "title,source,date,time,category,sub-category,url,content"
    files = {
        "raw/csv/okezone.csv": csv_of(header, ARTICLES[:2]),
        "raw/csv/tempo.csv": csv_of(header, ARTICLES[2:]),
        "annotated/csv/okezone.csv": "title,label,label_score\nDalang Itu Menikah,clickbait,1\n",
        "annotated/csv/detikNews.csv":
            "title,label,label_score\nIni Rahasia Sang Juru Kunci,non-clickbait,0\n",
        "annotated/xlsx/okezone.xlsx": "not read",
        "annotated/combined/csv/main.csv": "title,label\nDalang Itu Menikah,clickbait\n",
        "__MACOSX/raw/csv/._okezone.csv": "not read",
    }  # fmt: skip
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"CLICK-ID A Novel Dataset/{name}", text)
    return path


def test_the_recipe_that_comes_with_saring_is_found_from_any_folder(published, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    report = import_corpus("click-id", published, "out.jsonl")
    assert report.recipe.name == "CLICK-ID"
    assert rows_of(Path("out.jsonl"))


def test_click_id_s_tables_become_a_corpus(click_id, cached, tmp_path):
    report = import_corpus(click_id, cached, tmp_path / "out.jsonl")
    rows = rows_of(tmp_path / "out.jsonl")
    assert rows[0] == {
        "id": title_key("Harga Pala Naik"),
        "title": "Harga Pala Naik",
        "text": "Harga pala naik.\n“Berat,” kata Ani.",
        "publisher": "okezone.com",
        "date": "2019-09-15T07:30:00+07:00",
        "url": "https://a.example/1",
        "section": "Economy/Sektor Riil",
        "topic": "economy",
        "sure": True,
    }
    assert [row.get("date") for row in rows[1:]] == [
        "2019-09-15T09:05:00+07:00", "2019-09-15", None, None,
    ]  # fmt: skip
    assert rows[1]["clickbait"], rows[1]["clickbait_share"] == (1, 0.6667)
    assert (rows[2]["topic"], rows[2]["sure"]) == ("other", False)
    assert rows[2]["links"] == [{"headline": "Gol Menit Akhir", "related": False, "grade": 0}]
    assert (rows[3]["topic"], rows[3]["topic_source"], rows[3]["section"]) == ("other", "section", "bola")
    assert rows[4] == {
        "id": title_key("Ini Rahasia Sang Juru Kunci"),
        "title": "Ini Rahasia Sang Juru Kunci",
        "text": "",
        "publisher": "detik.com",
        "clickbait": 1,
        "clickbait_share": 0.6667,
    }
    assert (report.counts["rows"], report.counts["articles"], report.counts["headlines"], report.counts["joined"]) == (
        7,
        4,
        1,
        2,
    )
    assert (report.counts["topics_read"], report.counts["topics_by_section"], report.counts["topics_none"]) == (3, 1, 0)
    assert (report.counts["clickbait"], report.counts["links"], report.counts["unplaced"]) == (2, 1, 1)


def test_the_published_zip_and_its_folder_give_the_same_rows(click_id, published, tmp_path):
    import_corpus(click_id, published, tmp_path / "zip.jsonl")
    with zipfile.ZipFile(published) as archive:
        archive.extractall(tmp_path / "unpacked")
    import_corpus(click_id, tmp_path / "unpacked", tmp_path / "folder.jsonl")
    rows = rows_of(tmp_path / "zip.jsonl")
    assert rows == rows_of(tmp_path / "folder.jsonl")
    assert [row["title"] for row in rows] == [
        "Harga Pala Naik", "Dalang Itu Menikah", "Banjir di Lembah", "Gol Menit Akhir",
        "Ini Rahasia Sang Juru Kunci",
    ]  # fmt: skip
    assert [row["publisher"] for row in rows[3:]] == ["tempo.co", "detik.com"]
    assert [row.get("clickbait") for row in rows] == [None, 1, None, None, 0]
    assert not any("clickbait_share" in row for row in rows)


def test_a_reading_that_a_model_asked_for_says_so_and_gives_way_to_any_other(click_id, tmp_path):
    files = {"topics": tmp_path / "topics.csv", "chosen": tmp_path / "topics-chosen.csv"}
    pala = ("okezone.com", title_key("Harga Pala Naik"))
    assert read_annotations(files).topics[pala] == TopicReading("economy", True)
    del files["topics"]
    assert read_annotations(files).topics[pala] == TopicReading("other", True, chosen=True)


def test_a_reading_goes_before_a_section_and_their_agreement_is_counted(click_id, cached, tmp_path):
    report = import_corpus(click_id, cached, tmp_path / "out.jsonl")
    assert report.sections["okezone.com", "Celebrity"] == (1, 1, 1)
    assert report.sections["tempo.co", "bola"] == (1, 0, 0)
    assert "  okezone.com Celebrity: 1 rows, gossip in 1 of 1 read" in list(report.lines())


def test_the_report_names_licence_and_citation_and_adds_up(click_id, cached, tmp_path):
    report = import_corpus(click_id, cached, tmp_path / "out.jsonl")
    lines = list(report.lines())
    assert "7 rows = 4 articles + 1 headlines alone + 2 joined to them + 0 left out" in lines
    assert "licence CC BY 4.0" in lines
    assert any(line.startswith("cite William, A. and Sari, Y. (2020)") for line in lines)


def test_a_table_with_another_checksum_is_refused(click_id, cached, tmp_path):
    with click_id.open("a", encoding="utf-8") as file:
        file.write(f'[sha256]\n"headlines.csv.gz" = "{"0" * 64}"\n')
    with pytest.raises(InputError, match=r"headlines\.csv\.gz: has SHA-256 .*; expected 0000"):
        import_corpus(click_id, cached, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_a_checksum_that_the_user_names_is_held_to(click_id, published, tmp_path):
    digest = hashlib.sha256(published.read_bytes()).hexdigest()
    report = import_corpus(click_id, published, tmp_path / "out.jsonl", sha256=digest)
    assert report.origin.verified
    with pytest.raises(InputError, match="expected 0000"):
        import_corpus(click_id, published, tmp_path / "b.jsonl", sha256="0" * 64)
    with pytest.raises(ConfigError, match="a checksum was given for a folder"):
        import_corpus(click_id, tmp_path, tmp_path / "b.jsonl", sha256=digest)


def test_another_zip_is_read_and_said_to_be_unverified(click_id, published, tmp_path):
    report = import_corpus(click_id, published, tmp_path / "out.jsonl")
    assert not report.origin.verified
    assert any("not verified" in line for line in report.lines())


def test_a_zip_that_is_cut_off_is_told(click_id, published, tmp_path):
    whole = published.read_bytes()
    start = whole.index(b"Harga")
    published.write_bytes(whole[:start] + b"Rusak" + whole[start + 5 :])
    with pytest.raises(InputError, match=r"set\.zip: cannot be unpacked"):
        import_corpus(click_id, published, tmp_path / "out.jsonl")


def test_a_folder_without_its_tables_is_told_what_was_expected(click_id, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"found no table .*expected articles\.parquet"):
        import_corpus(click_id, tmp_path / "empty", tmp_path / "out.jsonl")
    with pytest.raises(InputError, match="there is no such file or folder"):
        import_corpus(click_id, tmp_path / "nowhere", tmp_path / "out.jsonl")


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("topics", "k,P,,True", "column 'topic' is empty"),
        ("topics", "k,P,other,maybe", "column 'sure' is 'maybe'; expected True or False"),
        ("links", "k,h,P,3", "column 'label' is '3'; expected 0, 1 or 2"),
        ("links", "k,,P,1", "column 'headline_key' is empty"),
    ],
)
def test_an_annotation_that_is_wrong_says_where(tmp_path, file, line, said):
    headers = {"topics": "article_key,publisher,topic,sure",
               "links": "article_key,headline_key,publisher,label"}  # fmt: skip
    path = tmp_path / f"{file}.csv"
    path.write_text(f"{headers[file]}\n{line}\n")
    with pytest.raises(CorpusError, match=rf"{file}\.csv:1: {said}"):
        read_annotations({file: path})


# From the web


@pytest.fixture
def portal(published):
    """Serve the folder of the published zip; stops when called."""
    handler = partial(QuietHandler, directory=published.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        """Say nothing."""


def test_without_a_source_the_recipe_s_addresses_are_tried_in_turn(click_id, published, portal, tmp_path):
    digest = hashlib.sha256(published.read_bytes()).hexdigest()
    known = load_recipe(click_id)
    text = click_id.read_text(encoding="utf-8").replace(known.sha256, digest)
    for address, name in zip(known.addresses, ("gone.zip", "set.zip"), strict=True):
        text = text.replace(address, f"{portal}/{name}")
    click_id.write_text(text, encoding="utf-8")
    stages = []
    out = tmp_path / "new" / "out.jsonl"
    report = import_corpus(click_id, None, out, progress=lambda *told: stages.append(told))
    assert (report.origin.address, report.origin.sha256) == (f"{portal}/set.zip", digest)
    assert report.origin.verified
    assert report.counts["articles"] == 4
    assert {stage for stage, _, _ in stages} == {"fetching", "writing"}
    # what was fetched is kept, so the next import needs no network
    published.unlink()
    assert import_corpus(click_id, f"{portal}/set.zip", out, overwrite=True).counts["articles"] == 4


@pytest.mark.parametrize("source", ["http://[::1/x", "http://x:abc/y", "HTTP://127.0.0.1:1/..", "http://"])
def test_an_odd_address_is_an_error_that_names_it(source, tmp_path):
    (tmp_path / "mine.toml").write_text(MINE)
    with pytest.raises(InputError, match="cannot be fetched") as error:
        import_corpus(tmp_path / "mine.toml", source, tmp_path / "out.jsonl")
    assert source in str(error.value)


def test_a_zip_with_any_byte_altered_is_an_error_or_read(click_id, published, tmp_path):
    whole = published.read_bytes()
    odd = tmp_path / "odd.zip"
    known = load_recipe(click_id)
    for place in [*range(0, 80), *range(max(80, len(whole) - 400), len(whole))]:
        odd.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with suppress(InputError), open_tables(odd, known):
            pass


def test_when_no_address_answers_each_is_named(click_id, portal, tmp_path):
    known = load_recipe(click_id)
    text = click_id.read_text(encoding="utf-8")
    for number, address in enumerate(known.addresses):
        text = text.replace(address, f"{portal}/gone{number}.zip")
    click_id.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"gone0\.zip: cannot be .*gone1\.zip: cannot be fetched"):
        import_corpus(click_id, None, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
