"""A model bundle: what goes in comes out, and nothing else ever gets in."""

import hashlib
import io
import json
import math
import pickle
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saring import store
from saring.errors import BundleError
from saring.kernel.scoring import link_probabilities, pair_features
from saring.models.pair_features import FEATURES, FEWEST_FEATURES
from saring.models.pair_fitting import PairFeatures
from saring.models.parameters import (
    ClickbaitParameters,
    LinkParameters,
    TermWeights,
    TopicParameters,
    from_arrays,
    to_arrays,
)
from saring.predict import Model, load

WORDS = {"economy": ["rupiah", "saham"], "gossip": ["artis", "pacar"], "other": ["gempa"]}
TERMS = sorted({word for words in WORDS.values() for word in words})
NOTHING = TermWeights([], np.zeros(0), np.zeros((3, 0)))
CARD = {
    "name": "uji",
    "data": {"sha256": "00", "rows": 30},
    "config": {"seed": 7},
    "labels": {"topic": list(WORDS), "clickbait": ["clear", "clickbait"]},
    "metrics": {"test": {"macro_f1": np.float64(0.9)}},
    "thresholds": {"abstain": 0.4, "out_of_domain": 9.0},
    "licence": "MIT",
    "sources": ["synthetic"],
}
TOPIC = TopicParameters(
    whole=TermWeights(
        TERMS,
        np.linspace(1, 2, len(TERMS)),
        np.array([[float(term in words) for term in TERMS] for words in WORDS.values()]),
    ),
    title=NOTHING,
    lead=NOTHING,
    lexicon={"uang": ["rupiah", "suku bunga"], "kosong": []},
    domains=np.arange(12.0).reshape(3, 4) / 100,
    domains_scale=0.5,
    min_df=2,
    intercept=np.zeros(3),
)
TEXTS = ["rupiah dan saham", "artis itu", "gempa.", "", "\ud800 rupiah suku bunga"]


def save(folder: Path, card=CARD, **options) -> Path:
    return store.save(folder, {"topic": TOPIC}, card, **options)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return save(tmp_path / "bundle")


@pytest.fixture(scope="module")
def small_files(tmp_path_factory) -> dict[str, bytes]:
    """The files of a bundle, by name."""
    return contents(save(tmp_path_factory.mktemp("small") / "b"))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Path:
    """A folder that each example fills anew."""
    return tmp_path_factory.mktemp("scratch")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    """Have a folder hold these files and no others."""
    for path in folder.iterdir():
        path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def rewrite(folder: Path, **files: bytes) -> None:
    """Change files of a bundle and make checksums and version fit: what an attacker would do."""
    found = contents(folder)
    found |= {name.replace("_", "."): data for name, data in files.items()}
    del found["checksums.json"]
    card = json.loads(found["card.json"])
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}
    if isinstance(card, dict) and "model_version" in card:
        found["card.json"] = store.to_json(card | {"model_version": store.version_of(card, digests)})
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}
    for name, data in found.items():
        (folder / name).write_bytes(data)
    (folder / "checksums.json").write_bytes(store.to_json(digests))


def same(one, other) -> bool:
    if is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


# what goes in comes out


def test_a_loaded_model_is_the_one_that_was_saved(bundle):
    assert same(store.load(bundle).topic, TOPIC)


def test_every_model_of_a_trained_bundle_comes_back(bundle_folder, tmp_path):
    trained = store.load(bundle_folder)
    for task in trained.tasks:
        parameters = getattr(trained, task)
        arrays = store.read_npz(store.write_npz(to_arrays(parameters)))
        assert same(from_arrays(type(parameters), arrays), parameters)


@given(st.lists(st.text(st.characters(codec=None), max_size=12), max_size=100, unique=True))
def test_any_terms_survive(terms):
    weights = TermWeights(terms, np.ones(len(terms)), np.ones((1, len(terms))))
    arrays = store.read_npz(store.write_npz(to_arrays(weights)))
    assert from_arrays(TermWeights, arrays).terms == terms


