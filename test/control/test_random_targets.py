"""Goals drawn from time to time for a controller that has one."""

import numpy as np

from rl_control.control.random_targets import RandomTargets
from rl_control.types import ArmState, Command, Goal, JointState


class Follower:
    """Notes what it is told."""

    def __init__(self):
        self.goals, self.resets = [], 0

    def set_goal(self, goal):
        self.goals.append(goal)

    def reset(self, state):
        self.resets += 1

    def act(self, state):
        return Command(("a",), np.array([len(self.goals)]), state.joints.stamp)


def at(stamp):
    return ArmState(JointState(("a",), [0.0], [0.0], [0.0], stamp))


def draw(rng):
    return Goal(rng.uniform(size=3), np.zeros(1))


def test_when_time_goes_by_expect_a_new_goal_every_interval():
    inner = Follower()
    targets = RandomTargets(inner, inner.set_goal, draw, 0.1, np.random.default_rng(0))
    targets.reset(at(3.0))
    counts = [targets.act(at(3.0 + 0.01 * k)).effort[0] for k in range(40)]
    assert inner.resets == 1
    # The first goal is there for the first command.
    assert counts == [1.0 + k // 10 for k in range(40)]
    assert len({tuple(goal.position) for goal in inner.goals}) == 4


def test_when_states_are_missing_expect_one_goal_and_not_the_missed_ones():
    inner = Follower()
    targets = RandomTargets(inner, inner.set_goal, draw, 0.1, np.random.default_rng(0))
    targets.reset(at(0.0))
    for stamp in (0.0, 5.0, 5.05):
        targets.act(at(stamp))
    assert len(inner.goals) == 2


def test_when_the_seed_is_the_same_expect_the_same_goals_and_after_a_reset_others():
    def goals(resets):
        inner = Follower()
        targets = RandomTargets(inner, inner.set_goal, draw, 0.1, np.random.default_rng(7))
        for _ in range(resets):
            targets.reset(at(0.0))
            targets.act(at(0.0))
        return [goal.position.tolist() for goal in inner.goals]

    assert goals(2) == goals(2)
    first, second = goals(2)
    assert first != second
