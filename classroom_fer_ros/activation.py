"""Bringing a lifecycle node of another process to active, step by step and without waiting."""

from __future__ import annotations

import time
from typing import Any

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.node import Node
from rclpy.task import Future

#: A node that has not said within this time what state it is in is asked again.
ANSWER_S = 1.0
#: A request to a node that says nothing of it for so long was lost.
LOST_S = 5.0
#: What is asked of a node in each state on its way.
STEPS = {
    State.PRIMARY_STATE_UNCONFIGURED: Transition(
        id=Transition.TRANSITION_CONFIGURE, label='configure'
    ),
    State.PRIMARY_STATE_INACTIVE: Transition(id=Transition.TRANSITION_ACTIVATE, label='activate'),
}


class Activation:
    """
    Follows what state a node says it is in, and asks for the next.

    DDS takes a process that was killed for alive until its lease ends, so that a request may be
    matched with the dead one alone, and get lost: whatever is not answered is asked again.

    :ivar is_active: whether the node has said so
    :ivar refused: transition that the node could not do; empty while all is well
    """

    def __init__(self, asker: Node, name: str) -> None:
        """
        :param asker: spun by the caller
        :param name: full name of the node
        """
        self.is_active, self.refused = False, ''
        self._asker = asker
        self._state_client = asker.create_client(GetState, f'{name}/get_state')
        self._change_client = asker.create_client(ChangeState, f'{name}/change_state')
        self._question: Future | None = None
        self._change: Future | None = None
        self._wanted = Transition()
        self._denied_id = -1
        self._asked_s = self._changed_s = 0.0

    def begin(self) -> None:
        """Start over, for a new process of the same name."""
        self.is_active, self.refused = False, ''
        self._question = self._change = None
        self._denied_id = -1

    def tick(self) -> None:
        """Go a step on, if one is due."""
        if self.is_active or self.refused:
            return
        if self._change is not None and self._change.done():
            if not self._change.result().success:
                self._denied_id = self._wanted.id
            self._change = self._question = None  # its state tells what came of it
        if self._question is not None and self._question.done():
            state_id = self._question.result().current_state.id
            self._question = None
            self._on_state(state_id)
        elif self._question is None or time.monotonic() - self._asked_s > ANSWER_S:
            self._ask()

    def _ask(self) -> None:
        if self._question is not None:
            self._state_client.remove_pending_request(self._question)
        self._asked_s = time.monotonic()
        self._question = self._call(self._state_client, GetState.Request())

    def _on_state(self, state_id: int) -> None:
        self.is_active = state_id == State.PRIMARY_STATE_ACTIVE
        step = STEPS.get(state_id)
        if step is None:  # on its way
            return
        is_asked = self._change is not None and step.id == self._wanted.id
        if step.id == self._denied_id:
            self.refused = step.label
        elif not is_asked or time.monotonic() - self._changed_s > LOST_S:
            self._wanted, self._changed_s = step, time.monotonic()
            self._change = self._call(self._change_client, ChangeState.Request(transition=step))

    @staticmethod
    def _call(client: Any, request: object) -> Future | None:
        return client.call_async(request) if client.service_is_ready() else None