@pytest.mark.parametrize("lengths", [[1, 2], [3, 1], [1, 1, 1]])
def test_strings_that_lengths_cut_elsewhere_are_refused(lengths):
    arrays = to_arrays(TermWeights(["é", "a"], np.ones(2), np.ones((1, 2))))
    arrays["terms.lengths"] = np.array(lengths, np.uint32)
    with pytest.raises(ValueError, match=r"bytes whose lengths make|inside a character"):
        from_arrays(TermWeights, arrays)


def test_long_arrays_are_kept_in_single_precision_and_come_back_in_double(tmp_path):
    terms = [f"kata{i}" for i in range(2000)]
    rng = np.random.default_rng(0)
    whole = TermWeights(terms, 1 + rng.random(2000), rng.normal(size=(3, 2000)))
    folder = store.save(tmp_path / "b", {"topic": replace(TOPIC, whole=whole)}, CARD)
    loaded = store.load(folder).topic.whole
    assert loaded.coef.dtype == np.float64
    np.testing.assert_allclose(loaded.coef, whole.coef, atol=1e-6)
    assert (folder / "topic.npz").stat().st_size < 2000 * 4 * 4 + 12_000


def test_a_model_is_read_when_it_is_first_asked_for(bundle):
    loaded = store.load(bundle)
    kept = loaded.topic
    (bundle / "topic.npz").write_bytes(b"gone bad after loading")
    assert loaded.topic is kept
    assert loaded.tasks == ("topic",)
    assert loaded.link is None and loaded.clickbait is None


def test_a_file_that_changes_after_loading_is_refused(bundle):
    loaded = store.load(bundle)
    (bundle / "topic.npz").write_bytes(b"gone bad after loading")
    with pytest.raises(BundleError, match=r"topic\.npz: differs from its checksum"):
        _ = loaded.topic


def test_reading_a_bundle_needs_no_scikit_learn(bundle):
    code = (
        "import sys; from pathlib import Path; from saring import store\n"
        "store.load(Path(sys.argv[1])).topic; assert 'sklearn' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, bundle], check=True)


def test_neither_bundle_nor_model_fills_the_screen(bundle):
    assert len(repr(store.load(bundle))) < 300
    assert len(repr(Model(store.load(bundle)))) < 300


# the card


def test_the_card_says_what_the_model_is(bundle):
    card = store.load(bundle).card
    assert card["metrics"] == {"test": {"macro_f1": 0.9}}
    assert card["created"].endswith("+00:00")
    assert {"saring", "scikit-learn", "numpy", "python"} <= set(card["versions"])
    assert card["files"] == {"topic.npz": (bundle / "topic.npz").stat().st_size}
    assert store.load(bundle).model_version == card["model_version"]


def test_equal_models_have_equal_bytes_and_versions(tmp_path):
    one, two = (save(tmp_path / "1"), save(tmp_path / "2", CARD | {"created": "2026-01-02T03:04:05Z"}))
    assert (one / "topic.npz").read_bytes() == (two / "topic.npz").read_bytes()
    assert store.load(one).model_version == store.load(two).model_version


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"seed": 8}},
        {"thresholds": {"abstain": 0.5, "out_of_domain": 9.0}},
        {"labels": {"topic": ["a", "b", "c"]}},
    ],
)
def test_what_decides_a_prediction_changes_the_version(change, tmp_path, bundle):
    other = save(tmp_path / "other", CARD | change)
    assert store.load(other).model_version != store.load(bundle).model_version


@pytest.mark.parametrize("field", store.CARD_FIELDS)
def test_a_card_without_a_field_is_refused(field, tmp_path):
    with pytest.raises(BundleError, match=f"the card lacks {field}"):
        save(tmp_path / "b", {name: value for name, value in CARD.items() if name != field})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": {"test": math.nan}}, r"card\.metrics\.test: nan is no JSON number"),
        ({"config": {"path": Path("x")}}, r"card\.config\.path: found a PosixPath"),
        ({"model_version": "1"}, "card has model_version, which the store writes itself"),
        ({"created": "2026-01-02T03:04:05"}, "no offset"),
        ({"labels": {"topic": ["a", "b"]}}, "2 labels and 3 intercepts"),
        ({"labels": {"topic": ["a", "a", "b"]}}, r"labels\.topic missing or not as"),
        ({"labels": {"topic": ["a", "b", 3]}}, r"labels\.topic missing or not as"),
        ({"labels": {"topic": ["a", "b", ""]}}, r"labels\.topic missing or not as"),
        ({"labels": {}, "name": 5}, r": name, labels\.topic missing or not as"),
        ({"thresholds": {"abstain": "0.5", "out_of_domain": 9}}, r"thresholds\.abstain missing or not"),
    ],
)
def test_a_card_that_is_not_plain_or_does_not_fit_is_refused(change, message, tmp_path):
    with pytest.raises(BundleError, match=message):
        save(tmp_path / "b", CARD | change)
    assert list(tmp_path.iterdir()) == []


