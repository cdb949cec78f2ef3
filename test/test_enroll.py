"""The commands that enrol people from pictures and look after the gallery."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from captures import add
from classroom_fer_ros import enroll, people
from classroom_fer_ros.core.capture_config import captures_dir
from classroom_fer_ros.core.capture_sets import PEOPLE_FILE
from classroom_fer_ros.core.capture_store import CaptureStore
from classroom_fer_ros.core.embedding import EMBEDDING_CARD, EMBEDDING_SIZE
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.gallery_file import usual_gallery_path
from classroom_fer_ros.core.labelling import export
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_files import models_dir


@pytest.fixture(scope='module')
def portraits(data_dir: Path) -> list[list[Path]]:
    """Three photographs each of two people."""
    folders = sorted((data_dir / 'people').iterdir())[:2]
    return [sorted(folder.glob('*.jpg'))[:3] for folder in folders]


@pytest.fixture
def gallery(tmp_path: Path) -> list[str]:
    return ['--gallery', str(tmp_path / 'gallery.sqlite')]


def run_enroll(name: str, pictures: list[Path], options: list[str]) -> int:
    return enroll.main([name, *map(str, pictures), *options])


def enrolled(gallery: list[str], capsys: pytest.CaptureFixture[str]) -> list[dict]:
    capsys.readouterr()
    assert people.main(['list', '--json', *gallery]) == 0
    return json.loads(capsys.readouterr().out)


def test_people_are_enrolled_listed_and_forgotten(
    portraits: list, gallery: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / 'ana'
    folder.mkdir()
    for path in portraits[0]:
        shutil.copy(path, folder)
    assert run_enroll('Žofie', [folder], gallery) == 0
    assert run_enroll('李小明', portraits[1], [*gallery, '--days', '0', '--keep-crops']) == 0
    first, second = enrolled(gallery, capsys)
    assert (first['name'], first['embeddings'], first['crops']) == ('Žofie', 3, 0)
    assert (second['name'], second['expires_at'], second['crops']) == ('李小明', '', 3)
    assert first['expires_at'] > first['enrolled_at']
    # The same face once more, under its name and under another.
    assert run_enroll('Žofie', portraits[0][:1], gallery) == 0
    assert run_enroll('Bo', portraits[0], gallery) == 2
    assert 'already, as Žofie' in capsys.readouterr().err
    assert len(enrolled(gallery, capsys)) == 2
    assert people.main(['re-embed', *gallery]) == 2
    assert 'Žofie' in capsys.readouterr().err
    records = tmp_path / 'lesson'
    records.mkdir()
    table = records / 'faces.csv'
    table.write_text(f'face_id,person_id\n001,{first["person_id"]}\n002,other\n')
    pq.write_table(
        pa.table({'face': ['1', '2', '3'], 'person_id': [first['person_id'], 'other', None]}),
        records / 'frames.parquet',
    )
    (records / 'lesson.mcap').write_bytes(b'a recording')
    forget = ['forget', first['person_id'], *gallery, '--records', str(records)]
    assert people.main(forget) == 0
    told = capsys.readouterr().out
    assert 'erased Žofie' in told
    assert '1 rows of tables of films' in told
    assert 'lesson.mcap' in told
    rows = pq.read_table(records / 'frames.parquet').to_pylist()
    assert [row['person_id'] for row in rows] == [None, 'other', None]
    assert table.read_text() == 'face_id,person_id\n001,\n002,other\n'
    assert people.main(forget) == 2
    assert people.main(['re-embed', *gallery]) == 0
    assert [one['name'] for one in enrolled(gallery, capsys)] == ['李小明']


def captured(gallery: list[str], *names: str) -> tuple[list[str], CaptureStore]:
    """People whose time is over, with one captured face each."""
    enrolled = Gallery.open(Path(gallery[1]), load_card(models_dir() / EMBEDDING_CARD))
    vectors = np.eye(len(names), EMBEDDING_SIZE, dtype=np.float32)
    ids = [
        enrolled.enroll(name, vector[None], 0.0, 1.0)
        for name, vector in zip(names, vectors, strict=True)
    ]
    enrolled.close()
    store = CaptureStore.open(captures_dir())
    for seed, person_id in enumerate(ids):
        add(store, seed, person_id=person_id)
    return ids, store


@pytest.mark.parametrize('command', [['expire'], ['re-embed', '--forget-others']])
def test_captured_faces_go_with_who_is_erased(
    command: list[str], gallery: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('CLASSROOM_FER_HOME', str(tmp_path / 'home'))
    _, store = captured(gallery, 'Ana', 'Bo')
    add(store, 9, person_id='other')
    assert people.main([*command, *gallery]) == 0
    assert [one.person_id for one in store.records()] == ['other']
    store.close()


def test_all_are_named_of_whom_something_is_left(
    gallery: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """They are in the gallery no more: nobody would ask about them again."""
    monkeypatch.setenv('CLASSROOM_FER_HOME', str(tmp_path / 'home'))
    ids, store = captured(gallery, 'Ana', 'Bo')
    exported = tmp_path / 'labelled'
    export(store, exported)
    (exported / PEOPLE_FILE).write_bytes(b'broken')
    assert people.main(['expire', *gallery]) == 2
    told = capsys.readouterr().err
    assert all(person_id in told for person_id in ids)
    shutil.rmtree(exported)
    assert [people.main(['forget', person_id, *gallery]) for person_id in ids] == [0, 0]
    assert store.records() == []
    store.close()


def test_pictures_that_are_no_good_are_named_with_the_reason(
    portraits: list, gallery: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = cv2.imread(str(portraits[0][0]))
    made = {
        'blurred': cv2.GaussianBlur(image, (0, 0), 3.5),
        'too dark': image // 14,
        'two faces': np.hstack([image, image]),
        'no face': np.full_like(image, 200),
        'too small': cv2.copyMakeBorder(
            cv2.resize(image, None, fx=0.28, fy=0.28), *[90] * 4, cv2.BORDER_REPLICATE
        ),
    }
    for name, picture in made.items():
        cv2.imwrite(str(tmp_path / f'{name}.png'), picture)
    (tmp_path / 'broken.jpg').write_bytes(b'no picture')
    assert enroll.main(['Ana', str(tmp_path), *gallery]) == 2
    told = capsys.readouterr().err
    for name in made:
        assert f'{name}.png: refused, {name}' in told
    assert 'broken.jpg: refused, no picture' in told
    assert not Path(gallery[1]).exists()
    assert run_enroll('Ana', [tmp_path, portraits[0][0]], gallery) == 0


@pytest.mark.parametrize('arguments', [['Ana', '/no/such/picture.jpg'], [' ', '/'], ['Ana', '.']])
def test_what_cannot_be_enrolled_says_why(
    arguments: list[str], gallery: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert enroll.main([*arguments, *gallery]) == 2


def test_a_gallery_is_encrypted_by_commands(
    portraits: list, gallery: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip('cryptography', reason='requirements/encryption.txt is not installed')
    key = str(tmp_path / 'key')
    assert run_enroll('Ana', portraits[0][:1], gallery) == 0
    assert people.main(['new-key', key]) == 0
    assert people.main(['encrypt', *gallery]) == 2
    assert people.main(['encrypt', *gallery, '--key', key]) == 0
    assert people.main(['list', *gallery]) == 2
    assert [one['name'] for one in enrolled([*gallery, '--key', key], capsys)] == ['Ana']


def test_the_usual_gallery_is_in_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv('CLASSROOM_FER_HOME')
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path))
    assert usual_gallery_path() == tmp_path / 'classroom_fer_ros' / 'gallery.sqlite'
