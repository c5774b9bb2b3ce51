"""Each question under each protocol: what is learned from answers, and that it judges other rows."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from joblib import parallel_config
from topictables import WORDS, table

from saring.article import Article
from saring.config import TopicConfig, TrainConfig
from saring.errors import ConfigError, CorpusError
from saring.training.corpus import LabelledArticle, LabelledLink
from saring.training.fit import Answers
from saring.training.tasks import CLICKBAIT_LABELS, LINK_LABELS, TASKS
from saring.training.trainer import LEAST_OUT_OF_DOMAIN, CalibratingAnswers, Job, make_jobs, measure

TOPIC, LINK, CLICKBAIT = TASKS
CONFIG = TrainConfig(folds=2, protocols=("random", "publisher-out", "later-time"), topic=TopicConfig(min_df=1))
PLACES = ("Garut", "Bima", "Palu", "Kudus", "Ende", "Jepara", "Sorong", "Blitar", "Ngawi", "Tual")


def article(number, **labels):
    topic = list(WORDS)[number % 3]
    first, second, third, *_ = np.roll(WORDS[topic].split(), number)
    place = PLACES[number // 3 % len(PLACES)]
    body = f"Warga {place} membahas {second} dan {third}: nomor{number}, pasal{number}, urut{number}."
    return LabelledArticle(
        Article(
            str(number),
            f"{first.title()} di {place}",
            body,
            publisher=f"Portal {number % 7}",
            published=f"2024-01-{1 + number // 3:02}T10:00",
        ),
        **{"topic": topic, "corpus": "own"} | labels,
    )


def articles(n=63, tested=6):
    return [article(i, split="test" if i < tested else "train") for i in range(n)]


def measured(rows, config=CONFIG, told=lambda *step: None):
    with parallel_config("sequential"):
        return list(measure(make_jobs(rows, config), config, told))


@pytest.fixture(scope="module")
def topics():
    """What is measured of the topics of `articles()`, and the steps that were told."""
    told = []
    (found,) = measured(articles(), told=lambda *step: told.append(step))
    return found, told


def splits(found):
    return [report.subset for report in found.reports]


# Jobs


def test_a_task_without_labels_is_no_job():
    assert [job.task.name for job in make_jobs(articles(), CONFIG)] == ["topic"]
    with_links = [replace(a, clickbait=i % 2 == 0) for i, a in enumerate(articles())]
    assert [job.task.name for job in make_jobs(with_links, CONFIG)] == ["topic", "clickbait"]


def test_articles_that_only_teach_words_make_no_question():
    config = replace(CONFIG, link=replace(CONFIG.link, background=True))
    assert [job.task.name for job in make_jobs(articles(), config)] == ["topic"]


def test_the_final_model_is_fitted_on_all_rows_but_the_tested_and_their_copies():
    rows = articles()
    copy = replace(article(0, split="train"), article=replace(rows[0].article, id="copy"))
    (job,) = make_jobs([*rows, copy], CONFIG)
    assert sorted(job.train.articles) == list(range(6, 63))
    assert job.test[1].tolist() == list(range(6))
    for parts in job.protocols.values():
        assert {row for fold in parts for side in fold for row in side} <= set(job.test[0])


def test_a_label_that_stands_only_in_the_test_split_is_refused_by_name():
    with pytest.raises(CorpusError, match="topic: weather stands only in the split 'test'"):
        make_jobs([*articles(), article(63, topic="weather", split="test")], CONFIG)


def test_a_tested_corpus_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ConfigError, match="no corpus is named 'owm'; expected one of own, or"):
        make_jobs(articles(), replace(CONFIG, tested="owm"))


# Reports


def test_each_protocol_has_a_report_and_the_test_split_comes_last(topics):
    found, _ = topics
    assert splits(found) == ["random", "publisher-out", "later-time", "test"]
    assert [report.n for report in found.reports] == [57, 57, 12, 6]
    (untested,) = measured(articles(tested=0), replace(CONFIG, protocols=("publisher-out",)))
    assert splits(untested) == ["publisher-out"]


def test_the_publisher_is_no_baseline_where_no_publisher_is_known(topics):
    found, _ = topics
    rules = {report.split: [rule.name for rule in report.baselines] for report in found.reports}
    assert rules.pop("publisher-out") == ["majority"]
    assert set(map(tuple, rules.values())) == {("majority", "publisher")}


def test_steps_are_told_up_to_the_last(topics):
    _, told = topics
    n_folds = 2 + 7 + 1 + 1  # at random, publishers one by one, by time, the test split
    assert told == [("cross-validate", n, n_folds) for n in range(1, n_folds + 1)]


def test_reports_of_several_questions_keep_to_their_own(topics):
    rows = [replace(a, clickbait=i % 2 == 0) for i, a in enumerate(articles())]
    topic, clickbait = measured(rows)
    assert {report.name for report in topic.reports} == {"topic"}
    assert {report.name for report in clickbait.reports} == {"clickbait"}
    assert topic.reports[:1] == topics[0].reports[:1]


# Calibration and thresholds


def base(task, truth, scores, sizes, **columns):
    """The calibrating answers of a job whose rows are tested part by part; the parts; the job."""
    edges = np.cumsum([0, *sizes])
    numbers = [np.arange(*edge) for edge in pairwise(edges)]
    found = table(truth, **columns)
    every = np.arange(len(found))
    folds = [(np.setdiff1d(every, part), part) for part in numbers]
    job = Job(task, found, every, {("random", ""): folds}, (every, every[:0]))
    parts = [Answers(rows, scores[rows], {}, np.full(len(rows), 3.0)) for rows in numbers]
    return CalibratingAnswers(job, parts), parts, job


def drawn(labels, n=300):
    """Scores of rows, and labels drawn with the probabilities that the scores stand for."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=n) * 2
    second = rng.random(n) < 1 / (1 + np.exp(-scores))
    return scores, np.array(labels)[second.astype(int)]