# the folder


def test_a_folder_that_exists_is_never_overwritten(bundle):
    before = (bundle / "card.json").read_bytes()
    with pytest.raises(BundleError, match="exists already"):
        save(bundle)
    assert (bundle / "card.json").read_bytes() == before


def test_a_bundle_gives_way_to_a_new_one_where_that_is_wanted(bundle):
    before = store.load(bundle).model_version
    bait = TermWeights([], np.zeros(0), np.zeros((1, 0)))
    models = {"topic": TOPIC, "clickbait": ClickbaitParameters(bait, bait, bait, 0.5)}
    assert store.save(bundle, models, CARD | {"name": "baru"}, replace=True) == bundle
    assert store.load(bundle).tasks == ("topic", "clickbait")
    assert store.load(bundle).model_version != before
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]  # the old one is gone


def test_replacing_what_is_not_there_makes_it(tmp_path):
    assert store.load(save(tmp_path / "b", replace=True)).topic


def test_the_old_bundle_stays_when_the_new_one_cannot_be_written(tmp_path):
    # So long a name is one a folder may have, but not its part, which is written first.
    old = save(tmp_path / "b").rename(tmp_path / ("b" * 250))
    before = store.load(old).model_version
    with pytest.raises(BundleError, match="cannot be written"):
        save(old, CARD | {"config": {"seed": 8}}, replace=True)
    with pytest.raises(BundleError, match="the card lacks name"):
        save(old, {}, replace=True)
    assert store.load(old).model_version == before
    assert list(tmp_path.iterdir()) == [old]


def test_only_a_bundle_gives_way(tmp_path, bundle):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "link").symlink_to(bundle)
    (tmp_path / "file").write_text("")
    for name in ("mine", "link", "file"):
        with pytest.raises(BundleError, match=f"{name}: exists already"):
            save(tmp_path / name, replace=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    store.load(bundle)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="cannot be written"):
        save(tmp_path / "file" / "b")


# damage and tampering


def test_a_flipped_bit_anywhere_is_refused(bundle):
    rng = np.random.default_rng(0)
    for path in sorted(bundle.iterdir()):
        data = path.read_bytes()
        places = range(len(data)) if len(data) < 300 else rng.integers(len(data), size=120)
        for place in map(int, places):
            bit = 1 << int(rng.integers(8))
            path.write_bytes(data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :])
            with pytest.raises(BundleError):
                store.load(bundle)
        path.write_bytes(data)
    assert store.load(bundle).topic


@pytest.mark.parametrize("name", ["card.json", "checksums.json", "topic.npz"])
def test_a_missing_file_is_refused(name, bundle):
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=name):
        store.load(bundle)


def test_an_added_file_is_refused(bundle):
    (bundle / "model.pkl").write_bytes(b"")
    with pytest.raises(BundleError, match=r"files too many: \['model\.pkl'\]"):
        store.load(bundle)


def test_links_and_folders_in_a_bundle_are_refused(bundle, tmp_path):
    (bundle / "topic.npz").rename(tmp_path / "elsewhere.npz")
    (bundle / "topic.npz").symlink_to(tmp_path / "elsewhere.npz")
    with pytest.raises(BundleError, match=r"topic\.npz: a link or folder"):
        store.load(bundle)
    (bundle / "topic.npz").unlink()
    (bundle / "topic.npz").mkdir()
    with pytest.raises(BundleError, match=r"topic\.npz: a link or folder"):
        store.load(bundle)


