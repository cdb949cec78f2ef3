"""
Following faces from picture to picture by their mesh.

Detection only starts tracks and finds lost ones again: its regions are spread over several
pictures. In between, the mesh fitted in one picture places the region for the next.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from classroom_fer_ros.core.arrays import BoxXyxy, FloatArray, ImageBgr
from classroom_fer_ros.core.detection import FaceDetector, Region
from classroom_fer_ros.core.errors import StampError
from classroom_fer_ros.core.geometry import pairwise_overlap
from classroom_fer_ros.core.mesh import (
    FaceMesh,
    RegionOfInterest,
    keypoints_from_landmarks,
    roi_from_detection,
    roi_from_landmarks,
)
from classroom_fer_ros.core.results import Detection, Face, Landmarks
from classroom_fer_ros.core.settings import check
from classroom_fer_ros.core.stage_times import StageTimes

#: A mesh that grew or shrank by more from one picture to the next has slipped off its face.
MAX_SIZE_CHANGE = 1.5
#: Two tracks that share this much of the smaller box follow one face.
MAX_CONTAINMENT = 0.6
#: A detection that shares this much of the smaller box with a track shows the track's face.
MIN_CONTAINMENT_SAME = 0.4
#: How fast a lost face may have moved, in face sizes a second.
LOST_SPEED = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingConfig:
    """How faces are followed, and how long a lost one is remembered."""

    min_quality: float = field(
        default=0.5,
        metadata={'description': 'lowest mesh quality that keeps a track', 'range': (0.05, 0.99)},
    )
    regions_per_picture: int = field(
        default=2,
        metadata={
            'description': 'detector regions looked at in each picture; 0 looks at all',
            'range': (0, 1000),
        },
    )
    lost_hold_s: float = field(
        default=3.0,
        metadata={
            'description': 'how long a lost face keeps its id',
            'unit': 's',
            'range': (0.0, 60.0),
        },
    )
    coast_s: float = field(
        default=0.4,
        metadata={
            'description': 'how long the mesh goes on looking where a face was lost',
            'unit': 's',
            'range': (0.0, 5.0),
        },
    )
    confirm_s: float = field(
        default=0.1,
        metadata={
            'description': 'how long a face found on the way must last before it counts',
            'unit': 's',
            'range': (0.0, 5.0),
        },
    )
    min_face_px: float = field(
        default=16.0,
        metadata={
            'description': 'faces of less height are not followed',
            'unit': 'px',
            'range': (8.0, 1000.0),
        },
    )
    max_faces: int = field(
        default=60,
        metadata={'description': 'most faces followed at a time', 'range': (1, 500)},
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(slots=True, kw_only=True, eq=False)
class _Track:
    """What is remembered of one face."""

    face_id: str
    landmarks: Landmarks
    box_xyxy: BoxXyxy
    score: float
    seen_s: float
    velocity_xy: FloatArray
    born_s: float
    confirmed_s: float

    @property
    def size_px(self) -> float:
        x_min, y_min, x_max, y_max = self.box_xyxy
        return max(x_max - x_min, y_max - y_min)

    def roi_at(self, stamp_s: float) -> RegionOfInterest:
        """Where to look for the face now: where it was, moved on as it was moving."""
        roi = roi_from_landmarks(self.landmarks.points_xy)
        dx, dy = self.velocity_xy * min(stamp_s - self.seen_s, 0.2)
        return RegionOfInterest(
            roi.center_x + float(dx), roi.center_y + float(dy), roi.side, roi.rotation_rad
        )

    def follow(self, landmarks: Landmarks, box_xyxy: BoxXyxy, stamp_s: float) -> None:
        elapsed_s = stamp_s - self.seen_s
        if elapsed_s > 0.0:
            moved = landmarks.points_xy.mean(axis=0) - self.landmarks.points_xy.mean(axis=0)
            self.velocity_xy = 0.5 * self.velocity_xy + 0.5 * moved / elapsed_s
        self.landmarks, self.box_xyxy = landmarks, box_xyxy
        self.seen_s = stamp_s

    def to_face(self) -> Face:
        return Face(
            face_id=self.face_id,
            box_xyxy=self.box_xyxy,
            score=self.score,
            keypoints_xy=keypoints_from_landmarks(self.landmarks.points_xy),
            landmarks=self.landmarks,
        )


class FaceTracker:
    """Gives every face an id that lasts while the face is in the picture. Holds no clock."""

    def __init__(
        self,
        detector: FaceDetector,
        mesh: FaceMesh,
        config: TrackingConfig | None = None,
        times: StageTimes | None = None,
        *,
        is_parallel: bool = False,
    ) -> None:
        """
        :param times: where the times of `mesh` and `detection` are noted
        :param is_parallel: look for new faces in a thread beside, while the known are followed
        """
        self._pool = ThreadPoolExecutor(1, 'search') if is_parallel else None
        self._detector = detector
        self._times = times or StageTimes()
        self._mesh = mesh
        self._config = config or TrackingConfig()
        self._ids = itertools.count(1)
        self._tracks: list[_Track] = []
        self._lost: list[_Track] = []
        self._stamp_s = -math.inf
        self._sweep: Iterator[Region] = iter(())
        self._sweep_size_wh: tuple[int, int] | None = None

    def reset(self) -> None:
        """Forget every face; ids go on counting."""
        self._tracks, self._lost = [], []
        self._stamp_s = -math.inf
        self._sweep_size_wh = None

    def set_min_score(self, min_score: float) -> None:
        """Let the detector take another lowest score from the next picture on."""
        self._detector.set_min_score(min_score)

    def set_regions_per_picture(self, count: int) -> None:
        """Look at so many regions in each picture from now on; 0 looks at all."""
        self._config = replace(self._config, regions_per_picture=count)

    def close(self) -> None:
        """Stop the threads."""
        for one in (self._mesh, self._detector):
            one.close()
        if self._pool is not None:
            self._pool.shutdown()

    def update(self, image_bgr: ImageBgr, stamp_s: float) -> tuple[Face, ...]:
        """
        Follow known faces into the next picture and look for others.

        :param image_bgr: shape (height, width, 3), uint8
        :param stamp_s: when it was taken, in seconds, never decreasing
        :return: the faces seen in this picture, in the order of their ids
        :raises StampError: if `stamp_s` goes back in time
        """
        if stamp_s < self._stamp_s:
            raise StampError(stamp_s, self._stamp_s)
        self._stamp_s = stamp_s
        regions, is_whole = self._next_regions(image_bgr)
        search = (
            self._pool.submit(self._detector.detect, image_bgr, regions) if self._pool else None
        )
        self._follow(image_bgr, stamp_s)
        with self._times('detection'):
            detections = search.result() if search else self._detector.detect(image_bgr, regions)
            if not self._tracks and not is_whole:  # a cut, perhaps
                detections, is_whole = self._detector(image_bgr), True
        self._find(detections, image_bgr, stamp_s, is_whole=is_whole)
        self._lost = [
            track for track in self._lost if stamp_s - track.seen_s <= self._config.lost_hold_s
        ]
        shown = [track for track in self._tracks if track.confirmed_s <= stamp_s]
        for track in shown:
            track.face_id = track.face_id or f'{next(self._ids):03d}'
        return tuple(track.to_face() for track in sorted(shown, key=lambda t: t.face_id))

    def _follow(self, image_bgr: ImageBgr, stamp_s: float) -> None:
        """Fit the mesh of every track, and of those lost a moment ago, where it should be now."""
        coasting = [t for t in self._lost if stamp_s - t.seen_s <= self._config.coast_s]
        tracks = self._tracks + coasting
        fits = self._fit(image_bgr, [track.roi_at(stamp_s) for track in tracks])
        boxes = [box_of(landmarks) for landmarks in fits]
        is_held = [
            landmarks.quality >= self._config.min_quality
            and self._is_plausible(track, box, image_bgr)
            for track, landmarks, box in zip(tracks, fits, boxes, strict=True)
        ]
        for track, landmarks, box, held in zip(tracks, fits, boxes, is_held, strict=True):
            if held:
                track.follow(landmarks, box, stamp_s)
        held_tracks = [track for track, held in zip(tracks, is_held, strict=True) if held]
        self._tracks = self._without_doubles(held_tracks)
        missed = [track for track, held in zip(tracks, is_held, strict=True) if not held]
        resting = [track for track in self._lost if track not in coasting]
        # A face that nobody was told of needs no memory.
        self._lost = [track for track in missed + resting if track.face_id]

    def _fit(self, image_bgr: ImageBgr, rois: list[RegionOfInterest]) -> list[Landmarks]:
        with self._times('mesh'):
            return self._mesh(image_bgr, rois)

    def _is_plausible(self, track: _Track, box_xyxy: BoxXyxy, image_bgr: ImageBgr) -> bool:
        x_min, y_min, x_max, y_max = box_xyxy
        size = max(x_max - x_min, y_max - y_min)
        height, width = image_bgr.shape[:2]
        center_x, center_y = (x_min + x_max) / 2, (y_min + y_max) / 2
        return (
            1 / MAX_SIZE_CHANGE < size / track.size_px < MAX_SIZE_CHANGE
            and size >= self._config.min_face_px
            and 0 <= center_x < width
            and 0 <= center_y < height
        )

    def _find(
        self,
        detections: list[Detection],
        image_bgr: ImageBgr,
        stamp_s: float,
        *,
        is_whole: bool,
    ) -> None:
        """
        Revive lost tracks and start new ones where faces were detected.

        :param is_whole: the whole picture was looked at
        """
        unknown = self._refresh_known(detections)
        fits = self._fit(image_bgr, [roi_from_detection(face) for face in unknown])
        # The second fit starts from the first: the detector's box is only roughly the mesh's.
        fits = self._fit(image_bgr, [roi_from_landmarks(fit.points_xy) for fit in fits])
        found = [
            (detection, landmarks, box)
            for detection, landmarks, box in zip(unknown, fits, map(box_of, fits), strict=True)
            if landmarks.quality >= self._config.min_quality
            and _height(box) >= self._config.min_face_px
        ]
        revived = self._match_lost([(landmarks, box) for _, landmarks, box in found], stamp_s)
        for index, (detection, landmarks, box) in enumerate(found):
            track = revived.get(index)
            if track is None:
                track = _Track(
                    face_id='',
                    landmarks=landmarks,
                    box_xyxy=box,
                    score=detection.score,
                    seen_s=stamp_s,
                    velocity_xy=np.zeros(2, np.float32),
                    born_s=stamp_s,
                    confirmed_s=stamp_s + (0.0 if is_whole else self._config.confirm_s),
                )
            else:
                track.landmarks, track.box_xyxy = landmarks, box
                track.seen_s, track.score = stamp_s, detection.score
                track.velocity_xy = np.zeros(2, np.float32)
            self._tracks.append(track)
        self._tracks = self._without_doubles(self._tracks)[: self._config.max_faces]
        self._lost = [track for track in self._lost if track not in self._tracks]

    def _next_regions(self, image_bgr: ImageBgr) -> tuple[list[Region], bool]:
        """
        Where to look for faces in this picture, and whether that is everywhere.

        Everywhere in the first picture and whenever nobody is followed, so that the first face to
        come is seen at once; else the sweep's next regions.
        """
        height, width = image_bgr.shape[:2]
        regions = self._detector.regions((width, height)) if width and height else []
        if self._sweep_size_wh != (width, height):
            self._sweep_size_wh = (width, height)
            self._sweep = itertools.cycle(regions)
        count = self._config.regions_per_picture
        if not self._tracks or count == 0 or count >= len(regions):
            return regions, True
        return list(itertools.islice(self._sweep, count)), False

    def _refresh_known(self, detections: list[Detection]) -> list[Detection]:
        """Detections that no track explains; the others lend their score to their track."""
        if not detections or not self._tracks:
            return detections
        _, containment = pairwise_overlap(
            np.array([detection.box_xyxy for detection in detections]),
            np.array([track.box_xyxy for track in self._tracks]),
        )
        for row, column in enumerate(containment.argmax(axis=1)):
            if containment[row, column] >= MIN_CONTAINMENT_SAME:
                self._tracks[column].score = detections[row].score
        return [
            detection
            for detection, shared in zip(detections, containment.max(axis=1), strict=True)
            if shared < MIN_CONTAINMENT_SAME
        ]

    def _match_lost(
        self, found: list[tuple[Landmarks, BoxXyxy]], stamp_s: float
    ) -> dict[int, _Track]:
        """Lost tracks by the index of the face that is where they may have gone, one to one."""
        if not found or not self._lost:
            return {}
        cost = np.array(
            [[_journey(*face, track, stamp_s) for track in self._lost] for face in found]
        )
        rows, columns = linear_sum_assignment(np.minimum(cost, 1e3))
        return {
            int(row): self._lost[column]
            for row, column in zip(rows, columns, strict=True)
            if cost[row, column] <= 1.0
        }

    @staticmethod
    def _without_doubles(tracks: list[_Track]) -> list[_Track]:
        """Where two tracks have come to follow one face, the older stays."""
        if len(tracks) < 2:
            return tracks
        by_age = sorted(tracks, key=lambda track: (track.born_s, track.face_id or '~'))
        boxes = np.array([track.box_xyxy for track in by_age])
        _, containment = pairwise_overlap(boxes, boxes)
        kept: list[int] = []
        for index in range(len(by_age)):
            if not (containment[index, kept] > MAX_CONTAINMENT).any():
                kept.append(index)
        return [by_age[index] for index in kept]


def box_of(landmarks: Landmarks) -> BoxXyxy:
    """Smallest upright box around a mesh, in pixels."""
    # One contiguous row each: nine times as fast as along the columns of (468, 2).
    rows = np.ascontiguousarray(landmarks.points_xy.T)
    x_min, y_min = rows.min(axis=1).tolist()
    x_max, y_max = rows.max(axis=1).tolist()
    return x_min, y_min, x_max, y_max


def _height(box_xyxy: BoxXyxy) -> float:
    _, y_min, _, y_max = box_xyxy
    return y_max - y_min


def _journey(landmarks: Landmarks, box_xyxy: BoxXyxy, track: _Track, stamp_s: float) -> float:
    """How far a lost face would have gone to be this one: 1 at the limit, infinite beyond it."""
    size = _height(box_xyxy)
    if not 1 / MAX_SIZE_CHANGE < size / track.size_px < MAX_SIZE_CHANGE:
        return math.inf
    distance = float(
        np.linalg.norm(landmarks.points_xy.mean(axis=0) - track.landmarks.points_xy.mean(axis=0))
    )
    reach = track.size_px * (0.7 + LOST_SPEED * (stamp_s - track.seen_s))
    return distance / reach
