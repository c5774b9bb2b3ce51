"""Where a model is: named, in SARING_MODELS, the user's newest, or the one that comes with saring."""

import shutil
from pathlib import Path

import orjson
import pytest

from saring import locate
from saring.errors import BundleError
from saring.locate import find_bundle, shipped_bundle


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    """A saring without a model, installed as a package, and a working folder without one."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("SARING_MODELS", raising=False)
    return install(monkeypatch, tmp_path / "site")


def install(monkeypatch, folder):
    """The package's folder of a saring that lies in `folder`."""
    monkeypatch.setattr(locate, "__file__", str(folder / "saring" / "locate.py"))
    return folder / "saring"


@pytest.fixture
def put(bundle_folder):
    """Put the small model into a folder, as one made on a day of 2024."""

    def call(folder, day=1):
        shutil.copytree(bundle_folder, folder)
        card = orjson.loads((folder / "card.json").read_bytes())
        card["created"] = f"2024-01-{day:02}T00:00:00+00:00"
        (folder / "card.json").write_bytes(orjson.dumps(card))
        return folder

    return call


# The order


def test_each_place_is_asked_before_the_next(installed, put, monkeypatch):
    shipped = put(installed / "shipped", day=9)
    assert find_bundle() == shipped
    newest = put(Path("models") / "ours", day=3)
    assert find_bundle() == newest
    elsewhere = put(Path("elsewhere") / "theirs", day=2)
    monkeypatch.setenv("SARING_MODELS", "elsewhere")
    assert find_bundle() == elsewhere
    named = put(Path("named"), day=1)
    assert find_bundle(named) == find_bundle("named") == named


def test_an_empty_variable_names_no_folder(put, monkeypatch):
    ours = put(Path("models") / "ours")
    monkeypatch.setenv("SARING_MODELS", "")
    assert find_bundle() == ours


def test_what_was_asked_for_and_is_not_there_is_no_reason_to_take_another(installed, put, monkeypatch):
    put(installed / "shipped")
    put(Path("models") / "ours")
    with pytest.raises(BundleError, match="nowhere: found no model"):
        find_bundle("nowhere")
    monkeypatch.setenv("SARING_MODELS", "empty")
    Path("empty").mkdir()
    with pytest.raises(BundleError, match="empty: found no model"):
        find_bundle()


# Folders of bundles


def test_the_newest_of_a_folder_is_taken_whatever_its_name(put):
    put(Path("models") / "z-old", day=1)
    newest = put(Path("models") / "a-new", day=2)
    assert find_bundle() == find_bundle("models") == newest


def test_the_model_that_came_with_saring_is_not_the_user_s_newest(installed, put):
    put(Path("models") / "id-news", day=9)
    shipped = put(installed / "shipped", day=9)
    assert find_bundle() == shipped
    ours = put(Path("models") / "ours", day=1)
    assert find_bundle() == ours
    assert find_bundle("models/id-news") == Path("models/id-news")  # by name it is to be had


def test_of_a_folder_that_is_named_the_shipped_model_is_taken_where_it_is_alone(put):
    shipped = put(Path("models") / "id-news", day=9)
    assert find_bundle("models") == shipped
    ours = put(Path("models") / "ours", day=1)
    assert find_bundle("models") == ours


def test_what_is_no_folder_of_models_is_passed_over(installed, put):
    shipped = put(installed / "shipped")
    Path("models").touch()
    assert find_bundle() == shipped


# The model that comes with saring


def test_without_any_model_the_error_says_how_to_get_one(installed):
    with pytest.raises(BundleError, match=r"run `make train`.*--model or SARING_MODELS"):
        find_bundle()
    (installed / "shipped").mkdir(parents=True)  # left empty by a broken installation
    with pytest.raises(BundleError, match="none came with this installation"):
        shipped_bundle()