def test_a_path_in_the_checksums_is_refused(bundle):
    checksums = json.loads((bundle / "checksums.json").read_bytes())
    checksums["../elsewhere.npz"] = checksums["topic.npz"]
    (bundle / "checksums.json").write_bytes(store.to_json(checksums))
    with pytest.raises(BundleError, match=r"expected card\.json and <task>\.npz"):
        store.load(bundle)


def test_checksums_in_another_form_are_refused(bundle):
    """So a change of any byte is seen, of this file too."""
    checksums = json.loads((bundle / "checksums.json").read_bytes())
    (bundle / "checksums.json").write_text(json.dumps(checksums, indent=7))
    with pytest.raises(BundleError, match="in the form saring writes"):
        store.load(bundle)


@pytest.mark.parametrize("open_folder", [store.load, store.newest])
def test_a_folder_that_nobody_can_open_is_an_error(open_folder):
    with pytest.raises(BundleError, match=r"cannot be read \(File name too long\)"):
        open_folder(Path("x" * 5_000))


def test_no_bundle_at_all_names_the_command(tmp_path):
    with pytest.raises(BundleError, match="saring train"):
        store.load(tmp_path / "nothing")


def test_no_version_of_a_package_is_asked_for(bundle):
    card = json.loads((bundle / "card.json").read_bytes())
    card["versions"] = {"saring": "0.0.9", "scikit-learn": "1.2.0", "numpy": "1.0"}
    rewrite(bundle, card_json=json.dumps(card).encode())
    assert store.load(bundle).topic


@pytest.mark.parametrize("number", [1, 99, None, "2"])
def test_another_format_is_refused(number, bundle):
    card = json.loads((bundle / "card.json").read_bytes())
    rewrite(bundle, card_json=json.dumps(card | {"format": number}).encode())
    with pytest.raises(BundleError, match=r"bundle format .*; this saring reads format 2: train"):
        store.load(bundle)


# hostile bundles, with checksums that fit


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


def test_a_pickle_in_the_arrays_is_refused_and_never_run(bundle, tmp_path):
    member = io.BytesIO()
    np.save(member, np.array([Payload(tmp_path / "run")], dtype=object), allow_pickle=True)
    out = io.BytesIO((bundle / "topic.npz").read_bytes())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("extra.npy", member.getvalue())
    for data in (out.getvalue(), pickle.dumps(Payload(tmp_path / "run"))):
        rewrite(bundle, topic_npz=data)
        with pytest.raises(BundleError, match=r"topic\.npz: its arrays do not make a topic model"):
            _ = store.load(bundle).topic
    assert not (tmp_path / "run").exists()


def test_bytes_behind_an_array_are_refused(bundle):
    out = io.BytesIO()
    with zipfile.ZipFile(bundle / "topic.npz") as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + b"x")
    rewrite(bundle, topic_npz=out.getvalue())
    with pytest.raises(BundleError, match="bytes behind the end of the array"):
        _ = store.load(bundle).topic


def test_a_zip_bomb_is_refused(bundle, monkeypatch):
    monkeypatch.setattr(store, "MAX_BYTES", 1000)
    with pytest.raises(BundleError, match="unfolds to"):
        _ = store.load(bundle).topic


ODD_ARRAYS = st.sampled_from([
    np.zeros(0), np.zeros(1), np.array(np.nan), np.array(1.0), np.array(-1), np.zeros((2, 3)),
    np.array(["x"]), np.array([True]), np.array([1 + 2j]), np.full(5, np.inf), np.zeros(5, "f2"),
    np.arange(5, dtype="u1"), np.full((3, 5), np.nan), np.zeros(5, "datetime64[D]"),
    np.array([1, 1, 1, 1, 1], "u4"), np.array([2**32 - 1] * 5, "u4"), np.zeros((3, 5), ">f8"),
    np.array(0), np.array(2**62),
])  # fmt: skip


