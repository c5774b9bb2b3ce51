"""`--keep COLUMN`: the user's own columns come through to the rows, in every format."""

import csv
import json
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.batch import clean, score
from saring.cli.commands import main
from saring.columns import as_json
from saring.errors import InputError, UsageError
from saring.io.records import ReadOptions, kept_kinds, read
from saring.predict import load

ROWS = [
    {"id": "a", "isi": "Harga beras naik.", "kanal": "Ekonomi", "dibaca": 12, "topic": "niaga"},
    {"id": "b", "isi": "Tim menang.", "kanal": "=Bola", "dibaca": None, "topic": None},
    {"id": "c", "isi": "", "kanal": "Kosong", "dibaca": 3, "topic": "x"},  # an error row
]
KEEP = ("kanal", "dibaca", "topic")
KEPT = [("Ekonomi", 12, "niaga"), ("=Bola", None, None), ("Kosong", 3, "x")]


def written(folder, suffix, rows=ROWS):
    path = folder / f"in{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def rows_of(path):
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("output", [".jsonl", ".csv", ".parquet"])
@pytest.mark.parametrize("given", [".jsonl", ".csv", ".parquet"])
def test_columns_come_through_from_and_to_every_format(tmp_path, bundle_folder, given, output):
    source, model = written(tmp_path, given), load(bundle_folder)
    options = ReadOptions(on_error="keep", keep=KEEP)
    score([source], tmp_path / f"scored{output}", model, options)
    clean([source], tmp_path / f"clean{output}", options=options)
    expected = KEPT
    if given == ".csv" or output == ".csv" or (given, output) == (".jsonl", ".parquet"):
        typed = given != ".csv" and output == ".parquet"
        none = None if typed or (given != ".csv" and output != ".csv") else ""
        expected = [tuple(none if v is None else str(v) for v in row) for row in KEPT]
    for name in ("scored", "clean"):
        rows = rows_of(tmp_path / f"{name}{output}")
        own = "input_topic" if name == "scored" else "topic"
        found = [(row["kanal"].lstrip("'"), row["dibaca"], row[own]) for row in rows]
        assert found == expected, name
        assert list(rows[0])[-3:] == ["kanal", "dibaca", own]
        assert rows[2]["error"]


