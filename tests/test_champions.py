"""The history of champions: a plain text beside the models that survives damage, crowds and missing folders."""

import subprocess
import sys
from dataclasses import replace

import orjson
import pytest

from saring.champions import (
    HISTORY,
    LINE,
    PROMOTE,
    ROLLBACK,
    SHIPPED,
    TOPICS,
    Step,
    champion,
    changing,
    line_of,
    model_name,
    models_folder,
    promote,
    read_history,
    rollback,
)
from saring.errors import BundleError, ConfigError

PROCESSES, PROMOTIONS = 4, 10


def step(bundle, line=LINE, **fields):
    return Step(line, PROMOTE, bundle, "0123456789ab", "it is better", **fields)


@pytest.fixture
def models(tmp_path):
    """A folder of three models, of which only the names matter here."""
    for name in ("a", "b", "c"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "card.json").touch()
    return tmp_path / "models"


def held(models, line=LINE):
    found = champion(models, line)
    return found.bundle if found else None


# Promoting and rolling back


def test_who_was_promoted_last_is_champion(models):
    assert held(models) is None
    promote(models, step("a"))
    promote(models, step("b"))
    assert held(models) == "b"


def test_rolling_back_goes_one_step_back_any_number_of_times(models):
    for name in ("a", "b", "c"):
        promote(models, step(name))
    assert [rollback(models)[-1].bundle for _ in range(3)] == ["b", "a", SHIPPED]
    assert held(models) is None
    with pytest.raises(ConfigError, match="nobody is promoted in the line 'saring', so there is nothing to take back"):
        rollback(models)


def test_after_a_step_back_another_may_be_promoted(models):
    promote(models, step("a"))
    promote(models, step("b"))
    rollback(models)
    promote(models, step("c"))
    assert held(models) == "c"
    rollback(models)
    assert held(models) == "a"


def test_lines_do_not_touch_each_other(models):
    promote(models, step("a"))
    promote(models, step("b", line="sport"))
    assert (held(models), held(models, "sport")) == ("a", "b")
    [back] = rollback(models, "sport", "it was a try")
    assert (back.line, back.bundle, back.reason) == ("sport", "", "it was a try")
    assert (held(models), held(models, "sport")) == ("a", None)


def test_a_step_back_goes_beyond_a_champion_that_is_gone(models):
    for name in ("a", "b", "c"):
        promote(models, step(name))
    (models / "b" / "card.json").unlink()
    first, second = rollback(models, LINE, "it is slow")
    assert (first.bundle, first.reason) == ("b", "it is slow")
    assert (second.bundle, second.reason) == ("a", "b is gone")
    assert held(models) == "a"


# The file


def test_a_line_of_the_history_says_what_who_and_when(models):
    written = promote(models, step("a", figures={"topic, test": "+0.012 [+0.003, +0.020]"}, commit="abc"))
    [line] = (models / HISTORY).read_bytes().splitlines()
    values = orjson.loads(line)
    assert values["figures"] == {"topic, test": "+0.012 [+0.003, +0.020]"}
    assert values["who"] and values["when"].endswith("+00:00")
    assert read_history(models) == [written]
    assert rollback(models)[0].action == ROLLBACK


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b"7", b"{}", b'"promote"', b"\xff", b""],
    ids=["cut off", "a list", "a number", "no fields", "a text", "no UTF-8", "blank"],
)
def test_a_damaged_line_is_told_with_its_number_and_what_to_do(models, line):
    promote(models, step("a"))
    with (models / HISTORY).open("ab") as file:
        file.write(line + b"\n")
    for ask in (read_history, champion, rollback, lambda models: promote(models, step("b"))):
        with pytest.raises(BundleError, match=rf"{HISTORY}:2: no step of the history .*; mend the line"):
            ask(models)
    assert (models / HISTORY).read_bytes().endswith(line + b"\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [("action", "demote"), ("bundle", 7), ("overridden", "no"), ("figures", []), ("more", "a"), ("when", None)],
)
def test_a_step_with_a_wrong_value_is_damage(models, name, value):
    promote(models, step("a"))
    values = orjson.loads((models / HISTORY).read_bytes()) | {name: value}
    (models / HISTORY).write_bytes(orjson.dumps(values))
    with pytest.raises(BundleError, match=f"{HISTORY}:1: no step"):
        read_history(models)


