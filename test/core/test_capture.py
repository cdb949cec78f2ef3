"""Capture: what the profile allows, what is worth keeping, the limits, and a real film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from captures import NOW_S, crop, files
from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.capture import FaceCapture
from classroom_fer_ros.core.capture_config import CaptureConfig
from classroom_fer_ros.core.capture_record import Reason
from classroom_fer_ros.core.capture_selection import CaptureSelector, look_at
from classroom_fer_ros.core.errors import CaptureError, ConfigError, ModelError, ProfileError
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.pipeline import ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.profiles import profile_named
from classroom_fer_ros.core.results import Expression, Face, FrameResult, HeadPose, Judgement
from classroom_fer_ros.core.sources import SourceConfig, open_source
from tiny_models import write_expression_model

CARD = models_dir() / 'expression.json'
SECOND_NS = 1_000_000_000
HAPPY, SAD = (np.eye(7, dtype=np.float32)[EXPRESSION_LABELS.index(x)] for x in ('happy', 'sad'))
SURE = {'ferplus': HAPPY, 'fer2013': HAPPY}


def face(face_id: str = '1', person_id: str = '', height: float = 100.0) -> Face:
    return Face(
        face_id=face_id,
        box_xyxy=(0.0, 0.0, 80.0, height),
        score=0.9,
        keypoints_xy=np.zeros((5, 2)),
        person_id=person_id,
    )


def result(stamp_s: float, *faces: Face, yaw_rad: float = 0.0) -> FrameResult:
    return FrameResult(
        stamp_ns=round(stamp_s * SECOND_NS),
        index=0,
        size_wh=(640, 480),
        faces=faces,
        expressions=tuple(
            Expression(face_id=one.face_id, status=Judgement.UNCERTAIN, label='sad')
            for one in faces
        ),
        head_poses=tuple(
            HeadPose(face_id=one.face_id, yaw_rad=yaw_rad, pitch_rad=0.0) for one in faces
        ),
    )


class Cutter:
    """Another picture of each face every time."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, faces: Sequence[Face]) -> Mapping[str, AlignedCrop]:
        self.count += 1
        seeds = {one.face_id: 1000 * self.count + place for place, one in enumerate(faces)}
        return {key: AlignedCrop(crop(seed), np.zeros((2, 3))) for key, seed in seeds.items()}


def capture_of(folder: Path, profile: str = 'research', **settings: object) -> FaceCapture:
    config = CaptureConfig(is_enabled=True, folder=str(folder), **settings)
    return FaceCapture(config, profile_named(profile), [CARD], NOW_S)


def test_it_is_off_by_default() -> None:
    assert CaptureConfig().is_enabled is False


def test_eu_school_captures_nobody(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r'capture'):
        capture_of(tmp_path / 'captures', 'eu_school')
    assert not (tmp_path / 'captures').exists()


def test_standard_captures_the_enrolled_only(tmp_path: Path) -> None:
    capture, cut = capture_of(tmp_path, 'standard'), Cutter()
    both = result(0.0, face('1', 'ana'), face('2'))
    (kept,) = capture.update(both, cut, NOW_S)
    assert (kept.face_id, kept.person_id) == ('1', 'ana')
    with pytest.raises(ProfileError, match=r'not enrolled'):
        capture.keep(both, '2', cut, '', NOW_S)
    assert len(files(tmp_path)) == 1


def test_research_captures_strangers_too(tmp_path: Path) -> None:
    capture = capture_of(tmp_path)
    assert len(capture.update(result(0.0, face('1', 'ana'), face('2')), Cutter(), NOW_S)) == 2


def test_no_faces_no_work(tmp_path: Path) -> None:
    capture, cut = capture_of(tmp_path), Cutter()
    assert capture.update(result(0.0), cut, NOW_S) == []
    assert cut.count == 0


