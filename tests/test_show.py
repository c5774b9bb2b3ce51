"""What people see: at a terminal wrapped and struck through, elsewhere plain text and no codes."""

import json
import re
import sys

import pytest

from saring.article import Article, LinkPrediction, Prediction, Record, clean_text
from saring.batch.parts import Summary
from saring.cli.output import print_json
from saring.cli.show import counting, print_article, print_prediction, print_problem, print_summary, stages
from saring.parsing.engine import parse

UNRELATED = "Potret Mesra Artis Sinetron dan Kekasih Barunya, Netizen Langsung Heboh"
TEXT = (
    "Rupiah menguat terhadap dolar AS pada perdagangan Jumat sore setelah bank sentral menahan "
    "suku bunga acuan untuk bulan kelima berturut-turut.\n"
    "Baca Juga: Bank Sentral Tahan Suku Bunga\n"
    "Pelaku pasar menanti data inflasi.\n"
    f"Baca Juga: {UNRELATED}\n"
    "Penguatan ini yang tertinggi."
)
RECORD = Record("a", "Rupiah Menguat [lagi]", TEXT, where="berita.csv:7")
ESCAPE = "\x1b"


def shown(record: Record) -> str:
    """The clean text with all links in it, as `keep_links="all"` gives it."""
    article = parse(record)
    return clean_text(article, article.links)


def predicted(**changes) -> Prediction:
    first, second = parse(RECORD).links
    links = (
        LinkPrediction(first.headline, first.marker, first.start, first.end, True, 0.13, "economy",
                       0.1, ("shares 'suku', 'bunga'",)),
        LinkPrediction(second.headline, second.marker, second.start, second.end, False, 0.998,
                       "gossip", 0.9, ("shares no specific word", "headline reads as gossip")),
    )  # fmt: skip
    known = {
        "id": "a", "title": RECORD.title, "published": "2023-03-03", "source": "Reuters",
        "topic": "economy", "probabilities": {"gossip": 0.08, "economy": 0.92},
        "clickbait": 0.004, "links": links, "clean_text": shown(RECORD),
    }  # fmt: skip
    return Prediction(**(known | changes))


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No terminal, whatever the tests are run in."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")


def struck(out: str) -> list[str]:
    """What a terminal shows struck through: code 9, until all is reset."""
    return re.findall(r"\x1b\[(?:\d+;)*9(?:;\d+)*m(.*?)\x1b\[0m", out)


# a prediction


def test_an_article_that_is_a_title_alone_is_said_to_have_no_text(capsys):
    alone = Record("a", "Rupiah Menguat", "")
    print_prediction(alone.where, predicted(links=(), clean_text=""))
    assert "clickbait: <1%\n\n(no text)\n\nno teaser links\n" in capsys.readouterr().out
    print_article(parse(alone))
    assert capsys.readouterr().out == "title      Rupiah Menguat\n\n(no text)\n\n"


def test_a_prediction_elsewhere_is_plain_text(capsys):
    print_prediction(RECORD.where, predicted())
    assert (
        capsys.readouterr().out
        == f"""berita.csv:7
Rupiah Menguat [lagi]
2023-03-03 · Reuters
topic: economy 92%, then gossip 8%
clickbait: <1%

{TEXT.splitlines()[0]}

Baca Juga: Bank Sentral Tahan Suku Bunga

Pelaku pasar menanti data inflasi.

~~Baca Juga: {UNRELATED}~~

Penguatan ini yang tertinggi.

related 87%  Bank Sentral Tahan Suku Bunga
    shares 'suku', 'bunga'
unrelated >99%  {UNRELATED}
    shares no specific word; headline reads as gossip

"""
    )


def test_at_a_terminal_unrelated_links_are_struck_through_in_place(capsys, terminal):
    print_prediction(RECORD.where, predicted())
    out = capsys.readouterr().out
    assert " ".join(struck(out)) == f"Baca Juga: {UNRELATED}"
    assert "~~" not in out


def test_at_a_terminal_lines_break_between_words(capsys, terminal):
    print_prediction(RECORD.where, predicted())
    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 80
    words = {word for line in lines for word in line.split()}
    assert set(TEXT.split()) <= words
    [at] = [number for number, line in enumerate(lines) if line.startswith("unrelated")]
    assert lines[at + 1].startswith("    ")


