"""Bags of recognizable messages, and what two readers that are not ours find in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rl_control.data.bags.layout import LATCHED
from rl_control.data.bags.types import message_class, serialize
from rl_control.data.bags.writer import BagWriter

EPOCH = 1_700_000_000_000_000_000  # [ns]
MS = 1_000_000  # [ns]
NUMBERS = "std_msgs/msg/Float64MultiArray"
TEXT = "std_msgs/msg/String"

Row = tuple[str, int, bytes]  # topic, time of receipt in [ns], bytes


def number(k: int, size: int = 8) -> bytes:
    layout = message_class("std_msgs/msg/MultiArrayLayout")(dim=[], data_offset=0)
    rng = np.random.default_rng(k)
    return serialize(NUMBERS, message_class(NUMBERS)(layout=layout, data=rng.normal(size=size)))


def text(words: str) -> bytes:
    return serialize(TEXT, message_class(TEXT)(data=words))


def write_rows(folder: Path, count: int = 300, every: int = 50, **settings) -> list[Row]:
    """Write a bag of `count` messages, a chunk after `every`, and return what was written."""
    rows = []
    with BagWriter(folder, flush_time=60.0, **settings) as writer:
        writer.topic("/numbers", NUMBERS)
        writer.topic("/settings", TEXT, LATCHED)
        for k in range(count):
            topic, raw = ("/settings", text(f"{k}")) if k % 100 == 0 else ("/numbers", number(k))
            rows.append((topic, EPOCH + k * MS, raw))
            writer.write(topic, raw, rows[-1][1], rows[-1][1] - 1000)
            if k % every == every - 1:
                writer.flush()
    return rows


def by_rosbags(path: Path) -> list[Row]:
    from rosbags.highlevel import AnyReader

    with AnyReader([path]) as reader:
        return [(c.topic, received, bytes(raw)) for c, received, raw in reader.messages()]


def by_mcap(path: Path) -> list[Row]:
    """Messages in their order in the files, every checksum checked."""
    from mcap.reader import NonSeekingReader

    rows = []
    for file in [path] if path.is_file() else sorted(path.glob("*.mcap")):
        with file.open("rb") as stream:
            reader = NonSeekingReader(stream, validate_crcs=True)
            found = reader.iter_messages(log_time_order=False)
            rows += [(c.topic, m.log_time, m.data) for _, c, m in found]
    return rows
