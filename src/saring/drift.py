"""Whether rows have changed: two profiles compared, publisher by publisher, and what probably happened, in words.

A portal changes its pages, and nothing fails: teasers are no longer found, half the paragraphs are lost. What is
compared is what such rot moves. An alarm needs two things: a difference that chance does not make (exact and
chi-square tests, Holm's correction for all that were made) and one large enough to matter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import asin, log, sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Literal

from saring import store
from saring.errors import InputError
from saring.evaluation.metrics import CONFIDENCE, Estimate
from saring.evaluation.reports import NO_PUBLISHER as UNNAMED
from saring.evaluation.reports import Table
from saring.evaluation.shifts import Shift, bin_at, histogram_shift, holm, share_difference, share_shift
from saring.profiles import NO_MONTH, NO_PUBLISHER, OUT_OF_DOMAIN_BINS, Counts, Profile, bin_chars

ALPHA = 0.01  # chance of any false alarm in a comparison of all publishers
MIN_ARTICLES = 30  # of a publisher on either side: with fewer even a loss of all may be chance
MIN_MONTHS = 3  # of which each has enough articles, to tell how much months differ
REFERENCE_MONTHS = 12  # before the latest: what is older was another layout
# Effects that matter. Of shares Cohen's h, for which 0.2 is small and 0.5 medium; of histograms the population
# stability index, for which 0.25 is a major shift.
MARKED, SMALL = 0.3, 0.2
MAJOR, EXTREME = 0.25, 1.0
LENGTH_RATIO = 1.33  # of quartiles, for a part of the pages may rot alone: a third longer, or a quarter shorter
TAKEN_RATIO = 1.5  # of characters that are taken out of an article, and of teasers in it
RARITY_RATIO = 1.04  # of out-of-domain scores: those of news lie within a few percent of each other
FEWER = 0.9  # of the teasers of before: a marker's loss is no other's gain
NEARLY_EMPTY = 200  # characters of a body: two sentences
LEAST_TITLES, NEW_SHARE, NEW_RATIO, SHOWN_WORDS = 10, 0.005, 10, 10  # of words that are new in titles
SILENT = 10  # times fewer articles than its share of before would give: a publisher that is probably not collected
SHOWN_TOO_FEW = 10  # publishers in the table; JSON has all
ALL = "(all publishers)"

Level = Literal["alarm", "note"]
Unit = Literal["share", "characters", "teasers an article", "rarity"]
Cause = str  # a key of `CAUSES`
# The cause that is named first where a publisher has several.
CAUSES: Mapping[Cause, str] = {
    "errors": "rows that cannot be read",
    "publisher": "publisher no longer found",
    "date": "date no longer found",
    "text": "length of the text",
    "removed": "share taken out",
    "teasers": "teasers found",
    "marker": "a marker found",
    "content": "unlike the news the model knows",
    "topics": "topics",
    "links": "verdicts on links",
    "articles": "number of articles",
    "terms": "new words",
    "model": "another model",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between the rows before and now.

    `before` and `now` are shares, means, medians or quartiles, as `unit` says; `difference` is that of shares with
    its 95% interval (Newcombe's). `p` is corrected for all tests of the comparison. `with_it` are differences that
    follow from this one: who loses half the text loses teasers, too.
    """

    publisher: str
    cause: Cause
    level: Level
    words: str
    rise: bool
    before: float = 0.0
    now: float = 0.0
    n_before: int = 0
    n_now: int = 0
    unit: Unit = "share"
    effect: float = 0.0
    p: float = 1.0
    difference: Estimate | None = None
    with_it: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Return what is said of it: the publisher and the words."""
        more = f" (with it: {'; '.join(self.with_it)})" if self.with_it else ""
        return f"{self.publisher}: {self.words}{more}"


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs between two profiles: `alarms` and `notes`, the weightiest first."""

    before: str  # what was compared, as in "2025-06 to 2025-09"
    now: str
    compared: tuple[str, ...] = ()  # publishers
    too_few: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # publisher to articles before and now
    alarms: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()

    def verdict(self) -> str:
        """Return the outcome in one sentence."""
        what = f"{self.now} compared with {self.before}"
        if not self.compared:
            return f"nothing to compare: no publisher has {MIN_ARTICLES} articles on both sides ({what})"
        if self.compared == (ALL,):
            return f"no alarm, {len(self.notes)} notes ({what}, which is of other publishers)"
        names = sorted({found.publisher for found in self.alarms})
        found = f"alarm for {', '.join(names)}" if names else "no alarm"
        few = f", {n} with too few articles" if (n := len(self.too_few)) else ""
        n = len(self.compared)
        return f"{found}: {n} publisher{'s' * (n != 1)} compared{few} ({what})"

    def table(self) -> Table:
        """Return the findings and the publishers with too few articles as a table."""
        rows = [
            tuple(
                (f.publisher, f.level, f"{CAUSES[f.cause]} ({f.unit})", UNITS[f.unit](f.before), UNITS[f.unit](f.now))
                for f in part if f.n_before
            )
            for part in (self.alarms, self.notes)
        ]  # fmt: skip
        ranked = sorted(self.too_few.items(), key=lambda item: -sum(item[1]))
        few = [(name, "too few", "articles", f"{a:,}", f"{b:,}") for name, (a, b) in ranked[:SHOWN_TOO_FEW]]
        if len(ranked) > SHOWN_TOO_FEW:
            few.append((f"and {len(ranked) - SHOWN_TOO_FEW} other publishers", "too few", "articles", "", ""))
        return Table("Drift", ("publisher", "", "what", "before", "now"), (*rows, tuple(few)), self.verdict())

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON types."""
        return {"alarm": bool(self.alarms), "verdict": self.verdict()} | asdict(self)


def percent(share: float) -> str:
    """Return a share as people read it; a small one with a decimal.

    >>> percent(0.184), percent(0.0042), percent(0)
    ('18%', '0.4%', '0%')
    """
    return f"{share:.1%}" if 0 < share < 0.0995 or 0.9905 < share < 1 else f"{share:.0%}"


# How a figure is written, by its unit.
UNITS: Mapping[Unit, Callable[[float], str]] = {
    "share": percent, "characters": lambda value: f"{value:,.0f}", "teasers an article": lambda value: f"{value:.2f}",
    "rarity": lambda value: f"{value:.1f}",
}  # fmt: skip


# What is compared of a publisher.


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure before and now, how far it moved, and whether as far as to matter."""

    before: float
    now: float
    n_before: int
    n_now: int
    rise: bool
    shift: Shift
    large: bool  # whether it matters, chance or not
    difference: Estimate | None = None


