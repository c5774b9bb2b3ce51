"""The small predict module: `load()` a model, `Model.predict(articles)`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from saring import kernel, store
from saring.article import Abstention, Article, KeepLinks, Link, LinkPrediction, Prediction, Record, clean_text
from saring.errors import ConfigError, InputError, SaringError
from saring.io.columns import FIELDS, Columns
from saring.locate import find_bundle
from saring.models.plain_scorer import Pair, Tie
from saring.parsing.engine import as_record, parse
from saring.publishers import canonical_publisher

# What predict takes (text, row, `Record` or `Article`) to an article, or to why there is none.


Source = str | Mapping[str, Any] | Record | Article

# No file can hold half a surrogate pair (a cut emoji), and NUL ends a text for many programs;
# `read` replaces both, and so must who takes texts from Python.
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_TEXTS = [item.name for item in fields(Article) if item.type == "str"]
_TEXTS_OF = attrgetter(*_TEXTS)
_FIELDS_OF = attrgetter(*FIELDS)
_REPLACEMENT = "\ufffd"  # one character for one, so that spans stay right


def as_list(sources: Iterable[Source]) -> list[Source]:
    """Return sources as a list; InputError as `take`."""
    if isinstance(sources, str | bytes | Mapping | Record | Article):
        raise InputError("expected a list of articles; put this one in a list: [article]")
    if hasattr(sources, "columns"):  # iterating over a data frame gives its column names
        raise InputError("expected a list of articles; pass a table as table.to_dict('records')")
    return list(sources)


def kept(sources: Iterable[Source], keep: Sequence[str]) -> list[dict[str, Any]]:
    """Return the values of some columns of each source, None where it has none."""
    columns = Columns({}, keep)
    nothing = columns.kept({})
    return [
        columns.kept({str(name): value for name, value in source.items()})
        if isinstance(source, Mapping)
        else nothing | (dict(source.kept) if isinstance(source, Record) else {})
        for source in sources
    ]


def take(sources: Iterable[Source]) -> list[Article | Prediction]:
    """Return for each source, in order, its article, or a prediction with `error`.

    Raises
    ------
    InputError
        When `sources` is one article, or a table, and not a collection of articles.
    """
    sources = as_list(sources)
    columns = Columns({})
    opened = [_opened(source, columns) for source in sources]
    articles = [parse(item) if isinstance(item, Record) else item for item in opened]
    return [
        _checked(item, source, columns) if isinstance(item, Article) else item
        for item, source in zip(articles, sources, strict=True)
    ]


def _opened(source: Any, columns: Columns) -> Article | Record | Prediction:
    """Return the article, or the record to parse, in a source; or why there is none."""
    if isinstance(source, Record) and source.error:
        return _failed(source, source.id, source.error)
    try:
        return _read(source, columns)
    except SaringError as error:
        return Prediction(id=_identifier(source, columns), error=str(error))


def _checked(article: Article, source: Any, columns: Columns) -> Article | Prediction:
    """Return an article as every file can hold it, or a prediction that says that it is empty."""
    if article.title.strip() or article.text.strip():
        return _writable(article)
    where = source.where if isinstance(source, Record) else ""
    reason = f"{where}: title and text are empty; expected an article".removeprefix(": ")
    return _failed(article, _identifier(source, columns), reason)


def _failed(known: Article | Record, id: str, error: str) -> Prediction:
    """Return the prediction of what cannot be scored, with what is known of it all the same."""
    return Prediction(
        id=id,
        title=known.title,
        publisher=canonical_publisher(known.publisher, known.url),
        publisher_printed=known.publisher,
        url=known.url,
        error=error,
    )


def _read(source: Any, columns: Columns) -> Article | Record:
    """Return the article or record in a source; InputError for what is none."""
    if isinstance(source, str):
        return as_record(str(source))
    if not isinstance(source, (Record, Article)):
        if isinstance(source, Mapping):
            return as_record(_fields(source, columns))
        raise InputError(
            f"found {type(source).__name__}; expected a text, a mapping with 'text', a Record or an Article"
        )
    for name, value in zip(FIELDS, _FIELDS_OF(source), strict=True):
        if not isinstance(value, str):
            raise InputError(f"field {name!r} is {type(value).__name__}; expected a string")
    return source


def _fields(row: Mapping[Any, Any], columns: Columns) -> dict[str, str]:
    """Return the fields of a row by our names; absent ones are left out, but for the text."""
    values = {str(name): value for name, value in row.items()}
    if "text" not in columns.find(tuple(values)).columns:
        raise InputError(f"an article needs 'text'; found the fields {sorted(values)}")
    found = columns.fields(values)
    return {name: value for name, value in found.items() if value or name == "text"}


def _identifier(source: Any, columns: Columns) -> str:
    """Return the id of a source that could not be taken, empty where it has none."""
    if isinstance(source, Mapping):
        return columns.identifier({str(name): value for name, value in source.items()})
    return str(getattr(source, "id", ""))


def _writable(article: Article) -> Article:
    """Return the article with U+FFFD for what no file can hold."""
    texts: tuple[str, ...] = _TEXTS_OF(article)
    if _is_writable("".join(texts)):
        return article
    mended: dict[str, Any] = dict(zip(_TEXTS, map(_mended, texts), strict=True))
    links = tuple(replace(link, headline=_mended(link.headline), url=_mended(link.url)) for link in article.links)
    return replace(article, links=links, **mended)


def _is_writable(text: str) -> bool:
    """Return whether every file can hold a text; much faster than a search for what it cannot."""
    try:
        return "\0" not in text and (text.isascii() or bool(text.encode()))
    except UnicodeEncodeError:
        return False


def _mended(text: str) -> str:
    """Return a text with U+FFFD for each character that no file can hold."""
    return _UNWRITABLE.sub(_REPLACEMENT, text)


# Why a link was judged as it was, in words.


MAX_WORDS = 4  # the weightiest say it; more is noise
SURE_TOPIC = 0.8  # a headline alone is short: below this its topic is too unsure to be told
NO_TOPIC = "other"  # says what a headline is not, which explains nothing
SURE_CLICKBAIT = 0.7


def link_reasons(
    ties: Sequence[Tie], link_topic: tuple[str, float], article_topic: str, clickbait: float, *, related: bool
) -> tuple[str, ...]:
    """Return the reasons for a verdict, the weightiest first.

    Parameters
    ----------
    ties : sequence of Tie
        The words that tie the headline to the article, the weightiest first; each is told with its
        weight.
    link_topic : (str, float)
        Topic of the headline read by itself, and its probability.
    article_topic : str
        Topic of the article.
    clickbait : float
        Probability that the headline is clickbait.
    related : bool
        The verdict; another topic explains only that a link is unrelated.
    """
    reasons = [_shared([tie for tie in ties if tie.shared])]
    if akin := [tie for tie in ties if not tie.shared]:
        reasons.append(f"article has kin of {_listed(akin)}")
    topic, probability = link_topic
    differs = topic not in (article_topic, NO_TOPIC) and probability >= SURE_TOPIC
    if differs and not related:
        reasons.append(f"headline reads as {topic.replace('_', ' ')}")
    if clickbait >= SURE_CLICKBAIT:
        reasons.append("headline reads as clickbait")
    return tuple(reasons)


def _shared(ties: Sequence[Tie]) -> str:
    """Return what is shared, as a phrase."""
    if not ties:
        return "shares no specific word"
    return f"shares {'only ' if len(ties) == 1 else ''}{_listed(ties)}"


def _listed(ties: Sequence[Tie]) -> str:
    """Return words in quotes with their weights, and how many more there are."""
    told = ", ".join(f"'{tie.word}' {tie.weight:.1f}" for tie in ties[:MAX_WORDS])
    more = len(ties) - MAX_WORDS
    return told + (f" and {more} more" if more > 0 else "")


# The small predict module: `load()` a model, `Model.predict(articles)`; every entry point calls it.


# Of probabilities. The compiled kernel and scikit-learn agree to twelve, so that it cannot be seen
# which of them answered: rows are the same to the last digit.
DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model: what an article is about, which of its links belong to it, how it baits.

    Made by `load`. Attributes of use: `topics`, in the order of the ``p_<topic>`` columns, and
    `model_version`.
    """

    bundle: store.Bundle

    def __repr__(self) -> str:
        name = f"{self.bundle.card['name']} {self.model_version}"
        return f"<Model {name}: {', '.join(self.topics)}; {self.path}>"

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

    def predict(
        self,
        articles: Iterable[Source],
        *,
        keep_links: KeepLinks = "none",
        scored_at: str | None = None,
        keep: Sequence[str] = (),
    ) -> list[Prediction]:
        """Return a prediction for each article, in order; one that cannot be read gets `error`.

        Parameters
        ----------
        articles : iterable of str, Mapping, Record or Article
            Texts as copied from a portal; rows with a ``text`` and what else is known, under the
            column names that files may have; or parsed articles.
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
        """
        self._check_keep_links(keep_links)
        stamp = scored_at or datetime.now(UTC).isoformat(timespec="seconds")
        marks: dict[str, Any] = {"model_version": self.model_version, "scored_at": stamp, "topics": self.topics}
        sources = as_list(articles)
        parsed = take(sources)
        readable = [item for item in parsed if isinstance(item, Article)]
        scored = iter(self._score(readable, keep_links, marks))
        found = [next(scored) if isinstance(item, Article) else replace(item, **marks) for item in parsed]
        if not keep:
            return found
        owned = zip(found, kept(sources, keep), strict=True)
        return [replace(prediction, kept=own) for prediction, own in owned]

    def _check_keep_links(self, keep_links: str) -> None:
        """Raise ConfigError when the wish cannot be met."""
        if keep_links not in get_args(KeepLinks):
            raise ConfigError(f"keep_links is {keep_links!r}; expected one of {', '.join(get_args(KeepLinks))}")
        if keep_links == "related" and "link" not in self.bundle.tasks:
            raise ConfigError(
                "keeping the related links needs a model of links, and this one was trained on a "
                "corpus without their labels; keep none or all, or train on a corpus that has them"
            )

    def _score(self, articles: Sequence[Article], keep_links: KeepLinks, marks: Mapping[str, Any]) -> list[Prediction]:
        """Return the predictions of parsed articles."""
        if not articles:
            return []
        bodies = [article.body for article in articles]
        links = [(i, link) for i, article in enumerate(articles) for link in article.links]
        headlines = [link.headline for _, link in links]
        titles = [article.title for article in articles]
        n = len(articles)
        found = kernel.topics(self.bundle.topic, [*titles, *headlines], [*bodies, *[""] * len(headlines)])
        topics = found.probabilities.tolist()
        baits = [_number(p) for p in self._baits([*titles, *headlines])[:, -1].tolist()]
        pairs = [(titles[i], bodies[i], link.headline) for i, link in links]
        judged: list[list[LinkPrediction]] = [[] for _ in articles]
        verdicts = self._links(links, pairs, topics, baits, n)
        for (i, _), verdict in zip(links, verdicts, strict=True):
            judged[i].append(verdict)
        clean = bodies if keep_links == "none" else _with_links(articles, judged, keep_links)
        names, thresholds = self.topics, self._thresholds
        strange = found.out_of_domain.tolist()
        made = []
        for i, article in enumerate(articles):
            probabilities = [round(p, DECIMALS) for p in topics[i]]
            topic, best = _best(names, probabilities)
            made.append(
                Prediction(
                    id=article.id,
                    title=article.title,
                    published=article.published,
                    publisher=canonical_publisher(article.publisher, article.url),
                    publisher_printed=article.publisher,
                    url=article.url,
                    source=article.source,
                    topic=topic,
                    probabilities=dict(zip(names, probabilities, strict=True)),
                    abstained_because=_abstention(best, strange[i], thresholds),
                    clickbait=baits[i] if article.title else None,
                    links=tuple(judged[i]),
                    clean_text=clean[i],
                    error=article.note,
                    **marks,
                )
            )
        return made

    def _baits(self, headlines: Sequence[str]) -> NDArray[np.float64]:
        """Return the probabilities of clickbait's labels; NaN where nobody trained it."""
        model = self.bundle.clickbait
        if model is None:
            return np.full((len(headlines), 2), np.nan)
        return kernel.clickbait(model, headlines)

    def _links(
        self,
        links: Sequence[tuple[int, Link]],
        pairs: Sequence[Pair],
        topics: Sequence[Sequence[float]],
        baits: Sequence[float | None],
        n: int,
    ) -> list[LinkPrediction]:
        """Return the verdict on each link; row n + k of `topics` and `baits` is its headline."""
        chances: list[float] = [math.nan] * len(pairs)
        ties: list[list[Tie]] = [[] for _ in pairs]
        if pairs and (model := self.bundle.link) is not None:
            found, ties = kernel.links(model, pairs)
            chances = found.tolist()
        threshold = self._thresholds.get("unrelated", math.nan)  # none where links are not judged
        names = self.topics  # the card is asked once, not for every link
        verdicts = []
        for k, (i, link) in enumerate(links):
            topic, probability = _best(names, topics[n + k])
            p_unrelated, clickbait = _number(chances[k]), baits[n + k]
            related = None if p_unrelated is None else p_unrelated < threshold
            reasons: tuple[str, ...] = ()
            if related is not None:
                reasons = link_reasons(
                    ties[k], (topic, probability), _best(names, topics[i])[0], clickbait or 0.0, related=related
                )
            verdicts.append(
                LinkPrediction(
                    headline=link.headline,
                    marker=link.marker,
                    start=link.start,
                    end=link.end,
                    related=related,
                    p_unrelated=p_unrelated,
                    topic=topic,
                    clickbait=clickbait,
                    reasons=reasons,
                    url=link.url,
                )
            )
        return verdicts

    @property
    def _thresholds(self) -> Mapping[str, float]:
        """Where verdicts change."""
        thresholds: Mapping[str, float] = self.bundle.card["thresholds"]
        return thresholds


