"""Services whose every answer says in words what was done, or why not."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.service import Service

from classroom_fer_ros.core.errors import ClassroomFerError

#: Gets request and response, fills in what is special, and returns the words of the answer. A
#: coroutine may take its time; the node goes on meanwhile.
Handler = Callable[[Any, Any], 'str | Awaitable[str]']


class ServiceDesk:
    """Serves some services; those whose response has `success` and `message`."""

    def __init__(self, node: Node, handlers: Mapping[str, tuple[type, Handler]]) -> None:
        """:param handlers: type and handler by the service's name"""
        self._node = node
        self._waiting: dict[Service, int] = {}
        self._services = [
            self._serve(kind, name, handler) for name, (kind, handler) in handlers.items()
        ]

    def destroy(self) -> None:
        """Take every service back; one that has still to answer goes once it has."""
        while self._services:
            service = self._services.pop()
            if not self._waiting.get(service):
                self._node.destroy_service(service)

    def _serve(self, kind: type, name: str, handler: Handler) -> Service:
        if not inspect.iscoroutinefunction(handler):
            return self._node.create_service(kind, name, partial(self._answer, handler))
        # A group of its own: in the node's own one, everything else would wait for the answer.
        group = ReentrantCallbackGroup()
        answer = partial(self._answer_later, handler, lambda: service)
        service = self._node.create_service(kind, name, answer, callback_group=group)
        return service

    def _answer(self, handler: Handler, request: Any, response: Any) -> Any:
        """Errors become answers, so that whoever asked learns of them."""
        try:
            response.message = handler(request, response)
            response.success = True
        except Exception as error:  # it would end the whole node
            self._fail(response, error)
        self._node.get_logger().info(response.message)
        return response

    async def _answer_later(
        self, handler: Handler, service_of: Callable[[], Service], request: Any, response: Any
    ) -> Any:
        service = service_of()
        self._waiting[service] = self._waiting.get(service, 0) + 1
        try:
            response.message = await handler(request, response)
            response.success = True
        except Exception as error:  # it would end the whole node
            self._fail(response, error)
        self._waiting[service] -= 1
        if service not in self._services and not self._waiting[service]:
            # rclpy sends the answer after this; what is asked of the executor now comes later.
            self._node.executor.create_task(self._node.destroy_service, service)
        self._node.get_logger().info(response.message)
        return response

    def _fail(self, response: Any, error: Exception) -> None:
        response.success = False
        if isinstance(error, ClassroomFerError):
            response.message = str(error)
            return
        response.message = f'{type(error).__name__}: {error}'
        self._node.get_logger().error(traceback.format_exc())


def quiet_words(minutes: float) -> str:
    """Answer of the service that keeps alerts quiet for so many minutes, or no longer (0)."""
    return f'no alerts about people for {minutes:g} minutes' if minutes else 'alerts are raised'
