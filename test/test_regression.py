"""What counts as a change, and how it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
pytest.importorskip('classroom_fer_msgs', reason='messages are not built: run `make setup`')

from classroom_fer_msgs.msg import Face, FaceArray, HeadPose, HeadPoseArray

from classroom_fer_ros.nodes.convert import to_header
from classroom_fer_ros.regression import Difference, compare
from classroom_fer_ros.regression_report import lines_of, write_html

NAN = float('nan')
LEFT, RIGHT = 0.0, 100.0


def results(**faces: tuple[float, float]) -> dict:
    """Two pictures of some faces: place and yaw of each by id (`f1`)."""
    found = {}
    for stamp_ns in (1_000_000_000, 2_000_000_000):
        header = to_header(stamp_ns, 'camera')
        found['faces', stamp_ns] = FaceArray(
            header=header,
            image_width=640,
            faces=[
                Face(face_id=name, x_min=x, x_max=x + 50.0, y_max=50.0, similarity=NAN)
                for name, (x, _) in faces.items()
            ],
        )
        poses = [HeadPose(face_id=name, yaw=yaw) for name, (_, yaw) in faces.items()]
        found['head_pose', stamp_ns] = HeadPoseArray(header=header, head_poses=poses)
    return found


def told(before: dict, after: dict, scale: float = 1.0) -> list[tuple[str, ...]]:
    return [(d.face, d.field, d.before, d.after) for d in compare(before, after, scale)]


def test_the_same_is_no_change() -> None:
    """Unknown is unknown, and nobody is nobody."""
    assert told(results(f1=(LEFT, NAN)), results(f1=(LEFT, NAN))) == []
    assert told(results(), results()) == []
    assert told({}, {}) == []


def test_tolerances() -> None:
    before, after = results(f1=(LEFT, 0.1)), results(f1=(LEFT, 0.12))
    assert told(before, after) == []
    assert told(before, after, scale=0.0) == 2 * [('f1', 'yaw', '0.1', '0.12')]
    assert told(before, results(f1=(LEFT, NAN))) == 2 * [('f1', 'yaw', '0.1', 'unknown')]


def test_faces_and_pictures_that_are_missing() -> None:
    before = results(f1=(LEFT, 0.0), f2=(RIGHT, 0.0))
    gone = results(f1=(LEFT, 0.0))
    assert told(before, gone) == 4 * [('f2', 'entry', 'there', 'missing')]
    del gone['faces', 2_000_000_000]
    assert ('', 'message', 'there', 'missing') in told(before, gone)
    assert ('', 'message', 'missing', 'there') in told(gone, before)


def test_faces_that_are_numbered_otherwise_are_compared_all_the_same() -> None:
    before = results(f1=(LEFT, 0.0), f2=(RIGHT, 0.5))
    after = results(f1=(RIGHT, 0.9), f2=(LEFT, 0.0))
    assert told(before, after) == [
        ('f1', 'face_id', 'f1', 'f2'),
        ('f2', 'face_id', 'f2', 'f1'),
        *2 * [('f2', 'yaw', '0.5', '0.9')],
    ]
    assert after['faces', 1_000_000_000].faces[0].face_id == 'f1'  # it was not ours to change


def test_a_new_face_does_not_take_the_number_of_another() -> None:
    before = results(f1=(LEFT, 0.0))
    after = results(f1=(RIGHT, 0.0), f2=(LEFT, 0.0))
    assert told(before, after) == [
        ('f1', 'face_id', 'f1', 'f2'),
        *4 * [('new f1', 'entry', 'missing', 'there')],
    ]


def test_reports_show_any_text(tmp_path: Path) -> None:
    found = [Difference(1_500_000_000, 'alerts', '1', 'text', '<b>&', 'Zoë')] * 3
    assert list(lines_of(found)) == ['1.500 s, 1: alerts.text <b>& -> Zoë (3 differ)']
    write_html(found, 'lesson <1>', tmp_path / 'page.html')
    page = (tmp_path / 'page.html').read_text(encoding='utf-8')
    assert '<td class="before">&lt;b&gt;&amp;</td><td class="after">Zoë</td>' in page
    assert 'lesson &lt;1&gt;' in page
