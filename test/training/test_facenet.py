"""The face embedder learns, is exported unchanged, and never sees the people of the tests."""

from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('torch', reason='training needs PyTorch: `make setup-training`')

import torch

from classroom_fer_ros.core.alignment import CROP_SIZE
from classroom_fer_ros.core.embedding import (
    INPUT_SIZE,
    WINDOW_LEFT,
    FaceEmbedder,
    network_input,
)
from classroom_fer_ros.core.errors import DataError, ModelError
from classroom_fer_ros.core.evaluation.identification import Pairs, score_pairs
from classroom_fer_ros.core.model_card import ModelCard, sha256_of
from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.core.tight_crops import load_tight_crops
from classroom_fer_ros.training.export import check_export, export_onnx
from classroom_fer_ros.training.face_augmentation import augment_crops
from classroom_fer_ros.training.face_batches import Teaching, draw_batches, steps_per_epoch
from classroom_fer_ros.training.face_config import FROM_SCRATCH, FaceNetConfig, make_network
from classroom_fer_ros.training.face_losses import batch_softmax_loss, semi_hard_triplet_loss
from classroom_fer_ros.training.face_start import start_from
from classroom_fer_ros.training.facenet_network import FaceNet, MirroredFaceNet
from classroom_fer_ros.training.people import People, load_people, name_key
from classroom_fer_ros.training.run import Run
from classroom_fer_ros.training.train_facenet import embed, train_epoch

# A second thread of a small network mostly waits, and others may need its core.
torch.set_num_threads(1)

TINY = replace(
    FROM_SCRATCH,
    epochs=10,
    people_per_batch=4,
    pictures_per_person=3,
    width=0.125,
    dropout=0.0,
    learning_rate=4e-3,
    average_decay=0.5,
)
SHAPE = TINY.people_per_batch, TINY.pictures_per_person


@pytest.fixture
def few_people() -> People:
    """Four made-up people: each a pattern of its own in changing light, 15 pictures."""
    generator = np.random.default_rng(0)
    patterns = generator.integers(60, 190, (4, 7, 7, 3))
    crops = [
        np.kron(pattern, np.ones((16, 16, 1))) + generator.normal(0, 12, (112, 112, 3)) + light
        for pattern in patterns
        for light in generator.uniform(-40, 40, 15)
    ]
    return People(np.clip(crops, 0, 255).astype(np.uint8), np.repeat(np.arange(4), 15))


def test_a_teachers_embeddings_are_learned(few_people: People) -> None:
    torch.manual_seed(4)
    wanted = torch.nn.functional.normalize(torch.randn(4, 128) + 0.5)
    labels = wanted[few_people.person]
    teaching = Teaching(labels.numpy(), few_people.crops_bgr, labels.numpy())
    config = replace(TINY, teacher='dlib', teacher_weight=1.0, softmax_weight=0.0)
    config = replace(config, triplet_weight=0.0)
    network = make_network(config)
    network.aim_at(labels.mean(dim=0), labels.std(dim=0))
    run = Run.start(config, network, steps_per_epoch(few_people.person, *SHAPE))
    for _ in range(config.epochs):
        train_epoch(run, few_people, teaching)
        run.epoch += 1
    cosine = embed(run.average, few_people.crops_bgr) @ wanted.numpy().T
    assert (cosine.argmax(axis=1) == few_people.person).mean() > 0.9


def test_training_goes_on_from_an_exported_network(tmp_path: Path, few_people: People) -> None:
    torch.manual_seed(5)
    network = MirroredFaceNet(FaceNet(0.25)).train()
    with torch.no_grad():
        network(torch.from_numpy(network_input(few_people.crops_bgr)))
    path = tmp_path / 'start.onnx'
    export_onnx(network, torch.zeros(1, 3, INPUT_SIZE, INPUT_SIZE), path)
    wanted = embed(network.network, few_people.crops_bgr)
    other = FaceNet(0.25)
    start_from(other, path, few_people.crops_bgr, wanted)
    images = torch.from_numpy(network_input(few_people.crops_bgr))
    torch.testing.assert_close(
        other.features(images), network.network.features(images), atol=1e-3, rtol=1e-3
    )
    found = embed(other, few_people.crops_bgr)
    assert (found * wanted).sum(axis=1).min() > 0.95
    other.train()
    with torch.no_grad():  # the normalisation of a batch changes little, too
        again = other(images).numpy()
    assert (again * wanted).sum(axis=1).mean() > 0.95
    wide = FaceNet(0.5)
    start_from(wide, path, few_people.crops_bgr, wanted)
    assert (embed(wide, few_people.crops_bgr) * wanted).sum(axis=1).mean() > 0.9
    with pytest.raises(ModelError, match=r'start\.onnx'):
        start_from(FaceNet(0.375), path, few_people.crops_bgr, wanted)
    (tmp_path / 'cut.onnx').write_bytes(path.read_bytes()[:1000])
    for name in ('cut.onnx', 'missing.onnx'):
        with pytest.raises(ModelError, match=name):
            start_from(other, tmp_path / name, few_people.crops_bgr, wanted)


