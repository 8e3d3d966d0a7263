"""Who asks first has the next turn, also where another thread asks without end."""

import threading
import time

import pytest

from corescout.instruments.nanonis.turns import Turns


def waiting(turns, *names, order):
    """Threads that wait for their turn, in the order of their names."""
    threads = []
    for name in names:

        def take(name=name):
            with turns:
                order.append(name)

        before = turns.n_asked
        threads.append(threading.Thread(target=take))
        threads[-1].start()
        while turns.n_asked == before:
            time.sleep(0.001)
    return threads


def test_who_asks_anew_comes_after_all_who_wait():
    turns, order = Turns(), []
    with turns:
        threads = waiting(turns, "a", "b", "c", order=order)
    with turns:
        order.append("again")
    for thread in threads:
        thread.join()
    assert order == ["a", "b", "c", "again"]
    assert turns.n_asked == 0


def test_an_error_in_a_turn_ends_it():
    turns = Turns()
    with pytest.raises(ValueError, match="of its own"), turns:
        raise ValueError("of its own")
    assert turns.n_asked == 0
    with turns:
        assert turns.n_asked == 1
