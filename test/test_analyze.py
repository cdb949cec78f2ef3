"""Films into tables without ROS: a real film, the same output twice, and what goes wrong."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('pyarrow', reason='no pyarrow: run `make setup`')

import pyarrow.parquet as pq

from classroom_fer_ros import analyze, evaluate, frame_table
from classroom_fer_ros.analyze import INTERRUPTED, main
from classroom_fer_ros.core.errors import DataError, SourceError
from classroom_fer_ros.core.expression import ExpressionConfig
from classroom_fer_ros.core.film_analysis import find_films, result_folders, thinned
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.overlay import without_names
from classroom_fer_ros.core.pipeline import PipelineConfig
from classroom_fer_ros.core.results import Expression, Face, Fatigue, FrameResult, HeadPose
from films import read_film

ROOT = Path(__file__).resolve().parent.parent
#: By eye, pictures of the talking face, counted from 1, in which the lids are down.
LIDS_DOWN = ((222, 226), (333, 336))
FPS = 30.0
FILES = ['events.csv', 'frames.parquet', 'summary.json']


@pytest.fixture(scope='module')
def talking(data_dir: Path) -> Path:
    return data_dir / 'video' / 'face_talking_a.mp4'


@pytest.fixture(scope='module')
def results(talking: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole film, analysed with --video."""
    out = tmp_path_factory.mktemp('talking')
    assert main([str(talking), '--out', str(out), '--video']) == 0
    return out / talking.stem


def write_film(path: Path, images: list[np.ndarray], fps: float = FPS) -> Path:
    height, width = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), fps, (width, height))
    for image in images:
        writer.write(image)
    writer.release()
    return path


