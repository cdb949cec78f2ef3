"""What is known of the running system beside its pictures and results. No Qt."""

from __future__ import annotations

import math
import time
from typing import Any

from classroom_fer_ros.nodes import topics
from classroom_fer_ros.rqt.facts import (
    CAPTURE,
    CAPTURE_IS_ON,
    FACES_NODES,
    PROFILE,
    SOURCE,
    SOURCE_NODES,
    Graph,
    ParameterRange,
    Status,
    parameter_owner,
)
from classroom_fer_ros.rqt.health import Heard


class SystemState:
    """
    Who is there, and what they said of themselves.

    :ivar statuses: by node
    :ivar parameters: values by (node, name)
    :ivar ranges: by (node, name)
    """

    def __init__(self, namespace: str) -> None:
        self.graph = Graph()
        self.statuses: dict[str, Status] = {}
        self.parameters: dict[tuple[str, str], Any] = {}
        self.ranges: dict[tuple[str, str], ParameterRange] = {}
        self._namespace = namespace
        self._begun_s = time.monotonic()

    def heard(self, picture_s: float = -math.inf, result_s: float = -math.inf) -> Heard:
        """
        What the health is judged by.

        :param picture_s: when the last preview came, by the monotonic clock
        :param result_s: when the last results came
        """
        now_s = time.monotonic()
        return Heard(
            namespace=self._namespace,
            graph=self.graph,
            statuses=self.statuses,
            now_s=now_s,
            age_s=now_s - self._begun_s,
            picture_idle_s=now_s - picture_s,
            result_idle_s=now_s - result_s,
            refused=self.graph.refused,
        )

    def status(self, *nodes: str) -> Status | None:
        """Of the first of some nodes that said something lately."""
        return self.heard().status(*nodes)

    def see(self, graph: Graph) -> None:
        """Take over who is there; what those had who are gone is forgotten."""
        self.graph = graph
        self.parameters = {k: v for k, v in self.parameters.items() if k[0] in graph.nodes}

    def value(self, name: str) -> Any:
        """Value of a parameter; None while it is not known."""
        return self.parameters.get((parameter_owner(name, self.graph.nodes), name))

    def range(self, name: str) -> ParameterRange | None:
        """What a parameter may be; None while it is not known."""
        return self.ranges.get((parameter_owner(name, self.graph.nodes), name))

    @property
    def is_open(self) -> bool:
        """Whether the camera is open, as its node says."""
        status = self.status(*SOURCE_NODES)
        return status is not None and status.values.get('source state') == 'open'

    @property
    def profile(self) -> str:
        """Its name; empty while it is not known."""
        status = self.status(*SOURCE_NODES, *FACES_NODES)
        return status.values.get('profile', '') if status else self.value(PROFILE) or ''

    @property
    def source(self) -> str:
        """The source as a user types it; empty while it is not known."""
        return self.value(SOURCE) or ''

    def is_on(self, analysis: str) -> bool:
        """Whether a node says that an analysis, or the capture, is on."""
        if analysis == CAPTURE:
            return bool(self.value(CAPTURE_IS_ON))
        said = (self.status(node) for node in self.statuses)
        return any(
            analysis in status.values.get('analyses', '').split(', ') for status in said if status
        )

    def is_offered(self, analysis: str) -> bool:
        """Whether the running system lets it be switched."""
        if analysis == CAPTURE:
            return self.value(CAPTURE_IS_ON) is not None
        return topics.ENABLE.format(analysis=analysis) in self.graph.services
