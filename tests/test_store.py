"""A model bundle: what goes in comes out, and nothing else ever gets in."""

from __future__ import annotations

import contextlib
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
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    Normalizer,
    OneHotEncoder,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import LinearSVC

from saring import store
from saring.errors import BundleError
from saring.store.allowed import TABLE, Row
from saring.store.arrays import Strings, read_npz, write_npz
from saring.store.card import CARD_FIELDS, to_json, version_of
from saring.store.flatten import flatten
from saring.store.rebuild import rebuild

TOPICS = {
    "economy": "rupiah menguat bank sentral menahan suku bunga pasar saham naik ekspor",
    "gossip": "artis itu menikah lagi kekasihnya selebgram curhat rumah tangga pesta",
    "other": "gempa mengguncang kota tim sepak bola menang banjir merendam rumah warga",
}
TEXTS = [" ".join((words.split() * 2)[i : i + 6]) for words in TOPICS.values() for i in range(10)]
LABELS = [topic for topic in TOPICS for _ in range(10)]
CARD = {
    "name": "uji",
    "data": {"sha256": "00", "rows": len(TEXTS)},
    "config": {"seed": 7},
    "labels": {"topic": list(TOPICS)},
    "metrics": {"test": {"macro_f1": np.float64(0.9)}},
    "thresholds": {"abstain": 0.4},
    "licence": "MIT",
    "sources": ["synthetic"],
}


class Toy(TransformerMixin, BaseEstimator):
    """A transformer of our own: names what it learns, and what it can make again."""

    STATE: ClassVar = ("vectorizer_", "weights_", "names_", "limit_")
    DERIVED: ClassVar = ("cache_",)

    def __init__(self, power: float = math.inf) -> None:
        self.power = power

    def fit(self, texts: list[str], y: Any = None) -> Toy:
        self.vectorizer_ = TfidfVectorizer().fit(texts)
        self.weights_ = np.arange(3.0)
        self.names_ = ["a", "b"]
        self.limit_ = math.nan
        self.cache_ = {"anything": object()}
        return self

    def transform(self, texts: list[str]) -> Any:
        return self.vectorizer_.transform(texts)


def fitted(model: Any) -> Any:
    return model.fit(TEXTS, LABELS)


def outcome(model: Any, texts: list[str]) -> Any:
    """What a model says of texts, as exact numbers."""
    for method in ("predict_proba", "decision_function", "transform"):
        if hasattr(model, method):
            values = getattr(model, method)(texts)
            return values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    raise AssertionError("nothing to compare")


def dense(*steps: Any) -> Pipeline:
    return make_pipeline(TfidfVectorizer(), TruncatedSVD(5, random_state=0), *steps)


def calibrated(method: str, **options: Any) -> CalibratedClassifierCV:
    return CalibratedClassifierCV(LinearSVC(), method=method, cv=3, **options)


MODELS = {
    "tfidf words and characters": make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=2),
        ),
        LogisticRegression(C=3, class_weight={"economy": 2.0, "gossip": 1.0, "other": 1.0}),
    ),
    "counts, tf-idf, bayes": make_pipeline(CountVectorizer(), TfidfTransformer(), MultinomialNB()),
    "own vocabulary, complement bayes": make_pipeline(
        CountVectorizer(vocabulary=["rupiah", "artis", "gempa"]), ComplementNB()
    ),
    "hashing, scaled, sgd": make_pipeline(
        HashingVectorizer(n_features=512), MaxAbsScaler(), SGDClassifier("log_loss", average=True)
    ),
    "svd, scaled": dense(StandardScaler(), LogisticRegression()),
    "svd, normalised": dense(Normalizer(), LinearSVC()),
    "bins": dense(KBinsDiscretizer(3, strategy="uniform"), LinearSVC()),
    "bins as numbers": dense(
        KBinsDiscretizer(3, encode="ordinal", strategy="uniform"),
        OneHotEncoder(handle_unknown="ignore"),
        LinearSVC(),
    ),
    "splines": dense(SplineTransformer(4), LogisticRegression()),
    "one against the rest": make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LinearSVC())),
    "sigmoid": make_pipeline(TfidfVectorizer(), calibrated("sigmoid", ensemble=False)),
    "sigmoid of each fold": make_pipeline(TfidfVectorizer(), calibrated("sigmoid")),
    "temperature": make_pipeline(TfidfVectorizer(), calibrated("temperature", ensemble=False)),
    "calibrated afterwards": CalibratedClassifierCV(
        FrozenEstimator(fitted(make_pipeline(TfidfVectorizer(), LogisticRegression()))),
        ensemble=False,
    ),
}


