"""A training as a reviewer finds it in MLflow: what was logged, which model is best, who is the champion."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from joblib import parallel_config

from saring import store, tracking
from saring.champions import HISTORY, SHIPPED, read_history
from saring.config import LinkConfig, TopicConfig, TrainConfig
from saring.errors import BundleError, ConfigError, NotNotedWarning
from saring.evaluation.comparison import told
from saring.evaluation.reports import Report, stored_reports
from saring.experiment import Trained, train_files
from saring.locate import find_bundle, shipped_bundle
from saring.promotion import promote, rollback

CONFIG = TrainConfig(name="warta", folds=2, protocols=("random",), link=LinkConfig(dimensions=20))
TOPICS = ("ekonomi", "hiburan")  # two of its own, so that its line has no champion yet


class Place(NamedTuple):
    models: Path
    client: Any
    trained: list[Trained]

    def run(self, number: int) -> Any:
        return self.client.get_run(self.trained[number].run_id)

    def read(self, number: int, path: str) -> str:
        folder = self.client.download_artifacts(self.trained[number].run_id, path)
        return Path(folder).read_text("utf-8")

    def aliases(self) -> dict[str, int]:
        found = self.client.get_registered_model("warta").aliases
        return {alias: int(version) for alias, version in found.items()}


def rows() -> list[dict[str, Any]]:
    words = {"ekonomi": ("saham", "rupiah", "bursa", "ekspor"), "hiburan": ("aktris", "konser", "film", "lagu")}
    made = []
    for topic, (a, b, c, d) in words.items():
        for n in range(16):
            # Every fourth says what the other topic does, so that no model is always right.
            first, second = (a, b) if n % 4 else (words[TOPICS[topic == "ekonomi"]][0], c)
            made.append({
                "id": f"{topic}-{n}", "title": f"Judul {first} nomor{n} {d}{n}", "topic": topic,
                "text": f"Warga membahas {second} dan {first}: pasal{n}, urut{n}.", "publisher": f"Portal {n % 3}",
                "split": "test" if n < 5 else "train",
            })  # fmt: skip
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two trainings of a line of its own: the first is promoted before the second, which differs in two settings."""
    home = tmp_path_factory.mktemp("place")
    corpus = home / "warta.jsonl"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows()), "utf-8")
    with pytest.MonkeyPatch.context() as patch, parallel_config("sequential"):
        patch.setenv("SARING_MODELS", str(home / "models"))
        patch.delenv("MLFLOW_TRACKING_URI")
        trained = [train_files([corpus], home / "models", CONFIG)]
        promote(str(trained[0].folder), models=home / "models")
        other = replace(CONFIG, topic=TopicConfig(C=0.1, domains=0.0, min_df=1))
        trained.append(train_files([corpus], home / "models", other))
        import mlflow

        yield Place(home / "models", mlflow.MlflowClient(tracking.tracking_uri()), trained)


def test_runs_are_named_by_what_differs_from_the_champion(place: Place) -> None:
    assert [place.run(n).info.run_name for n in (0, 1)] == ["warta, the first", "topic-C0.1 topic-min_df1 -domains"]
    assert place.run(1).data.tags["changed_settings"] == "topic-C0.1 topic-min_df1 -domains"


def test_the_figures_of_run_card_table_and_page_are_the_same_to_the_last_digit(place: Place) -> None:
    for number, trained in enumerate(place.trained):
        run, reports = place.run(number), stored_reports(store.load(trained.folder).card)
        assert list(trained.reports) == reports
        assert run.data.metrics == {name: value for r in reports for name, value in r.metrics().items()}
        table = json.loads(place.read(number, "figures.json"))
        columns = [dict(zip(table["columns"], values, strict=True)) for values in table["data"]]
        assert [row["macro_f1"] for row in columns] == [r.macro_f1.value for r in reports]
        assert list(map(Report.from_json, json.loads(place.read(number, "metrics.json")).values())) == reports
        for report in reports:
            assert (
                f"| {report.name} | {report.subset} | {report.n} | {report.macro_f1} |"
                in (run.data.tags["mlflow.note.content"])
            )
            assert f"{report.subset}: macro-F1 {report.macro_f1}, {report.n} rows" in place.read(number, "report.html")


