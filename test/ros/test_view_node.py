"""The node browser_view: an arm over real topics, a real browser that sees and drags it."""

import importlib.util
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import GetParameters

from rl_control.ros import qos

sys.path.insert(0, str(Path(__file__).parents[1] / "view"))
from browser import browser, missing

NO_VISER = importlib.util.find_spec("viser") is None
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(NO_VISER, reason="viser is not installed"),
]
in_browser = pytest.mark.skipif(bool(missing()), reason=missing() or "-")

ADDRESS = re.compile(r"shown at (http://\S+)")


def launched(ros, file="arm_mpc", *arguments):
    """Nodes under way, with a view; its address."""
    process = ros.start("launch", file, "robot:=planar2", "view:=true", "view_port:=0", *arguments)
    ros.until(lambda: ADDRESS.search(process.output), 60.0)
    return process, ADDRESS.search(process.output).group(1)


def pose(place):
    message = PoseStamped()
    p = message.pose.position
    p.x, p.y, p.z = (float(c) for c in place)
    return message


def place_of(message):
    p = message.pose.position
    return np.array([p.x, p.y, p.z])


def wait_in_page(ros, driver, text, seconds=60.0):
    ros.until(lambda: text in driver.page_source, seconds)


def click(driver, label):
    driver.execute_script(
        "[...document.querySelectorAll('button')].find(b => b.innerText.trim() === arguments[0])"
        ".click()",
        label,
    )


@in_browser
def test_when_the_handle_is_dragged_in_a_browser_expect_the_arm_to_follow_and_stop(ros):
    targets = ros.listen(PoseStamped, "/mpc_controller/target_pose")
    goals = ros.listen(PoseStamped, "/mpc_controller/goal", qos.latched())
    places = ros.listen(PoseStamped, "/arm_sim/ee_pose")
    _, url = launched(ros)
    ros.until(lambda: goals and places, 60.0)
    with browser(900, 650) as driver:
        driver.get(url)
        wait_in_page(ros, driver, "controlling")
        ros.spin(3.0)
        assert targets == []  # nothing moves by itself
        before = place_of(places[-1])
        grab(driver, ros)
        ros.until(lambda: len(targets) > 2, 30.0)
        ros.until(lambda: len(goals) > 1 and near(goals[-1], targets[-1]), 30.0)
        ros.until(lambda: near(places[-1], targets[-1], 5e-3), 30.0)
        assert np.linalg.norm(place_of(places[-1]) - before) > 0.03
        count = len(targets)
        driver.refresh()
        wait_in_page(ros, driver, "controlling")
        ros.spin(2.0)
        assert len(targets) == count  # nothing is sent again
        click(driver, "STOP the arm")
        wait_in_page(ros, driver, "is inactive")
        assert state_of(ros) == "inactive"
        click(driver, "Start again")
        wait_in_page(ros, driver, "controlling")
        assert state_of(ros) == "active"


@in_browser
def test_when_a_target_cannot_be_reached_expect_the_page_to_say_why(ros):
    goals = ros.listen(PoseStamped, "/mpc_controller/goal", qos.latched())
    _, url = launched(ros)
    ros.until(lambda: goals, 60.0)
    targets = ros.talk(PoseStamped, "/mpc_controller/target_pose", qos.events())
    with browser(900, 650) as driver:
        driver.get(url)
        wait_in_page(ros, driver, "controlling")
        targets.publish(pose([9.0, 0.0, 0.3]))
        wait_in_page(ros, driver, "cannot be reached", 20.0)


def test_when_a_real_arm_is_launched_expect_a_view_that_may_not_move_it_yet(ros):
    launched(ros, "real_arm")
    may_move, host = parameters(ros, "may_move", "host")
    assert may_move.bool_value is False
    assert host.string_value == "127.0.0.1"


def test_when_the_port_is_taken_expect_the_node_to_say_so_and_end(ros):
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        process = ros.start(
            "launch", "arm_mpc", "robot:=planar2", "view:=true", f"view_port:={port}"
        )
        assert ros.until_ended(process, 60.0) != 0
    assert f"another process has port {port}" in process.output


def test_when_the_verb_is_called_expect_the_robot_asked_of_the_controller(ros):
    from harness import Process

    for node in ("arm_sim", "mpc_controller"):
        ros.start(node, robot="planar2")
    command = ["-m", "rl_control", "view", "--port", "0"]
    process = Process(command, ros.folder / "view.log", ros.environment)
    ros.processes.append(process)
    ros.until(lambda: ADDRESS.search(process.output), 60.0)
    robot, may_move = parameters(ros, "robot", "may_move")
    assert robot.string_value == "planar2"
    assert may_move.bool_value is False


def parameters(ros, *names):
    client = ros.node.create_client(GetParameters, "/browser_view/get_parameters")
    ros.until(client.service_is_ready, 30.0)
    answer = client.call_async(GetParameters.Request(names=names))
    ros.until(answer.done, 10.0)
    return answer.result().values


def arrow(driver):
    """Rows and columns of the handle's upright arrow, known by its colour."""
    from browser import picture

    red, green, blue = np.moveaxis(picture(driver)[:, :490].astype(int), 2, 0)
    return np.nonzero((blue > 150) & (blue - red > 100) & (blue - green > 50))


def grab(driver, ros):
    """Drag the handle's upright arrow downwards."""
    from browser import drag

    ros.until(lambda: arrow(driver)[0].size > 20, 30.0)
    rows, columns = arrow(driver)
    top = rows < rows.min() + 12
    x, y = int(np.median(columns[top])), int(np.median(rows[top])) + 2
    drag(driver, (x, y), (x, y + 70))
    ros.spin(0.5)


def near(message, other, tolerance=1e-4):
    return np.linalg.norm(place_of(message) - place_of(other)) < tolerance


def state_of(ros):
    client = ros.node.create_client(GetState, "/mpc_controller/get_state")
    ros.until(client.service_is_ready, 10.0)
    answer = client.call_async(GetState.Request())
    ros.until(answer.done, 10.0)
    time.sleep(0.1)
    return answer.result().current_state.label
