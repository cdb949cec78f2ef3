"""What an answer of the system comes to in words."""

from __future__ import annotations

from classroom_fer_ros.rqt.facts import NOBODY, SILENCE, Answer
from classroom_fer_ros.rqt.texts import WindowTexts


def words_of(answer: Answer, texts: WindowTexts) -> str:
    """The system's own words, or why there are none."""
    if answer.message == NOBODY:
        return texts('nobody_answers', name=answer.name)
    if answer.message == SILENCE:
        return texts('no_answer', name=answer.name)
    if not answer.is_success:
        return texts('refused_value', name=answer.name, reason=answer.message)
    return answer.message
