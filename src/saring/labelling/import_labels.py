"""`saring label import`: what annotators say, from Label Studio's export or a table, to corpus rows.

A task that does not fit is quarantined whole, with its reason: half of an annotation would be another label.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import orjson

from saring.errors import CorpusError, InputError, UsageError
from saring.io.addresses import Place, place
from saring.io.records import rows
from saring.io.writers import check_place, claimed, open_rows, output_place, put, telling
from saring.labelling.agreement import Agreement, Label, agreement, majority
from saring.labelling.task_files import (
    BETWEEN,
    CLICKBAIT,
    LINKS,
    NO,
    SUGGESTED,
    TOPIC,
    UNCERTAIN,
    YES,
    cell_text,
    words_key,
)
from saring.parsing.engine import parse
from saring.store import TASKS
from saring.training.corpus import CHOSEN
from saring.training.tasks import CLICKBAIT_LABELS, LINK_LABELS

ANSWERS = {
    **dict.fromkeys((YES, "ya", "y", "1", "1.0", "true", "benar"), True),
    **dict.fromkeys((NO, "tidak", "n", "0", "0.0", "false", "salah"), False),
}
CONFIRMED = "ok"  # in a table: the model is right
SOMEBODY = "somebody"  # an annotator whose name is not told
_SPACE = re.compile(r"(?:\s|\\n)+")  # Label Studio writes a line's end in a region as a backslash and an n


class Misfit(Exception):
    """What does not fit, and in which field."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name


@dataclass(slots=True)
class Annotation:
    """What one annotator says of one article; what was not said is None or absent."""

    by: str
    at: str = ""
    topic: str | None = None
    clickbait: bool | None = None
    links: dict[str, bool] = field(default_factory=dict)  # by headline

    def row(self) -> dict[str, Any]:
        """Return it as it is kept in a corpus row."""
        links = [{"headline": headline, "related": related} for headline, related in self.links.items()]
        said = {"at": self.at, "topic": self.topic, "clickbait": self.clickbait, "links": links}
        return {"by": self.by, **_filled(said)}


def _filled(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said, without what is left open."""
    return {name: value for name, value in said.items() if value not in (None, "", [])}


@dataclass(slots=True)
class Labelled:
    """An article, what annotators say of it, and what the model said before."""

    article: Mapping[str, str]
    annotations: list[Annotation]
    suggested: Mapping[str, Any]
    chosen: str = ""

    def row(self, undecided: list[str]) -> dict[str, Any]:
        """Return the corpus row: of each label what most annotators say; a tie is told and leaves the label out."""

        def most(name: str, said: Iterable[Any]) -> Any:
            return _majority(f"{self.article['id']}: {name}", [value for value in said if value is not None], undecided)

        row: dict[str, Any] = {name: value for name, value in self.article.items() if value}
        row |= {"title": self.article["title"], "text": self.article["text"]}
        if (topic := most(TOPIC, [a.topic for a in self.annotations])) is not None:
            row["topic"] = topic
            if self.chosen == UNCERTAIN:
                row["topic_source"] = CHOSEN
        said = [a.clickbait for a in self.annotations if a.clickbait is not None]
        if (clickbait := most(CLICKBAIT, said)) is not None:
            row["clickbait"] = int(clickbait)
            if len(said) > 1:
                row["clickbait_share"] = sum(said) / len(said)
        headlines = dict.fromkeys(headline for a in self.annotations for headline in a.links)
        verdicts = {h: most(f"{h!r} related", [a.links.get(h) for a in self.annotations]) for h in headlines}
        if links := [{"headline": h, "related": related} for h, related in verdicts.items() if related is not None]:
            row["links"] = links
        row["annotations"] = [annotation.row() for annotation in self.annotations]
        if self.suggested:
            row["suggested"] = dict(self.suggested)
        return row


def _majority(name: str, given: Sequence[Any], undecided: list[str]) -> Any:
    """Return what most say; None for a tie, which is noted."""
    found = majority(given)
    if given and found is None:
        said = Counter(str(SUGGESTED.get(value, value)) for value in given)
        undecided.append(f"{name}: {', '.join(f'{n} say {value}' for value, n in said.items())}")
    return found


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: tasks = rows + joined + unlabelled + quarantined."""

    tasks: int
    rows: int
    joined: int  # to the row of the same article, from another annotator's file
    unlabelled: int
    quarantined: Sequence[Mapping[str, Any]]
    undecided: Sequence[str]
    agreements: Sequence[Agreement]
    changed: Mapping[str, tuple[int, int]]  # labels that the annotators changed, and all, by task

    def lines(self) -> Iterator[str]:
        """Yield what people are told."""
        yield (
            f"{self.tasks:,} tasks = {self.rows:,} rows + {self.joined:,} of the same articles + "
            f"{self.unlabelled:,} not labelled + {len(self.quarantined):,} quarantined"
        )
        for task, (changed, n) in self.changed.items():
            yield f"{task}: {changed:,} of the model's {n:,} answers changed"
        yield from map(str, self.agreements)
        for split in self.undecided:
            yield f"tie, label left out: {split}"


def import_labels(
    files: Sequence[str | Path], out: str | Path, *, quarantine: str | Path | None = None, overwrite: bool = False
) -> Imported:
    """Write the corpus rows of labelled tasks and return what was done.

    Parameters
    ----------
    files : sequence of path
        Label Studio's export in its format JSON, or tables that `saring label export` wrote and people filled in.
    out : path
        A .jsonl file.
    quarantine : path, optional
        A .jsonl file that gets the tasks that do not fit: file, row, id, field and reason.

    Raises
    ------
    InputError, CorpusError, ConfigError, UsageError
        When a file cannot be read, is no such export, or holds no label; when an output cannot be written.
    """
    refused_place = output_place(quarantine or out)
    for path in (output_place(out), refused_place):
        check_place(path, overwrite=overwrite, suffixes=(".jsonl",))
    if quarantine and Path(quarantine).resolve() == Path(out).resolve():
        raise UsageError(f"{out}: is both output and quarantine; name two files")
    tasks = unlabelled = 0
    found: list[Labelled] = []
    refused: list[dict[str, Any]] = []
    for file_name in files:
        path = place(file_name)
        for number, labelled in enumerate(_tasks(path), start=1):
            tasks += 1
            if isinstance(labelled, dict):
                refused.append({"file": str(path), "row": number, **labelled})
            elif not labelled.annotations:
                unlabelled += 1
            else:
                found.append(labelled)
    if not found and not refused:
        raise CorpusError(f"{files[0]}: found no label in {tasks:,} task(s); expected some: label them first")
    undecided: list[str] = []
    made = [labelled.row(undecided) for labelled in _together(found)]
    with open_rows(out, {}, overwrite=overwrite) as file:
        if quarantine:
            with claimed(refused_place) as aside, telling(refused_place):
                aside.file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in refused)
                put(aside, overwrite=overwrite)
        file.write(made)
    joined = len(found) - len(made)
    return Imported(tasks, len(made), joined, unlabelled, refused, undecided, agreements_of(made), _changed(made))


