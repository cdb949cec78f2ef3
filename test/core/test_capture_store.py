"""Captured faces on disk: whole or not there, within quota and time, gone when forgotten."""

from __future__ import annotations

import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from captures import NOW_S, add, crop, files, record, tear
from classroom_fer_ros.core import capture_store
from classroom_fer_ros.core.capture_index import INDEX
from classroom_fer_ros.core.capture_store import CaptureStore
from classroom_fer_ros.core.errors import CaptureError
from classroom_fer_ros.core.label_steps import LabelSteps
from classroom_fer_ros.core.labelling import export
from classroom_fer_ros.core.person_records import CapturedFaces


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore.open(tmp_path / 'captures')


def test_what_is_kept_comes_back(store: CaptureStore) -> None:
    kept = add(
        store,
        seed=3,
        person_id='ana',
        confidence=0.4,
        answers={'m/ferplus': (0.5, 0.5)},
        models={'m': 'abc'},
        yaw_rad=0.25,
    )
    again = CaptureStore.open(store.folder)
    (found,) = again.records()
    assert math.isnan(found.pitch_rad)
    assert replace(found, pitch_rad=0.0, face_px=0.0, luminance=0.0, sharpness=0.0) == replace(
        kept, pitch_rad=0.0, face_px=0.0, luminance=0.0, sharpness=0.0
    )
    assert np.array_equal(again.image(found), crop(3))


def test_an_empty_store(store: CaptureStore) -> None:
    assert store.records() == []
    assert store.forget('ana') == 0
    assert store.expire(NOW_S) == 0


def test_only_its_owner_may_look(store: CaptureStore) -> None:
    assert store.folder.stat().st_mode & 0o077 == 0


def test_who_is_forgotten_is_gone_from_exports_too(store: CaptureStore, tmp_path: Path) -> None:
    mine, other = add(store, 1, person_id='ana'), add(store, 2, person_id='bob')
    steps, out = LabelSteps(store), tmp_path / 'set'
    for one in (mine, other):
        steps.add(one.capture_id, 'sad', NOW_S)
    export(store, out)
    assert CapturedFaces(store.folder).erase_person('ana') == '1 captured pictures'
    assert [one.person_id for one in store.records()] == ['bob']
    assert steps.current() == {other.capture_id: 'sad'}
    assert {path.stem for path in files(store.folder)} == {other.capture_id}
    assert [path.stem for path in out.rglob('*.png')] == [other.capture_id]
    for name in ('expressions.npz', 'people.npz'):
        with np.load(out / name) as data:
            assert data['person'].tolist() == ['bob']
    trace = mine.capture_id.encode()
    assert not any(trace in path.read_bytes() for path in store.folder.glob(f'{INDEX}*'))


def test_a_set_with_torn_data_is_named(store: CaptureStore, tmp_path: Path) -> None:
    mine, out = add(store, 1, person_id='ana'), tmp_path / 'set'
    export(store, out)
    tear(out / 'people.npz')
    with pytest.raises(CaptureError, match=r'set.* cannot be changed.*delete it'):
        store.forget('ana')
    assert [one.capture_id for one in store.records()] == [mine.capture_id]


def test_nobody_is_forgotten_by_an_empty_id(store: CaptureStore) -> None:
    add(store)
    assert store.forget('') == 0
    assert len(store.records()) == 1


def test_forgetting_needs_no_folder(tmp_path: Path) -> None:
    assert CapturedFaces(tmp_path / 'none').erase_person('ana') == ''
    assert not (tmp_path / 'none').exists()


def test_what_is_too_old_goes(store: CaptureStore) -> None:
    add(store, 1, expires_at_s=NOW_S + 10.0)
    late = add(store, 2, expires_at_s=NOW_S + 20.0)
    assert store.expire(NOW_S + 10.0) == 1
    assert [one.capture_id for one in store.records()] == [late.capture_id]
    assert {path.stem for path in files(store.folder)} == {late.capture_id}


def test_the_quota_takes_the_oldest_without_a_label(store: CaptureStore) -> None:
    size = add(store, 0, captured_at_s=NOW_S).bytes
    quota = 3 * size + size // 2
    labelled, *_ = store.records()
    LabelSteps(store).add(labelled.capture_id, 'sad', NOW_S)
    second, third = (add(store, n, quota, captured_at_s=NOW_S + n) for n in (1, 2))
    fourth = add(store, 3, quota, captured_at_s=NOW_S + 3)
    left = [one.capture_id for one in store.records()]
    assert left == [labelled.capture_id, third.capture_id, fourth.capture_id]
    assert second.capture_id not in {path.stem for path in files(store.folder)}
    for one in (third, fourth):
        LabelSteps(store).add(one.capture_id, 'happy', NOW_S)
    with pytest.raises(CaptureError, match=r'quota'):
        add(store, 4, quota)
    assert len(store.records()) == len(files(store.folder)) == 3


