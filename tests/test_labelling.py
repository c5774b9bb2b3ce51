"""Articles worth labelling become tasks, and what annotators say becomes corpus rows: nothing lost on the way."""

import csv
from xml.etree import ElementTree

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.cli.commands import main
from saring.config import TrainConfig
from saring.errors import ConfigError, CorpusError, InputError, UsageError
from saring.io.writers import open_rows
from saring.labelling.agreement import Label, agreement, majority
from saring.labelling.corpus_check import check_corpus
from saring.labelling.export import export
from saring.labelling.import_labels import Misfit, import_labels, located
from saring.labelling.task_files import Candidate, studio_task, table_columns, table_row
from saring.parsing.engine import parse
from saring.predict import load
from saring.training.corpus import read_corpus

TEASER = "Baca Juga: Harga Cabai di Pasar Induk Turun Lagi Pekan Ini"
HEADLINE = "Harga Cabai di Pasar Induk Turun Lagi Pekan Ini"
# What editors of web pages and scrapers leave in texts.
WORDS = st.sampled_from(["Harga", "cabai", "turun.", "😀", "👩‍🌾", "kata\u00a0dia", "tab\there", "\r\n", "\n", "  ", "'=1+1", "=2", ";'-x", "é"])  # fmt: skip
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)


@pytest.fixture(scope="module")
def model(bundle_folder):
    return load(bundle_folder)


@pytest.fixture(scope="module")
def articles(tmp_path_factory, embedded_corpus):
    """Sixty articles that the small corpus does not have, as somebody's file."""
    rows = [orjson.loads(line) for line in embedded_corpus.read_bytes().splitlines()[5::11]][:60]
    path = tmp_path_factory.mktemp("articles") / "news.jsonl"
    path.write_bytes(b"".join(orjson.dumps({n: r[n] for n in ("id", "title", "text")}) + b"\n" for r in rows))
    return path


def candidate(text, title="Harga Cabai", number=1, related=False):
    """An article as the model might see it."""
    links = [
        {"headline": link.headline, "start": link.start, "end": link.end, "related": related}
        for link in parse(text).links
    ]
    return Candidate(
        str(number), title, text, text, "warta.id", "2024-05-01T00:00:00+07:00", "", "economy",
        {"economy": 0.5, "other": 0.4, "gossip": 0.1}, 0.7, links, "abc",
    )  # fmt: skip


def annotated(task, by="ani@warta.id", **said):
    """A task as Label Studio exports it once somebody has agreed to it, but for what they said otherwise."""
    result = orjson.loads(orjson.dumps(task["predictions"][0]["result"]))
    for item in result:
        item["value"][item["type"]] = [said.get(item["from_name"], item["value"][item["type"]][0])]
    annotation = {"completed_by": {"email": by}, "created_at": "2024-06-01T08:00:00Z", "result": result}
    return {**task, "annotations": [*task.get("annotations", []), annotation]}


def imported(tmp_path, tasks, name="tasks.json", **options):
    """The rows of an import, and what it says."""
    (tmp_path / name).write_bytes(orjson.dumps(tasks))
    done = import_labels([tmp_path / name], tmp_path / "rows.jsonl", overwrite=True, **options)
    return [orjson.loads(line) for line in (tmp_path / "rows.jsonl").read_bytes().splitlines()], done


# Which articles are chosen


def test_the_unsurest_articles_are_chosen_once_and_the_same_each_time(articles, model, tmp_path):
    done = export([articles, articles], tmp_path / "a.json", model, most=10)
    export([articles], tmp_path / "b.json", model, most=10)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    tasks = orjson.loads((tmp_path / "a.json").read_bytes())
    assert done.tasks == len({task["data"]["id"] for task in tasks}) == 10
    assert done.left_out["there twice"] == 60
    scores = [task["predictions"][0]["score"] for task in tasks]
    of_all = [found.topic_probability for found in model.pipe(map(orjson.loads, articles.read_bytes().splitlines()))]
    assert sum(scores) / len(scores) < sum(of_all) / len(of_all)


