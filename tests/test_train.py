"""The assembly: a corpus to a bundle and its reports, the same every time, or a reason why not."""

import gc
from dataclasses import replace

import numpy as np
import orjson
import pandas as pd
import pytest
from joblib import parallel_config

import saring
from saring import store
from saring.config import LinkConfig, TopicConfig, TrainConfig
from saring.errors import BundleError, CorpusError
from saring.evaluation.reports import Report, stored_curve
from saring.experiment import train_files
from saring.training.corpus import fingerprint, open_corpus
from saring.training.trainer import train

QUICK = TrainConfig(folds=2, topic=TopicConfig(min_df=1))
SUBJECTS = {
    "ekonomi": "saham emiten bursa rupiah investor inflasi ekspor dividen",
    "hiburan": "artis penyanyi konser film aktris album panggung penggemar",
    "olahraga": "timnas gol pelatih laga striker kiper klasemen juara",
}
PLACES = ("Garut", "Bima", "Palu", "Kudus", "Ende", "Jepara", "Sorong", "Blitar", "Ngawi", "Tual")


def row(topic, number, **changes):
    """An article of a user's own: no publisher, no links, and a topic in the user's words."""
    place, words = PLACES[number % len(PLACES)], SUBJECTS[topic].split()
    first, second, third = (words[(number + k) % len(words)] for k in (0, 1, 3))
    body = (
        f"Kabar dari {place} hari ke-{number}: {first} dan {second}. Warga {place} menyebut {third}"
        f" sebagai pokok perkara {number}.\nPertemuan {number} di {place} membahas {second} saja."
    )
    return {
        "id": f"{topic}-{number}",
        "title": f"{first.title()} dan {third} di {place}",
        "text": body,
        "topic": topic,
    } | changes


def own_rows(topics=SUBJECTS, n=10, tested=2):
    return [row(topic, number, split="test" if number < tested else "train") for topic in topics for number in range(n)]


def trained(folder, rows, config=QUICK, name="own.jsonl"):
    path = folder / name
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    with parallel_config("sequential"):
        return train_files([path], folder / "models", config, log=False)


def vocabulary(result):
    return set(store.load(result.folder).topic.whole.terms)


# What training leaves


@pytest.fixture(scope="module")
def card(bundle_folder):
    return store.load(bundle_folder).card


def test_the_bundle_answers_all_three_questions(bundle_folder, card):
    assert store.load(bundle_folder).tasks == ("topic", "link", "clickbait")
    assert card["labels"] == {
        "topic": ["economy", "gossip", "international_politics", "other"],
        "link": ["related", "unrelated"],
        "clickbait": ["clear", "clickbait"],
    }


def test_the_card_says_from_what_and_how_it_was_trained(card, small_corpus):
    assert card["data"]["sha256"] == fingerprint([small_corpus])
    rows = [orjson.loads(line) for line in small_corpus.read_bytes().splitlines()]
    n_links = sum(len(row["links"]) for row in rows)
    assert card["data"]["articles"] == card["data"]["topic_rows"] == len(rows)
    assert card["data"]["link_rows"] == n_links
    assert card["data"]["clickbait_rows"] == n_links + len(rows)
    assert card["sources"] == ["small.jsonl"]
    assert (card["config"]["folds"], card["config"]["link.dimensions"]) == (3, 20)
    assert card["thresholds"].keys() == {"abstain", "out_of_domain", "unrelated", "overlap"}
    assert card["majority"]["link"] == "unrelated"


def test_each_question_is_reported_on_unseen_publishers_and_on_the_test_split(card, small_corpus):
    tasks = ("topic", "link", "clickbait")
    assert list(card["metrics"]) == [f"{t}.{s}" for t in tasks for s in ("publisher-out", "test")]
    splits = [orjson.loads(line)["split"] for line in small_corpus.read_bytes().splitlines()]
    assert card["metrics"]["topic.test"]["n"] == splits.count("test")
    assert card["metrics"]["topic.publisher-out"]["n"] == splits.count("train")


def test_figures_stand_beside_baselines_that_can_be_had_there(card):
    names = {
        split: [baseline["name"] for baseline in card["metrics"][split]["baselines"]]
        for split in ("topic.publisher-out", "topic.test", "link.publisher-out", "link.test")
    }
    assert names["topic.publisher-out"] == ["majority"]
    assert names["topic.test"] == ["majority", "publisher"]
    assert names["link.publisher-out"] == ["majority", "overlap"]
    assert names["link.test"] == ["majority", "publisher", "overlap"]


