"""Spark: the rows of the local engine from a cluster, every row once, even if a worker dies."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sparkcluster import PATIENCE_SECONDS, SETTINGS, SHORT_JOBS, running

from saring.batch import score as score_here
from saring.cli.commands import FAILED, OK, WRONG_USE, main
from saring.errors import ConfigError, InputError, SaringError
from saring.io.records import ReadOptions, read, rows
from saring.kernel.scoring import SWITCH
from saring.predict import Model, load
from saring.spark import driver, executors, score, score_files
from saring.spark.driver import map_batches, spark_session
from saring.spark.executors import FILE, LINE, ROW, START, Scorer, numbering

CORPUS_ROWS = 60
KILLED_ROWS = 800
TIMES = 4  # a file of several blocks


@pytest.fixture(scope="module")
def model(bundle_folder) -> Model:
    return load(bundle_folder)


@pytest.fixture(scope="module")
def articles(embedded_corpus, tmp_path_factory) -> Path:
    """Articles of the corpus, all with id, title and links."""
    rows = [orjson.loads(line) for line in embedded_corpus.read_bytes().splitlines()[:CORPUS_ROWS]]
    table = [{name: row[name] for name in ("id", "title", "text", "publisher")} for row in rows]
    path = tmp_path_factory.mktemp("articles") / "articles.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in table))
    return path


def by_id(rows):
    """Rows in the order of their ids, without the one thing in which two runs differ."""
    return sorted(({**row, "scored_at": ""} for row in rows), key=lambda row: row["id"])


def lines_of(path: Path):
    files = sorted(path.glob("part-*.jsonl")) if path.is_dir() else [path]
    return [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]


# what worker processes do, without a cluster


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 5))
def test_rows_are_numbered_through_a_file_however_it_is_split(sizes, batch_rows):
    counts = {("f", start): sum(sizes[:start]) for start in range(len(sizes))}
    found = []
    for start, size in enumerate(sizes):  # a task each
        whole = pa.RecordBatch.from_pylist([{FILE: "f", START: start, LINE: b"x"}] * size)
        batches = [whole.slice(at, batch_rows) for at in range(0, size, batch_rows)]
        found += [row[ROW] for batch in numbering(counts)(iter(batches)) for row in batch.to_pylist()]
    assert found == list(range(1, sum(sizes) + 1))


def test_a_batch_of_arrow_gives_the_rows_of_predict(model):
    rows = [{"judul": "Rupiah Menguat", "isi": "Rupiah menguat."}, {"judul": None, "isi": ""}]
    scorer = Scorer(executors.ship(model), "none", "2026-01-01T00:00:00+00:00")
    [batch] = scorer(iter([pa.RecordBatch.from_pylist(rows)]))
    found = model.predict(rows, scored_at="2026-01-01T00:00:00+00:00")
    assert batch.to_pylist() == [prediction.row() for prediction in found]


def test_columns_that_are_kept_come_through_with_their_types(model):
    rows = [{"isi": "Rupiah menguat.", "n": 1, "Topic": "niaga"}, {"isi": "", "n": None, "Topic": "x"}]
    options = ReadOptions(on_error="keep", keep=("n", "Topic"))
    kept = {"n": "int", "Topic": "string"}
    scorer = Scorer(executors.ship(model), "none", "2026-01-01", options, kept=kept)
    [batch] = scorer(iter([pa.RecordBatch.from_pylist(rows)]))
    assert batch.column("n").to_pylist() == [1, None]
    assert batch.column("input_Topic").to_pylist() == ["niaga", "x"]
    assert str(batch.schema.field("n").type) == "int64"


def test_a_process_opens_a_model_once(model):
    travelling = executors.ship(model)
    assert travelling.opened() is executors.ship(model).opened()
    assert travelling.opened().model_version == model.model_version


def test_opening_and_scoring_leave_the_engine_as_it_was(model, monkeypatch):
    monkeypatch.setattr(executors, "_models", {})
    monkeypatch.delenv(SWITCH, raising=False)
    answers = []
    monkeypatch.setattr(executors, "prepare", lambda: True)
    for compiled in (True, False, True):
        travelling = replace(executors.ship(model), compiled=compiled)
        travelling.opened()
        assert SWITCH not in os.environ
        answers += travelling.answers(os.environ[SWITCH] for _ in range(2))
        assert SWITCH not in os.environ
    assert answers == ["1", "1", "0", "0", "1", "1"]


def test_another_machine_with_another_version_is_refused(model, monkeypatch):
    travelling = executors.ship(model)
    monkeypatch.setattr(executors, "_models", {})
    monkeypatch.setattr(executors, "version", lambda package: "0.1")
    with pytest.raises(ConfigError, match=r"found numpy 0\.1, expected .* install the same"):
        travelling.opened()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--master", "local[2]"], "names a Spark cluster; add --engine spark"),
        (["--engine", "spark", "--workers", "2"], "--workers: is for this machine"),
        (["--engine", "spark", "--batch-size", "9"], "--batch-size: is for this machine"),
    ],
)
def test_no_option_is_ignored(words, message, articles, bundle_folder, tmp_path, capsys):
    out = tmp_path / "rows.jsonl"
    command = ["score", str(articles), "--out", str(out), "--model", str(bundle_folder), *words]
    assert main(command) == WRONG_USE
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("inputs", "out", "message"),
    [
        (["{articles}"], "rows.xml", "expected one of .jsonl, .csv, .parquet"),
        (["{articles}"], "there.jsonl", "is there already"),
        (["{articles}", "{articles}"], "rows.jsonl", "is named twice"),
        (["{page}"], "rows.jsonl", "found html; Spark reads parquet, jsonl, csv"),
        (["hdfs://host/news"], "rows.jsonl", "the address tells no format; give --format"),
        (["{folder}"], "rows.jsonl", "is an input or lies within"),
    ],
)
def test_what_cannot_end_well_is_told_before_spark_starts(
    inputs, out, message, articles, bundle_folder, tmp_path, capsys
):
    (tmp_path / "there.jsonl").mkdir()
    page = tmp_path / "page.html"
    page.touch()
    places = {"articles": articles, "page": page, "folder": tmp_path}
    command = ["score", *(given.format(**places) for given in inputs), "--out", str(tmp_path / out)]
    code = WRONG_USE if out.endswith(".xml") else FAILED
    assert main([*command, "--model", str(bundle_folder), "--engine", "spark"]) == code
    assert message in capsys.readouterr().err


def test_a_missing_java_is_told_with_the_remedy(articles, bundle_folder, tmp_path):
    command = [
        sys.executable, "-m", "saring", "score", articles, "--out", tmp_path / "rows.jsonl",
        "--model", bundle_folder, "--engine", "spark",
    ]  # fmt: skip
    env = {**os.environ, "JAVA_HOME": str(tmp_path), SWITCH: "0"}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == FAILED
    assert "found no Java in JAVA_HOME" in done.stderr
    assert "install openjdk-17-jre-headless" in done.stderr


def test_a_header_is_no_row_and_the_same_in_all_files():
    rows = [{FILE: file, START: 0, "judul": title} for file in "ab" for title in ("judul", "x")]
    [batch] = numbering({}, ["judul"])(iter([pa.RecordBatch.from_pylist(rows)]))
    assert [(row[FILE], row[ROW], row["judul"]) for row in batch.to_pylist()] == [("a", 1, "x"), ("b", 1, "x")]
    rows[2]["judul"] = "title"
    with pytest.raises(ValueError, match=r"b: found a header without \['judul'\]"):
        list(numbering({}, ["judul"])(iter([pa.RecordBatch.from_pylist(rows)])))


# on a cluster


def on_cluster(test):
    """Mark a test that needs the cluster, which all of them share."""
    # pyspark and mlflow look at the version of pandas; saring itself is quiet about it.
    new_pandas = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
    return new_pandas(pytest.mark.slow(test))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cluster"), 2, SHORT_JOBS) as found:
        yield found


@pytest.fixture(scope="module")
def spark(cluster):
    """A session on the cluster; the JVM that pyspark keeps for later ones ends with it."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master(cluster.master).getOrCreate()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "TASKS_A_CORE", 1)  # each costs time, and inputs are small
        yield session
    session.stop()
    gateway = SparkContext._gateway
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(PATIENCE_SECONDS)
    SparkContext._gateway = SparkContext._jvm = None