@pytest.fixture(scope="module")
def whole_bundle(tmp_path_factory) -> Path:
    """Folder of a bundle of all three models, each as small as can be."""
    texts = [(text, f"{text} naik. Kata Bulog, {text} turun.", text) for text in TEXTS]
    pairs = PairFeatures(min_df=1, dimensions=2).fit(texts).parameters_
    numbers = np.linspace(0.5, 1, len(FEATURES))
    words = TermWeights(["artis", "itu"], np.ones(2), np.ones((1, 2)))
    models = {
        "topic": TOPIC,
        "link": LinkParameters(pairs, numbers, numbers, numbers, 0.5),
        "clickbait": ClickbaitParameters(words, words, words, 0.5),
    }
    thresholds = CARD["thresholds"] | {"unrelated": 0.5, "overlap": 0.5}
    labels = CARD["labels"] | {"link": ["related", "unrelated"]}
    card = CARD | {"labels": labels, "thresholds": thresholds}
    return store.save(tmp_path_factory.mktemp("whole") / "b", models, card)


@pytest.fixture(scope="module")
def whole_files(whole_bundle) -> dict[str, bytes]:
    return contents(whole_bundle)


def test_a_link_model_of_other_features_is_refused(whole_bundle, tmp_path):
    found = store.load(whole_bundle)
    more = np.ones(len(FEATURES) + 1)
    link = replace(found.link, mean=more, scale=more, coef=more)
    with pytest.raises(BundleError, match=f"{len(more)} features, expected {FEWEST_FEATURES} to {len(FEATURES)}"):
        card = {name: found.card[name] for name in store.CARD_FIELDS}
        store.save(tmp_path / "b", {"topic": found.topic, "link": link}, card)


def test_a_link_model_that_knows_neither_names_nor_their_features_judges_as_it_did(whole_bundle, tmp_path):
    """Models of saring 0.2 are such."""
    found = store.load(whole_bundle)
    few = np.ones(FEWEST_FEATURES)
    link = replace(found.link, pairs=replace(found.link.pairs, relations={}), mean=few, scale=few, coef=few)
    assert not [name for name in to_arrays(link) if "relations" in name]
    card = {name: found.card[name] for name in store.CARD_FIELDS}
    loaded = store.load(store.save(tmp_path / "b", {"topic": found.topic, "link": link}, card)).link
    pair = ("Harga beras naik", "Bulog menjual beras.", "Lukashenko menjual beras")
    features = pair_features(loaded.pairs, [pair])
    assert features[0, FEWEST_FEATURES:].tolist() == [0] * (len(FEATURES) - FEWEST_FEATURES)
    assert link_probabilities(loaded, features) == 1 / (1 + np.exp(-(features[0, : len(few)] - 1).sum() - 0.5))


def outcome(folder: Path):
    """What the model in a folder says, `BundleError` where it is refused."""
    try:
        model = load(folder)
        rows = [{"title": text, "text": f"{text}\nBaca Juga: {text} itu"} for text in TEXTS]
        return [found.topic for found in model.predict(rows)]
    except BundleError:
        return BundleError


@settings(max_examples=150)
@given(data=st.data())
def test_changed_arrays_are_refused_or_make_another_sound_model(data, whole_files, scratch):
    folder = fill(scratch, whole_files)
    task = data.draw(st.sampled_from(["topic", "link", "clickbait"]))
    arrays = store.read_npz((folder / f"{task}.npz").read_bytes())
    name = data.draw(st.sampled_from(sorted(arrays)))
    change = data.draw(st.sampled_from(["odd", "drop", "shorter", "rename", "cast", "turn"]))
    old = arrays.pop(name)
    match change:
        case "odd":
            arrays[name] = data.draw(ODD_ARRAYS)
        case "shorter" if old.ndim:
            arrays[name] = old[:-1]
        case "rename":
            arrays[f"{name}2"] = old
        case "cast":
            arrays[name] = old.astype(data.draw(st.sampled_from(["f8", "i8", "u1", "U9"])))
        case "turn":
            arrays[name] = old.T[..., None]
    rewrite(folder, **{f"{task}_npz": store.write_npz(arrays)})
    assert (found := outcome(folder)) is BundleError or len(found) == len(TEXTS)


ODD_VALUES = st.sampled_from([None, -1, "x", [], {}, True, ["a"], ["a", "a"], {"topic": []}, [[]]])


