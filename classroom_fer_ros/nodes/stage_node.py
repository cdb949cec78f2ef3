"""Base of the nodes that work on results of other nodes, joined by stamp."""

from __future__ import annotations

from functools import partial
from typing import Any

from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.nodes.results_join import Joined, ResultsJoin, allowed_inputs

__all__ = ['LOG_PERIOD_S', 'Joined', 'StageNode']

#: A problem that comes with every picture is logged this often.
LOG_PERIOD_S = 5.0


class StageNode(AnalysisNode):
    """
    Works on every picture of which the inputs have come.

    :cvar INPUTS: topics beside the faces
    """

    INPUTS: tuple[str, ...] = ()

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.join = ResultsJoin((), self._is_published)

    def analyse(self, joined: Joined) -> None:
        """Work on one picture. An empty one of 0x0 pixels is told when the camera is closed."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget everything, as before another run."""
        raise NotImplementedError

    @property
    def inputs(self) -> tuple[str, ...]:
        """Of `INPUTS` those that the profile allows."""
        return allowed_inputs(self.INPUTS, self.profile)

    @property
    def input_words(self) -> str:
        return ', '.join((topics.FACES, *self.inputs))

    def begin(self) -> None:
        self.join = ResultsJoin(self.inputs, self._is_published)
        for name in (topics.FACES, *self.inputs):
            kind, qos = TOPICS[name]
            self.subscribe(kind, name, partial(self._on_part, name), qos)

    def end(self) -> None:
        self.reset()

    def facts(self) -> dict[str, str]:
        return {'incomplete sets': str(self.join.incomplete)}

    def _is_published(self, name: str) -> bool:
        return self.count_publishers(name) > 0

    def _on_part(self, name: str, message: Any) -> None:
        heard = self.join.add(name, message)
        if heard.problem:
            self.get_logger().warning(f'{heard.problem}; everything is forgotten')
        if heard.is_anew:
            self.reset()
        for joined in heard.ready:
            self._work(joined)
        if heard.is_closed:
            self.meter.clear()
            self.problem = ''

    def _work(self, joined: Joined) -> None:
        try:
            with self.meter.working():
                self.analyse(joined)
            self.problem = ''
        except ClassroomFerError as error:
            self.problem = str(error)
            self.get_logger().warning(self.problem, throttle_duration_sec=LOG_PERIOD_S)
