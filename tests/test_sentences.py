"""Sentences: Indonesian abbreviations end none, nothing is lost, and nothing is downloaded."""

import socket
import time

import nltk
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nltk import redos
from nltk.tokenize.punkt import PunktLanguageVars, PunktParameters, PunktSentenceTokenizer, PunktToken, PunktTrainer

from saring.models.pair_fitting import MAX_ABBREVIATION_CHARS, AbbreviationTrainer, learn_abbreviations
from saring.text import ABBREVIATIONS, MAX_LINE_CHARS, PUNKT_NUMBER, PUNKT_TOKEN, Splitter, paragraphs


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Neither NLTK's downloader nor a socket may be used."""

    def refuse(*args, **options):
        raise AssertionError("something tried to reach the network")

    monkeypatch.setattr(nltk, "download", refuse)
    monkeypatch.setattr(nltk.downloader.Downloader, "download", refuse)
    monkeypatch.setattr(nltk.data, "find", refuse)
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def split(text):
    return Splitter().sentences(text)


# Splitting


def test_a_stop_before_a_capital_ends_a_sentence():
    assert split("Harga turun. Warga lega! Sampai kapan? Entah.") == [
        "Harga turun.",
        "Warga lega!",
        "Sampai kapan?",
        "Entah.",
    ]


def test_a_closing_quote_stays_with_its_sentence():
    assert split('"Harga turun," kata Ujang. "Kami lega." Warga pulang.') == [
        '"Harga turun," kata Ujang.',
        '"Kami lega."',
        "Warga pulang.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Bupati H. Dadang Sumarna meninjau pasar.",
        "Harganya Rp. 15.000 per kilogram.",
        "Perda No. 4 Tahun 2020 dicabut.",
        "Menurut dr. Ratna Kusuma, pasien membaik.",
        "Sidang dipimpin Prof. Dr. Ir. Bambang Wijaya di Bandung.",
        "Kantornya di Jl. Merdeka Gg. Melati.",
        "Saham PT. Bumi Tani Tbk. Jakarta naik 1.250 poin.",
        "Acara dihadiri Hj. Siti Aminah, S.H. Ketua RW setempat.",
    ],
)
def test_an_abbreviation_ends_no_sentence(text):
    assert split(text) == [text]


