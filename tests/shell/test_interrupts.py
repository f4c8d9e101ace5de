"""Ctrl-C, held back."""

import os
import signal
import threading

import pytest

from esashell.shell.interrupts import held_back


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_key_is_heard_where_it_is_let_through_and_nowhere_before() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held_back() as let_through:  # noqa: PT012
        let_through()
        press()
        done.append("the middle")
        let_through()
        done.append("behind")
    assert done == ["the middle"]


def test_one_that_nobody_let_through_is_heard_at_the_end() -> None:
    done = False
    with pytest.raises(KeyboardInterrupt), held_back():  # noqa: PT012
        press()
        done = True
    assert done


def test_afterwards_it_is_as_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    with held_back():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(ZeroDivisionError), held_back():
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_nothing_is_held_back() -> None:
    heard = []

    def work() -> None:
        with held_back() as let_through:
            let_through()
            heard.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert heard == [True]