def all_pairs(person: np.ndarray) -> Pairs:
    first, second = np.triu_indices(len(person), 1)
    return Pairs(first=first, second=second, is_same=person[first] == person[second])


def test_a_few_people_are_learned(few_people: People) -> None:
    network = make_network(TINY)
    run = Run.start(TINY, network, steps_per_epoch(few_people.person, *SHAPE))
    losses = []
    for _ in range(TINY.epochs):
        losses.append(train_epoch(run, few_people))
        run.epoch += 1
    pairs = all_pairs(few_people.person)
    similarity = pairs.similarity(embed(run.average, few_people.crops_bgr))
    assert losses[-1] < losses[0] - 1.0
    assert score_pairs(similarity, pairs.is_same).accuracy > 0.97


def test_a_run_goes_on_as_if_it_had_not_stopped(few_people: People, tmp_path: Path) -> None:
    config = replace(TINY, epochs=2)

    def weights_after(work: Path, stop_after: int) -> dict[str, torch.Tensor]:
        for stop in (stop_after, config.epochs):
            network = make_network(config)
            run = Run.start(config, network, steps_per_epoch(few_people.person, *SHAPE))

            def epoch(run: Run[FaceNet] = run, stop: int = stop) -> float:
                if run.epoch == stop:
                    raise InterruptedError
                return train_epoch(run, few_people)

            with suppress(InterruptedError):
                run.finish(work, epoch, lambda: {'accuracy': 0.5})
        return run.network.state_dict()

    whole, resumed = weights_after(tmp_path / 'a', 2), weights_after(tmp_path / 'b', 1)
    for name, expected in whole.items():
        torch.testing.assert_close(resumed[name], expected, msg=name)
    assert (tmp_path / 'b' / 'log.csv').read_text().count('\n') == 3
    best = torch.load(tmp_path / 'b' / 'best.pt', weights_only=True)
    assert FaceNetConfig(**best['config']) == config
    assert set(asdict(config)) == set(best['config'])


