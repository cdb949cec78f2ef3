"""Files of a session: a film that plays, tables that can be read, no names in them."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    ClassState,
    Direction,
    Expression,
    Face,
    Fatigue,
    FatigueState,
    FrameResult,
    HeadPose,
    Judgement,
    Landmarks,
    Motion,
    Severity,
    Trend,
)
from classroom_fer_ros.core.session_output import (
    MIN_FREE_BYTES,
    PICTURES_A_LOOK,
    TABLES,
    SessionOutput,
    columns_of,
    flatten,
)

SIZE_WH = (128, 96)
EMPTY = FrameResult(stamp_ns=0, index=0, size_wh=SIZE_WH)


def picture(level: int = 0, size_wh: tuple[int, int] = SIZE_WH) -> np.ndarray:
    return np.full((size_wh[1], size_wh[0], 3), level, np.uint8)


def full_result(index: int = 0, faces: int = 1) -> FrameResult:
    ids = [f'{number:03d}' for number in range(faces)]
    return FrameResult(
        stamp_ns=1_700_000_000_123_456_789 + index,
        index=index,
        size_wh=SIZE_WH,
        faces=tuple(
            Face(
                face_id=face_id,
                box_xyxy=(1.5, 2.0, 30.25, 40.0),
                score=0.9,
                keypoints_xy=np.zeros((5, 2)),
                landmarks=Landmarks(points_xyz=np.zeros((468, 3)), quality=0.9),
                person_id='p1',
                person_name='Zoë Secret',
            )
            for face_id in ids
        ),
        expressions=tuple(
            Expression(
                face_id=face_id,
                status=Judgement.JUDGED,
                label='happy',
                confidence=0.7,
                probabilities=np.array([0.1, 0, 0, 0.7, 0.1, 0, 0.1], np.float32),
            )
            for face_id in ids
        ),
        fatigue=tuple(
            Fatigue(
                face_id=face_id, is_closed=True, state=FatigueState.TIRED, reasons=('a', 'b, c')
            )
            for face_id in ids
        ),
        head_poses=tuple(
            HeadPose(
                face_id=face_id, yaw_rad=0.5, direction=Direction.LEFT, motion=Motion.LEFT_RIGHT
            )
            for face_id in ids
        ),
        alert_changes=(
            Alert(
                alert_id='a1',
                kind=AlertKind.LOOKING_AWAY,
                severity=Severity.WARNING,
                status=AlertStatus.RAISED,
                since_s=12.5,
                text='Zoë Secret looks away',
                subject='Zoë Secret',
                person_id='p1',
            ),
        ),
        class_state=ClassState(stamp_s=1.0, num_seen=faces, trend=Trend.FALLING),
    )


def rows_of(folder: Path, topic: str) -> list[dict[str, str]]:
    with (folder / f'{topic}.csv').open(encoding='utf-8', newline='') as lines:
        return list(csv.DictReader(lines))


def film_of(folder: Path) -> list[np.ndarray]:
    capture = cv2.VideoCapture(str(folder / 'annotated.mp4'))
    pictures = []
    while True:
        is_read, image = capture.read()
        if not is_read:
            return pictures
        pictures.append(image)


def test_nothing_written_leaves_tables_with_heads_only(tmp_path: Path) -> None:
    SessionOutput(tmp_path / 'session', 25.0).close()
    assert {path.name for path in (tmp_path / 'session').iterdir()} == {
        f'{topic}.csv' for topic in TABLES
    }
    for topic, kind in TABLES.items():
        assert rows_of(tmp_path / 'session', topic) == []
        head = (tmp_path / 'session' / f'{topic}.csv').read_text().strip().split(',')
        assert head == ['stamp_ns', 'frame', *columns_of(kind)]


def test_the_film_has_every_picture(tmp_path: Path) -> None:
    output = SessionOutput(tmp_path, 30.0)
    for level in (0, 60, 120, 180, 240):
        output.write(picture(level), EMPTY)
    output.close()
    levels = [image.mean() for image in film_of(tmp_path)]
    np.testing.assert_allclose(levels, [0, 60, 120, 180, 240], atol=8)
    capture = cv2.VideoCapture(str(tmp_path / 'annotated.mp4'))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(30.0)


def test_pictures_of_another_size_are_fitted_in(tmp_path: Path) -> None:
    output = SessionOutput(tmp_path, 25.0)
    output.write(picture(0), EMPTY)
    output.write(picture(200, (48, 96)), EMPTY)
    output.close()
    fitted = film_of(tmp_path)[1]
    assert fitted.shape == (96, 128, 3)
    assert fitted[:, 46:82].mean() > 180
    assert fitted[:, :30].mean() < 20
    assert fitted[:, 98:].mean() < 20


@pytest.mark.parametrize('faces', [0, 1, 30])
def test_one_row_a_face_and_picture(tmp_path: Path, faces: int) -> None:
    output = SessionOutput(tmp_path, 25.0)
    for index in range(3):
        output.write(picture(), full_result(index, faces))
    output.close()
    for topic in ('faces', 'expressions', 'fatigue', 'head_pose'):
        rows = rows_of(tmp_path, topic)
        assert [int(row['frame']) for row in rows] == [i for i in range(3) for _ in range(faces)]
    assert len(rows_of(tmp_path, 'alerts')) == len(rows_of(tmp_path, 'class_state')) == 3


def test_what_the_rows_say(tmp_path: Path) -> None:
    output = SessionOutput(tmp_path, 25.0)
    output.write(picture(), full_result())
    output.close()
    face = rows_of(tmp_path, 'faces')[0]
    assert face['stamp_ns'] == '1700000000123456789', 'no digit of a stamp is lost'
    assert [float(face[name]) for name in ('x_min', 'y_min', 'x_max', 'y_max')] == [
        *(1.5, 2.0, 30.25, 40.0)
    ]
    assert (face['face_id'], face['person_id'], face['similarity']) == ('000', 'p1', '')
    expression = rows_of(tmp_path, 'expressions')[0]
    assert (expression['status'], expression['label']) == ('judged', 'happy')
    assert float(expression['probability_happy']) == pytest.approx(0.7)
    assert float(expression['probability_angry']) == pytest.approx(0.1)
    fatigue = rows_of(tmp_path, 'fatigue')[0]
    assert (fatigue['state'], fatigue['is_closed'], fatigue['perclos']) == ('tired', '1', '')
    assert 'a' in fatigue['reasons']
    assert 'b, c' in fatigue['reasons']
    pose = rows_of(tmp_path, 'head_pose')[0]
    assert (pose['direction'], pose['motion'], pose['yaw_rad']) == ('left', 'left_right', '0.5')
    alert = rows_of(tmp_path, 'alerts')[0]
    assert (alert['kind'], alert['severity'], alert['status']) == (
        *('looking_away', 'warning', 'raised'),
    )
    state = rows_of(tmp_path, 'class_state')[0]
    assert (state['num_seen'], state['trend'], state['expression_share_sad']) == (
        *('1', 'falling', ''),
    )


def test_no_name_is_stored(tmp_path: Path) -> None:
    output = SessionOutput(tmp_path, 25.0)
    output.write(picture(), full_result(faces=3))
    output.close()
    for path in tmp_path.glob('*.csv'):
        assert 'Secret' not in path.read_text(encoding='utf-8'), path.name


def test_rows_are_there_before_the_end(tmp_path: Path) -> None:
    output = SessionOutput(tmp_path, 25.0)
    output.write(picture(), full_result())
    assert len(rows_of(tmp_path, 'faces')) == 1
    output.close()


def test_rows_have_the_columns_of_their_kind() -> None:
    result = full_result()
    for entry in (result.faces[0], result.expressions[0], result.fatigue[0], result.head_poses[0]):
        assert list(flatten(entry)) == columns_of(type(entry))


def test_a_second_session_replaces_the_first(tmp_path: Path) -> None:
    for faces in (3, 1):
        output = SessionOutput(tmp_path, 25.0)
        output.write(picture(), full_result(faces=faces))
        output.close()
    assert len(rows_of(tmp_path, 'faces')) == 1
    assert len(film_of(tmp_path)) == 1


@pytest.mark.parametrize('fps', [0.0, -1.0, float('nan')])
def test_a_rate_that_is_not_known(tmp_path: Path, fps: float) -> None:
    output = SessionOutput(tmp_path, fps)
    output.write(picture(), EMPTY)
    output.close()
    assert len(film_of(tmp_path)) == 1


def test_folders_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(SourceError, match=r'cannot make the output folder .*file'):
        SessionOutput(tmp_path / 'file', 25.0)
    with pytest.raises(SourceError, match='cannot make the output folder'):
        SessionOutput(tmp_path / 'file' / 'below', 25.0)
    with pytest.raises(SourceError, match='cannot write into the output folder /proc'):
        SessionOutput(Path('/proc'), 25.0)  # closed to root as well


def test_a_full_disk_ends_it_while_the_film_can_be_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = SessionOutput(tmp_path, 25.0)
    for _ in range(PICTURES_A_LOOK):
        output.write(picture(), EMPTY)
    usage = SimpleNamespace(total=10**9, used=10**9, free=MIN_FREE_BYTES - 1)
    monkeypatch.setattr('shutil.disk_usage', lambda _: usage)
    with pytest.raises(SourceError, match=rf'the disk of {tmp_path} is full'):
        output.write(picture(), EMPTY)
    output.close()
    assert len(film_of(tmp_path)) == PICTURES_A_LOOK
    with pytest.raises(SourceError, match='is full'):
        SessionOutput(tmp_path / 'another', 25.0)


def test_a_row_that_finds_no_room_is_left_out_whole(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk; the process of its own gets it."""
    script = f"""
import resource, sys
from pathlib import Path
from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.results import ClassState, FrameResult
from classroom_fer_ros.core.session_output import SessionOutput
output = SessionOutput(Path({str(tmp_path)!r}), 25.0, has_film=False)
result = FrameResult(stamp_ns=1, index=1, size_wh=(1, 1), class_state=ClassState(stamp_s=1.0))
for _ in range(20):
    output.write(None, result)
room = Path({str(tmp_path / 'class_state.csv')!r}).stat().st_size + 10  # for a part of a row
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    while True:
        output.write(None, result)
except SourceError as error:
    print(error)
output.close()
"""
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, check=True, timeout=60
    )
    assert re.match(r'cannot write .*class_state\.csv \(File too large\)', done.stdout)
    content = (tmp_path / 'class_state.csv').read_text()
    assert content.endswith('\n')
    with (tmp_path / 'class_state.csv').open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 20
    assert all(None not in row.values() for row in rows)


def test_closing_twice(tmp_path: Path) -> None:
    output = SessionOutput(tmp_path, 25.0)
    output.write(picture(), EMPTY)
    output.close()
    output.close()