def test_the_limit_is_per_person_and_hour(tmp_path: Path) -> None:
    """By the pictures' stamps, for other tracks of the same person and after a restart too."""
    limits = {'max_per_hour': 3, 'min_interval_s': 0.0, 'look_interval_s': 0.0}
    capture, cut = capture_of(tmp_path, **limits), Cutter()
    kept = [
        len(capture.update(result(at_s, face(str(at_s), 'ana'), face('0')), cut, NOW_S))
        for at_s in range(10)
    ]
    assert kept == [2, 2, 2, *[0] * 7]
    capture.close()
    capture = capture_of(tmp_path, **limits)
    assert capture.update(result(3599.0, face('7', 'ana')), cut, NOW_S) == []
    assert len(capture.update(result(3601.0, face('7', 'ana')), cut, NOW_S)) == 1


def test_intervals_and_small_faces(tmp_path: Path) -> None:
    capture, cut = capture_of(tmp_path, min_interval_s=5.0), Cutter()
    stamps = [at_s / 10 for at_s in range(120)]
    kept = [s for s in stamps if capture.update(result(s, face(height=60.0)), cut, NOW_S)]
    assert kept == [0.0, 5.0, 10.0]
    assert capture.update(result(50.0, face('2', height=40.0)), cut, NOW_S) == []


def test_a_stranger_who_is_named_later_is_known_throughout(tmp_path: Path) -> None:
    capture, cut = capture_of(tmp_path), Cutter()
    capture.update(result(0.0, face('1')), cut, NOW_S)
    capture.update(result(0.1, face('1', 'ana')), cut, NOW_S)
    assert [one.person_id for one in capture.store.records()] == ['ana', 'ana']
    assert capture.store.forget('ana') == 2
    assert files(tmp_path) == set()


def test_who_was_forgotten_is_kept_no_more(tmp_path: Path) -> None:
    """Results from before may come later, and somebody may ask for the picture on the screen."""
    capture, cut = (
        capture_of(tmp_path, 'standard', min_interval_s=0.0, look_interval_s=0.0),
        Cutter(),
    )
    late = result(1.0, face('1', 'ana'), face('2', 'bo'))
    capture.disregard('ana')
    assert [one.person_id for one in capture.update(late, cut, NOW_S)] == ['bo']
    with pytest.raises(CaptureError, match=r'forgotten'):
        capture.keep(late, '1', cut, '', NOW_S)
    assert len(files(tmp_path)) == 1


def test_what_expires_goes_while_it_runs(tmp_path: Path) -> None:
    capture, cut = capture_of(tmp_path, expiry_days=0.01), Cutter()
    capture.update(result(0.0, face('1')), cut, NOW_S)
    capture.update(result(1.0), cut, NOW_S + 800.0)
    assert len(capture.store.records()) == 1
    capture.update(result(2.0), cut, NOW_S + 900.0)
    assert capture.store.records() == []


@pytest.mark.parametrize('label', ['', 'sad'])
def test_on_demand(tmp_path: Path, label: str) -> None:
    """Whatever the limits; a label counts as one step of labelling."""
    capture, cut = capture_of(tmp_path, max_per_hour=1), Cutter()
    for _ in range(3):
        kept = capture.keep(result(0.0, face(height=20.0)), '1', cut, label, NOW_S)
        assert kept.reason is Reason.ASKED
    steps = capture.store.connection.execute('SELECT label FROM steps').fetchall()
    assert [row['label'] for row in steps] == ([label] * 3 if label else [])


@pytest.mark.parametrize(
    ('face_id', 'label', 'words'), [('9', '', "no face '9'"), ('1', 'bored', 'no expression')]
)
def test_on_demand_says_why_not(tmp_path: Path, face_id: str, label: str, words: str) -> None:
    with pytest.raises(CaptureError, match=words):
        capture_of(tmp_path).keep(result(0.0, face()), face_id, Cutter(), label, NOW_S)


def test_a_second_model_has_a_say(tmp_path: Path) -> None:
    (tmp_path / 'models').mkdir()
    cards = [write_expression_model(tmp_path / 'models', name=name) for name in ('one', 'two')]
    config = CaptureConfig(is_enabled=True, folder=str(tmp_path / 'captures'))
    capture = FaceCapture(config, profile_named('research'), cards, NOW_S)
    (kept,) = capture.update(result(0.0, face()), Cutter(), NOW_S)
    assert set(kept.answers) == {'one/output', 'two/output'}
    assert set(kept.models) == {'one', 'two'}
    with pytest.raises(ModelError, match=r'none\.json'):
        FaceCapture(config, profile_named('research'), [tmp_path / 'none.json'], NOW_S)


