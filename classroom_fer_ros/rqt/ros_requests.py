"""What the window asks of the running system: services and parameters, never waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from classroom_fer_msgs.srv import (
    AcknowledgeAlert,
    EnrollPerson,
    ForgetPerson,
    ListPeople,
    SetSource,
)
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterEvent, ParameterType
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters
from rclpy.client import Client
from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.qos import qos_profile_parameter_events
from rclpy.task import Future
from std_srvs.srv import SetBool

from classroom_fer_ros.core.switches import ANALYSES
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.rqt.facts import NOBODY, SILENCE, WATCHED, Answer, ParameterRange
from classroom_fer_ros.rqt.qt import QtCore, Signal

SERVICES: dict[str, type] = {
    topics.OPEN_CAMERA: SetBool,
    topics.SET_SOURCE: SetSource,
    **{topics.ENABLE.format(analysis=name): SetBool for name in ANALYSES},
    topics.ACKNOWLEDGE_ALERT: AcknowledgeAlert,
    topics.ENROLL_PERSON: EnrollPerson,
    topics.FORGET_PERSON: ForgetPerson,
    topics.LIST_PEOPLE: ListPeople,
}
#: An answer that takes longer is given up; a camera on the network may take a while to open.
PATIENCE_S = 15.0
#: Enrolling looks at a face for as long as `enroll_s` says, a minute at most.
ENROLLING_PATIENCE_S = 75.0


@dataclass(frozen=True, slots=True)
class _Pending:
    client: Client
    future: Future
    give_up_s: float
    on_silence: Callable[[], None]


class Requests(QtCore.QObject):
    """
    Asks, and tells the answers by signals. `ask` and `set_parameter` may be called from anywhere.

    :ivar answered: an `Answer`
    :ivar parameters_heard: values by (node, name)
    :ivar ranges_heard: `ParameterRange` by (node, name)
    """

    answered = Signal(object)
    parameters_heard = Signal(object)
    ranges_heard = Signal(object)

    def __init__(self, node: Node, later: Callable[[Callable[[], None]], None]) -> None:
        """:param later: does something in the ROS thread"""
        super().__init__()
        self._node, self._later = node, later
        self._clients: dict[str, Client] = {}
        self._known: frozenset[str] = frozenset()
        self._unread: set[str] = set()
        self._pending: list[_Pending] = []

    def begin(self) -> None:
        """Make the clients now, so that the services are found before they are needed."""
        for name, kind in SERVICES.items():
            self._clients[name] = self._node.create_client(kind, name)
        self._node.create_subscription(
            ParameterEvent,
            '/parameter_events',
            self._on_parameter_event,
            qos_profile_parameter_events,
        )

    def ask(self, name: str, **request: Any) -> None:
        """Ask a service; `answered` tells what came of it."""
        message = SERVICES[name].Request(**request)
        self._later(partial(self._ask, name, self._clients[name], message, self._on_answer))

    def set_parameter(self, node: str, name: str, value: Any) -> None:
        """Set a parameter of one node; `answered` tells what came of it."""
        wanted = Parameter(name, value=value).to_parameter_msg()
        self._later(partial(self._set, node, name, wanted))

    # In the ROS thread

    def look_after(self, nodes: frozenset[str]) -> None:
        """Read parameters of nodes that have come, and give up on answers that do not come."""
        self._unread |= set(WATCHED) & (nodes - self._known)
        self._known = nodes
        self._unread = {node for node in self._unread & nodes if not self._read(node)}
        now_s = time.monotonic()
        late = [one for one in self._pending if now_s > one.give_up_s and not one.future.done()]
        self._pending = [one for one in self._pending if not one.future.done() and one not in late]
        for one in late:
            one.client.remove_pending_request(one.future)
            one.on_silence()

    def _ask(
        self, name: str, client: Client, message: Any, callback: Callable[[str, Any], None]
    ) -> None:
        if not client.service_is_ready():
            self.answered.emit(Answer(name, False, NOBODY))
            return
        give_up = partial(self.answered.emit, Answer(name, False, SILENCE))
        self._send(name, client, message, callback, give_up)

    def _send(
        self,
        name: str,
        client: Client,
        message: Any,
        callback: Callable[[str, Any], None],
        give_up: Callable[[], None],
    ) -> None:
        future = client.call_async(message)
        give_up_s = time.monotonic() + patience_s(name)
        self._pending.append(_Pending(client, future, give_up_s, give_up))
        future.add_done_callback(partial(self._on_done, name, callback))

    def _on_done(self, name: str, callback: Callable[[str, Any], None], future: Future) -> None:
        if future.result() is not None:
            callback(name, future.result())

    def _on_answer(self, name: str, response: Any) -> None:
        self.answered.emit(Answer(name, response.success, response.message, response))

    def _client(self, kind: type, node: str, service: str) -> Client:
        name = f'{node}/{service}'
        if name not in self._clients:
            self._clients[name] = self._node.create_client(kind, name)
        return self._clients[name]

    def _set(self, node: str, name: str, wanted: ParameterMessage) -> None:
        client = self._client(SetParameters, node, 'set_parameters')
        message = SetParameters.Request(parameters=[wanted])
        self._ask(name, client, message, self._on_set)

    def _on_set(self, name: str, response: SetParameters.Response) -> None:
        (result,) = response.results
        self.answered.emit(Answer(name, result.successful, result.reason, response))

    def _read(self, node: str) -> bool:
        """Ask what a node has; False while its services have not been found."""
        kinds = {
            'list_parameters': ListParameters,
            'get_parameters': GetParameters,
            'describe_parameters': DescribeParameters,
            'set_parameters': SetParameters,
        }
        clients = [self._client(kind, node, service) for service, kind in kinds.items()]
        if not all(client.service_is_ready() for client in clients):
            return False
        again = partial(self._unread.add, node)
        self._send(node, clients[0], ListParameters.Request(), self._on_names, again)
        return True

    def _on_names(self, node: str, response: ListParameters.Response) -> None:
        """One that the node does not have would spoil the answer about the others."""
        names = [name for name in WATCHED[node] if name in response.result.names]
        again = partial(self._unread.add, node)
        get = self._client(GetParameters, node, 'get_parameters')
        describe = self._client(DescribeParameters, node, 'describe_parameters')
        on_values = partial(self._on_values, names)
        self._send(node, get, GetParameters.Request(names=names), on_values, again)
        question = DescribeParameters.Request(names=names)
        self._send(node, describe, question, self._on_ranges, again)

    def _on_values(self, names: list[str], node: str, response: GetParameters.Response) -> None:
        values = zip(names, response.values, strict=False)
        self.parameters_heard.emit(
            {
                (node, name): parameter_value_to_python(value)
                for name, value in values
                if value.type != ParameterType.PARAMETER_NOT_SET
            }
        )

    def _on_ranges(self, node: str, response: DescribeParameters.Response) -> None:
        self.ranges_heard.emit(
            {
                (node, one.name): ParameterRange(
                    one.floating_point_range[0].from_value,
                    one.floating_point_range[0].to_value,
                    one.description,
                )
                for one in response.descriptors
                if one.floating_point_range
            }
        )

    def _on_parameter_event(self, event: ParameterEvent) -> None:
        namespace, _, node = event.node.rpartition('/')
        if namespace != self._node.get_namespace() or node not in WATCHED:
            return
        changed = {
            (node, one.name): parameter_value_to_python(one.value)
            for one in (*event.new_parameters, *event.changed_parameters)
            if one.name in WATCHED[node]
        }
        if changed:
            self.parameters_heard.emit(changed)


def patience_s(name: str) -> float:
    """How long the answer of a service may take."""
    return ENROLLING_PATIENCE_S if name == topics.ENROLL_PERSON else PATIENCE_S
