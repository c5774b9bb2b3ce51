"""Speed and accuracy of topic scoring beside scikit-learn and fastText, in one run.

    make bench ARTICLES=FILE.parquet CLICK_ID=PATH [LABELLED=FILE.jsonl] [ROWS=5000]

ARTICLES has columns ``title`` and ``text``. The ways take turns, each on one core, or on two where
it has two threads; the best turn counts. Each gets the texts in the form that suits it, made
beforehand and timed apart: fastText small letters, one line an article. fastText learns from the
rows that the model learned from. Prints Markdown and writes ``bench/results.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.metrics import f1_score
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from saring import store
from saring.config import load_config
from saring.kernel import scoring
from saring.kernel.text_arrays import THREADS
from saring.models.pipelines import topic_parameters
from saring.training.corpus import LabelledArticle, fingerprint, read_corpus
from saring.training.fit import Fitted
from saring.training.tasks import TASKS, Table
from saring.training.trainer import make_jobs

fasttext: Any = import_module("fasttext")  # `make bench` installs it
ROOT = Path(__file__).parents[1]
MODEL, CONFIG = ROOT / "models" / "id-news", ROOT / "conf" / "pretrained.toml"
CORES = sorted(getattr(os, "sched_getaffinity", lambda _: ())(0))
TURNS, PREFIX = 3, "__label__"
PLAIN, OURS = "scikit-learn", "saring"
# Word bigrams and else its defaults, but for a rate and epochs of the range that its tutorial on
# classification names; and the dimensions of its classification example, which are faster.
BIGRAMS = {"wordNgrams": 2, "lr": 0.1, "epoch": 25}
FASTTEXT = {"fastText": BIGRAMS, "fastText, 10 dimensions": BIGRAMS | {"dim": 10}}
PIPELINE = "pipeline.joblib"
OPEN = """import pathlib, sys; from saring import store; from saring.kernel import scoring
model = store.load(pathlib.Path(sys.argv[1]).parent).topic
"""
THEIRS = "import fasttext, sys; fasttext.load_model(sys.argv[1]).predict(['a b'])"
FIRST_ANSWER = {  # what a new process does, given the model's path
    PLAIN: "import joblib, sys; joblib.load(sys.argv[1]).predict_proba([('a', 'b')])",
    OURS: OPEN + "scoring.topics(model, ['a'], ['b'])",
} | dict.fromkeys(FASTTEXT, THEIRS)
PACKAGES = ("numpy", "scipy", "scikit-learn", "numba", "pyarrow", "fasttext", "saring")
SHOWN = {
    "MB/s": ("mb_s", ".1f"),
    "median s": ("median_s", ".2f"),
    "CPU s": ("best_cpu_s", ".2f"),
    "first answer s": ("first_answer_s", ".2f"),
    "model MB": ("model_mb", ".1f"),
}


@dataclass(frozen=True)
class Way:
    """One way of asking: the form it takes titles and texts in, and how it answers."""

    form: Callable[[list[str], list[str]], Any]
    ask: Callable[[Any], Any]
    labels: Callable[[Any], Sequence[str]]
    cores: int = 1


def lines(titles: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Return articles as fastText reads them: in small letters, one line each."""
    return [" ".join(f"{a} {b}".lower().split()) for a, b in zip(titles, texts, strict=True)]


def topic_ways(pipeline: Pipeline, peers: dict[str, Any]) -> dict[str, Way]:
    """Return the ways to ask for topics, by name."""
    model = topic_parameters(pipeline)

    def named(answers: Any) -> Sequence[str]:
        return [str(name) for name in pipeline.classes_[answers.argmax(axis=1)]]

    def bare(answers: Any) -> Sequence[str]:
        return [found[0].removeprefix(PREFIX) for found in answers[0]]

    def ours(both: Any) -> Any:
        return scoring.topics(model, *both).probabilities

    return {
        PLAIN: Way(lambda *both: list(zip(*both, strict=True)), pipeline.predict_proba, named),
        **{name: Way(lines, peer.predict, bare) for name, peer in peers.items()},
        OURS: Way(lambda *both: both, ours, named),
        f"{OURS}, Arrow columns": Way(lambda *both: [*map(pa.array, both)], ours, named),
        f"{OURS}, two threads": Way(lambda *both: both, ours, named, cores=2),
    }


def pin(cores: int) -> None:
    """Keep this process, and those it starts, on so many cores, where the system can, and to as many threads."""
    os.environ[THREADS] = str(cores)
    if CORES:
        os.sched_setaffinity(0, CORES[-cores:])


def timed(run: Callable[..., Any], *given: Any) -> tuple[Any, float, float]:
    """Return what `run` gives, and its wall and processor time, seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = run(*given)
    return answer, time.perf_counter() - wall, time.process_time() - cpu


def take_turns(
    ways: dict[str, Way], titles: list[str], texts: list[str], size: float
) -> tuple[dict[str, dict[str, Any]], float]:
    """Return what each way costs, and the largest difference of ours to scikit-learn's answers."""
    costs: dict[str, dict[str, Any]] = {}
    given, answers = {}, {}
    for name, way in ways.items():
        given[name], _, making = timed(way.form, titles, texts)
        costs[name] = {"form_cpu_s": making, "wall_s": [], "cpu_s": []}
        way.ask(way.form(titles[:1], texts[:1]))  # makes its tables
    for _ in range(TURNS):
        for name, way in ways.items():
            pin(way.cores)
            answers[name], wall, cpu = timed(way.ask, given[name])
            costs[name]["wall_s"].append(wall)
            costs[name]["cpu_s"].append(cpu)
    best = {name: min(cost["wall_s"]) for name, cost in costs.items()}
    for name, cost in costs.items():
        cost |= {"best_s": best[name], "median_s": statistics.median(cost["wall_s"])}
        cost |= {"mb_s": size / best[name], "rows_s": len(titles) / best[name]}
        cost["best_cpu_s"] = min(cost["cpu_s"])
        cost["times"] = {than: best[than] / best[name] for than in (PLAIN, *FASTTEXT)}
    ours = [answers[name] for name in ways if name.startswith(OURS)]
    return costs, max(float(np.abs(found - answers[PLAIN]).max()) for found in ours)


