"""The kernel's slices of rows: every row is worked on once, by as many threads as there may be."""

import os
import threading

import pytest

from saring.kernel.text_arrays import SLICE_BYTES, THREADS, as_column, cores, in_slices

MANY = as_column(["x" * (SLICE_BYTES // 10)] * 95)


def worked(column):
    """The slices that were worked on, in order, and how many at a time at most."""
    slices, now, most, lock = [], 0, 0, threading.Lock()
    met = threading.Event()

    def work(start, stop):
        nonlocal now, most
        with lock:
            slices.append((start, stop))
            now += 1
            most = max(most, now)
        met.wait(0.02)
        with lock:
            now -= 1

    in_slices(work, (column,))
    return sorted(slices), most


def test_every_row_is_in_one_slice(monkeypatch):
    monkeypatch.setenv(THREADS, "2")
    slices, _ = worked(MANY)
    assert len(slices) > 5
    rows = [row for start, stop in slices for row in range(start, stop)]
    assert rows == list(range(len(MANY)))


@pytest.mark.parametrize("number", [1, 3])
def test_the_variable_says_how_many_threads_there_are(monkeypatch, number):
    monkeypatch.setenv(THREADS, str(number))
    assert worked(MANY)[1] == number


def test_without_it_there_are_as_many_as_cores_for_this_process(monkeypatch):
    monkeypatch.delenv(THREADS, raising=False)
    monkeypatch.setattr("saring.kernel.text_arrays.cores", lambda: 3)
    assert worked(MANY)[1] == 3


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux has it")
def test_cores_are_those_that_this_process_may_use():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert cores() == len(allowed)


def test_little_work_is_one_slice(monkeypatch):
    monkeypatch.setenv(THREADS, "8")
    assert worked(as_column(["x"] * 3)) == ([(0, 3)], 1)
