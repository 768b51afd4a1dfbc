"""Tables of a bag: whole files, or none."""

from __future__ import annotations

import errno
import os
from contextlib import closing

import pytest

from rl_control.data.bags import csv as bag_csv
from rl_control.data.bags.messages import open_bag
from rl_control.errors import DataError

STATES = "/joint_states"


def test_when_the_disk_is_full_expect_it_said_and_nothing_left(
    write_bag, messages, tmp_path, monkeypatch
):
    rows = [(STATES, 1.0 + 0.01 * k, messages.state(0.01 * k, ["a"], [1.0])) for k in range(5)]
    path = write_bag(rows)
    folder = tmp_path / "tables"
    folder.mkdir()

    class Full:
        def writerow(self, _row):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(bag_csv.csv, "writer", lambda *_words, **_more: Full())
    with closing(open_bag(path)) as bag, pytest.raises(DataError, match="No space left"):
        bag_csv.write_states(bag, STATES, ["a"], folder / "states.csv")
    assert list(folder.iterdir()) == []
