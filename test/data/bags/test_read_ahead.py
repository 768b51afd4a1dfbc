"""Messages read before they are needed."""

from __future__ import annotations

import time

import pytest

from rl_control.data.bags.read_ahead import ReadAhead
from rl_control.errors import DataError


def entries(count, size=100, read=None):
    for k in range(count):
        if read is not None:
            read.append(k)
        yield None, k, bytes(size)


def drain(ahead):
    found = []
    while ahead.first() is not None:
        found.append(ahead.take()[1])
    return found


def test_when_all_are_taken_expect_them_in_order_and_an_end():
    ahead = ReadAhead(entries(5000))
    assert drain(ahead) == list(range(5000))
    assert ahead.first() is None
    ahead.close()


def test_when_nobody_takes_expect_reading_to_stop_at_the_bound():
    read: list[int] = []
    ahead = ReadAhead(entries(10_000, 1000, read), most_bytes=50_000)
    for _ in range(200):
        if len(read) >= 50:
            break
        time.sleep(0.01)
    time.sleep(0.05)
    assert 50 <= len(read) <= 52
    for _ in range(30):
        ahead.first()
        ahead.take()
    for _ in range(200):
        if len(read) >= 80:
            break
        time.sleep(0.01)
    assert 80 <= len(read) <= 82
    ahead.close()
    assert len(read) < 10_000


def test_when_one_message_is_greater_than_the_bound_expect_it_nevertheless():
    ahead = ReadAhead(entries(20, 1000), most_bytes=10)
    assert drain(ahead) == list(range(20))
    ahead.close()


def test_when_reading_fails_expect_what_came_before_and_then_the_error():
    def failing():
        yield from entries(3)
        raise DataError("bag", "cut", "Recover it.")

    ahead = ReadAhead(failing())
    for k in range(3):
        assert ahead.first()[1] == k
        ahead.take()
    with pytest.raises(DataError, match="cut"):
        ahead.first()
    ahead.close()
