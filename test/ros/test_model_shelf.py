"""Versions in a folder, by their names."""

import pytest

from rl_control.errors import DataError
from rl_control.ros.model_shelf import (
    find_model,
    newest,
    prune,
    version_of,
    version_path,
    versions,
)


def test_when_a_folder_holds_versions_and_others_expect_the_versions_by_number(tmp_path):
    for name in ("model-0002.safetensors", "model-0010.safetensors", "model-12345.safetensors"):
        (tmp_path / name).touch()
    for name in ("model-3.safetensors", ".model-0004.safetensors.1.2", "transitions.safetensors"):
        (tmp_path / name).touch()
    assert versions(tmp_path) == [2, 10, 12345]
    assert newest(tmp_path) == 12345
    assert find_model(tmp_path) == version_path(tmp_path, 12345)


@pytest.mark.parametrize("number", [1, 42, 9999, 10000])
def test_when_a_version_is_named_expect_its_number_back(tmp_path, number):
    assert version_of(version_path(tmp_path, number)) == number


def test_when_a_file_is_no_version_expect_zero(tmp_path):
    assert version_of(tmp_path / "mine.safetensors") == 0
    path = tmp_path / "mine.safetensors"
    path.touch()
    assert find_model(path) == path


def test_when_there_is_no_model_expect_refusal_with_the_cause(tmp_path):
    with pytest.raises(DataError, match="no version in this folder"):
        find_model(tmp_path)
    with pytest.raises(DataError, match="no such file or folder"):
        find_model(tmp_path / "none")
    assert versions(tmp_path / "none") == []


def test_when_pruned_expect_the_newest_to_stay(tmp_path):
    for number in range(1, 8):
        version_path(tmp_path, number).touch()
    prune(tmp_path, 3)
    assert versions(tmp_path) == [5, 6, 7]
