"""Labelled articles: the corpus format, the two shapes of evaluation files, and their errors."""

from pathlib import Path

import orjson
import pytest

from saring.errors import CorpusError, InputError
from saring.training.corpus import LabelledLink, fingerprint, read_corpus

SHARED_GOLD = Path(__file__).parents[1].parent / "shared" / "data" / "gold"

ROW = {
    "id": "eco-1",
    "title": "Harga Telur di Pasar Sukamulya Turun Dua Pekan Beruntun",
    "text": (
        "SUKAMULYA, Warta Lumbung - Harga telur ayam turun lagi, Senin (4/3/2024).\n"
        "Baca Juga: Peternak Sukamulya Kurangi Populasi Ayam Petelur\n"
        "Pedagang menyebut pasokan dari peternak berlimpah sejak awal bulan."
    ),
    "publisher": "Warta Lumbung",
    "date": "2024-03-05",
    "topic": "economy",
    "clickbait": 0,
    "links": [{"headline": "Peternak Sukamulya Kurangi Populasi Ayam Petelur", "related": True, "clickbait": 0}],
    "split": "test",
}


def write(folder, *rows, name="corpus.jsonl"):
    path = folder / name
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def read_one(folder, **changes):
    row = {name: value for name, value in (ROW | changes).items() if value is not ...}
    return read_corpus(write(folder, row))[0]


# The corpus format


def test_a_row_becomes_a_parsed_article_with_its_labels(tmp_path):
    found = read_one(tmp_path)
    assert (found.topic, found.clickbait, found.split, found.kind) == ("economy", False, "test", "")
    headline = "Peternak Sukamulya Kurangi Populasi Ayam Petelur"
    assert found.links == (LabelledLink(headline, related=True, clickbait=False),)
    article = found.article
    assert (article.id, article.title) == ("eco-1", ROW["title"])
    assert (article.publisher, article.published) == ("Warta Lumbung", "2024-03-05T00:00:00+07:00")
    assert [link.headline for link in article.links] == [headline]
    assert headline not in article.body
    assert article.text == ROW["text"]


def test_rows_keep_the_order_of_the_file(tmp_path):
    path = write(tmp_path, *(ROW | {"id": f"eco-{n}"} for n in (3, 1, 2)))
    assert [a.article.id for a in read_corpus(path)] == ["eco-3", "eco-1", "eco-2"]


def test_labels_that_nobody_gave_are_none_and_the_split_is_train(tmp_path):
    found = read_one(tmp_path, split=..., clickbait=..., links=[{"headline": "Telur Naik"}])
    assert (found.split, found.clickbait) == ("train", None)
    assert found.links == (LabelledLink("Telur Naik", related=None, clickbait=None),)
    assert read_one(tmp_path, links=None).links == ()
    assert read_one(tmp_path, topic=..., links=...).topic == ""


def test_a_label_may_say_who_gave_it_and_how_many_agreed(tmp_path):
    links = [{"headline": "Telur Naik", "related": True, "grade": 1.5}]
    found = read_one(tmp_path, topic_source="section", clickbait_share=0.4, links=links)
    assert (found.topic_source, found.clickbait_share) == ("section", 0.4)
    assert found.links[0].grade == 1.5
    plain = read_one(tmp_path)
    assert (plain.topic_source, plain.clickbait_share, plain.links[0].grade) == ("", None, None)


def test_a_row_knows_the_name_of_its_file(tmp_path):
    assert read_corpus(write(tmp_path, ROW, name="own.v2.jsonl"))[0].corpus == "own"


def test_a_row_without_labels_is_background_beside_rows_that_have_some(tmp_path):
    bare = {"title": "Harga Telur Naik", "text": "Pedagang mengeluh."}
    labelled, background = read_corpus(write(tmp_path, ROW, bare))
    assert (labelled.topic, background.topic, background.links, background.clickbait) == (ROW["topic"], "", (), None)
    with pytest.raises(CorpusError, match=r"corpus\.jsonl: found no label in 2 row\(s\); expected"):
        read_corpus(write(tmp_path, bare, bare))


def test_one_and_true_are_yes_and_zero_and_false_are_no(tmp_path):
    assert [read_one(tmp_path, clickbait=v).clickbait for v in (1, True, 0, False)] == [True, True, False, False]


def test_a_row_without_an_id_is_named_by_its_place(tmp_path):
    assert read_one(tmp_path, id=...).article.id.endswith("corpus.jsonl:1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"topic": 3}, "column 'topic' is 3; expected a string"),
        ({"text": ["a"]}, r"column 'text' is \['a'\]; expected a string"),
        ({"split": "dev"}, r"column 'split' is 'dev'; expected train or test"),
        ({"clickbait": "yes"}, "column 'clickbait' is 'yes'; expected true/false or 1/0"),
        ({"clickbait": 2}, "column 'clickbait' is 2"),
        ({"links": [{"headline": "A B"}, {"related": True}]}, "link 2: found no 'headline'"),
        ({"links": [{"headline": " ", "related": True}]}, "link 1: found no 'headline'"),
        (
            {"links": [{"headline": "A B", "related": "ya"}]},
            "link 1: column 'related' is 'ya'; expected true/false or 1/0",
        ),
        ({"links": ["Judul Tautan"]}, "link 1 is 'Judul Tautan'; expected an object"),
        ({"links": "Judul Tautan"}, "column 'links' is 'Judul Tautan'; expected a list"),
        ({"links": {"headline": "A"}}, r"column 'links' is .*; expected a list"),
        ({"clickbait_share": 1.5}, "column 'clickbait_share' is 1.5; expected 0 to 1"),
        ({"clickbait_share": True}, "column 'clickbait_share' is True; expected 0 to 1"),
        ({"links": [{"headline": "A B", "grade": "2"}]}, "column 'grade' is '2'; expected 0 to 2"),
        (
            {"title": ..., "text": ..., "judul": "Harga Telur", "isi": "Turun."},
            "found neither 'title' nor 'text' among .*'isi', 'judul'",
        ),
    ],
)
def test_every_error_names_file_row_column_and_what_was_expected(tmp_path, changes, message):
    second = {name: value for name, value in (ROW | changes).items() if value is not ...}
    path = write(tmp_path, ROW, second)
    with pytest.raises(CorpusError, match=rf"corpus\.jsonl:2.*{message}"):
        read_corpus(path)