@pytest.fixture(scope='module')
def clip(talking: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of the film, around the first blink."""
    images = [frame.image_bgr for frame in read_film(talking, 195, 255)]
    return write_film(tmp_path_factory.mktemp('clip') / 'clip [1].mp4', images)


def gray_film(path: Path, pictures: int = 8) -> Path:
    """A film without faces, quick to analyse."""
    return write_film(path, [np.full((48, 64, 3), 90, np.uint8)] * pictures)


def events_of(folder: Path) -> list[dict[str, str]]:
    with (folder / 'events.csv').open(newline='') as lines:
        return list(csv.DictReader(lines))


def test_closures_of_a_real_film(results: Path) -> None:
    found = [row for row in events_of(results) if row['kind'] in ('blink', 'long_closure')]
    for first, last in LIDS_DOWN:
        start_s, end_s = (first - 1) / FPS, last / FPS
        assert any(
            float(row['start_s']) <= end_s and float(row['end_s']) >= start_s for row in found
        ), (first, last)
    assert {row['face'] for row in found} == {'001'}
    assert len(found) <= 4


def test_the_table_has_one_row_a_face_and_picture(results: Path) -> None:
    table = pq.read_table(results / 'frames.parquet')
    assert table.column_names == [column.name for column in frame_table.COLUMNS]
    assert table.column('frame').to_pylist() == list(range(448))
    stamps_s = np.array(table.column('stamp_s').to_pylist())
    assert stamps_s == pytest.approx(np.arange(448) / FPS, abs=1e-6)
    assert set(table.column('face').to_pylist()) == {'001'}
    openness = np.array(table.column('left_openness').to_pylist(), float)
    assert np.nanmin(openness) < 0.3 < 0.6 < np.nanmedian(openness)
    # Half a minute of judged time is needed: never known in 15 s, so null and not 0.
    assert table.column('perclos').null_count == 448
    for field in table.schema:
        assert field.metadata[b'description'], field.name


def test_the_summary(results: Path) -> None:
    summary = json.loads((results / 'summary.json').read_text())
    assert summary['film'] == 'face_talking_a.mp4'
    assert (summary['pictures'], summary['is_complete'], summary['problem']) == (448, True, '')
    assert summary['events']['blink'] == sum(r['kind'] == 'blink' for r in events_of(results))
    (face,) = summary['faces']
    assert face['seen_s'] == pytest.approx(14.9, abs=0.3)


def test_the_annotated_film_plays_and_is_drawn_on(results: Path, talking: Path) -> None:
    drawn = list(read_film(results / 'annotated.mp4'))
    assert len(drawn) == 448
    assert drawn[100].stamp_ns == pytest.approx(100 / FPS * 1e9, rel=1e-3)
    (plain,) = read_film(talking, 100, 101)
    change = cv2.absdiff(drawn[100].image_bgr, plain.image_bgr)
    assert (change.max(axis=2) > 80).sum() > 500


def test_the_same_film_gives_the_same_files(clip: Path, tmp_path: Path) -> None:
    for name in ('a', 'b'):
        assert main([str(clip), '--out', str(tmp_path / name)]) == 0
    folders = [tmp_path / name / clip.stem for name in ('a', 'b')]
    assert sorted(path.name for path in folders[0].iterdir()) == FILES
    for name in FILES:
        first, second = ((folder / name).read_bytes() for folder in folders)
        assert first == second, name
    assert [row['kind'] for row in events_of(folders[0])] == ['blink']


def test_a_lower_rate_says_what_it_cannot_know(clip: Path, tmp_path: Path) -> None:
    assert main([str(clip), '--out', str(tmp_path), '--fps', '10', '--video']) == 0
    folder = tmp_path / clip.stem
    frames = pq.read_table(folder / 'frames.parquet').column('frame').to_pylist()
    assert frames == list(range(0, 60, 3))
    summary = json.loads((folder / 'summary.json').read_text())
    assert (summary['film_fps'], summary['analysed_fps']) == (30.0, 10.0)
    assert summary['unknown'] == ['blink']
    assert summary['events']['blink'] is None
    capture = cv2.VideoCapture(str(folder / 'annotated.mp4'))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10.0)


class Stamped:
    """Source of empty pictures at given times."""

    def __init__(self, stamps_s: list[float]) -> None:
        self._frames = [Frame(np.zeros((1, 1, 3), np.uint8), round(s * 1e9)) for s in stamps_s]

    def read(self) -> Frame | None:
        return self._frames.pop(0) if self._frames else None


@pytest.mark.parametrize(
    ('stamps_s', 'fps', 'kept_s'),
    [
        ([n / 25 for n in range(8)], 0.0, [n / 25 for n in range(8)]),
        ([n / 25 for n in range(8)], 60.0, [n / 25 for n in range(8)]),
        ([n / 10 for n in range(6)], 5.0, [0.0, 0.2, 0.4]),
        ([n / 30 for n in range(20)], 15.0, [n / 15 for n in range(10)]),
        ([0.0, 0.19, 0.21, 0.39, 3.0, 3.01], 5.0, [0.0, 0.21, 3.0]),
        ([], 5.0, []),
    ],
    ids=['every', 'faster than the film', 'half', 'rounded', 'irregular', 'empty'],
)
def test_thinned_by_stamps(stamps_s: list[float], fps: float, kept_s: list[float]) -> None:
    kept = [frame.stamp_s for frame in thinned(Stamped(stamps_s), fps)]  # type: ignore[arg-type]
    assert kept == pytest.approx(kept_s)


def test_a_folder_of_films_with_a_broken_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    films = tmp_path / 'films'
    films.mkdir()
    gray_film(films / 'a.mp4')
    (films / 'b.mp4').write_bytes(b'no film at all' * 100)
    whole = gray_film(films / 'c.MP4', 8).read_bytes()
    (films / 'notes.txt').write_text('no film')
    (films / '.d.mp4').write_bytes(whole)
    assert main([str(films), '--out', str(tmp_path / 'out')]) == 1
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['a', 'c']
    told = capsys.readouterr()
    assert 'b.mp4 cannot be played' in told.err
    assert 'a: 8 pictures' in told.out
    assert 'c: 8 pictures' in told.out
    assert pq.read_table(tmp_path / 'out' / 'c' / 'frames.parquet').num_rows == 0


def test_a_film_that_breaks_off_is_not_complete(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The index stands at the end of an MP4: an AVI can be cut.
    images = [frame.image_bgr for frame in read_film(clip)]
    height, width = images[0].shape[:2]
    path = tmp_path / 'cut.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), FPS, (width, height))
    for image in images:
        writer.write(image)
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    assert main([str(path), '--out', str(tmp_path / 'out')]) == 1
    summary = json.loads((tmp_path / 'out' / 'cut' / 'summary.json').read_text())
    assert not summary['is_complete']
    assert 10 < summary['pictures'] < 30
    assert 'truncated' in summary['problem']
    assert 'cut.avi is truncated' in capsys.readouterr().err


def test_ctrl_c_leaves_readable_files(talking: Path, tmp_path: Path) -> None:
    command = [sys.executable, '-m', 'classroom_fer_ros.analyze', str(talking), '--video']
    running = subprocess.Popen(
        [*command, '--out', str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join([str(ROOT), *sys.path])},
        stderr=subprocess.PIPE,
        text=True,
    )
    film = tmp_path / talking.stem / 'annotated.mp4'
    end_s = time.monotonic() + 120.0
    # The annotated film is written by and by: some pictures have been analysed.
    while time.monotonic() < end_s and not (film.exists() and film.stat().st_size > 100_000):
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    told = running.communicate(timeout=60)[1]
    assert running.returncode == INTERRUPTED
    assert 'was broken off' in told
    assert 'Traceback' not in told
    summary = json.loads((film.parent / 'summary.json').read_text())
    assert not summary['is_complete']
    assert 0 < summary['pictures'] < 448
    assert pq.read_table(film.parent / 'frames.parquet').num_rows == summary['pictures']
    assert len(list(read_film(film))) == summary['pictures']
    events_of(film.parent)


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said when nothing can be begun."""
    assert main(arguments) == 2
    return capsys.readouterr().err


def test_what_cannot_be_begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / 'out')
    assert 'none.mp4 does not exist' in refused([str(tmp_path / 'none.mp4'), '--out', out], capsys)
    empty = tmp_path / 'empty'
    empty.mkdir()
    (empty / 'notes.txt').write_text('no film')
    told = refused([str(empty), '--out', out], capsys)
    assert f'{empty} holds no film' in told
    assert '.mp4' in told
    assert not Path(out).exists()


