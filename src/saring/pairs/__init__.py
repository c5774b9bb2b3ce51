"""Pairs (article, headline) to numbers: how much of the headline is at home in the article.

Order inside: kin (words that name one thing) <- vocabulary (what words weigh) <- latent (directions
of texts) <- host (an article as the features see it) <- features (one pair to numbers) <-
background (what fitting counts) <- transformer (many pairs; fitting).
"""

from saring.pairs.features import FEATURES
from saring.pairs.transformer import Pair, PairFeatures, PairScaler, Tie

__all__ = ["FEATURES", "Pair", "PairFeatures", "PairScaler", "Tie"]