@pytest.fixture
def model() -> Pipeline:
    return fitted(make_pipeline(TfidfVectorizer(), LogisticRegression()))


@pytest.fixture
def bundle(tmp_path: Path, model: Pipeline) -> Path:
    return store.save(tmp_path / "bundle", {"topic": model}, CARD)


def rewrite(folder: Path, **files: bytes) -> None:
    """Change files of a bundle and make checksums and version fit: what an attacker would do."""
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    contents |= {name.replace("_", "."): data for name, data in files.items()}
    del contents["checksums.json"]
    card = json.loads(contents["card.json"])
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    if "model_version" in card:
        contents["card.json"] = to_json(card | {"model_version": version_of(card, digests)})
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    (folder / "checksums.json").write_bytes(to_json(digests))


def altered_tree(folder: Path, change: Any) -> None:
    """Let `change` edit the tree of the estimator `topic`, and make everything else fit."""
    tree, arrays = read_npz((folder / "topic.npz").read_bytes(), "topic")
    change(tree, arrays)
    rewrite(folder, topic_npz=write_npz(tree, arrays))


# what goes in comes out


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_gives_the_same_numbers(name: str, tmp_path: Path) -> None:
    model = fitted(MODELS[name])
    loaded = store.load(store.save(tmp_path / "b", {"topic": model}, CARD)).estimators["topic"]
    texts = [*TEXTS, "", "saham artis gempa", "\ud800 rupiah"]
    np.testing.assert_array_equal(outcome(loaded, texts), outcome(model, texts))
    assert type(loaded) is type(model)
    assert list(loaded.predict(texts)) == list(model.predict(texts))
    assert repr(loaded) == repr(model)


def test_every_row_of_the_table_is_covered_by_a_round_trip() -> None:
    seen: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            seen.update([node["type"]] if "type" in node else [])
            node = list(node.values())
        if isinstance(node, list):
            for item in node:
                walk(item)

    for name, model in MODELS.items():
        walk(flatten(fitted(model), name)[0])
    ours = {name for name, row in TABLE.items() if row.home.startswith("saring.")}
    assert seen == set(TABLE) - ours  # saring's own types are tested where they live


