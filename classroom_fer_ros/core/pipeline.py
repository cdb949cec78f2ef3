"""
The fused analysis: one picture in, everything known about it out.

Runs every stage of one frame's way in one process. Holds no clock: all timing follows the stamps
of the pictures, so that the same film gives the same results at any speed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.face_finding import FaceFinder, make_detector
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.identity import IdentityStage
from classroom_fer_ros.core.lesson import Lesson
from classroom_fer_ros.core.pipeline_config import PipelineConfig
from classroom_fer_ros.core.profiles import Feature, profile_named
from classroom_fer_ros.core.results import Alert, Expression, Face, Fatigue, FrameResult, HeadPose
from classroom_fer_ros.core.stage_times import StageTimes
from classroom_fer_ros.core.stages import ExpressionStage, FatigueStage, HeadPoseStage
from classroom_fer_ros.core.switches import ANALYSES, ANALYSIS_FEATURES, Switches

__all__ = ['ANALYSES', 'ANALYSIS_FEATURES', 'ClassroomPipeline', 'PipelineConfig', 'make_detector']


class ClassroomPipeline:
    """Analyses the pictures of one camera, one after the other."""

    def __init__(self, config: PipelineConfig | None = None) -> None:
        """
        Load every model.

        :raises ModelError: if a model is missing, broken or not the one its card describes
        :raises ProfileError: if a gallery is given and the profile forbids identification
        """
        self.config = config = config or PipelineConfig()
        self.profile = profile_named(config.profile)
        hold_s = config.tracking.lost_hold_s
        self._times = StageTimes()
        self._finder = FaceFinder(
            config.light, config.detection, config.tracking, config.num_threads, self._times
        )
        self._head_pose = HeadPoseStage(config.head_motion, hold_s)
        self._expression = make_expression_stage(config)
        self._identity = make_identity_stage(config)
        self._fatigue = FatigueStage(config.fatigue, hold_s)
        has_attention = self.profile.allows(Feature.ATTENTION)
        self._lesson = Lesson(config.alerts, config.class_state, has_attention)
        self._switches = Switches(self.profile)

    @property
    def enabled(self) -> frozenset[str]:
        """The analyses that are switched on, names from `ANALYSES`."""
        return self._switches.enabled

    @property
    def models(self) -> dict[str, str]:
        """Name of the model behind each question."""
        return {
            'detection': self.config.detection.detector,
            'expression': self._expression.model_name,
            'identification': self._identity.model_name,
        }

    @property
    def gallery(self) -> Gallery | None:
        """The enrolled people; None where identification is off."""
        return self._identity.gallery

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
        self._finder.set_min_score(config.detection.min_score)
        self._identity.set_interval(config.identity_interval_s)
        self._expression.reconfigure(
            config.smoothing,
            interval_s=config.expression_interval_s,
            min_height_px=config.min_expression_px,
        )
        self._lesson.reconfigure(config.alerts)

    def process(self, frame: Frame) -> FrameResult:
        """
        Analyse the next picture.

        :raises StampError: if its stamp lies before that of the picture before it
        """
        self._times.begin()
        if frame.is_still:
            self._forget_faces()
        stamp_s = frame.stamp_s
        faces = self._finder.update(frame, 'detection' in self._switches)
        poses = self._judge_heads(faces, stamp_s)
        crops = self._cut_due(faces, stamp_s)
        faces = self._identify(faces, crops, stamp_s)
        expressions = self._judge_expressions(faces, crops, stamp_s)
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
            alert_changes=update.changes,
            active_alerts=update.active,
            class_state=update.class_state,
            stage_ms=self._times.ms,
        )

    def crops(self) -> dict[str, AlignedCrop]:
        """Aligned crop of every face of the last picture by face_id, cut where none was yet."""
        return self._finder.crops()

    def enroll(self, face_id: str, person_name: str, enrolled_at_s: float) -> str:
        """
        Add somebody who is in the last picture to the gallery.

        :param enrolled_at_s: time of day, seconds since the epoch
        :return: the new person_id
        :raises GalleryError: if there is no gallery, no such face, or the name is empty
        """
        return self._identity.enroll(face_id, person_name, self.crops(), enrolled_at_s)

    def report_camera(self, problem: str, stamp_s: float) -> None:
        """
        Raise or clear the alert about the camera.

        :param problem: why no pictures come, in plain words; empty while all is well
        """
        self._lesson.report_camera(problem, stamp_s)

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
        self._finder.close()
        self._identity.close()

    def _forget_faces(self) -> None:
        for stage in (
            self._finder,
            self._head_pose,
            self._identity,
            self._expression,
            self._fatigue,
        ):
            stage.reset()

    def _judge_heads(self, faces: Sequence[Face], stamp_s: float) -> tuple[HeadPose, ...]:
        with self._times('head_pose'):
            if 'head_pose' in self._switches:
                return self._head_pose.update(faces, stamp_s)
            return self._head_pose.skip(faces, stamp_s)

    def _cut_due(self, faces: Sequence[Face], stamp_s: float) -> dict[str, AlignedCrop]:
        """Crops of the faces that a network is to look at in this picture."""
        with self._times('align'):
            due: list[Face] = []
            if 'expression' in self._switches:
                due += self._expression.due(faces, stamp_s)
            if 'identification' in self._switches:
                due += self._identity.due(faces, stamp_s)
            return self._finder.cut(due)

    def _identify(
        self, faces: Sequence[Face], crops: Mapping[str, AlignedCrop], stamp_s: float
    ) -> tuple[Face, ...]:
        with self._times('identity'):
            if 'identification' in self._switches:
                return self._identity.update(faces, crops, stamp_s)
            return self._identity.skip(faces, stamp_s)

    def _judge_expressions(
        self, faces: Sequence[Face], crops: Mapping[str, AlignedCrop], stamp_s: float
    ) -> tuple[Expression, ...]:
        with self._times('expression'):
            if 'expression' in self._switches:
                return self._expression.update(faces, crops, stamp_s)
            return self._expression.skip(faces, stamp_s)

    def _judge_fatigue(
        self, faces: Sequence[Face], poses: Sequence[HeadPose], stamp_s: float
    ) -> tuple[Fatigue, ...]:
        with self._times('fatigue'):
            if 'fatigue' not in self._switches:
                return self._fatigue.skip(faces, stamp_s)
            by_id = {pose.face_id: pose for pose in poses}
            return self._fatigue.update(faces, by_id, stamp_s)


def make_expression_stage(config: PipelineConfig) -> ExpressionStage:
    """:raises ModelError: if the model is missing, broken or not the one its card describes"""
    return ExpressionStage(
        config.expression,
        config.smoothing,
        interval_s=config.expression_interval_s,
        min_height_px=config.min_expression_px,
        hold_s=config.tracking.lost_hold_s,
    )


def make_identity_stage(config: PipelineConfig) -> IdentityStage:
    """
    Load the embedder and open the gallery.

    :raises ModelError: if the model is missing, broken or not the one its card describes
    :raises ProfileError: if a gallery is given and the profile forbids identification
    :raises GalleryError: if the gallery cannot be opened
    """
    return IdentityStage(
        config.embedding_card,
        config.gallery_path,
        profile_named(config.profile),
        interval_s=config.identity_interval_s,
        hold_s=config.tracking.lost_hold_s,
    )
