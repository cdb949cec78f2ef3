"""What comes of one camera, joined; its end and its new beginning."""

from __future__ import annotations

from classroom_fer_msgs.msg import Face, FaceArray, Fatigue, FatigueArray

from classroom_fer_ros.core.profiles import PROFILES
from classroom_fer_ros.core.results import FatigueState
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import to_header
from classroom_fer_ros.nodes.results_join import Heard, ResultsJoin, allowed_inputs

SECOND = 1_000_000_000


def hear(join: ResultsJoin, name: str, second: int, width: int = 640) -> Heard:
    header = to_header(second * SECOND, 'camera')
    if name == topics.FACES:
        faces = [Face(face_id='001'), Face(face_id='002')]
        message = FaceArray(header=header, image_width=width, image_height=width, faces=faces)
    else:
        tired = Fatigue(face_id='002', state=FatigueState.TIRED.value)
        message = FatigueArray(header=header, fatigue=[tired])
    return join.add(name, message)


def join_of(*published: str) -> ResultsJoin:
    return ResultsJoin((topics.FATIGUE, topics.HEAD_POSE), published.__contains__)


def test_a_picture_is_ready_once_all_that_is_published_has_come() -> None:
    join = join_of(topics.FATIGUE)
    assert not hear(join, topics.FACES, 1).ready
    heard = hear(join, topics.FATIGUE, 1)
    (joined,) = heard.ready
    assert (heard.is_anew, heard.is_closed, heard.problem) == (False, False, '')
    assert (joined.stamp_s, joined.size_wh) == (1.0, (640, 640))
    states = [entry.state for entry in joined.fatigue]
    assert states == [FatigueState.UNKNOWN, FatigueState.TIRED]
    assert [pose.face_id for pose in joined.head_poses] == ['001', '002']


def test_stamps_that_go_back_begin_another_run() -> None:
    join = join_of()
    assert hear(join, topics.FACES, 9).ready
    heard = hear(join, topics.FACES, 3)
    assert heard.is_anew
    assert not heard.is_closed
    assert 'another run has begun' in heard.problem
    assert [joined.stamp_s for joined in heard.ready] == [3.0]
    assert not hear(join, topics.FACES, 4).is_anew


def test_a_picture_without_a_size_tells_that_the_camera_is_closed() -> None:
    join = join_of()
    hear(join, topics.FACES, 9)
    heard = hear(join, topics.FACES, 10, width=0)
    assert heard.is_closed
    assert heard.is_anew
    assert [joined.size_wh for joined in heard.ready] == [(0, 0)]
    assert not hear(join, topics.FACES, 1).problem, 'whatever opens next may begin anywhere'


def test_what_a_profile_forbids_is_not_waited_for() -> None:
    names = (topics.EXPRESSIONS, topics.FATIGUE)
    assert allowed_inputs(names, None) == names
    assert allowed_inputs(names, PROFILES['standard']) == names
    assert allowed_inputs(names, PROFILES['eu_school']) == (topics.FATIGUE,)