def test_columns_of_parquet_keep_their_types(tmp_path, bundle_folder):
    table = pa.table({
        "text": ["Harga naik.", "Tim menang."],
        "n": pa.array([1, None], pa.int32()), "x": pa.array([0.5, None], pa.float32()),
        "b": [True, None], "s": ["a", None], "d": [date(2023, 3, 3), None], "l": [["a", "b"], None],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "in.parquet")
    options = ReadOptions(on_error="keep", keep=("n", "x", "b", "s", "d", "l"))
    score([tmp_path / "in.parquet"], tmp_path / "out.parquet", load(bundle_folder), options)
    found = pq.read_table(tmp_path / "out.parquet").select(options.keep)
    assert [str(field.type) for field in found.schema] == [
        "int64", "double", "bool", "string", "string", "string",
    ]  # fmt: skip
    assert found.to_pylist() == [
        {"n": 1, "x": 0.5, "b": True, "s": "a", "d": "2023-03-03", "l": '["a","b"]'},
        dict.fromkeys(options.keep),
    ]


def test_files_that_disagree_on_a_type_give_texts(tmp_path):
    for name, values in (("a", [1]), ("b", ["satu"])):
        pq.write_table(pa.table({"text": ["Isi."], "n": values}), tmp_path / f"{name}.parquet")
    assert kept_kinds([tmp_path], ReadOptions(keep=("n",))) == {"n": "json"}


def test_workers_give_the_same_bytes_and_the_plan_knows_the_columns(tmp_path, bundle_folder):
    rows = [{**ROWS[n % 3], "id": f"{n}"} for n in range(60)]
    source, model = written(tmp_path, ".jsonl", rows), load(bundle_folder)
    options = ReadOptions(on_error="keep", keep=KEEP)
    outs = [tmp_path / f"out{n}.jsonl" for n in (1, 2)]
    for out, workers in zip(outs, (1, 2), strict=True):
        score([source], out, model, options, workers=workers, batch_size=7, scored_at="t")
    assert outs[0].read_bytes() == outs[1].read_bytes()

    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    out = tmp_path / "later.jsonl"
    how = {"workers": 1, "batch_size": 7, "scored_at": "t"}
    with pytest.raises(KeyboardInterrupt):
        score([source], out, model, options, progress=stop, **how)
    with pytest.raises(Exception, match="keep was"):
        score([source], out, model, ReadOptions(on_error="keep", keep=("kanal",)), **how)
    assert score([source], out, model, options, **how).resumed == 7
    assert out.read_bytes() == outs[0].read_bytes()


def test_a_run_without_kept_columns_resumes_too(tmp_path, bundle_folder):
    source, model = written(tmp_path, ".jsonl"), load(bundle_folder)
    how = {"workers": 1, "batch_size": 1, "scored_at": "t"}

    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score([source], tmp_path / "out.jsonl", model, progress=stop, **how)
    assert score([source], tmp_path / "out.jsonl", model, **how).resumed == 1


def test_rows_from_python_keep_columns(bundle_folder):
    model = load(bundle_folder)
    row = {"text": "Harga naik.", "kanal": np.int64(3), "title": float("nan"), "topic": "niaga"}
    found = model.predict([row, "Harga naik.", {"text": ""}], keep=("Kanal", "topic"))
    assert [p.kept for p in found] == [
        {"Kanal": 3, "topic": "niaga"}, {"Kanal": None, "topic": None},
        {"Kanal": None, "topic": None},
    ]  # fmt: skip
    first = found[0].row()
    assert (first["Kanal"], first["input_topic"]) == (3, "niaga")
    assert first["topic"] in model.topics
    assert model.predict([row])[0].kept == {}


def test_a_column_that_no_table_has_is_told_before_the_start(tmp_path, bundle_folder):
    source = written(tmp_path, ".csv")
    options = ReadOptions(keep=("kanl",))
    with pytest.raises(InputError, match=r"no column 'kanl', which --keep names: found .*'kanal'"):
        score([source], tmp_path / "out.jsonl", load(bundle_folder), options)
    with pytest.raises(UsageError, match="expected the name of a column"):
        read([source], ReadOptions(keep=("",)))
    other = tmp_path / "other.jsonl"
    other.write_text('{"text": "Isi."}\n{"text": "Isi.", "kanal": "x"}\n', "utf-8")
    found = read([source, other], ReadOptions(keep=("kanal",), on_error="keep"))
    assert [record.kept for record in found][3:] == [{"kanal": None}, {"kanal": "x"}]


def test_the_command_line_keeps_columns(tmp_path, bundle_folder, capsysbinary):
    source = written(tmp_path, ".jsonl", ROWS[:2])
    words = [str(source), "--keep", "kanal", "--keep", "dibaca", "--model", str(bundle_folder)]
    assert main(["predict", "--json", *words]) == 0
    found = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert [(row["kanal"], row["dibaca"]) for row in found] == [("Ekonomi", 12), ("=Bola", None)]
    for command in ("score", "clean"):
        assert main([command, *words, "--out", str(tmp_path / f"{command}.jsonl")]) == 0
        rows = rows_of(tmp_path / f"{command}.jsonl")
        assert [row["dibaca"] for row in rows] == [12, None]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(json_values)
def test_any_value_becomes_one_that_every_format_holds(value):
    found = as_json(value)
    assert as_json(found) == found
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    json.dumps(found, ensure_ascii=False).encode()


def test_a_value_too_deep_for_json_is_cut():
    deep = None
    for _ in range(900):
        deep = [deep]
    assert json.dumps(as_json(deep)).startswith("[[[[")
