import subprocess
import sys

import pytest

from rl_control.errors import MissingDependencyError, PlantError
from rl_control.plants import bullet_client
from rl_control.plants.bullet_client import World, import_pybullet


def test_when_made_twice_expect_two_worlds():
    one, other = World(), World()
    assert one.client != other.client
    one.close()
    one.close()
    assert one.closed
    assert other.getNumBodies() == 0


def test_when_urdf_is_refused_expect_a_plant_error():
    with pytest.raises(PlantError, match="URDF"):
        World().load_fixed("<robot name='x'></robot>")


def test_when_pybullet_is_missing_expect_the_extra_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pybullet", None)
    import_pybullet.cache_clear()
    try:
        with pytest.raises(MissingDependencyError, match=r"rl_control\[sim\]"):
            bullet_client.import_pybullet()
    finally:
        monkeypatch.undo()
        import_pybullet.cache_clear()


def test_when_a_world_is_made_expect_nothing_printed_and_import_lazy():
    code = (
        "import sys, rl_control.plants.bullet as b; assert 'pybullet' not in sys.modules;"
        "from rl_control.plants.bullet_client import World; World()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
