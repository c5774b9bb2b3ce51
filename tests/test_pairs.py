"""Features of (article, headline): each rises with relatedness, none minds its neighbours."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from timing import grows_linearly, names

import saring
from saring.config import LinkConfig, TrainConfig
from saring.models.pair_features import (
    FEATURES,
    KEY_TERMS,
    LEAD_CHARS,
    LEAD_WORDS,
    MIN_STEM_CHARS,
    ArticleText,
    Features,
)
from saring.models.pair_fitting import PairFeatures, PairScaler, _some, background, load_term_groups, name_shares
from saring.models.parameters import to_arrays
from saring.models.tfidf_features import Rows, count_terms
from saring.models.vocabulary import KINDS, NAME_PRIOR, Bag, Relations, TermGroups, capitalised, words_inside
from saring.text import glued_parts, separate_words, words
from saring.training.corpus import read_corpus
from saring.training.fit import Fitted
from saring.training.tasks import TASKS

SHARES = (
    "overlap", "group_overlap", "lead_overlap", "sentence_overlap", "title_recall", "key_recall",
    "names", "groups", "subject_share", "known_names",
)  # fmt: skip
MISSING = ("missing_places", "subject_missing", "missing_names")
TOPICS = [
    ("Harga telur turun di Pasar Sukamulya", "Pedagang telur di Sukamulya menurunkan harga."),
    ("Harga beras naik usai panen gagal", "Petani di Indramayu gagal panen karena wereng."),
    ("Kapal perang merapat di Surabaya", "Kapal perang Angkatan Laut merapat di dermaga."),
    ("Penyanyi Riri Anjani menikah di Bali", "Riri Anjani menikah dengan pengusaha di Bali."),
    ("Timnas menang tipis atas Laos", "Timnas menang berkat gol tunggal di babak kedua."),
    ("Gempa guncang Cianjur pagi ini", "Gempa terasa di Cianjur dan Sukabumi, kata BMKG."),
]
GLUED = re.compile(r"(?<=[a-z]{3})(?=[A-Z][a-z]{2})")
FILLERS = 20  # so that a word of one article weighs more than `SPECIFIC_WEIGHT`
PADDING = "Warga setempat mengaku tidak tahu pasti tentang hal itu pada hari tersebut."
ARTICLES = [(title, f"{body}\n{PADDING}") for title, body in TOPICS]
KNOWN = [*ARTICLES, *((f"Kabar ke-{n:02}", f"Kabar nomor {n:02}. {PADDING}") for n in range(FILLERS))]
EGGS, RICE, SHIP, SINGER = ARTICLES[:4]


@pytest.fixture(scope="module")
def pairs():
    """Features fitted on the articles above, each with a headline."""
    return fitted(KNOWN)


def fitted(articles, headlines=("Apa saja",), **options):
    options = {"min_df": 1, "dimensions": 4} | options
    return PairFeatures(**options).fit([(*article, headline) for article in articles for headline in headlines])


def feature(pairs, name, *given_pairs):
    return pairs.transform(list(given_pairs))[:, FEATURES.index(name)].tolist()


def weights(pairs, *words):
    return list(pairs.pair_scorer.tools.weights(words).values())


def evidence(pairs, pair):
    [found] = pairs.pair_scorer.features_and_evidence([pair])[1]
    return found


# Laws

headline_words = st.sampled_from(
    [word for article in ARTICLES for text in article for word in text.split()]
    + ["selebgram", "resesi", "nikel", "ternyata", "2024"]
)
headlines = st.lists(headline_words, max_size=10).map(" ".join)
articles = st.sampled_from(ARTICLES)
anything = st.text(max_size=80)


@given(articles, articles)
def test_the_title_as_headline_is_all_at_home_and_a_foreign_title_is_less(pairs, article, other):
    own, foreign = feature(pairs, "overlap", (*article, article[0]), (*article, other[0]))
    assert own == pytest.approx(1)
    assert foreign == pytest.approx(1) if other == article else foreign < own


@given(articles, headlines, st.data())
def test_a_shared_word_more_never_lowers_the_overlap(pairs, article, headline, data):
    word = data.draw(st.sampled_from(f"{article[0]} {article[1]}".split()))
    before, after = feature(pairs, "overlap", (*article, headline), (*article, f"{headline} {word}"))
    assert after >= before - 1e-12


@given(articles, headlines)
def test_shares_lie_between_none_and_all(pairs, article, headline):
    found = dict(zip(FEATURES, pairs.transform([(*article, headline)])[0], strict=True))
    for name in SHARES:
        assert -1e-12 <= found[name] <= 1 + 1e-12, name
    assert found["sentence_overlap"] <= found["overlap"] + 1e-12
    assert found["overlap"] <= found["group_overlap"] + 1e-12
    assert found["lead_overlap"] <= found["group_overlap"] + 1e-12
    assert found["matter"] <= found["mentions"] + 1e-12
    assert -1 - 1e-9 <= found["latent_lead"] <= 1 + 1e-9
    assert max(found[name] for name in MISSING) <= 0
    for name in ("specific", "saturated", "phrases", "mentions", "matter"):
        assert found[name] >= 0, name


@given(st.lists(st.tuples(anything, anything, anything), min_size=1, max_size=4))
def test_any_text_has_finite_features_that_do_not_depend_on_its_neighbours(pairs, given_pairs):
    together = pairs.transform(given_pairs)
    assert together.shape == (len(given_pairs), len(FEATURES))
    assert np.isfinite(together).all()
    for pair, found in zip(given_pairs, together, strict=True):
        assert np.array_equal(pairs.transform([pair])[0], found)


@given(articles, headlines, st.randoms(use_true_random=False))
def test_case_and_the_order_of_pairs_do_not_count(pairs, article, headline, random):
    rows = [(*article, headline), (*article, headline.upper()), (*SHIP, headline)]
    order = random.sample(range(3), 3)
    found = pairs.transform(rows)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(pairs.transform([rows[i] for i in order]), found[order])


def test_many_links_of_one_article_take_time_as_they_are_many(pairs):
    def asked(times):
        every = names(0, 3 * times)
        body = "\n".join(f"Harga cabai {name} naik, kata dia." for name in every)
        return [("Harga Cabai", body, f"Panen {name} Turun Lagi di Harga") for name in every]

    few, many = asked(40), asked(160)
    assert grows_linearly(pairs.transform, few, many)


@pytest.mark.parametrize("empty", ["", " ", "?!", "a b c"])
def test_what_has_no_words_shares_nothing(pairs, empty):
    found = pairs.transform([(*EGGS, empty), (empty, empty, EGGS[0]), (empty, empty, empty)])
    assert np.isfinite(found).all()
    missing = [FEATURES.index(name) for name in MISSING]
    assert (np.delete(found, missing, axis=1) == 0).all()


def test_a_headline_without_a_host_lacks_the_weight_of_its_subjects(pairs):
    missing = feature(pairs, "subject_missing", ("", "", EGGS[0]), (*EGGS, EGGS[0]))
    assert missing[0] < 0 == missing[1]


# Each feature by a pair that has more of it and one that has less

MORE_AND_LESS = {
    "overlap": ((*EGGS, "Telur di Sukamulya"), (*EGGS, "Telur di Surabaya")),
    "group_overlap": (("Truk", "Tabrakan truk.", "Kecelakaan"), ("Truk", "Parkir truk.", "Kecelakaan")),
    "lead_overlap": (
        ("Judul", "Telur murah. " + "lain " * LEAD_WORDS, "Telur murah"),
        ("Judul", "lain " * LEAD_WORDS + "Telur murah.", "Telur murah"),
    ),
    "sentence_overlap": (
        ("Judul", "Telur murah. Warga lega.", "Telur murah"),
        ("Judul", "Telur habis. Beras murah.", "Telur murah"),
    ),
    "title_recall": (("Telur turun", "Warga lega.", "Telur turun lagi"), ("Telur turun", "Warga lega.", "Telur lagi")),
    "key_recall": ((*EGGS, "Telur Sukamulya"), (*EGGS, "Warga setempat")),
    "specific": ((*EGGS, "Sukamulya"), (*EGGS, "Warga")),
    "saturated": (
        ("Judul", "Telur, telur, telur dan beras.", "Telur"),
        ("Judul", "Telur, beras, beras dan beras.", "Telur"),
    ),
    "phrases": ((*SHIP, "Kapal perang"), (*SHIP, "Perang kapal")),
    "mentions": (
        ("Judul", "Telur, telur, telur dan beras.", "Telur"),
        ("Judul", "Telur, beras, beras dan beras.", "Telur"),
    ),
    "matter": ((*SHIP, "Kapal perang"), (*SHIP, "Di Surabaya, Surabaya")),
    "missing_places": ((*SHIP, "Kapal di Surabaya"), (*SHIP, "Kapal di Makassar")),
    "names": ((*SINGER, "Riri Anjani"), (*SINGER, "Riri Kusuma")),
    "groups": (("Truk", "Tabrakan truk.", "Kecelakaan"), ("Truk", "Parkir truk.", "Kecelakaan")),
    "latent_lead": ((*EGGS, "Harga telur turun"), (*EGGS, "Kapal perang merapat")),
    "subject_share": (
        ("Saham turun", "Saham dan emiten turun. Polisi lewat.", "Bursa"),
        ("Saham turun", "Polisi, polisi dan polisi. Emiten lewat.", "Bursa"),
    ),
    "subject_missing": ((*EGGS, "Harga beras"), (*EGGS, "Pemain timnas cedera")),
    "known_names": (
        ("Minsk", "Warga Belarus memilih.", "Lukashenko menang"),
        ("Pasar", "Telur murah.", "Lukashenko menang"),
    ),
    "missing_names": (("Minsk", "Warga memilih.", "Alexander Lukashenko"), (*EGGS, "Alexander Lukashenko")),
}


def test_every_feature_has_its_pair():
    assert tuple(MORE_AND_LESS) == FEATURES


@pytest.mark.parametrize("name", FEATURES)
def test_columns_stand_in_the_order_of_their_names(pairs, name):
    more, less = feature(pairs, name, *MORE_AND_LESS[name])
    assert more > less


# The recipe of CONTRIBUTING.md: a new feature is written in two files

RECIPE = ("models/pair_features.py", "kernel/pair_loops.py")


def test_nothing_outside_two_files_spells_a_feature_or_its_column():
    assert tuple(Features.__annotations__) == FEATURES  # names, count and order are of one list
    telling = {spelled for name in FEATURES if "_" in name for spelled in (name, name.upper())}
    source = Path(saring.__file__).parent
    for path in source.rglob("*.py"):
        text = path.read_text("utf-8")
        spelled = telling & set(re.findall(r"\w+", text))
        assert not spelled or path.relative_to(source).as_posix() in RECIPE, path
        assert not re.search(r"features\[:, *\d", text), path
        assert "FEATURES.index" not in text or path.name == Path(RECIPE[0]).name, path


# Words


def test_an_affixed_or_glued_word_is_shared_but_not_a_short_one_inside_another(pairs):
    article = ("Judul", "Kenaikan harga di jalanTol menugaskan regu.")
    headlines = ("naik", "jalan", "tol", "as")
    assert feature(pairs, "overlap", *((*article, text) for text in headlines)) == [1, 1, 1, 0]


def test_a_rarer_word_weighs_more_and_an_unknown_one_most(pairs):
    common, rare, unknown = weights(pairs, "warga", "telur", "zebra")
    assert 1 <= common < rare <= unknown
    # What min_df left out is rarer than the rarest word kept.
    pruned = fitted(KNOWN, min_df=2)
    assert weights(pruned, "zebra") > [pruned.parameters_.idf.max()]


def test_evidence_are_words_that_tell_something_the_weightiest_first(pairs, monkeypatch):
    borrowed = (*EGGS, "Warga Sukamulya borong telur murah 21")
    assert [term.word for term in evidence(pairs, borrowed)] == ["telur"]  # of the lexicon
    monkeypatch.setattr("saring.models.pair_features.TELLING_WEIGHT", 3.0)  # so small a corpus
    found = evidence(pairs, borrowed)
    assert {term.word for term in found} == {"sukamulya", "telur"}
    assert all(term.shared for term in found)
    weights = [term.weight for term in found]
    assert weights == sorted(weights, reverse=True)
    assert evidence(pairs, (*EGGS, "Kapal perang")) == []


def test_the_weights_of_evidence_are_their_part_in_a_feature(pairs, monkeypatch):
    monkeypatch.setattr("saring.models.pair_features.TELLING_WEIGHT", 0.0)
    monkeypatch.setattr("saring.models.pair_features.SPECIFIC_WEIGHT", 0.0)
    pair = (*EGGS, "Sukamulya borong telur murah")
    [mentions] = feature(pairs, "mentions", pair)
    assert sum(term.weight for term in evidence(pairs, pair)) == pytest.approx(mentions)


def test_a_word_whose_related_terms_the_article_has_is_evidence_that_is_not_shared(pairs):
    [term] = evidence(pairs, ("Truk", "Tabrakan di jalan.", "Kecelakaan"))
    assert (term.word, term.shared) == ("kecelakaan", False)


def test_a_known_name_is_evidence_by_what_the_article_has_of_its_companions(pairs):
    [term] = evidence(pairs, ("Pemilu", "Warga Belarus memilih di Minsk.", "Alexander Lukashenko lagi"))
    assert (term.word, term.companion, term.shared) == ("alexander lukashenko", "belarus", False)
    named = evidence(pairs, ("Pemilu", "Alexander Lukashenko dari Belarus.", "Alexander Lukashenko lagi"))
    assert not any(term.companion for term in named)  # the article has the name itself


def test_names_are_found_whole_and_the_longest_first():
    relations = Relations({"reza": [], "reza artamevia": ["adjie massaid"], "a b c d": [], "b c": ["reza"]})
    assert relations.names(["kata", "reza", "artamevia", "dan", "reza"]) == ["reza artamevia", "reza"]
    assert relations.names([*"abcdbcb"]) == ["a b c d", "b c"]
    assert relations.names([*"abc"]) == ["b c"]
    assert relations.names([]) == []


def test_companions_go_both_ways_between_names():
    relations = Relations({"minsk": ["belarus"], "belarus": ["lukashenko", "eropa timur"]})
    assert relations.companions == {"minsk": ["belarus"], "belarus": ["lukashenko", "eropa timur", "minsk"]}
    assert relations.terms == ["minsk", "belarus", "lukashenko", "eropa timur"]  # names first


def test_key_terms_are_few_and_do_not_depend_on_the_order_of_words(pairs):
    body = " ".join(f"kata{n:02}" for n in range(60))
    backwards = " ".join(reversed(body.split()))
    headline = "kata00 kata19 kata20 kata59"
    one, two = pairs.transform([("", body, headline), ("", backwards, headline)])[:, FEATURES.index("key_recall")]
    assert one == two == pytest.approx(2 / KEY_TERMS)


@given(st.lists(st.tuples(articles, headlines), max_size=4))
def test_features_and_evidence_come_at_once(pairs, given_pairs):
    asked = [(*article, headline) for article, headline in given_pairs]
    features, told = pairs.pair_scorer.features_and_evidence(asked)
    assert np.array_equal(features, pairs.transform(asked))
    assert told == [evidence(pairs, pair) for pair in asked]


# What an article has, found quickly, is what its definition says

pieces = st.sampled_from(
    [
        "Telur", "telur", "TELUR", "telurAyam", "ayam", "Ayam", "a", "Kapal", "kapal", "PERANG",
        "perang", "jalanTol", "é", "İzmir", "ΑΣ", "_", "5", "12", ", ", ". ", " ", " ",
        *"., .\n\t\xa0?!\"'",
    ]
)  # fmt: skip
raw = st.lists(pieces, max_size=60).map("".join)
asked_words = [
    "telur", "ayam", "telurayam", "kapal", "perang", "jalan", "tol", "12", "ας", "ασ", "izmir",
]  # fmt: skip


@given(raw, raw)
def test_an_article_is_read_as_it_is_defined(pairs, title, body):
    tools = pairs.pair_scorer.tools
    article = ArticleText(title, body, tools)
    text, found = f"{title}\n{body}".lower(), separate_words(f"{title}\n{body}")
    assert article.bag.size == len(found)
    assert article.lead == set(separate_words(body[:LEAD_CHARS])[:LEAD_WORDS])
    for word in asked_words:
        inside = text.count(word) if len(word) >= MIN_STEM_CHARS else 0
        assert article.mentions(word) == max(found.count(word), inside)
        assert (word in article.names) == (word in capitalised(body))
        for two in asked_words:
            assert article.bag.times((word, two)) == Counter(pairwise(found))[word, two]
    weights = {word: 1.0 + i / 3 for i, word in enumerate(asked_words)}
    sentences = [set(separate_words(part)) for part in tools.splitter.sentences(body)]
    assert article.sentences.best(weights) == max(
        (sum(w for word, w in weights.items() if word in has) for has in sentences), default=0
    )


@given(raw | st.text(max_size=80))
def test_glued_words_are_found_as_the_pattern_says(text):
    glued = [part for word in text.split() if GLUED.search(word) for part in GLUED.split(word)]
    assert glued_parts(text) == words(" ".join(glued))


@given(raw)
def test_directions_are_those_of_scikit_learn(pairs, text):
    parameters = pairs.parameters_
    tfidf = TfidfVectorizer(vocabulary=parameters.latent_words, sublinear_tf=True)
    tfidf.idf_ = parameters.latent_idf
    expected = normalize(tfidf.transform([text]) @ parameters.axes.T)[0]
    assert pairs.pair_scorer.tools.latent.direction(words(text)) == pytest.approx(expected, abs=1e-12)


# Term groups


def test_terms_of_groups_can_be_found_and_stand_once_in_a_group():
    families = load_term_groups()
    for kind in KINDS:
        assert len(families[kind]) > 10
        for family in families[kind]:
            terms = family.split(", ")
            assert len(terms) == len(set(terms)) > 1, family
            for term in terms:
                assert term == " ".join(words(term)), f"{family}: {term!r} can never be found"
                assert len(term.split()) <= 2, f"{family}: {term!r}"


def test_a_place_or_an_everyday_actor_does_not_say_what_happens():
    term_groups = TermGroups(load_term_groups())
    assert {"bekasi", "rusia"} <= term_groups.places
    assert {"presiden", "kpk"} <= term_groups.actors
    assert not {"banjir", "beras"} & (term_groups.places | term_groups.actors)


def test_related_terms_are_found_as_words_and_as_neighbours():
    term_groups = TermGroups(
        {"places": [], "actors": [], "matters": ["banjir, tanah longsor"], "everyday": [], "towns": []}
    )
    assert term_groups.counter.count(Bag(["tanah", "longsor", "banjir", "tanah"])) == [2]
    assert term_groups.counter.count(Bag(["longsor", "tanah"])) == [0]
    assert term_groups.related(["tanah", "longsor", "lagi"]) == ({"tanah": {0}, "longsor": {0}}, [0])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("PresidenSoltera tiba", ["presidensoltera", "tiba", "presiden", "soltera"]),
        ("YouTube", ["youtube"]),
        ("WargaRW 03", ["wargarw", "03"]),
    ],
)
def test_words_that_lost_their_space_are_also_read_apart(text, parts):
    assert separate_words(text) == parts


# Fitting


def test_a_corpus_without_words_cannot_be_learnt_from():
    with pytest.raises(ValueError, match="no word stands in 2 of 2 texts"):
        PairFeatures(min_df=2).fit([("", "satu dua", "a"), ("", "tiga empat", "a")])


def test_an_article_without_headline_is_background_it_teaches_and_is_not_asked():
    trained_on = PairFeatures(min_df=1, dimensions=4).fit([(*EGGS, "Telur"), *((*a, "") for a in KNOWN)])
    often, seldom = weights(trained_on, "setempat", "telur")
    assert often < seldom
    found = trained_on.transform([(*EGGS, "Telur"), (*RICE, ""), (*SHIP, " ")])
    assert found[0].any()
    assert not found[1:].any()


def test_learnt_from_some_rows_of_a_table_is_what_is_learnt_from_those_rows_alone():
    pairs = [(*a, headline) for a in KNOWN for headline in (a[0], "", "Harga telur")]
    chosen = np.array([7, 3, 30, *range(12, 28)])
    of_table = PairFeatures(min_df=1, dimensions=4).fit(Rows(pairs).take(chosen))
    alone = PairFeatures(min_df=1, dimensions=4).fit([pairs[i] for i in chosen])
    one, other = to_arrays(of_table.parameters_), to_arrays(alone.parameters_)
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert np.array_equal(of_table.transform(pairs), alone.transform(pairs))


def test_a_text_is_read_once_however_many_folds_are_fitted(monkeypatch):
    counted = []

    def count(texts, cut):
        counted.append([*texts])
        return count_terms(counted[-1], cut)

    monkeypatch.setattr("saring.models.pair_fitting.count_terms", count)
    rows = Rows([(*article, headline) for article in KNOWN for headline in ("Satu", "")])
    for chosen in (np.arange(40), np.arange(12, 52)):
        PairFeatures(min_df=1, dimensions=4).fit(rows.take(chosen))
    assert counted == [["\n".join(article) for article in KNOWN], [body for _, body in KNOWN]]


def test_groups_are_weighed_on_articles_from_all_over():
    articles = background([(f"Judul {i}", "Isi.", headline) for i in range(4) for headline in "ab"])
    assert [*articles] == [(f"Judul {i}", "Isi.") for i in range(4)]
    assert [title for title, _ in _some(articles, 2)] == ["Judul 0", "Judul 3"]
    assert [title for title, _ in _some(articles.take(np.arange(3)), 2)] == ["Judul 0", "Judul 2"]


def test_background_does_not_move_the_scale_of_features():
    features = np.array([[1.0, 2.0], [3.0, 6.0]])
    alone = PairScaler().fit(features)
    among = PairScaler().fit(np.vstack([features, np.zeros((9, 2))]))
    assert np.array_equal(alone.mean_, among.mean_)
    assert np.array_equal(alone.scale_, among.scale_)


def test_a_name_is_a_word_with_a_capital_inside_sentences_whatever_headlines_do():
    bodies = [f"Sore itu {who} menemui Riri di pasar." for who in ("warga", "polisi", "guru")]
    bodies.append("Warga pulang. Sore itu warga tidur.")
    times = [(word, 1.0) for body in bodies for word in words_inside(body)]
    riri, warga, unknown = name_shares(times, ["riri", "warga", "zebra"])
    assert riri > unknown > warga
    assert unknown == pytest.approx(NAME_PRIOR)


def test_fitting_twice_gives_the_same_and_fitting_anew_forgets():
    asked = [(*RICE, "Harga beras"), (*SINGER, "Riri Anjani menikah")]
    expected = fitted(ARTICLES).transform(asked)
    used = fitted(KNOWN)
    assert not np.array_equal(used.transform(asked), expected)
    used.fit([(*article, "") for article in ARTICLES])
    assert np.array_equal(used.transform(asked), expected)


def test_an_article_with_many_links_counts_once_as_a_document():
    once, many = fitted(ARTICLES), fitted(ARTICLES, headlines=("Satu", "Dua", "Tiga"))
    assert np.array_equal(once.parameters_.idf, many.parameters_.idf)


def test_the_latent_space_is_no_larger_than_the_corpus_allows():
    assert fitted(ARTICLES, dimensions=100).parameters_.axes.shape[0] == len(ARTICLES) - 1


@pytest.mark.slow
def test_on_the_embedded_corpus_every_feature_speaks_for_relatedness(embedded_corpus):
    task = next(task for task in TASKS if task.name == "link")
    known = [a for a in read_corpus(embedded_corpus) if a.split == "train"]
    config = TrainConfig(link=LinkConfig())
    model = Fitted.on(task, task.table(known, config), config).model
    # The second class is unrelated: its coefficients are the features' with the sign turned.
    weights = dict(zip(FEATURES, -model.named_steps["classify"].coef_[0], strict=True))
    assert all(weight > 0 for weight in weights.values()), weights