Measure = Callable[[Counts, Counts], Measured | None]  # None where there are too few rows


def of_share(part: Callable[[Counts], tuple[int, int]], least: float = MARKED) -> Measure:
    """Return what measures the share of rows that have something; `least` is the h that matters."""

    def measure(before: Counts, now: Counts) -> Measured | None:
        (a, n), (b, m) = part(before), part(now)
        if min(n, m) < MIN_ARTICLES:
            return None
        shift = share_shift(a, n, b, m)
        large = abs(shift.effect) >= least
        return Measured(a / n, b / m, n, m, shift.effect > 0, shift, large, share_difference(a, n, b, m))

    return measure


def of_histogram(
    histogram: Callable[[Counts], Counter[Any]], figure: Callable[[Counts], float],
    ratio: Callable[[Counts, Counts], float] = lambda before, now: math.inf, least: float = 1.0,
) -> Measure:  # fmt: skip
    """Return what measures a histogram: `figure` is what is told of it.

    It matters where the population stability index is that of a major shift and `ratio` at least `least`, or 1 by it.
    """

    def measure(before: Counts, now: Counts) -> Measured | None:
        a, b = histogram(before), histogram(now)
        if min(a.total(), b.total()) < MIN_ARTICLES:
            return None
        shift = histogram_shift(a, b)
        factor = ratio(before, now)
        large = shift.effect >= MAJOR and (factor >= least or factor <= 1 / least)
        return Measured(figure(before), figure(now), a.total(), b.total(), factor > 1, shift, large)

    return measure


def _each(total: int, counts: Counts) -> float:
    """Return a mean of an article, with one more where there is none, so that two can be divided."""
    return (total + 1) / (counts.scored + 1)


def _lengths(counts: Counts) -> Counter[int]:
    return counts.given_chars or counts.body_chars


def _length_at(share: float) -> Callable[[Counts], float]:
    """Return what gives the length that this share of the texts stay below."""
    return lambda counts: float(bin_chars(bin_at(_lengths(counts), share)))


def _ratio_of(figure: Callable[[Counts], float]) -> Callable[[Counts, Counts], float]:
    return lambda before, now: (figure(now) + 1) / (figure(before) + 1)


