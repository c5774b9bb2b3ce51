"""A stored model corrected by new rows: it follows them, and stays as it was where they say nothing."""

from dataclasses import replace

import numpy as np
import orjson
import pytest
from scipy.sparse import csr_matrix, random_array
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from saring.cli.commands import main
from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.evaluation.heldout import from_arrays
from saring.kernel import scoring
from saring.models.pipelines import fit_move
from saring.predict import load
from saring.training.corpus import digests, merged_digests, read_corpus, seen
from saring.training.corrections import CORRECTIONS, FEWEST_ROWS, correct
from saring.training.evaluate import answers
from saring.training.refitting import linear_model
from saring.training.tasks import TASKS

CONFIG = TrainConfig()


@pytest.fixture(scope="module")
def base(bundle_folder):
    return load(bundle_folder).bundle


@pytest.fixture(scope="module")
def known(small_corpus):
    """What the model was trained on, and its test split."""
    return read_corpus(small_corpus)


@pytest.fixture(scope="module")
def portal(embedded_corpus, tmp_path_factory):
    """A portal whose articles on the economy are gossip to its readers: labels that the model cannot know."""
    rows = [orjson.loads(line) for line in embedded_corpus.read_bytes().splitlines()[3::11]]
    rows = [row | {"split": "train", "publisher": "Sabak"} for row in rows if row["topic"] in ("economy", "other")]
    for row in rows:
        row["topic"] = {"economy": "gossip"}.get(row["topic"], row["topic"])
    path = tmp_path_factory.mktemp("portal") / "sabak.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def fit(base, portal, known):
    return correct(base, read_corpus(portal), CONFIG, known, sources=["sabak.jsonl"])


# The model as a linear one


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_stored_model_gives_the_same_answers_as_a_linear_one(base, known, task):
    table = task.table(known, CONFIG)
    linear = linear_model(getattr(base, task.name))
    scores = linear.scores(linear.columns(table.rows))
    both = scores if scores.shape[1] > 1 else np.column_stack([np.zeros(len(scores)), scores])
    expected = {
        "topic": lambda: scoring.topics(base.topic, *zip(*table.rows, strict=True)).probabilities[:, 1],
        "link": lambda: scoring.link_probabilities(base.link, scoring.pair_features(base.link.pairs, table.rows)),
        "clickbait": lambda: scoring.clickbait(base.clickbait, table.rows)[:, 1],
    }[task.name]()
    assert softmax(both, axis=1)[:, 1] == pytest.approx(expected, abs=1e-9)


def test_a_model_with_its_own_weights_is_itself(base):
    for name in base.tasks:
        model = getattr(base, name)
        again = linear_model(linear_model(model).with_weights(linear_model(model).weights))
        assert np.array_equal(again.weights, linear_model(model).weights)


def test_a_move_from_nothing_is_what_scikit_learn_fits():
    rows = csr_matrix(random_array((80, 200), density=0.2, rng=np.random.default_rng(0)))
    codes = np.arange(80) % 3
    move = fit_move(rows, np.eye(3)[codes], np.ones(80), np.zeros((80, 3)), 2.0)
    expected = LogisticRegression(C=2.0, fit_intercept=False, tol=1e-6, max_iter=1000).fit(rows, codes)
    assert pytest.approx(expected.coef_, abs=2e-3) == move.T


def test_rows_that_are_answered_as_they_should_be_move_nothing():
    rows = csr_matrix(random_array((30, 50), density=0.2, rng=np.random.default_rng(0)))
    scores = np.random.default_rng(1).normal(size=(30, 3))
    move = fit_move(rows, softmax(scores, axis=1), np.ones(30), scores, 1.0)
    assert np.abs(move).max() < 1e-3


# What a correction does


def test_the_model_follows_its_new_rows(base, fit):
    [before] = [one for one in answers(base, fit.articles, CORRECTIONS) if one.task == "topic"]
    [after] = [one for one in fit.heldout if (one.task, one.split) == ("topic", CORRECTIONS)]
    right = [(one.scored.predicted == one.scored.truth).mean() for one in (before, after)]
    assert right[1] > right[0] + 0.05


def topics(model, articles):
    return scoring.topics(
        model, *zip(*((a.article.title, a.article.body) for a in articles), strict=True)
    ).probabilities


def test_no_anchor_is_answered_otherwise_not_even_where_new_rows_speak_against_it(base, fit, known):
    anchors = [a for a in known if a.split == "train"]
    assert sum(a.topic == "economy" for a in anchors) >= FEWEST_ROWS  # which the portal calls gossip
    before, after = (topics(model, anchors) for model in (base.topic, fit.models["topic"]))
    assert np.array_equal(before.argmax(axis=1), after.argmax(axis=1))


