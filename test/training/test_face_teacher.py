"""The teacher: dlib's file read rightly, crops framed as it knows faces, and what it adds."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('torch', reason='training needs PyTorch: `make setup-training`')

import torch
from torch import nn

from classroom_fer_ros.core.alignment import CROP_SIZE
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.training.face_augmentation import blend_faces
from classroom_fer_ros.training.face_batches import Teaching, make_strangers
from classroom_fer_ros.training.face_losses import distillation_loss
from classroom_fer_ros.training.face_metric import fit_metric
from classroom_fer_ros.training.face_teacher import (
    CHIP_SCALE,
    CHIP_SIZE,
    EYES_IN_CHIP,
    EYES_IN_CROP,
    WEIGHTS,
    DlibFaceNet,
    as_bgr,
    as_rgb,
    label,
    label_pictures,
    load_teacher,
    teacher_input,
)

# A second thread of a small network mostly waits, and others may need its core.
torch.set_num_threads(1)


@pytest.fixture(scope='module')
def untrained() -> DlibFaceNet:
    torch.manual_seed(0)
    return DlibFaceNet().eval().requires_grad_(False)


def whole_number(value: int) -> bytes:
    size = max(1, (value.bit_length() + 7) // 8)
    return bytes([size]) + value.to_bytes(size, 'little')


def tensor(values: np.ndarray) -> bytes:
    sizes = b''.join(map(whole_number, (2, values.size, 1, 1, 1)))
    return sizes + values.astype('<f4').tobytes()


def as_dlib_writes(network: DlibFaceNet, scale: float, shift: float) -> bytes:
    """The weights of a network, each convolution followed by one scale and one shift."""
    parts = [b'\x01\x01\x01\x0dloss_metric_2']
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            filters, bias = layer.weight.numpy().ravel(), layer.bias.numpy()
            parts += [b'\x01\x05con_4', tensor(np.concatenate([filters, bias]))]
            affine = np.repeat([scale, shift], layer.out_channels)
            parts += [b'\x01\x07affine_', tensor(affine), b'\x01\x05relu_']
    matrix = network.last.weight.numpy().T
    parts += [b'\x01\x04fc_2', whole_number(128), whole_number(256), tensor(matrix)]
    return b''.join(parts)


def test_dlibs_file_is_read(tmp_path: Path, untrained: DlibFaceNet) -> None:
    path = tmp_path / 'net.dat'
    path.write_bytes(as_dlib_writes(untrained, scale=2.0, shift=0.5))
    found = load_teacher(path)
    torch.testing.assert_close(found.stem.weight, 2.0 * untrained.stem.weight)
    last = found.blocks[-1].body[2]
    torch.testing.assert_close(last.bias, 2.0 * untrained.blocks[-1].body[2].bias + 0.5)
    torch.testing.assert_close(found.last.weight, untrained.last.weight)
    assert not any(parameter.requires_grad for parameter in found.parameters())


@pytest.mark.parametrize('kept', [0, 40, 100_000, -1])
def test_a_broken_file_is_named(tmp_path: Path, untrained: DlibFaceNet, kept: int) -> None:
    path = tmp_path / 'cut.dat'
    path.write_bytes(as_dlib_writes(untrained, 1.0, 0.0)[:kept])
    with pytest.raises(ModelError, match=r'cut\.dat'):
        load_teacher(path)
    with pytest.raises(ModelError, match=r'missing\.dat'):
        load_teacher(tmp_path / 'missing.dat')


def test_torch_gives_what_dlib_gives() -> None:
    dlib = pytest.importorskip('dlib', reason='pip install -r requirements/teacher.txt')
    from classroom_fer_ros.core.package_files import package_file

    chips = np.random.default_rng(0).integers(0, 256, (2, 15, 15, 3)).repeat(10, 1).repeat(10, 2)
    model = dlib.face_recognition_model_v1(str(package_file(*WEIGHTS)))
    expected = [model.compute_face_descriptor(chip.astype(np.uint8)) for chip in chips]
    found = load_teacher()(torch.from_numpy(chips).permute(0, 3, 1, 2).float())
    np.testing.assert_allclose(found.numpy(), np.array(expected), atol=1e-5)


def test_eyes_come_to_lie_where_the_teacher_expects_them() -> None:
    rows, columns = np.mgrid[:CROP_SIZE, :CROP_SIZE]
    distance = np.hypot(columns - EYES_IN_CROP[0], rows - EYES_IN_CROP[1])
    chip = teacher_input(
        torch.from_numpy(np.exp(-((distance / 3) ** 2))).float().expand(1, 3, -1, -1)
    )
    assert chip.shape == (1, 3, CHIP_SIZE, CHIP_SIZE)
    weight = chip[0, 0].numpy()
    place = [(weight.sum(axis) * np.arange(CHIP_SIZE)).sum() / weight.sum() for axis in (0, 1)]
    np.testing.assert_allclose(place, EYES_IN_CHIP, atol=0.1)
    assert weight.sum() / np.exp(-((distance / 3) ** 2)).sum() / 255 == pytest.approx(
        CHIP_SCALE**2, rel=0.01
    )


def test_labels_do_not_depend_on_the_side_and_are_kept(
    tmp_path: Path, untrained: DlibFaceNet
) -> None:
    crops = np.random.default_rng(1).integers(0, 256, (3, CROP_SIZE, CROP_SIZE, 3), np.uint8)
    labels = label_pictures(untrained, crops, tmp_path)
    np.testing.assert_allclose(np.linalg.norm(labels, axis=1), 1.0, atol=1e-5)
    mirrored = label_pictures(untrained, crops[:, :, ::-1], tmp_path)
    np.testing.assert_allclose(mirrored, labels, atol=1e-4)
    one_sided = label(untrained, as_rgb(crops)).numpy()
    assert np.abs(one_sided - labels).max() > 1e-3
    (tmp_path / 'kept').mkdir()
    for kept in tmp_path.glob('labels-*.npy'):
        np.save(kept, np.load(kept) * 0)
    assert not label_pictures(untrained, crops, tmp_path).any()


def test_the_metric_evens_the_scatter_within_people() -> None:
    generator = np.random.default_rng(2)
    person = np.repeat(np.arange(60), 8)
    wide = np.diag([0.5] * 4 + [0.05] * 12)  # four directions say little about who it is
    raw = generator.normal(0, 0.3, (60, 16))[person] + generator.normal(0, 1, (480, 16)) @ wide
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    metric = fit_metric(raw, person)
    after = metric(torch.from_numpy(raw).float()).numpy()
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), 1.0, atol=1e-5)

    def right(embeddings: np.ndarray) -> float:
        cosine = embeddings @ embeddings.T - 2 * np.eye(len(embeddings))
        return float((person[cosine.argmax(axis=1)] == person).mean())

    assert right(after) > right(raw) + 0.1


def test_a_metric_of_single_pictures_leaves_directions_alone() -> None:
    raw = np.eye(4) + 0.1
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    after = fit_metric(raw, np.arange(4))(torch.from_numpy(raw).float())
    assert torch.isfinite(after).all()
    assert (after.argmax(dim=1) == torch.arange(4)).all()


def test_distance_from_the_teacher() -> None:
    torch.manual_seed(1)
    labels = nn.functional.normalize(torch.randn(20, 8) + 1.0)
    assert float(distillation_loss(labels, labels)) == pytest.approx(0.0, abs=1e-6)
    mean = labels.mean(dim=0).expand(20, -1)
    assert 0.8 < float(distillation_loss(mean, labels)) < 1.3
    mixed = labels.roll(1, dims=0)
    assert float(distillation_loss(mixed, labels)) > 1.3


def test_blended_faces_are_between_two() -> None:
    crops = torch.rand(6, 3, CROP_SIZE, CROP_SIZE)
    generator = torch.Generator().manual_seed(0)
    assert torch.equal(blend_faces(crops, 0.0, generator), crops)
    blended = blend_faces(crops, 1.0, generator)
    other = crops.roll(1, dims=0)
    part = ((blended - crops) / (other - crops)).flatten(1).median(dim=1).values
    assert (part >= 0.3 - 1e-4).all()
    assert (part <= 0.5 + 1e-4).all()


@pytest.mark.parametrize('nameless', [0, 4])
def test_strangers_are_made_of_people_with_and_without_names(nameless: int) -> None:
    generator = np.random.default_rng(3)
    crops = generator.integers(0, 256, (5, CROP_SIZE, CROP_SIZE, 3), np.uint8)
    gray = generator.integers(0, 256, (nameless, 48, 48), np.uint8)
    strangers = make_strangers(crops, gray, 20, torch.Generator().manual_seed(0))
    assert strangers.shape == (20, CROP_SIZE, CROP_SIZE, 3)
    assert strangers.dtype == np.uint8
    is_gray = (strangers[..., 0] == strangers[..., 2]).all(axis=(1, 2))
    assert bool(is_gray.any()) == bool(nameless)
    is_somebody = [(stranger == crops).all(axis=(1, 2, 3)).any() for stranger in strangers]
    assert 0 < sum(is_somebody) < 15


def test_strangers_come_with_their_labels() -> None:
    generator = np.random.default_rng(4)
    strangers = generator.integers(0, 256, (3, CROP_SIZE, CROP_SIZE, 3), np.uint8)
    labels = np.eye(128, dtype=np.float32)[:3]
    teaching = Teaching(labels[:0], strangers, labels)
    crops, told = teaching.draw_strangers(8, torch.Generator().manual_seed(0))
    chosen = told.argmax(dim=1).numpy()
    assert len(set(chosen)) > 1
    torch.testing.assert_close(crops, as_rgb(strangers[chosen]))
    np.testing.assert_array_equal(as_bgr(crops), strangers[chosen])


def test_colours_are_turned_to_the_order_of_torch() -> None:
    blue = np.zeros((1, 2, 2, 3), np.uint8)
    blue[..., 0] = 255
    assert as_rgb(blue)[0, :, 0, 0].tolist() == [0.0, 0.0, 1.0]