WORDS = st.text(st.characters(codec=None), max_size=12)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(WORDS, min_size=3, max_size=100, unique=True))
def test_any_texts_survive(texts: list[str], tmp_path: Path) -> None:
    model = TfidfVectorizer(analyzer="char", ngram_range=(1, 3)).fit([*texts, "isi"])
    loaded = rebuild(*flatten(model, "v"), "v")
    assert loaded.vocabulary_ == model.vocabulary_
    assert (loaded.transform(texts) != model.transform(texts)).nnz == 0


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(WORDS | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def in_order(value: Any) -> str:
    """A value in words, with mappings sorted, as their order is no part of them."""
    if isinstance(value, dict):
        return repr(sorted((repr(key), in_order(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return type(value).__name__ + repr([in_order(item) for item in value])
    return repr(value)


@given(value=PLAIN)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    tree, arrays = read_npz(write_npz(*flatten(value, "v")), "v")
    assert in_order(rebuild(tree, arrays, "v")) == in_order(value)


@given(strings=st.lists(WORDS, max_size=200))
def test_strings_come_back_as_they_were(strings: list[str]) -> None:
    assert Strings.of(strings).tolist() == strings


@pytest.mark.parametrize("lengths", [[1, 2], [3, 1], [1, 1, 2]])
def test_strings_that_lengths_cut_elsewhere_are_refused(lengths):
    flat = Strings(Strings.of(["é", "a"]).blob, np.array(lengths, np.uint32))
    with pytest.raises(ValueError, match=r"bytes whose lengths make|inside a character"):
        flat.tolist()


def test_a_type_of_our_own_keeps_its_state_and_drops_what_it_can_make_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TABLE, "Toy", Row(f"{__name__}:Toy"))
    toy = Toy().fit(TEXTS)
    loaded = store.load(store.save(tmp_path / "b", {"toy": toy}, CARD)).estimators["toy"]
    np.testing.assert_array_equal(outcome(loaded, TEXTS), outcome(toy, TEXTS))
    assert loaded.power == math.inf
    assert math.isnan(loaded.limit_)
    assert loaded.names_ == ["a", "b"]
    assert not hasattr(loaded, "cache_")


def test_column_names_and_labels_of_a_data_frame_survive() -> None:
    frame = pd.DataFrame({"overlap": [0.0, 1.0, 2.0, 3.0], "cosine": [1.0, 0.0, 1.0, 0.5]})
    labels = np.array(["related", "unrelated"] * 2, dtype=object)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, labels)
    loaded = rebuild(*flatten(model, "link"), "link")
    assert list(loaded.feature_names_in_) == ["overlap", "cosine"]
    assert loaded.classes_.dtype == object
    np.testing.assert_array_equal(loaded.predict_proba(frame), model.predict_proba(frame))


def test_single_precision_halves_the_tables_and_keeps_the_types(tmp_path: Path) -> None:
    model = fitted(make_pipeline(HashingVectorizer(n_features=1024), LogisticRegression()))
    model[-1].coef_ = np.random.default_rng(0).normal(size=(3, 1024))
    double = store.save(tmp_path / "double", {"topic": model}, CARD)
    single = store.save(tmp_path / "single", {"topic": model}, CARD, single=["topic"])
    loaded = store.load(single).estimators["topic"]
    assert loaded[-1].coef_.dtype == np.float64
    np.testing.assert_allclose(outcome(loaded, TEXTS), outcome(model, TEXTS), atol=1e-6)
    sizes = [(path / "topic.npz").stat().st_size for path in (single, double)]
    assert sizes[0] < 0.6 * sizes[1]


def test_parts_are_flat_arrays_and_need_no_scikit_learn(bundle: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from saring import store\n"
        "parts = store.load(Path(sys.argv[1])).parts('topic')\n"
        "steps = dict(parts['params']['steps'])\n"
        "vocabulary = steps['tfidfvectorizer']['state']['vocabulary_'].tolist()\n"
        "print(len(vocabulary), steps['logisticregression']['state']['coef_'].shape)\n"
        "assert 'sklearn' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, bundle], capture_output=True, text=True, check=True
    )
    terms = len(store.load(bundle).estimators["topic"][0].vocabulary_)
    assert done.stdout == f"{terms} (3, {terms})\n"


def test_an_estimator_is_built_when_it_is_asked_for(tmp_path: Path, model: Pipeline) -> None:
    folder = store.save(tmp_path / "b", {"topic": model, "link": model}, CARD)
    bundle = store.load(folder)
    (folder / "link.npz").write_bytes(b"gone bad after loading")
    assert sorted(bundle.estimators) == ["link", "topic"]
    assert bundle.estimators["topic"] is bundle.estimators["topic"]
    assert "clickbait" not in bundle.estimators
    with pytest.raises(BundleError, match=r"link\.npz: differs from its checksum"):
        bundle.estimators["link"]


# the card


def test_the_card_says_what_the_model_is(bundle: Path) -> None:
    card = store.describe(bundle)
    assert card["metrics"] == {"test": {"macro_f1": 0.9}}
    assert card["created"].endswith("+00:00")
    assert {"saring", "scikit-learn", "numpy", "python"} <= set(card["versions"])
    assert card["files"] == {"topic.npz": (bundle / "topic.npz").stat().st_size}
    assert store.load(bundle).model_version == card["model_version"]


def test_equal_models_have_equal_bytes_and_versions(tmp_path: Path, model: Pipeline) -> None:
    again = fitted(make_pipeline(TfidfVectorizer(), LogisticRegression()))
    one = store.save(tmp_path / "1", {"topic": model}, CARD)
    two = store.save(tmp_path / "2", {"topic": again}, CARD | {"created": "2026-01-02T03:04:05Z"})
    assert (one / "topic.npz").read_bytes() == (two / "topic.npz").read_bytes()
    assert store.load(one).model_version == store.load(two).model_version


@pytest.mark.parametrize("field", ["config", "thresholds", "labels"])
def test_what_decides_a_prediction_changes_the_version(
    field: str, tmp_path: Path, bundle: Path, model: Pipeline
) -> None:
    other = store.save(tmp_path / "other", {"topic": model}, CARD | {field: {"seed": 8}})
    assert store.load(other).model_version != store.load(bundle).model_version


@pytest.mark.parametrize("field", CARD_FIELDS)
def test_a_card_without_a_field_is_refused(field: str, tmp_path: Path, model: Pipeline) -> None:
    card = {name: value for name, value in CARD.items() if name != field}
    with pytest.raises(BundleError, match=f"the card lacks {field}"):
        store.save(tmp_path / "b", {"topic": model}, card)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": {"test": math.nan}}, r"card\.metrics\.test: nan is no JSON number"),
        ({"config": {"path": Path("x")}}, r"card\.config\.path: found a PosixPath"),
        ({"model_version": "1"}, "card has model_version, which the store writes itself"),
        ({"created": "2026-01-02T03:04:05"}, "no offset"),
    ],
)
def test_a_card_that_is_not_plain_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path, model: Pipeline
) -> None:
    with pytest.raises(BundleError, match=message):
        store.save(tmp_path / "b", {"topic": model}, CARD | change)
    assert list(tmp_path.iterdir()) == []