def _together(found: Iterable[Labelled]) -> list[Labelled]:
    """Return one entry an article, with all annotations of it: annotators may fill in copies of one table."""
    by_words: dict[str, Labelled] = {}
    for labelled in found:
        key = words_key(labelled.article["title"], labelled.article["text"])
        if (first := by_words.setdefault(key, labelled)) is not labelled:
            first.annotations += labelled.annotations
    for first in by_words.values():
        first.annotations = _one_each(first.annotations)
    return list(by_words.values())


def _one_each(annotations: Sequence[Annotation]) -> list[Annotation]:
    """Return one annotation of each annotator who gave a name: of what they said twice the latest counts."""
    found: dict[object, Annotation] = {}
    for one in sorted(annotations, key=lambda one: one.at):
        key = id(one) if one.by == SOMEBODY else one.by
        if (before := found.get(key)) is not None:
            clickbait = before.clickbait if one.clickbait is None else one.clickbait
            one = Annotation(one.by, one.at, one.topic or before.topic, clickbait, before.links | one.links)
        found[key] = one
    return list(found.values())


def _labels(made: Iterable[Mapping[str, Any]]) -> dict[str, list[Label]]:
    """Return who said what of which item, by task, of corpus rows."""
    labels: dict[str, list[Label]] = {task: [] for task in TASKS}
    for number, row in enumerate(made):
        # Of files with a pair a row, each annotator's grade: 0 unrelated, 1 and 2 related.
        graded = {name: grade for name, grade in row.items() if name.startswith("annotator_")}
        labels["link"] += [Label(name, str(number), g >= 1) for name, g in graded.items() if isinstance(g, int | float)]
        for a in row.get("annotations") or ():
            if a.get("topic"):
                labels[TOPIC].append(Label(a["by"], str(number), a["topic"]))
            if a.get("clickbait") is not None:
                labels[CLICKBAIT].append(Label(a["by"], str(number), bool(a["clickbait"])))
            for link in a.get("links") or ():
                labels["link"].append(Label(a["by"], f"{number} {link['headline']}", link["related"]))
    return labels


def agreements_of(made: Sequence[Mapping[str, Any]]) -> list[Agreement]:
    """Return how well annotators agree on each task, of corpus rows that keep what each of them said."""
    return [one for task, given in _labels(made).items() if (one := agreement(task, given))]


