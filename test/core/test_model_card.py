"""Model cards and their weights: written, read back, and refused when anything is wrong."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.expression import network_input
from classroom_fer_ros.core.model_card import (
    ModelCard,
    load_card,
    open_session,
    provider_of,
    sha256_of,
)
from classroom_fer_ros.core.model_files import ENVIRONMENT_VARIABLE, models_dir
from classroom_fer_ros.core.package_files import package_file
from tiny_models import LABELS, faces_showing, write_expression_model

MINIMUM = {
    'name': 'a',
    'task': 'expression',
    'file': 'a.onnx',
    'sha256': '00',
    'input_size': [48, 48],
    'preprocessing': '/ 255',
}


def test_a_card_comes_back_as_it_was_written(tmp_path: Path) -> None:
    card = ModelCard(
        name='modèle',
        task='expression',
        file='a.onnx',
        sha256='00',
        input_size=(48, 40),
        preprocessing='÷ 255',
        quantized_file='a_int8.onnx',
        quantized_sha256='01',
        labels=LABELS,
        heads={'ferplus': LABELS, 'fer2013': LABELS[:7]},
        served_head='ferplus',
        accuracy={'ferplus': 0.87},
        settings={'temperature': 1.5},
        folder=tmp_path,
    )
    card.write(tmp_path / 'a.json')
    assert load_card(tmp_path / 'a.json') == card
    assert card.path == tmp_path / 'a.onnx'
    assert 'folder' not in json.loads((tmp_path / 'a.json').read_text(encoding='utf-8'))


def test_the_least_that_a_card_says(tmp_path: Path) -> None:
    (tmp_path / 'a.json').write_text(json.dumps(MINIMUM))
    card = load_card(tmp_path / 'a.json')
    assert (card.labels, card.input_size, card.accuracy) == ((), (48, 48), {})
    assert (card.heads, card.served_head) == ({}, '')


@pytest.mark.parametrize(
    'content',
    [
        pytest.param('', id='empty'),
        pytest.param('{"name": "a"', id='truncated'),
        pytest.param('[]', id='a list'),
        pytest.param('3', id='a number'),
        pytest.param('{}', id='no fields'),
        pytest.param(json.dumps(MINIMUM | {'colour': 'red'}), id='unknown field'),
        pytest.param(json.dumps(MINIMUM | {'input_size': 48}), id='size is no pair'),
        pytest.param(
            json.dumps({k: v for k, v in MINIMUM.items() if k != 'sha256'}), id='no hash'
        ),
    ],
)
def test_what_is_no_card(tmp_path: Path, content: str) -> None:
    path = tmp_path / 'a.json'
    path.write_text(content)
    with pytest.raises(ModelError, match=r'a\.json is no model card'):
        load_card(path)


def test_cards_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r'none\.json cannot be read: No such file'):
        load_card(tmp_path / 'none.json')
    with pytest.raises(ModelError, match='cannot be read'):
        load_card(tmp_path)
    (tmp_path / 'latin.json').write_bytes(b'{"name": "\xe9"}')
    with pytest.raises(ModelError, match='no model card'):
        load_card(tmp_path / 'latin.json')


def test_the_hash_of_a_file(tmp_path: Path) -> None:
    (tmp_path / 'a').write_bytes(b'abc')  # FIPS 180-2's example
    assert sha256_of(tmp_path / 'a') == (
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    )


@pytest.mark.parametrize('num_threads', [1, 2])
def test_weights_that_match_are_opened(tmp_path: Path, num_threads: int) -> None:
    session = open_session(load_card(write_expression_model(tmp_path)), num_threads)
    outputs = session.run(None, {'input': network_input(faces_showing(2, 5))})[0]
    np.testing.assert_array_equal(outputs.argmax(axis=1), [2, 5])


def test_weights_that_do_not_match_are_refused(tmp_path: Path) -> None:
    card = load_card(write_expression_model(tmp_path))
    card.path.write_bytes(card.path.read_bytes() + b' ')
    with pytest.raises(ModelError, match=r'tiny\.onnx is not the file.*make train-expression'):
        open_session(card)
    card.path.unlink()
    with pytest.raises(ModelError, match=r'tiny\.onnx is missing'):
        open_session(card)


def with_quantized(folder: Path) -> ModelCard:
    """A card whose quantized weights answer another output."""
    card = load_card(write_expression_model(folder))
    (folder / 'other').mkdir()
    other = load_card(write_expression_model(folder / 'other', heads={'other': LABELS}))
    quantized = other.path.rename(folder / 'tiny_int8.onnx')
    return replace(card, quantized_file=quantized.name, quantized_sha256=other.sha256)


def test_the_processor_takes_quantized_weights(tmp_path: Path) -> None:
    card = with_quantized(tmp_path)
    outputs = [
        session.get_outputs()[0].name
        for session in (
            open_session(card),
            open_session(card, is_exact=True),
            open_session(card, provider='cuda'),
        )
    ]
    assert outputs[0] == 'other'
    assert 'other' not in outputs[1:]


def test_quantized_weights_that_do_not_match_are_refused(tmp_path: Path) -> None:
    card = with_quantized(tmp_path)
    (tmp_path / 'tiny_int8.onnx').write_bytes(card.path.read_bytes())
    with pytest.raises(ModelError, match=r'tiny_int8\.onnx is not the file'):
        open_session(card)
    (tmp_path / 'tiny_int8.onnx').unlink()
    with pytest.raises(ModelError, match=r'tiny_int8\.onnx is missing'):
        open_session(card)


def test_weights_that_are_no_network(tmp_path: Path) -> None:
    path = write_expression_model(tmp_path)
    (tmp_path / 'tiny.onnx').write_bytes(b'no network')
    values: dict[str, Any] = json.loads(path.read_text())
    path.write_text(json.dumps(values | {'sha256': sha256_of(tmp_path / 'tiny.onnx')}))
    with pytest.raises(ModelError, match=r'ONNX Runtime cannot read .*tiny\.onnx'):
        open_session(load_card(path))


def test_the_folder_of_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    assert (models_dir() / 'face_shape.json').is_file()
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))
    assert models_dir() == tmp_path
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / 'none'))
    with pytest.raises(ModelError, match=f'none: set {ENVIRONMENT_VARIABLE}'):
        models_dir()


def test_files_of_packages_are_found_without_importing_them() -> None:
    already_imported = 'onnx.hub' in sys.modules
    path = package_file('onnx', 'onnx/hub.py')
    assert path.is_file()
    assert ('onnx.hub' in sys.modules) == already_imported


def test_files_that_packages_do_not_have() -> None:
    with pytest.raises(ModelError, match=r"'no-such-package' is not installed.*make setup"):
        package_file('no-such-package', 'a.tflite')
    with pytest.raises(ModelError, match=r'numpy \d.* does not ship numpy/a\.tflite'):
        package_file('numpy', 'numpy/a.tflite')


@pytest.mark.parametrize('provider', ['cuda', 'tensorrt'])
def test_the_cpu_takes_the_place_of_a_missing_provider(
    provider: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: ['CPUExecutionProvider'])
    session = open_session(load_card(write_expression_model(tmp_path)), provider=provider)
    assert provider_of(session) == 'cpu'
    assert f'provider {provider}' in caplog.text
    assert 'onnxruntime-gpu' in caplog.text


def test_a_provider_that_is_there_is_asked_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = ['CUDAExecutionProvider', 'CPUExecutionProvider']
    asked = []
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: there)
    monkeypatch.setattr(
        onnxruntime, 'InferenceSession', lambda path, options, providers: asked.append(providers)
    )
    card = load_card(write_expression_model(tmp_path))
    open_session(card, provider='cuda')
    assert caplog.text == ''
    open_session(card, provider='tensorrt')
    assert asked == [there, there]
    assert 'CUDAExecutionProvider computes' in caplog.text
