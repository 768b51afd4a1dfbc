"""What a subscription counts as lost, from the numbers a publisher gives its messages."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rl_control.ros.recorder_inlet import Inlet, Polled


class FakeNode:
    """Hands out messages with the given numbers."""

    def __init__(self, numbers):
        self.waiting = list(numbers)

    def create_subscription(self, *args, **settings):
        return SimpleNamespace(handle=self)

    def take_message(self, kind, raw):
        if not self.waiting:
            return None
        number = self.waiting.pop(0)
        return b"%d" % (number or 0), {
            "publication_sequence_number": number,
            "received_timestamp": 1000 + (number or 0),
            "source_timestamp": 900,
        }


@pytest.mark.parametrize(
    ("numbers", "lost"),
    [
        ([1, 2, 3], 0),
        ([17, 18, 19], 0),  # joined late
        ([1, 2, 5, 6, 9], 4),
        ([1, 2, 1, 2, 3], 0),  # another publisher in its place
        ([5000, 1, 5001, 2], 0),  # another one beside it
        ([None, None], 0),  # a network that gives no numbers
    ],
)
def test_when_numbers_are_missing_expect_them_counted(numbers, lost):
    node = FakeNode(numbers)
    inlet = Inlet(node, "/a", object, None, Polled())
    inlet.count_anew(countable=True)
    taken = []
    inlet.drain(lambda *message: taken.append(message))
    assert (inlet.received, inlet.lost) == (len(numbers), lost)
    assert taken[0] == (b"%d" % (numbers[0] or 0), 1000 + (numbers[0] or 0), 900)


def test_when_two_publish_expect_nothing_counted():
    node = FakeNode([1, 5, 9])
    inlet = Inlet(node, "/a", object, None, Polled())
    inlet.count_anew(countable=False)
    inlet.drain(lambda *message: None)
    assert inlet.lost == 0
    inlet.count_anew(countable=True)
    node.waiting = [20, 21, 23]
    inlet.drain(lambda *message: None)
    assert inlet.lost == 1
