"""The kernel and plain Python say what the scikit-learn pipelines say, of every text there can be."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saring import store
from saring.config import TopicConfig
from saring.kernel import loops, scorers, scoring
from saring.kernel.loops import LETTER, MARK
from saring.kernel.scorers import TermTable, article_scorer, hash_terms, letters
from saring.kernel.text_arrays import THREADS, kernel_is_kept
from saring.models.pair_features import PairScorer
from saring.models.parameters import MOST_TERM_WORDS
from saring.models.pipelines import clickbait_parameters, link_parameters, topic_model, topic_parameters
from saring.models.plain_scorer import MOST_OUT_OF_DOMAIN, NotCompiled, out_of_domain
from saring.predict import Model
from saring.text import LEAD_CHARS, load_names
from saring.training.corpus import read_corpus

# Reading the kernel takes half a second, compiling it ten: once is enough.
CLOSE = {"rtol": 0, "atol": 1e-12}

# fmt: off
WORDS = [
    "Harga", "beras", "naik", "presiden", "Amerika", "Serikat", "artis", "VIRAL", "ma'ruf", "Begini",
    "1.000", "covid19", "19covid", "a1.5b", "2,5", "3.000an", "5.", "x", "_", "__", "?!", "...", "“kata”",
    "é", "É", "e\u0301", "STRASSE", "straße", "ẞ", "İstanbul", "İ", "ΣΟΦΟΣ", "Σ", "σς", "ǅ", "ⅷ", "Ⓐ", "²",
    "٣٤", "٣.٤", "漢字", "ไทย", "हिन्दी", "😀", "👨\u200d👩\u200d👧", "🇮🇩", "𝐀", "\u200b", "\ufeff", "\ud83d",
    "\x02", "\x03", "\0",
]
# fmt: on
BLANKS = [" ", "\n", "\t", "\x1c", "\x85", "\xa0", "\u3000", "", ".", ", ", "-"]
texts = st.one_of(
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(BLANKS)), max_size=200).map(
        lambda pairs: "".join(word + blank for word, blank in pairs)
    ),
    st.text(st.characters(exclude_categories=())),
    st.text("aAbB1.,٣²_ ÄΣİ\n", max_size=40),
)
rows = st.lists(st.tuples(texts, texts), min_size=1, max_size=5)


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.setenv(scoring.SWITCH, "1")


@pytest.fixture(scope="module")
def bundle(bundle_folder):
    return store.load(bundle_folder)


@pytest.fixture(scope="module")
def articles(embedded_corpus):
    found = [labelled.article for labelled in read_corpus(embedded_corpus)]
    return [article.title for article in found], [article.body for article in found]


def both_ways():
    """By the kernel, then by plain Python."""
    for switch in ("1", "0"):
        with mock.patch.dict(os.environ, {scoring.SWITCH: switch}):
            yield


def agree_on_topics(pipeline, titles, bodies):
    rows, model = list(zip(titles, bodies, strict=True)), topic_parameters(pipeline)
    expected = pipeline.predict_proba(rows)
    strange = out_of_domain(rows, model.whole.terms, model.whole.idf, model.min_df)
    for _ in both_ways():
        found = scoring.topics(model, titles, bodies)
        np.testing.assert_allclose(found.probabilities, expected, **CLOSE)
        # The rarities of a million words added up one by one have a rounding of their own.
        np.testing.assert_allclose(found.out_of_domain, strange, rtol=1e-11)


def agree_on_clickbait(pipeline, headlines):
    expected, model = pipeline.predict_proba(headlines), clickbait_parameters(pipeline)
    for _ in both_ways():
        np.testing.assert_allclose(scoring.clickbait(model, headlines), expected, **CLOSE)


# what scikit-learn says


def test_articles_get_the_topics_that_the_pipeline_gives(pipelines, articles):
    agree_on_topics(pipelines["topic"], *articles)


def test_headlines_get_the_clickbait_that_the_pipeline_gives(pipelines, articles):
    agree_on_clickbait(pipelines["clickbait"], articles[0])


@settings(max_examples=50)  # of up to five articles each
@given(rows)
def test_so_do_articles_of_whatever_letters(pipelines, rows):
    agree_on_topics(pipelines["topic"], *zip(*rows, strict=True))


@given(st.lists(texts, min_size=1, max_size=5))
def test_so_do_headlines_of_whatever_letters(pipelines, headlines):
    agree_on_clickbait(pipelines["clickbait"], headlines)


def test_every_odd_word_and_every_pair_of_them(pipelines):
    pairs = [f"{one}{blank}{other}" for one in WORDS for other in WORDS for blank in ("", " ")]
    agree_on_clickbait(pipelines["clickbait"], pairs)
    agree_on_topics(pipelines["topic"], pairs, pairs[::-1])


@pytest.mark.parametrize("word", ["presiden", "harga beras", "😀 beras", "é́ saham", "İ harga"])
def test_the_lead_ends_after_so_many_characters_also_inside_a_word(pipelines, word):
    bodies = ["x " * (LEAD_CHARS // 2 - k) + "é" * (k % 3) + f"{word} {word} menteri" for k in range(14)]
    agree_on_topics(pipelines["topic"], ["Harga"] * len(bodies), bodies)


def test_a_huge_text_a_text_of_one_word_and_none_at_all(bundle, pipelines, articles):
    huge = "\n".join(articles[1])[:500_000]
    assert len(huge.split()) > 1 << 16
    bodies = ["a" * 500_000, huge, "beras " * 70_000, "", "\0", "."]
    agree_on_topics(pipelines["topic"], [""] * len(bodies), bodies)
    agree_on_clickbait(pipelines["clickbait"], ["", "beras " * 10_000, "1" * 100_000])
    found = scoring.topics(bundle.topic, [""], [""])
    assert found.out_of_domain.tolist() == [MOST_OUT_OF_DOMAIN]


def test_no_rows_give_no_answers(bundle, monkeypatch):
    for switch in ("0", "1"):
        monkeypatch.setenv(scoring.SWITCH, switch)
        found = scoring.topics(bundle.topic, [], [])
        assert found.probabilities.shape == (0, 4) and found.out_of_domain.shape == (0,)
        assert scoring.clickbait(bundle.clickbait, []).shape == (0, 2)


def test_titles_and_bodies_are_of_one_length(bundle, monkeypatch):
    for switch in ("0", "1"):
        monkeypatch.setenv(scoring.SWITCH, switch)
        with pytest.raises(ValueError, match="2 titles and 1 bodies"):
            scoring.topics(bundle.topic, ["a", "b"], ["c"])


# whatever the builders make


CONFIGURATIONS = {
    "all fields": topic_model(TopicConfig(min_df=1)),
    "no title": topic_model(TopicConfig(title_field=0.0)),
    "no lead": topic_model(TopicConfig(lead_field=0.0)),
    "no lexicon": topic_model(TopicConfig(domains=0.0, names=0.0)),
    "no names": topic_model(TopicConfig(names=0.0)),
    "no word vectors": topic_model(TopicConfig(smoothing=0.0)),
    "names alone": topic_model(TopicConfig(domains=0.0)),
    "whole text only": topic_model(TopicConfig(title_field=0.0, lead_field=0.0, domains=0.0, names=0.0, smoothing=0.0)),
}


@pytest.mark.parametrize("n_topics", [2, 3])
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_configuration_of_the_topic_model(articles, name, n_topics):
    rows = list(zip(*(column[::40] for column in articles), strict=True))
    topics = [f"topic {i % n_topics}" for i in range(len(rows))]
    model = CONFIGURATIONS[name].fit(rows, topics)
    article_scorer(topic_parameters(model))  # or NotCompiled, and plain Python would answer
    agree_on_topics(model, *(column[1::40] for column in articles))


# terms of several words


TERMS = {
    "short": ["korea", "korea selatan", "ban", "ban ban"],
    "long": ["presiden korea selatan", "ban ban ban", "ban korea ban korea", "korea utara dan selatan", "selatan ban"],
    "empty": [],
}
few_words = st.lists(
    st.sampled_from(["Presiden", "korea", "selatan", "utara", "dan", "ban", "x", "di", "."]), max_size=30
).map(" ".join)


@given(st.lists(st.tuples(few_words, few_words), min_size=1, max_size=5))
def test_runs_of_words_are_counted_wherever_they_begin(bundle, rows):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(4, 2 * len(TERMS)))
    model = replace(bundle.topic, lexicon=TERMS, domains=weights, domains_scale=1.0)
    kernel, plain = (scoring.topics(model, *zip(*rows, strict=True)).probabilities for _ in both_ways())
    np.testing.assert_allclose(kernel, plain, **CLOSE)


def test_the_kernel_reads_terms_as_long_as_a_model_may_have():
    assert MOST_TERM_WORDS == loops.MOST_TERM_WORDS == max(len(name.split()) for name in load_names())


# letters and hashes


def test_letters_are_what_python_says_of_every_code_point():
    assert {chr(point) for point in np.flatnonzero(letters() == MARK.fallback)} == {"İ", "Σ"}
    known = [point for point, entry in enumerate(letters()) if entry != MARK.fallback]
    assert [chr(letters()[point] & LETTER) for point in known] == [chr(p).lower() for p in known]
    text = "".join(map(chr, known))
    for kind, mark in {r"\w": MARK.word, r"\d": MARK.digit, r"\s": MARK.space, "[.?!]": MARK.ends}.items():
        assert set(re.findall(kind, text)) == {chr(p) for p in np.flatnonzero(letters() & mark)}


def test_no_other_letter_becomes_small_by_more_than_itself():
    """İ becomes two; Σ, alone of all, hangs on its neighbours (Unicode, Final_Sigma)."""
    others = [chr(p) for p in range(sys.maxunicode + 1) if chr(p) not in "İΣ"]
    alone = [letter.lower() for letter in others]
    assert {len(letter) for letter in alone} == {1}
    for between in ("", "a", " ", "1", "\u0301"):
        together = between.join(others).lower()
        assert together[:: len(between) + 1] == "".join(alone)


def test_two_terms_of_one_hash_are_found_when_the_table_is_built(bundle, monkeypatch):
    terms = bundle.topic.whole.terms
    assert len(TermTable(terms).slots) == len(terms)
    monkeypatch.setattr(scorers, "hash_terms", lambda terms: hash_terms(terms) % np.uint64(1000) + np.uint64(1))
    with pytest.raises(NotCompiled, match="two terms of one hash"):
        TermTable(terms)


# where texts come from, and who asks


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_arrow_arrays_and_their_slices_are_read_where_they_lie(bundle, articles, kind):
    titles, bodies = (pa.array([None, *column[:50]], kind) for column in articles)
    expected = scoring.topics(bundle.topic, ["", *articles[0][:50]], ["", *articles[1][:50]])
    for part in (slice(0, 51), slice(7, 23), slice(0, 0)):
        found = scoring.topics(bundle.topic, titles[part], bodies[part])
        assert np.array_equal(found.probabilities, expected.probabilities[part])
        assert np.array_equal(found.out_of_domain, expected.out_of_domain[part])
    baits = scoring.clickbait(bundle.clickbait, titles[3:9])
    assert np.array_equal(baits, scoring.clickbait(bundle.clickbait, articles[0][2:8]))


def test_other_arrow_arrays_are_refused(bundle):
    with pytest.raises(TypeError, match=r"type int64; expected one of string, large_string"):
        scoring.topics(bundle.topic, pa.array([1]), pa.array([2]))


def test_no_digit_depends_on_threads_or_on_slices(bundle, articles, monkeypatch):
    titles, bodies = (column * 4 for column in articles)
    topic, bait = bundle.topic, bundle.clickbait
    found = []
    for number in ("1", "2", "7"):
        monkeypatch.setenv(THREADS, number)
        found.append((*scoring.topics(topic, titles, bodies), scoring.clickbait(bait, titles)))
    for answers in zip(*found, strict=True):
        assert all(np.array_equal(answers[0], other) for other in answers[1:])
    probabilities, _, baits = found[0]
    one_by_one = [scoring.topics(topic, [t], [b]).probabilities[0] for t, b in zip(*articles, strict=True)]
    assert np.array_equal(probabilities[: len(one_by_one)], one_by_one)
    assert np.array_equal(baits[:99], [scoring.clickbait(bait, [title])[0] for title in titles[:99]])


def test_the_same_rows_without_the_kernel(bundle, articles, monkeypatch):
    sources = [
        {"title": title, "text": f"{body}\nBaca Juga: {other}"}
        for title, body, other in list(zip(*articles, [*articles[0][1:], ""], strict=True))[::20]
    ]
    model = Model(bundle)
    ours = model.predict(sources)
    monkeypatch.setenv(scoring.SWITCH, "0")
    by_switch = model.predict(sources)
    monkeypatch.setenv(scoring.SWITCH, "1")
    monkeypatch.setitem(sys.modules, "numba", None)  # as where it is not installed
    assert not scoring.prepare()
    without = model.predict(sources)
    for one, other, third in zip(ours, by_switch, without, strict=True):
        assert other.probabilities == third.probabilities
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-12)
        assert one.clickbait == pytest.approx(other.clickbait, abs=1e-12)
        assert (one.topic, one.abstained, one.clean_text) == (other.topic, other.abstained, other.clean_text)
        assert [(link.topic, link.related) for link in one.links] == [
            (link.topic, link.related) for link in other.links
        ]


def test_few_rows_load_no_compiler_and_many_do(bundle_folder):
    scoring.prepare()  # where no kernel is kept, so many rows are not worth making one
    program = f"""