def _median_rarity(counts: Counts) -> float:
    """Return the median out-of-domain score, the middle of its bin."""
    return (bin_at(counts.out_of_domain, 0.5) + 0.5) / OUT_OF_DOMAIN_BINS


def _taken_share(counts: Counts) -> float:
    return counts.taken / max(1, counts.taken + counts.body)


def _with_text(counts: Counts) -> tuple[int, int]:
    return sum(n for number, n in counts.body_chars.items() if bin_chars(number) >= NEARLY_EMPTY), counts.scored


def _with_marker(marker: str) -> Callable[[Counts], tuple[int, int]]:
    return lambda counts: (counts.markers[marker], counts.scored)


@dataclass(frozen=True, slots=True)
class Check:
    """Something that layouts or content move; it is told in words where it fell or rose, not at all where these lack.

    In the words stand {n} articles, {now}, {before} and {when} that was.
    """

    cause: Cause
    measure: Measure
    fell: str = ""
    rose: str = ""
    none: str = ""  # the words where a share fell to nothing
    alarm: float = 0.0  # an effect that is less is noted only
    unit: Unit = "share"

    def finding(self, publisher: str, before: Counts, now: Counts, when: str) -> Finding | None:
        """Return the difference, its p-value for this test alone and 1 where it does not matter; None for none."""
        found = self.measure(before, now)
        if found is None:
            return None
        told = self.rose if found.rise else (self.none if self.none and not found.now else self.fell)
        shown = UNITS[self.unit]
        words = told.format(n=f"{found.n_now:,}", now=shown(found.now), before=shown(found.before), when=when)
        return Finding(
            publisher=publisher, cause=self.cause, words=words, rise=found.rise, before=found.before, now=found.now,
            level="alarm" if abs(found.shift.effect) >= self.alarm else "note",
            n_before=found.n_before, n_now=found.n_now, unit=self.unit,
            effect=found.shift.effect, p=found.shift.p if found.large and told else 1.0, difference=found.difference,
        )  # fmt: skip

    def among_months(self, finding: Finding, before: Mapping[str, Counts], now: Mapping[str, Counts]) -> Finding:
        """Return the finding, as a note where the months before differ among each other as much.

        They say more than chance alone of what is usual: news change, and collections do. The figure must lie outside
        the interval in which 95 of 100 months like them would; or a month that is on both sides must show it as well.
        """
        from scipy.stats import t

        if finding.p > ALPHA:
            return finding
        measured = filter(None, (self.measure(counts, counts) for counts in before.values()))
        usual = [self._even(found.before) for found in measured]
        if len(usual) < MIN_MONTHS:
            return finding
        reach = t.ppf((1 + CONFIDENCE) / 2, len(usual) - 1) * stdev(usual) * sqrt(1 + 1 / len(usual))
        if abs(self._even(finding.now) - fmean(usual)) > reach:
            return finding
        same = [self.finding(finding.publisher, before[month], now[month], "") for month in before.keys() & now.keys()]
        if any(one and one.p <= ALPHA and one.rise == finding.rise for one in same):
            return finding
        return replace(finding, level="note", words=f"{finding.words} (months before differ as much)")

    def _even(self, figure: float) -> float:
        """Return a figure on a scale on which its spread does not hang on its size."""
        return asin(sqrt(figure)) if self.unit == "share" else log(figure + 0.01)