def test_no_part_is_calibrated_on_its_own_answers():
    scores, truth = drawn(CLICKBAIT_LABELS)
    turned = truth.copy()
    turned[:100] = np.where(truth[:100] == "clear", "clickbait", "clear")
    before, parts, _ = base(CLICKBAIT, truth, scores, (100, 100, 100))
    after, _, _ = base(CLICKBAIT, turned, scores, (100, 100, 100))
    assert np.array_equal(before.apply(parts[0])[0], after.apply(parts[0])[0])
    assert not np.allclose(before.apply(parts[1])[0], after.apply(parts[1])[0])


def test_no_part_is_decided_by_a_threshold_learned_on_it():
    scores, truth = drawn(LINK_LABELS)
    turned = truth.copy()
    turned[:100] = "unrelated"
    before, parts, _ = base(LINK, truth, scores, (100, 100, 100))
    after, _, _ = base(LINK, turned, scores, (100, 100, 100))
    assert np.array_equal(before.apply(parts[0])[1], after.apply(parts[0])[1])
    assert not np.array_equal(before.apply(parts[1])[1], after.apply(parts[1])[1])


def test_answers_keep_their_order_and_the_calibration_finds_the_scale():
    scores, truth = drawn(CLICKBAIT_LABELS)
    found, parts, _ = base(CLICKBAIT, truth, scores / 4, (50, 150, 100))
    assert found.calibration.scale == pytest.approx(4, rel=0.25)
    for part in parts:
        probabilities, threshold = found.apply(part)
        assert np.array_equal(probabilities[:, 1] > 0.5, scores[part.rows] > 0)
        assert threshold.tolist() == [0.5] * len(part.rows)


def test_votes_keep_the_model_from_being_surer_than_the_annotators():
    scores, truth = drawn(CLICKBAIT_LABELS)
    sure, *_ = base(CLICKBAIT, truth, scores, (150, 150))
    split, *_ = base(CLICKBAIT, truth, scores, (150, 150), shares=0.6)
    assert split.calibration.scale < sure.calibration.scale


def test_a_question_comes_with_its_own_thresholds(topics):
    links, *_ = base(LINK, *drawn(LINK_LABELS)[::-1], (150, 150))
    assert links.thresholds(CONFIG).keys() == {"unrelated"}
    headlines, *_ = base(CLICKBAIT, *drawn(CLICKBAIT_LABELS)[::-1], (150, 150))
    assert headlines.thresholds(CONFIG) == {}
    assert topics[0].thresholds.keys() == {"abstain", "out_of_domain"}


