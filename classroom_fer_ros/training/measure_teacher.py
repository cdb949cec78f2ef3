"""
Measure the teacher on the validation pairs, in the figures of ``evaluate identification``.

    python -m classroom_fer_ros.training.measure_teacher --data ../shared/data

The first line is of its embeddings as published, the second after the metric that the embedder
learns. Both see every face and its mirror image.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from classroom_fer_ros.core.evaluation.identification import (
    IdentificationScore,
    load_pairs,
    score_embeddings,
)
from classroom_fer_ros.core.model_card import sha256_of
from classroom_fer_ros.core.tight_crops import load_tight_crops
from classroom_fer_ros.training.face_export import TAUGHT_MARGIN
from classroom_fer_ros.training.face_metric import fit_metric
from classroom_fer_ros.training.face_teacher import (
    DlibFaceNet,
    as_rgb,
    label_pictures,
    load_teacher,
    teacher_input,
)
from classroom_fer_ros.training.people import aligned_crops, load_people

TIMED_FACES = 40


def measure(data: Path, work: Path) -> list[IdentificationScore]:
    """
    Score the teacher as published, and after the metric.

    :param data: folder with the training and validation pictures
    :param work: folder of aligned crops and labels
    """
    teacher = load_teacher()
    path = data / 'lfw_validation.npz'
    faces = load_tight_crops(path)
    pairs = load_pairs(data / 'lfw_validation_pairs.csv', faces)
    crops, _ = aligned_crops(faces, work / f'aligned-{sha256_of(path)[:12]}.npz')
    kept_for_tests = [folder.name for folder in (data / 'people').glob('*')]
    people = load_people(data / 'lfw_train.npz', work, kept_for_tests)
    labels = label_pictures(teacher, people.crops_bgr, work)
    plain = label_pictures(teacher, crops, work)
    tuned = fit_metric(labels, people.person)(torch.from_numpy(plain)).numpy()
    milliseconds = _milliseconds_per_face(teacher, crops[:TIMED_FACES])
    return [
        score_embeddings(
            name,
            embeddings,
            pairs,
            milliseconds_per_face=milliseconds,
            person=faces.person,
            margin=TAUGHT_MARGIN,
        )
        for name, embeddings in (('dlib', plain), ('dlib, metric of the training people', tuned))
    ]


@torch.no_grad()
def _milliseconds_per_face(teacher: DlibFaceNet, crops_bgr: np.ndarray) -> float:
    """Median time of one face in torch, float32."""
    seconds = []
    for crop in crops_bgr:
        chip = teacher_input(as_rgb(crop[None]))
        start = time.perf_counter()
        teacher(chip)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)) * 1e3


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--data', type=Path, default=Path('../shared/data'))
    parser.add_argument('--work', type=Path, default=Path('.cache/train-facenet'))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for score in measure(arguments.data, arguments.work):
        print(json.dumps(score.to_json()))


if __name__ == '__main__':
    main()
