"""
Measure the mean face shape that head pose is fitted against.

Fits the mesh to photographs, aligns all shapes (generalised Procrustes analysis: Gower, 1975),
averages them, makes the mean symmetric and turns it so that forehead and chin are one above the
other. Writes ``models/face_shape.json``.

    python -m classroom_fer_ros.training.face_shape --data ../shared/data
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import cKDTree

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.head_pose import similarity_transform
from classroom_fer_ros.core.mesh import FaceMesh, RegionOfInterest, roi_from_landmarks

FOREHEAD, CHIN = 10, 152
MIN_QUALITY = 0.95
ROUNDS = 3


def fit_shapes(archive: Path, count: int) -> FloatArray:
    """Meshes of the first `count` photographs that show a face well, shape (n, 468, 3)."""
    data = np.load(archive)
    mesh = FaceMesh()
    shapes = []
    for start, stop in zip(data['offsets'][:count], data['offsets'][1 : count + 1], strict=False):
        image = cv2.imdecode(data['jpeg'][start:stop], cv2.IMREAD_COLOR)
        height, width = image.shape[:2]
        roi = RegionOfInterest(width / 2, height / 2, 1.5 * max(width, height), 0.0)
        for _ in range(2):
            landmarks = mesh(image, [roi])[0]
            roi = roi_from_landmarks(landmarks.points_xy)
        if landmarks.quality >= MIN_QUALITY:
            shapes.append(landmarks.points_xyz)
    return np.stack(shapes).astype(np.float64)


def mean_shape(shapes: FloatArray) -> FloatArray:
    """
    Mean of shapes after the removal of place, size and rotation.

    :param shapes: shape (n, 468, 3)
    :return: shape (468, 3), symmetric about x = 0, centred, forehead above chin, of unit height
    """
    mean = shapes[0]
    for _ in range(ROUNDS):
        mean = np.mean([_aligned(shape, mean) for shape in shapes], axis=0)
        mean = _upright(_symmetric(mean))
    return mean


def _aligned(shape: FloatArray, target: FloatArray) -> FloatArray:
    scale, rotation, shift = similarity_transform(shape, target)
    return scale * shape @ rotation.T + shift


def _symmetric(shape: FloatArray) -> FloatArray:
    """Average of a shape and its mirror image; mirrored points find their partners by nearness."""
    centred = shape - shape.mean(axis=0)
    mirrored = centred * [-1.0, 1.0, 1.0]
    for _ in range(10):
        partner = cKDTree(mirrored).query(centred)[1]
        mirrored = _aligned(centred * [-1.0, 1.0, 1.0], mirrored)
        scale, rotation, shift = similarity_transform(mirrored[partner], centred)
        mirrored = scale * mirrored @ rotation.T + shift
    symmetric = (centred + mirrored[partner]) / 2
    # The plane of symmetry becomes x = 0: its normal joins the partners.
    normal = np.linalg.svd(symmetric - symmetric[partner])[2][0]
    normal *= np.sign(normal[0])
    axis = np.cross(normal, [1.0, 0.0, 0.0])
    sine = np.linalg.norm(axis)
    if sine > 1e-9:
        turn = cv2.Rodrigues(axis / sine * np.arcsin(sine))[0]
        symmetric = symmetric @ turn.T
    symmetric -= (symmetric + symmetric[partner]).mean(axis=0) / 2
    return (symmetric + symmetric[partner] * [-1.0, 1.0, 1.0]) / 2


def _upright(shape: FloatArray) -> FloatArray:
    _, down, away = shape[CHIN] - shape[FOREHEAD]
    turn = cv2.Rodrigues(np.array([-np.arctan2(away, down), 0.0, 0.0]))[0]
    upright = shape @ turn.T
    return upright / (upright[CHIN, 1] - upright[FOREHEAD, 1])


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--data', type=Path, default=Path('../shared/data'))
    parser.add_argument('--count', type=int, default=2000)
    parser.add_argument('--out', type=Path, default=Path('models/face_shape.json'))
    arguments = parser.parse_args()
    shapes = fit_shapes(arguments.data / 'lfw_train.npz', arguments.count)
    mean = mean_shape(shapes)
    arguments.out.write_text(
        json.dumps({'unit': 'forehead to chin', 'points_xyz': np.round(mean, 5).tolist()}) + '\n'
    )
    print(f'{arguments.out}: mean of {len(shapes)} faces')


if __name__ == '__main__':
    main()
