"""Diagnostics written by hand are those that rosbags, and our own reader, read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rosbags")

from rl_control.data.bags.diagnostics_bytes import diagnostics_bytes
from rl_control.data.bags.types import deserialize
from rl_control.data.runs.decisions import Decisions, read_decision, read_diagnostics

KIND = "diagnostic_msgs/msg/DiagnosticArray"
TEXTS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=9)


@given(
    stamp=st.integers(0, 2**31 * 10**9),
    texts=st.tuples(TEXTS, TEXTS, TEXTS),
    level=st.integers(0, 3),
    values=st.dictionaries(TEXTS, TEXTS, max_size=6),
)
def test_when_any_texts_are_written_expect_them_read_by_others(stamp, texts, level, values):
    name, hardware, summary = texts
    stamp = min(stamp, (2**31 - 1) * 10**9)
    raw = diagnostics_bytes(stamp, name, hardware, level, summary, values)
    message = deserialize(KIND, raw)
    at = message.header.stamp
    assert at.sec * 10**9 + at.nanosec == stamp
    (status,) = message.status
    assert (status.name, status.hardware_id, status.message) == (name, hardware, summary)
    assert int(status.level) == level
    assert [(pair.key, pair.value) for pair in status.values] == list(values.items())
    assert read_diagnostics(raw) == [(level, name, summary, values)]


@given(st.dictionaries(TEXTS.filter(bool), TEXTS, min_size=1, max_size=6), st.data())
def test_when_one_value_is_asked_of_many_expect_that_of_each(values, data):
    key = data.draw(st.sampled_from(sorted(values)))
    raws = [diagnostics_bytes(k, "node", "arm", 0, "fine", values) for k in range(3)]
    decisions = Decisions(raws, np.arange(3), read_decision)
    assert decisions.column(key) == [values[key]] * 3
    assert decisions.stamps().tolist() == [0, 1, 2]
    assert [decision.values for decision in decisions] == [values] * 3