def test_no_line_is_too_long_to_read_however_wide_the_terminal(capsys, terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    print_prediction(RECORD.where, predicted())
    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 88


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_without_styles_gets_no_codes(capsys, terminal, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    print_prediction(RECORD.where, predicted())
    out = capsys.readouterr().out
    assert ESCAPE not in out
    assert "~~Baca Juga: Potret Mesra" in out


def test_links_are_marked_where_they_stand_even_when_two_are_alike(capsys):
    text = "Satu.\nBaca Juga: Judul yang Sama\nDua.\nBaca Juga: Judul yang Sama\nTiga."
    record = Record("a", "Judul", text)
    first, second = parse(record).links
    verdicts = [
        LinkPrediction(link.headline, link.marker, link.start, link.end, related, 0.5, "x", 0.0)
        for link, related in ((first, True), (second, False))
    ]
    print_prediction(record.where, predicted(links=tuple(verdicts), clean_text=shown(record)))
    out = capsys.readouterr().out
    marked = re.findall("^.*Baca Juga.*$", out, re.MULTILINE)
    assert marked == ["Baca Juga: Judul yang Sama", "~~Baca Juga: Judul yang Sama~~"]


def test_links_that_nobody_judged_are_shown_as_such(capsys):
    links = tuple(
        LinkPrediction(link.headline, link.marker, link.start, link.end, None, None, "economy", None)
        for link in parse(RECORD).links
    )
    print_prediction(RECORD.where, predicted(links=links, clickbait=None))
    out = capsys.readouterr().out
    assert out.count("not judged  ") == 2
    assert "~~" not in out
    assert "clickbait" not in out


def test_an_article_without_title_links_or_facts(capsys):
    prediction = predicted(title="", published="", source="", links=(), clickbait=None, clean_text="Satu.")
    print_prediction("a.txt", prediction)
    assert capsys.readouterr().out == (
        "a.txt\n(no title)\ntopic: economy 92%, then gossip 8%\n\nSatu.\n\nno teaser links\n\n"
    )


@pytest.mark.parametrize(
    ("probabilities", "words"),
    [
        ({"a": 0.9999, "b": 0.0001}, "topic: a >99%\n"),
        ({"a": 0.5, "b": 0.5}, "topic: a 50%, then b 50%\n"),
        ({"a": 1.0}, "topic: a >99%\n"),
        ({"a": 0.3, "b": 0.25, "c": 0.45}, "topic: c 45%, then a 30%\n"),
    ],
)
def test_the_topic_and_its_runner_up(capsys, probabilities, words):
    print_prediction(RECORD.where, predicted(probabilities=probabilities))
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        ("unsure", "no topic is likely enough to rely on\n"),
        ("unlike_news", "the text is unlike the Indonesian news it knows, and so the probabilities"),
    ],
)
def test_an_abstention_is_told_with_its_reason(capsys, why, sentence):
    print_prediction(RECORD.where, predicted(abstained_because=why))
    assert f"then gossip 8%\nthe model abstains: {sentence}" in capsys.readouterr().out


def test_an_error_goes_to_standard_error(capsys):
    print_prediction(RECORD.where, Prediction("a", error="berita.csv:7: title and text are empty"))
    out, err = capsys.readouterr()
    assert (out, err) == ("", "berita.csv:7: title and text are empty\n")
    print_problem("[bold]no markup[/bold]")
    assert capsys.readouterr().err == "[bold]no markup[/bold]\n"


# rows


def test_json_is_one_line_of_utf_8(capfdbinary):
    print_json({"a": "baris\nbaru 😀", "b": None})
    sys.stdout.flush()
    out = capfdbinary.readouterr().out
    assert out.count(b"\n") == 1
    assert json.loads(out.decode("utf-8")) == {"a": "baris\nbaru 😀", "b": None}


# an article's pieces


def test_pieces_are_shown_with_kind_and_span(capsys):
    text = "Judul\nKOTA, WARTA - Satu kalimat. " + "panjang " * 30 + "\nBaca Juga: Judul Lain di Sini"
    print_article(parse(Record("a", "Judul", text, publisher="Warta")))
    out = capsys.readouterr().out
    assert "title      Judul\n" in out
    assert "publisher  Warta\n" in out
    assert re.search(r"^     0-5      title          Judul$", out, re.MULTILINE)
    assert re.search(r"^ +\d+-\d+ +body +Satu kalimat. (panjang )+.*…$", out, re.MULTILINE)
    assert re.search(r"^ +\d+-\d+ +link +Baca Juga: Judul Lain di Sini$", out, re.MULTILINE)


def test_at_a_terminal_each_piece_has_one_line(capsys, terminal):
    print_article(Article("a", "", "panjang " * 60))
    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert [len(line) for line in lines if line] == [80]


def test_tags_are_shown(capsys):
    print_article(Article("a", "", "Isi", tags=("rupiah", "dolar")))
    assert "tags       rupiah, dolar\n" in capsys.readouterr().out


# the end of a batch


def test_a_summary_adds_up(capsys):
    summary = Summary(1200, 1150, 20, 30, 2400, 900, "a.csv:3: column 'isi' is empty")
    print_summary(summary, "rows.csv")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "1,200 rows = 1,150 done + 20 abstained + 30 with errors; 2,400 links, 900 unrelated -> "
        "rows.csv\nfirst error: a.csv:3: column 'isi' is empty\n"
    )


def test_a_summary_says_only_what_there_is(capsys):
    print_summary(Summary(rows=3, scored=3), "rows.csv")
    assert capsys.readouterr().err == "3 rows = 3 done + 0 with errors; 0 links -> rows.csv\n"


# progress


def test_progress_is_silent_where_there_is_no_terminal(capsys):
    with counting("scoring") as rows:
        rows(10)
    with stages() as stage:
        stage("fit", 1, 3)
    assert capsys.readouterr() == ("", "")


def test_progress_shows_at_a_terminal_and_goes_when_done(capsys, terminal):
    with counting("scoring") as rows:
        rows(1234)
    with stages() as stage:
        stage("cross-validate", 1, 3)
        stage("fit", 3, 3)
    out, err = capsys.readouterr()
    assert out == ""
    assert "scoring 1,234 articles" in err
    assert "cross-validate" in err
    assert err.endswith("\x1b[2K")
