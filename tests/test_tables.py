"""A table prints as plain text and as a rich table; labels are never taken for markup."""

from rich.console import Console

from saring.evaluation.reports import Table

TABLE = Table(
    title="Topics",
    header=("topic", "rows"),
    sections=((("economy", "314"),), (), (("[bold]gossip", "1,087"),)),
    note="Counted in the corpus.",
)


def test_plain_text_is_aligned_and_empty_sections_leave_no_rule():
    assert str(TABLE).splitlines() == [
        "Topics",
        "topic          rows",
        "-------------------",
        "economy         314",
        "-------------------",
        "[bold]gossip  1,087",
        "Counted in the corpus.",
    ]


def test_rich_prints_the_same_cells():
    console = Console(width=60, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(TABLE)
    shown = capture.get()
    for cell in ("Topics", "economy", "314", "[bold]gossip", "1,087", "Counted in the corpus."):
        assert cell in " ".join(shown.split())