def test_scored_rows_and_articles_give_the_same_tasks(articles, model, bundle_folder, tmp_path):
    for name in ("rows.parquet", "rows.jsonl", "rows.csv"):
        words = ["score", articles, "--model", bundle_folder, "--keep", "text", "--out", tmp_path / name]
        assert main([*map(str, words)]) == 0
        export([tmp_path / name], tmp_path / f"{name}.json", model, most=10)
    export([articles], tmp_path / "plain.json", model, most=10)
    plain = orjson.loads((tmp_path / "plain.json").read_bytes())
    for name in ("rows.parquet", "rows.jsonl", "rows.csv"):
        assert orjson.loads((tmp_path / f"{name}.json").read_bytes()) == plain


def test_links_stand_where_they_say_though_a_table_guards_its_cells(model, bundle_folder, tmp_path):
    text = f"- Petani lega.\n=Harga stabil.\n{TEASER}\nHarga turun."
    (tmp_path / "news.jsonl").write_bytes(orjson.dumps({"id": "1", "title": "Harga", "text": text}))
    words = ["score", tmp_path / "news.jsonl", "--model", bundle_folder, "--keep", "text", "--out", tmp_path / "r.csv"]
    assert main([*map(str, words)]) == 0
    assert "'=Harga" in (tmp_path / "r.csv").read_text("utf-8")
    export([tmp_path / "r.csv"], tmp_path / "tasks.json", model)
    [task] = orjson.loads((tmp_path / "tasks.json").read_bytes())
    assert task["data"]["text"] == text
    [link] = [item["value"] for item in task["predictions"][0]["result"] if item["type"] == "labels"]
    assert link["text"] == TEASER


def test_rows_without_texts_are_refused_with_the_line_to_type(articles, model, bundle_folder, tmp_path):
    rows = tmp_path / "rows.jsonl"
    main(["score", str(articles), "--model", str(bundle_folder), "--out", str(rows)])
    with pytest.raises(InputError, match="saring score IN --keep text --out"):
        export([rows], tmp_path / "tasks.json", model)


def test_what_is_labelled_already_is_not_asked_again(articles, model, small_corpus, tmp_path):
    export([articles], tmp_path / "first.json", model, most=50)
    tasks = [annotated(task) for task in orjson.loads((tmp_path / "first.json").read_bytes())]
    imported(tmp_path, tasks)
    done = export([articles, small_corpus], tmp_path / "second.json", model, labelled=[tmp_path / "rows.jsonl"])
    assert done.tasks == 10 + sum(a.split == "test" for a in read_corpus(small_corpus))
    assert done.left_out["labelled already"] == 50 + sum(a.split == "train" for a in read_corpus(small_corpus))
    with pytest.raises(CorpusError, match="nothing to label"):
        export([tmp_path / "rows.jsonl"], tmp_path / "third.json", model, labelled=[tmp_path / "rows.jsonl"])


def test_outputs_are_checked_before_the_work(articles, model, tmp_path):
    with pytest.raises(UsageError, match=r"\.json \(Label Studio\) or \.csv"):
        export([articles], tmp_path / "tasks.xlsx", model)
    with pytest.raises(UsageError, match="expected 1 or more"):
        export([articles], tmp_path / "tasks.json", model, most=0)
    with pytest.raises(UsageError, match="name two files"):
        export([articles], tmp_path / "tasks.json", model, config=tmp_path / "tasks.json")
    (tmp_path / "tasks.json").touch()
    with pytest.raises(ConfigError, match="--overwrite"):
        export([articles], tmp_path / "tasks.json", model)


# What a task looks like


def test_what_cannot_be_labelled_is_counted_with_its_reason(model, tmp_path):
    (tmp_path / "odd.jsonl").write_text('[1, 2]\n{"title": \n')
    with pytest.raises(CorpusError, match=r"2 article\(s\), 0 to label; left out: 1 unreadable \(found a list"):
        export([tmp_path / "odd.jsonl"], tmp_path / "tasks.json", model)


