"""Open a model and ask it about articles: `load`, `Model.predict`, `Model.predict_frame` and `Model.pipe`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from saring import store
from saring.article import Abstention, Article, KeepLinks, LinkPrediction, Prediction, clean_text
from saring.columns import Columns
from saring.errors import BundleError, ConfigError
from saring.kernel import scoring
from saring.locate import find_bundle
from saring.models.pair_features import Evidence
from saring.publishers import canonical_publisher
from saring.sources import ArrowTable, Source, kept_of, rows_of, take

if TYPE_CHECKING:
    import pandas as pd

# Of probabilities. The kernel and plain Python agree to twelve, so that rows do not show which of them answered.
DECIMALS = 9

# The reasons for a verdict on a link, in words.

MAX_WORDS = 4  # more are noise
SURE_TOPIC = 0.8  # a headline alone is short: below this its topic is too unsure to be told
NO_TOPIC = "other"  # says what a headline is not, which explains nothing
SURE_CLICKBAIT = 0.7


def link_reasons(
    evidence: Sequence[Evidence], link_topic: tuple[str, float], article_topic: str, clickbait: float, *, related: bool
) -> tuple[str, ...]:
    """Return the reasons for a verdict, the weightiest first; another topic explains only that a link is unrelated.

    `evidence` has the weightiest word first; `link_topic` is the topic of the headline alone, with its probability;
    `clickbait` is the probability that it is clickbait.
    """
    shared = [term for term in evidence if term.shared]
    only = "only " if len(shared) == 1 else ""
    reasons = [f"shares {only}{_listed(shared)}" if shared else "shares no specific word"]
    if grouped := [term for term in evidence if not (term.shared or term.companion)]:
        reasons.append(f"article has kin of {_listed(grouped)}")
    if named := [f"'{term.word}', known with '{term.companion}'" for term in evidence if term.companion]:
        reasons.append(f"names {', '.join(named[:MAX_WORDS])}")
    topic, probability = link_topic
    if not related and topic not in (article_topic, NO_TOPIC) and probability >= SURE_TOPIC:
        reasons.append(f"headline reads as {topic.replace('_', ' ')}")
    if clickbait >= SURE_CLICKBAIT:
        reasons.append("headline reads as clickbait")
    return tuple(reasons)


def _listed(evidence: Sequence[Evidence]) -> str:
    """Return words in quotes with their weights, and how many more there are."""
    words = ", ".join(f"'{term.word}' {term.weight:.1f}" for term in evidence[:MAX_WORDS])
    return words + (f" and {len(evidence) - MAX_WORDS} more" if len(evidence) > MAX_WORDS else "")


# The model.


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model: what an article is about, which of its links belong to it, whether it is clickbait.

    Made by `load`. Attributes of use: `topics`, in the order of the ``p_<topic>`` columns, `model_version`, `path`, and
    `why` it is this one that answers.
    """

    bundle: store.Bundle
    why: str = field(default="", compare=False)

    def __repr__(self) -> str:
        name = f"{self.bundle.card['name']} {self.model_version}"
        return f"<Model {name}: {', '.join(self.topics)}; {self.path}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return load_same, (str(self.path.absolute()), self.model_version)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics the model knows, in the order of its probabilities."""
        return tuple(self.bundle.card["labels"]["topic"])

    @property
    def path(self) -> Path:
        """Folder of the bundle it was opened from."""
        return self.bundle.path

    @property
    def model_version(self) -> str:
        """Twelve hex digits that name the model's content."""
        return self.bundle.model_version

    @property
    def unrelated_threshold(self) -> float | None:
        """The probability from which a link is called unrelated; None for a model without verdicts on links."""
        threshold: float | None = self.bundle.card["thresholds"].get("unrelated")
        return threshold

    def predict(
        self,
        articles: Iterable[Source] | pd.DataFrame | ArrowTable,
        *,
        keep_links: KeepLinks = "none",
        scored_at: str | None = None,
        keep: Sequence[str] = (),
    ) -> list[Prediction]:
        """Return a prediction for each article, in order; one that cannot be read gets `error`.

        Parameters
        ----------
        articles : iterable of str, Mapping, Record or Article; or a table
            Texts as copied from a portal; rows with a ``text`` and what else is known, under the column names that
            files may have; or parsed articles. A table is one of pandas, polars or Arrow.
        keep_links : {"none", "related", "all"}
            Which links stay, as lines of their own, in `clean_text`.
        scored_at : str, optional
            Time to note in the rows, ISO 8601; now when not given.
        keep : sequence of str
            Columns of the given rows that stay in `Prediction.kept` and in its row.

        Raises
        ------
        InputError
            When `articles` is one article and not a collection of them.
        ConfigError
            When `keep_links` is none of these, or asks for verdicts that the model cannot give.

        Examples
        --------
        >>> import saring
        >>> row = {"judul": "Rupiah Menguat", "isi": "Rupiah menguat terhadap dolar AS, kata Bank Indonesia."}
        >>> found, failed = saring.load().predict([row, {"isi": None}])
        >>> found.topic, failed.error
        ('economy', 'title and text are empty; expected an article')
        """
        self.check_keep_links(keep_links)
        sources = list(rows_of(articles, keep))
        marks: dict[str, Any] = {
            "model_version": self.model_version, "scored_at": scored_at or now(), "topics": self.topics
        }  # fmt: skip
        taken = take(sources)
        scored = iter(self._score([item for item in taken if isinstance(item, Article)], keep_links, marks))
        found = [next(scored) if isinstance(item, Article) else replace(item, **marks) for item in taken]
        if not keep:
            return found
        columns = Columns({}, keep)
        kept = (kept_of(source, columns) for source in sources)
        return [replace(prediction, kept=values) for prediction, values in zip(found, kept, strict=True)]

    def predict_frame(
        self, frame: Any, *, keep_links: KeepLinks = "none", scored_at: str | None = None, workers: int | None = None
    ) -> Any:
        """Return the prediction rows of a table as a table of its kind: as many rows, in the same order.

        Of pandas, the rows have the frame's index, and texts the type that pandas has for them, numbers ``float64`` and
        ``Int64``, truth values ``boolean``; `links` holds lists of mappings.
        ``frame.join(model.predict_frame(frame).add_prefix("saring_"))`` puts both side by side.

        Of polars and Arrow, columns remain Arrow on the way in and out, with the same types whatever is in them.

        Parameters
        ----------
        frame : DataFrame, or Series of texts, of pandas or polars; Arrow table, batch or array
            Columns have the names that files may have; what nobody needs is not touched. A LazyFrame of polars gives
            one, and a RecordBatchReader one, whose rows are made as they are read. Whatever else speaks Arrow
            (``__arrow_c_stream__``) gives an Arrow table, and a list of articles a DataFrame of pandas.
        keep_links, scored_at
            As in `predict`.
        workers : int, optional
            Number of processes; if not given, one for a small table and one a core for others, as `saring score` has.

        Raises
        ------
        InputError, ConfigError
            As `predict`.

        Examples
        --------
        >>> import pandas as pd
        >>> import saring
        >>> frame = pd.DataFrame({"text": ["Rupiah menguat terhadap dolar AS.", None]}, index=["a", "b"])
        >>> saring.load().predict_frame(frame)[["topic", "error"]].notna()
           topic  error
        a   True  False
        b  False   True
        """
        from saring.batch.parts import Task
        from saring.frames import answered

        self.check_keep_links(keep_links)
        return answered(frame, Task("score", self, keep_links, scored_at or now()), workers)

    def pipe(
        self,
        articles: Iterable[Source] | pd.DataFrame | ArrowTable,
        batch_size: int = 256,
        *,
        keep_links: KeepLinks = "none",
        scored_at: str | None = None,
        keep: Sequence[str] = (),
    ) -> Iterator[Prediction]:
        """Return an iterator over the predictions of articles, in order; no more than a batch is held at a time.

        Parameters
        ----------
        articles : iterable or table
            As in `predict`; it is read as the predictions are taken, and may have no end.
        batch_size : int
            Articles that are scored at once, at least 1.
        keep_links, scored_at, keep
            As in `predict`.

        Raises
        ------
        InputError, ConfigError
            As `predict`, at once; and when `batch_size` is less than 1.

        Examples
        --------
        >>> import saring
        >>> texts = (f"Rupiah menguat {number} persen terhadap dolar AS." for number in range(1, 1_000_000_000))
        >>> next(saring.load().pipe(texts, batch_size=2)).topic
        'economy'
        """
        self.check_keep_links(keep_links)
        if batch_size < 1:
            raise ConfigError(f"batch_size is {batch_size}; expected at least 1")
        rows = iter(rows_of(articles, keep))
        stamp = scored_at or now()
        batches = iter(lambda: list(islice(rows, batch_size)), [])
        return (
            prediction
            for batch in batches
            for prediction in self.predict(batch, keep_links=keep_links, scored_at=stamp, keep=keep)
        )

    def check_keep_links(self, keep_links: str) -> None:
        """Raise ConfigError when the wish cannot be met.

        Examples
        --------
        >>> from saring import load
        >>> load().check_keep_links("related")
        """
        if keep_links not in get_args(KeepLinks):
            raise ConfigError(f"keep_links is {keep_links!r}; expected one of {', '.join(get_args(KeepLinks))}")
        if keep_links == "related" and "link" not in self.bundle.tasks:
            raise ConfigError(
                "keeping the related links needs a model of links, and this one was trained on a corpus without their "
                "labels; keep none or all, or train on a corpus that has them"
            )

    def _score(self, articles: Sequence[Article], keep_links: KeepLinks, marks: Mapping[str, Any]) -> list[Prediction]:
        """Return the predictions of parsed articles; articles and headlines of links are scored together."""
        if not articles:
            return []
        bundle, names, n = self.bundle, self.topics, len(articles)
        thresholds: Mapping[str, float] = bundle.card["thresholds"]
        titles, bodies = [article.title for article in articles], [article.body for article in articles]
        links = [(i, link) for i, article in enumerate(articles) for link in article.links]
        headlines = [link.headline for _, link in links]

        found = scoring.topics(bundle.topic, [*titles, *headlines], [*bodies, *[""] * len(links)])
        probabilities = [[round(p, DECIMALS) for p in row] for row in found.probabilities.tolist()]
        topics = [max(zip(names, row, strict=True), key=itemgetter(1)) for row in probabilities]
        clickbait: list[float | None] = [None] * len(topics)
        if (clickbait_model := bundle.clickbait) is not None:
            scores = scoring.clickbait(clickbait_model, [*titles, *headlines])[:, -1]
            clickbait = [round(p, DECIMALS) for p in scores.tolist()]
        unrelated: list[float | None] = [None] * len(links)
        evidence: list[list[Evidence]] = [[] for _ in links]
        if links and (link_model := bundle.link) is not None:
            scored, evidence = scoring.links(link_model, [(titles[i], bodies[i], link.headline) for i, link in links])
            unrelated = [round(p, DECIMALS) for p in scored.tolist()]

        verdicts: list[list[LinkPrediction]] = [[] for _ in articles]
        for k, (i, link) in enumerate(links):
            (topic, probability), bait, p_unrelated = topics[n + k], clickbait[n + k], unrelated[k]
            related = None if p_unrelated is None else p_unrelated < thresholds["unrelated"]
            reasons: tuple[str, ...] = ()
            if related is not None:
                reasons = link_reasons(evidence[k], (topic, probability), topics[i][0], bait or 0.0, related=related)
            verdicts[i].append(LinkPrediction(
                link.headline, link.marker, link.start, link.end, related, p_unrelated, topic, bait, reasons, link.url
            ))  # fmt: skip
        return [
            Prediction(
                id=article.id,
                title=article.title,
                published=article.published,
                publisher=canonical_publisher(article.publisher, article.url),
                publisher_printed=article.publisher,
                url=article.url,
                source=article.source,
                topic=topic,
                probabilities=dict(zip(names, probabilities[i], strict=True)),
                abstained_because=_abstention(best, out_of_domain, thresholds),
                out_of_domain=round(out_of_domain, DECIMALS),
                clickbait=clickbait[i] if article.title else None,
                links=tuple(verdicts[i]),
                removed=round(article.removed, DECIMALS),
                clean_text=_clean_text(article, bodies[i], verdicts[i], keep_links),
                error=article.note,
                **marks,
            )
            for i, (article, (topic, best), out_of_domain) in enumerate(
                zip(articles, topics[:n], found.out_of_domain.tolist()[:n], strict=True)
            )
        ]


