"""Erasing people from what is kept beside the gallery."""

import csv
from pathlib import Path

import numpy as np
import pytest

import captures
from classroom_fer_ros.core import session_output
from classroom_fer_ros.core.capture_store import CaptureStore
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.person_records import CapturedFaces, RecordedFolder, erase_everywhere
from classroom_fer_ros.core.results import Face, FrameResult
from classroom_fer_ros.core.session_output import SessionOutput

ANA, BO = 'a' * 32, 'b' * 32


class Broken:
    def erase_person(self, person_id: str) -> str:
        raise DataError('the disk is gone')


def result(index: int, *people: str) -> FrameResult:
    faces = tuple(
        Face(
            face_id=f'{number}',
            box_xyxy=(0.0, 0.0, 9.0, 9.0),
            score=1.0,
            keypoints_xy=np.zeros((5, 2)),
            person_id=person,
            person_name='Name',
        )
        for number, person in enumerate(people)
    )
    return FrameResult(stamp_ns=index, index=index, size_wh=(64, 48), faces=faces)


def test_ids_are_taken_out_of_tables_and_reports(tmp_path: Path) -> None:
    inner = tmp_path / 'lessons' / 'monday'
    inner.mkdir(parents=True)
    (inner / 'faces.csv').write_text(f'1,{ANA}\n2,{BO}\n3,{ANA}\n')
    (inner / 'summary.json').write_text(f'{{"person_id": "{ANA}"}}')
    (inner / 'film.mp4').write_bytes(ANA.encode())
    words = RecordedFolder(tmp_path).erase_person(ANA)
    assert words == f'3 entries in 2 files below {tmp_path}'
    assert (inner / 'faces.csv').read_text() == f'1,\n2,{BO}\n3,\n'
    assert (inner / 'summary.json').read_text() == '{"person_id": ""}'
    assert (inner / 'film.mp4').read_bytes() == ANA.encode()
    assert RecordedFolder(tmp_path).erase_person(ANA) == ''
    assert len(list(inner.iterdir())) == 3
    with pytest.raises(DataError, match='nowhere'):
        RecordedFolder(tmp_path / 'nowhere')


def test_captured_faces_are_erased_and_counted(tmp_path: Path) -> None:
    store = CaptureStore.open(tmp_path / 'captures')
    for seed, person in enumerate((ANA, BO, ANA)):
        captures.add(store, seed, person_id=person)
    assert CapturedFaces(store.folder).erase_person(ANA) == '2 captured pictures'
    assert [one.person_id for one in store.records()] == [BO]
    assert CapturedFaces(store.folder).erase_person(ANA) == ''
    assert CapturedFaces(tmp_path / 'none').erase_person(ANA) == ''
    store.close()


def test_one_store_that_fails_does_not_keep_the_others_from_it(tmp_path: Path) -> None:
    table = tmp_path / 'faces.csv'
    table.write_text(ANA)
    with pytest.raises(DataError, match=r'not erased everywhere.*disk is gone'):
        erase_everywhere([Broken(), RecordedFolder(tmp_path)], ANA)
    assert table.read_text() == ''


def test_a_session_that_goes_on_forgets_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = SessionOutput(tmp_path, 25.0, has_film=False)
    picture = np.zeros((48, 64, 3), np.uint8)
    output.write(picture, result(0, ANA, BO))
    assert output.erase_person(ANA) == f'1 entries in the tables of {tmp_path}'
    assert output.erase_person(ANA) == ''
    monkeypatch.setattr(session_output, 'erase_from_text', Broken.erase_person)
    with pytest.raises(DataError, match='disk is gone'):
        output.erase_person(BO)
    output.write(picture, result(1, '', BO))
    output.close()
    with (tmp_path / 'faces.csv').open(encoding='utf-8') as lines:
        rows = [(row['frame'], row['person_id']) for row in csv.DictReader(lines)]
    assert rows == [('0', ''), ('0', BO), ('1', ''), ('1', BO)]
