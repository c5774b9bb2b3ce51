"""The state of the git checkout a run was made in."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from saring.processes import program

__all__ = ["git_commit", "harmless"]

_COMMANDS = (
    "rev-parse --verify HEAD",
    "status --porcelain --untracked-files=no --ignore-submodules=dirty",
)
# What a checkout's own settings and hooks have git run.
_OFF = {"core.fsmonitor": "false", "core.hooksPath": os.devnull}
_ITS_OWN = ("local", "worktree")  # scopes of settings that lie in the checkout
_FILTER = re.compile(r"filter\..*\.(clean|smudge|process)", re.DOTALL)


def harmless(off: Iterable[str] = ()) -> dict[str, str]:
    """Return variables under which git runs no program that the checkout names.

    Parameters
    ----------
    off : iterable of str
        More settings to be empty.
    """
    settings = {**_OFF, **dict.fromkeys(off, "")}
    keys = {f"GIT_CONFIG_KEY_{n}": name for n, name in enumerate(settings)}
    values = {f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(settings.values())}
    return {
        **{"GIT_CONFIG_COUNT": str(len(settings)), **keys, **values},
        "GIT_OPTIONAL_LOCKS": "0",  # nor does it write the index, after which a hook would run
        "GIT_NO_LAZY_FETCH": "1",  # what a partial clone lacks stays away
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
    }


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
    try:
        place = folder or Path.cwd()
        own = _asked(place, "config --null --name-only --show-scope --list", harmless()).split("\0")
        scopes = zip(own[::2], own[1::2], strict=False)
        filters = [name for scope, name in scopes if scope in _ITS_OWN and _FILTER.fullmatch(name)]
        commit, changes = (_asked(place, words, harmless(filters)) for words in _COMMANDS)
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"git_commit": commit.strip(), "git_dirty": str(bool(changes.strip())).lower()}


def _asked(folder: Path, words: str, variables: Mapping[str, str]) -> str:
    """Return what git answers, none of the user's variables of git in force.

    Raises
    ------
    OSError, CalledProcessError
        It is not installed, or has no answer.
    """
    git = program("git")
    if git is None:
        raise FileNotFoundError("git")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        [git, "-C", str(folder), *words.split()],
        capture_output=True,
        check=True,
        env={**kept, **variables},
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
    ).stdout