def test_even_so_small_a_model_is_better_than_the_majority(card):
    for name in ("topic.publisher-out", "link.publisher-out", "clickbait.publisher-out"):
        report = card["metrics"][name]
        assert report["macro_f1"]["value"] > report["baselines"][0]["macro_f1"] + 0.1, name


@pytest.mark.slow
def test_the_same_seed_and_data_give_the_same_digits_in_one_process_and_in_many(
    bundle_folder, card, small_corpus, tmp_path
):
    config = TrainConfig(folds=3, abstain_risk=1.0, link=LinkConfig(dimensions=20))
    again = train_files([small_corpus], tmp_path, config, log=False)
    other = store.load(again.folder)
    assert other.card["metrics"] == card["metrics"]
    assert other.model_version == card["model_version"]
    assert again.folder.name.endswith(other.model_version)
    assert [Report.from_json(report) for report in card["metrics"].values()] == list(again.reports)


# What is not trained on


def test_the_test_split_is_never_trained_on(tmp_path):
    rows = own_rows()
    rows[0]["text"] += " Zyxwabc."
    rows[-1]["text"] += " Zyxwdef."
    known = vocabulary(trained(tmp_path, rows))
    assert "zyxwdef" in known
    assert "zyxwabc" not in known


def test_a_near_duplicate_of_a_tested_article_is_not_trained_on_either(tmp_path):
    rows = own_rows()
    copy = rows[0] | {"id": "copy", "split": "train", "title": "Zyxwabc"}
    assert "zyxwabc" not in vocabulary(trained(tmp_path, [*rows, copy]))


def test_the_copy_of_a_training_article_is(tmp_path):
    rows = own_rows()
    copy = rows[9] | {"id": "copy", "title": "Zyxwabc"}
    assert "zyxwabc" in vocabulary(trained(tmp_path, [*rows, copy]))


# A corpus of one's own


def test_a_corpus_with_topics_of_its_own_and_nothing_else_gives_a_model(tmp_path):
    result = trained(tmp_path, own_rows())
    assert [(r.name, r.split) for r in result.reports] == [("topic", "random"), ("topic", "test")]
    assert result.reports[1].accuracy.value == 1
    model = saring.load(result.folder)
    assert model.topics == tuple(SUBJECTS)
    (found,) = model.predict(["Striker Cetak Gol\nPelatih timnas puji kiper usai laga itu."])
    assert found.topic == "olahraga"
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert set(found.row()) >= {"p_ekonomi", "p_hiburan", "p_olahraga"}


def test_what_the_corpus_has_no_labels_for_is_null_in_predictions(tmp_path):
    model = saring.load(trained(tmp_path, own_rows()).folder)
    text = "Pelatih timnas puji kiper.\nBaca Juga: Artis Itu Rilis Album\nLaga usai."
    (found,) = model.predict([{"title": "Striker Cetak Gol", "text": text}])
    assert (found.error, found.clickbait, found.n_links, found.n_unrelated) == ("", None, 1, None)
    assert found.clean_text == "Pelatih timnas puji kiper.\nLaga usai."
    (link,) = found.links
    assert link.headline == "Artis Itu Rilis Album"
    assert (link.related, link.p_unrelated, link.clickbait) == (None, None, None)
    assert link.reasons == ()


@pytest.mark.parametrize("topics", [["ekonomi", "olahraga"], ["ekonomi", "hiburan", "olahraga"]])
def test_two_topics_do_as_well_as_three(tmp_path, topics):
    model = saring.load(trained(tmp_path, own_rows(topics)).folder)
    found = model.predict(["Saham emiten di bursa, kata investor.", "Gol striker di laga itu."])
    assert [prediction.topic for prediction in found] == ["ekonomi", "olahraga"]


def test_a_topic_of_one_publisher_alone_is_trained_although_its_fold_never_saw_it(tmp_path):
    rows = own_rows(n=12, tested=0)
    for number, each in enumerate(rows):
        only = each["topic"] == "hiburan"
        each["publisher"] = "Kanal Bintang" if only else f"Portal {number % 5}"
    result = trained(tmp_path, rows)
    assert [(r.name, r.split) for r in result.reports] == [("topic", "publisher-out")]
    assert saring.load(result.folder).topics == tuple(SUBJECTS)


def test_without_a_test_split_there_is_no_test_report(tmp_path):
    reports = trained(tmp_path, own_rows(tested=0)).reports
    assert [report.split for report in reports] == ["random"]