import os, sys
os.environ.pop({scoring.SWITCH!r}, None)
from saring.predict import load
model = load({str(bundle_folder)!r})
model.predict(["Harga beras naik."] * 3)
assert "numba" not in sys.modules
model.predict(["Harga beras naik."] * {scoring.ROWS_WORTH_LOADING})
assert "numba" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_kernel_is_not_made_for_a_small_batch(bundle_folder, tmp_path):
    program = f"""
import os, sys
os.environ.pop({scoring.SWITCH!r}, None)
from saring.batch import score
from saring.predict import load
model = load({str(bundle_folder)!r})
model.predict(["Harga beras naik."] * {scoring.ROWS_WORTH_LOADING})
score([{str(Path(__file__).parent / "articles" / "columns.csv")!r}], {str(tmp_path / "rows.jsonl")!r}, model)
assert "numba" not in sys.modules
"""
    subprocess.run(
        [sys.executable, "-c", program], check=True, env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "none")}
    )


def test_where_nothing_can_be_kept_on_disk_plain_python_answers_and_the_log_says_so(bundle_folder):
    program = f"""
import logging
logging.basicConfig()
from saring import predict
from saring.kernel import scoring
assert not scoring.prepare()
[found] = predict.load({str(bundle_folder)!r}).predict(["Harga beras naik. Pasar ramai."])
assert found.topic
"""
    nowhere = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, env=os.environ | nowhere, capture_output=True, text=True
    )
    assert "scoring takes longer" in done.stderr and "NUMBA_CACHE_DIR" in done.stderr