def test_an_empty_file_and_an_absent_one_are_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"corpus\.jsonl: found no rows"):
        read_corpus(write(tmp_path))
    with pytest.raises(InputError, match=r"absent\.jsonl"):
        read_corpus(tmp_path / "absent.jsonl")


def test_a_torn_line_stops_the_reading_as_a_label_may_be_lost(tmp_path):
    path = write(tmp_path, ROW)
    path.write_bytes(path.read_bytes() + b'{"id": "eco-2", "ti')
    with pytest.raises(InputError, match=r"corpus\.jsonl:2"):
        read_corpus(path)


# Evaluation files as they lie

TOPIC_ROW = {
    "id": "t000",
    "publisher": "wartalumbung",
    "url": "https://wartalumbung.test/1",
    "date": "5 Mar 2024, 10:00 WIB",
    "title": "Kapal Dagang Dua Negara Bersitegang di Selat",
    "text": "Menteri luar negeri kedua negara bertukar nota protes.",
    "topic": "international_politics",
    "sure": True,
}
PAIR_ROW = {
    "pair": "p000",
    "publisher": "wartalumbung",
    "url": "https://wartalumbung.test/2",
    "category": "daerah",
    "kind": "swap",
    "host_title": "Jembatan Gantung Desa Ciheran Putus",
    "host_text": "Warga Ciheran menyeberang dengan rakit sejak jembatan putus.",
    "headline": "Pemkab Janji Bangun Jembatan Ciheran Tahun Ini",
    "annotator_1": 2,
    "annotator_2": 1,
}


def test_a_file_of_topics_is_read_with_its_hesitation_as_kind(tmp_path):
    path = write(tmp_path, TOPIC_ROW, TOPIC_ROW | {"id": "t001", "sure": False})
    first, second = read_corpus(path)
    assert (first.topic, first.kind, second.kind) == ("international_politics", "sure", "unsure")
    assert (first.article.url, first.links, first.clickbait) == (TOPIC_ROW["url"], (), None)


def test_a_file_of_pairs_gives_an_article_with_one_link_a_row(tmp_path):
    (found,) = read_corpus(write(tmp_path, PAIR_ROW))
    assert found.links == (LabelledLink(PAIR_ROW["headline"], related=True, grade=1.5),)
    assert (found.topic, found.kind, found.split) == ("", "swap", "train")
    assert (found.article.id, found.article.title) == ("p000", PAIR_ROW["host_title"])
    assert found.article.body == PAIR_ROW["host_text"]


@pytest.mark.parametrize(
    ("grades", "related"), [((0, 0), False), ((1, 1), True), ((2, 2), True), ((0, 1), True), ((2, None), True)]
)
def test_a_pair_is_related_when_half_of_its_annotators_grade_it_one_or_two(tmp_path, grades, related):
    row = PAIR_ROW | {"annotator_1": grades[0], "annotator_2": grades[1]}
    assert read_corpus(write(tmp_path, row))[0].links[0].related is related


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotator_1": 3}, r"columns 'annotator_\*' are \[3, 1\]; expected grades 0, 1 or 2"),
        ({"annotator_1": None, "annotator_2": None}, r"'annotator_\*' are \[\]"),
        ({"headline": ""}, "found no 'headline'"),
        ({"host_text": "", "host_title": ""}, "found neither 'title' nor 'text'"),
    ],
)
def test_a_broken_pair_is_refused_by_its_place(tmp_path, changes, message):
    with pytest.raises(CorpusError, match=rf"pairs\.jsonl:1.*{message}"):
        read_corpus(write(tmp_path, PAIR_ROW | changes, name="pairs.jsonl"))


@pytest.mark.skipif(not SHARED_GOLD.is_dir(), reason="../shared/data/gold is not there")
@pytest.mark.parametrize(
    ("name", "rows", "kinds"),
    [("topics-dev.jsonl", 239, {"sure", "unsure"}), ("links-dev.jsonl", 468, {"real", "swap"})],
)
def test_the_development_files_are_read_as_they_lie(name, rows, kinds):
    found = read_corpus(SHARED_GOLD / name)
    assert (len(found), {a.kind for a in found}) == (rows, kinds)


# The fingerprint


def test_the_fingerprint_is_of_bytes_in_order(tmp_path):
    one, two = write(tmp_path, ROW, name="1.jsonl"), write(tmp_path, PAIR_ROW, name="2.jsonl")
    assert fingerprint([one, two]) == fingerprint([one, two])
    assert len(fingerprint([one])) == 64
    assert len({fingerprint(paths) for paths in ([one], [two], [one, two], [two, one])}) == 4
    before = fingerprint([one])
    one.write_bytes(one.read_bytes() + b"\n")
    assert fingerprint([one]) != before