def test_two_films_of_one_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    films = [tmp_path / 'a' / 'x.mp4', tmp_path / 'b' / 'x.avi']
    for film in films:
        film.parent.mkdir()
        film.write_bytes(b'')
    told = refused([*map(str, films), '--out', str(tmp_path / 'out')], capsys)
    assert f'{films[0]} and {films[1]} would both' in told
    assert not (tmp_path / 'out').exists()
    # One film that is named twice is one film.
    assert find_films([films[0], films[0].parent]) == [films[0]]


def test_results_are_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film, out = gray_film(tmp_path / 'a.mp4'), tmp_path / 'out'
    (out / 'a').mkdir(parents=True)
    assert main([str(film), '--out', str(out)]) == 0
    before = (out / 'a' / 'summary.json').read_bytes()
    assert f'{out / "a"} exists already' in refused([str(film), '--out', str(out)], capsys)
    assert (out / 'a' / 'summary.json').read_bytes() == before
    other = gray_film(tmp_path / 'b.mp4')
    assert main([str(other), '--out', str(out)]) == 0


def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = gray_film(tmp_path / 'a.mp4')
    file = tmp_path / 'file'
    file.write_text('')
    assert f'{file}' in refused([str(film), '--out', str(file)], capsys)
    if os.geteuid():  # root may write everywhere
        locked = tmp_path / 'locked'
        locked.mkdir(mode=0o500)
        assert f'{locked}' in refused([str(film), '--out', str(locked)], capsys)
    # Permissions do not stop root; this does everybody.
    assert '/proc/out' in refused([str(film), '--out', '/proc/out'], capsys)


def test_a_missing_model_leaves_no_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    films = [str(gray_film(tmp_path / name)) for name in ('a.mp4', 'b.mp4')]
    config = PipelineConfig(expression=ExpressionConfig(card='none.json'))
    monkeypatch.setattr(analyze, 'PipelineConfig', lambda **_: config)
    told = refused([*films, '--out', str(tmp_path / 'out')], capsys)
    assert told.count('none.json') == 1
    assert list((tmp_path / 'out').iterdir()) == []


def test_names_that_are_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match='has no name'):
        result_folders([tmp_path / '...mp4'], tmp_path / 'out')