def _changed(made: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Return how many of the model's answers have another label now, and of how many, by task."""
    pairs: dict[str, list[bool]] = {task: [] for task in TASKS}
    for row in made:
        suggested = row.get("suggested", {})
        if row.get("topic") and suggested.get("topic"):
            pairs[TOPIC].append(row["topic"] != suggested["topic"])
        if "clickbait" in row and suggested.get("clickbait") is not None:
            pairs[CLICKBAIT].append(bool(row["clickbait"]) != suggested["clickbait"])
        before = {link["headline"]: link["related"] for link in suggested.get("links", ())}
        pairs["link"] += [
            link["related"] != before[link["headline"]] for link in row.get("links", ()) if link["headline"] in before
        ]
    return {task: (sum(found), len(found)) for task, found in pairs.items() if found}


# Files to tasks.


def _tasks(path: Place) -> Iterator[Labelled | dict[str, Any]]:
    """Yield the tasks of a file; of one that does not fit its id, field and reason."""
    is_table = path.suffix.lower() == ".csv"
    read: Any = _of_table if is_table else _of_studio
    for item in _table_rows(path) if is_table else _studio_tasks(path):
        id = ""
        try:
            id, labelled = read(item)
            yield labelled
        except Misfit as error:
            yield {"id": id or _id_of(item), "field": error.name, "reason": str(error)}


def _id_of(item: Any) -> str:
    """Return the id of a task that could not be read."""
    item = item[0] if isinstance(item, tuple) else item  # of a table
    with suppress(AttributeError, TypeError, KeyError):
        return str((item.get("data") or item).get("id") or item.get("id", ""))
    return ""


def _studio_tasks(path: Place) -> list[Any]:
    """Return the tasks of Label Studio's export; InputError where the file is none."""
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(
            f"{path}: found no JSON ({error}); expected Label Studio's export in its format JSON, or a .csv that "
            "`saring label export` wrote"
        ) from error
    tasks = found if isinstance(found, list) else [found]
    if not tasks or not all(isinstance(task, dict) and "data" in task for task in tasks):
        raise InputError(
            f"{path}: found no tasks with 'data'; expected Label Studio's export in its format JSON, not JSON-MIN"
        )
    return tasks


def _of_studio(task: Mapping[str, Any]) -> tuple[str, Labelled]:
    """Return a task's id and what annotators say of it."""
    data = task["data"]
    if not isinstance(data, Mapping) or not isinstance(data.get("text"), str):
        raise Misfit(
            "data.text", f"found {type(data).__name__} without a text; expected a task of `saring label export`"
        )
    text = data["text"]
    headlines = {(h["start"], h["end"]): h["headline"] for h in data.get("headlines") or ()}
    given = task.get("annotations")
    if given is None:
        raise Misfit("annotations", "found none; expected Label Studio's export in its format JSON")
    annotations = [
        _annotation(one, text, headlines) for one in given if not (one.get("was_cancelled") or one.get("skipped"))
    ]
    suggested = _filled({"model_version": data.get("model_version"), **(data.get("suggested") or {})})
    article = _article(data)
    article["id"] = article["id"] or str(task.get("id", ""))
    return article["id"], Labelled(article, annotations, suggested, str(data.get("chosen") or ""))


def _article(given: Mapping[str, Any]) -> dict[str, str]:
    """Return the article of a task, by the columns of a corpus row."""
    named = {name: str(given.get(name) or "") for name in ("id", "title", "publisher", "url")}
    return named | {"date": str(given.get("published") or "")[:10], "text": given["text"]}


def _annotation(given: Mapping[str, Any], text: str, headlines: Mapping[tuple[int, int], str]) -> Annotation:
    """Return what one annotation of Label Studio says."""
    who = given.get("completed_by")
    if isinstance(who, Mapping):
        who = who.get("email") or who.get("id")
    found = Annotation(str(SOMEBODY if who is None else who), str(given.get("created_at") or ""))
    for number, item in enumerate(given.get("result") or ()):
        place = f"result[{number}]"
        name, value = item.get("from_name"), item.get("value") or {}
        kind = item.get("type")
        labels = value.get(kind)
        if not isinstance(labels, list) or len(labels) != 1:
            raise Misfit(f"{place}.value.{kind}", f"found {labels!r}; expected one label")
        label = str(labels[0])
        if name == TOPIC:
            found.topic = label
        elif name == CLICKBAIT and label in CLICKBAIT_LABELS:
            found.clickbait = label == CLICKBAIT_LABELS[1]
        elif name == LINKS and label in LINK_LABELS:
            start, end = located(text, value.get("start"), value.get("end"), value.get("text"), f"{place}.value")
            found.links[headlines.get((start, end)) or headline_of(text[start:end])] = label == LINK_LABELS[0]
        else:
            raise Misfit(place, f"found {label!r} by {name!r}; expected a control of `saring label export --config`")
    return found


def headline_of(printed: str) -> str:
    """Return the headline of a teaser, or of a headline alone, as somebody marked it."""
    links = parse(printed).links
    return links[0].headline if len(links) == 1 else " ".join(printed.split())


def located(text: str, start: Any, end: Any, quoted: Any, name: str = "value") -> tuple[int, int]:
    """Return where a region lies in a text, in characters; Misfit where it does not say.

    Offsets may count UTF-16 units, as browsers do (an emoji is two), and line ends of one character where the text has
    two; the region's own words tell which.
    """
    if not all(type(at) is int and at >= 0 for at in (start, end)) or start >= end:
        raise Misfit(f"{name}.start", f"found the span {start!r} to {end!r}; expected two offsets, the second greater")
    readings = [(start, end), _from_utf16(text, start, end)]
    if "\r\n" in text:
        short = text.replace("\r\n", "\n")
        readings += [_with_returns(text, *span) for span in (readings[0], _from_utf16(short, start, end))]
    if not isinstance(quoted, str):
        raise Misfit(f"{name}.text", f"found {quoted!r}; expected the region's text, which tells how offsets count")
    for same in (str, _flat):
        for first, last in readings:
            if last <= len(text) and same(text[first:last]) == same(quoted):
                return first, last
    shown = text[start:end][:60]
    raise Misfit(
        f"{name}.text", f"found {quoted[:60]!r}, where the text has {shown!r} from {start} to {end}; label it again"
    )


def _flat(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _from_utf16(text: str, start: int, end: int) -> tuple[int, int]:
    """Return offsets in UTF-16 units as offsets in characters; beyond the text where they are."""
    units = text.encode("utf-16-le", "surrogatepass")
    if 2 * end > len(units):
        return start, len(text) + 1
    first, last = (len(units[: 2 * at].decode("utf-16-le", "surrogatepass")) for at in (start, end))
    return first, last


def _with_returns(text: str, start: int, end: int) -> tuple[int, int]:
    """Return offsets in a text whose line ends are one character as offsets in this one, where they are two."""
    places = [at for at, character in enumerate(text) if not (character == "\r" and text[at + 1 : at + 2] == "\n")]
    places.append(len(text))
    return (places[start], places[end]) if end < len(places) else (start, len(text) + 1)


def _table_rows(path: Place) -> list[Any]:
    """Return the rows of a table that people filled in."""
    found = list(rows(path))
    if found and not {"id", "text", "topic", "right_topic", "words"} <= found[0].values.keys():
        raise InputError(
            f"{path}: found the columns {', '.join(map(str, found[0].values))[:200]}; expected a table that "
            "`saring label export --out tasks.csv` wrote"
        )
    tables = [{name: cell_text(str(cell or "")) for name, cell in row.values.items()} for row in found]
    topics = {topic for row in tables for topic in (row["topic"], *row.get("topics", "").split(BETWEEN)) if topic}
    return [(row, topics) for row in tables]


def _of_table(item: tuple[Mapping[str, str], set[str]]) -> tuple[str, Labelled]:
    """Return a row's id and what its annotator says."""
    row, topics = item
    if words_key(row["title"], row["text"]) != row["words"]:
        raise Misfit("text", "title or text were changed since the export; put the exported ones back")
    found = Annotation(row.get("annotator", "").strip() or SOMEBODY)
    suggested: dict[str, Any] = {"model_version": row.get("model_version", ""), "topic": row["topic"]}
    if answer := row["right_topic"].strip():
        found.topic = row["topic"] if answer.lower() == CONFIRMED else answer
        if found.topic not in topics:
            close = get_close_matches(found.topic, topics, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(sorted(topics))}"
            raise Misfit("right_topic", f"found {answer!r}; {hint}")
    suggested[CLICKBAIT] = ANSWERS.get(row.get("clickbait", ""))
    found.clickbait = _answer(row, "right_clickbait", suggested[CLICKBAIT])
    suggested["links"] = []
    for number in range(1, len(row)):
        if not (headline := row.get(f"link_{number}", "")):
            break
        before = ANSWERS.get(row[f"related_{number}"])
        if before is not None:
            suggested["links"].append({"headline": headline, "related": before})
        related = _answer(row, f"right_related_{number}", before)
        if related is not None:
            found.links[headline] = related
    is_labelled = found.topic or found.clickbait is not None or found.links
    return row["id"], Labelled(_article(row), [found] if is_labelled else [], _filled(suggested), UNCERTAIN)


def _answer(row: Mapping[str, str], column: str, before: bool | None) -> bool | None:
    """Return what stands in a column of corrections: yes, no, or that the model is right; None where nothing does."""
    if not (answer := row.get(column, "").strip().lower()):
        return None
    if answer == CONFIRMED and before is not None:
        return before
    if answer not in ANSWERS:
        raise Misfit(column, f"found {answer!r}; expected {YES}, {NO} or {CONFIRMED}")
    return ANSWERS[answer]