def test_a_task_has_the_links_as_regions_and_the_verdicts_as_a_prediction():
    text = f"Petani lega.\n{TEASER}\nHarga stabil."
    task = studio_task(candidate(text))
    topic, clickbait, link = task["predictions"][0]["result"]
    assert topic["value"] == {"choices": ["economy"]}
    assert clickbait["value"] == {"choices": ["clickbait"]}
    assert link["value"] == {"start": 13, "end": 13 + len(TEASER), "text": TEASER, "labels": ["unrelated"]}
    assert task["predictions"][0]["score"] == 0.5
    assert task["predictions"][0]["model_version"] == task["data"]["model_version"] == "abc"


def test_the_interface_has_the_controls_that_tasks_name(articles, model, tmp_path):
    export([articles], tmp_path / "tasks.json", model, most=5, config=tmp_path / "interface.xml")
    root = ElementTree.parse(tmp_path / "interface.xml").getroot()
    controls = {e.get("name"): e.get("toName") for e in root.iter() if e.get("toName")}
    objects = {e.get("name"): e.get("value") for e in root.iter("Text")}
    choices = {e.get("value") for e in root.iter() if e.tag in ("Choice", "Label")}
    for task in orjson.loads((tmp_path / "tasks.json").read_bytes()):
        for item in task["predictions"][0]["result"]:
            assert controls[item["from_name"]] == item["to_name"]
            assert objects[item["to_name"]].removeprefix("$") in task["data"]
            assert set(item["value"][item["type"]]) <= choices


# There and back


@given(before=TEXTS, after=TEXTS, title=TEXTS, related=st.booleans(), topic=st.sampled_from(["economy", "gossip"]))
def test_a_task_that_was_annotated_gives_the_row_back(tmp_path_factory, before, after, title, related, topic):
    text = f"{before}\n{TEASER}\n{after}"
    article = candidate(text, title, related=related)
    [row], done = imported(tmp_path_factory.mktemp("t"), [annotated(studio_task(article), topic=topic)])
    assert (row["title"], row["text"], row["topic"]) == (title, text, topic)
    assert row["links"] == [{"headline": link["headline"], "related": related} for link in article.links]
    assert (row["clickbait"], row["publisher"], row["date"]) == (1, "warta.id", "2024-05-01")
    assert (done.tasks, done.rows, done.quarantined) == (1, 1, [])


@given(before=TEXTS, after=TEXTS, title=TEXTS, related=st.booleans())
def test_a_table_gives_the_row_back_whatever_a_spreadsheet_would_run(tmp_path_factory, before, after, title, related):
    folder = tmp_path_factory.mktemp("t")
    article = candidate(f"{before}\n{TEASER}\n{after}", title, related=related)
    columns = table_columns([article])
    row = table_row(article, columns) | {"right_topic": "ok", "right_related_1": "tidak", "annotator": "ani"}
    with open_rows(folder / "tasks.csv", dict.fromkeys(columns, "string")) as file:
        file.write([row])
    import_labels([folder / "tasks.csv"], folder / "rows.jsonl")
    [found] = map(orjson.loads, (folder / "rows.jsonl").read_bytes().splitlines())
    assert (found["title"], found["text"], found["topic"]) == (title, article.text, "economy")
    assert found["links"] == [{"headline": article.links[0]["headline"], "related": False}]
    assert "clickbait" not in found
    assert found["annotations"][0]["by"] == "ani"