def test_a_line_break_ends_a_sentence_even_without_a_stop():
    assert split("Harga Telur Turun\r\nWarga lega\n\n  Pedagang mengeluh. \n") == [
        "Harga Telur Turun",
        "Warga lega",
        "Pedagang mengeluh.",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t \r\n"])
def test_blank_text_has_no_sentences(text):
    assert split(text) == []


@given(st.text(alphabet=st.characters() | st.sampled_from('. \n"?!,H)')))
def test_no_character_but_white_space_is_lost(text):
    sentences = split(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence.strip() for sentence in sentences)


def punkt(abbreviations):
    """NLTK's own splitter, which ours is to equal."""
    parameters = PunktParameters()
    parameters.abbrev_types = set(abbreviations)
    return PunktSentenceTokenizer(parameters)


pieces = st.one_of(
    st.sampled_from(["kami", "Ini", "H", "A", "dr", "No", "S.H", "x-dr", "5", "-1.250", "é", "Ⓐ", "\u0301", "\u200c"]),
    st.sampled_from([*".!?,;:()[]{}*@&'\"”“»`", "...", ". . .", "--", "-", "…"]),
    st.sampled_from([" ", " ", " ", "  ", "\t", "\xa0", "\u2003", "\x1f", "\n"]),
    st.characters(exclude_categories=("Cn", "Cs")),  # NLTK may know a newer Unicode
)


@settings(max_examples=500)
@given(st.lists(pieces, max_size=24).map("".join))
@example('Ini kata H. Ali (5. kami)." --A. b.\xa0. . .x!kami !"')
def test_sentences_are_those_of_punkt(text):
    expected = [part for line in paragraphs(text) for part in punkt(ABBREVIATIONS).tokenize(line)]
    assert split(text) == expected


def test_a_text_of_marks_is_split_as_fast_as_one_of_words():
    marks = "! " * 100_000  # NLTK takes four seconds
    started = time.process_time()
    assert len(split(marks)) == 100_000
    assert time.process_time() - started < 2


def test_a_dump_without_line_breaks_is_split_although_nltk_would_give_up(monkeypatch):
    text = "Warga desa itu menolak. " * 20_000
    monkeypatch.setattr(redos, "DEFAULT_TIMEOUT", 0.1)  # seconds; five in earnest
    with pytest.raises(TimeoutError):
        PunktSentenceTokenizer().tokenize(text)
    sentences = split(text)
    assert sentences.count("Warga desa itu menolak.") > 19_900  # the others lie across a cut
    assert " ".join(sentences) == text.strip()


@pytest.mark.parametrize("unit", ["a", "ab ", ".", "a.", "1.", '"', " \u2028"])
def test_a_line_longer_than_any_paragraph_is_cut_without_loss(unit):
    text = unit * (3 * MAX_LINE_CHARS // len(unit))
    sentences = split(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(len(sentence) <= MAX_LINE_CHARS for sentence in sentences)


# Learning


def test_an_abbreviation_of_the_corpus_is_learnt_beside_the_known_ones():
    texts = [f"Kapal tiba di Kp. Cibeureum pukul {n}. Warga Kp. Sukamaju menyambut. Kp. Jati sepi." for n in range(40)]
    parameters = learn_abbreviations(texts)
    assert "kp" in parameters
    assert set(ABBREVIATIONS) <= set(parameters)
    assert parameters == tuple(sorted(set(parameters)))
    assert Splitter(parameters).sentences(texts[0])[0] == "Kapal tiba di Kp. Cibeureum pukul 0."


def test_abbreviations_are_those_of_punkt():
    texts = [
        f"Kapal (KM. Jaya) tiba di Kp. Cibeureum pkl. {n}.30 WIB... H. Ali, kec. Cicalengka. 'Yth. ibu,"
        f" dkk!' Ada kel. dan Kab. lain, {n}. itu s.d. pkl. lima. Kel. itu rukun.\n{n}. Warga No. {n}"
        for n in range(60)
    ]
    trainer = PunktTrainer()
    for text in texts:
        trainer.train(text, finalize=False)
    expected = {
        word for word in trainer.get_params().abbrev_types if len(word) <= MAX_ABBREVIATION_CHARS and word[:1].isalpha()
    }
    assert {"km", "pkl"} <= expected
    assert set(learn_abbreviations(texts)) == expected | set(ABBREVIATIONS)


class Words(PunktLanguageVars):
    """NLTK's own tokens, but for spaces at which its engine and Python's differ."""

    def word_tokenize(self, text):
        return PUNKT_TOKEN.findall(text)


class Token(PunktToken):
    __slots__ = ()

    def _get_type(self, token):
        return "##number##" if PUNKT_NUMBER.fullmatch(token) else token.lower()

    @property
    def is_ellipsis(self):
        return len(self.tok) > 1 and not self.tok.strip(".")


PIECES = [
    "Kp. ", "kp. ", "kp ", "KP.", "h. ", "H.", "a.n. ", "s.d.", "Warga ", "warga ", "Warga. ", "desa. ",
    "5. ", "1.250 ", ". ", "... ", ". . . ", "kata.. ", "?", "! ", ", ", ";", ": ", "(", '" ', "\n",
    "é. ", "_. ", "Ⓐ. ", "dan-kp. ", "a. ", "A. ",
]  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), max_size=12))
@settings(max_examples=300)
def test_each_text_teaches_what_it_teaches_nltk(texts):
    theirs, ours = PunktTrainer(lang_vars=Words(), token_cls=Token), AbbreviationTrainer()
    for text in texts:
        if lines := list(paragraphs(text)):
            theirs.train("\n".join(lines), finalize=False)
        ours.read(text)
        assert ours.found == theirs._params.abbrev_types


def test_a_long_word_is_no_abbreviation_however_often_a_stop_follows_it():
    # Punkt alone would learn both.
    texts = [f"Kata kp. budi{n % 7} dan kabupat. budi{n % 7} harga naik." for n in range(400)]
    parameters = set(learn_abbreviations(texts))
    assert "kp" in parameters
    assert "kabupat" not in parameters
    assert all(len(word) <= MAX_ABBREVIATION_CHARS for word in parameters - set(ABBREVIATIONS))


@pytest.mark.parametrize("texts", [[], [""], ["Satu kalimat."]])
def test_a_corpus_too_small_to_learn_from_leaves_the_known_ones(texts):
    assert set(ABBREVIATIONS) <= set(learn_abbreviations(texts))


def test_known_abbreviations_are_in_the_form_that_the_splitter_reads():
    for word in ABBREVIATIONS:
        assert word == word.lower().strip(".")
    assert len(set(ABBREVIATIONS)) == len(ABBREVIATIONS)