def _clean_text(article: Article, body: str, verdicts: Sequence[LinkPrediction], keep_links: KeepLinks) -> str:
    """Return the body of an article, with the links that are to stay."""
    if keep_links == "none" or not article.links:
        return body
    both = zip(article.links, verdicts, strict=True)
    return clean_text(article, [link for link, verdict in both if keep_links == "all" or verdict.related])


def load(path: str | Path | None = None) -> Model:
    """Return a model.

    Parameters
    ----------
    path : str or path, optional
        A bundle; the name or version of one in the folder of models; a folder of bundles, of which its champion is
        taken, or the newest where none was promoted; the name of a line of models for its champion, with
        ``@challenger`` behind it for its newest (``"challenger"`` alone: of the line of saring's own topics); or an
        MLflow address such as ``models:/saring@challenger``, the id or the name of a run. Without it the bundle that
        the variable SARING_MODELS names, or else the champion: the model that was promoted last, or the one that comes
        with saring. `Model.path` says which it is, `Model.why` why.

    Raises
    ------
    BundleError
        When there is no model, or it is damaged or of another format.

    Examples
    --------
    >>> import saring
    >>> saring.load().topics
    ('economy', 'gossip', 'international_politics', 'other')
    """
    choice = find_bundle(path)
    return Model(store.load(choice.folder), choice.why)


def load_same(path: str, model_version: str) -> Model:
    """Return the model that another process works with: opening its bundle is faster than sending it."""
    model = load(path)
    if model.model_version != model_version:
        raise BundleError(
            f"{path}: found model {model.model_version}, expected {model_version}, which the run began with; "
            "leave models alone while they work, and run the command again"
        )
    return model


def now() -> str:
    """Return the time to note in rows."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _abstention(best: float, out_of_domain: float, thresholds: Mapping[str, float]) -> Abstention | None:
    """Return why no topic is to be named: of a text unlike all news, probabilities mean nothing."""
    if out_of_domain > thresholds["out_of_domain"]:
        return "unlike_news"
    return "unsure" if best < thresholds["abstain"] else None
