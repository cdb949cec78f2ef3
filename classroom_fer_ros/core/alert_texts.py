"""What alerts say to a teacher."""

from __future__ import annotations

from dataclasses import replace

from classroom_fer_ros.core.results import Alert, AlertKind
from classroom_fer_ros.core.texts import Texts, load_texts


class AlertTexts:
    """Puts alerts into words of one language."""

    def __init__(self, texts: Texts | None = None) -> None:
        """:param texts: English without"""
        self._texts = texts or load_texts()

    def subject(self, person_name: str, seat: str) -> str:
        """Who a student is: their name, or their seat in words; may be empty."""
        return person_name or self._texts.seat(seat)

    def who(self, person_name: str, seat: str) -> str:
        """The same as the subject of a sentence."""
        if person_name:
            return person_name
        if not seat:
            return self._texts('who.nobody')
        return self._texts('who.somebody', seat=self._texts.seat(seat))

    def about_student(self, kind: AlertKind, who: str, reason: str = '') -> str:
        """
        Sentence about one student.

        :param reason: in English, as the analysis gives it; may be empty
        """
        words = self._texts.reason(reason)
        added = self._texts('reason.added', reason=words) if reason else ''
        return self._texts(f'alert.{kind.value}', who=who, reason=added)

    def about_class(self, kind: AlertKind, share: float) -> str:
        """Sentence about the class, with a share in [0, 1]."""
        return self._texts(f'alert.{kind.value}', percent=round(100 * share))

    def about_problem(self, kind: AlertKind, problem: str) -> str:
        """Sentence about the camera or the system."""
        return self._texts(f'alert.{kind.value}', problem=problem)

    def without(self, alert: Alert, person_id: str) -> Alert:
        """An alert as if it were about nobody known, where it is about this person."""
        if alert.person_id != person_id:
            return alert
        text = self.about_student(alert.kind, self.who('', ''))
        return replace(alert, person_id='', subject='', text=text)
