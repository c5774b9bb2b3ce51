"""Settings: what conf/train.toml says is the default, and a slip of the pen is an error."""

from dataclasses import asdict
from pathlib import Path

import pytest

from saring.config import LinkConfig, TopicConfig, TrainConfig, flat, load_config
from saring.errors import ConfigError

SHIPPED = Path(__file__).parents[1] / "conf" / "train.toml"


def write(folder, text):
    path = folder / "train.toml"
    path.write_text(text, encoding="utf-8")
    return path


# What a file may say


def test_the_shipped_file_names_every_setting_with_its_default():
    assert load_config(SHIPPED) == TrainConfig()
    text = SHIPPED.read_text(encoding="utf-8")
    for name in flat(TrainConfig()):
        assert f"\n{name.rpartition('.')[2]} = " in text, name


def test_what_a_file_does_not_name_keeps_its_default(tmp_path):
    found = load_config(write(tmp_path, "folds = 3\n[topic]\nmin_df = 4\n"))
    assert found == TrainConfig(folds=3, topic=TopicConfig(min_df=4))
    assert load_config(write(tmp_path, "")) == TrainConfig()


def test_a_whole_number_serves_where_a_fraction_may_stand(tmp_path):
    found = load_config(write(tmp_path, "[topic]\nC = 3\n")).topic.C
    assert (found, type(found)) == (3.0, float)


def test_flat_names_every_setting_once_by_its_table_and_name():
    found = flat(TrainConfig(seed=7, link=LinkConfig(C=0.5)))
    assert (found["seed"], found["link.C"], found["topic.C"]) == (7, 0.5, 10.0)
    assert len(found) == sum(len(value) if isinstance(value, dict) else 1 for value in asdict(TrainConfig()).values())


def test_settings_cannot_be_changed_by_those_who_are_handed_them():
    with pytest.raises(AttributeError):
        TrainConfig().seed = 3


# What it may not


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sede = 1", r"train\.toml: unknown key 'sede'; did you mean 'seed'\?"),
        ("[topic]\nmin_fd = 3", r"train\.toml \[topic\]: unknown key 'min_fd'.*'min_df'"),
        ("zzzzz = 1", r"unknown key 'zzzzz'; known keys: name, licence, about, seed"),
        ("[topics]\nC = 1.0", r"unknown key 'topics'; did you mean 'topic'\?"),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_known_one_named(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load_config(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('folds = "5"', r"train\.toml: folds is '5'; expected a whole number"),
        ("folds = 5.0", r"folds is 5\.0; expected a whole number"),
        ("folds = true", r"folds is True; expected a whole number"),
        ('[link]\nC = "x"', r"train\.toml \[link\]: C is 'x'; expected a number"),
        ("topic = 3", r"topic is 3; expected a table"),
        ("[seed]\nvalue = 1", r"seed is \{'value': 1\}; expected a whole number"),
    ],
)
def test_a_value_of_another_type_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load_config(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("folds = 1", "folds is 1; expected 2 or more"),
        ("seed = -1", "seed is -1; expected 0 to 4294967295"),
        ("abstain_risk = 1.5", r"abstain_risk is 1\.5; expected 0 to 1"),
        ("[topic]\nC = 0", r"\[topic\]: C is 0\.0; expected 1e-09 to"),
        ("[topic]\nC = nan", "C is nan"),
        ("[topic]\nheadline_weight = -0.1", r"headline_weight is -0\.1; expected 0 or more"),
        ("[link]\ndimensions = 0", "dimensions is 0; expected 1 or more"),
        ("[clickbait]\nmin_df = 0", "min_df is 0; expected 1 or more"),
        ("[topic]\ndomains = inf", "domains is inf; expected 0 to 1000000000"),
        ("[topic]\ndomains = -inf", "domains is -inf; expected 0 or more"),
        ("[topic]\ntitle_field = 1e300", r"title_field is 1e\+300; expected 0 to"),
        (f"[link]\nC = 1{'0' * 400}", r"C is 1000\d*\.\.\.0*; expected a number"),
        (f"folds = 0x{'f' * 9999}", "folds is a number of more digits .*; expected 2 to"),
        ("seed" + ".a" * 300 + " = 1", r"seed is \{'a': \{'a': .*; expected a whole number"),
    ],
)
def test_a_value_out_of_range_is_refused_before_any_training(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load_config(write(tmp_path, text))


def test_a_file_that_is_no_toml_or_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigError, match=r"train\.toml: not valid TOML"):
        load_config(write(tmp_path, "folds = = 3"))
    (tmp_path / "utf16.toml").write_text("folds = 3", encoding="utf-16")
    with pytest.raises(ConfigError, match=r"utf16\.toml: not valid TOML"):
        load_config(tmp_path / "utf16.toml")
    for text in (f"seed = {'9' * 10_000}", f"tested = {'[' * 100_000}", "name = \0"):
        with pytest.raises(ConfigError, match=r"train\.toml: not valid TOML"):
            load_config(write(tmp_path, text))
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read \(No such file"):
        load_config(tmp_path / "absent.toml")