def test_the_browser_is_told_which_files_are_tables(place: Place) -> None:
    listed = json.loads(place.run(1).data.tags["mlflow.loggedArtifacts"])
    assert listed == [{"path": "figures.json", "type": "table"}, {"path": "comparison.json", "type": "table"}]


def test_the_verdict_stands_first_and_in_the_tags(place: Place) -> None:
    review = place.trained[1].review
    assert review is not None
    assert review.champion is not None
    assert review.champion.model_version == store.load(place.trained[0].folder).model_version
    tags = place.run(1).data.tags
    assert tags["verdict"] == f"may not be promoted: {review.verdict.reason}"
    assert tags["mlflow.note.content"].startswith(f"**It may not be promoted: {review.verdict.reason}.**")
    (compared,) = [c for c in review.comparisons if c.challenger.split == "test"]
    table = json.loads(place.read(1, "comparison.json"))
    found = [dict(zip(table["columns"], values, strict=True)) for values in table["data"]]
    assert [row["difference"] for row in found if row["split"] == "test"] == [compared.difference.value]
    assert {row["against"] for row in found} == {"champion"}  # the only other model


def test_a_challenger_has_a_page_beside_the_champion_with_the_same_verdict_and_differences(place: Place) -> None:
    review, page = place.trained[1].review, place.read(1, "compare.html")
    assert review is not None
    assert f"may not take the place of the champion, warta: {review.verdict.reason}." in page
    assert all(told(c.difference) in page for c in review.comparisons)
    assert "<blockquote>" not in page  # bodies stay with the corpus
    assert "compare.html" not in [item.path for item in place.client.list_artifacts(place.trained[0].run_id)]


def test_the_page_says_how_to_load_the_model(place: Place) -> None:
    version = place.trained[1].registered_version
    assert f'saring.load("models:/warta/{version}")' in place.run(1).data.tags["mlflow.note.content"]


