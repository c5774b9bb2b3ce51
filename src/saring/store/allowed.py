"""What may stand in a model bundle: a table of types, held in our code and never in a bundle.

Loading a bundle builds only what has a row here, from plain values, and sets only the attributes
the row names. A bundle cannot add to the table, so it can run no code of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from saring.errors import BundleError

__all__ = ["TABLE", "Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """One type that may stand in a bundle.

    Attributes
    ----------
    home : str
        Where its class lives, ``module:name``. All of `get_params()` is kept beside the state.
    state : tuple of str
        Attributes that hold what fitting learnt. Empty for saring's own classes, which name them
        in a class attribute ``STATE``.
    derived : tuple of str
        Attributes that predicting does not need or makes again; left out. Own classes: ``DERIVED``.
    fixed : Mapping[str, Any]
        Parameters that must have one value, because another would run code or open files.
    init : tuple of str
        Constructor arguments, equal to attributes, of a class without `get_params`.
    """

    home: str
    state: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    init: tuple[str, ...] = ()

    def type(self) -> Any:
        """Return the class; imports its module."""
        module, _, name = self.home.partition(":")
        return getattr(import_module(module), name)

    def learnt(self, kind: Any) -> tuple[str, ...]:
        """Return the attributes that are kept for the class `kind`."""
        return (*self.state, *getattr(kind, "STATE", ()), *_SEEN)

    def left_out(self, kind: Any) -> tuple[str, ...]:
        """Return the attributes that are not kept for the class `kind`."""
        return (*self.derived, *getattr(kind, "DERIVED", ()))

    def check_fixed(self, params: Mapping[str, Any], at: str) -> None:
        """Raise BundleError when a parameter that must have one value has another.

        `at` is the place of the estimator, for the message.
        """
        for name, only in self.fixed.items():
            if name in params and params[name] != only:
                raise BundleError(
                    f"{at}.{name}: found {params[name]!r}; in a model bundle it must be {only!r}, "
                    "because another value would run code or open files"
                )


_SEEN = ("n_features_in_", "feature_names_in_")  # what scikit-learn notes on every fit
_LINEAR = ("classes_", "coef_", "intercept_", "n_iter_")
_SCALER = ("mean_", "var_", "scale_", "n_samples_seen_")
_BAYES = (
    "classes_", "class_count_", "class_log_prior_", "feature_count_", "feature_log_prob_",
)  # fmt: skip
# A callable would be code; `input="filename"` would open whatever file a text names.
_TEXT = {"tokenizer": None, "preprocessor": None, "input": "content"}
_VOCABULARY = ("vocabulary_", "fixed_vocabulary_")

TABLE: dict[str, Row] = {
    # assembly; `memory` would read pickles from a folder of the bundle's choice
    "Pipeline": Row("sklearn.pipeline:Pipeline", fixed={"memory": None}),
    "FeatureUnion": Row("sklearn.pipeline:FeatureUnion"),
    "FrozenEstimator": Row("sklearn.frozen:FrozenEstimator"),
    # text
    "CountVectorizer": Row(
        "sklearn.feature_extraction.text:CountVectorizer",
        state=_VOCABULARY, derived=("_stop_words_id",), fixed=_TEXT,
    ),
    "TfidfVectorizer": Row(
        "sklearn.feature_extraction.text:TfidfVectorizer",
        state=(*_VOCABULARY, "_tfidf"), derived=("_stop_words_id",), fixed=_TEXT,
    ),
    "HashingVectorizer": Row(
        "sklearn.feature_extraction.text:HashingVectorizer",
        derived=("_stop_words_id",), fixed=_TEXT,
    ),
    "TfidfTransformer": Row("sklearn.feature_extraction.text:TfidfTransformer", state=("idf_",)),
    # saring's own
    "FieldTfidf": Row("saring.features:FieldTfidf"),
    "DomainShares": Row("saring.features:DomainShares"),
    "PairFeatures": Row("saring.pairs.transformer:PairFeatures"),
    "PairScaler": Row("saring.pairs.transformer:PairScaler", state=_SCALER),
    "HeadlineTfidf": Row("saring.headlines:HeadlineTfidf"),
    "SmoothedLogistic": Row("saring.smoothed:SmoothedLogistic"),
    # numbers
    "StandardScaler": Row(
        "sklearn.preprocessing:StandardScaler",
        state=_SCALER,
    ),
    "MaxAbsScaler": Row(
        "sklearn.preprocessing:MaxAbsScaler", state=("max_abs_", "scale_", "n_samples_seen_")
    ),
    "Normalizer": Row("sklearn.preprocessing:Normalizer"),
    "KBinsDiscretizer": Row(
        "sklearn.preprocessing:KBinsDiscretizer", state=("bin_edges_", "n_bins_", "_encoder")
    ),
    "OneHotEncoder": Row(
        "sklearn.preprocessing:OneHotEncoder",
        state=(
            "categories_", "drop_idx_", "_drop_idx_after_grouping", "_infrequent_enabled",
            "_n_features_outs",
        ),
    ),
    "SplineTransformer": Row(
        "sklearn.preprocessing:SplineTransformer", state=("bsplines_", "n_features_out_")
    ),
    "BSpline": Row(
        "scipy.interpolate:BSpline",
        init=("t", "c", "k", "extrapolate", "axis"), derived=("_t", "_c", "_asarray"),
    ),
    "TruncatedSVD": Row(
        "sklearn.decomposition:TruncatedSVD",
        state=(
            "components_", "explained_variance_", "explained_variance_ratio_", "singular_values_",
        ),
    ),
    # classifiers
    "LogisticRegression": Row("sklearn.linear_model:LogisticRegression", state=_LINEAR),
    "LinearSVC": Row("sklearn.svm:LinearSVC", state=_LINEAR),
    "SGDClassifier": Row(
        "sklearn.linear_model:SGDClassifier",
        state=(*_LINEAR, "t_"), 
        derived=(
            "_expanded_class_weight", "_loss_function_", "_standard_coef", "_standard_intercept",
            "_average_coef", "_average_intercept",
        ),
    ),
    "MultinomialNB": Row("sklearn.naive_bayes:MultinomialNB", state=_BAYES),
    "ComplementNB": Row("sklearn.naive_bayes:ComplementNB", state=(*_BAYES, "feature_all_")),
    "OneVsRestClassifier": Row(
        "sklearn.multiclass:OneVsRestClassifier", 
        state=("estimators_", "label_binarizer_", "classes_"),
    ),
    "LabelBinarizer": Row(
        "sklearn.preprocessing:LabelBinarizer", state=("classes_", "y_type_", "sparse_input_")
    ),
    # calibration
    "CalibratedClassifierCV": Row(
        "sklearn.calibration:CalibratedClassifierCV",
        state=("calibrated_classifiers_", "classes_"),
    ),
    "_CalibratedClassifier": Row(
        "sklearn.calibration:_CalibratedClassifier",
        init=("estimator", "calibrators", "classes", "method"),
    ),
    "_SigmoidCalibration": Row("sklearn.calibration:_SigmoidCalibration", state=("a_", "b_")),
    "_TemperatureScaling": Row("sklearn.calibration:_TemperatureScaling", state=("beta_",)),
}  # fmt: skip