@pytest.mark.parametrize('kind', ['picture', 'text', 'empty'])
def test_what_is_no_film(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / {'picture': '0.png', 'text': 'a.txt', 'empty': 'a.mp4'}[kind]
    path.write_text('' if kind == 'empty' else 'x')
    if kind == 'picture':  # FFmpeg would play it
        cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
    assert main([str(path), '--out', str(tmp_path / 'out')]) == 1
    assert str(path) in capsys.readouterr().err
    assert list((tmp_path / 'out').iterdir()) == []


@pytest.mark.parametrize('fps', ['0', '-5', 'nan', 'many', '1e9'])
def test_rates_that_make_no_sense(fps: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(['a.mp4', '--out', 'out', '--fps', fps])
    assert end.value.code == 2
    assert fps in capsys.readouterr().err


def result_of(*face_ids: str, index: int = 0) -> FrameResult:
    face = Face(face_id='', box_xyxy=(1, 2, 3, 4), score=0.5, keypoints_xy=np.zeros((5, 2)))
    return FrameResult(
        stamp_ns=index * 10**8,
        index=index,
        size_wh=(9, 9),
        faces=tuple(replace(face, face_id=one, person_name='Ana') for one in face_ids),
        expressions=tuple(Expression(face_id=one) for one in face_ids),
        fatigue=tuple(Fatigue(face_id=one) for one in face_ids),
        head_poses=tuple(HeadPose(face_id=one) for one in face_ids),
    )


def test_tables_of_no_one_and_many_faces(tmp_path: Path) -> None:
    path = tmp_path / 'frames.parquet'
    with frame_table.FrameTable(path) as table:
        table.write(result_of())
        table.write(result_of('001', index=1))
        table.write(result_of('001', '002', index=2))
    rows = pq.read_table(path).to_pylist()
    assert [(row['frame'], row['face']) for row in rows] == [(1, '001'), (2, '001'), (2, '002')]
    unknown = ('person_id', 'expression', 'confidence', 'perclos', 'yaw_rad', 'is_closed')
    assert all(rows[0][name] is None for name in unknown)
    assert (rows[0]['expression_status'], rows[0]['motion']) == ('cannot_judge', 'none')
    assert 'Ana' not in str(rows)
    assert [course.face for course in frame_table.read_perclos(path)] == ['001', '002']


def test_recordings_show_no_names() -> None:
    (face,) = without_names(result_of('001')).faces
    assert (face.face_id, face.person_name) == ('001', '')


def test_long_tables_are_written_in_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_table, 'GROUP_ROWS', 4)
    path = tmp_path / 'frames.parquet'
    with frame_table.FrameTable(path) as table:
        for index in range(9):
            table.write(result_of('001', index=index))
    assert pq.read_metadata(path).num_row_groups == 3
    assert pq.read_table(path).column('frame').to_pylist() == list(range(9))


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'frames.parquet'
    path.write_text('no table')
    with pytest.raises(DataError, match=r'frames\.parquet'):
        frame_table.read_perclos(path)
    import pyarrow as pa

    pq.write_table(pa.table({'face': ['001']}), path)
    with pytest.raises(DataError, match='lacks the column stamp_s'):
        frame_table.read_perclos(path)


def test_every_column_is_documented() -> None:
    page = (ROOT / 'docs' / 'analysis.md').read_text(encoding='utf-8')
    assert '| `probability_<label>` |' in page
    for column in frame_table.COLUMNS:
        if not column.name.startswith('probability_'):
            assert f'| `{column.name}` | {column.description} |' in page


def test_scores_of_a_real_film(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / 'labels.csv'
    rows = [f'blink,{(first - 1) / FPS},{last / FPS}' for first, last in LIDS_DOWN]
    labels.write_text('\n'.join(['kind,start_s,end_s', *rows, 'yawn,1,3']))
    arguments = ['events', str(results / 'events.csv'), str(labels)]
    table = str(results / 'frames.parquet')
    assert evaluate.main([*arguments, '--json', '--frames', table]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report['closure']['recall'], report['closure']['labelled']) == (1.0, 2)
    assert report['yawn'] == {
        'precision': None,
        'recall': 0.0,
        'f1': 0.0,
        'labelled': 1,
        'found': 0,
    }
    assert report['perclos']['pictures'] == 0
    assert evaluate.main(arguments) == 0
    told = capsys.readouterr().out
    assert 'closure' in told
    assert 'shake' not in told


def test_scores_of_broken_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, labels = tmp_path / 'found.csv', tmp_path / 'labels.csv'
    found.write_text('kind,start_s,end_s,face\n')
    labels.write_text('kind,start_s,end_s,face\nblink,2,1,\n')
    assert evaluate.main(['events', str(found), str(labels), '--json']) == 2
    assert 'labels.csv, line 2' in capsys.readouterr().err
    arguments = ['events', str(found), str(found), '--frames', str(tmp_path / 'no.parquet')]
    assert evaluate.main(arguments) == 2
    assert 'no.parquet' in capsys.readouterr().err