@pytest.mark.parametrize(
    ('setting', 'value'), [('quota_mb', 0), ('expiry_days', 0.0), ('is_enabled', 'yes')]
)
def test_settings_that_cannot_be(setting: str, value: object) -> None:
    with pytest.raises(ConfigError, match=setting):
        CaptureConfig(**{setting: value})


class Chooser:
    """A selector that is asked about one person, whose usual view was kept."""

    def __init__(self) -> None:
        self.selector = CaptureSelector(CaptureConfig())
        self.usual = look_at(crop(1))
        self.ask(self.usual)
        self.selector.note('ana', HeadPose(face_id='1', yaw_rad=0.0, pitch_rad=0.0), self.usual, 0)

    def ask(
        self,
        look: object = None,
        answers: Mapping[str, np.ndarray] = SURE,
        label: str = 'happy',
        status: Judgement = Judgement.JUDGED,
        yaw_rad: float = 0.0,
    ) -> Reason | None:
        expression = Expression(face_id='1', status=status, label=label)
        pose = HeadPose(face_id='1', yaw_rad=yaw_rad, pitch_rad=0.0)
        return self.selector.reason_for('ana', expression, pose, look or look_at(crop(2)), answers)


def test_what_is_sure_and_seen_is_left_out() -> None:
    assert Chooser().ask() is None


def test_heads_that_disagree() -> None:
    assert Chooser().ask(answers={'ferplus': HAPPY, 'fer2013': SAD}) is Reason.DISAGREEING


def test_answers_that_lead_by_little() -> None:
    close = {'ferplus': np.float32(0.55) * HAPPY + np.float32(0.45) * SAD}
    assert Chooser().ask(answers=close) is Reason.UNCERTAIN
    assert Chooser().ask(status=Judgement.UNCERTAIN) is Reason.UNCERTAIN


def test_an_expression_that_changes() -> None:
    chooser = Chooser()
    assert chooser.ask(label='sad') is Reason.CHANGED
    assert chooser.ask(label='sad') is None


def test_a_head_that_turns() -> None:
    assert Chooser().ask(yaw_rad=0.2) is None
    assert Chooser().ask(yaw_rad=0.3) is Reason.NEW_POSE
    assert Chooser().ask(yaw_rad=float('nan')) is None


def test_another_light() -> None:
    dark = look_at(crop(2) // 3)
    assert Chooser().ask(look=dark) is Reason.NEW_LIGHT


def test_the_same_picture_is_not_kept_twice() -> None:
    chooser = Chooser()
    assert chooser.ask(look=chooser.usual, answers={'a': HAPPY, 'b': SAD}) is None
    chooser.selector.clear()
    assert chooser.ask(look=chooser.usual, answers={'a': HAPPY, 'b': SAD}) is Reason.DISAGREEING


def test_a_real_film(data_dir: Path, tmp_path: Path) -> None:
    """Different crops of the pupils are kept, with what every head said and how the head was."""
    film = str(data_dir / 'video' / 'classroom_pupils_720p.mp4')
    config = replace(PipelineConfig(), profile='research', num_threads=1)
    pipeline, capture = ClassroomPipeline(config), capture_of(tmp_path, min_interval_s=1.0)
    source = open_source(replace(SourceConfig(), source=film, is_paced=False), start_ns=0)
    for _ in range(60):
        frame = source.read()
        capture.update(pipeline.process(frame), pipeline.cut, NOW_S)
    source.close()
    pipeline.close()
    records = capture.store.records()
    assert len({one.face_id for one in records}) >= 4
    assert len(records) <= 4 * len({one.face_id for one in records})
    for one in records:
        assert set(one.answers) == {
            f'expression-1.5M/{head}' for head in ('ferplus', 'fer2013', 'balanced')
        }
        assert one.face_px >= 48.0
        assert one.sharpness > 0.0
        assert not np.isnan(one.yaw_rad)
        assert capture.store.image(one).std() > 10.0
