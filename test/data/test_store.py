"""Sets of transitions in files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.data.store import KIND, load_transitions, save_transitions
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError


def a_set(size=12, n=2):
    rng = np.random.default_rng(0)
    return TransitionDataset(
        names=("shoulder", "élbow"),
        dt=1.0 / 3.0,
        states=rng.normal(size=(size, 2 * n)),
        controls=rng.normal(size=(size, n)),
        next_states=rng.normal(size=(size, 2 * n)),
        times=np.sort(rng.uniform(0.0, 1e9, size)),
        rollouts=np.sort(rng.integers(0, 3, size)),
        sources=("bag one", "bag two", "plant"),
    )


@pytest.mark.parametrize("data", [a_set(), TransitionDataset.empty(("a",), 0.02)])
def test_when_saved_and_loaded_expect_the_same_set(tmp_path, data):
    save_transitions(tmp_path / "t", data)
    again = load_transitions(tmp_path / "t")
    assert again.digest == data.digest
    assert again.names == data.names
    assert again.sources == data.sources
    assert again.rollouts.dtype == np.int64


def test_when_a_part_of_a_set_is_saved_expect_that_part(tmp_path):
    part = a_set().where(np.arange(12) % 2 == 0).ordered(("élbow",))
    save_transitions(tmp_path / "t", part)
    assert load_transitions(tmp_path / "t").digest == part.digest


@pytest.mark.parametrize("name", ["states", "controls", "next_states", "times"])
def test_when_a_number_is_not_finite_expect_neither_written_nor_read(tmp_path, name):
    data = a_set()
    values = getattr(data, name).copy()
    values[5] = np.nan
    with pytest.raises(DataError, match=f"{name}: 1 of 12 .* first is number 5"):
        save_transitions(tmp_path / "t", replace(data, **{name: values}))
    assert not (tmp_path / "t").exists()

    save_transitions(tmp_path / "t", data)
    document, arrays = load_checkpoint(tmp_path / "t", KIND)
    save_checkpoint(tmp_path / "t", KIND, document, {**arrays, name: values})
    with pytest.raises(DataError, match=f"{name}: 1 of 12 .* first is number 5"):
        load_transitions(tmp_path / "t")


@pytest.mark.parametrize(
    ("document", "arrays", "said"),
    [
        ({}, {"controls": np.zeros((12, 3))}, "controls: found"),
        ({}, {"times": np.zeros(11)}, "found"),
        ({"names": ["only"]}, {}, "states: found"),
        ({"sources": []}, {}, "sources: found"),
        ({"sources": None}, {}, "wrong size"),
        ({"dt": 0.0}, {}, "time step is not positive"),
        ({"dt": "soon"}, {}, "lacks a part"),
        ({}, {"rollouts": np.arange(12)[::-1] % 3}, "not in order"),
        ({}, {"rollouts": np.full(12, -1)}, "not in order"),
    ],
)
def test_when_parts_do_not_fit_expect_refusal(tmp_path, document, arrays, said):
    save_transitions(tmp_path / "t", a_set())
    good, values = load_checkpoint(tmp_path / "t", KIND)
    save_checkpoint(tmp_path / "t", KIND, {**good, **document}, {**values, **arrays})
    with pytest.raises(DataError, match=f"not a set of transitions.*{said}"):
        load_transitions(tmp_path / "t")


def test_when_a_part_is_missing_expect_it_named(tmp_path):
    save_transitions(tmp_path / "t", a_set())
    document, arrays = load_checkpoint(tmp_path / "t", KIND)
    del arrays["controls"]
    save_checkpoint(tmp_path / "t", KIND, document, arrays)
    with pytest.raises(DataError, match=r"lacks a part.*controls"):
        load_transitions(tmp_path / "t")


def test_when_the_file_is_of_another_kind_expect_refusal(tmp_path):
    save_checkpoint(tmp_path / "p", "policy", {}, {})
    with pytest.raises(DataError, match="holds 'policy', expected 'transitions'"):
        load_transitions(tmp_path / "p")


def test_when_a_byte_is_damaged_expect_refusal(tmp_path):
    save_transitions(tmp_path / "t", a_set())
    raw = bytearray((tmp_path / "t").read_bytes())
    raw[-40] ^= 0x01
    (tmp_path / "t").write_bytes(raw)
    with pytest.raises(DataError, match="have changed since it was written"):
        load_transitions(tmp_path / "t")
