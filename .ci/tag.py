"""A release's tag, its version and the changelog's first heading are one: ``python .ci/tag.py v0.2.0 [--notes]``.

``--notes`` prints what the changelog says of the release.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(tag: str, *options: str) -> str | None:
    """Return what is wrong with a tag, None where all is well."""
    stated = re.search(r'^__version__ = "(.+)"$', (ROOT / "src" / "saring" / "__init__.py").read_text("utf-8"), re.M)
    heading, notes = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## ", 2)[1].split("\n", 1)
    found = {"tag": tag, "version": f"v{stated[1] if stated else '?'}", "changelog": f"v{heading.partition(' - ')[0]}"}
    if len({*found.values()}) > 1:
        return (
            f"{', '.join(f'{name} {value}' for name, value in found.items())}; expected one; CONTRIBUTING.md: A release"
        )
    if "--notes" in options:
        print(notes.strip())
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
