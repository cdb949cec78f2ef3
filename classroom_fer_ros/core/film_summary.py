"""What one analysed film came to, as plain values for a JSON file. Holds no names."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from classroom_fer_ros.core.events import BEHAVIOUR_KINDS, Event
from classroom_fer_ros.core.fatigue import (
    ALL_FPS,
    BLINK_FPS,
    MIN_ALL_FPS,
    MIN_BLINK_FPS,
    FatigueConfig,
)
from classroom_fer_ros.core.frame_rate import FrameRate, RateGate
from classroom_fer_ros.core.results import BehaviourKind, FrameResult
from classroom_fer_ros.core.session_summary import SessionSummary

#: What needs a rate of pictures of its own.
EYE_AND_MOUTH_KINDS = (
    BehaviourKind.LONG_CLOSURE,
    BehaviourKind.MICROSLEEP,
    BehaviourKind.YAWN,
)


class FilmSummary:
    """Adds up the results of one film. Holds no clock."""

    def __init__(self) -> None:
        self._session = SessionSummary()
        self._rate = FrameRate()
        self._gates = {
            kinds: RateGate(start_fps=start_fps, off_fps=bounds[0], on_fps=bounds[1])
            for kinds, start_fps, bounds in (
                ((BehaviourKind.BLINK,), MIN_BLINK_FPS, BLINK_FPS),
                (EYE_AND_MOUTH_KINDS, MIN_ALL_FPS, ALL_FPS),
            )
        }
        self._judged: set[str] = set()
        self._eyes_s: dict[str, float] = {}
        self._max_perclos: dict[str, float] = {}
        self._person_ids: dict[str, str] = {}
        self._stamp_s = math.nan

    @property
    def pictures(self) -> int:
        """Pictures that were analysed."""
        return self._session.pictures

    @property
    def faces(self) -> int:
        """Faces that were followed."""
        return len(self._session.students)

    @property
    def unknown(self) -> list[str]:
        """Kinds of events that could not be judged in any picture: they came too slowly."""
        gated = [kind.value for kinds in self._gates for kind in kinds]
        return [kind for kind in gated if kind not in self._judged]

    def add(self, result: FrameResult) -> None:
        """Fold in the result of the next picture."""
        self._session.add(result)
        stamp_s = result.stamp_ns * 1e-9
        elapsed_s, self._stamp_s = stamp_s - self._stamp_s, stamp_s
        rate_fps = self._rate.update(stamp_s)
        for kinds, gate in self._gates.items():
            if gate.update(rate_fps):
                self._judged |= {kind.value for kind in kinds}
        for face in result.faces:
            if face.person_id:
                self._person_ids[face.face_id] = face.person_id
        for fatigue in result.fatigue:
            if elapsed_s <= FatigueConfig().max_gap_s and not math.isnan(fatigue.left_openness):
                self._eyes_s[fatigue.face_id] = self._eyes_s.get(fatigue.face_id, 0.0) + elapsed_s
            if not math.isnan(fatigue.perclos):
                highest = self._max_perclos.get(fatigue.face_id, 0.0)
                self._max_perclos[fatigue.face_id] = max(highest, fatigue.perclos)

    def to_json(self, events: Sequence[Event]) -> dict[str, object]:
        """
        Sums of the film; what could not be judged is null, never 0.

        :param events: of the whole film
        """
        return {
            'pictures': self.pictures,
            'duration_s': round(self._session.duration_s, 3),
            'unknown': self.unknown,
            'events': self._counts(events),
            'faces': [self._face(face_id, events) for face_id in sorted(self._session.students)],
        }

    def _counts(self, events: Sequence[Event]) -> dict[str, int | None]:
        """How many events of each kind, unknown ones null; alerts where there are any."""
        counted = Counter(event.kind for event in events)
        unknown = self.unknown
        kinds = (*BEHAVIOUR_KINDS, *sorted(counted.keys() - set(BEHAVIOUR_KINDS)))
        return {kind: None if kind in unknown else counted[kind] for kind in kinds}

    def _face(self, face_id: str, events: Sequence[Event]) -> dict[str, object]:
        student = self._session.students[face_id]
        max_perclos = self._max_perclos.get(face_id)
        return {
            'face': face_id,
            'person_id': self._person_ids.get(face_id, ''),
            'seen_s': round(student.seen_s, 3),
            'eyes_judged_s': round(self._eyes_s.get(face_id, 0.0), 3),
            'expression_s': {
                label: round(shown_s, 3) for label, shown_s in student.expression_s.items()
            },
            'max_perclos': None if max_perclos is None else round(max_perclos, 4),
            'worst_state': student.worst.name.lower(),
            'events': self._counts([event for event in events if event.face == face_id]),
        }
