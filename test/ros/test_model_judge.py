"""What a controller's side process finds in a folder, and how it judges models on motion."""

import numpy as np
import pytest
from moving_arm import DT, PERIOD, ROBOT, heavier, model_of, recording

from rl_control.models.store import save_model
from rl_control.ros.model_judge import Look, ModelJudge
from rl_control.ros.model_shelf import version_path

NOTHING = Look(None, (), 0)


@pytest.fixture
def folder(tmp_path):
    for number, mass in ((1, 0.5), (2, 1.0)):
        model = model_of(heavier(mass))
        save_model(version_path(tmp_path, number), model, {"seconds": 10.0 * number})
    return tmp_path


def judge(folder, first=None):
    return ModelJudge(ROBOT, DT, PERIOD, folder, first)


def test_when_newer_versions_are_there_expect_the_newest_that_is_not_refused(folder):
    seen = judge(folder)(NOTHING)
    assert (seen.number, dict(seen.about), seen.refusal) == (2, {"seconds": 20.0}, "")
    found = seen.model.assembled(model_of().mechanics)
    x, u = np.ones((1, 4)), np.ones((1, 2))
    assert np.array_equal(found.step(x, u), model_of(heavier(1.0)).step(x, u))
    assert judge(folder)(Look(None, (), 0, frozenset({2}))).number == 1
    assert judge(folder)(Look(None, (), 2)).number == 0
    assert judge(folder)(Look(None, (), None)).number == 0


def test_when_the_newest_is_damaged_expect_its_number_and_the_reason(folder):
    version_path(folder, 3).write_bytes(b"not a model")
    seen = judge(folder)(NOTHING)
    assert (seen.number, seen.model) == (3, None)
    assert "model-0003.safetensors" in seen.refusal


def test_when_motion_comes_expect_errors_of_every_version_asked_for(folder):
    look = judge(folder)
    errors = look(Look(recording(1.0), (2, 1, 0), 2)).errors
    assert list(errors) == [2, 1, 0]
    sizes = [errors[number].speed_error for number in (2, 1, 0)]
    assert sizes[0] < 0.1 * sizes[1] < 0.1 * sizes[2]
    assert errors[2].seconds == pytest.approx(1.0, abs=2 * DT)


def test_when_a_version_has_gone_expect_the_others_judged(folder):
    version_path(folder, 1).unlink()
    assert list(judge(folder)(Look(recording(1.0), (2, 1), 2)).errors) == [2]


def test_when_the_first_model_has_a_file_of_its_own_expect_it_as_version_0(folder):
    own = folder / "mine.safetensors"
    save_model(own, model_of(heavier(1.0)), {})
    errors = judge(folder, own)(Look(recording(1.0), (2, 0), None)).errors
    assert errors[0].speed_error == errors[2].speed_error


def test_when_motion_is_too_short_expect_no_errors(folder):
    assert judge(folder)(Look(recording(0.01), (2,), None)).errors == {}
