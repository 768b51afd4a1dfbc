"""Following a training: the log, the history, and what Ctrl-C means when."""

from __future__ import annotations

import csv
import io
import signal

import numpy as np
import pytest
from rich.console import Console

from rl_control.models.net_settings import EpochReport
from rl_control.run.fit_training import Training


def report(epoch, errors=(0.5, 0.25), active=(True, True)):
    return EpochReport(epoch, (0.0, 0.0), (0.0, 0.0), errors, errors, active)


@pytest.fixture
def folders(tmp_path):
    """Makes a folder, and knows how often it was asked."""
    asked = []

    def make():
        asked.append(tmp_path / "run")
        return asked[-1]

    make.asked = asked
    return make


def training(folders, terminal=False):
    out = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    return Training(10, folders, out), out.file


def test_when_epochs_pass_expect_each_in_the_log_and_in_the_history(folders, tmp_path):
    follower, text = training(folders)
    with follower:
        for epoch in (1, 2, 3):
            follower.on_epoch(report(epoch))
            assert not follower.stop()
    with open(tmp_path / "run" / "metrics.csv", newline="", encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    assert [one.epoch for one in follower.history] == [1, 2, 3]
    assert len(folders.asked) == 1
    assert text.getvalue() == ""


def test_when_no_network_is_trained_expect_no_folder(folders):
    follower, _ = training(folders)
    with follower:
        pass
    assert not folders.asked
    assert [part.shape for part in follower.errors()] == [(0,), (0,)]


def test_when_on_a_terminal_expect_the_mean_of_the_best_errors_and_who_still_trains(folders):
    follower, text = training(folders, terminal=True)
    with follower:
        follower.on_epoch(report(1, (0.4, 0.1), (True, False)))
    assert "training 1 of 2 networks, error 0.200" in text.getvalue()


def test_when_a_network_rests_expect_its_errors_to_end_with_its_last_epoch(folders):
    follower, _ = training(folders)
    with follower:
        follower.on_epoch(report(1, (0.5, 0.3)))
        follower.on_epoch(report(2, (0.4, 0.2), (True, False)))
        follower.on_epoch(report(3, (0.3, 0.2), (True, False)))
    epochs, errors = follower.errors()
    assert epochs.tolist() == [1.0, 2.0, 3.0]
    assert np.array_equal(errors, [[0.5, 0.3], [0.4, 0.2], [0.3, np.nan]], equal_nan=True)


def test_when_interrupted_expect_a_stop_first_and_an_end_the_second_time(folders):
    before = signal.getsignal(signal.SIGINT)
    follower, _ = training(folders)
    with pytest.raises(KeyboardInterrupt), follower:
        follower.on_epoch(report(1))
        signal.raise_signal(signal.SIGINT)
        assert follower.stop() and follower.stopped
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_when_interrupted_before_the_first_epoch_expect_the_program_to_end(folders):
    follower, _ = training(folders)
    with pytest.raises(KeyboardInterrupt), follower:
        signal.raise_signal(signal.SIGINT)
    assert not follower.stopped