def test_several_files_are_one_corpus(tmp_path):
    rows = own_rows()
    paths = [tmp_path / "1.jsonl", tmp_path / "2.jsonl"]
    for path, part in zip(paths, (rows[:15], rows[15:]), strict=True):
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in part))
    with parallel_config("sequential"):
        result = train_files(paths, tmp_path / "several", QUICK, log=False)
    card = store.load(result.folder).card
    assert (card["data"]["articles"], card["sources"]) == (30, ["1.jsonl", "2.jsonl"])
    assert card["model_version"] == store.load(trained(tmp_path, rows).folder).model_version


def test_who_takes_no_risk_gets_no_topic_for_a_text_that_might_have_any(tmp_path):
    rows = own_rows()
    for each in rows[2:4]:  # a reader's slips: on these no model is right
        each["topic"] = "olahraga"
    for risk, abstained in ((0.0, True), (1.0, False)):
        config = replace(QUICK, abstain_risk=risk)
        result = trained(tmp_path, rows, config, name=f"{risk}.jsonl")
        (found,) = saring.load(result.folder).predict(["Kabar dari Garut."])
        assert found.abstained is abstained, risk


def test_name_and_licence_are_those_of_the_settings(tmp_path):
    config = replace(QUICK, name="warta", licence="CC0-1.0")
    card = store.load(trained(tmp_path, own_rows(), config).folder).card
    assert (card["name"], card["licence"]) == ("warta", "CC0-1.0")


def test_each_protocol_that_is_asked_for_and_can_be_had_is_reported(tmp_path):
    rows = own_rows(tested=0)
    for number, each in enumerate(rows):
        each["date"] = f"2024-01-{1 + number % 10:02}"
    config = replace(QUICK, protocols=("random", "publisher-out", "later-time"))
    result = trained(tmp_path, rows, config)
    assert [report.split for report in result.reports] == ["random", "later-time"]


def test_what_helps_in_training_without_a_label_teaches_words_alone(tmp_path):
    rows = own_rows()
    bare = {"title": "Zyxwabc", "text": "Zyxwabc di desa itu."}
    result = trained(tmp_path, [*rows, bare])
    assert store.load(result.folder).card["data"] == (
        store.load(result.folder).card["data"] | {"articles": 31, "topic_rows": 30}
    )
    assert "zyxwabc" not in vocabulary(result)  # the topic model has no use for it


def test_a_model_may_have_a_folder_of_its_own_and_is_replaced_there(tmp_path):
    path, bundle = tmp_path / "own.jsonl", tmp_path / "warta"
    versions = []
    for n in (10, 9):
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in own_rows(n=n)))
        with parallel_config("sequential"):
            result = train_files([path], tmp_path / "models", QUICK, bundle=bundle, log=False)
        assert result.folder == bundle
        versions.append(store.load(bundle).model_version)
    assert versions[0] != versions[1]
    assert not (tmp_path / "models").exists()


# A corpus in memory


def quick(corpus, **options):
    with parallel_config("sequential"):
        return train(corpus, QUICK, **options)


def placeless(corpus):
    """The articles of a corpus, without where they stand."""
    return [replace(article, corpus="", where="") for article in open_corpus(corpus)[0]]


def test_rows_in_memory_give_the_model_that_the_same_rows_in_a_file_give(tmp_path):
    rows = [each | {"date": f"2024-01-{n + 1:02}", "clickbait": n % 3 == 0} for n, each in enumerate(own_rows(n=8))]
    for n, each in enumerate(rows):
        each["links"] = [{"headline": f"Kabar {n} dari {each['title']}", "related": n % 2 == 0}]
    of_file = store.load(trained(tmp_path, rows).folder)
    frame = pd.DataFrame(rows)
    frame["date"] = pd.to_datetime(frame["date"])
    frame["kind"] = float("nan")
    frame["links"] = frame["links"].map(np.array)
    articles = placeless(tmp_path / "own.jsonl")
    for corpus in (rows, iter(rows), frame, [str(tmp_path / "own.jsonl")]):
        assert placeless(corpus) == articles
    model = quick(frame)
    assert model.model_version == of_file.model_version
    assert model.bundle.card["metrics"] == of_file.card["metrics"]
    assert model.bundle.card["sources"] == ["rows in memory"]


def test_a_cell_without_a_value_is_a_label_that_nobody_gave():
    rows = own_rows()
    frame = pd.DataFrame([each | {"clickbait": 1.0} for each in rows[:1]] + rows)
    [bare, *_], _, _ = open_corpus(frame.iloc[1:].assign(publisher=pd.NA, date=pd.NaT))
    assert (bare.clickbait, bare.article.publisher, bare.article.published) == (None, "", "")