CHECKS = (
    Check("errors", of_share(lambda c: (c.failed, c.rows), SMALL),
          rose="{now} of {n} rows could not be read, {before} {when}: see their column `error`"),
    Check("date", of_share(lambda c: (c.dated, c.scored), SMALL),
          fell="a date found in {now} of {n} articles, {before} {when}: it is probably printed elsewhere or otherwise",
          none="no date found in {n} articles, {before} {when}: it is probably printed elsewhere or otherwise"),
    Check("text", of_share(_with_text),
          fell="more than two sentences of text in {now} of {n} articles, {before} {when}: a part of the page is "
               "probably no longer read"),
    Check("text", of_histogram(_lengths, _length_at(0.25), _ratio_of(_length_at(0.25)), LENGTH_RATIO),
          fell="texts are shorter: a quarter of its {n} articles have fewer than {now} characters ({when}: fewer than "
               "{before}); a part of the page is probably no longer read", unit="characters"),
    Check("text", of_histogram(_lengths, _length_at(0.75), _ratio_of(_length_at(0.75)), LENGTH_RATIO),
          rose="texts are longer: a quarter of its {n} articles have more than {now} characters ({when}: more than "
               "{before}); more of the page than the article is probably read", unit="characters"),
    Check("removed", of_histogram(lambda c: c.removed, _taken_share,
                                  lambda a, b: _each(b.taken, b) / _each(a.taken, a), TAKEN_RATIO),
          fell="{now} of the text of {n} articles is taken out, {before} {when}: boilerplate is probably no longer "
               "recognised and stays in the clean text",
          rose="{now} of the text of {n} articles is taken out, {before} {when}: new boilerplate, or body is taken for "
               "it"),
    Check("teasers", of_share(lambda c: (c.with_links, c.scored)),
          fell="teasers found in {now} of {n} articles, {before} {when}: its layout has probably changed",
          none="no teaser found in {n} articles, {before} {when}: its layout has probably changed",
          rose="teasers found in {now} of {n} articles, {before} {when}: it prints more of them, or a list of "
               "headlines is read as text"),
    Check("teasers", of_histogram(lambda c: c.link_counts, lambda c: c.links / max(1, c.scored),
                                  lambda a, b: _each(b.links, b) / _each(a.links, a), TAKEN_RATIO),
          fell="fewer teasers: its {n} articles have {now} each on average, {before} {when}; its layout has probably "
               "changed",
          rose="more teasers: its {n} articles have {now} each on average, {before} {when}; it prints more of them, or "
               "a list of headlines is read as text", unit="teasers an article"),
    Check("content", of_share(lambda c: (c.abstained.total(), c.topic_probability.total())),
          rose="the model abstains on {now} of {n} articles, {before} {when}: texts of another kind or language, or "
               "broken ones"),
    Check("content", of_histogram(lambda c: c.out_of_domain, _median_rarity,
                                  _ratio_of(_median_rarity), RARITY_RATIO),
          rose="words are rarer: a rarity of {now} in the middle of its {n} articles ({when}: {before}); texts of "
               "another kind or language, or broken ones", unit="rarity"),
    Check("topics", of_histogram(lambda c: c.topics, lambda c: max(c.topics.values()) / c.topics.total()),
          rose="other topics in {n} articles (the commonest is that of {now}, {before} {when}): other news, or other "
               "sections of the portal", alarm=EXTREME),
    Check("links", of_share(lambda c: (c.unrelated, c.related + c.unrelated)),
          fell="{now} of {n} teasers have nothing to do with their article, {before} {when}",
          rose="{now} of {n} teasers have nothing to do with their article, {before} {when}", alarm=math.inf),
)  # fmt: skip


def _marker_checks(before: Counts, now: Counts) -> list[Check]:
    """Return a check for each marker of a publisher that prints several, where fewer teasers are found."""
    common = [marker for marker, n in before.markers.items() if n >= MIN_ARTICLES / 3]
    if len(common) < 2 or _each(now.links, now) > FEWER * _each(before.links, before):  # one may take another's place
        return []
    said = "{n} articles, {before} {when}: the marker has probably been renamed"
    return [
        Check("marker", of_share(_with_marker(marker)),
              fell=f'"{marker}" found in {{now}} of {said}', none=f'"{marker}" not found in {said}')
        for marker in common
    ]  # fmt: skip


# Which findings follow from which: cause and whether it rose, to causes and directions that it explains.
FOLLOWS: Mapping[tuple[Cause, bool], Collection[tuple[Cause, bool]]] = {
    ("text", False): {("teasers", False), ("marker", False), ("removed", False), ("removed", True), ("content", True),
                      ("topics", True)},
    ("text", True): {("teasers", True), ("removed", False), ("removed", True), ("content", True), ("topics", True)},
    ("removed", True): {("teasers", False), ("marker", False), ("content", True), ("topics", True)},
    ("content", True): {("teasers", False), ("marker", False), ("removed", False), ("topics", True)},
    ("teasers", False): {("marker", False), ("removed", False)},
    ("teasers", True): {("removed", True)},
    ("marker", False): {("removed", False)},
}  # fmt: skip
FROM_THE_MODEL = ("content", "topics", "links")


