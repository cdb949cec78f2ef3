"""
The fused analysis: one picture in, everything known about it out.

Runs every stage of one frame's way in one process. Holds no clock: all timing follows the stamps
of the pictures, so that the same film gives the same results at any speed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np

from classroom_fer_ros.core.alerts import ATTENTION_KINDS, AlertConfig, AlertEngine, StudentState
from classroom_fer_ros.core.alignment import AlignedCrop, align
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.class_state import ClassStateConfig, ClassStateMonitor
from classroom_fer_ros.core.detection import (
    DetectionConfig,
    FaceDetector,
    FullRangeDetector,
    YuNetDetector,
)
from classroom_fer_ros.core.embedding import FaceEmbedder
from classroom_fer_ros.core.errors import ConfigError, GalleryError
from classroom_fer_ros.core.expression import ExpressionClassifier, ExpressionConfig
from classroom_fer_ros.core.expression_smoothing import SmootherConfig
from classroom_fer_ros.core.fatigue import FatigueConfig
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.head_motion import HeadMotionConfig
from classroom_fer_ros.core.head_pose import HeadPoseEstimator
from classroom_fer_ros.core.light import LightConfig, LightCorrection
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.model_manifest import find_model
from classroom_fer_ros.core.profiles import PROFILE_NAMES, Feature, profile_named
from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    Expression,
    Face,
    Fatigue,
    FrameResult,
    HeadPose,
    Severity,
)
from classroom_fer_ros.core.seats import SeatMap
from classroom_fer_ros.core.settings import check
from classroom_fer_ros.core.student import StudentMemory
from classroom_fer_ros.core.tracking import FaceTracker, TrackingConfig

#: Eyes closer together are too small to be judged; a head turned farther hides one of them.
MIN_EYE_DISTANCE_PX = 24.0
MAX_VISIBLE_YAW_RAD = math.radians(40.0)
MAX_VISIBLE_PITCH_RAD = math.radians(35.0)
ANALYSES = ('detection', 'identification', 'expression', 'fatigue', 'head_pose')
#: Analyses that a profile may forbid.
ANALYSIS_FEATURES = {
    'identification': Feature.IDENTIFICATION,
    'expression': Feature.EXPRESSION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineConfig:
    """Every setting of the fused analysis."""

    profile: str = field(
        default='standard',
        metadata={
            'description': 'what may be analysed and kept: research, standard or eu_school',
            'options': PROFILE_NAMES,
        },
    )
    light: LightConfig = field(default_factory=LightConfig)
    detection: DetectionConfig = field(default_factory=DetectionConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    expression: ExpressionConfig = field(default_factory=ExpressionConfig)
    smoothing: SmootherConfig = field(default_factory=SmootherConfig)
    fatigue: FatigueConfig = field(default_factory=FatigueConfig)
    head_motion: HeadMotionConfig = field(default_factory=HeadMotionConfig)
    alerts: AlertConfig = field(default_factory=AlertConfig)
    class_state: ClassStateConfig = field(default_factory=ClassStateConfig)
    expression_interval_s: float = field(
        default=0.3,
        metadata={
            'description': 'a face shows its expression anew this often',
            'unit': 's',
            'range': (0.0, 60.0),
        },
    )
    identity_interval_s: float = field(
        default=2.0,
        metadata={
            'description': 'a face is looked up in the gallery this often',
            'unit': 's',
            'range': (0.0, 3600.0),
        },
    )
    min_expression_px: float = field(
        default=24.0,
        metadata={
            'description': 'faces of less height show no expression that can be judged',
            'unit': 'px',
            'range': (8.0, 1000.0),
        },
    )
    embedding_card: str = field(
        default='facenet.json',
        metadata={'description': 'model card, a file name in the folder of models or a path'},
    )
    gallery_path: str = field(
        default='', metadata={'description': 'file of the enrolled people; empty for nobody'}
    )
    num_threads: int = field(
        default=2,
        metadata={'description': 'threads that work on meshes and detection', 'range': (1, 64)},
    )

    def __post_init__(self) -> None:
        check(self)


def make_detector(config: DetectionConfig, num_threads: int = 2) -> FaceDetector:
    """
    Build the detector that a configuration names.

    :raises ModelError: if its model file is missing, saying which command fetches it
    """
    if config.detector == 'yunet':
        return YuNetDetector(find_model('yunet'), config)
    return FullRangeDetector(config, num_threads)


class ClassroomPipeline:
    """Analyses the pictures of one camera, one after the other."""

    def __init__(self, config: PipelineConfig | None = None) -> None:
        """
        Load every model.

        :raises ModelError: if a model is missing, broken or not the one its card describes
        :raises ProfileError: if a gallery is given and the profile forbids identification
        """
        self.config = config or PipelineConfig()
        self.profile = profile_named(self.config.profile)
        models = models_dir()
        threads = self.config.num_threads
        self._light = LightCorrection(self.config.light)
        self._mesh = FaceMesh(threads)
        detector = make_detector(self.config.detection, threads)
        self._tracker = FaceTracker(detector, self._mesh, self.config.tracking)
        self._estimate_pose = HeadPoseEstimator(models / 'face_shape.json')
        # A path of its own stands; a mere file name is looked up in the folder of models.
        self._classify = ExpressionClassifier(
            models / self.config.expression.card, self.config.expression
        )
        self._embed = FaceEmbedder(models / self.config.embedding_card)
        self.gallery: Gallery | None = None
        if self.config.gallery_path:
            self.profile.require(Feature.IDENTIFICATION)
            self.gallery = Gallery.open(Path(self.config.gallery_path), self._embed.card)
        self._begin_lesson()
        self._seats = SeatMap()
        self._memories: dict[str, StudentMemory] = {}
        self._enabled = {name for name in ANALYSES if self._is_allowed(name)}
        self._crops: dict[str, AlignedCrop] = {}
        self._image: ImageBgr | None = None
        self._faces: tuple[Face, ...] = ()
        self._stamp_s = 0.0
        self._stage_ms: dict[str, float] = {}

    @property
    def enabled(self) -> frozenset[str]:
        """The analyses that are switched on, names from `ANALYSES`."""
        return frozenset(self._enabled)

    @property
    def models(self) -> dict[str, str]:
        """Name of the model behind each question."""
        return {
            'detection': self.config.detection.detector,
            'expression': self._classify.card.name,
            'identification': self._embed.card.name,
        }

    def set_enabled(self, analysis: str, is_enabled: bool) -> None:
        """
        Switch one analysis on or off.

        :raises ConfigError: if there is no such analysis
        :raises ProfileError: if the profile forbids it
        """
        if analysis not in ANALYSES:
            raise ConfigError('analysis', analysis, f'must be one of {", ".join(ANALYSES)}')
        if is_enabled:
            if analysis in ANALYSIS_FEATURES:
                self.profile.require(ANALYSIS_FEATURES[analysis])
            self._enabled.add(analysis)
        else:
            self._enabled.discard(analysis)

    def _is_allowed(self, analysis: str) -> bool:
        feature = ANALYSIS_FEATURES.get(analysis)
        return feature is None or self.profile.allows(feature)

    def process(self, frame: Frame) -> FrameResult:
        """
        Analyse the next picture.

        :raises StampError: if its stamp lies before that of the picture before it
        """
        self._stage_ms = {}
        if frame.is_still:
            self._forget_faces()
        faces, image = self._find_faces(frame)
        self._image, self._faces = frame.image_bgr, faces
        self._stamp_s = stamp_s = frame.stamp_s
        memories = [self._memory_of(face.face_id, stamp_s) for face in faces]
        poses = self._judge_heads(faces, memories, stamp_s)
        with self._stage('align'):
            self._crops = self._align_due(image, faces, memories, stamp_s)
        self._identify(memories, stamp_s)
        faces = tuple(_named(face, memory) for face, memory in zip(faces, memories, strict=True))
        expressions = self._judge_expressions(faces, memories, stamp_s)
        fatigue = self._judge_fatigue(faces, memories, poses, stamp_s)
        with self._stage('alerts'):
            students = self._students(faces, fatigue, poses, frame.size_wh)
            class_state = self._class.update(students, expressions, stamp_s)
            update = self._alerts.update(students, class_state, stamp_s)
        self._forget_gone(stamp_s)
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
            class_state=class_state,
            stage_ms=self._stage_ms,
        )

    def crops(self) -> dict[str, AlignedCrop]:
        """Aligned crop of every face of the last picture by face_id, cut where none was yet."""
        return {face.face_id: self._crop_of(face) for face in self._faces}

    def enroll(self, face_id: str, person_name: str, enrolled_at_s: float) -> str:
        """
        Add somebody who is in the last picture to the gallery.

        :param enrolled_at_s: time of day, seconds since the epoch
        :return: the new person_id
        :raises GalleryError: if there is no gallery, no such face, or the name is empty
        """
        if self.gallery is None:
            raise GalleryError('identification is off: set gallery_path to a file, and restart')
        for face in self._faces:
            if face.face_id == face_id:
                embedding = self._embed(self._crop_of(face).image_bgr[None])
                return self.gallery.enroll(person_name, embedding, enrolled_at_s)
        present = ', '.join(face.face_id for face in self._faces) or 'none'
        raise GalleryError(f'no face {face_id!r} in the picture now; there are: {present}')

    def report_camera(self, problem: str, stamp_s: float) -> None:
        """
        Raise or clear the alert about the camera.

        :param problem: why no pictures come, in plain words; empty while all is well
        """
        if problem:
            self._alerts.raise_external(AlertKind.CAMERA, Severity.WARNING, problem, stamp_s)
        else:
            self._alerts.clear_external(AlertKind.CAMERA, stamp_s)

    def take_alert_changes(self) -> tuple[Alert, ...]:
        """Changes between two pictures, of the camera for one; the next result lacks them."""
        return self._alerts.take_changes()

    @property
    def active_alerts(self) -> tuple[Alert, ...]:
        """All alerts that stand."""
        return self._alerts.active

    def acknowledge(self, alert_id: str) -> Alert | None:
        """Mark a standing alert as seen by the teacher; None if there is no such alert."""
        return self._alerts.acknowledge(alert_id, self._stamp_s)

    def reset(self) -> None:
        """Return to the initial state, as after closing the camera."""
        self._forget_faces()
        self._seats.reset()
        self._begin_lesson()

    def _begin_lesson(self) -> None:
        has_attention = self.profile.allows(Feature.ATTENTION)
        left_out = frozenset() if has_attention else ATTENTION_KINDS
        self._alerts = AlertEngine(self.config.alerts, left_out)
        self._class = ClassStateMonitor(self.config.class_state, has_attention)

    def close(self) -> None:
        """Stop the threads and close the gallery."""
        self._mesh.close()
        if self.gallery is not None:
            self.gallery.close()

    def _forget_faces(self) -> None:
        self._tracker.reset()
        self._memories.clear()
        self._crops, self._faces = {}, ()

    def _crop_of(self, face: Face) -> AlignedCrop:
        crop = self._crops.get(face.face_id)
        return crop or align(cast(ImageBgr, self._image), face.keypoints_xy)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._stage_ms[name] = (time.perf_counter() - start) * 1e3

    def _find_faces(self, frame: Frame) -> tuple[tuple[Face, ...], ImageBgr]:
        with self._stage('light'):
            image = self._light(frame.image_bgr)
        with self._stage('track'):
            if 'detection' not in self._enabled:
                return (), image
            return self._tracker.update(image, frame.stamp_s), image

    def _memory_of(self, face_id: str, stamp_s: float) -> StudentMemory:
        memory = self._memories.get(face_id)
        if memory is None:
            config = self.config
            memory = StudentMemory(face_id, config.smoothing, config.fatigue, config.head_motion)
            self._memories[face_id] = memory
        memory.seen_s = stamp_s
        return memory

    def _judge_heads(
        self, faces: Sequence[Face], memories: Sequence[StudentMemory], stamp_s: float
    ) -> tuple[HeadPose, ...]:
        with self._stage('head_pose'):
            if 'head_pose' not in self._enabled:
                return tuple(HeadPose(face_id=face.face_id) for face in faces)
            return tuple(
                memory.judge_head(self._estimate_pose(face.landmarks.points_xyz), stamp_s)
                for face, memory in zip(faces, memories, strict=True)
                if face.landmarks is not None
            )

    def _align_due(
        self,
        image_bgr: ImageBgr,
        faces: Sequence[Face],
        memories: Sequence[StudentMemory],
        stamp_s: float,
    ) -> dict[str, AlignedCrop]:
        """Crops of the faces that a network is to look at in this picture."""
        return {
            face.face_id: align(image_bgr, face.keypoints_xy)
            for face, memory in zip(faces, memories, strict=True)
            if self._is_expression_due(memory, face, stamp_s)
            or self._is_identity_due(memory, stamp_s)
        }

    def _is_expression_due(self, memory: StudentMemory, face: Face, stamp_s: float) -> bool:
        return (
            'expression' in self._enabled
            and stamp_s >= memory.expression_due_s
            and face.box_xyxy[3] - face.box_xyxy[1] >= self.config.min_expression_px
        )

    def _is_identity_due(self, memory: StudentMemory, stamp_s: float) -> bool:
        return (
            'identification' in self._enabled
            and self.gallery is not None
            and stamp_s >= memory.identity_due_s
        )

    def _identify(self, memories: Sequence[StudentMemory], stamp_s: float) -> None:
        with self._stage('identity'):
            due = [memory for memory in memories if self._is_identity_due(memory, stamp_s)]
            if not due or self.gallery is None:
                return
            embeddings = self._embed(self._batch(due))
            for memory, embedding in zip(due, embeddings, strict=True):
                memory.match = self.gallery.search(embedding)
                memory.identity_due_s = stamp_s + self.config.identity_interval_s

    def _judge_expressions(
        self, faces: Sequence[Face], memories: Sequence[StudentMemory], stamp_s: float
    ) -> tuple[Expression, ...]:
        with self._stage('expression'):
            due = [
                memory
                for face, memory in zip(faces, memories, strict=True)
                if self._is_expression_due(memory, face, stamp_s)
            ]
            probabilities = self._classify(self._batch(due)) if due else ()
            for memory, one in zip(due, probabilities, strict=True):
                memory.judge_expression(one, stamp_s)
                memory.expression_due_s = stamp_s + self.config.expression_interval_s
            if 'expression' not in self._enabled:
                return tuple(Expression(face_id=face.face_id) for face in faces)
            return tuple(memory.expression for memory in memories)

    def _judge_fatigue(
        self,
        faces: Sequence[Face],
        memories: Sequence[StudentMemory],
        poses: Sequence[HeadPose],
        stamp_s: float,
    ) -> tuple[Fatigue, ...]:
        with self._stage('fatigue'):
            if 'fatigue' not in self._enabled:
                return tuple(Fatigue(face_id=face.face_id) for face in faces)
            return tuple(
                memory.judge_fatigue(face, _are_eyes_visible(face, pose), stamp_s)
                for face, memory, pose in zip(faces, memories, poses, strict=True)
            )

    def _batch(self, memories: Sequence[StudentMemory]) -> ImageBgr:
        """Crops of some faces, shape (n, 112, 112, 3), uint8, BGR."""
        return np.stack([self._crops[memory.face_id].image_bgr for memory in memories])

    def _students(
        self,
        faces: Sequence[Face],
        fatigue: Sequence[Fatigue],
        poses: Sequence[HeadPose],
        size_wh: tuple[int, int],
    ) -> list[StudentState]:
        seats = self._seats.update(faces, size_wh)
        return [
            StudentState(
                face_id=face.face_id,
                person_id=face.person_id,
                person_name=face.person_name,
                seat=seats[face.face_id],
                fatigue=tiredness,
                head_pose=pose,
            )
            for face, tiredness, pose in zip(faces, fatigue, poses, strict=True)
        ]

    def _forget_gone(self, stamp_s: float) -> None:
        """The tracker forgets a lost face after a while; nobody can come back to its memory."""
        hold_s = self.config.tracking.lost_hold_s
        self._memories = {
            face_id: memory
            for face_id, memory in self._memories.items()
            if stamp_s - memory.seen_s <= hold_s
        }


def _named(face: Face, memory: StudentMemory) -> Face:
    if memory.match is None:
        return face
    return replace(
        face,
        person_id=memory.match.person_id,
        person_name=memory.match.person_name,
        similarity=memory.match.similarity,
    )


def _are_eyes_visible(face: Face, pose: HeadPose) -> bool:
    """Whether lids and lips can be judged: large enough, and not turned too far."""
    eye_distance_px = float(np.linalg.norm(face.keypoints_xy[1] - face.keypoints_xy[0]))
    # With head pose switched off its angles are NaN, and nothing says that the head is turned.
    is_turned = abs(pose.yaw_rad) > MAX_VISIBLE_YAW_RAD or (
        abs(pose.pitch_rad) > MAX_VISIBLE_PITCH_RAD
    )
    return eye_distance_px >= MIN_EYE_DISTANCE_PX and not is_turned
