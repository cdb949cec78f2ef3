"""What the nodes of one camera say about one picture, joined by stamp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from classroom_fer_msgs.msg import FaceArray
from std_msgs.msg import Header

from classroom_fer_ros.core.errors import StampError
from classroom_fer_ros.core.profiles import Feature, Profile
from classroom_fer_ros.core.results import Expression, Face, Fatigue, FrameResult, HeadPose
from classroom_fer_ros.core.stamp_join import StampJoin
from classroom_fer_ros.nodes import convert_back, topics
from classroom_fer_ros.nodes.convert import from_time


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """
    What one message led to.

    :param ready: pictures of which everything has come, oldest first; for a camera that was
        closed one of 0x0 pixels
    :param is_anew: whether everything before them belongs to another run
    :param is_closed: whether the camera was closed
    :param problem: why it begins anew where it should not, in plain words
    """

    ready: Sequence[Joined] = ()
    is_anew: bool = False
    is_closed: bool = False
    problem: str = ''


class ResultsJoin:
    """Joins what comes of one camera, and notices when it is closed or begins anew."""

    def __init__(self, inputs: Sequence[str], is_published: Callable[[str], bool]) -> None:
        """
        :param inputs: topics beside the faces
        :param is_published: whether somebody publishes a topic, so that it is worth waiting for
        """
        self._join = StampJoin(topics.FACES, inputs, is_published)

    @property
    def incomplete(self) -> int:
        """Pictures given out with parts missing."""
        return self._join.incomplete

    def add(self, name: str, message: Any) -> Heard:
        """Take one message of a topic in."""
        if name == topics.FACES and message.image_width == 0:
            self._join.clear()
            return Heard(ready=(Joined({name: message}),), is_anew=True, is_closed=True)
        stamp_ns = from_time(message.header.stamp)
        problem = ''
        try:
            ready = self._join.add(name, stamp_ns, message)
        except StampError as error:
            problem = f'{error}; another run has begun'
            self._join.begin_anew()
            ready = self._join.add(name, stamp_ns, message)
        return Heard(
            ready=[Joined(one.parts) for one in ready], is_anew=bool(problem), problem=problem
        )


def allowed_inputs(names: Sequence[str], profile: Profile | None) -> tuple[str, ...]:
    """Topics among some that there are under a profile; all while it is not known."""
    has_expression = profile is None or profile.allows(Feature.EXPRESSION)
    return tuple(name for name in names if has_expression or name != topics.EXPRESSIONS)
