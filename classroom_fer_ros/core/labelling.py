"""
Captured faces on their way to a labelled set: which is next, what was said, what was taken back.

Every step is in the index before the next one is shown, so that nothing is lost whatever ends the
window. Holds no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.capture_index import SKIPPED, UNUSABLE
from classroom_fer_ros.core.capture_record import CaptureRecord, Reason
from classroom_fer_ros.core.capture_sets import LabelledCrop, write_set
from classroom_fer_ros.core.capture_store import CaptureStore
from classroom_fer_ros.core.errors import CaptureError
from classroom_fer_ros.core.label_steps import LabelSteps
from classroom_fer_ros.core.labels import EXPRESSION_LABELS

#: What can be said of a face.
ANSWERS = (*EXPRESSION_LABELS, UNUSABLE)
#: The most instructive first.
ORDER = (
    Reason.ASKED,
    Reason.DISAGREEING,
    Reason.UNCERTAIN,
    Reason.CHANGED,
    Reason.NEW_POSE,
    Reason.NEW_LIGHT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    How far the labelling is.

    :param labelled: with one of the seven labels
    :param unusable: that show none of them
    :param skipped: for now
    """

    labelled: int
    unusable: int
    skipped: int
    total: int

    @property
    def done(self) -> int:
        """Looked at."""
        return self.labelled + self.unusable + self.skipped


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A face whose label is another than what it was taken to show."""

    record: CaptureRecord
    label: str


class LabelQueue:
    """Goes through the captured faces of a store, one after the other."""

    def __init__(self, store: CaptureStore, *, with_skipped: bool = False) -> None:
        """
        :param with_skipped: show those again that were skipped before
        :raises CaptureError: if the index is broken
        """
        self._store, self._steps = store, LabelSteps(store)
        self._labels: dict[str, str] = {}
        self._records: dict[str, CaptureRecord] = {}
        self._waiting: list[str] = []
        self._with_skipped, self._skipped_now = with_skipped, set[str]()
        self.refresh()

    def refresh(self) -> None:
        """
        Read the index anew: a node may have captured more, or somebody have been forgotten.

        :raises CaptureError: if the index is broken
        """
        self._records = {one.capture_id: one for one in self._store.records()}
        self._labels = self._steps.current()
        waiting = [
            one
            for one in self._records.values()
            if one.capture_id not in self._labels or self._comes_again(one.capture_id)
        ]
        waiting.sort(key=lambda one: (ORDER.index(one.reason), one.captured_at_s))
        self._waiting = [one.capture_id for one in waiting]

    def _comes_again(self, capture_id: str) -> bool:
        """Whether a face was skipped in an earlier sitting, and is asked for now."""
        was_skipped = self._labels[capture_id] == SKIPPED
        return self._with_skipped and was_skipped and capture_id not in self._skipped_now

    @property
    def current(self) -> CaptureRecord | None:
        """The face to be labelled now; None when all are."""
        return self._records[self._waiting[0]] if self._waiting else None

    @property
    def progress(self) -> Progress:
        labels = [self._labels.get(one) for one in self._records]
        return Progress(
            labelled=sum(label in EXPRESSION_LABELS for label in labels),
            unusable=labels.count(UNUSABLE),
            skipped=labels.count(SKIPPED),
            total=len(labels),
        )

    def image(self) -> ImageBgr:
        """
        The current crop.

        :raises CaptureError: if it is gone, or all are labelled
        """
        return self._store.image(self._required())

    def say(self, label: str, now_s: float) -> None:
        """
        Label the current face, and go on to the next.

        :param label: one of `ANSWERS`
        :param now_s: time of day, seconds since the epoch
        :raises CaptureError: if the label is none, all are labelled, or the step cannot be saved
        """
        if label not in ANSWERS:
            raise CaptureError(f'{label!r} is no label: must be one of {", ".join(ANSWERS)}')
        self._step(label, now_s)

    def confirm(self, now_s: float) -> None:
        """
        Label the current face as what it was taken to show.

        :raises CaptureError: if it was taken to show nothing; else as for `say`
        """
        record = self._required()
        if not record.label:
            raise CaptureError('nothing was predicted for this face: choose a label')
        self.say(record.label, now_s)

    def skip(self, now_s: float) -> None:
        """Leave the current face for later; errors as for `say`."""
        self._skipped_now.add(self._required().capture_id)
        self._step(SKIPPED, now_s)

    def undo(self) -> bool:
        """
        Take the last step back, of an earlier sitting too; its face is the current one again.

        :return: whether there was one
        :raises CaptureError: if it cannot be taken back
        """
        capture_id = self._steps.undo()
        if capture_id is None:
            return False
        self._skipped_now.discard(capture_id)
        self.refresh()
        if capture_id in self._waiting:  # an earlier label of it may stand
            self._waiting.remove(capture_id)
        self._waiting.insert(0, capture_id)
        return True

    @property
    def disagreements(self) -> list[Disagreement]:
        """Faces labelled as something else than what they were taken to show, oldest first."""
        return [
            Disagreement(record, label)
            for capture_id, record in self._records.items()
            if (label := self._labels.get(capture_id, SKIPPED)) != SKIPPED
            and label != record.label
        ]

    def export(self, folder: Path) -> Progress:
        """
        Write everything labelled so far as a set, see `capture_sets`.

        :param folder: new, empty, or one of an earlier export, which is replaced
        :raises CaptureError: if the folder holds something else or cannot be written
        """
        export(self._store, folder)
        return self.progress

    def _step(self, label: str, now_s: float) -> None:
        record = self._required()
        self._steps.add(record.capture_id, label, now_s)
        self._labels[record.capture_id] = label
        self._waiting.pop(0)

    def _required(self) -> CaptureRecord:
        if self.current is None:
            raise CaptureError('every captured face is labelled')
        return self.current


def export(store: CaptureStore, folder: Path) -> None:
    """
    Write every labelled face, and every face of a known person, as a set.

    :raises CaptureError: as for `LabelQueue.export`
    """
    labels = LabelSteps(store).current()
    store.note_export(folder)
    write_set(folder, [_crop(store, one, labels) for one in _exported(store.records(), labels)])


def _exported(records: Sequence[CaptureRecord], labels: dict[str, str]) -> list[CaptureRecord]:
    return [
        one
        for one in records
        if labels.get(one.capture_id) in EXPRESSION_LABELS
        or (one.person_id and labels.get(one.capture_id) != UNUSABLE)
    ]


def _crop(store: CaptureStore, record: CaptureRecord, labels: dict[str, str]) -> LabelledCrop:
    label = labels.get(record.capture_id, SKIPPED)
    return LabelledCrop(
        capture_id=record.capture_id,
        image_bgr=store.image(record),
        png=(store.folder / record.file).read_bytes(),
        label=label if label in EXPRESSION_LABELS else '',
        person_id=record.person_id,
        session=record.session,
    )
