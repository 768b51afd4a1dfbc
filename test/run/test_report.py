"""`rl_control report`: one file that needs no other, for any run or bag."""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.cli import main
from rl_control.data.bags.writer import BagWriter
from rl_control.robot.description import load_robot
from rl_control.run.recorded_messages import KINDS, command_bytes, joints_bytes, text_bytes

MILLI = 1_000_000
TARGETS = ("--target", "0.508", "0.14", "0.691", "--target", "0.5", "0.14", "1.3")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a reach with its report."""
    root = tmp_path_factory.mktemp("runs")
    assert main(["reach", "--robot", "planar2", "--runs", str(root), *TARGETS]) == 0
    (folder,) = root.iterdir()
    assert main(["report", str(folder)]) == 0
    return folder


def reported(source: Path, output: Path, *words: str) -> str:
    assert main(["report", str(source), "--output", str(output), *words]) == 0
    return output.read_text(encoding="utf-8")


def bag(
    folder: Path, states: int = 200, names=("a", "b"), stamps=None, description: str = ""
) -> Path:
    """A bag of joint states, five milliseconds apart if no stamps are given."""
    with BagWriter(folder) as writer:
        writer.topic("/joint_states", KINDS["/joint_states"])
        if description:
            writer.topic("/robot_description", KINDS["/robot_description"])
            writer.write("/robot_description", text_bytes(description), 0)
        for k in range(states):
            stamp = 5 * MILLI * k if stamps is None else stamps[k]
            q = np.sin(0.05 * k + np.arange(len(names)))
            raw = joints_bytes(stamp, tuple(names), q, 0.1 * q, 0.2 * q)
            writer.write("/joint_states", raw, 5 * MILLI * k + 1000)
    return folder


def titles(text: str) -> list[str]:
    return re.findall(r"<h3>([^<]*)", text)


def test_when_a_reach_is_reported_expect_figures_pictures_film_and_tables(run):
    text = (run / "report.html").read_text(encoding="utf-8")
    assert "planar2: reach" in text
    assert ">2 of 2<" in text
    assert [title.strip() for title in titles(text)][:4] == [
        "Tip error", "Joint positions", "Joint velocities", "Commanded torques",
    ]  # fmt: skip
    for title in ("Solve time", "Cost of the plan by term", "Time line"):
        assert title in "".join(titles(text))
    assert text.count("data:image/") > 10
    assert "mpc.time_budget" in text
    assert f"rl_control explain {run}" in text
    assert "goal 1</span>" in text and "goal 2</span>" in text


def test_when_a_reach_is_reported_expect_a_file_that_needs_no_other(run):
    text = (run / "report.html").read_text(encoding="utf-8")
    links = re.findall(r'(?:src|href)="([^"]*)', text)
    assert all(link.startswith("data:") for link in links)
    assert not re.search(r"https?://|@import|url\(", text)
    assert len(text) < 3e6


def test_when_a_bag_alone_is_reported_expect_the_same_motion_without_film(run, tmp_path):
    text = reported(run / "bag", tmp_path / "r.html", "--no-video")
    assert "planar2: reach" in text and ">2 of 2<" in text
    assert "data:image/" not in text
    assert text.count("Tip error") == 1


def test_when_one_file_of_a_bag_is_reported_expect_the_report_beside_it(run, tmp_path):
    shutil.copy(run / "bag" / "bag_0.mcap", tmp_path / "moved.mcap")
    assert main(["report", str(tmp_path / "moved.mcap"), "--no-video"]) == 0
    assert ">2 of 2<" in (tmp_path / "moved.html").read_text(encoding="utf-8")


def test_when_an_excitation_is_reported_expect_its_motion(tmp_path):
    words = ["collect", "--robot", "planar2", "--rollouts", "2", "--seconds", "1"]
    assert main([*words, "--runs", str(tmp_path)]) == 0
    (folder,) = tmp_path.iterdir()
    text = reported(folder, tmp_path / "r.html", "--no-video")
    assert "controlled by /excitation" in text
    assert "peak torque" in text
    assert "Tip error" not in text


def test_when_nothing_but_joints_of_an_unknown_arm_is_there_expect_these_and_a_word(tmp_path):
    text = reported(bag(tmp_path / "bag"), tmp_path / "r.html")
    assert [title.strip() for title in titles(text)] == [
        "Joint positions", "Joint velocities", "Measured torques",
    ]  # fmt: skip
    assert "name it with --robot" in text
    assert "no commands" in text


def test_when_the_arm_is_named_expect_its_limits(tmp_path):
    names = (*load_robot("planar2").names, "gripper")
    text = reported(bag(tmp_path / "bag", names=names), tmp_path / "r.html", "--robot", "planar2")
    assert "peak speed" in text
    assert "data:image/" in text
    assert "gripper" not in text


def test_when_the_description_was_recorded_expect_the_arm_known_by_it(tmp_path):
    robot = load_robot("planar2")
    names = ("gripper", *robot.names)
    made = bag(tmp_path / "bag", names=names, description=robot.urdf)
    text = reported(made, tmp_path / "r.html", "--no-video")
    assert "peak speed" in text
    assert "gripper" not in text


def test_when_the_description_is_of_another_arm_expect_it_left_aside_and_said(tmp_path):
    made = bag(tmp_path / "bag", description=load_robot("planar2").urdf)
    text = reported(made, tmp_path / "r.html")
    assert "it is left aside" in text
    assert "Joint positions" in text


def test_when_the_clock_begins_anew_expect_times_of_receipt_and_a_word(tmp_path):
    stamps = [5 * MILLI * (k % 100) for k in range(200)]
    text = reported(bag(tmp_path / "bag", stamps=stamps), tmp_path / "r.html")
    assert "do not increase in 1 places" in text
    assert 'data-span="0.0 0.995"' in text


def test_when_one_state_was_recorded_expect_a_report_all_the_same(tmp_path):
    text = reported(bag(tmp_path / "bag", states=1), tmp_path / "r.html")
    assert "Joint positions" in text


def test_when_a_training_run_is_reported_expect_its_page(tmp_path):
    pytest.importorskip("torch")
    settings = pytest.importorskip("rl_control.run.train_settings").TrainSettings()
    pytest.importorskip("rl_control.run.train_run").TrainRun.begin(tmp_path, settings)
    assert main(["report", str(tmp_path)]) == 0
    assert "trained by mdgps" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_when_a_bag_is_cut_expect_a_message_and_no_report(tmp_path, capsys):
    made = bag(tmp_path / "bag")
    file = made / "bag_0.mcap"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert main(["report", str(made), "--output", str(tmp_path / "r.html")]) == 2
    assert str(made) in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize("what", ["missing", "empty folder", "no states", "commands only"])
def test_when_there_is_nothing_to_report_expect_a_message(what, tmp_path, capsys):
    folder = tmp_path / "bag"
    if what == "empty folder":
        folder.mkdir()
    elif what == "no states":
        bag(folder, states=0)
    elif what == "commands only":
        with BagWriter(folder) as writer:
            topic = "/effort_controller/commands"
            writer.topic(topic, KINDS[topic])
            writer.write(topic, command_bytes("0.000000000", np.ones(2)), 0)
    assert main(["report", str(folder)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_when_the_arm_named_is_another_expect_a_refusal(tmp_path, capsys):
    made = bag(tmp_path / "bag")
    assert main(["report", str(made), "--robot", "planar2"]) == 2
    assert "no joint state of this robot" in capsys.readouterr().err


def test_when_the_file_cannot_be_written_expect_a_refusal(run, tmp_path, capsys):
    assert main(["report", str(run), "--output", str(tmp_path / "no" / "r.html")]) == 2
    assert "--output" in capsys.readouterr().err


@pytest.fixture(scope="module")
def browser():
    webdriver = pytest.importorskip("selenium.webdriver")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("needs chromium and its driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1300,1000"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield started
    started.quit()


DRAG = """
const svg = document.querySelector('.plot svg'), box = svg.getBoundingClientRect();
const at = (kind, share) => svg.dispatchEvent(new PointerEvent(kind, {
  clientX: box.left + share * box.width, clientY: box.top + 20, pointerId: 1, bubbles: true}));
