"""Base of the nodes that work on results of other nodes, joined by stamp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from classroom_fer_msgs.msg import FaceArray
from std_msgs.msg import Header

from classroom_fer_ros.core.errors import ClassroomFerError, StampError
from classroom_fer_ros.core.profiles import Feature
from classroom_fer_ros.core.results import Expression, Face, Fatigue, FrameResult, HeadPose
from classroom_fer_ros.core.stamp_join import StampJoin
from classroom_fer_ros.nodes import convert_back, topics
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.result_publishers import TOPICS

#: A problem that comes with every picture is logged this often.
LOG_PERIOD_S = 5.0


@dataclass(frozen=True)
class Joined:
    """
    What the other nodes said about one picture.

    :param parts: messages by topic; those that did not come in time are missing
    """

    parts: dict[str, Any]

    @property
    def header(self) -> Header:
        """That of the picture, unchanged."""
        return self.parts[topics.FACES].header

    @property
    def stamp_s(self) -> float:
        """That of the picture."""
        return from_time(self.header.stamp) * 1e-9

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the picture; (0, 0) tells that the camera is closed."""
        faces: FaceArray = self.parts[topics.FACES]
        return faces.image_width, faces.image_height

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """With their meshes, where those came."""
        return convert_back.from_face_array(
            self.parts[topics.FACES], self.parts.get(topics.LANDMARKS)
        )

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """One a face, in the order of the faces; what did not come cannot be judged."""
        message = self.parts.get(topics.EXPRESSIONS)
        known = convert_back.from_expression_array(message) if message else ()
        return self._one_a_face(known, Expression)

    @cached_property
    def fatigue(self) -> tuple[Fatigue, ...]:
        """One a face, in the order of the faces; what did not come is unknown."""
        message = self.parts.get(topics.FATIGUE)
        known = convert_back.from_fatigue_array(message) if message else ()
        return self._one_a_face(known, Fatigue)

    @cached_property
    def head_poses(self) -> tuple[HeadPose, ...]:
        """One a face, in the order of the faces; what did not come is unknown."""
        message = self.parts.get(topics.HEAD_POSE)
        known = convert_back.from_head_pose_array(message) if message else ()
        return self._one_a_face(known, HeadPose)

    def result(self, **fields: Any) -> FrameResult:
        """A result about this picture."""
        stamp_ns = from_time(self.header.stamp)
        return FrameResult(stamp_ns=stamp_ns, index=0, size_wh=self.size_wh, **fields)

    def _one_a_face(self, entries: Sequence[Any], kind: type) -> tuple[Any, ...]:
        by_id = {entry.face_id: entry for entry in entries}
        return tuple(by_id.get(face.face_id) or kind(face_id=face.face_id) for face in self.faces)


class StageNode(AnalysisNode):
    """
    Works on every picture of which the inputs have come.

    :cvar INPUTS: topics beside the faces
    """

    INPUTS: tuple[str, ...] = ()

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.join = StampJoin(topics.FACES, ())

    def analyse(self, joined: Joined) -> None:
        """Work on one picture. An empty one of 0x0 pixels is told when the camera is closed."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget everything, as before another run."""
        raise NotImplementedError

    @property
    def inputs(self) -> tuple[str, ...]:
        """Of `INPUTS` those that the profile allows."""
        has_expression = self.profile is None or self.profile.allows(Feature.EXPRESSION)
        return tuple(n for n in self.INPUTS if has_expression or n != topics.EXPRESSIONS)

    @property
    def input_words(self) -> str:
        return ', '.join((topics.FACES, *self.inputs))

    def begin(self) -> None:
        self.join = StampJoin(topics.FACES, self.inputs, self._is_published)
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
        if name == topics.FACES and message.image_width == 0:
            self._on_camera_closed(message)
            return
        stamp_ns = from_time(message.header.stamp)
        try:
            ready = self.join.add(name, stamp_ns, message)
        except StampError as error:
            self.get_logger().warning(f'{error}; another run has begun, everything is forgotten')
            self.join.clear()
            self.reset()
            ready = self.join.add(name, stamp_ns, message)
        for one in ready:
            self._work(Joined(one.parts))

    def _on_camera_closed(self, faces: FaceArray) -> None:
        self.join.clear()
        self.reset()
        self.analyse(Joined({topics.FACES: faces}))
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