@pytest.fixture(scope="module")
def registered(bundle_folder, model, tmp_path_factory):
    """Address of the model in a registry of its own."""
    from saring import tracking

    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("registry")
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        tracking.log_run(tracking.RunRecord(bundle=bundle_folder, topics=model.topics, name="uji"))
        yield "models:/saring@challenger"


@on_cluster
def test_python_command_line_pyfunc_and_spark_give_the_same_rows_to_the_last_digit(
    spark, model, articles, registered, tmp_path, monkeypatch
):
    import mlflow
    from pyspark.sql.functions import struct

    monkeypatch.setenv(SWITCH, "1")  # the kernel for all, however few rows each is asked for
    expected = by_id(p.row() for p in model.predict(read(articles)))
    assert len(expected) == CORPUS_ROWS
    assert any(row["links"] for row in expected)

    out = tmp_path / "rows.jsonl"
    assert main(["score", str(articles), "--out", str(out), "--model", str(model.path)]) == OK
    assert by_id(lines_of(out)) == expected

    table = pd.DataFrame(lines_of(articles))
    pyfunc = mlflow.pyfunc.load_model(registered)
    assert by_id(pyfunc.predict(table).to_dict("records")) == expected

    df = spark.createDataFrame(table.to_dict("records"))
    rows = score(df, model, scored_at="").collect()
    assert by_id(row.asDict(recursive=True) for row in rows) == expected

    predict = mlflow.pyfunc.spark_udf(spark, registered, env_manager="local")
    rows = df.select(predict(struct(*df.columns)).alias("row")).collect()
    assert by_id(row["row"].asDict(recursive=True) for row in rows) == expected


