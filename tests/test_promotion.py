"""Promoting: the review of a challenger, what is refused, what a reason overrides, and the way back."""

import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from joblib import parallel_config

import saring
from saring import champions, promotion, store
from saring.champions import HISTORY, LINE, SHIPPED, read_history
from saring.cli.commands import main
from saring.config import LinkConfig, TopicConfig, TrainConfig
from saring.errors import BundleError, ConfigError
from saring.evaluation.comparison import RELABELLED, TRAINED_ON
from saring.experiment import train_files
from saring.locate import find_bundle, shipped_bundle
from saring.promotion import list_models, models_table, promote, review, rollback

CONFIG = TrainConfig(folds=3, abstain_risk=1.0, link=LinkConfig(dimensions=20))
TOPICS = {"economy": "uang", "gossip": "artis", "international_politics": "dunia", "other": "lain"}


def trained(rows, folder, config=CONFIG, name="kami.jsonl"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.parent / name
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    with parallel_config("sequential"):
        return train_files([path], folder, config, log=False)


@pytest.fixture(scope="module")
def rows(small_corpus):
    """The small corpus under topics of its own, which make a line of models without a gate."""
    found = [orjson.loads(line) for line in small_corpus.read_bytes().splitlines()]
    return [row | {"topic": TOPICS[row["topic"]]} for row in found]


@pytest.fixture(scope="module")
def made(rows, tmp_path_factory):
    """A folder with a good model and a spoilt one, whose training rows have each other's topics; nobody is promoted."""
    folder = tmp_path_factory.mktemp("made") / "models"
    good = trained(rows, folder).folder.rename(folder / "good")
    mixed = [row["topic"] for row in rows if row["split"] == "train"]
    random.Random(7).shuffle(mixed)
    topics = iter(mixed)
    spoilt = trained([row | {"topic": next(topics)} if row["split"] == "train" else row for row in rows], folder)
    spoilt.folder.rename(folder / "spoilt")
    assert good.exists()
    return folder


@pytest.fixture
def models(made, tmp_path, monkeypatch):
    """The two models in the user's folder of models, and a working folder."""
    folder = Path(shutil.copytree(made, tmp_path / "models"))
    monkeypatch.setenv("SARING_MODELS", str(folder))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return folder


def run(capfd, *words):
    code = main([*map(str, words)])
    sys.stdout.flush()
    return code, *capfd.readouterr()


# The verdict


def test_the_first_of_a_line_may_be_promoted(models):
    found, step = promote("good")
    assert (found.champion, found.verdict.reason) == (None, "it is the first")
    assert (step.line, step.bundle, step.overridden) == ("kami", "good", False)
    assert saring.load("kami").path == models / "good"


def test_a_worse_model_is_refused_and_the_champion_goes_on_answering(models):
    promote("good")
    with pytest.raises(ConfigError, match=r"spoilt is not promoted: it is worse at topic, .*--because"):
        promote("spoilt")
    assert [step.bundle for step in read_history(models)] == ["good"]
    assert saring.load("kami").path == models / "good"


def test_a_worse_model_is_promoted_with_a_reason_that_is_recorded_and_taken_back(models):
    promote("good")
    _, step = promote("spoilt", because="only a try")
    assert (step.reason, step.overridden) == ("only a try", True)
    assert step.figures["topic, test"].startswith("-0.")
    assert saring.load("kami").why.endswith("against the verdict: only a try")
    rollback("kami", because="it was one")
    assert saring.load("kami").path == models / "good"
    assert [step.reason for step in read_history(models)][1:] == ["only a try", "it was one"]


def test_a_better_model_is_promoted_by_its_figures(models):
    promote("spoilt")
    found, step = promote("good")
    assert found.verdict.may and not step.overridden
    assert step.reason.startswith("it is better at topic, ")
    assert {c.challenger.split for c in found.comparisons} == {"test", "publisher-out"}


def test_what_is_better_at_nothing_is_refused(models, rows):
    promote("good")
    same = trained(rows, models, TrainConfig(folds=3, abstain_risk=0.5, link=LinkConfig(dimensions=20)))
    assert same.review.verdict.reason == "it is better at nothing beyond the interval of the difference"


def test_rows_with_another_label_are_left_out_and_told(models):
    promote("good")
    spoilt = review(store.load(models / "spoilt"))
    protocol = next(
        c for c in spoilt.comparisons if (c.challenger.name, c.challenger.split) == ("topic", "publisher-out")
    )
    assert protocol.left_out_for[RELABELLED] > 20


def test_the_champion_is_not_promoted_again_not_even_with_a_reason(models):
    promote("good")
    with pytest.raises(ConfigError, match=r"good [0-9a-f]{12}: it is the champion already, so nothing is changed"):
        promote("good", because="once more")
    assert len(read_history(models)) == 1


def test_a_model_that_lacks_a_task_of_the_champion_is_no_successor(models, rows):
    promote("good")
    lean = [{name: row[name] for name in ("id", "title", "text", "publisher", "topic", "split")} for row in rows]
    found = trained(lean, models).review
    assert found.verdict.reason == "it has no model of link and no model of clickbait, which the champion has"


# The shipped model


def test_the_shipped_model_is_champion_until_another_is_and_can_be_promoted_by_name(bundle_folder, models):
    with pytest.raises(ConfigError, match="it is the champion already"):
        promote(SHIPPED)
    _, step = promote(bundle_folder, because="a try")
    assert (step.line, step.bundle) == (LINE, f"promoted-{step.model_version}")
    assert saring.load().path == models / step.bundle
    assert store.load(models / step.bundle).card == store.load(bundle_folder).card
    found, step = promote(SHIPPED, because="back")
    assert (step.bundle, saring.load().path) == (SHIPPED, shipped_bundle())
    assert found.champion.path == models / f"promoted-{found.champion.model_version}"


def test_a_champion_that_was_asked_about_the_test_split_is_compared_there(bundle_folder):
    bundle = store.load(bundle_folder)
    found = review(bundle)
    assert found.champion.path == shipped_bundle()
    assert {(c.challenger.name, c.challenger.split) for c in found.comparisons} >= {
        ("topic", "test"), ("link", "test"), ("clickbait", "test"),
    }  # fmt: skip
    assert not found.verdict.may and "below the quality gate" in found.verdict.reason


def test_rows_that_the_champion_was_trained_on_are_left_out_and_told(small_corpus, tmp_path, capfd):
    rows = [orjson.loads(line) for line in small_corpus.read_bytes().splitlines()]
    tested = [row | {"split": "test"} if n % 5 == 0 else row for n, row in enumerate(rows)]
    found = trained(tested, tmp_path / "models").review
    topic = next(c for c in found.comparisons if (c.challenger.name, c.challenger.split) == ("topic", "test"))
    n = sum(row["split"] == "train" and now["split"] == "test" for row, now in zip(rows, tested, strict=True))
    assert topic.left_out_for == {TRAINED_ON: n}
    from saring.cli.show_models import print_review

    print_review(found)
    assert f"Left out of topic, test: {n} that the champion was trained on." in capfd.readouterr().out


def test_a_model_without_a_threshold_to_its_name_is_held_to_the_champion_alone(small_corpus, tmp_path, capfd):
    rows = [orjson.loads(line) for line in small_corpus.read_bytes().splitlines()]
    config = TrainConfig(name="try", folds=3, topic=TopicConfig(C=1e-6), link=LinkConfig(dimensions=20))
    found = trained(rows, tmp_path / "models", config).review
    assert (found.line, found.checks, found.verdict.may) == (LINE, [], False)
    assert found.verdict.reason.startswith("it is worse at topic, test: -")
    thresholds = tmp_path / "own.toml"
    thresholds.write_text("[try.topic]\nmacro_f1 = 0.9\n")
    [check] = review(found.challenger, gate=thresholds).checks
    assert not check.holds


# What can go wrong


def test_a_champion_that_is_gone_is_told_with_the_way_out(models):
    promote("good")
    shutil.rmtree(models / "good")
    for ask in (lambda: saring.load("kami"), lambda: promotion.champion_of(models, "kami")):
        with pytest.raises(BundleError, match=r"good: no model, though it was promoted on 20.*`saring rollback`"):
            ask()
    with pytest.raises(ConfigError, match=r"the champion cannot be asked: .*good: no model"):
        promote("spoilt")
    assert [step.bundle for step in rollback("kami")] == [""]
    promote("spoilt")


def test_training_keeps_what_it_made_though_the_champion_is_gone(models, rows):
    promote("good")
    shutil.rmtree(models / "good")
    found = trained(rows, models)
    assert store.load(found.folder).model_version
    assert "the champion cannot be asked" in found.review.verdict.reason


def test_a_damaged_champion_is_not_replaced_unseen(models):
    promote("good")
    (models / "good" / "card.json").write_bytes(b"{}")
    with pytest.raises(BundleError, match="differs from its checksum"):
        saring.load("kami")
    assert "cannot be asked" in review(store.load(models / "spoilt")).verdict.reason


def test_a_model_without_held_out_answers_cannot_be_compared(models):
    promote("good")
    old = shutil.copytree(models / "spoilt", models / "old")
    (old / "heldout.npz").unlink()
    checksums = orjson.loads((old / "checksums.json").read_bytes())
    (old / "checksums.json").write_bytes(store.to_json({n: d for n, d in checksums.items() if n != "heldout.npz"}))
    reason = review(store.load(old)).verdict.reason
    assert reason == "champion and challenger have no held-out rows in common, so nothing can be compared"


TWO = """
import sys
from saring.promotion import promote
try:
    promote(sys.argv[1], because=sys.argv[2])
except Exception as error:
    sys.exit(str(error))
"""


def test_two_promotions_at_once_are_both_kept_or_the_second_is_told(models):
    promote("good")
    words = [[sys.executable, "-c", TWO, name, because] for name, because in (("spoilt", "a try"), ("good", ""))]
    both = [subprocess.Popen(one, stderr=subprocess.PIPE, text=True) for one in words]
    told = [child.communicate()[1] for child in both]
    assert told[0] == ""
    found = [step.bundle for step in read_history(models)]
    if told[1]:  # it was the first of the two, when the good model was champion still
        assert "it is the champion already" in told[1]
        assert found == ["good", "spoilt"]
    else:
        assert found == ["good", "spoilt", "good"]


# The command line


def test_the_story_of_a_promotion_in_the_terminal(models, capfd):
    code, out, _ = run(capfd, "promote", "good")
    assert code == 0
    assert "verdict    may be promoted: it is the first\n" in out
    assert "promoted   good " in out and "undo       saring rollback --line kami\n" in out
    code, out, err = run(capfd, "promote", "kami@challenger")
    assert code == 1
    assert "verdict    may not be promoted: it is worse at topic" in out and "promoted " not in out
    assert err.startswith("saring: spoilt is not promoted: it is worse at topic")
    code, out, _ = run(capfd, "promote", "spoilt", "--because", "a try")
    assert code == 0
    assert "because    a try (against the verdict; recorded)\n" in out
    code, out, _ = run(capfd, "models", "--history")
    versions = {name: store.load(models / name).model_version for name in ("good", "spoilt")}
    assert re.search(rf"^champion +{versions['spoilt']} ", out.partition("kami: artis, dunia, lain, uang\n")[2], re.M)
    assert "promote  kami: spoilt" in out and "(against the verdict)" in out and f"folder     {models}" in out
    code, out, _ = run(capfd, "rollback", "--line", "kami", "--because", "enough")
    assert (code, "back to    good" in out, "(enough)" in out) == (0, True, True)
    assert run(capfd, "rollback", "--line", "kami")[0] == 0
    code, _, err = run(capfd, "rollback", "--line", "kami")
    assert code == 1 and "nobody is promoted in the line 'kami'" in err


def test_training_says_which_line_a_model_is_of_and_what_to_type(rows, models, capfd):
    Path("mine.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    Path("quick.toml").write_text("folds = 2\n[link]\ndimensions = 20\n")
    words = ["train", "mine.jsonl", "--no-log", "--config", "quick.toml"]
    for name, message in (("id-news", "'id-news' is kept for saring's own topics"), ("a/b", "no /, @ or :")):
        code, out, err = run(capfd, *words, "--name", name)
        assert (code, out, message in err) == (1, "", True)
    with parallel_config("sequential"):
        code, out, _ = run(capfd, *words)
    assert code == 0
    assert "verdict    may be promoted: it is the first\n" in out
    assert "line       mine, a line of models of its own, called after the file, as its topics" in out
    assert "next       saring promote mine@challenger\n" in out
    assert f"try it     saring predict FILE --model {models}" in out


def test_without_a_challenger_it_says_how_to_get_one(models, capfd):
    code, _, err = run(capfd, "promote")
    assert (code, err) == (1, f"saring: challenger: found no model of yours in {models}; `saring train` makes one\n")


def test_the_line_of_the_default_is_untouched_by_another(models, capfd):
    promote("good")
    assert find_bundle().folder == shipped_bundle()
    with pytest.raises(ConfigError, match="nobody is promoted in the line 'saring'"):
        rollback()


def test_a_line_without_a_champion_names_its_challenger(models):
    with pytest.raises(BundleError, match="kami: nobody is promoted in this line of models; its newest is kami@chall"):
        saring.load("kami")
    assert saring.load("kami@challenger").path in (models / "good", models / "spoilt")


def test_a_version_names_a_model_too(models):
    version = store.load(models / "good").model_version
    (models / "good").rename(models / f"20260101T000000Z-{version}")
    assert saring.load(version).model_version == version


def test_the_list_shows_each_line_with_figures_and_aliases_and_damage(models):
    promote("good")
    shutil.copytree(models / "good", models / "broken")
    (models / "broken" / "card.json").write_bytes(b"{}")
    found = list_models(models)
    assert list(found) == [LINE, "kami", ""]
    assert [one.alias for one in found[LINE]] == ["champion"]
    assert {one.folder.name: one.alias for one in found["kami"]}["good"] == "champion"
    assert "broken" in found[""][0].problem
    good = next(one for one in found["kami"] if one.folder.name == "good")
    reports = [r for r in good.card["metrics"].values() if r["name"] == "topic" and not r["part"]]
    assert good.figures()["topic"] == min(r["macro_f1"]["value"] for r in reports)
    assert [good.figures(r["split"])["topic"] for r in reports] == [r["macro_f1"]["value"] for r in reports]
    assert good.figures("random") == {}
    table = str(models_table("kami", found["kami"]))
    assert "1/127" in table and good.card["model_version"] in table


def test_a_single_model_that_the_variable_names_goes_on_answering(models, capfd, monkeypatch, bundle_folder):
    monkeypatch.setenv("SARING_MODELS", str(shutil.copytree(bundle_folder, models / "pinned")))
    code, out, _ = run(capfd, "promote", "pinned", "--because", "a try")
    assert code == 0
    assert "answers    pinned (named by SARING_MODELS)" in out
    assert (models / HISTORY).exists()


def test_nothing_of_it_needs_mlflow(models, capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    assert run(capfd, "promote", "good")[0] == 0
    assert run(capfd, "promote", "spoilt", "--because", "a try")[0] == 0
    assert run(capfd, "rollback", "--line", "kami")[0] == 0
    assert run(capfd, "models", "--history")[0] == 0
    assert run(capfd, "compare", "good", "spoilt")[0] == 0
    assert run(capfd, "promote", "nowhere")[0] == 1
    assert champions.champion(models, "kami").bundle == "good"


def test_models_of_different_topics_are_not_compared(models, capfd):
    code, _, err = run(capfd, "compare", "good", "id-news")
    assert code == 1
    assert "expected the same topics" in err


def test_a_comparison_is_a_page_too(models, capfd, tmp_path):
    code, out, err = run(capfd, "compare", "good", "spoilt", "--out", "two.html")
    assert (code, err) == (0, "-> two.html\n")
    assert "Which is best on publishers it has not seen?" in out and "good" in Path("two.html").read_text("utf-8")
    code, _, err = run(capfd, "compare", "good", "spoilt", "--out", "two.html")
    assert (code, "is there already" in err) == (1, True)
    assert run(capfd, "compare", "good", "spoilt", "--out", "two.txt")[0] == 2
