"""``python -m saring`` is ``saring``; Ctrl-C is told in a line even while the rest is imported."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Return the exit code of the process."""
    try:
        from saring.cli.commands import main

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("saring: interrupted\n")
        return 130
    finally:  # what is left is to end, and nothing to interrupt
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
