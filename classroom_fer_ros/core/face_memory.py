"""What a stage remembers of each face between pictures, apart from where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from classroom_fer_ros.core.results import Face

Memory = TypeVar('Memory')


class FaceMemory(Generic[Memory]):
    """One memory a face, by face_id. Holds no clock."""

    def __init__(self, make: Callable[[], Memory], hold_s: float) -> None:
        """
        :param make: makes the memory of a face that was never seen
        :param hold_s: a face that is gone for longer is forgotten, as the tracker does
        """
        self._make, self._hold_s = make, hold_s
        self._memories: dict[str, Memory] = {}
        self._seen_s: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._memories)

    def __iter__(self) -> Iterator[Memory]:
        return iter(self._memories.values())

    def by_id(self) -> Mapping[str, Memory]:
        """Every memory by face_id."""
        return self._memories

    def see(self, faces: Sequence[Face], stamp_s: float) -> list[Memory]:
        """Memories of the faces of a picture, in their order; who is long gone is forgotten."""
        for face in faces:
            if face.face_id not in self._memories:
                self._memories[face.face_id] = self._make()
            self._seen_s[face.face_id] = stamp_s
        for face_id, seen_s in list(self._seen_s.items()):
            if stamp_s - seen_s > self._hold_s:
                del self._memories[face_id], self._seen_s[face_id]
        return [self._memories[face.face_id] for face in faces]

    def clear(self) -> None:
        """Forget everybody."""
        self._memories.clear()
        self._seen_s.clear()
