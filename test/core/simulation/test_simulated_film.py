"""Films of the simulated class and the tool that writes them."""

from pathlib import Path

import cv2
import pytest

from classroom_fer_ros import simulate
from classroom_fer_ros.core.errors import ConfigError, SourceError
from classroom_fer_ros.core.simulation import SimulationConfig, read_truth, render_film

SMALL = SimulationConfig(students=2, width=320, height=180, fps=10.0)


def test_film_and_truth_belong_together(tmp_path: Path) -> None:
    film = tmp_path / 'new' / 'class.mp4'
    assert list(render_film(SMALL, film, 0.5)) == [(i, 5) for i in range(1, 6)]
    assert sorted(path.name for path in film.parent.iterdir()) == [
        'class.mp4',
        'class.truth.jsonl',
    ]
    capture = cv2.VideoCapture(str(film))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10.0)
    lines = list(read_truth(tmp_path / 'new' / 'class.truth.jsonl'))
    assert [(frame, truth.student) for frame, truth in lines] == [
        (frame, student) for frame in range(5) for student in ('student_01', 'student_02')
    ]
    assert all(truth.stamp_s == pytest.approx(frame / 10) for frame, truth in lines)


def test_a_film_given_up_leaves_nothing(tmp_path: Path) -> None:
    rendering = render_film(SMALL, tmp_path / 'class.mp4', 1.0)
    next(rendering)
    rendering.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('seconds', [0.0, -1.0, float('nan'), float('inf')])
def test_a_film_has_a_length(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(ConfigError, match='seconds'):
        next(render_film(SMALL, tmp_path / 'class.mp4', seconds))


def test_a_film_needs_a_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'\.mp4'):
        next(render_film(SMALL, tmp_path / 'class.avi', 1.0))
    (tmp_path / 'file').write_text('')
    with pytest.raises(SourceError, match='cannot be made'):
        next(render_film(SMALL, tmp_path / 'file' / 'class.mp4', 1.0))


def test_the_tool_writes_both_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = tmp_path / 'class.mp4'
    options = ['--seconds', '0.2', '--students', '1', '--size', '320x180', '--fps', '10']
    assert simulate.main(['--out', str(film), *options]) == 0
    printed = capsys.readouterr().out.split()
    assert printed[-2:] == [str(film), str(tmp_path / 'class.truth.jsonl')]
    assert all(Path(path).is_file() for path in printed[-2:])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--students', '41'], 'students = 41'),
        (['--people-dir', '/no/such/folder'], 'no such folder'),
        (['--seconds', '0'], 'seconds = 0'),
    ],
)
def test_the_tool_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert simulate.main(['--out', str(tmp_path / 'class.mp4'), *options]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize('size', ['1280', '1280x', 'axb', '-1x5'])
def test_the_tool_wants_a_size(tmp_path: Path, size: str) -> None:
    with pytest.raises(SystemExit):
        simulate.main(['--out', str(tmp_path / 'class.mp4'), f'--size={size}'])
