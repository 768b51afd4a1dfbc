"""Settings told are settings read back, and since when."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.config import from_flat, setting
from rl_control.data.bags.cdr_rows import NO_STAMP, label_stamp, stamp_label
from rl_control.data.runs.settings import read_settings, settings_text


@dataclass(frozen=True)
class Inner:
    rate: float = setting(1.0, doc="a rate")
    names: tuple[str, ...] = setting((), doc="names")


@dataclass(frozen=True)
class Outer:
    text: str = setting("", doc="a text")
    flag: bool = setting(False, doc="a flag")
    count: int = setting(0, doc="a number")
    inner: Inner = setting(default_factory=Inner, doc="a group")


TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


@given(
    text=TEXTS,
    flag=st.booleans(),
    count=st.integers(-(2**62), 2**62),
    rate=st.floats(allow_nan=False, allow_infinity=False),
    names=st.lists(TEXTS, max_size=3),
    stamp=st.one_of(st.just(NO_STAMP), st.integers(0, 2**31 * 10**9)),
)
def test_when_settings_are_told_expect_the_same_read_to_the_bit(
    text, flag, count, rate, names, stamp
):
    config = Outer(text, flag, count, Inner(rate, tuple(names)))
    found = read_settings(settings_text(config, stamp), 7)
    assert (found.stamp, found.received, found.start) == (stamp, 7, stamp == NO_STAMP)
    assert from_flat(Outer, found.values, "test") == config


@pytest.mark.parametrize("text", ["", "- a list", "a: [", "# after state soon\n"])
def test_when_the_text_is_no_settings_expect_an_error(text):
    with pytest.raises(ValueError, match="settings are no"):
        read_settings(text, 0)


@given(st.integers(0, 2**33 * 10**9))
def test_when_a_stamp_is_labelled_expect_it_read_back(stamp):
    assert label_stamp(stamp_label(stamp)) == stamp


@pytest.mark.parametrize("label", ["", "12.5", "-1.000000000", "12.0000000000", "x"])
def test_when_a_label_is_none_expect_no_stamp(label):
    assert label_stamp(label) == NO_STAMP