# Links


def test_links_are_judged_as_the_pipeline_judges_them_each_alone_or_among_others(pipelines):
    pipeline, model = pipelines["link"], link_parameters(pipelines["link"])
    pairs = [
        ("Harga Beras Naik Jelang Panen", "Harga beras di pasar induk naik, kata Bulog.", headline)
        for headline in ("Bulog Guyur Pasar dengan Beras Murah", "Penyanyi Ini Pamer Cincin", "", "!")
    ]
    probabilities, evidence = scoring.links(model, pairs)
    assert probabilities == pytest.approx(pipeline.predict_proba(pairs)[:, 1], abs=1e-12)
    pair_scorer = PairScorer(model.pairs)
    assert evidence == pair_scorer.features_and_evidence(pairs)[1]
    alone = [scoring.links(model, [pair])[0][0] for pair in pairs]
    assert alone == probabilities.tolist()


def test_threads_that_ask_at_once_load_the_kernel_once(monkeypatch, caplog):
    monkeypatch.setattr(scoring, "PATIENCE_SECONDS", 0)
    scoring._load.cache_clear()
    start = Barrier(8)

    def ask():
        start.wait()
        return scoring._loaded()

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(ask) for _ in range(8)]
        assert {each.result() for each in asked} == {True}
    assert len(caplog.records) <= 1


def test_a_kernel_that_is_kept_is_read_without_a_note(monkeypatch, caplog):
    assert scoring.prepare()
    monkeypatch.setattr(scoring, "PATIENCE_SECONDS", 0)
    scoring._load.cache_clear()
    assert kernel_is_kept() and scoring._loaded()
    assert caplog.records == []
