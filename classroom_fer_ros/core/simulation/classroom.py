"""The whole class: who sits where, and pictures of it at any time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.simulation.config import SimulationConfig
from classroom_fer_ros.core.simulation.looks import Look, looks_of_class
from classroom_fer_ros.core.simulation.person import Person
from classroom_fer_ros.core.simulation.portrait import (
    Photograph,
    PortraitMaker,
    read_people,
    shipped_photograph,
)
from classroom_fer_ros.core.simulation.room import draw_desks, draw_room, seats_of_class
from classroom_fer_ros.core.simulation.script import StudentScript, StudentState, kinds_of_class
from classroom_fer_ros.core.simulation.student import Student
from classroom_fer_ros.core.simulation.truth import StudentTruth

#: Portraits are a little larger than the largest face in the picture, but never pointlessly small.
MIN_PORTRAIT_PX, PORTRAIT_MARGIN = 64, 1.1


class SimulatedClassroom:
    """Virtual students in a drawn room. Deterministic: one configuration, one film."""

    def __init__(self, config: SimulationConfig | None = None) -> None:
        """
        :raises SourceError: if the photographs cannot be used
        :raises ModelError: if a model file or the shipped photograph is missing
        """
        self.config = config = config or SimulationConfig()
        size_wh = (config.width, config.height)
        photographs = (
            read_people(Path(config.people_dir).expanduser())
            if config.people_dir
            else [[shipped_photograph()]]
        )
        seats = seats_of_class(config.students, size_wh)
        looks = looks_of_class(config.students, config.seed, not config.people_dir)
        people = _people_of_class(photographs, looks, max(seat.face_px for seat in seats))
        kinds = kinds_of_class(config.students, config.seed)
        self._room = draw_room(size_wh, config.seed)
        self._desks = draw_desks(seats, size_wh, config.seed)
        self._students = [
            Student(
                f'student_{i + 1:02d}',
                people[i],
                looks[i],
                seats[i],
                StudentScript(config.seed, i, kinds[i]),
                config.seed + i,
            )
            for i in range(config.students)
        ]

    def render(self, stamp_s: float) -> tuple[ImageBgr, list[StudentTruth]]:
        """
        Draw the class at some time.

        :param stamp_s: seconds from the start of the class
        :return: a new picture, and the truth about each student in the order of their seats
        """
        return self.draw(self.states_at(stamp_s), stamp_s)

    def states_at(self, stamp_s: float) -> list[StudentState]:
        """What the scripts have the students do at some time, in the order of their seats."""
        return [student.script(stamp_s) for student in self._students]

    def draw(
        self, states: Sequence[StudentState], stamp_s: float
    ) -> tuple[ImageBgr, list[StudentTruth]]:
        """
        Draw the class in given states; `render` without the scripts.

        :param states: one a student, in the order of their seats
        """
        picture = self._room.copy()
        truths: list[StudentTruth] = []
        pairs = iter(zip(self._students, states, strict=True))
        for row in range(self._students[-1].seat.row + 1):
            # The back row first, then its desks, then the row before it.
            in_row = sum(student.seat.row == row for student in self._students)
            for student, state in itertools.islice(pairs, in_row):
                truths.append(student.draw(picture, state, stamp_s))
            for desk in self._desks:
                if desk.row == row:
                    picture[desk.y_min :] = desk.image_bgr
        return picture, truths


def _people_of_class(
    photographs: Sequence[Sequence[Photograph]], looks: Sequence[Look], face_px: float
) -> list[Person]:
    """One person a student; students who share photographs share what is computed from them."""
    make = PortraitMaker()
    portrait_px = max(MIN_PORTRAIT_PX, face_px * PORTRAIT_MARGIN)
    known: dict[tuple[int, bool], Person] = {}
    people = []
    for i, look in enumerate(looks):
        key = (i % len(photographs), look.is_mirrored)
        if key not in known:
            known[key] = Person(
                [make(photo, portrait_px, look.is_mirrored) for photo in photographs[key[0]]]
            )
        people.append(known[key])
    return people