svg.setPointerCapture = () => {};
"""
BOXES = """
return [...document.querySelectorAll('.plot svg')].map(svg => svg.getAttribute('viewBox'));
"""


def test_when_the_pointer_moves_expect_values_and_the_arm_at_that_time(run, browser):
    browser.get((run / "report.html").as_uri())
    before = browser.execute_script("return document.getElementById('film').src")
    browser.execute_script(DRAG + "at('pointermove', 0.25);")
    span = [float(t) for t in browser.execute_script("return document.body.dataset.span").split()]
    clock = browser.execute_script("return document.getElementById('clock').textContent")
    assert float(clock.split()[0]) == pytest.approx(0.25 * span[1], abs=0.01)
    values = browser.execute_script(
        "return [...document.querySelectorAll('.legend b')].map(one => one.textContent)"
    )
    assert all(values)
    assert browser.execute_script("return document.getElementById('film').src") != before
    assert not [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]


def test_when_a_part_is_dragged_over_expect_all_pictures_to_show_it(run, browser):
    browser.get((run / "report.html").as_uri())
    browser.execute_script(DRAG + "at('pointerdown', .5); at('pointermove', .6);"
                           "at('pointerup', .75);")  # fmt: skip
    boxes = browser.execute_script(BOXES)
    assert len(set(boxes)) == 1
    left, _, wide, _ = map(float, boxes[0].split())
    assert left == pytest.approx(15_000, abs=150) and wide == pytest.approx(7_500, abs=150)
    browser.execute_script("document.getElementById('whole').click()")
    box = browser.execute_script(
        "return document.querySelector('.plot svg').getAttribute('viewBox')"
    )
    assert [float(part) for part in box.split()] == [0.0, 0.0, 30_000.0, 2_000.0]


@pytest.mark.parametrize("width", [360, 800, 1300, 1900])
def test_when_the_window_has_another_width_expect_nothing_beyond_its_edge(run, browser, width):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    browser.get((run / "report.html").as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_when_the_disk_is_full_expect_one_sentence_and_the_old_report_whole(
    run, tmp_path, monkeypatch, capsys
):
    output = tmp_path / "report.html"
    output.write_text("old", encoding="utf-8")

    def full(self, *_words, **_more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    assert main(["report", str(run), "--output", str(output), "--no-video"]) == 2
    assert "No space left" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert output.read_text(encoding="utf-8") == "old"
