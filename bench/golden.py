"""Whether `saring score` still gives the rows it gave: the safety net of changes to the code alone.

    python bench/golden.py write FILE_OR_FOLDER ...   notes the rows of today under build/golden/
    python bench/golden.py check FILE_OR_FOLDER ...   compares; exit code 1 where a value differs
    python bench/golden.py rows                       makes tests/golden.jsonl anew

A value is kept as a hash, so nothing of the texts lies about. A model that was trained anew gives
other rows: `rows` then, and say so in the commit.
"""

from __future__ import annotations

import sys
import tempfile
from hashlib import blake2b
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from saring import load
from saring.batch import score

ROOT = Path(__file__).parents[1]
KEPT, ROWS = ROOT / "build" / "golden", ROOT / "tests" / "golden.jsonl"
CORPUS = ROOT / "data" / "corpus" / "articles.jsonl"
N_ROWS, EVERY = 200, 6  # from all over the corpus, which has some 1,400
CHANGING = {"scored_at", "model_version"}


def hashed(path: Path) -> pa.Table:
    """Return the rows of `saring score` with the shipped model, each value as a hash."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.parquet"
        score([path], out, load())
        table = pq.read_table(out)
    names = [name for name in table.column_names if name not in CHANGING]
    return pa.table({name: [_hash(v) for v in table[name].to_pylist()] for name in names})


def _hash(value: object) -> int:
    """Return 63 bits that tell one value from another."""
    found = blake2b(orjson.dumps(value), digest_size=8).digest()
    return int.from_bytes(found, "big") >> 1


def differences(old: pa.Table, new: pa.Table) -> list[str]:
    """Return a line for each column in which the rows differ, and for rows that came or went."""
    if old.num_rows != new.num_rows:
        return [f"{old.num_rows} rows before, {new.num_rows} now"]
    found = [
        f"column {name}: {'new' if name in new.column_names else 'gone'}"
        for name in sorted({*old.column_names} ^ {*new.column_names})
    ]
    for name in [name for name in old.column_names if name in new.column_names]:
        pairs = zip(old[name].to_pylist(), new[name].to_pylist(), strict=True)
        rows = [row for row, (was, now) in enumerate(pairs) if was != now]
        if rows:
            found.append(f"column {name}: {len(rows)} values differ, the first in row {rows[0]}")
    return found


def main(words: list[str]) -> int:
    """Run one of the commands above."""
    match words:
        case ["rows"]:
            lines = CORPUS.read_bytes().splitlines()[::EVERY][:N_ROWS]
            given = [orjson.loads(line) for line in lines]
            sources = [{k: row[k] for k in ("id", "title", "text", "publisher")} for row in given]
            model = load()
            rows = [found.row() for found in model.predict(sources)]
            kept = [{k: v for k, v in row.items() if k not in CHANGING} for row in rows]
            ROWS.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in kept))
        case ["write", *paths] if paths:
            KEPT.mkdir(parents=True, exist_ok=True)
            for path in paths:
                pq.write_table(hashed(Path(path)), KEPT / _name(path))
        case ["check", *paths] if paths:
            wrong = 0
            for path in paths:
                lines = differences(pq.read_table(KEPT / _name(path)), hashed(Path(path)))
                wrong += bool(lines)
                print(f"{path}: {'; '.join(lines) or 'the same'}")
            return min(wrong, 1)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def _name(path: str) -> str:
    """Return the name of the file that keeps the rows of an input."""
    return "-".join(Path(path).resolve().parts[-2:]) + ".parquet"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
