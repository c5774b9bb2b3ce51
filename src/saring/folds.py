"""Folds side by side: of each a model is fitted, and asked about the rows that it has not seen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from joblib import Parallel, delayed

from saring.config import TrainConfig
from saring.counted import Rows
from saring.fit import Answers, Fitted
from saring.split import Fold
from saring.tasks import Table, Task

__all__ = ["Progress", "Question", "run_folds"]

Progress = Callable[[str, int, int], None]

# So long a thread that comes back from arithmetic waits for one that is busy in Python. Python's
# own five milliseconds, thousands of times, left two threads no quicker than one.
PATIENCE_SECONDS = 2e-4


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One fold of a task's table; whether its model is wanted, beside the answers."""

    task: Task
    table: Table
    fold: Fold
    keep: bool = False


def run_folds(
    questions: Sequence[Question], config: TrainConfig, progress: Progress
) -> Iterator[tuple[Fitted | None, Answers | None]]:
    """Yield, in order, each fold's model, where kept, and its answers, where it tests anything.

    The folds run in threads: what was counted in a table is there for all of them, no process has
    to start, and most of what they do is arithmetic, for which Python lets other threads run.
    """
    shared = {id(q.table): replace(q.table, rows=Rows(q.table.rows)) for q in questions}
    run = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(
        delayed(_run)(replace(question, table=shared[id(question.table)]), config)
        for question in questions
    )
    patience = sys.getswitchinterval()
    sys.setswitchinterval(PATIENCE_SECONDS)
    try:
        for done, found in enumerate(run, start=1):
            progress("cross-validate", done, len(questions))
            yield found
    finally:
        sys.setswitchinterval(patience)


def _run(question: Question, config: TrainConfig) -> tuple[Fitted | None, Answers | None]:
    """Return a fold's model, where it is kept, and its answers, where it tests anything."""
    train, test = question.fold
    fitted = Fitted.on(question.task, question.table.take(train), config)
    answers = fitted.answer(question.task, question.table, test) if len(test) else None
    return fitted if question.keep else None, answers