def test_a_task_has_a_run_below_it(place: Place) -> None:
    parent = place.run(1)
    below = place.client.search_runs([parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    assert [run.info.run_name for run in below] == ["topic (topic-C0.1 topic-min_df1 -domains)"]
    (topic,) = below
    assert topic.data.params["topic.C"] == "0.1"
    own = {name: value for name, value in parent.data.metrics.items() if name.startswith("topic/")}
    assert {name: topic.data.metrics[name] for name in own} == own
    assert {item.path for item in place.client.list_artifacts(topic.info.run_id)} == {
        "confusion.json", "datasets", "labels.json", "publishers.json",
    }  # fmt: skip
    assert tracking.resolve(topic.info.run_id) == tracking.resolve(parent.info.run_id)


# Data sets


def test_the_data_sets_of_two_runs_on_the_same_rows_are_the_same(place: Place) -> None:
    first, second = (
        {(one.dataset.name, one.dataset.digest, one.tags[0].value) for one in place.run(n).inputs.dataset_inputs}
        for n in (0, 1)
    )
    assert first == second
    assert {(name, context) for name, _, context in first} == {
        ("topic/train", "train"), ("topic/random", "eval"), ("topic/test", "test"),
    }  # fmt: skip


def test_models_are_ranked_on_a_data_set(place: Place) -> None:
    (data,) = [one.dataset for one in place.run(0).inputs.dataset_inputs if one.dataset.name == "topic/random"]
    on = {"dataset_name": data.name, "dataset_digest": data.digest}
    ranked = place.client.search_logged_models(
        [place.run(0).info.experiment_id],
        datasets=[on],
        order_by=[{"field_name": "metrics.topic/random/macro_f1", "ascending": False, **on}],
    )
    versions = [model.tags["model_version"] for model in ranked]
    figures = {
        store.load(t.folder).model_version: r.macro_f1.value
        for t in place.trained
        for r in t.reports
        if r.split == "random"
    }
    assert len(set(figures.values())) == 2
    assert versions == sorted(figures, key=lambda version: -figures[version])
    assert {m.dataset_name for model in ranked for m in model.metrics if m.key.startswith("topic/test/")} == {
        "topic/test"
    }


# Files


def test_errors_and_label_issues_are_tables_to_look_at(place: Place) -> None:
    titles = {row["title"] for row in rows()}
    for name in ("errors.csv", "label-issues.csv"):
        found = list(csv.DictReader(io.StringIO(place.read(1, name))))
        assert found, name
        assert {row.get("title", row.get("text")) for row in found} <= titles
        assert {row["task"] for row in found} == {"topic"}


def test_the_bundle_is_there_once(place: Place) -> None:
    root = place.models.parent / "mlartifacts"
    versions = {trained.folder.name[-12:] for trained in place.trained}
    assert sorted(path.parent.name[-12:] for path in root.rglob("card.json")) == sorted(versions)


@pytest.mark.parametrize(
    "reference",
    ["{run}", "runs:/{run}/saring", "{name}", "models:/warta/2", "models:/warta@challenger", "warta@challenger"],
)
def test_it_is_found_by_whatever_people_call_it(place: Place, reference: str) -> None:
    run = place.run(1)
    folder = tracking.resolve(reference.format(run=run.info.run_id, name=run.info.run_name))
    assert store.load(folder).checksums == store.load(place.trained[1].folder).checksums


# Who is the champion


def test_the_alias_follows_the_history_there_and_back(place: Place) -> None:
    assert place.aliases() == {"challenger": 2, "champion": 1}
    _, step = promote(place.run(1).info.run_name, because="a trial", models=place.models)
    assert (step.run, step.bundle) == (place.trained[1].run_id, place.trained[1].folder.name)
    assert place.aliases() == {"challenger": 2, "champion": 2}
    tags = place.client.get_model_version("warta", "2").tags
    assert {name: tags[name] for name in ("action", "reason", "overridden", "when", "commit")} == {
        "action": "promote", "reason": "a trial", "overridden": "true", "when": step.when, "commit": step.commit,
    }  # fmt: skip
    assert tags["figures"] == "; ".join(f"{name}: {figure}" for name, figure in step.figures.items())
    (back,) = rollback("warta", because="it was a trial", models=place.models)
    assert back.run == place.trained[0].run_id
    assert place.aliases() == {"challenger": 2, "champion": 1}
    tags = place.client.get_model_version("warta", "2").tags
    assert (tags["action"], tags["rollback_reason"], tags["rollback_when"]) == ("rollback", "it was a trial", back.when)
    assert (tags["reason"], tags["when"]) == ("a trial", step.when)
    rollback("warta", models=place.models)
    assert place.aliases() == {"challenger": 2}  # nobody answers in this line any more
    promote(str(place.trained[0].folder), models=place.models)
    assert place.aliases() == {"challenger": 2, "champion": 1}


def test_a_bundle_with_a_folder_of_its_own_is_logged_and_no_challenger(place: Place) -> None:
    before = place.aliases()
    with parallel_config("sequential"):
        corpus, folder = place.models.parent / "warta.jsonl", place.models.parent / "own"
        trained = train_files([corpus], place.models, replace(CONFIG, seed=2), bundle=folder)
    assert trained.review is None
    assert (trained.run_name, place.aliases()) == ("own", before)
    assert "verdict" not in place.client.get_run(trained.run_id).data.tags


def test_a_model_that_no_run_made_is_registered_when_it_is_promoted(place: Place) -> None:
    before = place.aliases()
    with parallel_config("sequential"):
        corpus = place.models.parent / "warta.jsonl"
        trained = train_files([corpus], place.models, replace(CONFIG, seed=1), log=False)
    _, step = promote(str(trained.folder), because="a trial", models=place.models)
    assert step.run == ""
    assert place.aliases()["champion"] > before["challenger"] == place.aliases()["challenger"]
    assert store.load(tracking.resolve("warta@champion")).model_version == step.model_version
    rollback("warta", models=place.models)
    assert place.aliases() == before


def test_the_shipped_model_is_registered_once_and_is_champion_while_nobody_is_promoted(place: Place) -> None:
    bundle = store.load(shipped_bundle())
    info = tracking.register(bundle)
    assert tracking.register(bundle) == info
    assert info.run_name == place.client.get_run(info.run_id).info.run_name == SHIPPED
    (whole, *_) = [r for r in stored_reports(bundle.card) if r.address == "topic/publisher-out"]
    assert place.client.get_run(info.run_id).data.metrics["topic/publisher-out/macro_f1"] == whole.macro_f1.value
    assert store.load(tracking.resolve("models:/saring@champion")).model_version == bundle.model_version


# Without a store


@pytest.fixture
def alone(place: Place, tmp_path: Path) -> Path:
    """A folder of models that holds the first model alone."""
    shutil.copytree(place.trained[0].folder, tmp_path / "models" / place.trained[0].folder.name)
    return tmp_path / "models"


def test_where_there_is_no_store_none_is_made(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{alone.parent / 'mlflow.db'}")
    promote("warta@challenger", models=alone)
    assert {path.name for path in alone.parent.iterdir()} == {"models"}
    assert len(read_history(alone)) == 1


def test_without_mlflow_the_history_is_enough(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("saring.tracking.registry.find_spec", lambda name: None)
    promote("warta@challenger", models=alone)
    assert find_bundle("warta", alone).folder == next(path for path in alone.iterdir() if path.is_dir())
    assert "mlflow" not in sys.modules


def test_a_store_that_does_not_answer_is_told_and_stops_nobody(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.warns(
        NotNotedWarning, match="the promotion holds, but could not be noted in MLflow; http://127.0.0.1:9"
    ):
        promote("warta@challenger", models=alone)
    with pytest.warns(NotNotedWarning, match="the rollback holds"):
        rollback("warta", models=alone)
    assert len((alone / HISTORY).read_text("utf-8").splitlines()) == 2


def test_a_folder_that_cannot_hold_models_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "models").touch()
    with pytest.raises(BundleError, match="models: no folder that can be written; make it one, or name another"):
        train_files(["nowhere.jsonl"], tmp_path / "models", log=False)


def test_of_runs_with_one_name_none_is_guessed(place: Place) -> None:
    for run in (place.run(0), place.run(1)):
        place.client.set_tag(run.info.run_id, "mlflow.runName", "kembar")
    with pytest.raises(ConfigError, match=f"2 runs have this name; name one by its id: .*{place.trained[0].run_id}"):
        tracking.resolve("kembar")


def test_a_run_stands_beside_earlier_ones_too(place: Place) -> None:
    with parallel_config("sequential"):
        config = replace(CONFIG, topic=TopicConfig(C=30.0))
        trained = train_files([place.models.parent / "warta.jsonl"], place.models, config)
    second = store.load(place.trained[1].folder)
    earlier = f"{second.card['run_name']} ({second.model_version})"
    page = place.client.get_run(trained.run_id).data.tags["mlflow.note.content"]
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {earlier} |")]
    path = place.client.download_artifacts(trained.run_id, "comparison.json")
    table = json.loads(Path(path).read_text("utf-8"))
    (row,) = [
        row
        for values in table["data"]
        if (row := dict(zip(table["columns"], values, strict=True)))["against"] == earlier
    ]
    assert f"| topic | random | {row['rows']} |" in line
    assert f"{row['difference']:+.3f} [{row['difference_low']:+.3f}, {row['difference_high']:+.3f}]" in line
