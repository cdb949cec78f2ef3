"""Memories of faces: one each, forgotten with the face."""

from __future__ import annotations

import numpy as np

from classroom_fer_ros.core.face_memory import FaceMemory
from classroom_fer_ros.core.results import Face


def faces(*ids: str) -> list[Face]:
    return [
        Face(face_id=i, box_xyxy=(0, 0, 1, 1), score=1.0, keypoints_xy=np.zeros((5, 2)))
        for i in ids
    ]


def test_every_face_has_its_own() -> None:
    memory: FaceMemory[list[int]] = FaceMemory(list, hold_s=3.0)
    assert memory.see([], 0.0) == []
    first, second = memory.see(faces('001', '002'), 0.0)
    first.append(1)
    assert second == []
    assert memory.see(faces('002', '001'), 0.1) == [[], [1]]


def test_who_is_gone_for_long_is_forgotten() -> None:
    memory: FaceMemory[list[int]] = FaceMemory(list, hold_s=3.0)
    memory.see(faces('001', '002'), 0.0)[0].append(1)
    memory.see(faces('002'), 3.0)
    assert memory.see(faces('001', '002'), 3.0)[0] == [1]
    memory.see(faces('002'), 6.5)
    assert len(memory) == 1
    assert memory.see(faces('001'), 6.6) == [[]]


def test_clear() -> None:
    memory: FaceMemory[list[int]] = FaceMemory(list, hold_s=3.0)
    memory.see(faces('001'), 0.0)[0].append(1)
    memory.clear()
    assert memory.see(faces('001'), 0.0) == [[]]
