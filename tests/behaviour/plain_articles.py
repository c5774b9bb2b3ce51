"""Articles of our own that anyone would file under one topic: plain/<topic>.txt, thirty of each.

Persons, companies and events are invented; states and institutions are real. Each article is a
line ``## year, publisher, subject``, its title, and one paragraph a line.
"""

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("plain")
HEAD = "## "


class Plain(NamedTuple):
    """A plain article and what is known of it."""

    topic: str
    year: int
    publisher: str
    subject: str
    title: str
    paragraphs: tuple[str, ...]

    def row(self, **changes: str) -> dict[str, str]:
        """Return the article as a row for `Model.predict`; `changes` replace or add fields."""
        return {"title": self.title, "text": "\n".join(self.paragraphs)} | changes

    def with_line(self, line: str, at: int) -> str:
        """Return the text with a line of its own before paragraph `at`; the end for a large one."""
        return "\n".join([*self.paragraphs[:at], line, *self.paragraphs[at:]])

    def dated(self, dateline: str) -> str:
        """Return the text with a dateline before the first paragraph."""
        first, *rest = self.paragraphs
        return "\n".join([f"{dateline} - {first}", *rest])


def _read(path: Path) -> list[Plain]:
    """Return the articles in a file, in order."""
    blocks = path.read_text(encoding="utf-8").removeprefix(HEAD).split(f"\n{HEAD}")
    articles = []
    for block in blocks:
        head, title, *paragraphs = block.strip().split("\n")
        year, publisher, subject = head.split(", ")
        articles.append(Plain(path.stem, int(year), publisher, subject, title, tuple(paragraphs)))
    return articles


PLAIN = [article for path in sorted(FOLDER.glob("*.txt")) for article in _read(path)]
"""All of them, topic by topic."""
