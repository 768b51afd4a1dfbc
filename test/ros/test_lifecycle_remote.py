"""Following another node's lifecycle, and asking it to change."""

from types import SimpleNamespace

import pytest
from lifecycle_msgs.msg import State, Transition, TransitionEvent

from rl_control.ros.lifecycle_remote import UNKNOWN, RemoteLifecycle


class Future:
    """An answer that comes when the test gives it."""

    def __init__(self):
        self.callbacks = []

    def add_done_callback(self, callback):
        self.callbacks.append(callback)

    def result(self):
        return self.answer

    def give(self, answer):
        self.answer = answer
        for callback in self.callbacks:
            callback(self)


class Client:
    """Remembers what was asked."""

    def __init__(self):
        self.ready, self.requests, self.futures = True, [], []

    def service_is_ready(self):
        return self.ready

    def call_async(self, request):
        self.requests.append(request)
        self.futures.append(Future())
        return self.futures[-1]


class FakeNode:
    """Lends clients and a subscription."""

    def __init__(self):
        self.clients, self.action = {}, None

    def create_client(self, kind, name):
        self.clients[name] = Client()
        return self.clients[name]

    def create_subscription(self, kind, topic, action, quality):
        self.action = action
        return topic


@pytest.fixture
def remote():
    node = FakeNode()
    remote = RemoteLifecycle(node, "arm")
    return remote, node, node.clients["arm/change_state"], node.clients["arm/get_state"]


def state(identity, label="x"):
    return SimpleNamespace(current_state=State(id=identity, label=label))


def test_when_a_node_is_first_heard_expect_its_state_asked_for_once(remote):
    remote, _, _, get = remote
    remote.poll(heard=False)
    assert get.requests == []
    for _ in range(3):
        remote.poll(heard=True)
    assert len(get.requests) == 1
    get.futures[0].give(state(State.PRIMARY_STATE_ACTIVE))
    assert remote.state == "active"
    remote.poll(heard=True)
    assert len(get.requests) == 1
    remote.poll(heard=False)
    assert remote.state == UNKNOWN
    remote.poll(heard=True)
    assert len(get.requests) == 2


def test_when_a_transition_is_told_expect_the_state_it_leads_to(remote):
    remote, node, _, _ = remote
    goal = State(id=State.PRIMARY_STATE_INACTIVE, label="inactive")
    node.action(TransitionEvent(goal_state=goal))
    assert remote.state == "inactive"


def test_when_nobody_answers_expect_it_said(remote):
    remote, _, change, _ = remote
    change.ready = False
    remote.deactivate()
    assert change.requests == []
    assert "does not answer" in remote.outcome


def test_when_the_node_refuses_expect_it_said_until_it_changes(remote):
    remote, node, change, _ = remote
    remote.state = "inactive"
    remote.deactivate()
    assert change.requests[0].transition.id == Transition.TRANSITION_DEACTIVATE
    change.futures[0].give(SimpleNamespace(success=False))
    assert "refused to deactivate (it is inactive)" in remote.outcome
    node.action(TransitionEvent(goal_state=State(id=State.PRIMARY_STATE_ACTIVE)))
    assert remote.outcome == ""


def test_when_a_node_is_not_configured_expect_that_first(remote):
    remote, _, change, _ = remote
    remote.state = "unconfigured"
    remote.activate()
    assert [r.transition.id for r in change.requests] == [Transition.TRANSITION_CONFIGURE]
    change.futures[0].give(SimpleNamespace(success=True))
    assert [r.transition.id for r in change.requests][1:] == [Transition.TRANSITION_ACTIVATE]
    change.futures[1].give(SimpleNamespace(success=True))
    assert remote.outcome == ""
