"""How the time of a piece of work grows with its input."""

import gc
import time
from collections.abc import Callable
from typing import Any

MOST = 6.0  # times as long for four times as much: linear is 4, quadratic 16
FAST = 0.05  # seconds in which whatever grows is too small to be measured


def grows_linearly(work: Callable[[Any], Any], small: Any, large: Any, most: float = MOST) -> bool:
    """Whether work takes less than `most` times as long for what is four times as large."""
    best = [float("inf"), float("inf")]
    gc.disable()  # a search for garbage takes as long as all that the tests before have left
    try:
        for _ in range(4):  # others may be running
            for place, given in enumerate((small, large)):
                start = time.process_time()
                work(given)
                best[place] = min(best[place], time.process_time() - start)
            if best[1] < max(most * best[0], FAST):
                return True
        return False
    finally:
        gc.enable()


def names(first: int, last: int) -> list[str]:
    """Different words, each with a capital: "Aaaa", "Aaab", ..."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        "".join(letters[number // 26**place % 26] for place in (3, 2, 1, 0)).capitalize()
        for number in range(first, last)
    ]
