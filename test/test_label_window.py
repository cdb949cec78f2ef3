"""The window of labels, off screen: keys, progress, disagreements, export; and the command."""

from __future__ import annotations

import csv
import io
import os
import time
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault('QT_QPA_PLATFORM', 'offscreen')
pytest.importorskip('PyQt5.QtWidgets', reason='no Qt: `make label`', exc_type=ImportError)

from captures import NOW_S, add
from classroom_fer_ros import label
from classroom_fer_ros.core.capture_record import Reason
from classroom_fer_ros.core.capture_store import CaptureStore
from classroom_fer_ros.core.label_steps import LabelSteps
from classroom_fer_ros.core.labelling import LabelQueue
from classroom_fer_ros.rqt.label_window import ALL_DONE, LabelWindow
from classroom_fer_ros.rqt.qt import Qt, QtCore, QtGui, QtWidgets

Key = Qt.Key


@pytest.fixture(scope='module')
def application() -> Any:
    """The one application that a process may have."""
    return QtWidgets.QApplication.instance() or QtWidgets.QApplication(['test'])


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    store = CaptureStore.open(tmp_path / 'captures')
    for number in range(3):
        add(
            store,
            number,
            face_id=str(number),
            person_id='ana',
            captured_at_s=NOW_S + number,
            expires_at_s=time.time() + 1000.0,
            confidence=0.42,
            answers={'m/ferplus': (0.1, 0.0, 0.0, 0.6, 0.3, 0.0, 0.0)},
        )
    return store


@pytest.fixture
def window(application: Any, store: CaptureStore, tmp_path: Path) -> LabelWindow:
    return LabelWindow(LabelQueue(store), tmp_path / 'set', lambda: NOW_S)


def press(window: LabelWindow, *keys: int) -> None:
    for key in keys:
        event = QtGui.QKeyEvent(QtCore.QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
        QtCore.QCoreApplication.sendEvent(window, event)


def said(store: CaptureStore) -> list[str]:
    labels = LabelSteps(store).current()
    return [labels.get(one.capture_id, '-') for one in store.records()]


def test_one_key_a_face(window: LabelWindow, store: CaptureStore) -> None:
    """Each step is in the index before the next key; the last one leaves nothing to do."""
    assert window.words.text() == 'Predicted: happy (42%)    kept because: uncertain'
    assert window.answers.text() == 'm/ferplus: happy 60%, sad 30%'
    assert not window.picture.pixmap().isNull()
    press(window, Key.Key_Return)
    assert said(store) == ['happy', '-', '-']
    press(window, Key.Key_5)
    assert said(store) == ['happy', 'sad', '-']
    assert window.disagreements.item(0).text() == 'happy → sad'
    assert window.progress.value() == 2
    press(window, Key.Key_0)
    assert said(store) == ['happy', 'sad', 'none']
    assert window.words.text() == ALL_DONE
    press(window, Key.Key_1)
    assert 'every captured face is labelled' in window.message.text()


def test_skip_and_undo(window: LabelWindow, store: CaptureStore) -> None:
    press(window, Key.Key_S, Key.Key_1, Key.Key_U)
    assert said(store) == ['', '-', '-']
    press(window, Key.Key_U, Key.Key_U)
    assert said(store) == ['-', '-', '-']
    assert 'no step' in window.message.text()
    assert window.progress.value() == 0


def test_other_keys_do_nothing(window: LabelWindow, store: CaptureStore) -> None:
    press(window, Key.Key_8, Key.Key_A, Key.Key_Escape)
    assert said(store) == ['-', '-', '-']


def test_export_from_the_window(window: LabelWindow, tmp_path: Path) -> None:
    press(window, Key.Key_1, Key.Key_E)
    assert '1 labelled faces' in window.message.text()
    assert len(list((tmp_path / 'set' / 'angry').iterdir())) == 1


def test_who_is_forgotten_meanwhile_is_not_labelled(
    window: LabelWindow, store: CaptureStore
) -> None:
    add(store, 9, face_id='9', reason=Reason.NEW_LIGHT)
    CaptureStore.open(store.folder).forget('ana')
    press(window, Key.Key_1)
    assert window.message.text()
    assert said(store) == ['-']
    press(window, Key.Key_1)
    assert said(store) == ['angry']


def test_the_command_exports_without_a_window(
    store: CaptureStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = LabelQueue(store)
    queue.say('sad', NOW_S)
    captures, out = str(store.folder), str(tmp_path / 'set')
    assert label.main(['--captures', captures, '--out', out, '--export']) == 0
    assert '1 labelled faces' in capsys.readouterr().out
    assert len(list(Path(out, 'sad').iterdir())) == 1
    assert label.main(['--captures', captures, '--disagreements']) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row['predicted'], row['label'], row['person_id']) == ('happy', 'sad', 'ana')


def test_the_command_names_a_missing_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert label.main(['--captures', str(tmp_path / 'none')]) == 2
    assert 'no captured faces' in capsys.readouterr().err


def test_expired_faces_are_gone_before_anybody_looks(store: CaptureStore, tmp_path: Path) -> None:
    add(store, 7, expires_at_s=time.time() - 1.0)
    arguments = ['--captures', str(store.folder), '--out', str(tmp_path / 'set'), '--export']
    assert label.main(arguments) == 0
    assert len(store.records()) == 3