def test_a_last_line_that_an_editor_left_without_its_end_is_no_damage(models):
    promote(models, step("a"))
    (models / HISTORY).write_bytes((models / HISTORY).read_bytes().rstrip())
    promote(models, step("b"))
    assert [one.bundle for one in read_history(models)] == ["a", "b"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    for models in (tmp_path / "file", tmp_path / "file" / "models"):
        assert read_history(models) == []
        with pytest.raises(BundleError, match=r"history.jsonl: cannot be written \(.*\); make it writable, or name"):
            promote(models, step("a"))


def test_a_history_that_cannot_be_read_is_told(models):
    (models / HISTORY).mkdir()
    with pytest.raises(BundleError, match=r"history\.jsonl: cannot be read"):
        champion(models)


def test_what_fails_while_the_history_is_changed_leaves_it_as_it_was(models):
    promote(models, step("a"))
    with pytest.raises(ConfigError), changing(models) as add:
        add(step("b"))
        raise ConfigError("the verdict is against it")
    assert [one.bundle for one in read_history(models)] == ["a"]
    assert sorted(path.name for path in models.iterdir()) == ["a", "b", "c", HISTORY]


# Crowds

CROWD = """
import sys
from pathlib import Path
from saring.champions import PROMOTE, Step, promote
name, models = sys.argv[1], Path(sys.argv[2])
for n in range(int(sys.argv[3])):
    promote(models, Step("saring", PROMOTE, f"{name}-{n}", "0123456789ab", "it is better"))
"""


def test_of_promotions_at_once_none_is_lost(tmp_path):
    models = tmp_path / "new" / "models"
    words = [sys.executable, "-c", CROWD]
    crowd = [
        subprocess.Popen([*words, f"p{n}", str(models), str(PROMOTIONS)], stderr=subprocess.PIPE)
        for n in range(PROCESSES)
    ]
    assert [(child.communicate()[1], child.returncode) for child in crowd] == [(b"", 0)] * PROCESSES
    found = [one.bundle for one in read_history(models)]
    assert sorted(found) == sorted(f"p{n}-{m}" for n in range(PROCESSES) for m in range(PROMOTIONS))
    for n in range(PROCESSES):  # those of one process in their order
        assert [name for name in found if name.startswith(f"p{n}-")] == [f"p{n}-{m}" for m in range(PROMOTIONS)]


# The folder


def test_the_folder_of_models_is_that_of_the_variable(tmp_path, monkeypatch, bundle_folder):
    monkeypatch.setenv("SARING_MODELS", str(tmp_path / "mine"))
    assert models_folder() == tmp_path / "mine"
    monkeypatch.setenv("SARING_MODELS", str(bundle_folder))  # a single model
    assert models_folder() == bundle_folder.parent


def test_a_variable_that_names_a_file_is_told(tmp_path, monkeypatch):
    (tmp_path / "conf.toml").touch()
    monkeypatch.setenv("SARING_MODELS", str(tmp_path / "conf.toml"))
    with pytest.raises(ConfigError, match=r"SARING_MODELS: found the file .*conf\.toml; expected a folder of models"):
        models_folder()


def test_without_a_variable_it_is_the_checkout_s_or_that_of_the_home(tmp_path, monkeypatch):
    from saring import champions

    monkeypatch.delenv("SARING_MODELS")
    assert models_folder().name == "models" and (models_folder() / "id-news.md").exists()
    monkeypatch.setattr(champions, "__file__", str(tmp_path / "site" / "saring" / "champions.py"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert models_folder() == tmp_path / "data" / "saring" / "models"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert models_folder() == tmp_path / ".local" / "share" / "saring" / "models"


# Names


def card(name, topics=("ball", "race"), sources=("mine.jsonl",)):
    return {"name": name, "labels": {"topic": list(topics)}, "sources": list(sources)}


def test_a_line_is_that_of_saring_s_topics_or_the_model_s_name():
    assert line_of(card("saring", TOPICS)) == line_of(card("id-news", TOPICS)) == line_of(card("try", TOPICS)) == LINE
    assert line_of(card("sport")) == "sport"


@pytest.mark.parametrize("name", ["saring", "id-news", "champion"])
def test_other_topics_never_take_the_default_s_place_whatever_an_older_saring_called_them(name):
    assert line_of(card(name)) == "mine"


@pytest.mark.parametrize("damaged", [{}, {"labels": 7, "name": None}, {"labels": {"topic": 7}, "name": "a"}])
def test_a_damaged_card_has_a_line_too(damaged):
    assert line_of(damaged) != LINE


def test_a_model_of_other_topics_is_called_after_its_first_file():
    assert model_name("saring", ("ball", "race"), ("mine.jsonl.gz", "theirs.csv")) == "mine"
    assert model_name("sport", ("ball", "race"), ("mine.jsonl",)) == "sport"
    assert model_name("saring", TOPICS, ("mine.jsonl",)) == "saring"
    assert model_name("try 2", TOPICS, ("mine.jsonl",)) == "try 2"


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("id-news", "mine.jsonl", "'id-news' is kept for saring's own topics .*, and the corpus has others.*--name"),
        ("challenger", "mine.jsonl", "'challenger' is kept"),
        ("saring", "saring.jsonl", "'saring' is kept"),
        ("a/b", "mine.jsonl", r"found 'a/b'; expected letters, digits.*no /, @ or :"),
        ("a@b", "mine.jsonl", "found 'a@b'"),
        ("models:a", "mine.jsonl", "found 'models:a'"),
        ("..", "mine.jsonl", "found '..'"),
        ("a ", "mine.jsonl", "found 'a '"),
        ("saring", ".jsonl", "found ''"),
        ("a" * 300, "mine.jsonl", "expected letters"),
    ],
)
def test_a_name_that_no_line_can_have_is_refused_with_what_to_do(name, source, message):
    with pytest.raises(ConfigError, match=message):
        model_name(name, ("ball", "race"), (source,))


def test_a_step_reads_as_a_sentence():
    shown = str(replace(step("a"), when="2026-11-29T03:00:00+00:00"))
    assert shown == "2026-11-29 promote a 0123456789ab: it is better"
