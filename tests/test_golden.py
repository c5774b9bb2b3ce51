"""The shipped model gives the rows of `tests/golden.jsonl`, which `bench/golden.py rows` makes."""

from pathlib import Path

import orjson
import pytest

GOLDEN = Path(__file__).with_name("golden.jsonl")
# The same on every machine but for how a linear algebra library adds up.
CLOSE = {"rel": 1e-6, "abs": 1e-8}


def close(one, other):
    """Whether two values are the same, numbers but for rounding."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    return one == (pytest.approx(other, **CLOSE) if isinstance(other, float) else other)


def test_rows_are_those_of_the_golden_file(shipped, embedded_corpus):
    golden = [orjson.loads(line) for line in GOLDEN.read_bytes().splitlines()]
    given = {row["id"]: row for row in map(orjson.loads, embedded_corpus.read_bytes().splitlines())}
    sources = [{name: given[row["id"]][name] for name in ("id", "title", "text", "publisher")} for row in golden]
    assert len(golden) == 200
    for was, now in zip(golden, shipped.predict(sources), strict=True):
        row = now.row()
        assert close(was, {name: row[name] for name in was}), was["id"]