def test_a_full_disk_keeps_what_there_is(
    store: CaptureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, 1)
    monkeypatch.setattr(capture_store, 'MIN_FREE_BYTES', 1 << 62)
    with pytest.raises(CaptureError, match=r'full'):
        add(store, 2)
    assert len(store.records()) == len(files(store.folder)) == 1


def test_a_write_that_fails_leaves_nothing(
    store: CaptureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(path: Path, data: bytes) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(Path, 'write_bytes', break_off)
    with pytest.raises(CaptureError, match=r'No space left'):
        add(store)
    assert store.records() == []
    assert files(store.folder) == set()


def test_the_limit_counts_by_person_and_by_track(store: CaptureStore) -> None:
    for stamp_ns in (1, 2, 3):
        add(store, stamp_ns=stamp_ns, person_id='ana', face_id=str(stamp_ns))
    add(store, stamp_ns=3, face_id='1')
    assert store.count_since(record(person_id='ana').subject, 1) == 2
    assert store.count_since(record(face_id='1').subject, 0) == 1
    assert store.count_since(record(face_id='1', session='tuesday').subject, 0) == 0


def test_a_stranger_who_is_known_later(store: CaptureStore) -> None:
    add(store, face_id='1')
    add(store, face_id='2')
    store.adopt('monday', '1', 'ana')
    assert [one.person_id for one in store.records()] == ['ana', '']
    assert store.count_since('person ana', 0) == 1


KEEP_ON = """
import sys
from pathlib import Path
from captures import add
from classroom_fer_ros.core.capture_store import CaptureStore
store = CaptureStore.open(Path(sys.argv[1]))
for number in range(100_000):
    add(store, number, quota=2_000_000)
    print(number, flush=True)
"""


@pytest.mark.parametrize('kept', [1, 7, 60])
def test_a_killed_process_leaves_whole_pictures(tmp_path: Path, kept: int) -> None:
    """Also while the quota takes old ones away: 2 MB are about 50 crops of noise."""
    folder = tmp_path / 'captures'
    paths = os.pathsep.join(path for path in sys.path if path)
    process = subprocess.Popen(
        [sys.executable, '-c', KEEP_ON, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, 'PYTHONPATH': paths},
    )
    for line in process.stdout:
        if int(line) >= kept:
            break
    time.sleep(0.003 * kept / 60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = CaptureStore.open(folder)
    records = store.records()
    assert len(records) >= min(kept, 40)
    assert {one.capture_id for one in records} == {path.stem for path in files(folder)}
    assert all(path.suffix == '.png' for path in files(folder))
    for one in records:
        assert store.image(one).shape == (112, 112, 3)
    add(store)


def test_what_a_broken_machine_left_is_swept(store: CaptureStore) -> None:
    """A crop without a row, the part of one, a row without a crop, half a crop."""
    whole, lost, torn = (add(store, number) for number in range(3))
    (store.folder / whole.file).with_name('stray.png').write_bytes(b'png')
    (store.folder / whole.file).with_name('stray.part').write_bytes(b'pn')
    (store.folder / lost.file).unlink()
    (store.folder / torn.file).write_bytes(b'')
    store.close()
    again = CaptureStore.open(store.folder)
    assert [one.capture_id for one in again.records()] == [whole.capture_id]
    assert {path.stem for path in files(store.folder)} == {whole.capture_id}


def test_two_processes_share_a_folder(store: CaptureStore) -> None:
    other = CaptureStore.open(store.folder)
    add(store, 1)
    add(other, 2)
    assert len(store.records()) == len(other.records()) == 2


def test_other_databases_are_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / INDEX) as connection:
        connection.execute('CREATE TABLE notes (text)')
    with pytest.raises(CaptureError, match=r"another program's"):
        CaptureStore.open(tmp_path)
    (tmp_path / INDEX).write_bytes(b'no database at all, but a text of some length')
    with pytest.raises(CaptureError, match=r'cannot be opened'):
        CaptureStore.open(tmp_path)


def test_an_index_that_breaks_while_it_is_open(store: CaptureStore) -> None:
    """Told as every other trouble, so that the analysis goes on."""
    with sqlite3.connect(store.folder / INDEX) as connection:
        connection.execute('DROP TABLE steps')
        connection.execute('DROP TABLE captures')
    asked = (store.records, lambda: store.count_since('someone', 0), LabelSteps(store).current)
    for ask in asked:
        with pytest.raises(CaptureError, match=r'cannot be read: no such table'):
            ask()


def test_a_folder_that_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r'no captured faces'):
        CaptureStore.open(tmp_path / 'none', may_create=False)
    assert not (tmp_path / 'none').exists()
