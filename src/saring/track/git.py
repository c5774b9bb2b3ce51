"""The state of the git checkout a run was made in."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["git_commit"]

_COMMANDS = ("rev-parse HEAD", "status --porcelain --untracked-files=no")


def git_commit(folder: Path | None = None) -> dict[str, str]:
    """Return tags that name the commit of a checkout and say whether tracked files differ from it.

    Parameters
    ----------
    folder : Path or None
        A folder in the checkout; None is the working folder.

    Returns
    -------
    dict[str, str]
        ``git_commit`` and ``git_dirty`` ("true" or "false"); empty outside a checkout, before its
        first commit, and where git is not installed.
    """
    answers = []
    for command in _COMMANDS:
        try:
            done = subprocess.run(
                ["git", "-C", str(folder or Path.cwd()), *command.split()],
                capture_output=True,
                text=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError):
            return {}
        answers.append(done.stdout.strip())
    return {"git_commit": answers[0], "git_dirty": str(bool(answers[1])).lower()}
