"""Training of the expression classifier: it learns a few pictures, and ONNX agrees with torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('torch', reason='no torch: run `make setup-training`')

import torch

from classroom_fer_ros.core.errors import DataError, ModelError
from classroom_fer_ros.core.expression import (
    INPUT_SIZE,
    ExpressionClassifier,
    ExpressionConfig,
    network_input,
)
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_card import load_card, open_session
from classroom_fer_ros.training import balanced_head, train_expression
from classroom_fer_ros.training.augmentation import augment
from classroom_fer_ros.training.balanced_head import add_balanced_head, served_targets
from classroom_fer_ros.training.export import check_export
from classroom_fer_ros.training.export_expression import HEADS, export_expression
from classroom_fer_ros.training.expression_network import (
    ExpressionNetwork,
    MirroredExpressionNetwork,
)
from classroom_fer_ros.training.expression_start import start_from, taught_probabilities
from classroom_fer_ros.training.expression_targets import blended, targets_of
from classroom_fer_ros.training.ferplus import (
    FERPLUS_LABELS,
    LABEL_SETS,
    LabelledFaces,
    load_ferplus,
)
from classroom_fer_ros.training.run import Run
from classroom_fer_ros.training.train_expression import (
    TrainingConfig,
    accuracies,
    make_network,
    train,
    train_epoch,
)

MODELS = Path(__file__).parents[2] / 'models'
TINY = TrainingConfig(
    channels=(8, 12, 16), blocks=(1, 1), epochs=80, batch_size=8, learning_rate=0.01, dropout=0.0
)


@pytest.fixture
def eight_faces(data_dir: Path) -> LabelledFaces:
    """Real pictures that the voters agreed on, one at least of each label."""
    faces = load_ferplus(data_dir / 'ferplus_train.npz')
    order = [int(np.flatnonzero(faces.votes[:, label] > 0.7)[0]) for label in range(8)]
    return faces[np.array(order)]


def test_the_order_of_the_labels_is_pinned() -> None:
    served = ('angry', 'disgusted', 'scared', 'happy', 'sad', 'surprised', 'neutral')
    assert served == EXPRESSION_LABELS
    assert (*served, 'contempt') == FERPLUS_LABELS
    assert list(LABEL_SETS.items()) == [('ferplus', FERPLUS_LABELS), ('fer2013', served)]


def test_eight_real_pictures_are_learned(
    eight_faces: LabelledFaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_expression, 'augment', lambda images, generator, strength: images)
    run = Run.start(TINY, make_network(TINY), 1)
    assert accuracies(run.network, eight_faces)['ferplus'] < 0.5
    for _ in range(TINY.epochs):
        train_epoch(run, eight_faces)
    assert accuracies(run.network, eight_faces) == {'ferplus': 1.0, 'fer2013': 1.0}


def test_shuffled_labels_teach_nothing(data_dir: Path) -> None:
    """The same few epochs learn from right labels, not from shuffled ones."""
    faces = load_ferplus(data_dir / 'ferplus_train.npz')[np.arange(2000)]
    judged = load_ferplus(data_dir / 'ferplus_validation.npz')[np.arange(600)]
    order = np.random.default_rng(0).permutation(len(faces))
    shuffled = replace(faces, votes=faces.votes[order], fer2013=faces.fer2013[order])
    right, wrong = (_accuracy_after(3, some, judged) for some in (faces, shuffled))
    most_frequent = np.bincount(judged.majority[judged.majority >= 0]).max() / len(judged)
    assert right > most_frequent + 0.05
    assert wrong < most_frequent + 0.05


def _accuracy_after(epochs: int, faces: LabelledFaces, judged: LabelledFaces) -> float:
    config = replace(TINY, epochs=epochs, batch_size=50, channels=(16, 24, 32))
    run = Run.start(config, make_network(config), len(faces) // config.batch_size)
    for _ in range(epochs):
        train_epoch(run, faces)
    return accuracies(run.network, judged)['ferplus']


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / 'data'
    data.mkdir()
    for name, count in (('train', 64), ('validation', 32)):
        with np.load(data_dir / f'ferplus_{name}.npz') as whole:
            few = {key: whole[key][:count] for key in ('images', 'votes', 'fer2013')}
        np.savez(data / f'ferplus_{name}.npz', **few)
    config = replace(TINY, epochs=3, batch_size=32)
    files = data / 'ferplus_train.npz', data / 'ferplus_validation.npz'
    whole = torch.load(train(config, *files, tmp_path / 'whole').with_name('last.pt'))
    finished = Run.save

    def save_and_break(run: Run[ExpressionNetwork], path: Path) -> None:
        finished(run, path)
        if path.name == 'last.pt' and run.epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, 'save', save_and_break)
    with pytest.raises(KeyboardInterrupt):
        train(config, *files, tmp_path / 'parts')
    monkeypatch.undo()
    parts = torch.load(train(config, *files, tmp_path / 'parts').with_name('last.pt'))
    assert parts['epoch'] == whole['epoch'] == 3
    for key, weights in whole['average'].items():
        assert torch.allclose(parts['average'][key], weights, atol=1e-5), key
    with pytest.raises(DataError, match='other settings'):
        train(replace(config, seed=2), *files, tmp_path / 'parts')


@pytest.fixture
def few_faces(data_dir: Path, tmp_path: Path) -> Path:
    """The first faces of validation, as a file."""
    with np.load(data_dir / 'ferplus_validation.npz') as data:
        np.savez(tmp_path / 'few.npz', **{key: data[key][:400] for key in data.files})
    return tmp_path / 'few.npz'


def test_onnx_gives_what_torch_gives(few_faces: Path, tmp_path: Path) -> None:
    """And the card says where the answers begin to be sure."""
    network = make_network(TINY)
    add_balanced_head(network, load_ferplus(few_faces), seed=1)
    path = tmp_path / 'expression.onnx'
    card = export_expression(network, path, few_faces, 'nothing')
    mirrored = MirroredExpressionNetwork(network)
    assert check_export(mirrored, card, (1, INPUT_SIZE, INPUT_SIZE)) < 1e-4
    temperatures = {f'temperature_{name}' for name in HEADS}
    assert set(card.settings) == temperatures | {'uncertain_below'}
    classifier = ExpressionClassifier(path.with_suffix('.json'))
    assert (classifier.heads, classifier.served_head) == (HEADS, 'balanced')
    assert card.accuracy['calibration_error'] < 0.1


def test_eight_bits_answer_what_thirty_two_answer(data_dir: Path) -> None:
    with np.load(data_dir / 'ferplus_validation.npz') as data:
        inputs = network_input(data['images'][:200])
    card = load_card(MODELS / 'expression.json')
    exact, quantized = (
        open_session(card, is_exact=is_exact).run([card.served_head], {'input': inputs})[0]
        for is_exact in (True, False)
    )
    assert not np.array_equal(exact, quantized)
    assert (exact.argmax(axis=1) == quantized.argmax(axis=1)).mean() > 0.95
    assert np.abs(exact - quantized).mean() < 0.1 * exact.std()


def test_both_sets_of_labels_count_in_the_balanced_head() -> None:
    happy, sad, contempt = (FERPLUS_LABELS.index(name) for name in ('happy', 'sad', 'contempt'))
    votes = np.zeros((4, 8), np.float32)
    votes[[0, 1, 2], [happy, happy, contempt]] = 1.0
    fer2013 = np.array([sad, -1, -1, sad])
    faces = LabelledFaces(np.zeros((4, 48, 48), np.uint8), votes, fer2013, fer2013)
    targets = served_targets(faces)
    assert targets[0, [happy, sad]].tolist() == [0.5, 0.5]
    assert targets.sum(axis=1).tolist() == [1.0, 1.0, 0.0, 1.0]


def test_the_balanced_head_answers_rare_labels_more_often(few_faces: Path) -> None:
    """With the same trunk, against a head that keeps the labels' shares."""
    faces = load_ferplus(few_faces)
    network = make_network(TINY)
    answers = []
    for strength in (0.0, 1.0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(balanced_head, 'STRENGTH', strength)
            add_balanced_head(network, faces, seed=1)
        images = torch.from_numpy(network_input(faces.images))
        with torch.no_grad():
            answers.append(network.eval()(images)[-1].argmax(dim=1).numpy())
    frequent = [EXPRESSION_LABELS.index(name) for name in ('neutral', 'happy')]
    rare_before, rare_after = (~np.isin(found, frequent) for found in answers)
    assert rare_before.mean() + 0.1 < rare_after.mean()


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
    fer2013 = np.array([3, -1, -1], np.int8)
    np.savez(tmp_path / 'votes.npz', images=images, votes=votes, fer2013=fer2013)
    faces = load_ferplus(tmp_path / 'votes.npz')
    assert len(faces) == 2
    happy, neutral, sad = (EXPRESSION_LABELS.index(name) for name in ('happy', 'neutral', 'sad'))
    assert faces.votes[0, [happy, neutral]] == pytest.approx([0.6, 0.4])
    assert faces.votes[1, sad] == 1.0
    assert faces.majority.tolist() == [happy, sad]
    assert faces.fer2013.tolist() == [3, -1]


@pytest.mark.parametrize('content', [b'', b'no archive'], ids=['empty', 'text'])
def test_broken_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'broken.npz'
    path.write_bytes(content)
    with pytest.raises(DataError, match=r'broken\.npz'):
        load_ferplus(path)


def test_gentle_augmentation_changes_less() -> None:
    images = torch.rand(64, 1, 48, 48, generator=torch.Generator().manual_seed(1))
    nearly_none, gentle, full = (
        (augment(images, torch.Generator().manual_seed(2), strength) - images).abs()
        for strength in (0.0, 0.4, 1.0)
    )
    is_mirrored = nearly_none.mean(dim=(1, 2, 3)) > 0.1
    assert 0.3 < is_mirrored.float().mean() < 0.7
    assert nearly_none[~is_mirrored].max() < 1e-2
    assert 0.01 < gentle[~is_mirrored].mean() < full[~is_mirrored].mean()


def test_training_goes_on_from_an_exported_network(
    eight_faces: LabelledFaces, tmp_path: Path
) -> None:
    """The shipped one; a network of another shape and a broken file are refused by name."""
    network = make_network(TrainingConfig())
    card = MODELS / 'expression.json'
    start_from(network, card, eight_faces.images)
    assert network.training is False
    with torch.no_grad():
        mirrored = MirroredExpressionNetwork(network)
        by_votes, by_label = mirrored(torch.from_numpy(network_input(eight_faces.images)))
    shipped = ExpressionClassifier(card, ExpressionConfig(is_exact=True))
    for head, logits in (('ferplus', by_votes), ('fer2013', by_label)):
        np.testing.assert_allclose(
            logits, shipped.logits(eight_faces.images, head), atol=1e-3, rtol=0
        )
    with pytest.raises(ModelError, match=r'expression\.onnx'):
        start_from(make_network(TINY), card, eight_faces.images)
    with pytest.raises(ModelError, match=r'missing\.json'):
        start_from(network, tmp_path / 'missing.json', eight_faces.images)


def test_a_teacher_softens_what_is_known(eight_faces: LabelledFaces) -> None:
    eight_faces.fer2013[0] = -1
    targets = targets_of(eight_faces)
    taught = taught_probabilities(MODELS / 'expression.json', eight_faces.images)
    mirrored = np.ascontiguousarray(eight_faces.images[:, :, ::-1])
    again = taught_probabilities(MODELS / 'expression.json', mirrored)
    soft = blended(targets, taught, 0.25)
    assert not soft['fer2013'][0].any()
    for head, rows in soft.items():
        np.testing.assert_allclose(taught[head], again[head], atol=1e-5)
        np.testing.assert_allclose(rows[1:].sum(axis=1), 1.0, atol=1e-5)
        np.testing.assert_allclose(
            rows[1:], 0.75 * targets[head][1:] + 0.25 * taught[head][1:], atol=1e-6
        )
