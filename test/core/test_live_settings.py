"""Settings swapped in the middle of a lesson: the new values count, and nothing is forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.alert_config import AlertConfig, AlertRule
from classroom_fer_ros.core.alerts import AlertEngine, StudentState
from classroom_fer_ros.core.detection import DetectionConfig, FullRangeDetector, YuNetDetector
from classroom_fer_ros.core.expression_smoothing import ExpressionSmoother, SmootherConfig
from classroom_fer_ros.core.pipeline import ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.results import Fatigue, FatigueState, HeadPose, Judgement
from films import read_film

TIRED = StudentState(
    face_id='1',
    person_id='',
    person_name='',
    seat='left front',
    fatigue=Fatigue(face_id='1', state=FatigueState.TIRED),
    head_pose=HeadPose(face_id='1'),
)


def test_smoothing_goes_on_with_other_settings() -> None:
    smoother = ExpressionSmoother(SmootherConfig(min_confidence=0.4))
    probabilities = np.array([0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1], np.float32)
    assert smoother.update('1', probabilities, 0.0).status is Judgement.JUDGED
    smoother.reconfigure(SmootherConfig(min_confidence=0.5))
    shown = smoother.update('1', probabilities, 0.1)
    assert shown.status is Judgement.UNCERTAIN
    assert shown.label == 'happy'


def test_alerts_go_on_with_other_thresholds() -> None:
    engine = AlertEngine(AlertConfig(tired=AlertRule(after_s=100.0)))
    assert engine.update([TIRED], None, 0.0).active == ()
    engine.reconfigure(AlertConfig(tired=AlertRule(after_s=2.0), lost_after_s=0.0))
    (alert,) = engine.update([TIRED], None, 3.0).active
    assert alert.since_s == 0.0, 'what was seen before counts'
    assert engine.update([], None, 10.0).active == (alert,), 'is not live'


@pytest.fixture
def group(data_dir: Path) -> np.ndarray:
    picture = cv2.imread(str(data_dir / 'groups' / 'crowd_51_faces.jpg'))
    assert picture is not None
    return picture


def test_detectors_take_another_lowest_score(group: np.ndarray) -> None:
    detector = FullRangeDetector(DetectionConfig(min_score=0.3))
    many = detector(group)
    detector.set_min_score(0.9)
    few = detector(group)
    assert 0 < len(few) < len(many)
    assert min(found.score for found in few) >= 0.9 > min(found.score for found in many)


def test_yunet_takes_another_lowest_score(group: np.ndarray, data_dir: Path) -> None:
    path = data_dir.parent / 'models' / 'face_detection_yunet_2023mar.onnx'
    if not path.is_file():
        pytest.skip(f'no {path}')
    detector = YuNetDetector(path, DetectionConfig(detector='yunet', min_score=0.3))
    many = detector(group)
    detector.set_min_score(0.9)
    assert 0 < len(detector(group)) < len(many)


def test_a_pipeline_in_the_middle_of_a_film(data_dir: Path) -> None:
    config = PipelineConfig(
        expression_interval_s=0.0, smoothing=SmootherConfig(min_confidence=0.01)
    )
    pipeline = ClassroomPipeline(config)
    film = read_film(data_dir / 'video' / 'face_smile.mp4', last=30)
    before = [pipeline.process(next(film)) for _ in range(15)][-1]
    assert [shown.status for shown in before.expressions] == [Judgement.JUDGED]
    pipeline.reconfigure(replace(config, smoothing=SmootherConfig(min_confidence=1.0)))
    after = pipeline.process(next(film))
    assert [shown.status for shown in after.expressions] == [Judgement.UNCERTAIN]
    assert [face.face_id for face in after.faces] == [face.face_id for face in before.faces]
    pipeline.reconfigure(replace(config, expression_interval_s=60.0))
    pipeline.process(next(film))  # the last one under the old interval
    shown = [pipeline.process(frame).expressions[0].confidence for frame in film]
    assert len(set(shown)) == 1, 'not judged anew'
    pipeline.close()


def test_a_pipeline_hands_them_on(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = PipelineConfig()
    pipeline = ClassroomPipeline(config)
    taken: list[AlertConfig] = []
    monkeypatch.setattr(AlertEngine, 'reconfigure', lambda engine, alerts: taken.append(alerts))
    blind = replace(
        config,
        detection=DetectionConfig(min_score=0.99),
        alerts=AlertConfig(tired=AlertRule(clear_after_s=1.0)),
    )
    pipeline.reconfigure(blind)
    assert taken == [blind.alerts]
    film = read_film(data_dir / 'video' / 'face_smile.mp4', last=10)
    assert [pipeline.process(next(film)).faces for _ in range(5)] == [()] * 5
    pipeline.reconfigure(config)
    assert [pipeline.process(frame) for frame in film][-1].faces
    pipeline.close()