def load(path: str | Path | None = None) -> Model:
    """Return a model.

    Parameters
    ----------
    path : str or path, optional
        A bundle; a folder of bundles, of which the newest is taken; or an MLflow address such as
        ``models:/saring@challenger``. Without it the newest in the folder that the variable
        SARING_MODELS names, or else in ``models``, or else the model that comes with saring;
        `Model.path` says which.

    Raises
    ------
    BundleError
        When there is no model, or it is damaged or of another format.
    """
    return Model(store.load(find_bundle(path)))


def _best(topics: Sequence[str], probabilities: Sequence[float]) -> tuple[str, float]:
    """Return the most probable topic and its probability."""
    best = max(probabilities)
    return topics[probabilities.index(best)], best


def _abstention(best: float, out_of_domain: float, thresholds: Mapping[str, float]) -> Abstention | None:
    """Return why no topic is to be named: where a text is no news its probability is nothing."""
    if out_of_domain > thresholds["out_of_domain"]:
        return "unlike_news"
    return "unsure" if best < thresholds["abstain"] else None


def _number(probability: float) -> float | None:
    """Return a probability as rows have it, None where nobody trained a model that gives it."""
    return None if math.isnan(probability) else round(probability, DECIMALS)


def _with_links(articles: Sequence[Article], judged: Sequence[Sequence[LinkPrediction]], keep: KeepLinks) -> list[str]:
    """Return the clean text of each article with all its links, or with the related ones."""
    return [
        clean_text(
            article,
            [link for link, verdict in zip(article.links, verdicts, strict=True) if keep == "all" or verdict.related],
        )
        for article, verdicts in zip(articles, judged, strict=True)
    ]
