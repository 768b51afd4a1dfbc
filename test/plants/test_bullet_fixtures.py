"""Fixtures of the simulated arm: solid, placed, moved, taken away."""

import numpy as np
import pytest

from rl_control.errors import NonFiniteError, PlantError, UnknownNameError
from rl_control.plants.bullet import BulletPlant
from rl_control.types import Command, Pose

WEIGHT = 9.81  # [N] of the sliding box below
BLOCK = """<robot name="block"><link name="block">
<inertial><mass value="0"/><inertia ixx="0" iyy="0" izz="0" ixy="0" ixz="0" iyz="0"/></inertial>
<collision><geometry><box size="0.4 0.4 0.2"/></geometry></collision></link></robot>"""
SHAPE = '<collision><geometry><box size="0.2 0.2 0.2"/></geometry></collision>'
ABOVE = Pose(np.array([0.0, 0.0, 1.5]), np.eye(3))  # 0.3 m below the box at zero


@pytest.fixture
def block(tmp_path):
    path = tmp_path / "block.urdf"
    path.write_text(BLOCK)
    return path


@pytest.fixture
def slide(pendulum, block):
    """`slide()`: a box of 1 kg on a vertical rail, which may hit a block."""

    def make():
        robot = pendulum(kind="prismatic", axis="0 0 1", shape=SHAPE)
        return BulletPlant(robot, fixtures={"block": block, "other": block})

    return make


def press(plant, effort, steps):
    """Positions and contact forces, [steps]."""
    rows = []
    for _ in range(steps):
        state = plant.step(Command(plant.names, np.array([effort]), 0.0))
        rows.append((state.joints.position[0], plant.contact_force()))
    return np.array(rows).T


@pytest.mark.parametrize("effort", [0.0, -5.0])
def test_when_pressed_on_a_fixture_expect_the_force_that_presses(slide, effort):
    plant = slide()
    plant.place({"block": ABOVE})
    plant.reset()
    positions, forces = press(plant, effort, 400)
    assert positions[-1] == pytest.approx(-0.3, abs=1e-4)
    assert forces[-1] == pytest.approx(WEIGHT - effort, rel=1e-3)
    assert forces[0] == 0.0


@pytest.mark.parametrize(
    ("position", "touches"), [(0.0, False), (-0.299, False), (-0.301, True), (-0.5, True)]
)
def test_when_the_arm_is_put_into_a_fixture_expect_it_said_before_any_step(
    slide, position, touches
):
    plant = slide()
    plant.place({"block": ABOVE})
    plant.reset(np.array([position]))
    assert plant.touches_fixture() == touches


def test_when_a_fixture_is_not_placed_expect_nothing_in_the_way(slide):
    plant = slide()
    positions, forces = press(plant, 0.0, 100)
    # Semi-implicit steps of 1 ms fall a little further than the parabola.
    assert positions[-1] == pytest.approx(-0.5 * 9.81 * 0.5 * 0.501, rel=1e-6)
    assert not forces.any()


def test_when_a_fixture_is_moved_expect_it_at_its_new_pose_only(slide):
    plant = slide()
    plant.place({"block": ABOVE})
    upright = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    plant.place({"block": Pose(ABOVE.position, upright)})
    plant.reset()
    assert press(plant, 0.0, 400)[0][-1] == pytest.approx(-0.2, abs=1e-4)


def test_when_a_fixture_is_not_named_expect_it_taken_away(slide):
    plant = slide()
    plant.place({"block": ABOVE, "other": Pose(np.array([5.0, 0.0, 0.0]), np.eye(3))})
    plant.place({"other": Pose(np.array([5.0, 0.0, 0.0]), np.eye(3))})
    plant.reset()
    assert press(plant, 0.0, 100)[0][-1] < -1.0


def test_when_run_again_expect_the_same_bits_from_the_same_and_from_a_fresh_plant(slide):
    runs = []
    for plant in (once := slide(), once, slide()):
        plant.place({"block": ABOVE})
        plant.reset()
        runs.append(press(plant, -3.0, 150))
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])


def test_when_a_scene_is_wrong_expect_a_named_error_and_the_old_scene(slide):
    plant = slide()
    plant.place({"block": ABOVE})
    with pytest.raises(UnknownNameError, match=r"fixture 'blok'.*did you mean 'block'"):
        plant.place({"blok": ABOVE})
    with pytest.raises(NonFiniteError, match="fixture 'other'"):
        plant.place({"other": Pose(np.array([0.0, np.nan, 0.0]), np.eye(3))})
    plant.reset()
    assert press(plant, 0.0, 400)[0][-1] == pytest.approx(-0.3, abs=1e-4)


def test_when_a_fixtures_file_is_missing_or_no_urdf_expect_it_named(pendulum, tmp_path):
    with pytest.raises(PlantError, match=r"fixture 'block': no file .*nowhere.urdf"):
        BulletPlant(pendulum(), fixtures={"block": tmp_path / "nowhere.urdf"})
    path = tmp_path / "broken.urdf"
    path.write_text("<robot")
    plant = BulletPlant(pendulum(), fixtures={"block": path})
    with pytest.raises(PlantError, match="cannot load fixture 'block'"):
        plant.place({"block": ABOVE})


def test_when_closed_expect_placing_and_measuring_refused(slide):
    plant = slide()
    plant.close()
    with pytest.raises(PlantError, match="closed"):
        plant.place({"block": ABOVE})
    with pytest.raises(PlantError, match="closed"):
        plant.contact_force()
    with pytest.raises(PlantError, match="closed"):
        plant.touches_fixture()