# what may not be saved


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (FunctionTransformer(), r"topic: sklearn.*FunctionTransformer may not stand in a model"),
        (
            make_pipeline(FunctionTransformer()),
            r"topic\.steps\[0\]\[1\]: .*saring\.store\.allowed\.TABLE",
        ),
        (TfidfVectorizer(tokenizer=str.split), r"topic\.tokenizer: found .* must be None"),
        (TfidfVectorizer(analyzer=str.split), r"topic\.analyzer: builtins.method_descriptor may"),
        (TfidfVectorizer(input="filename"), r"topic\.input: found 'filename'"),
        (Pipeline([], memory="cache"), r"topic\.memory: found 'cache'"),
        (LogisticRegression(random_state=np.random.RandomState(0)), r"topic\.random_state: "),
        (np.array([object()]), r"topic\[0\]: builtins.object may not"),
        (np.array([[None]]), "topic: an array of dtype object"),
        (TfidfVectorizer(dtype=np.object_), r"topic\.dtype: numpy.dtypes.ObjectDType may not"),
        (np.array(["2026-01-01"], dtype="datetime64[D]"), "dtype datetime64"),
        (Toy(), r"test_store\.Toy may not stand"),
    ],
)
def test_what_may_not_stand_in_a_bundle_is_refused_by_name_and_place(
    estimator: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=message):
        store.save(tmp_path / "b", {"topic": estimator}, CARD)
    assert list(tmp_path.iterdir()) == []


def test_a_class_that_only_bears_an_allowed_name_is_refused() -> None:
    class LinearSVC(BaseEstimator):
        pass

    with pytest.raises(BundleError, match=r"LinearSVC may not stand"):
        flatten(LinearSVC(), "topic")


def test_an_attribute_that_would_be_lost_is_refused(model: Pipeline) -> None:
    model[-1].secret_ = 1
    with pytest.raises(BundleError, match=r"LogisticRegression has attributes.*: secret_"):
        flatten(model, "topic")


@pytest.mark.parametrize("name", ["../topic", "a/b", "", "Topic", "topic.npz", ".topic", "a" * 65])
def test_a_name_that_is_no_file_name_is_refused(name: str, tmp_path: Path, model: Pipeline) -> None:
    with pytest.raises(BundleError, match="estimator name"):
        store.save(tmp_path / "b", {name: model}, CARD)


def test_a_folder_that_exists_is_never_overwritten(bundle: Path, model: Pipeline) -> None:
    before = (bundle / "card.json").read_bytes()
    with pytest.raises(BundleError, match="exists already"):
        store.save(bundle, {"topic": model}, CARD)
    assert (bundle / "card.json").read_bytes() == before


def test_a_bundle_gives_way_to_a_new_one_where_that_is_wanted(
    bundle: Path, model: Pipeline
) -> None:
    before = store.load(bundle).model_version
    found = store.save(
        bundle, {"topic": model, "second": model}, CARD | {"name": "baru"}, replace=True
    )
    assert found == bundle
    assert set(store.load(bundle).estimators) == {"topic", "second"}
    assert store.load(bundle).model_version != before
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]  # the old one is gone


