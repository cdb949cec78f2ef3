"""Training of the expression classifier: it learns a few pictures, and ONNX agrees with torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('torch', reason='no torch: run `make setup-training`')

import torch

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.expression import INPUT_SIZE, network_input
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_card import ModelCard, sha256_of
from classroom_fer_ros.training.augmentation import augment
from classroom_fer_ros.training.export import check_export, export_onnx
from classroom_fer_ros.training.expression_network import ExpressionNetwork
from classroom_fer_ros.training.ferplus import TRAINED_LABELS, LabelledFaces, load_ferplus
from classroom_fer_ros.training.train_expression import accuracy

NARROW = (8, 12, 16)


def test_served_labels_come_first() -> None:
    assert TRAINED_LABELS[:7] == EXPRESSION_LABELS
    assert TRAINED_LABELS[7:] == ('contempt',)


def test_eight_real_pictures_are_learned(data_dir: Path) -> None:
    """Without augmentation; with shuffled labels the same network must not know better."""
    faces = load_ferplus(data_dir / 'ferplus_train.npz')
    order = [int(np.flatnonzero(faces.targets[:, label] > 0.7)[0]) for label in range(7)]
    chosen = LabelledFaces(faces.images[order], faces.targets[order])
    torch.manual_seed(0)
    network = ExpressionNetwork(len(TRAINED_LABELS), NARROW, dropout=0.0)
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    images = torch.from_numpy(network_input(chosen.images))
    targets = torch.from_numpy(chosen.targets)
    assert accuracy(network, chosen) < 0.8
    network.train()
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(network(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert accuracy(network, chosen) == 1.0


def test_onnx_gives_what_torch_gives(tmp_path: Path) -> None:
    network = ExpressionNetwork(8, NARROW)
    path = tmp_path / 'expression.onnx'
    export_onnx(network, torch.zeros(1, 1, INPUT_SIZE, INPUT_SIZE), path)
    card = ModelCard(
        name='tiny',
        task='expression',
        file=path.name,
        sha256=sha256_of(path),
        input_size=(INPUT_SIZE, INPUT_SIZE),
        preprocessing='',
        folder=tmp_path,
    )
    assert check_export(network, card, (1, INPUT_SIZE, INPUT_SIZE)) < 1e-4


def test_augmentation_keeps_shape_and_range() -> None:
    images = torch.rand(16, 1, 48, 48, generator=torch.Generator().manual_seed(1))
    changed = augment(images, torch.Generator().manual_seed(2))
    assert changed.shape == images.shape
    assert 0.0 <= float(changed.min()) <= float(changed.max()) <= 1.0
    assert not torch.equal(changed, images)
    again = augment(images, torch.Generator().manual_seed(2))
    assert torch.equal(changed, again)


def test_votes_become_shares(tmp_path: Path) -> None:
    votes = np.zeros((3, 10), np.uint8)
    votes[0, [1, 0]] = 6, 4  # happiness and neutral
    votes[1, [3, 5]] = 9, 1  # a single vote is a slip
    votes[2, 9] = 10  # not a face
    images = np.zeros((3, 48, 48), np.uint8)
    np.savez(tmp_path / 'votes.npz', images=images, votes=votes)
    faces = load_ferplus(tmp_path / 'votes.npz')
    assert len(faces.images) == 2
    happy, neutral, sad = (EXPRESSION_LABELS.index(name) for name in ('happy', 'neutral', 'sad'))
    assert faces.targets[0, [happy, neutral]] == pytest.approx([0.6, 0.4])
    assert faces.targets[1, sad] == 1.0


@pytest.mark.parametrize('content', [b'', b'no archive'], ids=['empty', 'text'])
def test_broken_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'broken.npz'
    path.write_bytes(content)
    with pytest.raises(DataError, match=r'broken\.npz'):
        load_ferplus(path)
