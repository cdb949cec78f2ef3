"""How right the analysis of a simulated class is, printed beside how fast it is."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.simulation.truth import StudentTruth, read_truth, truth_path


class TruthScore:
    """Compares results with the truth that lies beside a simulated film."""

    def __init__(self, film: Path) -> None:
        self._truths: dict[int, list[StudentTruth]] = defaultdict(list)
        path = truth_path(film)
        if path.is_file():  # a real film has none
            for number, truth in read_truth(path):
                self._truths[number].append(truth)
        self._students = 0
        self._yaw_errors_rad: list[float] = []

    def add(self, number: int, result: FrameResult) -> None:
        """
        Compare one picture.

        :param number: of the picture, counted on where the film is played over and over
        """
        truths = self._truths.get(number % len(self._truths), []) if self._truths else []
        boxes = np.reshape([face.box_xyxy for face in result.faces], (-1, 2, 2))
        self._students += len(truths)
        for truth in truths:
            place = np.reshape(truth.box_xyxy, (2, 2)).mean(axis=0)
            distances = np.linalg.norm(boxes.mean(axis=1) - place, axis=1)
            if len(distances) and distances.min() <= truth.size_px / 2:
                pose = result.head_poses[int(distances.argmin())]
                self._yaw_errors_rad.append(abs(pose.yaw_rad - truth.yaw_rad))

    def figures(self) -> dict[str, float]:
        """Share of the students that is followed, and the error of their yaw; empty without."""
        if not self._yaw_errors_rad:
            return {}
        return {
            'followed': len(self._yaw_errors_rad) / self._students,
            'yaw_error_deg': float(np.degrees(np.nanmean(self._yaw_errors_rad))),
        }