@on_cluster
def test_a_frame_without_texts_is_refused(spark, model):
    df = spark.createDataFrame([("a", "Judul")], "id string, naskah string")
    with pytest.raises(InputError, match="no text column: found 'id', 'naskah'"):
        score(df, model)
    [row] = score(df, model, columns={"text": "naskah"}).collect()
    assert (row["id"], row["clean_text"], row["error"]) == ("a", "Judul", None)


@on_cluster
def test_an_odd_time_in_parquet_costs_its_date_alone(spark, model, tmp_path):
    inputs = tmp_path / "in"
    inputs.mkdir()
    times = {  # a good one, and one that no calendar has
        "a": pa.array([1642602600000, 10**17]).view(pa.timestamp("ms")),
        "b": pa.array([1642602600000000, 2**61]).view(pa.timestamp("us", "UTC")),
        "c": pa.array([1642602600000000000, None], pa.int64()).view(pa.timestamp("ns")),
    }
    unneeded = pa.array([1, 2]).view(pa.time64("ns"))  # which Spark cannot read
    for name, dates in times.items():
        table = {"isi": ["Rupiah menguat."] * 2, "tanggal": dates, "jam": unneeded}
        pq.write_table(pa.table(table), inputs / f"{name}.parquet")
        here, there = tmp_path / f"{name}.jsonl", tmp_path / f"{name}-spark.jsonl"
        score_here([inputs / f"{name}.parquet"], here, model)
        score_files([inputs / f"{name}.parquet"], there, model)
        found = by_id(lines_of(there))
        for row, expected in zip(found, by_id(lines_of(here)), strict=True):
            assert row["published"] == expected["published"]
            assert bool(row["error"]) == bool(expected["error"])
            assert row["topic"] == expected["topic"] is not None
        assert [bool(row["error"]) for row in found] == [False, name != "c"]