def test_replacing_what_is_not_there_makes_it(tmp_path: Path, model: Pipeline) -> None:
    store.verify(store.save(tmp_path / "b", {"topic": model}, CARD, replace=True))


def test_the_old_bundle_stays_when_the_new_one_cannot_be_written(
    tmp_path: Path, model: Pipeline
) -> None:
    # So long a name is one a folder may have, but not its part, which is written first.
    old = store.save(tmp_path / "b", {"topic": model}, CARD).rename(tmp_path / ("b" * 250))
    before = store.load(old).model_version
    with pytest.raises(BundleError, match="cannot be written"):
        store.save(old, {"topic": model}, CARD | {"config": {"seed": 8}}, replace=True)
    with pytest.raises(BundleError, match="the card lacks name"):
        store.save(old, {"topic": model}, {}, replace=True)
    assert store.load(old).model_version == before
    assert list(tmp_path.iterdir()) == [old]


def test_only_a_bundle_gives_way(tmp_path: Path, bundle: Path, model: Pipeline) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "link").symlink_to(bundle)
    (tmp_path / "file").write_text("")
    for name in ("mine", "link", "file"):
        with pytest.raises(BundleError, match=f"{name}: exists already"):
            store.save(tmp_path / name, {"topic": model}, CARD, replace=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    store.verify(bundle)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path, model: Pipeline) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="cannot be written"):
        store.save(tmp_path / "file" / "b", {"topic": model}, CARD)


# damage and tampering


def test_a_flipped_bit_anywhere_is_refused(bundle: Path) -> None:
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
    store.verify(bundle)


@pytest.mark.parametrize("name", ["card.json", "checksums.json", "topic.npz"])
def test_a_missing_file_is_refused(name: str, bundle: Path) -> None:
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=name):
        store.load(bundle)


def test_an_added_file_is_refused(bundle: Path) -> None:
    (bundle / "model.pkl").write_bytes(b"")
    with pytest.raises(BundleError, match=r"files too many: \['model\.pkl'\]"):
        store.load(bundle)


def test_links_and_folders_in_a_bundle_are_refused(bundle: Path, tmp_path: Path) -> None:
    (bundle / "topic.npz").rename(tmp_path / "elsewhere.npz")
    (bundle / "topic.npz").symlink_to(tmp_path / "elsewhere.npz")
    with pytest.raises(BundleError, match=r"topic\.npz: found a link or folder"):
        store.load(bundle)
    (bundle / "topic.npz").unlink()
    (bundle / "topic.npz").mkdir()
    with pytest.raises(BundleError, match=r"topic\.npz: found a link or folder"):
        store.load(bundle)


def test_a_path_in_the_checksums_is_refused(bundle: Path) -> None:
    checksums = json.loads((bundle / "checksums.json").read_bytes())
    checksums["../elsewhere.npz"] = checksums["topic.npz"]
    (bundle / "checksums.json").write_bytes(to_json(checksums))
    with pytest.raises(BundleError, match=r"expected card\.json and <name>\.npz"):
        store.load(bundle)


def test_no_bundle_at_all_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="saring train"):
        store.load(tmp_path / "nothing")


# other versions


@pytest.mark.parametrize("package", ["scikit-learn", "saring"])
def test_another_minor_version_is_refused_with_both_versions_and_the_remedy(
    package: str, bundle: Path
) -> None:
    card = json.loads((bundle / "card.json").read_bytes())
    here = card["versions"][package]
    card["versions"][package] = "0.0.9"
    rewrite(bundle, card_json=json.dumps(card).encode())
    with pytest.raises(BundleError, match=rf"made with {package} 0\.0\.9, and {here} is .*Train"):
        store.load(bundle)
    skewed = store.load(bundle, allow_version_skew=True)
    assert list(skewed.estimators["topic"].predict(TEXTS)) == LABELS
    assert store.describe(bundle)["versions"][package] == "0.0.9"


