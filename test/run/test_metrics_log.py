"""Reports of a fit: one row each, at once; TensorBoard only where it can be."""

import csv
import sys

import pytest

from rl_control.models.net_settings import EpochReport
from rl_control.run.metrics_log import MetricsLog


def report(epoch):
    return EpochReport(
        epoch=epoch,
        train_loss=(0.5, 0.25),
        validation_loss=(1.5, -0.125),
        validation_error=(0.5 / epoch, 0.75),
        best_error=(0.5 / epoch, 0.25),
        active=(True, False),
    )


def rows(folder):
    with open(folder / "metrics.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_when_reports_come_expect_each_in_the_file_before_it_is_closed(tmp_path):
    log = MetricsLog(tmp_path / "run" / "fit")
    for epoch in (1, 2, 4):
        log(report(epoch))
        assert len(rows(tmp_path / "run" / "fit")) == {1: 1, 2: 2, 4: 3}[epoch]
    last = rows(tmp_path / "run" / "fit")[-1]
    assert last["epoch"] == "4"
    assert float(last["validation_error/0"]) == 0.125
    assert (last["active/0"], last["active/1"]) == ("1.0", "0.0")
    log.close()
    log.close()


def test_when_tensorboard_is_there_expect_every_figure_at_its_epoch(tmp_path):
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    log = MetricsLog(tmp_path)
    log(report(3))
    log.close()
    (events,) = tmp_path.glob("events.out.tfevents.*")
    found = {}
    data = events.read_bytes()
    while data:
        size = int.from_bytes(data[:8], "little")
        event = Event.FromString(data[12 : 12 + size])
        data = data[12 + size + 4 :]
        found.update({value.tag: (event.step, value.simple_value) for value in event.summary.value})
    assert found["validation_loss/1"] == (3, -0.125)
    assert found["best_error/1"] == (3, 0.25)
    assert "epoch" not in found


def test_when_tensorboard_is_missing_expect_one_warning_and_the_file(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.warns(UserWarning, match=r"metrics\.csv only") as warned:
        log = MetricsLog(tmp_path)
        log(report(1))
        log(report(2))
        log.close()
    assert len(warned) == 1
    assert len(rows(tmp_path)) == 2


def test_when_a_training_goes_on_expect_its_files_anew(tmp_path):
    for count in (2, 3):
        log = MetricsLog(tmp_path, "iteration")
        for iteration in range(count):
            log({"iteration": iteration, "cost": 2.0 * iteration})
        log.close()
        assert [row["cost"] for row in rows(tmp_path)] == ["0.0", "2.0", "4.0"][:count]
        if "tensorboardX" in sys.modules:
            assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 1