def topic_base(n=200):
    """A model that is right as often as it says."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(n, 3)) * 2
    odds = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    truth = [str(rng.choice(list(WORDS), p=p)) for p in odds]
    return base(TOPIC, truth, scores, (n // 2, n // 2))


def test_the_more_risk_is_taken_the_fewer_articles_go_without_a_topic():
    found, *_ = topic_base()
    asked = [found.thresholds(replace(CONFIG, abstain_risk=risk))["abstain"] for risk in (0.0, 0.05, 0.2, 1.0)]
    assert asked == sorted(asked, reverse=True)
    assert asked[-1] == 0
    assert len(set(asked)) > 2


@pytest.mark.parametrize(
    ("out_of_domain", "threshold"),
    [
        pytest.param([3.0] * 200, LEAST_OUT_OF_DOMAIN, id="a small corpus: all alike"),
        pytest.param([5.0] * 190 + [6.0] * 10, 6.0, id="a varied corpus"),
        pytest.param([5.0] * 199 + [99.0], 5.0, id="one odd row"),
        pytest.param([99.0] * 200, 99.0, id="a corpus without full stops"),
    ],
)
def test_two_real_articles_in_a_hundred_may_be_strange_and_none_that_is_not(out_of_domain, threshold):
    _, parts, job = topic_base()
    odd = np.split(np.array(out_of_domain), 2)
    answers = [replace(part, out_of_domain=s) for part, s in zip(parts, odd, strict=True)]
    assert CalibratingAnswers(job, answers).thresholds(CONFIG)["out_of_domain"] == threshold


def test_of_no_large_portal_may_more_be_strange():
    _, parts, job = topic_base()
    publishers = np.repeat(["plain", "odd", "few"], [90, 100, 10])
    job = replace(job, table=replace(job.table, publishers=publishers))
    odd = np.concatenate([np.full(90, 4.9), np.linspace(5, 6, 100), np.full(10, 99.0)])
    answers = [replace(p, out_of_domain=odd[p.rows]) for p in parts]
    threshold = CalibratingAnswers(job, answers).thresholds(CONFIG)["out_of_domain"]
    assert (odd[publishers == "odd"] > threshold).sum() == 2


def test_headlines_that_all_annotators_agree_on_are_reported_apart_too():
    votes = {True: [1.0, 2 / 3, 1.0], False: [0.0, 1 / 3, 0.0]}  # for clickbait, by the label
    rows = [
        replace(a, clickbait=i % 2 == 0, clickbait_share=votes[i % 2 == 0][i % 3])
        for i, a in enumerate(articles(tested=0))
    ]
    _, clickbait = measured(rows)
    counts = {report.subset: report.n for report in clickbait.reports}
    assert (counts["random"], counts["random (unanimous)"]) == (63, 42)


# Links


def test_each_corpus_has_the_same_say_in_a_threshold():
    scores, truth = drawn(LINK_LABELS)
    shifted = np.where(np.arange(300) < 250, scores, scores + 3)  # fifty of another corpus
    corpora = np.where(np.arange(300) < 250, "many", "few")
    both, *_ = base(LINK, truth, shifted, (150, 150), corpora=corpora)
    alone, *_ = base(LINK, truth, shifted, (150, 150))
    assert both.thresholds(CONFIG)["unrelated"] > alone.thresholds(CONFIG)["unrelated"]


def test_links_of_the_other_corpus_calibrate_too_and_are_reported_apart():
    rows = []
    for i, a in enumerate(articles(tested=0)):
        other = article((i + 4) % 63).article.title
        links = (LabelledLink(a.article.title, related=True), LabelledLink(other, related=False))
        rows.append(replace(a, links=links, corpus="real" if i % 2 else "written"))
    config = replace(CONFIG, tested="real", protocols=("random",))
    (job,) = (job for job in make_jobs(rows, config) if job.task.name == "link")
    (topic,) = (job for job in make_jobs(rows, config) if job.task.name == "topic")
    assert list(job.protocols) == [("random", ""), ("random", "written")]
    assert list(topic.protocols) == [("random", "")]
    tested = {name: np.concatenate([test for _, test in f]) for name, f in job.protocols.items()}
    assert set(job.table.corpora[tested["random", ""]]) == {"real"}
    assert set(job.table.corpora[tested["random", "written"]]) == {"written"}


def test_links_are_decided_by_the_threshold_that_others_gave():
    rows = []
    for i, a in enumerate(articles(tested=0)):
        other = article((i + 4) % 63).article.title
        links = (LabelledLink(a.article.title, related=True), LabelledLink(other, related=False))
        rows.append(replace(a, links=links))
    _, link = measured(rows, replace(CONFIG, protocols=("random",)))
    assert splits(link) == ["random"]
    assert 0 < link.thresholds["unrelated"] < 1
    assert link.reports[0].accuracy.value > 0.9
    assert [rule.name for rule in link.reports[0].baselines] == ["majority", "publisher", "overlap"]
