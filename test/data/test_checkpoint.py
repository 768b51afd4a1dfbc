"""Files of arrays: what comes back, what is refused, what a broken write leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import safe_open
from safetensors.numpy import save_file

from rl_control.data.checkpoint import SCHEMA, load_checkpoint, save_checkpoint
from rl_control.errors import DataError

DOCUMENT = {"names": ["a", "ü"], "dt": 0.1 + 0.2, "nested": {"deep": [1, None, True]}}
ARRAYS = {"x": np.linspace(0.0, 1.0, 6).reshape(2, 3), "k": np.arange(3)}


def written(tmp_path, kind="thing"):
    path = tmp_path / "file.safetensors"
    save_checkpoint(path, kind, DOCUMENT, ARRAYS)
    return path


def edited(path, **changed):
    """Rewrite a file with other metadata, as someone else's program could."""
    with safe_open(path, framework="numpy") as file:
        metadata = {**file.metadata(), **changed}
        arrays = {name: file.get_tensor(name) for name in file.keys()}
    save_file(arrays, path, {key: value for key, value in metadata.items() if value is not None})


def same(arrays, others):
    return arrays.keys() == others.keys() and all(
        a.dtype == others[name].dtype and a.shape == others[name].shape and a.tobytes()
        == others[name].tobytes()
        for name, a in arrays.items()
    )  # fmt: skip


def test_when_saved_expect_the_same_document_and_arrays_that_can_be_changed(tmp_path):
    document, arrays = load_checkpoint(written(tmp_path), "thing")
    assert document == DOCUMENT
    assert same(arrays, ARRAYS)
    arrays["x"][0] = 7.0
    assert same(load_checkpoint(tmp_path / "file.safetensors", "thing")[1], ARRAYS)


KINDS = st.sampled_from(["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"])


@given(
    values=hnp.arrays(KINDS, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)),
    text=st.text(),
)
def test_when_any_array_is_saved_expect_every_bit_of_it(tmp_path_factory, values, text):
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    save_checkpoint(path, "any", {"text": text}, {"values": values})
    document, arrays = load_checkpoint(path, "any")
    assert document == {"text": text}
    assert same(arrays, {"values": values})


def test_when_values_do_not_lie_in_a_row_expect_them_in_their_order(tmp_path):
    grid = np.arange(24.0).reshape(4, 6)
    views = {"turned": grid.T, "strided": grid[::2, 1::2], "foreign": grid.astype(">f8")}
    save_checkpoint(tmp_path / "f", "thing", {}, views)
    _, arrays = load_checkpoint(tmp_path / "f", "thing")
    for name, view in views.items():
        np.testing.assert_array_equal(arrays[name], view)


def test_when_any_byte_is_changed_expect_refusal(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    for where in range(len(whole)):
        for mask in (0x01, 0x20, 0xFF):
            changed = bytearray(whole)
            changed[where] ^= mask
            path.write_bytes(changed)
            with pytest.raises(DataError, match=r"changed|not a file|schema version|expected"):
                load_checkpoint(path, "thing")


def test_when_cut_anywhere_or_grown_expect_refusal(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    for part in [*(whole[:size] for size in range(len(whole))), whole + b"\0"]:
        path.write_bytes(part)
        with pytest.raises(DataError, match="cut or changed"):
            load_checkpoint(path, "thing")


def test_when_an_array_is_exchanged_expect_refusal(tmp_path):
    path = written(tmp_path)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    for arrays in (
        {**ARRAYS, "x": ARRAYS["x"] + 1e-16},
        {**ARRAYS, "x": ARRAYS["x"].reshape(3, 2)},
        {"y": ARRAYS["x"], "k": ARRAYS["k"]},
        {"k": ARRAYS["k"]},
    ):
        save_file(arrays, path, metadata)
        with pytest.raises(DataError, match="have changed since it was written"):
            load_checkpoint(path, "thing")
    save_file(ARRAYS, path, {**metadata, "document": json.dumps({**DOCUMENT, "dt": 0.3})})
    with pytest.raises(DataError, match="have changed since it was written"):
        load_checkpoint(path, "thing")


def test_when_there_is_no_file_expect_refusal(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load_checkpoint(tmp_path / "none", "thing")
    with pytest.raises(DataError, match="not a checkpoint"):
        load_checkpoint(tmp_path, "thing")


def test_when_it_is_another_file_expect_refusal(tmp_path):
    path = tmp_path / "other"
    path.write_bytes(b"\x80\x04\x95 a pickle, say")
    with pytest.raises(DataError, match="not a checkpoint"):
        load_checkpoint(path, "thing")
    save_file(ARRAYS, path)
    with pytest.raises(DataError, match="metadata lack kind, schema, document, sha256"):
        load_checkpoint(path, "thing")
    edited(written(tmp_path), schema="first")
    with pytest.raises(DataError, match="not a file of rl_control"):
        load_checkpoint(tmp_path / "file.safetensors", "thing")


def test_when_it_holds_another_kind_expect_both_named(tmp_path):
    with pytest.raises(DataError, match="holds 'policy', expected 'thing'"):
        load_checkpoint(written(tmp_path, "policy"), "thing")


def test_when_it_comes_from_a_newer_version_expect_refusal(tmp_path):
    path = written(tmp_path)
    edited(path, schema=str(SCHEMA + 1))
    with pytest.raises(DataError, match=f"version {SCHEMA + 1}, but at most {SCHEMA}.*Install"):
        load_checkpoint(path, "thing")


@pytest.mark.parametrize(
    ("document", "arrays", "said"),
    [
        ({"dt": float("nan")}, {}, "cannot be written as JSON"),
        ({"rng": object()}, {}, "cannot be written as JSON"),
        ({}, {"o": np.array([{}], dtype=object)}, "array 'o' has the type object"),
        ({}, {"z": np.zeros(2, dtype=complex)}, "array 'z' has the type complex128"),
    ],
)
def test_when_something_cannot_be_kept_expect_refusal_and_no_file(tmp_path, document, arrays, said):
    with pytest.raises(DataError, match=said):
        save_checkpoint(tmp_path / "f", "thing", document, arrays)
    assert not list(tmp_path.iterdir())


def test_when_the_folder_is_missing_expect_refusal(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        save_checkpoint(tmp_path / "none" / "f", "thing", {}, {})


def test_when_a_write_fails_expect_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = written(tmp_path)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="No space left"):
        save_checkpoint(path, "thing", {}, {})
    assert load_checkpoint(path, "thing")[0] == DOCUMENT
    assert list(tmp_path.iterdir()) == [path]


def test_when_killed_while_writing_expect_the_old_file_intact(tmp_path):
    path = written(tmp_path)
    code = (
        "import os, signal, sys, numpy\n"
        "from rl_control.data.checkpoint import save_checkpoint\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "save_checkpoint(sys.argv[1], 'thing', {}, {'x': numpy.zeros(1000)})\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    document, arrays = load_checkpoint(path, "thing")
    assert document == DOCUMENT
    assert same(arrays, ARRAYS)
