"""The page in a real browser, without a window and without a network."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rl_control.view.snapshot import Snapshot, Target

sys.path.insert(0, str(Path(__file__).parent))
from browser import browser, drag, missing, picture, pixel, requested

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing() or "-"),
    pytest.mark.timeout(180),
]

UP = np.array([0.0, 0.0, 1.0])


def until(condition, seconds=40.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def click(driver, label):
    driver.execute_script(
        "[...document.querySelectorAll('button')].find(b => b.innerText.trim() === arguments[0])"
        ".click()",
        label,
    )


@pytest.fixture(scope="module")
def driver():
    with browser(900, 650) as driver:
        yield driver


@pytest.fixture
def page(scripted, running, driver):
    """An arm that stands, its target away from it, and a browser that shows both."""
    source = scripted("planar2")
    goal = Target(np.array([0.25, 0.0, 0.45]))
    source.seen = Snapshot(source.state(source.robot.home), goal=goal, goals=1, summary="resting")
    view = running(source)
    requested(driver)  # what was asked for before
    driver.get(view.url)
    until(lambda: view.watchers == 1)
    until(lambda: "resting" in driver.page_source)
    time.sleep(2.0)
    yield source, view, driver
    driver.get("about:blank")


def picture_of_scene(driver):
    return picture(driver)[:, :420].astype(int)


def test_when_a_browser_opens_the_page_expect_an_arm_that_moves_and_no_request_to_elsewhere(page):
    source, view, driver = page
    still = picture_of_scene(driver)
    ground = np.median(still.reshape(-1, 3), axis=0)
    drawn = np.abs(still - ground).max(axis=2) > 60
    assert 0.002 < drawn.mean() < 0.6
    source.seen = replace(source.seen, joints=source.state(source.robot.home + 0.8))
    until(lambda: (np.abs(picture_of_scene(driver) - still).max(axis=2) > 60).mean() > 0.002)
    outside = {
        url
        for url in requested(driver)
        if not url.startswith((view.url, f"blob:{view.url}", "data:", "chrome:"))
    }
    assert not outside


def test_when_the_handle_is_dragged_with_the_mouse_expect_targets_along_the_arrow(page):
    source, view, driver = page
    start = source.seen.goal.position
    size = float(view._target.handle.scale)
    grip = start + 0.8 * size * UP
    assert not source.sent
    drag(driver, pixel(view, driver, grip), pixel(view, driver, grip + 0.15 * UP))
    until(lambda: source.sent and not view._aim.held)
    time.sleep(0.3)
    moved = source.sent[-1].position - start
    np.testing.assert_allclose(moved, [0.0, 0.0, 0.15], atol=0.02)
    assert source.sent[-1].rotation is None
    assert len(source.sent) > 2


def test_when_moving_is_not_allowed_expect_no_target_from_a_drag(page):
    source, view, driver = page
    box = view._panel.move._impl.uuid
    driver.execute_script("document.getElementById(arguments[0]).click()", box)
    until(lambda: not view._aim.allowed)
    start = source.seen.goal.position
    grip = start + 0.8 * float(view._target.handle.scale) * UP
    drag(driver, pixel(view, driver, grip), pixel(view, driver, grip + 0.15 * UP))
    time.sleep(0.5)
    assert source.sent == []


def test_when_the_stop_button_is_pressed_expect_a_stop_and_no_more_targets(page):
    source, view, driver = page
    click(driver, "STOP the arm")
    until(lambda: source.asked == ["stop"])
    until(lambda: "stopped" in driver.page_source)
    assert not view._aim.allowed
    click(driver, "Reset the simulation")
    until(lambda: source.asked == ["stop", "reset"])
    assert source.sent == []


def test_when_a_place_to_look_from_is_chosen_expect_the_camera_there_and_with_the_tip(page):
    source, view, driver = page
    (client,) = view._server.get_clients().values()
    click(driver, "top")
    until(lambda: client.camera.position[2] > 1.5)
    until(lambda: np.linalg.norm(client.camera.position[:2] - client.camera.look_at[:2]) < 0.1)
    label = "Follow the tip"
    driver.execute_script(
        "const all = [...document.querySelectorAll('label')];"
        "const label = all.find(l => l.innerText.includes(arguments[0]));"
        "document.getElementById(label.htmlFor).click()",
        label,
    )
    until(lambda: view._cameras.follows)
    time.sleep(0.5)
    before, tip = client.camera.position.copy(), view._scene.tip.position
    source.seen = replace(source.seen, joints=source.state(source.robot.home + 0.5))
    until(lambda: np.linalg.norm(view._scene.tip.position - tip) > 0.1)
    moved = view._scene.tip.position - tip
    until(lambda: np.linalg.norm(client.camera.position - before - moved) < 0.02)


def test_when_there_is_no_arm_yet_expect_what_is_waited_for_and_a_stop_all_the_same(
    scripted, running, driver
):
    source = scripted("planar2")
    driver.get(running(source).url)
    until(lambda: "no arm yet" in driver.page_source)
    click(driver, "STOP the arm")
    until(lambda: source.asked == ["stop"])
    source.seen = Snapshot(source.state(source.robot.home), summary="there it is")
    until(lambda: "there it is" in driver.page_source)
    driver.get("about:blank")


def test_when_the_state_is_bad_expect_it_in_red_and_a_refusal_in_words(page):
    source, _, driver = page
    source.seen = replace(source.seen, level="stopped", summary="motion stopped: overspeed")
    until(lambda: 'data-level="stopped"' in driver.page_source)
    assert "motion stopped: overspeed" in driver.page_source
    source.seen = replace(source.seen, refusal="target (9, 0, 0) m cannot be reached")
    until(lambda: "target (9, 0, 0) m cannot be reached" in driver.page_source)