@on_cluster
def test_formats_ids_and_errors_are_those_of_the_local_engine(spark, model, tmp_path):
    inputs = tmp_path / "in put [1]"
    inputs.mkdir()
    rows = [{"judul": f"“Rupiah” {i}", "isi": f"Rupiah menguat {i} poin."} for i in range(600)]
    rows[3], rows[7] = {"isi": ""}, {"judul": 5, "isi": {"a": 1}, "id": "sendiri"}
    text = b"\n\n".join(map(orjson.dumps, rows)) + b"\n[1]\n{broken\n\xff\n"
    (inputs / "a.jsonl").write_bytes(text * TIMES)
    assert len(text) * TIMES > 2 * int(SETTINGS["spark.sql.files.maxPartitionBytes"])
    (inputs / "b.csv").write_text(
        ';judul;isi\n0;"=Rupiah ""kuat""";"Rupiah menguat;\nbaris dua"\n1;;\n2;Banjir;Surut.\n'
    )
    table = pa.table({"isi": ["Gempa di Poso.", None, "Saham naik."], "lain": [1, 2, 3]})
    pq.write_table(table, inputs / "c.parquet")
    here, there = tmp_path / "here.jsonl", tmp_path / "there.jsonl"
    summary = score_here([inputs], here, model)
    assert score_files([inputs], there, model) == summary
    assert summary.rows == TIMES * 603 + 6
    assert by_id(lines_of(there)) == by_id(lines_of(here))


