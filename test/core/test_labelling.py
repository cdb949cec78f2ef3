"""Labelling: the order of the faces, every step saved, undo, disagreements, exported sets."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from captures import NOW_S, add, crop
from classroom_fer_ros.core.capture_record import Reason
from classroom_fer_ros.core.capture_sets import EXPRESSIONS_FILE, PEOPLE_FILE
from classroom_fer_ros.core.capture_store import CaptureStore
from classroom_fer_ros.core.errors import CaptureError
from classroom_fer_ros.core.evaluation.photographs import list_photographs
from classroom_fer_ros.core.expression import gray_face
from classroom_fer_ros.core.labelling import LabelQueue, Progress
from classroom_fer_ros.core.labels import EXPRESSION_LABELS


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    """Four faces, kept in this order."""
    store = CaptureStore.open(tmp_path / 'captures')
    for number, (reason, person) in enumerate(
        [
            (Reason.NEW_POSE, 'ana'),
            (Reason.UNCERTAIN, ''),
            (Reason.DISAGREEING, 'bob'),
            (Reason.NEW_POSE, 'ana'),
        ]
    ):
        add(store, number, face_id=str(number), reason=reason, person_id=person)
    return store


def current(queue: LabelQueue) -> str:
    return queue.current.face_id if queue.current else ''


def test_the_most_instructive_come_first(store: CaptureStore) -> None:
    queue, seen = LabelQueue(store), []
    while queue.current:
        seen.append(current(queue))
        queue.confirm(NOW_S)
    assert seen == ['2', '1', '0', '3']
    assert queue.progress == Progress(labelled=4, unusable=0, skipped=0, total=4)
    with pytest.raises(CaptureError, match=r'every captured face'):
        queue.confirm(NOW_S)


def test_nothing_to_label(tmp_path: Path) -> None:
    queue = LabelQueue(CaptureStore.open(tmp_path))
    assert queue.current is None
    assert queue.progress.total == 0
    assert not queue.undo()
    assert queue.disagreements == []


def test_every_step_is_saved_at_once(store: CaptureStore) -> None:
    queue = LabelQueue(store)
    queue.say('sad', NOW_S)
    queue.skip(NOW_S)
    again = LabelQueue(CaptureStore.open(store.folder))
    assert current(again) == '0'
    assert again.progress == Progress(labelled=1, unusable=0, skipped=1, total=4)
    assert again.progress.done == 2
    skipped = LabelQueue(store, with_skipped=True)
    assert current(skipped) == '1'


def test_those_that_were_skipped_come_again_after_an_undo(store: CaptureStore) -> None:
    first = LabelQueue(store)
    for _ in range(3):
        first.skip(NOW_S)
    queue = LabelQueue(store, with_skipped=True)
    start = current(queue)
    queue.skip(NOW_S)
    second = current(queue)
    queue.say('sad', NOW_S)
    third = current(queue)
    assert queue.undo()
    assert current(queue) == second
    queue.say('happy', NOW_S)
    assert current(queue) == third
    assert len({start, second, third}) == 3


def test_undo_goes_back_step_by_step(store: CaptureStore) -> None:
    queue = LabelQueue(store)
    queue.say('sad', NOW_S)
    queue.skip(NOW_S)
    queue.say('none', NOW_S)
    for face in ('0', '1', '2'):
        assert queue.undo()
        assert current(queue) == face
    assert not queue.undo()
    assert queue.progress.done == 0


def test_undo_in_another_sitting(store: CaptureStore) -> None:
    LabelQueue(store).say('sad', NOW_S)
    queue = LabelQueue(CaptureStore.open(store.folder))
    assert queue.undo()
    assert current(queue) == '2'


def test_disagreements_name_what_was_said(store: CaptureStore) -> None:
    queue = LabelQueue(store)
    queue.say('sad', NOW_S)
    queue.confirm(NOW_S)
    queue.say('none', NOW_S)
    queue.skip(NOW_S)
    found = [(one.record.face_id, one.record.label, one.label) for one in queue.disagreements]
    assert found == [('0', 'happy', 'none'), ('2', 'happy', 'sad')]


@pytest.mark.parametrize('label', ['', 'contempt'])
def test_words_that_are_no_labels(store: CaptureStore, label: str) -> None:
    with pytest.raises(CaptureError, match=r'no label'):
        LabelQueue(store).say(label, NOW_S)


def test_somebody_is_forgotten_meanwhile(store: CaptureStore) -> None:
    queue = LabelQueue(store)
    CaptureStore.open(store.folder).forget('bob')
    with pytest.raises(CaptureError):
        queue.image()
    with pytest.raises(CaptureError):
        queue.confirm(NOW_S)
    queue.refresh()
    assert current(queue) == '1'
    assert queue.progress.total == 3


def test_an_export_has_folders_and_the_files_that_training_reads(
    store: CaptureStore, tmp_path: Path
) -> None:
    queue, out = LabelQueue(store), tmp_path / 'set'
    for label in ('sad', 'angry', 'none'):
        queue.say(label, NOW_S)
    queue.export(out)
    assert sorted((path.parent.name, label) for path, label in list_photographs(out)) == [
        ('angry', EXPRESSION_LABELS.index('angry')),
        ('sad', EXPRESSION_LABELS.index('sad')),
    ]
    (angry,) = (out / 'angry').iterdir()
    assert np.array_equal(cv2.imread(str(angry)), crop(1))
    with np.load(out / EXPRESSIONS_FILE) as data:
        assert data['labels'].tolist() == [EXPRESSION_LABELS.index(x) for x in ('angry', 'sad')]
        assert np.array_equal(data['images'][0], gray_face(crop(1)))
        assert data['person'].tolist() == ['', 'bob']
    with np.load(out / PEOPLE_FILE) as data:  # without a label, but of somebody; not the unusable
        assert data['person'].tolist() == ['bob', 'ana']
        assert np.array_equal(data['crops_bgr'][1], crop(3))


def test_an_export_takes_the_place_of_an_earlier_one(store: CaptureStore, tmp_path: Path) -> None:
    queue, out = LabelQueue(store), tmp_path / 'set'
    queue.say('sad', NOW_S)
    queue.export(out)
    queue.undo()
    queue.say('happy', NOW_S)
    queue.export(out)
    assert [path.parent.name for path in out.rglob('*.png')] == ['happy']


def test_other_folders_are_not_written_over(store: CaptureStore, tmp_path: Path) -> None:
    (tmp_path / 'mine' / 'happy').mkdir(parents=True)
    (tmp_path / 'mine' / 'happy' / 'holiday.png').write_bytes(b'')
    with pytest.raises(CaptureError, match=r'something else'):
        LabelQueue(store).export(tmp_path / 'mine')
    assert (tmp_path / 'mine' / 'happy' / 'holiday.png').exists()