def compare_profiles(
    before: Profile, now: Profile, *, told: tuple[str, str] = ("the rows before", "the rows")
) -> Drift:
    """Return what differs between the rows of two profiles.

    `told` names both in the words. Figures that a model gives are notes where no model scored both.

    Examples
    --------
    >>> from saring.profiles import Profile
    >>> compare_profiles(Profile(), Profile()).alarms
    ()
    """
    when = "before" if told[0] == "the rows before" else f"in {told[0]}"
    old, new = before.by_publisher(), now.by_publisher()
    compared, few, found = [], {}, _of_all(old, new, when)
    months = _by_month(before), _by_month(now)
    for name in sorted({*old, *new}):
        a, b = old.get(name, Counts()), new.get(name, Counts())
        shown = name if name != NO_PUBLISHER else UNNAMED
        if min(a.rows, b.rows) < MIN_ARTICLES:
            few[shown] = (a.rows, b.rows)
            continue
        compared.append(shown)
        for check in (*CHECKS, *_marker_checks(a, b)):
            if finding := check.finding(shown, a, b, when):
                found.append(check.among_months(finding, *(by_month.get(name, {}) for by_month in months)))
    significant = _significant(found)
    if any(f.cause == "publisher" for f in significant):  # those without a name are then others than before
        significant = [f for f in significant if f.publisher != UNNAMED]
    if before.models and now.models and not before.models.keys() & now.models.keys():
        significant = [replace(f, level="note") if f.cause in FROM_THE_MODEL else f for f in significant]
    kept = [finding for name in dict.fromkeys(f.publisher for f in significant)
            for finding in _explained([f for f in significant if f.publisher == name])]  # fmt: skip
    kept.sort(key=lambda f: (-f.n_now * abs(f.effect), f.publisher))
    notes = [f for f in kept if f.level == "note"] + _remarks(before, now, when)
    alarms = [f for f in kept if f.level == "alarm"]
    return Drift(*told, tuple(compared), few, tuple(alarms), tuple(notes))


def _by_month(profile: Profile) -> dict[str, dict[str, Counts]]:
    """Return the counts of each publisher by month, without those of no month."""
    found: dict[str, dict[str, Counts]] = {}
    for (publisher, month), counts in profile.counts.items():
        if month:
            found.setdefault(publisher, {})[month] = counts
    return found


