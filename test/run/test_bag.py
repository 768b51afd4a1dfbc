"""The bag tools on bags of all kinds, from the command line."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from bag_fakes import (
    START,
    STATES,
    command,
    rows_of,
    state,
    swing,
    write_humble,
    write_mcap,
    write_rows,
    write_swing,
)

from rl_control.cli import main
from rl_control.data.bags.find import storage_files
from rl_control.data.bags.layout import DEFAULT, LATCHED
from rl_control.data.bags.writer import BagWriter
from rl_control.data.paths.files import read_path
from rl_control.data.store import load_transitions
from rl_control.report import table
from rl_control.robot.description import load_robot

ROBOT = load_robot("planar2")
TURNED = tuple(reversed(ROBOT.names))


def turning(time):
    return ROBOT.names if time < 1.0 else TURNED


def late():
    return np.random.default_rng(0)


OTHERS = {
    "own": lambda folder: write_swing(folder, ROBOT, 3.0),
    "other order": lambda folder: write_rows(folder, rows_of(ROBOT, order=lambda _: TURNED)),
    "order that changes": lambda folder: write_rows(folder, rows_of(ROBOT, order=turning)),
    "extra joints": lambda folder: write_rows(folder, rows_of(ROBOT, extra=("gripper", "lid"))),
    "uneven": lambda folder: write_rows(folder, rows_of(ROBOT, uneven=late())),
    "no velocities": lambda folder: write_rows(folder, rows_of(ROBOT, velocities=False)),
    "humble": lambda folder: write_humble(folder, rows_of(ROBOT)),
    "lone file": lambda folder: write_mcap(folder, rows_of(ROBOT), ""),
    "lz4": lambda folder: write_mcap(folder, rows_of(ROBOT), "lz4"),
    "zstd": lambda folder: write_mcap(folder, rows_of(ROBOT), "zstd"),
    "no chunks": lambda folder: write_mcap(folder, rows_of(ROBOT), "", chunked=False),
    "split": lambda folder: write_rows(folder, rows_of(ROBOT), split_bytes=20_000),
    "namespaced": lambda folder: write_mcap(folder, rows_of(ROBOT), namespace="/left"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_when_a_bag_is_of_another_kind_expect_every_tool_to_read_it(kind, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    bag = str(OTHERS[kind](tmp_path / "bag"))
    out = {name: str(tmp_path / name) for name in ("t.safetensors", "m.csv", "p.csv", "b.png")}
    assert main(["bag", "info", bag, "--json", str(tmp_path / "info.json")]) == 0
    told = json.loads((tmp_path / "info.json").read_text())
    assert told["count"] == 1200
    assert told["problems"] == []
    rates = {topic["name"]: topic["rate"] for topic in told["topics"]}
    assert all(rate == pytest.approx(200.0, rel=0.01) for rate in rates.values())
    assert set(told["joints"][0]["names"]) >= set(ROBOT.names)
    assert main(["bag", "to-dataset", bag, out["t.safetensors"], "--robot", "planar2"]) == 0
    data = load_transitions(out["t.safetensors"])
    assert data.names == ROBOT.names
    assert data.seconds > 2.8
    truth = swing(ROBOT, 3.0)
    expected = np.array([np.interp(data.times, truth.times, column) for column in truth.q.T]).T
    np.testing.assert_allclose(data.states[:, :2], expected, atol=5e-3)
    assert main(["bag", "to-csv", bag, out["m.csv"], "--merged"]) == 0
    rows = read_table(out["m.csv"])
    np.testing.assert_allclose(rows[f"{ROBOT.names[0]}.position"], truth.q[:, 0], atol=1e-12)
    assert main(["bag", "to-csv", bag, out["p.csv"], "--trajectory"]) == 0
    path = read_path(out["p.csv"], ROBOT.names)
    assert set(path.names) >= set(ROBOT.names)
    assert path.duration == pytest.approx(2.995, abs=0.01)
    if kind in ("extra joints", "no velocities", "namespaced"):  # a picture takes its time
        assert main(["bag", "plot", bag, "--robot", "planar2", "--output", out["b.png"]]) == 0
        assert (tmp_path / "b.png").stat().st_size > 20_000
    told = capsys.readouterr().out
    assert ("taken from /left/joint_states" in told) == (kind == "namespaced")


def read_table(path):
    with open(path, encoding="utf-8") as file:
        assert file.readline().startswith("# time in s")
        rows = list(csv.DictReader(file))
    return {
        name: np.array([float(row[name]) if row[name] else np.nan for row in rows])
        for name in rows[0]
    }


def say(capsys, *words):
    """What a command line that is refused says: one message, no traceback."""
    assert main(list(words)) == 2
    caught = capsys.readouterr()
    assert caught.err.count("rl_control: error:") == 1
    assert "Traceback" not in caught.err
    return caught.err


def commands_for(bag, folder):
    yield ["bag", "plot", bag, "--robot", "planar2", "--output", f"{folder}/x.png"]
    yield ["bag", "to-csv", bag, f"{folder}/x.csv", "--merged"]
    yield ["bag", "to-csv", bag, f"{folder}/x"]
    yield ["bag", "to-csv", bag, f"{folder}/y.csv", "--trajectory"]
    yield ["bag", "to-dataset", bag, f"{folder}/x.safetensors", "--robot", "planar2"]
    yield ["bag", "trim", bag, f"{folder}/cut"]


def test_when_there_is_no_bag_expect_every_tool_to_say_so(tmp_path, capsys):
    for words in [["bag", "info", f"{tmp_path}/no"], *commands_for(f"{tmp_path}/no", tmp_path)]:
        assert "there is no such bag" in say(capsys, *words)


def test_when_a_recorder_was_broken_off_expect_recover_named_and_to_help(tmp_path, capsys):
    file = write_mcap(tmp_path / "run" / "bag", rows_of(ROBOT, 1.0))
    bag = file.parent
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    for words in commands_for(str(tmp_path / "run"), tmp_path):
        assert f"rl_control bag recover {bag}" in say(capsys, *words)
    assert main(["bag", "recover", str(tmp_path / "run")]) == 0
    assert "was written anew" in capsys.readouterr().out
    assert main(["bag", "info", str(tmp_path / "run")]) == 0
    assert "whole: yes" in capsys.readouterr().out


@pytest.mark.parametrize("storage", ["mcap", "humble"])
def test_when_cut_anywhere_expect_one_message_and_nothing_written(storage, tmp_path, capsys):
    if storage == "humble":
        bag = write_humble(tmp_path / "bag", rows_of(ROBOT, 0.5))
    else:
        bag = write_rows(tmp_path / "bag", rows_of(ROBOT, 0.5))
    (file,) = storage_files(bag)
    whole = file.read_bytes()
    for size in [0, 30, len(whole) // 2, len(whole) - 1]:
        file.write_bytes(whole[:size])
        for words in commands_for(str(bag), tmp_path):
            assert "cut or damaged" in say(capsys, *words)
        code = main(["bag", "info", str(bag)])
        caught = capsys.readouterr()
        assert code in (1, 2)
        assert "whole: no" in caught.out or "error:" in caught.err
        assert file.read_bytes() == whole[:size]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag"]


def test_when_the_bag_is_empty_expect_it_said(tmp_path, capsys):
    bag = write_rows(tmp_path / "bag", [])
    for words in commands_for(str(bag), tmp_path):
        assert "the bag is empty" in say(capsys, *words)


def test_when_the_bag_is_of_another_robot_expect_both_named(tmp_path, capsys):
    bag = str(write_swing(tmp_path / "bag", load_robot("iiwa7"), 0.5))
    told = say(capsys, "bag", "to-dataset", bag, f"{tmp_path}/x", "--robot", "planar2")
    assert "lbr_iiwa_joint_1" in told
    assert ROBOT.names[0] in told
    told = say(capsys, "bag", "plot", bag, "--robot", "planar2", "--output", f"{tmp_path}/x.png")
    assert "lbr_iiwa_joint_1" in told
    assert ROBOT.names[0] in told
    told = say(capsys, "bag", "to-csv", bag, f"{tmp_path}/x", "--joints", "elbow")
    assert "missing joint(s) elbow" in told


def test_when_topics_are_missing_expect_what_can_be_done_and_the_rest_refused(tmp_path, capsys):
    states = [row for row in rows_of(ROBOT, 1.0) if row[0] == STATES]
    bag = str(write_rows(tmp_path / "states", states))
    assert main(["bag", "plot", bag, "--output", f"{tmp_path}/x.png"]) == 0
    assert main(["bag", "to-csv", bag, f"{tmp_path}/tables"]) == 0
    assert [path.name for path in (tmp_path / "tables").iterdir()] == ["joint_states.csv"]
    assert main(["bag", "to-csv", bag, f"{tmp_path}/m.csv", "--merged"]) == 0
    told = say(capsys, "bag", "to-dataset", bag, f"{tmp_path}/x", "--robot", "planar2")
    assert "no topic /effort_controller/commands" in told
    commands = [row for row in rows_of(ROBOT, 1.0) if row[0] != STATES]
    bag = str(write_rows(tmp_path / "commands", commands))
    for words in list(commands_for(bag, f"{tmp_path}/no"))[:5]:
        told = say(capsys, *words)
        assert "no joint states" in told or "--output" in told or "OUT" in told


def test_when_several_topics_may_be_meant_expect_them_listed_and_the_named_one_taken(
    tmp_path, capsys
):
    rows = []
    for topic, received, raw in rows_of(ROBOT, 1.0):
        rows += [(f"/left{topic}", received, raw), (f"/right{topic}", received, raw)]
    bag = str(write_rows(tmp_path / "bag", rows))
    told = say(capsys, "bag", "to-csv", bag, f"{tmp_path}/x.csv", "--merged")
    assert "/left/joint_states, /right/joint_states" in told
    assert "--state-topic" in told
    flags = ["--state-topic", "left/joint_states", "--command-topic"]
    flags.append("/left/effort_controller/commands")
    assert main(["bag", "to-csv", bag, f"{tmp_path}/x.csv", "--merged", *flags]) == 0
    told = say(capsys, "bag", "plot", bag, "--state-topic", "/up", "--output", f"{tmp_path}/x.png")
    assert "no joint states on /up" in told


def broken_rows(break_one):
    """A swing of which `break_one(k)` may exchange the joint state of step k."""
    k = 0
    for row in rows_of(ROBOT, 2.0, labels=True):
        if row[0] == STATES:
            changed = break_one(k, row)
            yield from changed if changed is not None else [row]
            k += 1
        else:
            yield row


def test_when_numbers_are_not_finite_expect_them_left_out_by_number(tmp_path, capsys):
    def break_one(k, row):
        at = START + 5_000_000 * k
        if k in (50, 51, 200):
            return [(STATES, row[1], state(at, ROBOT.names, [np.nan, 0.0], [0.0, 0.0]))]
        return None

    bag = str(write_rows(tmp_path / "bag", broken_rows(break_one)))
    assert main(["bag", "to-dataset", bag, f"{tmp_path}/x", "--robot", "planar2"]) == 0
    told = capsys.readouterr().out
    assert "left out: 3 states with a NaN or an infinity" in told
    assert np.isfinite(load_transitions(tmp_path / "x").states).all()
    assert main(["bag", "plot", bag, "--robot", "planar2", "--output", f"{tmp_path}/x.png"]) == 0
    assert main(["bag", "to-csv", bag, f"{tmp_path}/m.csv", "--merged"]) == 0
    table = read_table(tmp_path / "m.csv")
    assert np.flatnonzero(np.isnan(table[f"{ROBOT.names[0]}.position"])).tolist() == [50, 51, 200]
    told = say(capsys, "bag", "to-csv", bag, f"{tmp_path}/p.csv", "--trajectory")
    assert "not finite" in told


def test_when_stamps_go_back_expect_them_counted_and_the_place_told(tmp_path, capsys):
    def break_one(k, row):
        back = START + 5_000_000 * (k - 10)
        return (
            [(STATES, row[1], state(back, ROBOT.names, [0.1, 0.1], [0, 0]))] if k == 100 else None
        )

    bag = str(write_rows(tmp_path / "bag", broken_rows(break_one)))
    assert main(["bag", "info", bag]) == 0
    told = capsys.readouterr().out
    assert "1 stamps go back, first 0.500 s after the first message, by at most 0.045 s" in told
    assert main(["bag", "to-dataset", bag, f"{tmp_path}/x", "--robot", "planar2"]) == 0
    assert "left out: 1 states with the stamp of another one" in capsys.readouterr().out
    told = say(capsys, "bag", "to-csv", bag, f"{tmp_path}/p.csv", "--trajectory")
    assert "go back by 0.045 s" in told


def test_when_two_publishers_have_two_clocks_expect_refusal_with_the_place(tmp_path, capsys):
    def break_one(k, row):
        other = state(1_000_000_000 + 5_000_000 * k, ROBOT.names, [0.0, 0.0], [0.0, 0.0])
        return [row, (STATES, row[1] + 1000, other)]

    bag = str(write_rows(tmp_path / "bag", broken_rows(break_one)))
    told = say(capsys, "bag", "to-dataset", bag, f"{tmp_path}/x", "--robot", "planar2")
    assert "fall back by more than 1 s 400 times" in told
    assert "at joint state 1: two publishers" in told
    assert main(["bag", "info", bag]) == 0
    assert "400 stamps go back" in capsys.readouterr().out


def test_when_others_publish_other_joints_there_expect_the_arm_s_taken(tmp_path, capsys):
    def break_one(k, row):
        other = state(START + 5_000_000 * k, ["gripper"], [0.5], [0.0])
        return [(STATES, row[1] - 1000, other), row]

    bag = str(write_rows(tmp_path / "bag", broken_rows(break_one)))
    assert main(["bag", "to-dataset", bag, f"{tmp_path}/x", "--robot", "planar2"]) == 0
    told = capsys.readouterr().out
    assert "left out: 400 joint states that lack a joint of the robot" in told
    assert load_transitions(tmp_path / "x").seconds > 1.9
    assert main(["bag", "plot", bag, "--robot", "planar2", "--output", f"{tmp_path}/x.png"]) == 0
    assert "400 joint states without all joints left out" in capsys.readouterr().out
    assert main(["bag", "to-csv", bag, f"{tmp_path}/m.csv", "--merged"]) == 0
    table = read_table(tmp_path / "m.csv")
    assert np.isfinite(table["gripper.position"]).sum() == 400
    assert np.isfinite(table[f"{ROBOT.names[0]}.position"]).sum() == 400


def test_when_commands_come_first_expect_merged_rows_with_the_newest(tmp_path):
    rows = [
        (STATES, START, state(START, ROBOT.names, [0.0, 0.0])),
        ("/effort_controller/commands", START + 10, command([1.0, 2.0])),
        ("/effort_controller/commands", START + 20, command([3.0, 4.0])),
        (STATES, START + 30, state(START + 30, ROBOT.names, [0.0, 0.0])),
    ]
    bag = str(write_rows(tmp_path / "bag", rows))
    assert main(["bag", "to-csv", bag, f"{tmp_path}/m.csv", "--merged"]) == 0
    table = read_table(tmp_path / "m.csv")
    np.testing.assert_array_equal(table[f"{ROBOT.names[1]}.command"], [np.nan, 4.0])
    assert f",{START + 30}," in (tmp_path / "m.csv").read_text()


def test_when_the_output_is_there_expect_it_kept(tmp_path, capsys):
    bag = str(write_swing(tmp_path / "bag", ROBOT, 0.5))
    (tmp_path / "kept").mkdir()
    assert "is there already" in say(capsys, "bag", "to-csv", bag, str(tmp_path / "kept"))
    say(capsys, "bag", "trim", bag, str(tmp_path / "kept"))
    assert list((tmp_path / "kept").iterdir()) == []


def test_when_a_piece_is_cut_expect_times_after_the_first_message(tmp_path, capsys):
    bag = write_swing(tmp_path / "bag", ROBOT, 3.0, description=ROBOT.urdf)
    cut = tmp_path / "cut"
    assert main(["bag", "trim", str(bag), str(cut), "--from", "1", "--to", "2"]) == 0
    assert "1 latched message(s)" in capsys.readouterr().out
    assert main(["bag", "info", str(cut), "--json", str(tmp_path / "i.json")]) == 0
    told = json.loads((tmp_path / "i.json").read_text())
    assert told["start"] == START + 1_000_000_000
    assert told["count"] == 1 + 2 * 200
    assert "--to" in say(capsys, "bag", "trim", str(bag), f"{cut}2", "--from", "2", "--to", "1")
    told = say(capsys, "bag", "trim", str(bag), f"{cut}2", "--topics", "/joint_state")
    assert "did you mean '/joint_states'" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bag"], "Valid: info, plot, recover"),
        (["bag", "inf"], "did you mean 'info'"),
        (["bag", "info", "x", "--jso", "y"], "did you mean '--json'"),
        (["bag", "to-dataset", "x", "y", "--robot", "planar2", "--dt", "0"], "Give 0 < dt"),
        (["replay"], "Valid: topics, trajectory, counterfactual"),
        (["replay", "topic", "x"], "did you mean 'topics'"),
    ],
)
def test_when_words_are_wrong_expect_the_right_ones(words, message, capsys):
    assert message in say(capsys, *words)


@pytest.mark.parametrize("words", [["bag"], ["bag", "info"], ["replay"], ["replay", "topics"]])
def test_when_help_is_asked_for_expect_it(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    assert f"usage: rl_control {' '.join(words)}" in capsys.readouterr().out


@pytest.mark.parametrize(("width", "stacked"), [(110, False), (100, False), (80, True)])
def test_when_the_terminal_is_narrow_expect_every_name_whole(
    tmp_path, monkeypatch, capsys, width, stacked
):
    monkeypatch.setattr(table, "WIDE", width)
    kinds = {
        "/effort_controller/commands": "std_msgs/msg/Float64MultiArray",
        "/mpc_controller/decisions": "diagnostic_msgs/msg/DiagnosticArray",
        "/mpc_controller/goal_joints": "sensor_msgs/msg/JointState",
    }
    with BagWriter(tmp_path / "bag") as bag:
        for k, (topic, kind) in enumerate(kinds.items()):
            bag.topic(topic, kind, LATCHED if topic.endswith("goal_joints") else DEFAULT)
            for count in range(3):
                bag.write(topic, b"\x00\x01\x00\x00" + bytes(64), count * 10**9 + k)
    main(["bag", "info", str(tmp_path / "bag")])
    lines = capsys.readouterr().out.splitlines()
    for topic, kind in kinds.items():
        place = next(k for k, line in enumerate(lines) if line.strip().startswith(topic + " "))
        short = kind.replace("/msg/", "/")
        assert lines[place + 1].strip() == short if stacked else f"{topic} " in lines[place]
        assert stacked or short in lines[place]
        assert ("latched" in lines[place]) == topic.endswith("goal_joints")