@settings(max_examples=200)
@given(data=st.data())
def test_changed_cards_are_refused_or_make_another_sound_model(data, small_files, scratch):
    folder = fill(scratch, small_files)
    card = json.loads((folder / "card.json").read_bytes())
    node, key = data.draw(st.sampled_from([
        *((card, key) for key in card), *((card["labels"], key) for key in card["labels"]),
        *((card["thresholds"], key) for key in card["thresholds"]),
    ]))  # fmt: skip
    if data.draw(st.booleans()):
        node[key] = data.draw(ODD_VALUES)
    else:
        del node[key]
    rewrite(folder, card_json=json.dumps(card).encode())
    assert (found := outcome(folder)) is BundleError or len(found) == len(TEXTS)


@settings(max_examples=200)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_changed_bit_in_the_arrays_is_refused_or_makes_another_sound_model(place, bit, small_files, scratch):
    folder = fill(scratch, small_files)
    raw = bytearray((folder / "topic.npz").read_bytes())
    raw[place % len(raw)] ^= 1 << bit
    rewrite(folder, topic_npz=bytes(raw))
    assert (found := outcome(folder)) is BundleError or len(found) == len(TEXTS)


def test_a_card_with_infinity_is_refused(bundle):
    card = (bundle / "card.json").read_bytes().replace(b'"abstain": 0.4', b'"abstain": Infinity')
    sums = json.loads((bundle / "checksums.json").read_bytes())
    (bundle / "card.json").write_bytes(card)
    sums["card.json"] = hashlib.sha256(card).hexdigest()
    (bundle / "checksums.json").write_bytes(store.to_json(sums))
    with pytest.raises(BundleError, match=r"card\.json: expected JSON"):
        store.load(bundle)


def test_a_bottomless_card_is_refused(bundle):
    (bundle / "card.json").write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(BundleError, match=r"card\.json"):
        store.load(bundle)


# the folder of models


def test_equal_models_of_one_second_are_all_kept(tmp_path):
    card = CARD | {"created": "2026-03-01T00:00:00Z"}
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: store.add(tmp_path, {"topic": TOPIC}, card), range(4)))
    first = min(made)
    assert sorted(path.name for path in made) == [first.name, *(f"{first.name}-{n}" for n in (2, 3, 4))]
    assert sorted(tmp_path.iterdir()) == sorted(made)
    assert len({store.load(path).model_version for path in made}) == 1


def test_the_newest_model_is_found_by_its_time(tmp_path):
    assert store.newest(tmp_path / "models") is None
    models = tmp_path / "models"
    new = store.add(models, {"topic": TOPIC}, CARD | {"created": "2026-03-01T00:00:00+07:00"})
    save(models / "zz", CARD | {"created": "2026-02-01T00:00:00Z"})
    (models / "not-a-model").mkdir()
    (models / ".x.part").mkdir()
    assert store.newest(models) == new
    assert new.name == f"20260228T170000Z-{store.load(new).model_version}"


def test_a_damaged_newest_model_is_not_passed_over_in_silence(bundle):
    (bundle / "card.json").write_text("{")
    with pytest.raises(BundleError, match=r"card\.json"):
        store.newest(bundle.parent)


def test_a_reader_never_sees_half_a_bundle(tmp_path):
    done = threading.Event()
    seen: list[str] = []
    failures: list[Exception] = []

    def read() -> None:
        while not done.is_set():
            try:
                if (path := store.newest(tmp_path / "models")) is not None:
                    assert store.load(path).topic
                    seen.append(path.name)
            except Exception as error:  # the test's point is that there is none
                failures.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    for minute in range(10):
        created = f"2026-01-01T00:{minute:02}:00Z"
        store.add(tmp_path / "models", {"topic": TOPIC}, CARD | {"created": created})
    while not failures and (not seen or "T0009" not in seen[-1]):
        done.wait(0.01)
    done.set()
    reader.join()
    assert failures == []
    assert not [path for path in (tmp_path / "models").iterdir() if path.name.endswith(".part")]


def test_a_large_model_loads_in_half_a_second(tmp_path):
    terms = [f"suku kata {i:06}" for i in range(100_000)]
    rng = np.random.default_rng(0)
    whole = TermWeights(terms, 1 + rng.random(len(terms)), rng.random((3, len(terms))))
    folder = store.save(tmp_path / "b", {"topic": replace(TOPIC, whole=whole)}, CARD)
    started = time.process_time()
    assert store.load(folder).topic
    assert time.process_time() - started < 0.5