def learn(known: Table, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return fastText's models of the training rows, stored in a folder, and what each cost."""
    texts = lines(*zip(*known.rows, strict=True))
    rows = [f"{PREFIX}{a} {b}\n" for a, b in zip(known.truth, texts, strict=True)]
    (train := folder / "train.txt").write_text("".join(rows), "utf-8")
    peers, costs = {}, {}
    for name, settings in FASTTEXT.items():
        started = time.process_time()
        peers[name] = fasttext.train_supervised(str(train), thread=1, verbose=0, **settings)
        costs[name] = {"training_cpu_s": time.process_time() - started, "settings": settings}
        peers[name].save_model(str(folder / name))
    return peers, costs


def beginnings(folder: Path) -> dict[str, dict[str, float]]:
    """Return what a new process waits for its first answer, and megabytes on disk, of each."""
    pin(1)
    found = {}
    for name, code in FIRST_ANSWER.items():
        path = MODEL / "topic.npz" if name == OURS else folder / (PIPELINE if name == PLAIN else name)
        command = [sys.executable, "-c", code, str(path)]
        waited = min(timed(subprocess.check_call, command)[1] for _ in range(TURNS))
        found[name] = {"first_answer_s": waited, "model_mb": path.stat().st_size / 1e6}
    return found


def macro_f1s(ways: dict[str, Way], articles: list[LabelledArticle]) -> dict[str, float]:
    """Return each way's macro-F1 on labelled articles."""
    table = TASKS[0].table(articles, load_config(CONFIG))
    table = table.take(table.is_eval)
    both = tuple(map(list, zip(*table.rows, strict=True)))
    found = {name: way.labels(way.ask(way.form(*both))) for name, way in ways.items()}
    return {name: f1_score(table.truth, f, average="macro") for name, f in found.items()}


def machine() -> dict[str, Any]:
    """Return what the figures hang on: processor, versions, commit."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", info.read_text() if info.exists() else "")
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "commit": subprocess.run(git, capture_output=True, text=True).stdout.strip(),
    }


def show(about: dict[str, Any], costs: dict[str, dict[str, Any]]) -> None:
    """Print what was measured on what, and a row for each way."""
    print(*(f"{key}: {value}" for key, value in about.items()), "", sep="\n")
    first = costs[PLAIN]
    heads = [*SHOWN, *(f"x {than}" for than in first["times"]), *(f"F1 {x}" for x in first["f1"])]
    print("| way |", " | ".join(heads), "|\n|---|" + "--:|" * len(heads))
    for name, cost in costs.items():
        cells = [format(cost[key], how) if key in cost else "" for key, how in SHOWN.values()]
        cells += [f"{x:.2f}" for x in cost["times"].values()]
        print(f"| {name} |", " | ".join(cells + [f"{x:.3f}" for x in cost["f1"].values()]), "|")


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("articles", type=Path, help="Parquet file with title and text")
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="the model's corpora")
    parser.add_argument("--labelled", type=Path, nargs="*", default=[], help="corpus-format files")
    parser.add_argument("--rows", type=int, help="so many articles only")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.json"))
    options = parser.parse_args()
    os.environ[scoring.SWITCH] = "1"
    if not scoring.prepare():
        raise SystemExit("no compiled kernel; expected numba, which saring[fast] brings")
    load, bundle = os.getloadavg(), store.load(MODEL)
    corpora = [article for path in options.train for article in read_corpus(path)]
    config = load_config(CONFIG)
    job = make_jobs(corpora, config)[0]  # of the first task, topic
    known = job.train
    labelled = {path.stem: read_corpus(path) for path in options.labelled}
    labelled["test split"] = [article for article in corpora if article.split == "test"]
    given = pq.read_table(options.articles, columns=["title", "text"]).slice(0, options.rows)
    titles, texts = (given[name].fill_null("").to_pylist() for name in ("title", "text"))
    size = sum(len(text.encode()) for text in titles + texts) / 1e6
    with tempfile.TemporaryDirectory() as scratch, threadpool_limits(1):
        peers, learning = learn(known.take(known.weights > 0), Path(scratch))
        pipeline = Fitted.on(job.task, known, config).model
        joblib.dump(pipeline, Path(scratch) / PIPELINE)
        ways = topic_ways(pipeline, peers)
        costs, difference = take_turns(ways, titles, texts, size)
        for name, more in beginnings(Path(scratch)).items():
            costs[name] |= more | learning.get(name, {})
        for title, articles in labelled.items():
            for name, score in macro_f1s(ways, articles).items():
                costs[name].setdefault("f1", {})[title] = score
    about = machine() | {
        "load_average": {"before": load, "after": os.getloadavg()},
        "model_version": bundle.model_version,
        "training_rows": int((known.weights > 0).sum()),
        "same_training_files": bundle.card["data"]["sha256"] == fingerprint(options.train),
        "articles": len(titles),
        "megabytes": size,
        "largest_difference": difference,
    }
    show(about, costs)
    options.out.write_text(json.dumps(about | {"topic": costs}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
