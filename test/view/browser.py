"""A real browser without a window, that reaches nothing but this machine."""

import contextlib
import io
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
DRIVER = shutil.which("chromedriver") or "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-default-apps",
    "--disable-extensions",
    "--hide-scrollbars",
    # Whatever is not this machine is not found.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def missing() -> str:
    """What a test in a browser lacks here; "" if nothing."""
    for path in (CHROMIUM, DRIVER):
        if not Path(path).is_file():
            return f"{path} is not installed"
    try:
        import selenium  # noqa: F401
        import viser  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed"
    return ""


@contextlib.contextmanager
def browser(width: int = 1280, height: int = 800):
    """A browser with a fresh profile; ended with all its processes."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--window-size={width},{height}", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        # What is watched comes first: the browser draws in what time is left.
        service = Service(DRIVER, popen_kw={"preexec_fn": lambda: os.nice(15)})
        driver = webdriver.Chrome(options=options, service=service)
        driver.set_page_load_timeout(60)
        driver.set_script_timeout(60)
        try:
            yield driver
        finally:
            driver.quit()


def requested(driver) -> set[str]:
    """Every address the page has asked for."""
    found = set()
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            params = message["params"]
            found.add(params.get("url") or params["request"]["url"])
    return found


def picture(driver) -> np.ndarray:
    """The page as it is shown, [height, width, 3]."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB"))


def pixel(view, driver, place) -> tuple[int, int]:
    """Where a place in the base frame is on the page that is open."""
    (client,) = view._server.get_clients().values()
    camera = client.camera
    w, x, y, z = camera.wxyz
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    right, down, ahead = turn.T @ (np.asarray(place) - camera.position)
    width, height = driver.execute_script("return [window.innerWidth, window.innerHeight]")
    focal = 0.5 * height / np.tan(0.5 * camera.fov)
    return round(0.5 * width + focal * right / ahead), round(0.5 * height + focal * down / ahead)


def drag(driver, start, end, steps: int = 8) -> None:
    """Press the mouse at `start`, move to `end`, let go."""
    from selenium.webdriver.common.actions.action_builder import ActionBuilder

    actions = ActionBuilder(driver, duration=60)
    pointer = actions.pointer_action
    pointer.move_to_location(*start).pause(0.5)
    pointer.pointer_down().pause(0.2)
    for k in range(1, steps + 1):
        pointer.move_to_location(
            *(round(a + k / steps * (b - a)) for a, b in zip(start, end, strict=True))
        ).pause(0.1)
    pointer.pause(0.2).pointer_up()
    actions.perform()
