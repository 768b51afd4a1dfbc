"""What of a snapshot is sent to browsers, and what is not sent again."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.types import JointState
from rl_control.view.playing import PlaybackControls
from rl_control.view.scene import WARNING, ArmScene, TargetNodes
from rl_control.view.shapes import arm_shapes
from rl_control.view.snapshot import Snapshot, Target

sys.path.insert(0, str(Path(__file__).parent))
from fakes import Event, Gui, Scene

ARM = load_robot("arm7")
TIP = Kinematics(ARM)


def seen(q=None, effort=None, plan=None):
    q = ARM.home if q is None else q
    effort = np.zeros(ARM.n) if effort is None else effort
    return Snapshot(JointState(ARM.names, q, np.zeros(ARM.n), effort, 0.0), plan=plan)


@pytest.fixture
def drawn():
    scene = Scene()
    arm = ArmScene(scene, ARM, arm_shapes(ARM))
    arm.pose(seen())
    arm.rest(seen())
    scene.log.clear()
    return scene, arm


def test_when_nothing_changes_expect_nothing_sent(drawn):
    scene, arm = drawn
    for _ in range(5):
        arm.pose(seen())
        arm.rest(seen())
    assert scene.log == []


def test_when_the_arm_moves_expect_a_message_a_joint_and_a_trail(drawn):
    scene, arm = drawn
    arm.pose(seen(ARM.home + 0.1))
    assert len(scene.log) == ARM.n
    assert {key for _, key in scene.log} == {"wxyz"}
    np.testing.assert_allclose(arm.tip.position, TIP.tip(ARM.home + 0.1).position)
    scene.log.clear()
    arm.rest(seen(ARM.home + 0.1))
    assert ("/trail", "points") in scene.log


def test_when_a_plan_goes_somewhere_expect_its_path_and_its_end(drawn):
    scene, arm = drawn
    share = np.linspace(0.0, 1.0, 12)[:, None]
    plan = ARM.home + share * 0.4
    arm.rest(seen(plan=plan))
    assert scene.nodes["/plan"].visible
    assert scene.nodes["/ghost"].visible
    path = TIP.tips(plan)[0]
    np.testing.assert_allclose(scene.nodes["/plan"].points[:, 0], path[:-1], atol=1e-6)
    np.testing.assert_allclose(scene.nodes["/plan"].points[:, 1], path[1:], atol=1e-6)
    scene.log.clear()
    arm.rest(seen(plan=plan + 1e-6))
    assert scene.log == []
    arm.rest(seen(plan=np.tile(ARM.home, (12, 1))))
    assert not scene.nodes["/plan"].visible
    assert not scene.nodes["/ghost"].visible
    arm.rest(seen(plan=None))


def test_when_a_layer_is_switched_off_expect_it_hidden(drawn):
    scene, arm = drawn
    plan = ARM.home + np.linspace(0.0, 1.0, 12)[:, None] * 0.4
    arm.show_ghost, arm.show_trail = False, False
    arm.rest(seen(plan=plan))
    assert scene.nodes["/plan"].visible
    assert not scene.nodes["/ghost"].visible
    assert not scene.nodes["/trail"].visible


def test_when_an_effort_is_at_its_limit_expect_its_link_red(drawn):
    scene, arm = drawn
    effort = np.zeros(ARM.n)
    effort[3] = ARM.limits.effort[3]
    arm.rest(seen(effort=effort))
    red = {path for path, key in scene.log if key == "color"}
    assert red and all(path.startswith("/arm/1/2/3/4/shape") for path in red)
    assert all(scene.nodes[path].color == WARNING for path in red)


def test_when_moving_is_offered_expect_arrows_and_rings_only_with_it():
    scene = Scene()
    target = TargetNodes(scene, ARM)
    handle = scene.nodes["/target"]
    assert handle.disable_axes and handle.disable_sliders and handle.disable_rotations
    target.offer(moves=True, turns=False)
    assert not handle.disable_axes and not handle.disable_sliders and handle.disable_rotations
    target.offer(moves=True, turns=True)
    assert not handle.disable_rotations
    scene.log.clear()
    target.offer(moves=True, turns=True)
    assert scene.log == []
    target.offer(moves=False, turns=True)
    assert handle.disable_axes and handle.disable_sliders and handle.disable_rotations


def test_when_the_handle_is_put_where_it_is_expect_nothing_sent():
    scene = Scene()
    target = TargetNodes(scene, ARM)
    goal = Target(np.array([0.3, 0.2, 0.5]), np.diag([1.0, -1.0, -1.0]))
    target.put(goal)
    assert scene.log == [("/target", "position")]  # it does not turn while turning is not offered
    target.offer(moves=True, turns=True)
    target.put(goal)
    scene.log.clear()
    target.put(replace(goal, position=goal.position + 1e-6))
    assert scene.log == []
    np.testing.assert_allclose(np.abs(scene.nodes["/target"].wxyz), [0, 1, 0, 0], atol=1e-9)


def test_when_a_target_is_refused_expect_the_reason_beside_a_red_ball_until_it_is_not():
    scene = Scene()
    target = TargetNodes(scene, ARM)
    green = scene.nodes["/target/ball"].color
    target.refuse("target cannot be reached: too far. Choose another.")
    assert scene.nodes["/target/ball"].color == WARNING
    assert scene.nodes["/target/word"].visible
    assert scene.nodes["/target/word"].text == "refused: target cannot be reached: too far"
    target.refuse("")
    assert scene.nodes["/target/ball"].color == green
    assert not scene.nodes["/target/word"].visible


class Tape:
    duration, time, playing, speed = 4.0, 0.0, True, 1.0


def test_when_a_recording_plays_expect_the_slider_to_follow_and_people_to_move_it():
    gui, tape = Gui(), Tape()
    controls = PlaybackControls(gui, tape)
    slider, button, speed = gui.made["Time [s]"], gui.made["button"], gui.made["Speed"]
    tape.time = 1.5
    controls.follow()
    assert slider.value == 1.5
    for callback in slider.callbacks:
        callback(Event(slider, client=None))  # our own change is no wish
    slider.value = 3.0
    for callback in slider.callbacks:
        callback(Event(slider))
    assert tape.time == 3.0
    speed.value = "0.25"
    for callback in speed.callbacks:
        callback(Event(speed))
    assert tape.speed == 0.25
    assert button.label == "Pause"
    button.callbacks[0](Event(button))
    controls.follow()
    assert not tape.playing
    assert button.label == "Play"
    tape.time = 4.0
    button.callbacks[0](Event(button))
    assert tape.playing
    assert tape.time == 0.0
