"""The bag that a path means."""

from __future__ import annotations

import pytest

from rl_control.data.bags.find import find_bag, holds_bag, storage_files
from rl_control.errors import DataError


def bag_in(folder, *files, metadata=True):
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file).write_bytes(b"")
    if metadata:
        (folder / "metadata.yaml").write_text("")
    return folder


def test_when_a_run_a_bag_or_its_metadata_is_named_expect_the_bag(tmp_path):
    bag = bag_in(tmp_path / "reach-1" / "bag", "bag_0.mcap")
    for named in (tmp_path / "reach-1", bag, bag / "metadata.yaml", str(bag)):
        assert find_bag(named) == bag
        assert holds_bag(named)


@pytest.mark.parametrize("name", ["a.mcap", "a.db3"])
def test_when_one_file_is_named_expect_that_file(tmp_path, name):
    bag = bag_in(tmp_path / "bag", name, "other.mcap")
    assert find_bag(bag / name) == bag / name
    assert storage_files(bag / name) == [bag / name]


def test_when_a_bag_is_split_expect_its_parts_in_order(tmp_path):
    names = [f"bag_{k}.mcap" for k in (0, 1, 2, 9, 10, 11)]
    bag = bag_in(tmp_path / "bag", *reversed(names))
    assert [file.name for file in storage_files(find_bag(bag))] == names


def test_when_nothing_is_there_expect_it_said(tmp_path):
    with pytest.raises(DataError, match="there is no such bag"):
        find_bag(tmp_path / "none")
    with pytest.raises(DataError, match=r"not a ROS bag.*\.mcap or \.db3"):
        find_bag(bag_in(tmp_path / "x", "notes.txt") / "notes.txt")
    assert not holds_bag(tmp_path)


def test_when_a_recorder_was_broken_off_expect_recover_named(tmp_path):
    folder = bag_in(tmp_path / "run" / "bag", "bag_0.mcap", metadata=False)
    for named in (folder, tmp_path / "run"):
        with pytest.raises(DataError, match=r"found bag_0\.mcap.*rl_control bag recover .*/bag`"):
            find_bag(named)
        assert holds_bag(named)
    with pytest.raises(DataError, match="ros2 bag reindex"):
        find_bag(bag_in(tmp_path / "old", "old_0.db3", metadata=False))


def test_when_a_folder_of_bags_is_named_expect_them_listed(tmp_path):
    bag_in(tmp_path / "bags" / "monday", "a.mcap")
    bag_in(tmp_path / "bags" / "tuesday", "a.mcap")
    with pytest.raises(DataError, match=r"Name one of those in it: .*monday.*tuesday"):
        find_bag(tmp_path / "bags")


def test_when_a_compressed_part_is_named_expect_its_folder_named(tmp_path):
    bag = bag_in(tmp_path / "bag", "bag_0.db3.zstd")
    with pytest.raises(DataError, match=r"compressed part.*Name its folder"):
        find_bag(bag / "bag_0.db3.zstd")