@on_cluster
def test_what_scrapers_write_gives_the_rows_of_the_local_engine(spark, model, tmp_path):
    inputs = tmp_path / "in"
    inputs.mkdir()
    metadata = {
        "url": "https://www.wartalembah.com/1",
        "date": "2023-03-03",
        "title": "Rupiah Menguat",
        "naskah": "Naik.",
    }
    rows = [
        {"id": "1", "text": "Rupiah menguat.", "source": "common-crawl", "metadata": metadata},
        {"id": "2", "text": "Rupiah melemah.", "source": "cc-news", "metadata": None},
    ]
    (inputs / "a.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    body = {"summary": ["Ringkasan."], "sections": [{"headline": ["Subjudul"], "paragraphs": ["Rupiah menguat."]}]}
    bodies = [{"id": "3", "title": "Rupiah", "body": body}, {"id": "4", "title": "Rupiah", "body": None}]
    pq.write_table(pa.Table.from_pylist([row | {"id": f"p{row['id']}"} for row in rows]), inputs / "b.parquet")
    pq.write_table(pa.Table.from_pylist(bodies), inputs / "c.parquet")
    cells = pd.DataFrame(
        [row | {"id": f"c{row['id']}", "metadata": orjson.dumps(row["metadata"]).decode()} for row in rows]
    )
    cells.to_csv(inputs / "d.csv", index=False)
    for keep in ((), ("metadata.naskah",)):
        files = sorted(inputs.iterdir()) if not keep else [inputs / "a.jsonl", inputs / "b.parquet"]
        options = ReadOptions(on_error="keep", keep=keep)
        found = []
        for number, file in enumerate(files):  # of other columns by themselves
            here, there = tmp_path / f"{number}-{len(keep)}.jsonl", tmp_path / f"{number}-{len(keep)}-there.jsonl"
            score_here([file], here, model, options)
            score_files([file], there, model, options)
            assert by_id(lines_of(there)) == by_id(lines_of(here))
            found += lines_of(here)
        assert {row["publisher"] for row in found if row["id"].endswith("1")} == {"wartalembah.com"}
        assert not keep or {row["metadata.naskah"] for row in found} == {"Naik.", None}
    df = spark.read.parquet(str(inputs / "b.parquet"))
    assert (
        by_id([row.asDict() for row in score(df, model, keep=["metadata.naskah"]).collect()])[0]["url"]
        == metadata["url"]
    )


@on_cluster
def test_a_cell_that_is_a_formula_is_guarded_in_csv_and_parquet_holds_it(spark, model, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(orjson.dumps({"id": "a", "title": "=1+1", "text": "Baca Juga: Rupiah Naik"}))
    for suffix in (".csv", ".parquet"):
        here, there = tmp_path / f"here{suffix}", tmp_path / f"there{suffix}"
        assert score_files([path], there, model) == score_here([path], here, model)
        if suffix == ".csv":
            [ours, theirs] = [list(rows([path])) for path in (here, there)]
            assert [row.values["title"] for row in theirs] == ["'=1+1"]
            assert by_id(row.values for row in theirs) == by_id(row.values for row in ours)
        else:
            [ours, theirs] = [pq.read_table(path).to_pylist() for path in (here, there)]
            assert [row["title"] for row in theirs] == ["=1+1"]
            assert by_id(theirs) == by_id(ours)
    with pytest.raises(ConfigError, match="is there already"):
        score_files([path], there, model)
    assert score_files([path], there, model, overwrite=True).rows == 1


@on_cluster
def test_a_row_of_csv_that_does_not_fit_keeps_its_place(spark, model, tmp_path):
    (tmp_path / "in.csv").write_text("judul,isi\nRupiah,Rupiah naik.\nsatu\na,b,c\nEmas,Emas.\n")
    summary = score_files([tmp_path / "in.csv"], tmp_path / "rows.jsonl", model)
    rows = by_id(lines_of(tmp_path / "rows.jsonl"))
    assert (summary.rows, summary.errors) == (4, 2)
    assert [row["id"] for row in rows] == [f"in.csv:{number}" for number in (1, 2, 3, 4)]
    assert [bool(row["error"]) for row in rows] == [False, True, True, False]
    assert "in.csv:2: found a row that does not fit the header" in rows[1]["error"]


@on_cluster
def test_what_fails_in_a_process_is_told_in_its_own_words(spark):
    def refuse(batches):
        raise ConfigError("host: found numpy 0.1, expected 2")

    told = pytest.raises(SaringError, match=r"^Spark could not finish: host: found numpy 0\.1")
    with told, spark_session(None):
        map_batches(spark.range(1), refuse, {"id": "int"}).collect()
    assert spark.range(1).count() == 1  # a session that was there is left
    with pytest.raises(ConfigError, match="stop it or leave the master out"), spark_session("local[2]"):
        pass


@on_cluster
def test_a_killed_worker_costs_no_row_and_doubles_none(cluster, model, tmp_path):
    path, out = tmp_path / "in.jsonl", tmp_path / "rows.jsonl"
    with path.open("wb") as file:
        for number in range(KILLED_ROWS):
            text = f"Rupiah menguat {number} poin.\nBaca Juga: Harga Emas Turun {number} Rupiah\n"
            row = {"id": str(number), "title": "Rupiah", "text": text + "Saham ikut naik. " * 60}
            file.write(orjson.dumps(row) + b"\n")
    command = [
        sys.executable, "-m", "saring", "score", path, "--out", out, "--model", model.path,
        "--engine", "spark", "--master", cluster.master,
    ]  # fmt: skip
    # Without the kernel there is time to kill in.
    with subprocess.Popen(command, env={**os.environ, SWITCH: "0"}, stderr=subprocess.PIPE, text=True) as job:
        try:
            end = time.monotonic() + 2 * PATIENCE_SECONDS
            while not list(out.glob("_temporary/0/task_*")):  # until a task has ended
                assert job.poll() is None and time.monotonic() < end
                time.sleep(0.05)
            cluster.kill_worker()
            assert not (out / "_SUCCESS").exists()
            _, told = job.communicate(timeout=2 * PATIENCE_SECONDS)
        finally:
            job.kill()
    assert job.returncode == OK, told
    assert f"{KILLED_ROWS:,} rows = " in told
    rows = lines_of(out)
    assert sorted(int(row["id"]) for row in rows) == list(range(KILLED_ROWS))
    assert len({(row["scored_at"], row["model_version"]) for row in rows}) == 1