def _significant(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings that chance does not make, their p-values corrected."""
    adjusted = zip(found, holm([finding.p for finding in found]), strict=True)
    return [replace(finding, p=p) for finding, p in adjusted if p <= ALPHA]


def trained_on(folder: str | Path) -> Counts:
    """Return what the articles that a model was trained on say in numbers, from its card."""
    values = store.load(Path(folder)).card.get("profile")
    if not isinstance(values, Mapping):
        raise InputError(f"{folder}: its card has no profile of what it was trained on; train it anew, or name rows")
    return Counts.from_json(values)


def compare_with_training(training: Counts, now: Profile, model: str) -> Drift:
    """Return how rows differ from the articles that a model was trained on, as its card counts them.

    All of it is noted and nothing an alarm: those are of other publishers and other collectors.
    """
    told = f"what {model} was trained on"
    rows = now.of()
    found = [finding for check in CHECKS if (finding := check.finding(ALL, training, rows, f"in {told}"))]
    first = {finding.cause: finding for finding in reversed(_significant(found))}
    notes = tuple(replace(finding, level="note", words=_figures_of(finding)) for finding in reversed(first.values()))
    if min(training.rows, rows.rows) < MIN_ARTICLES:
        return Drift(told, "the rows", too_few={ALL: (training.rows, rows.rows)})
    return Drift(told, "the rows", (ALL,), notes=notes)


def _of_all(before: Mapping[str, Counts], now: Mapping[str, Counts], when: str) -> list[Finding]:
    """Return the differences of what only all rows together tell: a publisher that is not found leaves its own."""
    a, b = (sum(counts.values(), Counts()) for counts in (before, now))
    lost = [name for name, counts in before.items() if name and counts.rows >= MIN_ARTICLES and name not in now]
    gone = f"; none of {', '.join(lost[:SHOWN_WORDS])}".replace("{", "{{").replace("}", "}}") if lost else ""
    check = Check("publisher", of_share(lambda c: (c.named, c.scored), SMALL),
                  fell=f"a publisher found in {{now}} of {{n}} articles, {{before}} {{when}}{gone}",
                  none=f"no publisher found in {{n}} articles, {{before}} {{when}}{gone}")  # fmt: skip
    unnamed = [counts.get(NO_PUBLISHER, Counts()) for counts in (before, now)]
    made = [check.finding(ALL, a, b, when)]
    if min(counts.rows for counts in unnamed) < MIN_ARTICLES:  # or they are compared as those of no publisher
        made.append(
            CHECKS[0].finding(ALL, replace(a, failed=unnamed[0].failed), replace(b, failed=unnamed[1].failed), when)
        )
    return [finding for finding in made if finding]


def _explained(found: Sequence[Finding]) -> list[Finding]:
    """Return a publisher's findings, one for each cause; those that follow from another stand with it."""
    first: dict[tuple[Cause, bool], Finding] = {}
    for finding in sorted(found, key=lambda f: f.level):  # of one level the check that stands first
        first.setdefault((finding.cause, finding.rise), finding)
    follow = {key: FOLLOWS.get(key, ()) for key, finding in first.items() if finding.level == "alarm"}
    explained = {key for keys in follow.values() for key in keys}
    return [
        replace(finding, with_it=tuple(_figures_of(first[other]) for other in first if other in follow.get(key, ())))
        for key, finding in first.items()
        if key not in explained
    ]


def _figures_of(finding: Finding) -> str:
    """Return what is said of a finding but its probable cause."""
    return finding.words.partition(":")[0]


def _remarks(before: Profile, now: Profile, when: str) -> list[Finding]:
    """Return notes on all rows: publishers that fell silent, words that are new in titles, another model."""
    remarks = []
    old_rows, new_rows = ({name: counts.rows for name, counts in p.by_publisher().items()} for p in (before, now))
    size = sum(new_rows.values()) / max(1, sum(old_rows.values()))
    silent = [f"{name or UNNAMED} ({new_rows.get(name, 0):,}, {n:,} {when})" for name, n in old_rows.items()
              if n * size >= max(MIN_ARTICLES, SILENT * new_rows.get(name, 0))]  # fmt: skip
    if silent:
        more = f" and {len(silent) - SHOWN_WORDS} more" if len(silent) > SHOWN_WORDS else ""
        listed = f"hardly any articles of {', '.join(silent[:SHOWN_WORDS])}{more}: are they still collected?"
        remarks.append(Finding(ALL, "articles", "note", listed, rise=False))
    if fresh := new_words(before, now):
        listed = ", ".join(f"{word} ({n})" for word, n in fresh)
        remarks.append(Finding(ALL, "terms", "note", f"new in titles: {listed}", rise=True))
    old, new = (", ".join(sorted(p.models)) for p in (before, now))
    if old and new and old != new:
        words_of_model = f"scored by {new}, {old} {when}: verdicts may differ for that reason"
        remarks.append(Finding(ALL, "model", "note", words_of_model, rise=True))
    return remarks


def new_words(before: Profile, now: Profile) -> list[tuple[str, int]]:
    """Return the words that stand in many titles now, and were rare at most before, with the number of titles."""
    n, m = before.of().scored, now.of().scored
    old, new = before.titles(), now.titles()
    least = max(LEAST_TITLES, NEW_SHARE * m)
    fresh = [(word, k) for word, k in new.counts.items() if k >= least and NEW_RATIO * old.most(word) * m < k * n]
    return sorted(fresh, key=lambda item: (-item[1], item[0]))[:SHOWN_WORDS] if n else []


def latest_month(profile: Profile) -> Drift:
    """Return what differs between the latest month of rows and the months before it.

    The latest month is the last in which some publisher has enough articles: a stray date in the future makes none.
    """
    enough = [month for (_, month), counts in profile.counts.items() if month and counts.scored >= MIN_ARTICLES]
    now = max(enough, default="the latest month")
    earlier = [month for month in profile.months if enough and 0 < _number(now) - _number(month) <= REFERENCE_MONTHS]
    span = " to ".join(dict.fromkeys((earlier[0], earlier[-1]))) if earlier else "the months before"
    found = compare_profiles(profile.within(earlier), profile.within([now]), told=(span, now))
    undated = profile.of(months=[NO_MONTH])
    if not undated.rows:
        return found
    n, failed = undated.rows, undated.failed
    rows = f"{n:,} rows have" if n > 1 else "1 row has"
    unread = f", {failed:,} of them as {'they' if failed > 1 else 'it'} could not be read" * bool(failed)
    said = f"{rows} no date{unread}: no month has them, so compare them with others by --against"
    return replace(found, notes=(*found.notes, Finding(ALL, "date", "note", said, rise=False)))


def _number(month: str) -> int:
    """Return the number of a month as in "2025-06", counted from year 0."""
    year, _, part = month.partition("-")
    return int(year) * 12 + int(part)
