"""A bundle of two topics told apart by a few words, for tests of what is done to bundles."""

import numpy as np

from saring import store
from saring.models.parameters import TermWeights, TopicParameters

TOPICS = ("economy", "other")
_TERMS = ["banjir", "gempa", "rupiah", "saham"]
_COEF = np.array([[-2.0, -2.0, 2.0, 2.0], [2.0, 2.0, -2.0, -2.0]])
_NONE = TermWeights([], np.zeros(0), np.zeros((2, 0)))
TOPIC = TopicParameters(
    whole=TermWeights(_TERMS, np.ones(4), _COEF),
    title=_NONE,
    lead=_NONE,
    lexicon={},
    domains=np.zeros((2, 0)),
    domains_scale=1.0,
    min_df=1,
    intercept=np.zeros(2),
)
CARD = {name: {} for name in store.CARD_FIELDS} | {
    "name": "uji",
    "labels": {"topic": list(TOPICS)},
    "thresholds": {"abstain": 0.5, "out_of_domain": 99.0},
    "licence": "MIT",
    "sources": [],
}