def test_another_patch_level_passes(bundle: Path) -> None:
    card = json.loads((bundle / "card.json").read_bytes())
    major, minor = card["versions"]["scikit-learn"].split(".")[:2]
    card["versions"] |= {"scikit-learn": f"{major}.{minor}.999", "numpy": "1.0"}
    rewrite(bundle, card_json=json.dumps(card).encode())
    store.load(bundle)


def test_another_format_is_refused_even_with_skew_allowed(bundle: Path) -> None:
    card = json.loads((bundle / "card.json").read_bytes())
    rewrite(bundle, card_json=json.dumps(card | {"format": 99}).encode())
    with pytest.raises(BundleError, match="bundle format 99; this saring reads format 1"):
        store.load(bundle, allow_version_skew=True)


# hostile bundles, with checksums that fit


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return Path.touch, (self.target,)


def test_a_pickle_in_the_arrays_is_refused_and_never_run(bundle: Path, tmp_path: Path) -> None:
    member = io.BytesIO()
    np.save(member, np.array([Payload(tmp_path / "run")], dtype=object), allow_pickle=True)
    out = io.BytesIO((bundle / "topic.npz").read_bytes())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("extra.npy", member.getvalue())
        archive.writestr("raw.pkl", pickle.dumps(Payload(tmp_path / "run")))
    rewrite(bundle, topic_npz=out.getvalue())
    with pytest.raises(BundleError, match="allow_pickle=False"):
        store.load(bundle).estimators["topic"]
    with pytest.raises(BundleError, match="allow_pickle=False"):
        store.verify(bundle)
    assert not (tmp_path / "run").exists()


def test_a_bare_pickle_is_refused_and_never_run(bundle: Path, tmp_path: Path) -> None:
    rewrite(bundle, topic_npz=pickle.dumps(Payload(tmp_path / "run")))
    with pytest.raises(BundleError, match=r"expected an \.npz"):
        store.load(bundle).estimators["topic"]
    assert not (tmp_path / "run").exists()


def step(tree: Any, index: int) -> Any:
    """The node of one step of the pipeline."""
    return tree["params"]["steps"][index]["tuple"][1]


def swap_type(tree: Any, arrays: Any) -> None:
    step(tree, 1)["type"] = "FunctionTransformer"


def add_state(tree: Any, arrays: Any) -> None:
    step(tree, 1)["state"]["predict"] = "x"


def add_param(tree: Any, arrays: Any) -> None:
    step(tree, 1)["params"]["__class__"] = "x"


def open_files(tree: Any, arrays: Any) -> None:
    step(tree, 0)["params"]["input"] = "filename"


def unknown_tag(tree: Any, arrays: Any) -> None:
    step(tree, 1)["state"]["coef_"] = {"call": "os.system"}


def object_dtype(tree: Any, arrays: Any) -> None:
    step(tree, 1)["state"]["coef_"] = {"dtype": "O"}


def lost_array(tree: Any, arrays: Any) -> None:
    arrays.pop(step(tree, 1)["state"]["coef_"]["array"])


def long_strings(tree: Any, arrays: Any) -> None:
    lengths = next(key for key in arrays if key.endswith(".lengths"))
    arrays[lengths] = arrays[lengths] + 1


HOSTILE = [
    (swap_type, "of type 'FunctionTransformer', which may not stand in a model bundle"),
    (add_state, "LogisticRegression has predict, expected only"),
    (add_param, "LogisticRegression has __class__, expected only"),
    (open_files, "found 'filename'"),
    (unknown_tag, "its tree and arrays do not fit together"),
    (object_dtype, "dtype 'O'"),
    (lost_array, "its tree and arrays do not fit together"),
    (long_strings, "whose lengths make"),
]


@pytest.mark.parametrize(("change", "message"), HOSTILE, ids=lambda x: getattr(x, "__name__", ""))
def test_a_tree_that_was_altered_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    texts = [f"kata{i} {text}" for i, text in enumerate(TEXTS * 3)]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, LABELS * 3)
    folder = store.save(tmp_path / "b", {"topic": model}, CARD)
    altered_tree(folder, change)
    with pytest.raises(BundleError, match=message):
        store.load(folder).estimators["topic"]