@pytest.mark.parametrize('width', [0.125, 0.5])
def test_onnx_gives_what_torch_gives(tmp_path: Path, width: float) -> None:
    torch.manual_seed(3)
    network = MirroredFaceNet(FaceNet(width)).train()
    with torch.no_grad():
        network(torch.randn(8, 3, INPUT_SIZE, INPUT_SIZE))  # moves the normalisation
    path, shape = tmp_path / 'tiny.onnx', (3, INPUT_SIZE, INPUT_SIZE)
    export_onnx(network, torch.zeros(1, *shape), path)
    card = ModelCard(
        name='tiny',
        task='identification',
        file=path.name,
        sha256=sha256_of(path),
        input_size=(INPUT_SIZE, INPUT_SIZE),
        preprocessing='',
        folder=tmp_path,
    )
    assert check_export(network, card, shape) <= 1e-4
    card.write(tmp_path / 'tiny.json')
    crops = np.random.default_rng(0).integers(0, 256, (70, CROP_SIZE, CROP_SIZE, 3), np.uint8)
    found = FaceEmbedder(tmp_path / 'tiny.json')(crops)
    np.testing.assert_allclose(found, embed(network, crops), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    mirrored = crops.copy()
    columns = slice(WINDOW_LEFT, WINDOW_LEFT + INPUT_SIZE)
    mirrored[:, :, columns] = crops[:, :, columns][:, :, ::-1]
    np.testing.assert_allclose(FaceEmbedder(tmp_path / 'tiny.json')(mirrored), found, atol=1e-4)


def test_the_triplet_loss_takes_the_semi_hard_negative() -> None:
    angles = torch.tensor([0.0, 0.5, 0.4, 0.6, 2.0])  # of the negatives, the one at 0.6 is meant
    embeddings = torch.stack([angles.cos(), angles.sin()], dim=1)
    person = torch.tensor([0, 0, 1, 2, 3])

    def squared(a: float, b: float) -> float:
        return 2 - 2 * np.cos(a - b)

    expected = [
        squared(0.0, 0.5) - squared(0.0, 0.6) + 0.3,
        max(squared(0.5, 0.0) - squared(0.5, 2.0) + 0.3, 0.0),
    ]
    loss = semi_hard_triplet_loss(embeddings, person, 0.3)
    assert float(loss) == pytest.approx(np.mean(expected), abs=1e-5)


@pytest.mark.parametrize('person', [[0, 1, 2], [0, 0, 0]])
def test_a_batch_without_triplets_has_no_loss(person: list[int]) -> None:
    embeddings = torch.eye(3, requires_grad=True)
    loss = semi_hard_triplet_loss(embeddings, torch.tensor(person), 0.3)
    loss.backward()
    assert loss.item() == 0.0


def test_the_softmax_asks_for_the_others_of_a_person() -> None:
    embeddings = torch.eye(4)[[0, 0, 1, 1]]
    apart, mixed = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    assert float(batch_softmax_loss(embeddings, apart, 0.0)) == pytest.approx(
        np.log(1 + 2 * np.exp(-10.0)), abs=1e-5
    )
    assert batch_softmax_loss(embeddings, mixed, 0.0) > 5.0
    assert batch_softmax_loss(embeddings, apart, 0.9) > 0.3
    assert float(batch_softmax_loss(embeddings, torch.arange(4), 0.1)) == 0.0


def test_batches_hold_several_pictures_of_each_person() -> None:
    person = np.repeat(np.arange(10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    batches = list(draw_batches(person, 6, 3, torch.Generator().manual_seed(0)))
    assert len(batches) == steps_per_epoch(person, 6, 3) == 3
    for batch in batches:
        groups = person[batch].reshape(6, 3)
        assert (groups == groups[:, :1]).all()
        assert len(set(groups[:, 0])) == 6
        for group in batch.reshape(6, 3):
            assert len(set(group)) == min(3, (person == person[group[0]]).sum())


def test_augmentation_keeps_shape_and_range_and_depends_on_the_seed() -> None:
    crops = torch.rand(6, 3, CROP_SIZE, CROP_SIZE)
    first, again, other = (
        augment_crops(crops, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert first.shape == (6, 3, INPUT_SIZE, INPUT_SIZE)
    assert first.min() >= -1.0
    assert first.max() <= 1.0
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_augmentation_looks_at_the_window_of_the_run_time() -> None:
    rows, columns = np.mgrid[:CROP_SIZE, :CROP_SIZE]
    blob = np.exp(-((columns - 56) ** 2 + (rows - 53) ** 2) / 50)  # the window's centre
    crop = (255 * np.repeat(blob[..., None], 3, axis=2)).astype(np.uint8)
    batch = torch.from_numpy(np.stack([crop] * 64)).permute(0, 3, 1, 2) / 255
    mean = augment_crops(batch, torch.Generator().manual_seed(0)).mean(dim=(0, 1)).numpy()
    served = network_input(crop[None])[0, 0]
    for axis in (0, 1):
        assert abs(int(mean.mean(axis=axis).argmax()) - int(served.mean(axis=axis).argmax())) <= 3


@pytest.mark.parametrize(
    'variant', ['Gerhard Schröder', 'gerhard_schroeder', 'SCHROEDER, Gerhard', 'Gerhard Schroder']
)
def test_one_name_is_known_in_many_spellings(variant: str) -> None:
    assert name_key(variant) == name_key('Gerhard_Schroeder')
    assert name_key(variant) != name_key('Doris_Schroeder')


def test_the_people_of_the_tests_are_left_out(data_dir: Path, tmp_path: Path) -> None:
    faces = load_tight_crops(data_dir / 'lfw_train.npz')
    names = ['Tony_Blair', 'Cherie_Blair', 'Colin_Powell', 'AJ_Cook']
    chosen = np.flatnonzero(np.isin(faces.person, names))
    chosen = np.concatenate([chosen[faces.person[chosen] == name][:3] for name in names])
    encoded = [faces.jpeg[faces.offsets[i] : faces.offsets[i + 1]] for i in chosen]
    np.savez(
        tmp_path / 'few.npz',
        jpeg=np.concatenate(encoded),
        offsets=np.cumsum([0, *map(len, encoded)]),
        person=faces.person[chosen],
        number=faces.number[chosen],
    )
    left = ['Blair Tony', 'colin_powell']
    people = load_people(tmp_path / 'few.npz', tmp_path, left)
    kept = np.isin(faces.person[chosen], ['Cherie_Blair', 'AJ_Cook'])
    assert len(people.person) == kept.sum()
    assert people.count == 2
    again = load_people(tmp_path / 'few.npz', tmp_path, left)
    np.testing.assert_array_equal(again.crops_bgr, people.crops_bgr)


def test_people_come_from_folders_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    photograph = cv2.imread(str(package_file('scikit-image', 'skimage/data/astronaut.png')))
    for place, picture in (
        ('people/0000045/001.jpg', photograph),
        ('people/0000045/002.jpg', photograph[:, ::-1]),
        ('people/0000099/001.jpg', np.full((90, 90, 3), 90, np.uint8)),
        ('people/0000100/001.png', photograph),
        ('people/Kept Out/001.png', photograph),
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / place), picture)
    (tmp_path / 'people/0000100/002.jpg').write_bytes(b'no picture')
    people = load_people(tmp_path / 'people', tmp_path / 'cache', ['out_kept'])
    assert people.person.tolist() == [0, 0, 1]
    assert people.crops_bgr.shape == (3, CROP_SIZE, CROP_SIZE, 3)
    assert people.crops_bgr.std(axis=(1, 2, 3)).min() > 10
    assert '0000100/002.jpg' in caplog.text
    assert '0000099/001.jpg' in caplog.text
    again = load_people(tmp_path / 'people', tmp_path / 'cache', ['out_kept'])
    np.testing.assert_array_equal(again.crops_bgr, people.crops_bgr)
    with pytest.raises(DataError, match='no folders'):
        load_people(tmp_path / 'people/0000045', tmp_path, [])


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'lfw_train\.npz'):
        load_people(tmp_path / 'lfw_train.npz', tmp_path, [])
