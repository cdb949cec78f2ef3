"""
One film through one of the usual ways: ``python peer_runs.py PEER FILM PICTURES [YUNET]``.

Runs in the virtual environment of `make bench-peers`, which holds nothing of ours: this file
imports the standard library and, for each peer, what a user of it would. Prints a line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

WARM_UP_PICTURES = 5
MAX_FACES = 40

#: What a peer does with one picture: gives the number of faces that it found.
Way = Callable[[Any], int]


def mesh_and_fer(yunet: str = '') -> Way:
    """MediaPipe's FaceMesh for landmarks; `fer` for expressions, on Haar's or YuNet's boxes."""
    import cv2
    import mediapipe
    from fer.fer import FER

    mesh = mediapipe.solutions.face_mesh.FaceMesh(max_num_faces=MAX_FACES)
    classifier = FER(mtcnn=False)
    detector = cv2.FaceDetectorYN.create(yunet, '', (320, 320), 0.6) if yunet else None

    def work(image_bgr: Any) -> int:
        boxes = None
        if detector is not None:
            detector.setInputSize(image_bgr.shape[1::-1])
            rows = detector.detect(image_bgr)[1]
            boxes = [] if rows is None else [[int(v) for v in row[:4]] for row in rows]
        found = classifier.detect_emotions(image_bgr, boxes) if boxes != [] else []
        meshes = mesh.process(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB)).multi_face_landmarks
        return max(len(found), len(meshes or ()))

    return work


def recognition() -> Way:
    """`face_recognition` (dlib): where the faces are, and who."""
    import cv2
    import face_recognition

    def work(image_bgr: Any) -> int:
        image_rgb = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB)
        places = face_recognition.face_locations(image_rgb)
        return len(face_recognition.face_encodings(image_rgb, places))

    return work


WAYS: dict[str, Callable[..., Way]] = {
    'mediapipe_fer_haar': mesh_and_fer,
    'mediapipe_fer_yunet': mesh_and_fer,
    'face_recognition': recognition,
}


def measure(work: Way, film: str, pictures: int) -> dict[str, Any]:
    """Work on the first pictures of a film, one after the other; decoding is not counted."""
    import cv2
    import numpy

    capture = cv2.VideoCapture(film)
    wall_ms, cpu_ms, faces = [], [], []
    for index in range(WARM_UP_PICTURES + pictures):
        is_read, image_bgr = capture.read()
        if not is_read:
            break
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        found = work(image_bgr)
        if index >= WARM_UP_PICTURES:
            wall_ms.append((time.perf_counter() - wall_s) * 1e3)
            cpu_ms.append((time.process_time() - cpu_s) * 1e3)
            faces.append(found)
    return {
        'pictures': len(wall_ms),
        'faces': float(numpy.mean(faces)),
        'fps': 1e3 / float(numpy.mean(wall_ms)),
        'latency_ms': {
            f'p{rank}': float(numpy.percentile(wall_ms, rank)) for rank in (50, 95, 99)
        },
        'cpu_ms_per_frame': float(numpy.mean(cpu_ms)),
        'rss_mb_end': _resident_megabytes(),
    }


def _resident_megabytes() -> float:
    with open('/proc/self/status') as status:  # noqa: PTH123 - as plain as can be
        for line in status:
            if line.startswith('VmRSS:'):
                return int(line.split()[1]) * 1024 / 1e6
    return float('nan')


if __name__ == '__main__':
    peer, film_path, count, *rest = sys.argv[1:]
    print(json.dumps(measure(WAYS[peer](*rest), film_path, int(count))))