@given(before=TEXTS, after=TEXTS)
def test_offsets_in_utf16_units_and_of_single_line_ends_are_recognised(before, after):
    text = f"{before}\n{TEASER}\n{after}"
    start = text.index(TEASER)
    units = [len(text[:at].encode("utf-16-le")) // 2 for at in (start, start + len(TEASER))]
    assert located(text, *units, TEASER) == (start, start + len(TEASER))
    short = text.replace("\r\n", "\n")
    at = short.index(TEASER)
    assert located(text, at, at + len(TEASER), TEASER) == (start, start + len(TEASER))


def test_a_region_over_a_line_s_end_is_found_however_it_is_written():
    text = "satu\nBaca Juga:\n Harga\u00a0Cabai\ndua"
    assert located(text, 5, 28, "Baca Juga:\\n Harga Cabai") == (5, 28)


def test_a_headline_that_somebody_marked_anew_is_a_link(tmp_path):
    text = f"Petani lega.\n{TEASER}\nHarga stabil."
    task = annotated(studio_task(candidate(text)))
    region = task["annotations"][0]["result"][2]["value"]
    region |= {"start": text.index(HEADLINE), "text": HEADLINE}
    [row], _ = imported(tmp_path, [task])
    assert row["links"] == [{"headline": HEADLINE, "related": False}]


# Who said what


def test_a_row_says_who_labelled_it_when_and_what_the_model_had_said(tmp_path):
    task = annotated(studio_task(candidate(f"Petani lega.\n{TEASER}")), topic="other", links="related")
    [row], done = imported(tmp_path, [task])
    [said] = row["annotations"]
    assert (said["by"], said["at"], said["topic"]) == ("ani@warta.id", "2024-06-01T08:00:00Z", "other")
    links = [{"headline": HEADLINE, "related": False}]
    assert row["suggested"] == {"model_version": "abc", "topic": "economy", "clickbait": True, "links": links}
    assert row["topic_source"] == "chosen"  # no fair sample to test on
    assert done.changed == {"topic": (1, 1), "link": (1, 1), "clickbait": (0, 1)}
    assert read_corpus(tmp_path / "rows.jsonl")[0].topic == "other"


def test_most_annotators_decide_and_a_tie_leaves_the_label_out(tmp_path):
    task = studio_task(candidate(f"Petani lega.\n{TEASER}"))
    for by, topic, bait, link in (
        ("ani", "other", "clear", "related"),
        ("budi", "other", "clickbait", "unrelated"),
        ("citra", "gossip", "clear", "related"),
        ("dewi", "gossip", "clear", "related"),
    ):
        task = annotated(task, by, topic=topic, clickbait=bait, links=link)
    _, two = imported(tmp_path, [task | {"annotations": task["annotations"][:2]}])
    assert two.undecided == [
        "1: clickbait: 1 say no, 1 say yes", f"1: {parse(TEASER).links[0].headline!r} related: 1 say yes, 1 say no",
    ]  # fmt: skip
    [row], done = imported(tmp_path, [task])
    assert "topic" not in row
    assert done.undecided == ["1: topic: 2 say other, 2 say gossip"]
    assert (row["clickbait"], row["clickbait_share"]) == (0, 0.25)
    assert row["links"][0]["related"] is True
    assert len(row["annotations"]) == 4


def test_copies_of_one_table_are_one_row_an_article(tmp_path):
    article = candidate("Petani lega.")
    columns = table_columns([article])
    for by in ("ani", "budi"):
        with open_rows(tmp_path / f"{by}.csv", dict.fromkeys(columns, "string")) as file:
            file.write([table_row(article, columns) | {"right_topic": "economy", "annotator": by}])
    done = import_labels([tmp_path / "ani.csv", tmp_path / "budi.csv"], tmp_path / "rows.jsonl")
    assert (done.tasks, done.rows, done.joined) == (2, 1, 1)
    assert str(done.agreements[0]).startswith("topic: 2 annotators on 1 items, all agree on 100.0%")


def test_what_somebody_says_twice_counts_once_and_the_latest_holds(tmp_path):
    task = studio_task(candidate("Petani lega."))
    for by, topic in (("ani", "gossip"), ("ani", "economy"), ("budi", "economy")):
        task = annotated(task, by=by, topic=topic)
    task["annotations"][0]["created_at"] = "2024-06-02T08:00:00Z"  # exports need not be in the order of time
    rows, done = imported(tmp_path, [task])
    assert {one["by"]: one["topic"] for one in rows[0]["annotations"]} == {"ani": "gossip", "budi": "economy"}
    assert "topic" not in rows[0]
    assert "all agree on 0.0%" in str(done.agreements[0])


def test_a_topic_that_the_model_chose_nowhere_is_a_right_one(tmp_path):
    article = candidate("Petani lega.")
    columns = table_columns([article])
    with open_rows(tmp_path / "tasks.csv", dict.fromkeys(columns, "string")) as file:
        file.write([table_row(article, columns) | {"right_topic": "gossip"}])
    assert not import_labels([tmp_path / "tasks.csv"], tmp_path / "rows.jsonl").quarantined
    assert orjson.loads((tmp_path / "rows.jsonl").read_bytes())["topic"] == "gossip"


def test_agreement_is_that_of_the_literature():
    """The example of Krippendorff's Computing Krippendorff's Alpha-Reliability (2011), section B."""
    first = ["0", "1", "0", "0", "0", "0", "0", "0", "1", "0"]
    second = ["1", "1", "1", "0", "0", "1", "0", "0", "0", "0"]
    labels = [Label(by, str(n), x) for by, some in (("a", first), ("b", second)) for n, x in enumerate(some)]
    found = agreement("topic", labels)
    assert found.alpha == pytest.approx(0.095, abs=0.001)
    assert found.same == 0.6
    assert found.kappa == pytest.approx(0.0909, abs=0.001)
    assert agreement("topic", labels[:10]) is None
    assert agreement("topic", [Label("a", "1", "x"), Label("b", "1", "x")]).alpha is None
    assert [majority("aab"), majority("ab"), majority("")] == ["a", None, None]


# What does not fit


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda task: task["annotations"][0]["result"][2]["value"].update(start=2), "result[2].value.text"),
        (lambda task: task["annotations"][0]["result"][2]["value"].update(end=1), "result[2].value.start"),
        (lambda task: task["annotations"][0]["result"][2]["value"].update(text=None), "result[2].value.text"),
        (lambda task: task["annotations"][0]["result"][0].update(from_name="sentiment"), "result[0]"),
        (lambda task: task["annotations"][0]["result"][1]["value"].update(choices=[]), "result[1].value.choices"),
        (lambda task: task["data"].pop("text"), "data.text"),
        (lambda task: task.pop("annotations"), "annotations"),
    ],
)
def test_a_task_that_does_not_fit_is_quarantined_with_its_reason(tmp_path, spoil, field):
    tasks = [annotated(studio_task(candidate(f"Petani lega.\n{TEASER}", number=n))) for n in (1, 2)]
    spoil(tasks[1])
    tasks[0]["data"]["title"] = "Judul lain"
    rows, done = imported(tmp_path, tasks, quarantine=tmp_path / "bad.jsonl")
    [refused] = map(orjson.loads, (tmp_path / "bad.jsonl").read_bytes().splitlines())
    assert [row["id"] for row in rows] == ["1"]
    assert (refused["row"], refused["id"], refused["field"]) == (2, "2", field)
    assert done.tasks == done.rows + len(done.quarantined) == 2


