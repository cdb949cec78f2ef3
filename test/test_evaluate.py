"""The command that scores the expression classifier: tables, JSON, the matrix and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.evaluate import main
from tiny_models import LABELS, faces_showing, write_expression_model


@pytest.fixture
def card(tmp_path: Path) -> Path:
    heads = {'ferplus': LABELS, 'fer2013': EXPRESSION_LABELS}
    return write_expression_model(tmp_path, heads=heads, settings={'uncertain_below': 0.5})


@pytest.fixture
def faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    votes = np.zeros((3, 10), np.uint8)
    votes[:, 1] = 10  # happiness
    np.savez(
        tmp_path / 'faces.npz',
        images=faces_showing(3, 3, 4) + faces_showing(3, 4, 4, head=1),
        votes=votes,
        fer2013=np.array([3, 4, -1]),
    )
    return tmp_path / 'faces.npz'


@pytest.fixture
def photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'photos' / 'happy').mkdir(parents=True)
    cv2.imwrite(str(tmp_path / 'photos' / 'happy' / 'a.png'), np.zeros((64, 64, 3), np.uint8))
    return tmp_path / 'photos'


def test_json_of_a_file(faces: Path, card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['expression', str(faces), '--model', str(card), '--json']) == 0
    values = json.loads(capsys.readouterr().out)
    assert values['ferplus']['accuracy'] == pytest.approx(2 / 3)
    assert values['fer2013']['accuracy'] == 1.0
    keys = {'accuracy', 'accuracy_without_near_duplicates', 'macro_f1', 'recall', 'count'}
    assert keys <= set(values['ferplus'])
    assert {'calibration_error', 'milliseconds_per_face', 'parameters', 'model'} <= set(values)
    assert values['confusion_png'] == 'out/confusion_faces.png'
    assert cv2.imread('out/confusion_faces.png') is not None


def test_tables_of_a_file(faces: Path, card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ['expression', str(faces), '--model', str(card), '--png', 'here.png']
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    for words in (*LABELS, '66.7%', 'calibration error', 'parameters', 'here.png'):
        assert words in printed, words
    assert Path('here.png').is_file()


def test_photographs(photographs: Path, card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ['expression', str(photographs), '--model', str(card)]
    assert main([*arguments, '--json', '--head', 'fer2013']) == 0
    values = json.loads(capsys.readouterr().out)
    assert (values['not_found'], values['count'], values['mean_recall']) == (1, 1, 0.0)
    assert (values['head'], values['recall']['sad']) == ('fer2013', None)
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert 'no face found in 1 of them (happy 1)' in ' '.join(printed.split())


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        pytest.param(['none.npz'], 'none.npz cannot be read', id='no file'),
        pytest.param(['faces.npz', '--model', 'none.json'], 'none.json', id='no card'),
        pytest.param(['faces.npz', '--head', 'ferplus'], '--head is for a folder', id='head'),
        pytest.param(['.'], 'holds no photograph', id='empty folder'),
    ],
)
def test_bad_input_is_named(
    faces: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(['expression', *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ''
    assert words in printed.err
    assert 'Traceback' not in printed.err
