"""Truth files."""

import dataclasses
import json
from pathlib import Path

import pytest

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.simulation import (
    StudentTruth,
    read_truth,
    truth_path,
    write_truth_line,
)

TRUTH = StudentTruth(
    stamp_s=0.04,
    student='student_01',
    box_xyxy=(10.5, 20.25, 110.0, 140.125),
    size_px=119.875,
    yaw_rad=-0.25,
    pitch_rad=0.125,
    roll_rad=0.0,
    eyes_open=0.5,
    mouth_open=1.0,
    expression='happy',
    event='yawn',
)


def write(path: Path, *truths: tuple[int, StudentTruth]) -> None:
    with path.open('w', encoding='utf-8') as stream:
        for frame, truth in truths:
            write_truth_line(stream, frame, truth)


@pytest.mark.parametrize('count', [0, 1, 50])
def test_round_trip(tmp_path: Path, count: int) -> None:
    truths = [(i, dataclasses.replace(TRUTH, stamp_s=i / 25)) for i in range(count)]
    write(tmp_path / 'a.truth.jsonl', *truths)
    assert list(read_truth(tmp_path / 'a.truth.jsonl')) == truths


def test_lines_hold_what_is_documented(tmp_path: Path) -> None:
    write(tmp_path / 'a.truth.jsonl', (7, TRUTH))
    (line,) = (tmp_path / 'a.truth.jsonl').read_text().splitlines()
    assert json.loads(line) == {
        'frame': 7,
        **dataclasses.asdict(TRUTH),
        'box_xyxy': list(TRUTH.box_xyxy),
    }


@pytest.mark.parametrize(
    'text',
    ['{', '[]', '{"frame": 1}', '{"frame": 1, "box_xyxy": [1, 2, 3]}', 'null', '\n'],
)
def test_malformed_lines_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'a.truth.jsonl'
    write(path, (0, TRUTH))
    path.write_text(path.read_text() + text + '\n')
    with pytest.raises(DataError, match='line 2'):
        list(read_truth(path))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='no truth file'):
        list(read_truth(tmp_path / 'a.truth.jsonl'))


def test_where_the_truth_lies() -> None:
    assert truth_path(Path('films/class.mp4')) == Path('films/class.truth.jsonl')
