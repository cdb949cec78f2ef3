"""
The fused analysis: one picture in, everything known about it out.

Runs every stage of one frame's way in one process. Holds no clock: all timing follows the stamps
of the pictures, so that the same film gives the same results at any speed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.face_analysis import FaceAnalysis
from classroom_fer_ros.core.face_finding import make_detector
from classroom_fer_ros.core.fatigue_stage import FatigueStage
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.gallery import Gallery, Person
from classroom_fer_ros.core.lesson import Lesson
from classroom_fer_ros.core.live_enrolment import LiveEnrolment, OnDone
from classroom_fer_ros.core.pipeline_config import PipelineConfig
from classroom_fer_ros.core.profiles import Feature, profile_named
from classroom_fer_ros.core.relief import relieved
from classroom_fer_ros.core.results import Alert, Expression, Face, Fatigue, FrameResult, HeadPose
from classroom_fer_ros.core.spatial import Intrinsics
from classroom_fer_ros.core.stage_times import StageTimes
from classroom_fer_ros.core.stages import ExpressionStage, HeadPoseStage
from classroom_fer_ros.core.switches import ANALYSES, ANALYSIS_FEATURES, Switches
from classroom_fer_ros.core.texts import load_texts

__all__ = ['ANALYSES', 'ANALYSIS_FEATURES', 'ClassroomPipeline', 'PipelineConfig', 'make_detector']


class ClassroomPipeline:
    """
    Analyses the pictures of one camera, one after the other.

    :ivar texts: words of the language that was asked for
    :ivar intrinsics: of the camera, for the pictures to come; None takes those of a usual one
    """

    def __init__(
        self,
        config: PipelineConfig | None = None,
        switches: Switches | None = None,
        times: StageTimes | None = None,
    ) -> None:
        """
        Load every model.

        :param switches: of every analysis; without, all that the profile allows are on
        :param times: where the stages' times are noted; without, wall time is measured
        :raises ModelError: if a model is missing, broken or not the one its card describes
        :raises ConfigError: if there are no texts of the language
        :raises ProfileError: if a gallery is given and the profile forbids identification
        """
        self.config = config = config or PipelineConfig()
        self.profile = profile_named(config.profile)
        hold_s = config.tracking.lost_hold_s
        self._times = times or StageTimes()
        self._switches = switches or Switches(self.profile)
        self._faces = FaceAnalysis(config, self._switches, self._times)
        self._head_pose = HeadPoseStage(config.head_motion, hold_s)
        self._expression = make_expression_stage(config)
        self._fatigue = FatigueStage(config.fatigue, hold_s)
        has_attention = self.profile.allows(Feature.ATTENTION)
        self.intrinsics: Intrinsics | None = None
        self.texts = load_texts(config.language)
        self._lesson = Lesson(config.alerts, config.class_state, has_attention, self.texts)
        self._relief_level = 0

    @property
    def enabled(self) -> frozenset[str]:
        """The analyses that are switched on, names from `ANALYSES`."""
        return self._switches.enabled

    @property
    def models(self) -> dict[str, str]:
        """Name of the model behind each question."""
        return {
            **self._faces.models,
            'expression': self._expression.model_name,
            'fatigue': self._fatigue.model_name,
        }

    @property
    def provider(self) -> str:
        """What really computes expressions: `cpu`, `cuda` or `tensorrt`."""
        return self._expression.provider

    @property
    def gallery(self) -> Gallery | None:
        """The enrolled people; None where identification is off."""
        return self._faces.gallery

    def set_enabled(self, analysis: str, is_enabled: bool) -> None:
        """
        Switch one analysis on or off.

        :raises ConfigError: if there is no such analysis
        :raises ProfileError: if the profile forbids it
        """
        self._switches.set_enabled(analysis, is_enabled)

    def reconfigure(self, config: PipelineConfig) -> None:
        """
        Take over other values of the live settings; faces, tracks and alerts stay.

        :param config: the one in use but for settings whose metadata say `is_live`
        """
        self.config = config
        self._lesson.reconfigure(config.alerts)
        self.relieve(self._relief_level)

    def relieve(self, level: int) -> None:
        """
        Do less, as on a machine that is too slow.

        :param level: 0 to `relief.MAX_LEVEL`; 0 does everything as configured
        """
        self._relief_level = level
        config = relieved(self.config, level)
        self._faces.reconfigure(config)
        self._expression.reconfigure(
            config.smoothing,
            config.expression_visibility,
            interval_s=config.expression_interval_s,
        )

    def process(self, frame: Frame) -> FrameResult:
        """
        Analyse the next picture.

        :raises StampError: if its stamp lies before that of the picture before it
        """
        self._times.begin()
        if frame.is_still:
            self._forget_faces()
        stamp_s = frame.stamp_s
        faces = self._faces.update(frame)
        poses = self._judge_heads(faces, frame.size_wh, stamp_s)
        expressions = self._judge_expressions(faces, stamp_s)
        fatigue = self._judge_fatigue(faces, poses, stamp_s)
        with self._times('alerts'):
            update = self._lesson.update(
                faces,
                expressions,
                {entry.face_id: entry for entry in fatigue},
                {pose.face_id: pose for pose in poses},
                frame.size_wh,
                stamp_s,
            )
        return FrameResult(
            stamp_ns=frame.stamp_ns,
            index=frame.index,
            size_wh=frame.size_wh,
            faces=faces,
            expressions=expressions,
            fatigue=fatigue,
            head_poses=poses,
            behaviours=(*self._head_pose.behaviours, *self._fatigue.behaviours),
            alert_changes=update.changes,
            active_alerts=update.active,
            class_state=update.class_state,
            stage_ms=self._times.ms,
        )

    def crops(self) -> dict[str, AlignedCrop]:
        """Aligned crop of every face of the last picture by face_id, cut where none was yet."""
        return self._faces.crops()

    def cut(self, faces: Iterable[Face]) -> dict[str, AlignedCrop]:
        """Aligned crops of some faces of the last picture, by face_id."""
        return self._faces.cut(faces)

    def require_gallery(self) -> Gallery:
        """As `FaceAnalysis.require_gallery`."""
        return self._faces.require_gallery()

    def begin_enrolment(
        self, face_id: str, person_name: str, enrolled_at_s: float, on_done: OnDone
    ) -> LiveEnrolment:
        """
        Enrol somebody who is in the picture, by the views of the coming seconds.

        As `FaceAnalysis.begin_enrolment`.
        """
        return self._faces.begin_enrolment(face_id, person_name, enrolled_at_s, on_done)

    def finish_enrolment(self, enrolment: LiveEnrolment) -> None:
        """Enrol with the views there are, as when no more pictures come; once at most."""
        self._faces.finish_enrolment(enrolment)

    def forget(self, person_id: str) -> Person | None:
        """
        Erase a person from the gallery and from everything that is remembered of the lesson.

        :return: who that was, None for nobody
        :raises GalleryError: if there is no gallery, or it cannot be written
        """
        person = self._faces.forget(person_id)
        self._lesson.forget_person(person_id)
        return person

    @property
    def gallery_problem(self) -> str:
        """What is wrong with the gallery, in plain words; empty while all is well."""
        return self._faces.gallery_problem

    def report_camera(self, problem: str, stamp_s: float) -> None:
        """
        Tell now and then how the camera is.

        :param problem: why no pictures come, in plain words; empty while all is well
        """
        self._lesson.report_camera(problem, stamp_s)

    def report_system(self, problem: str, stamp_s: float) -> None:
        """
        Tell now and then how the software is.

        :param problem: in plain words; empty while all is well
        """
        self._lesson.report_system(problem, stamp_s)

    def be_quiet(self, is_quiet: bool) -> float:
        """Raise no alert about people and the class for so many minutes, or do so again (0)."""
        return self._lesson.be_quiet(is_quiet)

    def take_alert_changes(self) -> tuple[Alert, ...]:
        """Changes between two pictures, of the camera for one; the next result lacks them."""
        return self._lesson.take_changes()

    @property
    def active_alerts(self) -> tuple[Alert, ...]:
        """All alerts that stand."""
        return self._lesson.active

    def acknowledge(self, alert_id: str) -> Alert | None:
        """Mark a standing alert as seen by the teacher; None if there is no such alert."""
        return self._lesson.acknowledge(alert_id)

    def reset(self) -> None:
        """Return to the initial state, as after closing the camera."""
        self._forget_faces()
        self._lesson.reset()

    def close(self) -> None:
        """Stop the threads and close the gallery."""
        self._faces.close()

    def _forget_faces(self) -> None:
        for stage in (self._faces, self._head_pose, self._expression, self._fatigue):
            stage.reset()

    def _judge_heads(
        self, faces: Sequence[Face], size_wh: tuple[int, int], stamp_s: float
    ) -> tuple[HeadPose, ...]:
        with self._times('head_pose'):
            if 'head_pose' in self._switches:
                intrinsics = self.intrinsics or Intrinsics.usual(size_wh)
                return self._head_pose.update(faces, stamp_s, intrinsics)
            return self._head_pose.skip(faces, stamp_s)

    def _judge_expressions(self, faces: Sequence[Face], stamp_s: float) -> tuple[Expression, ...]:
        if 'expression' not in self._switches:
            with self._times('expression'):
                return self._expression.skip(faces, stamp_s)
        with self._times('align'):
            crops = self._faces.cut(self._expression.due(faces, stamp_s))
        with self._times('expression'):
            return self._expression.update(faces, crops, stamp_s)

    def _judge_fatigue(
        self, faces: Sequence[Face], poses: Sequence[HeadPose], stamp_s: float
    ) -> tuple[Fatigue, ...]:
        with self._times('fatigue'):
            if 'fatigue' not in self._switches:
                return self._fatigue.skip(faces, stamp_s)
            by_id = {pose.face_id: pose for pose in poses}
            return self._fatigue.update(faces, by_id, self._faces.cut, stamp_s)


def make_expression_stage(config: PipelineConfig) -> ExpressionStage:
    """:raises ModelError: if the model is missing, broken or not the one its card describes"""
    return ExpressionStage(
        config.expression,
        config.smoothing,
        config.expression_visibility,
        interval_s=config.expression_interval_s,
        hold_s=config.tracking.lost_hold_s,
        provider=config.provider,
    )
