"""Topic tables of one-line articles, told apart by a word each, for tests of what is done to them."""

import numpy as np

from saring.training.tasks import Table

WORDS = {
    "economy": "saham emiten bursa rupiah investor",
    "gossip": "artis penyanyi menikah pacar selebgram",
    "sport": "timnas gol pelatih laga striker",
}


def table(topics, publishers="", *, rows=None, **columns):
    """A table with one row for each topic; columns that are not given hold what most rows hold."""
    n = len(topics)
    plain = {"ids": "", "days": "", "corpora": "", "weights": 1.0, "shares": np.nan, "grades": np.nan, "is_eval": True}
    filled = plain | {"publishers": publishers} | columns
    return Table(
        rows=rows or [(WORDS.get(topic, topic), f"warga nomor{i}") for i, topic in enumerate(topics)],
        truth=np.array(topics, dtype=np.str_),
        articles=np.arange(n),
        **{name: np.broadcast_to(np.asarray(value), (n,)) for name, value in filled.items()},
    )


def mixed(n=60, n_publishers=6):
    """A table of three topics in turn, from publishers that each have all of them."""
    topics = [list(WORDS)[i % 3] for i in range(n)]
    return table(topics, [f"Portal {i // 3 % n_publishers}" for i in range(n)])
