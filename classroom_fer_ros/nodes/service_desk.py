"""Services whose every answer says in words what was done, or why not."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rclpy.node import Node

from classroom_fer_ros.core.errors import ClassroomFerError

#: Gets request and response, fills in what is special, and returns the words of the answer.
Handler = Callable[[Any, Any], str]


class ServiceDesk:
    """Serves some services; those whose response has `success` and `message`."""

    def __init__(self, node: Node, handlers: Mapping[str, tuple[type, Handler]]) -> None:
        """:param handlers: type and handler by the service's name"""
        self._node = node
        self._services = [
            node.create_service(kind, name, partial(self._answer, handler))
            for name, (kind, handler) in handlers.items()
        ]

    def destroy(self) -> None:
        """Take every service back."""
        while self._services:
            self._node.destroy_service(self._services.pop())

    def _answer(self, handler: Handler, request: Any, response: Any) -> Any:
        """Errors become answers, so that whoever asked learns of them."""
        try:
            response.message = handler(request, response)
            response.success = True
        except ClassroomFerError as error:
            response.success, response.message = False, str(error)
        except Exception as error:  # it would end the whole node
            response.success, response.message = False, f'{type(error).__name__}: {error}'
            self._node.get_logger().error(traceback.format_exc())
        self._node.get_logger().info(response.message)
        return response


def quiet_words(minutes: float) -> str:
    """Answer of the service that keeps alerts quiet for so many minutes, or no longer (0)."""
    return f'no alerts about people for {minutes:g} minutes' if minutes else 'alerts are raised'