def test_tasks_that_nobody_finished_are_counted_and_no_rows(tmp_path):
    tasks = [studio_task(candidate("satu", number=1)) | {"annotations": []}]
    tasks.append(annotated(studio_task(candidate("dua", number=2))))
    tasks[1]["annotations"].append({"was_cancelled": True, "result": []})
    rows, done = imported(tmp_path, tasks)
    assert (len(rows), done.unlabelled) == (1, 1)
    with pytest.raises(CorpusError, match="no label in 1 task"):
        imported(tmp_path, tasks[:1])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"right_topic": "ekonomi"}, "did you mean 'economy'"),
        ({"right_clickbait": "mungkin"}, "expected yes, no or ok"),
        ({"text": "lain sama sekali", "right_topic": "ok"}, "changed since the export"),
    ],
)
def test_a_row_of_a_table_that_does_not_fit_is_quarantined(tmp_path, changes, reason):
    article = candidate("Petani lega.")
    columns = table_columns([article])
    with open_rows(tmp_path / "tasks.csv", dict.fromkeys(columns, "string")) as file:
        file.write([table_row(article, columns) | changes])
    done = import_labels([tmp_path / "tasks.csv"], tmp_path / "rows.jsonl")
    assert reason in done.quarantined[0]["reason"]
    assert done.quarantined[0]["id"] == "1"


def test_a_file_that_is_no_export_is_told(tmp_path):
    (tmp_path / "min.json").write_text('[{"text": "satu", "topic": "economy"}]')
    (tmp_path / "other.csv").write_text("id,text\n1,satu\n")
    (tmp_path / "no.json").write_text("nothing")
    for name, why in (("min.json", "not JSON-MIN"), ("other.csv", "label export --out"), ("no.json", "found no JSON")):
        with pytest.raises(InputError, match=why):
            import_labels([tmp_path / name], tmp_path / "rows.jsonl")


