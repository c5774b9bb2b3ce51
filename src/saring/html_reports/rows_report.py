"""`saring report`: scored rows as one page, the verdict first; every figure is counted in the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePath

from saring.drift import MIN_ARTICLES, Drift, compare_profiles, latest_month
from saring.evaluation.metrics import Estimate, wilson_interval
from saring.evaluation.reports import Table
from saring.html_reports.charts import ShownTable, intervals
from saring.html_reports.language import OWN, Language
from saring.html_reports.rendering import code_hash, render
from saring.html_reports.report_articles import NAME_CHARS, ShownArticle, shortened, shown_articles
from saring.html_reports.row_digest import MOST_ARTICLES, Digest, Repeated
from saring.profiles import NO_MONTH, NO_PUBLISHER, OTHERS, PROBABILITY_BINS, UNITS, Counts, Profile
from saring.scored_rows import Row

FEW = 30  # links or titles: a share of fewer says little
MOST_PUBLISHERS = 40  # in a table
MOST_MONTHS = 24
MOST_REPEATED = 30
MOST_PRINTERS = 5  # named of a headline
MOST_FILES = 5
MOST_REASONS = 30
MOST_TOPICS = 8
MOST_FINDINGS, FINDING_CHARS = 20, 400  # alarms, and notes
LONG_TABLE, FEW_ARTICLES = 10, 5  # publishers of so few articles share a row of a table that is longer
FILTERED = 50  # articles; more have a filter
OTHER_TOPIC = "other"  # stands last


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what is said below it, and its tables; the phrase of the heading has this key."""

    key: str
    said: tuple[str, ...]
    tables: tuple[ShownTable, ...] = ()
    found: tuple[tuple[str, str], ...] = ()  # "alarm" or "note", and what it says, in English


@dataclass(frozen=True, slots=True)
class Share:
    """Some of so many, of one publisher."""

    publisher: str
    some: int
    of: int
    counts: Counts

    @property
    def ranks(self) -> bool:
        """Whether it is of one publisher, and of enough to be compared with others."""
        return self.of >= FEW and self.publisher not in (NO_PUBLISHER, OTHERS)

    @property
    def estimate(self) -> Estimate:
        """The share with its Wilson interval."""
        return wilson_interval(self.some / self.of, self.of)


def rows_report(batches: Iterable[Sequence[Row]], language: Language, against: Profile | None = None) -> RowsReport:
    """Return the report on scored rows, read in one pass and bounded memory; `scored_rows.read_rows` gives them.

    What has changed is told beside `against`, or of the latest month beside those before it.
    """
    profile, digest = Profile(), Digest()
    for rows in batches:
        profile.add(rows)
        digest.add(rows)
    drift = compare_profiles(against, profile) if against else latest_month(profile)
    return RowsReport(profile, digest, language, drift)


