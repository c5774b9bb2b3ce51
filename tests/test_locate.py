"""Which model answers: the one named, that of SARING_MODELS, the champion, or the one that comes with saring."""

import shutil
from pathlib import Path

import orjson
import pytest

from saring import champions, locate
from saring.champions import LINE, PROMOTE, Step, promote, rollback
from saring.errors import BundleError, ConfigError
from saring.locate import Choice, find_bundle, shipped_bundle


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    """A saring without a model, installed as a package, and a working folder without one."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("SARING_MODELS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return install(monkeypatch, tmp_path / "site")


def install(monkeypatch, folder):
    """The package's folder of a saring that lies in `folder`."""
    for module in (champions, locate):
        monkeypatch.setattr(module, "__file__", str(folder / "saring" / Path(module.__file__).name))
    return folder / "saring"


@pytest.fixture
def models(tmp_path):
    """The user's folder of models."""
    folder = tmp_path / "data" / "saring" / "models"
    folder.mkdir(parents=True)
    return folder


def step(bundle, line=LINE):
    return Step(line, PROMOTE, bundle, "0123456789ab", "it is better")


@pytest.fixture
def put(bundle_folder):
    """Put the small model into a folder, as one made on a day of 2024, under a name and with topics of its own."""

    def call(folder, day=1, name="saring", topics=None, run_name=""):
        shutil.copytree(bundle_folder, folder)
        card = orjson.loads((folder / "card.json").read_bytes())
        card["created"] = f"2024-01-{day:02}T00:00:00+00:00"
        card["name"] = name
        card["labels"]["topic"] = topics or card["labels"]["topic"]
        card["run_name"] = run_name
        (folder / "card.json").write_bytes(orjson.dumps(card))
        return folder

    return call


# The order


def test_the_shipped_model_answers_until_another_is_promoted(installed, put, models):
    shipped = put(installed / "shipped")
    put(models / "ours")
    assert find_bundle() == Choice(shipped, "comes with saring; nobody promoted another")
    promote(models, step("ours"))
    assert find_bundle().folder == models / "ours"
    assert find_bundle().why.startswith("champion since 20")
    rollback(models, LINE, "try")
    assert find_bundle().folder == shipped


def test_the_working_folder_decides_nothing(installed, put):
    shipped = put(installed / "shipped")
    put(Path("models") / "ours", day=9)
    assert find_bundle().folder == shipped


def test_a_name_is_asked_before_the_variable_and_this_before_the_champion(installed, put, models, monkeypatch):
    put(installed / "shipped")
    promote(models, step(put(models / "ours").name))
    other = put(Path("other"))
    monkeypatch.setenv("SARING_MODELS", "other")
    assert find_bundle() == Choice(other, "named by SARING_MODELS")
    named = put(Path("named"))
    assert find_bundle(named) == find_bundle("named") == Choice(named, "named")


def test_the_variable_may_name_another_folder_of_models(installed, put, monkeypatch):
    shipped = put(installed / "shipped")
    put(Path("elsewhere") / "theirs")
    monkeypatch.setenv("SARING_MODELS", "elsewhere")
    assert find_bundle().folder == shipped
    promote(Path("elsewhere"), step("theirs"))
    assert find_bundle().folder == Path("elsewhere") / "theirs"


def test_an_empty_variable_names_no_folder(installed, put, monkeypatch):
    shipped = put(installed / "shipped")
    monkeypatch.setenv("SARING_MODELS", "")
    assert find_bundle().folder == shipped


def test_what_was_asked_for_and_is_not_there_is_no_reason_to_take_another(installed, put, monkeypatch):
    put(installed / "shipped")
    with pytest.raises(BundleError, match="nowhere: found neither such a folder nor such a model"):
        find_bundle("nowhere")
    monkeypatch.setenv("SARING_MODELS", "gone")
    with pytest.raises(BundleError, match="gone: no such folder, though SARING_MODELS names it"):
        find_bundle()


# Names


def test_models_of_other_topics_are_another_line(installed, put, models):
    shipped = put(installed / "shipped")
    put(models / "a", name="sport", topics=["ball", "race"])
    promote(models, step("a", line="sport"))
    assert find_bundle().folder == shipped
    assert find_bundle("sport").folder == models / "a"
    newer = put(models / "b", day=2, name="sport", topics=["ball", "race"])
    assert find_bundle("sport").folder == models / "a"
    assert find_bundle("sport@challenger") == Choice(newer, "challenger of the line 'sport'")


def test_the_challenger_is_the_newest_of_its_line(installed, put, models):
    put(installed / "shipped")
    put(models / "z-old", day=1)
    newest = put(models / "a-new", day=2)
    put(models / "id-news", day=9)  # the shipped one, as a checkout links it
    put(models / "b", day=9, name="sport", topics=["ball", "race"])
    assert (
        find_bundle("challenger")
        == find_bundle("saring@challenger")
        == Choice(newest, "challenger of the line 'saring'")
    )


def test_a_champion_that_is_gone_is_no_reason_to_take_another(installed, put, models):
    put(installed / "shipped")
    promote(models, step("ours"))
    with pytest.raises(BundleError, match=r"ours: no model, though it was promoted on 20.*saring rollback"):
        find_bundle()


# Folders of bundles


def test_of_a_folder_that_is_named_the_champion_or_the_newest_is_taken(put):
    folder = Path("mine")
    old, new = put(folder / "z-old", day=1), put(folder / "a-new", day=2)
    assert find_bundle(folder).folder == new
    promote(folder, step("z-old"))
    assert find_bundle("mine").folder == old


def test_of_a_folder_that_is_named_the_shipped_model_is_taken_where_it_is_alone(put):
    shipped = put(Path("mine") / "id-news", day=9)
    assert find_bundle("mine").folder == shipped
    ours = put(Path("mine") / "ours", day=1)
    assert find_bundle("mine").folder == ours


def test_of_a_folder_with_another_line_s_champion_that_is_taken(put):
    put(Path("mine") / "old", day=1, name="sport", topics=["ball", "race"])
    put(Path("mine") / "new", day=2, name="sport", topics=["ball", "race"])
    promote(Path("mine"), step("old", line="sport"))
    assert find_bundle("mine").folder == Path("mine") / "old"


# Trainings


def test_a_model_is_found_by_its_folder_s_name_and_by_its_training_s(installed, put, models):
    put(installed / "shipped")
    ours = put(models / "20240101T000000Z-0123456789ab", run_name="topic-C30 +domains")
    for reference in (ours.name, "0123456789ab", "topic-C30 +domains"):
        assert find_bundle(reference) == Choice(ours, "named")


def test_of_trainings_with_one_name_none_is_guessed(installed, put, models):
    put(installed / "shipped")
    put(models / "a", run_name="same settings, same data")
    put(models / "b", run_name="same settings, same data")
    with pytest.raises(ConfigError, match=r"2 models of .* are called so; name one by its version .*: a, b"):
        find_bundle("same settings, same data")


def test_a_folder_that_is_called_as_an_alias_is_named_by_its_path(installed, put, models):
    shipped = put(installed / "shipped")
    odd = put(Path("champion"))
    assert find_bundle("champion").folder == shipped
    assert find_bundle("./champion").folder == find_bundle(odd).folder == odd


# The model that comes with saring


def test_without_any_model_the_error_says_how_to_get_one(installed):
    with pytest.raises(BundleError, match=r"run `make train`.*--model or SARING_MODELS"):
        find_bundle()
    (installed / "shipped").mkdir(parents=True)  # left empty by a broken installation
    with pytest.raises(BundleError, match="none came with this installation"):
        shipped_bundle()
