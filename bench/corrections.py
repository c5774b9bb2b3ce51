"""What 200 corrections of one portal are worth to a model that never read it, and what they cost elsewhere.

    .venv/bin/python bench/corrections.py data/corpus/articles.jsonl data/corpus/politics.jsonl build/click-id.jsonl \
        --config conf/pretrained.toml --tested click-id --portal okezone.com --portal tempo.co

For each portal: a model is trained on the corpora without that portal's rows and kept in --folder; half of the portal's
labelled rows are a pool, from which 200 are chosen as `saring label export` chooses; the model is corrected by them as
`saring train --from` does, with no text at hand but the other corpora; and both models answer the other half. Then the
halves change places, so that every row is asked once. The protocols are the base's own held-out answers. The corpus
named by --tested lends texts to ask again, never an anchor.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson

from saring import store
from saring.champions import SHIPPED
from saring.config import TrainConfig, load_config
from saring.evaluation.comparison import compare, told
from saring.evaluation.heldout import HeldOut, from_arrays
from saring.labelling.choosing import choose
from saring.predict import load
from saring.store import Bundle
from saring.training.corpus import SECTION, LabelledArticle, read_corpus, seen
from saring.training.corrections import CORRECTIONS, correct
from saring.training.evaluate import answers
from saring.training.refitting import linear_model
from saring.training.tasks import TASKS
from saring.training.trainer import train

PORTAL = "portal, other half"
NEW = "new files"


def trained_without(portal: str, corpora: Sequence[Path], config: TrainConfig, folder: Path) -> Bundle:
    """Return the model of all other publishers' rows, trained once."""
    out = folder / portal
    if not out.is_dir():
        files = []
        for path in corpora:
            files.append(folder / f"without {portal}" / path.name)
            files[-1].parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as given, files[-1].open("wb") as kept:
                kept.writelines(line for line in given if orjson.loads(line).get("publisher") != portal)
        train(files, config, out=out)
    return store.load(out)


def chosen(base: Bundle, task: str, pool: Sequence[LabelledArticle], most: int) -> list[LabelledArticle]:
    """Return the rows of a pool that a person would be asked to label."""
    known = seen(pool, base.card["trained_on"])  # a copy by another publisher
    pool = [article for article, old in zip(pool, known, strict=True) if not old]
    [of_task] = [one for one in TASKS if one.name == task]
    table = of_task.table([replace(a, links=()) for a in pool], TrainConfig())
    table = table.take(table.is_eval)
    [answered] = [one for one in answers(base, pool, "") if one.task == task]
    first, second = np.sort(answered.scored.probabilities, axis=1)[:, :-3:-1].T
    columns = linear_model(getattr(base, task)).columns(table.rows)
    return [pool[table.articles[row]] for row in choose(first - second, columns, most)]


def only(task: str, article: LabelledArticle) -> LabelledArticle:
    """Return an article with its label of one task alone, and no word on who gave it."""
    bare = replace(article, topic_source="", links=())
    return replace(bare, clickbait=None, clickbait_share=None) if task == "topic" else replace(bare, topic="")


def halves(rows: Sequence[LabelledArticle], seed: int) -> Iterator[tuple[list[LabelledArticle], list[LabelledArticle]]]:
    """Yield pool and tested rows, then the other way round."""
    order = np.random.default_rng(seed).permutation(len(rows))
    first, second = ([rows[i] for i in part] for part in np.array_split(order, 2))
    yield first, second
    yield second, first


def joined(parts: Sequence[HeldOut]) -> HeldOut:
    """Return the answers to several sets of rows as one, as if one model had given them."""
    names = ("truth", "probabilities", "predicted", "publishers", "shares")
    columns = {name: np.concatenate([getattr(one.scored, name) for one in parts]) for name in names}
    groups = np.arange(len(columns["truth"]))
    one = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ("keys", "ids", "days")}
    return replace(parts[0], scored=replace(parts[0].scored, **columns, groups=groups), **one)


def main() -> None:
    """Print a table: figures of the base and the corrected model on the same rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--config", required=True)
    parser.add_argument("--tested", default="click-id")
    parser.add_argument("--portal", action="append", default=[])
    parser.add_argument(
        "--new", nargs="+", type=Path, default=[], help="labelled files to correct the shipped model by"
    )
    parser.add_argument("--task", choices=["topic", "clickbait"], default="topic")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("build/corrections"))
    options = parser.parse_args()
    config = load_config(options.config)
    articles = [a for path in options.corpora for a in read_corpus(path)]
    task = options.task
    rows_of: dict[str, list[LabelledArticle]] = {}
    for a in articles:
        if (a.topic and a.topic_source != SECTION) if task == "topic" else (a.clickbait is not None):
            rows_of.setdefault(a.article.publisher, []).append(only(task, a))
    ours: list[HeldOut] = []
    theirs: list[HeldOut] = []
    if options.new:
        rows_of[NEW] = [only(task, a) for path in options.new for a in read_corpus(path)]
    for portal in [*options.portal, *([NEW] if options.new else [])]:
        base = (
            trained_without(portal, options.corpora, config, options.folder) if portal != NEW else load(SHIPPED).bundle
        )
        others = [a for a in articles if a.article.publisher != portal]
        texts = [replace(a, split="test") if a.corpus == options.tested else a for a in others]
        asked: list[HeldOut] = []
        answered: list[HeldOut] = []
        for number, (pool, tested) in enumerate(halves(rows_of[portal], options.seed)):
            fit = correct(base, chosen(base, task, pool, options.rows), config, texts)
            card = {**fit.card, "trained_on": base.card["trained_on"]}
            corrected = store.load(store.save(options.folder / "corrected", fit.models, card, replace=True))
            asked += [replace(one, by="") for one in answers(base, tested, PORTAL) if one.task == task]
            answered += [replace(one, by="") for one in answers(corrected, tested, PORTAL) if one.task == task]
            strength = card["config"][f"correction.{task}"]
            own = [one for one in fit.heldout if one.task == task and not one.by]
            before = [*from_arrays(base.heldout), *answers(base, fit.articles, CORRECTIONS)]
            for c in compare(before, own):
                show(f"{portal}, half {number + 1}, C {strength:g}", c)
        ours.append(joined(answered))
        theirs.append(joined(asked))
        show(portal, compare([theirs[-1]], [ours[-1]])[0])
    show("all portals", compare([joined(theirs)], [joined(ours)])[0])


def show(what: str, c: object) -> None:
    """Print a comparison in a line."""
    name = c.challenger.subset.replace(CORRECTIONS, "the corrections themselves, out of fold")
    figures = f"{c.champion.macro_f1.value:.3f} -> {c.challenger.macro_f1.value:.3f}"
    print(f"{what:<32} {name:<42} {c.challenger.n:>6,} {figures}  {told(c.difference)}  {c.outcome}", flush=True)


if __name__ == "__main__":
    main()