def test_a_model_lies_where_it_is_wanted_or_else_only_as_long_as_it_is_held(tmp_path):
    kept = quick(own_rows(), out=tmp_path / "warta")
    assert saring.load(tmp_path / "warta").model_version == kept.model_version
    held = quick(own_rows())
    folder = held.path
    assert saring.load(folder).model_version == kept.model_version
    del held
    gc.collect()
    assert not folder.exists()
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(BundleError, match="notes: exists already"):
        quick(own_rows(), out=tmp_path / "notes")


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        ([], "rows in memory: found no rows"),
        ([{"title": "Judul"}, "berita.jsonl"], "corpus: found a str among 2 item.*; expected paths of files, or rows"),
        ([{"title": "Judul"}], r"rows in memory: found no label in 1 row\(s\)"),
        ([{"title": "Judul", "topic": "a"}, {"title": 3}], "row 2: column 'title' is 3; expected a string"),
    ],
)
def test_rows_in_memory_are_refused_with_their_place(corpus, message):
    with pytest.raises(CorpusError, match=message):
        quick(corpus)


def test_settings_may_be_a_file(tmp_path):
    path = tmp_path / "quick.toml"
    path.write_text('name = "warta"\nfolds = 2\n[topic]\nmin_df = 1\n')
    with parallel_config("sequential"):
        model = train(own_rows(), path)
    assert (model.bundle.card["name"], model.model_version) == ("warta", train(own_rows(), path).model_version)


# Refusals


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param(
            [each | {"topic": "", "clickbait": i % 2} for i, each in enumerate(own_rows(n=20))],
            r"own\.jsonl: found no article with a 'topic' to train on",
            id="no topics",
        ),
        pytest.param(
            [each | {"split": "test"} for each in own_rows()],
            r"own\.jsonl: found no article with a 'topic' to train on.* split 'test'",
            id="all tested",
        ),
        pytest.param(
            [*own_rows(["ekonomi", "hiburan"]), row("olahraga", 1, split="test")],
            "topic: olahraga stands only in the split 'test'",
            id="a label only tested",
        ),
        pytest.param(
            own_rows(["ekonomi"]), "topic: .* all have one label, ekonomi; .* add rows of another$", id="one topic"
        ),
        pytest.param(
            [*own_rows(["ekonomi", "hiburan"]), row("olahraga", 1)],
            r"'olahraga' stands in 1 group.*; expected 2 or more, .*: add articles of each$",
            id="a topic too rare",
        ),
    ],
)
def test_a_corpus_that_cannot_be_learnt_from_is_refused_with_the_reason(tmp_path, rows, message):
    with pytest.raises(CorpusError, match=message):
        trained(tmp_path, rows)
    assert not (tmp_path / "models").exists()


# Progress and MLflow


def test_progress_is_told_stage_by_stage_to_the_end(tmp_path):
    told = []
    path = tmp_path / "own.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in own_rows()))
    with parallel_config("sequential"):
        train_files([path], tmp_path, QUICK, log=False, progress=lambda *step: told.append(step))
    assert [step for step in told if step[0] == "cross-validate"] == [("cross-validate", n, 3) for n in (1, 2, 3)]
    assert told[-1] == ("store", 1, 1)


@pytest.mark.slow
def test_a_logged_run_holds_figures_settings_and_the_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    address = f"sqlite:///{tmp_path}/runs.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    path = tmp_path / "own.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in own_rows()))
    with parallel_config("sequential"):
        result = train_files([path], tmp_path / "models", QUICK)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=address, registry_uri=address)
    run = client.get_run(result.run_id)
    assert run.data.params["topic.C"] == "10.0"
    (report,) = (report for report in result.reports if report.split == "test")
    assert run.data.metrics["topic/test/macro_f1"] == report.macro_f1.value == 1
    assert run.data.tags["data_sha256"] == fingerprint([path])
    version = client.get_model_version_by_alias("own", "challenger")
    assert int(version.version) == result.registered_version == 1
    assert saring.load("models:/own@challenger").model_version == result.folder.name[-12:]
    pages = [item.path for item in client.list_artifacts(result.run_id)]
    assert {"report.html", "errors.csv", "label-issues.csv"} <= set(pages)


def test_a_learning_curve_is_kept_in_the_card_where_one_is_wanted(tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in own_rows()))
    with parallel_config("sequential"):
        made = train_files([path], tmp_path, QUICK, log=False, curve=True)
    curve = stored_curve(store.load(made.folder).card)
    whole = {report.name: report.macro_f1 for report in made.reports if report.split == "random"}
    assert {point.task: point.macro_f1 for point in curve if point.share == 1} == whole
    assert len(curve) == 4 and len(whole) == 1
