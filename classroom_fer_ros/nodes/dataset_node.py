"""Lifecycle node: crops and results in; faces kept for training. Holds no perception logic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial

from std_msgs.msg import String

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.profiles import Feature
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.capture_desk import CaptureDesk
from classroom_fer_ros.nodes.convert_back import from_crop_array
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.service_desk import Handler
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.stage_node import LOG_PERIOD_S, Joined, StageNode


class DatasetNode(StageNode):
    """Keeps faces while capture is switched on; refuses to start where the profile forbids it."""

    NAME = 'dataset_node'
    PARAMETERS = ('capture.', 'expression.card')
    INPUTS = (topics.FACE_CROPS, topics.EXPRESSIONS, topics.HEAD_POSE)

    def start(self) -> None:
        self.profile.require(Feature.CAPTURE)
        # One thread serves topics and services.
        self._desk = CaptureDesk(self.config, self.profile, nullcontext, self._on_trouble)
        self.undo_with(self._desk.close)

    def begin(self) -> None:
        if self._desk.is_on:  # crops cost something: they are taken only while they are kept
            super().begin()
            self.subscribe(String, topics.PERSON_FORGOTTEN, self._on_forgotten, topics.RESULTS_QOS)

    def reconfigure(self, config: NodeConfig) -> None:
        was_on = self._desk.is_on
        self._desk.reconfigure(config)
        if self.has_begun and self._desk.is_on != was_on:
            self.unsubscribe_all()
            self.begin()

    def reset(self) -> None:
        self._desk.reset()

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        return self._desk.handlers()

    def facts(self) -> dict[str, str]:
        return super().facts() | {'capture': 'on' if self._desk.is_on else 'off'}

    def analyse(self, joined: Joined) -> None:
        message = joined.parts.get(topics.FACE_CROPS)
        if joined.size_wh == (0, 0) or message is None:
            return
        crops: dict[str, AlignedCrop] = {}

        def cut(faces: Sequence[Face]) -> Mapping[str, AlignedCrop]:
            if not crops:
                crops.update(from_crop_array(message))
            return crops

        result = joined.result(
            faces=joined.faces, expressions=joined.expressions, head_poses=joined.head_poses
        )
        self._desk.on_result(result, cut)

    def _on_forgotten(self, message: String) -> None:
        """Pictures of them may have been on their way while `face_node` erased the others."""
        try:
            self._desk.erase_person(message.data)
        except ClassroomFerError as error:
            self._on_trouble(str(error))

    def _on_trouble(self, text: str) -> None:
        self.problem = text
        self.get_logger().warning(text, throttle_duration_sec=LOG_PERIOD_S)


main = partial(run_node, DatasetNode)

if __name__ == '__main__':
    main()