def test_anchors_hold_articles_that_nobody_showed_the_model(base, fit, known, embedded_corpus):
    shown = {a.article.title for a in [*known, *fit.articles]}
    others = [a for a in read_corpus(embedded_corpus) if a.topic != "economy" and a.article.title not in shown]
    without = correct(base, fit.articles, CONFIG)
    before, held, free = (topics(m, others) for m in (base.topic, fit.models["topic"], without.models["topic"]))
    held, free = (np.abs(after - before).sum(axis=1).mean() for after in (held, free))
    assert held < 0.75 * free


def test_what_the_base_held_out_is_asked_again(base, fit):
    [test] = [one for one in from_arrays(base.heldout) if (one.task, one.split, one.by) == ("topic", "test", "")]
    [again] = [one for one in fit.heldout if (one.task, one.split) == ("topic", "test")]
    assert np.array_equal(again.keys, test.keys)
    assert not np.array_equal(again.scored.probabilities, test.scored.probabilities)


def test_new_rows_are_answered_by_moves_that_did_not_see_them(base, portal, known):
    """Rows with topics drawn by lot teach nothing: who had seen them would know them all the same."""
    rng = np.random.default_rng(0)
    lots = [replace(a, topic=str(rng.choice(["economy", "gossip"])), links=()) for a in read_corpus(portal)]
    found = correct(base, lots, CONFIG, known)
    [drawn] = [one for one in found.heldout if (one.task, one.split) == ("topic", CORRECTIONS)]
    assert (drawn.scored.predicted == drawn.scored.truth).mean() < 0.65


def test_the_words_and_their_rarities_stay(base, fit):
    for name in ("whole", "title", "lead"):
        old, new = getattr(base.topic, name), getattr(fit.models["topic"], name)
        assert (old.terms, old.scale) == (new.terms, new.scale)
        assert np.array_equal(old.idf, new.idf)
    assert fit.models["link"].pairs is base.link.pairs


def test_the_card_says_what_the_model_is_based_on(base, fit):
    assert fit.card["based_on"] == {"name": "saring", "model_version": base.model_version}
    assert fit.card["name"] == "saring+sabak"
    assert fit.card["thresholds"] == base.card["thresholds"]
    assert all(seen([*fit.articles], fit.card["trained_on"]))
    assert {r.split for r in fit.reports} >= {CORRECTIONS, "test"}


def test_tasks_without_new_rows_stay_as_they_are(base, portal, known):
    topics = [replace(a, links=(), clickbait=None) for a in read_corpus(portal)]
    found = correct(base, topics, CONFIG, known)
    assert found.models["link"] is base.link
    kept = [one for one in found.heldout if one.task == "link"]
    own = [one for one in from_arrays(base.heldout) if one.task == "link" and not one.by]
    assert [len(one.keys) for one in kept] == [len(one.keys) for one in own]


def test_rows_that_the_model_was_trained_on_measure_nothing(base, known):
    found = correct(base, [a for a in known if a.split == "train"], CONFIG)
    assert CORRECTIONS not in {one.split for one in found.heldout}


def test_too_few_rows_and_unknown_labels_are_told(base, portal):
    rows = read_corpus(portal)
    with pytest.raises(CorpusError, match=f"fewer than {FEWEST_ROWS} labelled rows"):
        correct(base, [replace(a, links=()) for a in rows[: FEWEST_ROWS // 2]], CONFIG)
    with pytest.raises(CorpusError, match=r"label\(s\) sport; the model 'saring' has economy, gossip"):
        correct(base, [replace(a, topic="sport") for a in rows], CONFIG)


def test_digests_of_two_corpora_are_merged(known):
    first, second = digests(known[:5]), digests(known[5:9])
    assert seen(known[:10], merged_digests(first, second)) == [True] * 9 + [False]


# The command


@pytest.mark.slow
def test_the_command_makes_a_challenger_beside_the_champion(bundle_folder, portal, small_corpus, tmp_path, capsys):
    words = ["train", portal, "--from", bundle_folder, "--texts", small_corpus, "--models", tmp_path, "--no-log"]
    assert main([*map(str, words)]) == 0
    shown = capsys.readouterr()
    assert "corrections" in shown.out
    assert "verdict" in shown.out
    [folder] = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert load(folder).bundle.card["based_on"]["name"] == "saring"
    assert main([*map(str, [*words[:4], "--texts", portal, *words[6:]])]) == 0
    assert "name files that have them with --texts" in capsys.readouterr().err


def test_the_options_go_together(bundle_folder, portal):
    assert main(["train", str(portal), "--texts", str(portal)]) == 2
    assert main(["train", "--from", str(bundle_folder)]) == 2
