"""Pairs (article, headline) to numbers: how much of the headline is at home in the article.

Order inside: kin (words that name one thing) <- vocabulary (what words weigh) <- latent (directions
of texts) <- host (an article as the features see it) <- features (one pair to numbers) <- judge
(many pairs) <- background (what fitting counts) <- transformer (fitting).

Who judges needs no scikit-learn; who fits imports `transformer`.
"""

from saring.models.pair_features import FEATURES
from saring.models.plain_scorer import Judge, Pair, Tie

__all__ = ["FEATURES", "Judge", "Pair", "Tie"]
