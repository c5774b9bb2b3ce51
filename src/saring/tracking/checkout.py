"""The commit of a checkout, asked of git without running what the checkout names."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from saring.processes import program

SOURCE = Path(__file__).parents[3]  # the checkout, where saring runs from one
_COMMANDS = ("rev-parse --verify HEAD", "status --porcelain --untracked-files=no --ignore-submodules=dirty")
# What a checkout's own settings have git run: its hooks, and the filters of files.
_OFF = {"core.fsmonitor": "false", "core.hooksPath": os.devnull}
_FILTER = re.compile(r"filter\..*\.(clean|smudge|process)", re.DOTALL)


def harmless(off: Iterable[str] = ()) -> dict[str, str]:
    """Return variables under which git runs no program that the checkout names; the settings of `off` are emptied."""
    settings = {**_OFF, **dict.fromkeys(off, "")}
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for n, (name, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{n}": name, f"GIT_CONFIG_VALUE_{n}": value}
    return variables | {
        "GIT_OPTIONAL_LOCKS": "0",  # nor does it write the index, after which a hook would run
        "GIT_NO_LAZY_FETCH": "1",  # what a partial clone lacks stays away
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
    }


def git_commit(folder: Path | None = None) -> dict[str, str]:
    """Return tags that name the commit of a checkout and say whether tracked files differ from it.

    They are ``git_commit`` and ``git_dirty`` ("true" or "false"); none outside a checkout, before its first commit, and
    where git is not installed. Without `folder` the checkout is the one that saring itself runs from, for its code
    decides what a training makes; the working folder may be of any other project. An installed saring has none: its
    version says which code it is.
    """
    folder = folder or SOURCE
    if (git := program("git")) is None or (folder == SOURCE and not (folder / "pyproject.toml").is_file()):
        return {}
    users = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def output(words: str, variables: Mapping[str, str]) -> str:
        command = [git, "-C", str(folder), *words.split()]
        done = subprocess.run(
            command, capture_output=True, check=True, env={**users, **variables}, stdin=subprocess.DEVNULL,
            text=True, encoding="utf-8", errors="surrogateescape",
        )  # fmt: skip
        return done.stdout

    try:
        own = output("config --null --name-only --show-scope --list", harmless()).split("\0")
        scopes = zip(own[::2], own[1::2], strict=False)
        filters = [name for scope, name in scopes if scope in ("local", "worktree") and _FILTER.fullmatch(name)]
        commit, changes = (output(words, harmless(filters)) for words in _COMMANDS)
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"git_commit": commit.strip(), "git_dirty": str(bool(changes.strip())).lower()}