def test_spans_beyond_the_text_are_misfits():
    for start, end in ((0, 99), (-1, 3), (True, 3), (3, 3)):
        with pytest.raises(Misfit):
            located("satu dua", start, end, "satu")


# The commands


def test_the_loop_on_the_command_line(articles, bundle_folder, tmp_path, capsys):
    words = ["label", "export", articles, "--uncertain", 5, "--model", bundle_folder, "--out", tmp_path / "tasks.csv"]
    assert main([*map(str, words)]) == 0
    assert "60 article(s), 5 to label" in capsys.readouterr().err
    with (tmp_path / "tasks.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row, answer in zip(rows, ("ok", "gossip", "", "other", "politik"), strict=True):
        row["right_topic"] = answer
    with (tmp_path / "done.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")  # as a spreadsheet in Indonesia saves it
        writer.writeheader()
        writer.writerows(rows)
    assert main(["label", "import", str(tmp_path / "done.csv"), "--out", str(tmp_path / "mine.jsonl")]) == 3
    told = capsys.readouterr().err
    assert "5 tasks = 3 rows + 0 of the same articles + 1 not labelled + 1 quarantined" in told
    assert "right_topic: found 'politik'" in told
    assert main(["corpus", "check", str(tmp_path / "mine.jsonl")]) == 0


# Corpora checked


def corpus(tmp_path, *rows):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_all_faults_of_a_corpus_are_told_and_not_the_first_alone(tmp_path, capsys):
    text = "Harga cabai rawit di pasar induk turun lagi pekan ini kata pedagang yang lega."
    path = corpus(
        tmp_path,
        {"title": "Satu", "text": text, "topic": "economy"},
        {"title": "Satu", "text": text, "topic": "gossip", "split": "test"},
        {"title": "Dua", "text": "dua", "topic": 7},
        {"title": "Tiga", "text": "tiga", "split": "dev"},
        {"title": "Empat", "text": "empat", "clickbait": "yes", "topic": "other"},
    )
    found = check_corpus([path], TrainConfig())
    assert {kind: len(some) for kind, some in found.found.items() if some} == {
        "rows that break the format": 3,
        "near-duplicates across splits": 1,
        "equal words, other label": 1,
        "articles there twice": 1,
    }
    assert "mine.jsonl:1 says economy" in found.found["equal words, other label"][0]
    assert main(["corpus", "check", str(path)]) == 1
    assert "to be mended" in capsys.readouterr().out
    assert main(["corpus", "check", str(path), "--show", "1"]) == 1
    told = capsys.readouterr().err
    assert "rows that break the format: 2 more; --show N names them" in told
    assert main(["corpus", "check", str(path), "--show", "-1"]) == 2
    path.write_bytes(b"")
    assert main(["corpus", "check", str(path)]) == 1


def test_agreement_is_told_where_annotators_are_kept(tmp_path, capsys):
    task = studio_task(candidate("Petani lega."))
    for by in ("ani", "budi"):
        task = annotated(task, by)
    imported(tmp_path, [task])
    assert main(["corpus", "check", str(tmp_path / "rows.jsonl")]) == 0
    assert "topic: 2 annotators on 1 items" in capsys.readouterr().err


def test_agreement_on_pairs_is_that_of_their_annotators(tmp_path):
    pair = {"host_title": "Satu", "host_text": "Petani lega.", "headline": HEADLINE}
    path = corpus(tmp_path, *(pair | {"annotator_a": a, "annotator_b": b} for a, b in ((0, 0), (1, 2), (0, 1))))
    [found] = check_corpus([path], TrainConfig()).agreements
    assert (found.task, found.items, found.same) == ("link", 3, pytest.approx(2 / 3))


@pytest.mark.slow
def test_label_issues_are_counted_where_they_are_wanted(small_corpus, capsys):
    assert main(["corpus", "check", str(small_corpus), "--label-issues", "--show", "1"]) == 0
    shown = capsys.readouterr()
    assert "label issues" in shown.out
    assert "a model says" in shown.err