class RowsReport:
    """The figures of rows, in words and tables of a language."""

    def __init__(self, profile: Profile, digest: Digest, language: Language, drift: Drift) -> None:
        self._digest, self._say, self._drift = digest, language, drift
        self._all = profile.of()
        by_publisher = profile.by_publisher()
        self._publishers = {name: by_publisher[name] for name in profile.publishers}
        self._months = dict(sorted(profile.by_month().items()))
        ranked = sorted(self._all.topics, key=lambda name: (name == OTHER_TOPIC, -self._all.topics[name], name))
        self._topics = ranked if len(ranked) <= MOST_TOPICS else ranked[: MOST_TOPICS - 1]
        self._rest = ranked[len(self._topics) :]

    def html(self, files: Sequence[str]) -> str:
        """Return the page: one HTML file that needs no network, and for reading no script.

        `files` is where the rows come from; the page names no folders.
        """
        say = self._say
        articles = shown_articles(candidates := self._digest.articles.chosen(), say)
        script = _script() if len(articles) > FILTERED else ""
        scored = self._digest.scored or ("", "")
        when = "–".join(dict.fromkeys(time[:10] for time in scored))
        shown_files = [shortened(PurePath(name).name, NAME_CHARS) for name in files[:MOST_FILES]]
        if len(files) > len(shown_files):
            shown_files.append(say("and_more", n=len(files) - len(shown_files)))
        made_of = {"files": ", ".join(shown_files), "when": when, "versions": ", ".join(self._digest.versions)}
        return render(
            "rows.html",
            say=say,
            title=say("title", articles=say.counted("articles", self._all.rows)),
            made_of=say("made_of" if when else "made_of_files", **made_of),
            sentences=self.sentences(),
            sections=self.sections(),
            articles=articles,
            groups=_grouped(articles),
            about=self._about_articles(articles, len(candidates)),
            publishers=sorted({article.publisher for article in articles}),
            script=script,
            script_hash=code_hash(script),
        )

    def sentences(self) -> list[str]:
        """Return the verdict: unrelated teasers, topics, what is missing."""
        return [self._of_links(), self._of_topics(), self._of_rows()]

    def sections(self) -> list[Section]:
        """Return what stands between the verdict and the articles, in order."""
        return [
            self._unrelated(),
            self._topics_section(),
            self._repeated(),
            self._clickbait(),
            self._abstentions(),
            self._errors(),
            self._dates(),
            self._changes(),
        ]

    # The verdict.

    def _of_links(self) -> str:
        say, counts = self._say, self._all
        judged = counts.related + counts.unrelated
        if not counts.links:
            return say("verdict_no_links")
        if not judged:
            return say("verdict_unjudged", n=counts.links)
        ranked = [share for share in self._link_shares() if share.ranks]
        most = ""
        if ranked:
            first, last = ranked[0], ranked[-1]
            values = {"publisher": self._named(first.publisher), "share": self._share(first, 0), "n": first.of}
            least = {"least": self._named(last.publisher), "least_share": self._share(last, 0), "least_n": last.of}
            most = say("verdict_range" if len(ranked) > 1 else "verdict_most", **values, **least)
        share = say.percent(counts.unrelated / judged)
        return say("verdict_unrelated", share=share, unrelated=counts.unrelated, judged=judged, most=most)

    def _of_topics(self) -> str:
        say, scored = self._say, self._all.scored
        if not scored:
            return say("verdict_no_topics")
        ranked = sorted(self._topics, key=lambda name: -self._all.topics[name])
        topics = ", ".join(f"{say.percent(self._all.topics[n] / scored)} {self._topic(n)}" for n in ranked)
        return say("verdict_topics", topics=topics, abstained=say.percent(self._all.abstained.total() / scored))

    def _of_rows(self) -> str:
        say, counts = self._say, self._all
        n = counts.errors.total()
        errors = say("verdict_errors", n=n, rows=counts.rows) if n else say("verdict_all_read")
        rows = max(1, counts.scored)
        undated = say.percent((counts.scored - counts.dated) / rows)
        return say("verdict_rows", errors=errors, undated=undated,
                   unnamed=say.percent((counts.scored - counts.named) / rows, 1))  # fmt: skip

    # The sections.

    def _unrelated(self) -> Section:
        say = self._say
        shares = self._link_shares()
        said = [say("unrelated_about")]
        if not shares:
            return Section("unrelated", (self._of_links(),))
        without = sum(not counts.links for counts in self._publishers.values())
        notes = [say("few_note", n=FEW)] if any(share.of < FEW for share in shares) else []
        if without:
            notes.append(say("without_links", publishers=say.counted("publishers", without)))
        columns = {
            say("of_links"): lambda share: say.number(share.of),
            say("with_links"): lambda share: say.number(share.counts.with_links),
        }
        table = self._ranking(say("unrelated"), say("unrelated_share"), shares, columns, say("share_axis"), notes)
        return Section("unrelated", tuple(said), (table,))

    def _link_shares(self) -> list[Share]:
        return _ranked((name, c.unrelated, c.unrelated + c.related, c) for name, c in self._publishers.items())

    def _ranking(
        self,
        title: str,
        what: str,
        shares: Sequence[Share],
        columns: dict[str, Callable[[Share], str]],
        axis_name: str,
        notes: Sequence[str],
    ) -> ShownTable:
        """Return the share of each publisher, ranked where it has enough to count; all of them in the first row."""
        say = self._say
        total = Share("", sum(s.some for s in shares), sum(s.of for s in shares), self._all)
        enough = [share for share in shares if share.ranks]
        is_long = len(shares) > LONG_TABLE
        small = [share for share in shares if not share.ranks and is_long and share.counts.rows <= FEW_ARTICLES]
        few = [share for share in shares if not (share.ranks or (is_long and share.counts.rows <= FEW_ARTICLES))]
        shown_enough, shown_few = enough[:MOST_PUBLISHERS], few[: max(0, MOST_PUBLISHERS - len(enough))]
        left = [*enough[len(shown_enough) :], *few[len(shown_few) :], *small]

        def row(share: Share, name: str, rank: str) -> tuple[str, ...]:
            span = f"{say.number(100 * share.estimate.low)}–{say.percent(share.estimate.high)}"
            cells = (column(share) for column in columns.values())
            return (name, rank, self._share(share, 1), span, say.number(share.some), *cells)

        sections = [
            [row(total, say("of_all"), "")],
            [row(share, self._named(share.publisher), say.number(n)) for n, share in enumerate(shown_enough, 1)],
            [row(share, self._named(share.publisher), say("few") if share.of < FEW else "–") for share in shown_few],
        ]
        drawn = [total, *shown_enough, *shown_few]
        if left:
            counts = sum((share.counts for share in left), Counts())
            rest = Share("", sum(share.some for share in left), sum(share.of for share in left), counts)
            sections.append([row(rest, say.counted("other_publishers", len(left)), "")])
            drawn.append(rest)
        header = (say("publisher"), say("rank"), f"{what} %", say("interval"), what, *columns)
        table = Table(title, header, tuple(map(tuple, sections)), " ".join(notes))
        return ShownTable(table, intervals([share.estimate for share in drawn], total.estimate.value), axis_name)

    def _topics_section(self) -> Section:
        say = self._say
        earlier: dict[str, Counts] = {}
        months = [month for month in self._months if month]
        for month in months[:-MOST_MONTHS]:
            earlier[month[:4]] = earlier.get(month[:4], Counts()) + self._months[month]
        latest = {say.month(month): self._months[month] for month in months[-MOST_MONTHS:]}
        undated = {say("undated"): self._months[NO_MONTH]} if NO_MONTH in self._months else {}
        note = say("topics_time_note", n=MOST_MONTHS) if earlier else ""
        time = self._stacked(say("topics_over_time"), say("period"), [undated, earlier, latest], note)
        most = list(self._publishers.items())[:MOST_PUBLISHERS]
        is_long = len(most) > LONG_TABLE
        shown = {name: counts for name, counts in most if not is_long or counts.rows > FEW_ARTICLES}
        left = [counts for name, counts in self._publishers.items() if name not in shown]
        rest = {say.counted("other_publishers", len(left)): sum(left, Counts())} if left else {}
        named = {self._named(name): counts for name, counts in shown.items()}
        publishers = self._stacked(say("topics_by_publisher"), say("publisher"), [named, rest], "")
        return Section("topics", (say("topics_about"),), (time, publishers))

    def _stacked(self, title: str, what: str, groups: Sequence[dict[str, Counts]], note: str) -> ShownTable:
        """Return topics of groups of rows, as shares and as bars."""
        say = self._say
        sections, bars = [], []
        for group in ({say("of_all"): self._all}, *groups):
            rows = []
            for name, counts in group.items():
                if counts.scored:
                    shares = [n / counts.scored for n in self._by_topic(counts)]
                    abstained = counts.abstained.total() / counts.scored
                    rows.append((name, say.number(counts.scored), *(say.percent(s) for s in [*shares, abstained])))
                    bars.append([round(100 * share, 2) for share in shares])
            sections.append(tuple(rows))
        names = [*map(self._topic, self._topics), *([say("other_topics", n=len(self._rest))] if self._rest else [])]
        header = (what, say("count"), *names, say("abstained"))
        return ShownTable(Table(title, header, tuple(sections), note), bars=bars, bars_name=say("shares"))

    def _by_topic(self, counts: Counts) -> list[int]:
        """Return the articles of each topic, those of too many topics summed."""
        rest = [sum(counts.topics[topic] for topic in self._rest)] if self._rest else []
        return [counts.topics[topic] for topic in self._topics] + rest

    def _repeated(self) -> Section:
        say, headlines = self._say, self._digest.headlines
        found = headlines.top(MOST_REPEATED)
        said = [say("repeated_about")] if found else [say("repeated_none")]
        if headlines.missed:
            said.append(say("repeated_approximate", n=headlines.missed))
        rows = tuple((one.headline, say.number(one.times), self._printed_by(one)) for one in found)
        table = Table(say("repeated"), (say("headline"), say("times"), say("printed_by")), (rows,))
        tables = (ShownTable(table, words=True),) if found else ()
        return Section("repeated", tuple(said), tables)

    def _printed_by(self, one: Repeated) -> str:
        """Return who printed a headline and how often, those who did most first."""
        ranked = sorted(one.printed_by.items(), key=lambda item: (-item[1], item[0]))
        many = len(ranked) > 1
        names = [
            f"{self._named(name)} ({self._say.number(n)})" if many else self._named(name)
            for name, n in ranked[:MOST_PRINTERS]
        ]
        if len(ranked) > MOST_PRINTERS:
            names.append(self._say("and_more", n=len(ranked) - MOST_PRINTERS))
        return ", ".join(names)

    def _clickbait(self) -> Section:
        say = self._say
        half = range(PROBABILITY_BINS // 2, PROBABILITY_BINS)
        counted = (
            (name, sum(c.clickbait[number] for number in half), c.clickbait.total(), c)
            for name, c in self._publishers.items()
        )
        shares = _ranked(counted)
        if not shares:
            return Section("clickbait", (say("clickbait_none"),))
        notes = [say("few_titles_note", n=FEW)] if any(share.of < FEW for share in shares) else []
        columns = {
            say("of_titles"): lambda share: say.number(share.of),
            say("mean_probability"): lambda share: say.percent(share.counts.clickbait_units / UNITS / share.of),
        }
        table = self._ranking(say("clickbait"), say("clickbait_share"), shares, columns, say("clickbait_axis"), notes)
        return Section("clickbait", (say("clickbait_about"),), (table,))

    def _abstentions(self) -> Section:
        say = self._say
        reasons = sorted(self._all.abstained)
        if not reasons:
            return Section("abstentions", (say("abstentions_none"),))

        def row(name: str, counts: Counts) -> tuple[str, ...]:
            n = counts.abstained.total()
            share = say.percent(n / counts.scored, 1)
            return (name, say.number(counts.scored), say.number(n), share,
                    *(say.number(counts.abstained[reason]) for reason in reasons))  # fmt: skip

        header = (say("publisher"), say("count"), say("abstained"), say("share"),
                  *(say.term("because", reason) for reason in reasons))  # fmt: skip
        sections = self._by_publisher(row, lambda counts: counts.abstained.total())
        table = ShownTable(Table(say("abstentions"), header, sections))
        return Section("abstentions", (say("abstentions_about"),), (table,))

    def _by_publisher(
        self, row: Callable[[str, Counts], tuple[str, ...]], of: Callable[[Counts], int]
    ) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """Return a row of all, then those of the publishers that have any, most first, the last ones summed."""
        found = sorted(
            ((name, counts) for name, counts in self._publishers.items() if of(counts)),
            key=lambda item: (-of(item[1]), item[0]),
        )
        rows = [row(self._named(name), counts) for name, counts in found[:MOST_PUBLISHERS]]
        if left := [counts for _, counts in found[MOST_PUBLISHERS:]]:
            rows.append(row(self._say.counted("other_publishers", len(left)), sum(left, Counts())))
        return (row(self._say("of_all"), self._all),), tuple(rows)

    def _errors(self) -> Section:
        say = self._say
        found = sorted(self._all.errors.items(), key=lambda item: (-item[1], item[0]))
        if not found:
            return Section("errors", (say("errors_none"),))
        rows = tuple((reason, say.number(n)) for reason, n in found[:MOST_REASONS])
        note = say("errors_more", n=MOST_REASONS) if len(found) > MOST_REASONS else ""
        table = Table(say("errors"), (say("reason"), say("rows")), (rows,), note)
        return Section("errors", (), (ShownTable(table, words=True),))

    def _dates(self) -> Section:
        say, months = self._say, [month for month in self._months if month]
        if self._all.dated == self._all.scored:
            return Section("dates", (say("dates_none"),))

        def row(name: str, counts: Counts) -> tuple[str, ...]:
            n = counts.scored - counts.dated
            return name, say.number(counts.scored), say.number(n), say.percent(n / max(1, counts.scored), 1)

        header = (say("publisher"), say("count"), say("without_date"), say("share"))
        sections = self._by_publisher(row, lambda counts: counts.scored - counts.dated)
        said = (say("dates_about", first=say.month(months[0]), last=say.month(months[-1])),) if months else ()
        return Section("dates", said, (ShownTable(Table(say("dates"), header, sections)),))

    def _changes(self) -> Section:
        say, drift = self._say, self._drift
        found = [(level, shortened(finding.sentence(), FINDING_CHARS))
                 for level, findings in (("alarm", drift.alarms), ("note", drift.notes))
                 for finding in findings[:MOST_FINDINGS]]  # fmt: skip
        said = say("changes_about") if drift.compared else say("changes_none", n=MIN_ARTICLES)
        table = drift.table()
        rows = tuple(tuple(tuple(shortened(cell, NAME_CHARS) for cell in row) for row in section[:MOST_FINDINGS])
                     for section in table.sections[:2])  # fmt: skip
        shown = Table(say("changes_figures"), (say("publisher"), say("level"), *table.header[2:]), rows, table.note)
        tables = (ShownTable(shown, english=True),) if any(rows) else ()
        return Section("changes", (said,), tables, tuple(found))

    def _about_articles(self, articles: Sequence[ShownArticle], found: int) -> list[str]:
        say = self._say
        if not articles:
            return [say("articles_none")]
        rows = say.counted("articles", self._all.rows)
        said = [say("articles_about", shown=len(articles), articles=rows, most=MOST_ARTICLES)]
        if len(articles) < found:
            said.append(say("articles_cut"))
        if not any(article.in_place for article in articles):
            said.append(say("articles_texts"))
        return said

    def _named(self, publisher: str) -> str:
        if publisher == OTHERS:
            return self._say("more_publishers")
        return shortened(publisher, NAME_CHARS) or self._say("no_publisher")

    def _topic(self, name: str) -> str:
        return self._say.term("topic", shortened(name, NAME_CHARS))

    def _share(self, share: Share, digits: int) -> str:
        return self._say.percent(share.estimate.value, digits)


def _ranked(counted: Iterable[tuple[str, int, int, Counts]]) -> list[Share]:
    """Return shares of something, those of enough first, by their size; then the others, by how many they are of."""
    found = [Share(name, some, of, counts) for name, some, of, counts in counted if of]
    return sorted(found, key=lambda s: (not s.ranks, -s.estimate.value if s.ranks else 0.0, -s.of, s.publisher))


def _grouped(articles: Sequence[ShownArticle]) -> dict[str, list[ShownArticle]]:
    groups: dict[str, list[ShownArticle]] = {}
    for article in articles:
        groups.setdefault(article.kind, []).append(article)
    return groups


def _script() -> str:
    """Return the filter, the only script there is; the page names its checksum, and a browser runs no other."""
    return files(OWN).joinpath("templates/filter.js").read_text("utf-8").strip()
