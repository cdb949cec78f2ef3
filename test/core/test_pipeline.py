"""The fused analysis from pictures to alerts: the classroom film, the simulation, broken input."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.enrolment_config import IdentityConfig
from classroom_fer_ros.core.errors import ConfigError, GalleryError, ModelError, StampError
from classroom_fer_ros.core.expression import ExpressionConfig
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.pipeline import ANALYSES, ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.results import Face, FatigueState, FrameResult, Judgement, Motion
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig
from films import read_film
from simulated_lesson import FPS, Seen, center, watch

#: Who smiles for most of the classroom film, by eye: picture and place of the face.
SMILING = {
    'girl, second from the left': (0, 496, 228),
    'blond girl': (0, 763, 253),
    'boy with glasses': (0, 1008, 262),
}


@pytest.fixture
def pipeline() -> ClassroomPipeline:
    return ClassroomPipeline()


@pytest.fixture(scope='module')
def pupils(data_dir: Path) -> list[FrameResult]:
    """What the analysis says of the classroom film."""
    pipeline = ClassroomPipeline()
    film = data_dir / 'video' / 'classroom_pupils_720p.mp4'
    return [pipeline.process(frame) for frame in read_film(film)]


def test_smiling_pupils_come_out_happy(pupils: list[FrameResult]) -> None:
    for who, (picture, x, y) in SMILING.items():
        face = min(
            pupils[picture].faces, key=lambda f: np.linalg.norm(center(f.box_xyxy) - (x, y))
        )
        shown = Counter(
            expression.label
            for result in pupils
            for expression in result.expressions
            if expression.face_id == face.face_id and expression.status is Judgement.JUDGED
        )
        assert shown.most_common(1)[0][0] == 'happy', (who, shown)


def test_every_face_has_one_entry_of_each_kind(pupils: list[FrameResult]) -> None:
    for result in pupils:
        ids = [face.face_id for face in result.faces]
        for entries in (result.expressions, result.fatigue, result.head_poses):
            assert [entry.face_id for entry in entries] == ids


def test_probabilities_sum_to_one(pupils: list[FrameResult]) -> None:
    sums = [
        float(expression.probabilities.sum())
        for result in pupils
        for expression in result.expressions
        if expression.status is not Judgement.CANNOT_JUDGE
    ]
    assert sums == pytest.approx([1.0] * len(sums), abs=1e-5)


def test_the_class_is_summed_up_every_second(pupils: list[FrameResult]) -> None:
    states = [result.class_state for result in pupils if result.class_state is not None]
    assert 12 <= len(states) <= 15
    assert max(state.num_seen for state in states) >= 6


def test_the_same_film_gives_the_same_results(data_dir: Path, pupils: list[FrameResult]) -> None:
    pipeline = ClassroomPipeline()
    film = data_dir / 'video' / 'classroom_pupils_720p.mp4'
    for frame, before in zip(read_film(film, last=50), pupils, strict=False):
        again = pipeline.process(frame)
        assert [face.box_xyxy for face in again.faces] == [face.box_xyxy for face in before.faces]
        assert [e.label for e in again.expressions] == [e.label for e in before.expressions]
        # By text: what is not known (NaN) equals nothing, not even itself.
        assert str(again.fatigue) == str(before.fatigue)


@pytest.fixture(scope='module')
def simulated() -> dict[str, Seen]:
    """Twenty seconds of the default simulated classroom."""
    return watch(SimulationConfig(), seconds=20)


def test_simulated_students_are_followed(simulated: dict[str, Seen]) -> None:
    assert len(simulated) == 6
    for name, student in simulated.items():
        assert len(student.ids) == 1, name
        assert len(student.truth) >= 0.95 * 20 * FPS, name


def test_simulated_blinks_come_back(simulated: dict[str, Seen]) -> None:
    awake = [s for s in simulated.values() if FatigueState.TIRED not in s.states]
    assert len(awake) == 5
    true = sum(student.true_closures for student in awake)
    found = sum(student.blink_count for student in awake)
    assert true >= 10
    assert 0.8 * true <= found <= true


def test_simulated_turns_come_back(simulated: dict[str, Seen]) -> None:
    for name, student in simulated.items():
        assert student.yaw_error_deg <= 5.0, name
    motions = set().union(*(student.motions for student in simulated.values()))
    assert {Motion.SHAKE, Motion.NOD, Motion.TURN} <= motions


def test_the_simulated_tired_student_is_told_from_the_others(simulated: dict[str, Seen]) -> None:
    tired = [s for s in simulated.values() if FatigueState.TIRED in s.states]
    assert len(tired) == 1
    assert tired[0].yawn_count == 1


def test_switches(pipeline: ClassroomPipeline) -> None:
    image, _ = SimulatedClassroom(SimulationConfig(students=2)).render(0.0)
    for analysis in ANALYSES:
        pipeline.set_enabled(analysis, False)
    assert pipeline.enabled == frozenset()
    assert pipeline.process(Frame(image, 0)).faces == ()
    pipeline.set_enabled('detection', True)
    result = pipeline.process(Frame(image, 10**8, 1))
    assert len(result.faces) == 2
    assert all(e.status is Judgement.CANNOT_JUDGE for e in result.expressions)
    assert all(np.isnan(pose.yaw_rad) for pose in result.head_poses)
    assert all(f.state is FatigueState.UNKNOWN for f in result.fatigue)
    with pytest.raises(ConfigError, match='mind_reading'):
        pipeline.set_enabled('mind_reading', True)


@pytest.mark.parametrize(
    'shape', [(0, 0, 3), (1, 1, 3), (4320, 7680, 3)], ids=['empty', 'dot', '8K']
)
def test_degenerate_pictures(pipeline: ClassroomPipeline, shape: tuple[int, ...]) -> None:
    assert pipeline.process(Frame(np.full(shape, 90, np.uint8), 0)).faces == ()


def test_stamps_must_not_go_back(pipeline: ClassroomPipeline) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    pipeline.process(Frame(image, 2 * 10**9))
    with pytest.raises(StampError):
        pipeline.process(Frame(image, 10**9))
    pipeline.reset()
    pipeline.process(Frame(image, 10**9))


def test_photographs_have_nothing_to_do_with_each_other(pipeline: ClassroomPipeline) -> None:
    image, _ = SimulatedClassroom(SimulationConfig(students=1)).render(0.0)
    ids = [
        face.face_id
        for index in range(2)
        for face in pipeline.process(Frame(image, index, index, is_still=True)).faces
    ]
    assert ids == ['001', '002']


def test_enrolment_and_what_is_refused(tmp_path: Path) -> None:
    classroom = SimulatedClassroom(SimulationConfig(students=1))
    outcomes: list = []
    with pytest.raises(GalleryError, match='gallery_path'):
        ClassroomPipeline(PipelineConfig(gallery_path='')).begin_enrolment(
            '001', 'Ana', 0.0, outcomes.append
        )
    pipeline = ClassroomPipeline(
        PipelineConfig(
            gallery_path=str(tmp_path / 'people.sqlite'), identity=IdentityConfig(enroll_s=1.0)
        )
    )

    def play(start_s: float, end_s: float) -> Face:
        for number in range(round(start_s * 10), round(end_s * 10)):
            image, _ = classroom.render(number / 10)
            (face,) = pipeline.process(Frame(image, number * 10**8, number)).faces
        return face

    face = play(0.0, 0.3)
    assert face.person_id == ''
    with pytest.raises(GalleryError, match='777'):
        pipeline.begin_enrolment('777', 'Ana', 0.0, outcomes.append)
    pipeline.begin_enrolment('', 'Ana', 0.0, outcomes.append)
    face = play(0.3, 2.3)
    (enrolled,) = outcomes
    assert (face.person_id, face.person_name) == (enrolled.person_id, 'Ana')
    assert pipeline.forget(enrolled.person_id).name == 'Ana'
    face = play(2.3, 2.4)
    assert (face.person_id, face.person_name) == ('', '')
    assert pipeline.forget(enrolled.person_id) is None
    pipeline.close()


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ModelError, match=r'none\.json'):
        ClassroomPipeline(PipelineConfig(expression=ExpressionConfig(card='none.json')))


@pytest.mark.parametrize(
    ('name', 'value'),
    [('expression_interval_s', -1.0), ('num_threads', 0)],
)
def test_bad_settings_are_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        PipelineConfig(**{name: value})