ODD = st.sampled_from(
    [None, -1, "x", [], {}, {"array": "x"}, {"float": "x"}, {"scalar": ["O", 1]}, {"tuple": 5},
     {"dict": [[[], 1]]}, {"terms": "x"}, {"type": ["x"]}, {"type": "Pipeline", "params": {}}]
)  # fmt: skip
TREE, ARRAYS = flatten(fitted(MODELS["sigmoid"]), "sigmoid")


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a tree."""
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    found = [(node, key) for key, _ in inner]
    return found + [
        place for node, key in found if isinstance(node[key], dict | list)
        for place in places(node[key])
    ]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(data=st.data(), odd=ODD)
def test_an_altered_tree_raises_nothing_but_a_bundle_error(data: Any, odd: Any) -> None:
    tree = json.loads(json.dumps(TREE))
    node, key = data.draw(st.sampled_from(places(tree)))
    node[key] = odd
    with contextlib.suppress(BundleError):
        rebuild(tree, ARRAYS, "sigmoid")


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_an_altered_file_raises_nothing_but_a_bundle_error(place: int, bit: int) -> None:
    raw = bytearray(write_npz(TREE, ARRAYS))
    raw[place % len(raw)] ^= 1 << bit
    with contextlib.suppress(BundleError):
        rebuild(*read_npz(bytes(raw), "sigmoid"), "sigmoid")


def test_a_bottomless_tree_is_refused(bundle: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tree.json", "[" * 100_000 + "]" * 100_000)
    rewrite(bundle, topic_npz=out.getvalue())
    with pytest.raises(BundleError, match=r"topic\.npz"):
        store.load(bundle).estimators["topic"]


def test_a_zip_bomb_is_refused(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saring.store.arrays.MAX_MEMBER_BYTES", 1000)
    with pytest.raises(BundleError, match="unfolds to"):
        store.load(bundle).estimators["topic"]


# the folder of models


def test_the_newest_model_is_found_by_its_time(tmp_path: Path, model: Pipeline) -> None:
    assert store.newest(tmp_path / "models") is None
    models = tmp_path / "models"
    new = store.add(models, {"topic": model}, CARD | {"created": "2026-03-01T00:00:00+07:00"})
    store.save(models / "zz", {"topic": model}, CARD | {"created": "2026-02-01T00:00:00Z"})
    (models / "not-a-model").mkdir()
    (models / ".x.part").mkdir()
    assert store.newest(models) == new
    assert new.name == f"20260228T170000Z-{store.load(new).model_version}"


def test_a_damaged_newest_model_is_not_passed_over_in_silence(bundle: Path) -> None:
    (bundle / "card.json").write_text("{")
    with pytest.raises(BundleError, match=r"card\.json"):
        store.newest(bundle.parent)


def test_a_reader_never_sees_half_a_bundle(tmp_path: Path, model: Pipeline) -> None:
    done = threading.Event()
    seen: list[str] = []
    failures: list[Exception] = []

    def read() -> None:
        while not done.is_set():
            try:
                if (path := store.newest(tmp_path / "models")) is not None:
                    store.load(path).estimators["topic"].predict(TEXTS[:1])
                    seen.append(path.name)
            except Exception as error:  # the test's point is that there is none
                failures.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    for minute in range(10):
        created = f"2026-01-01T00:{minute:02}:00Z"
        store.add(tmp_path / "models", {"topic": model}, CARD | {"created": created})
    while not failures and (not seen or "T0009" not in seen[-1]):
        done.wait(0.01)
    done.set()
    reader.join()
    assert failures == []
    assert not [path for path in (tmp_path / "models").iterdir() if path.name.endswith(".part")]


def test_a_large_model_loads_in_half_a_second(tmp_path: Path) -> None:
    terms = [f"suku kata {i:06}" for i in range(100_000)]
    vectorizer = TfidfVectorizer()
    vectorizer.fit(["isi berita"])
    vectorizer.vocabulary_ = {term: i for i, term in enumerate(terms)}
    vectorizer._tfidf.idf_ = np.random.default_rng(0).random(len(terms))
    linear = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], list("abcd"))
    linear.coef_ = np.random.default_rng(1).random((4, len(terms)))
    folder = store.save(tmp_path / "b", {"topic": make_pipeline(vectorizer, linear)}, CARD)
    started = time.process_time()
    store.load(folder).estimators["topic"]
    assert time.process_time() - started < 0.5
