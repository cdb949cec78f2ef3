"""
The teacher of the embedder: dlib's face recognition network, read from its published weights.

dlib computes one face in about 0.1 s. The same network in torch takes a fraction of it, so that
every changed view of a face can be labelled while training. The weights are in the public domain
(Davis King, dlib_face_recognition_resnet_model_v1; package ``face_recognition_models``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional

from classroom_fer_ros.core.alignment import CROP_SIZE
from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.training.device import mixed_precision

WEIGHTS = (
    'face_recognition_models',
    'face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat',
)
#: Side of the faces that the network was trained on, in pixels.
CHIP_SIZE = 150
#: Middle of the eyes in an aligned crop and in a chip, and chip pixels for one of the crop: dlib's
#: mean face (``get_face_chip``, padding 0.25) laid over the template's eyes.
EYES_IN_CROP = (55.5, 42.53)
EYES_IN_CHIP = (74.0, 47.1)
CHIP_SCALE = 1.307
#: Subtracted from red, green and blue before everything is divided by 256.
MEAN_RGB = (122.782, 117.001, 104.298)
#: Channels of every residual block, and whether it halves its input (dlib's example
#: ``dnn_face_recognition_ex.cpp``).
BLOCKS = (
    *((32, False),) * 3,
    *((64, True), (64, False), (64, False), (64, False)),
    *((128, True), (128, False), (128, False)),
    *((256, True), (256, False), (256, False), (256, True)),
)
STEM_CHANNELS = 32
EMBEDDING_SIZE = 128
BATCH = 64
#: Kinds of layers that have weights, as dlib names them in the file.
_WEIGHTED = re.compile(rb'\x01\x05con_4|\x01\x07affine_|\x01\x04fc_2')
_TENSOR_VERSION = 2


class Block(nn.Module):
    """Two convolutions beside a shortcut, which is a mean of 2x2 places where the block halves."""

    def __init__(self, in_channels: int, out_channels: int, halves: bool) -> None:
        super().__init__()
        stride, padding = (2, 0) if halves else (1, 1)
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, stride, padding),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, 1, 1),
        )
        self.halves = halves

    def forward(self, x: Tensor) -> Tensor:
        out = self.body(x)
        shortcut = functional.avg_pool2d(x, 2) if self.halves else x
        return torch.relu(_add(out, shortcut))


class DlibFaceNet(nn.Module):
    """dlib's network of 29 convolutions; its scales and shifts are part of the convolutions."""

    def __init__(self) -> None:
        super().__init__()
        blocks, channels = [], STEM_CHANNELS
        for wide, halves in BLOCKS:
            blocks.append(Block(channels, wide, halves))
            channels = wide
        self.stem = nn.Conv2d(3, STEM_CHANNELS, 7, 2)
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Linear(channels, EMBEDDING_SIZE, bias=False)
        self.register_buffer('mean_rgb', torch.tensor(MEAN_RGB).view(1, 3, 1, 1))

    def forward(self, rgb: Tensor) -> Tensor:
        """
        :param rgb: shape (n, 3, 150, 150), in [0, 255]
        :return: shape (n, 128), not of unit length
        """
        x = torch.relu(self.stem((rgb - self.mean_rgb) / 256.0))  # (n, 32, 72, 72)
        x = self.blocks(functional.max_pool2d(x, 3, 2))
        return self.last(x.mean(dim=(2, 3)))


def teacher_input(crops: Tensor) -> Tensor:
    """
    Frame aligned crops as the teacher knows faces.

    :param crops: RGB, shape (n, 3, 112, 112), in [0, 1]
    :return: shape (n, 3, 150, 150), in [0, 255]
    """
    scale = CHIP_SIZE / (CHIP_SCALE * CROP_SIZE)
    shift = [
        (2.0 * (crop + ((CHIP_SIZE - 1) / 2 - chip) / CHIP_SCALE) + 1.0) / CROP_SIZE - 1.0
        for crop, chip in zip(EYES_IN_CROP, EYES_IN_CHIP, strict=True)
    ]
    rows = torch.tensor([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]], device=crops.device)
    size = [len(crops), 3, CHIP_SIZE, CHIP_SIZE]
    grid = functional.affine_grid(rows.expand(len(crops), 2, 3), size, align_corners=False)
    chips = functional.grid_sample(crops, grid, padding_mode='border', align_corners=False)
    return 255.0 * chips.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def label(teacher: DlibFaceNet, crops: Tensor) -> Tensor:
    """
    What the teacher says of aligned crops.

    :param crops: RGB, shape (n, 3, 112, 112), in [0, 1]
    :return: shape (n, 128), rows of unit length
    """
    with mixed_precision(crops.device):
        embeddings = teacher(teacher_input(crops))
    return functional.normalize(embeddings.float())


def label_pictures(teacher: DlibFaceNet, crops_bgr: ImageBgr, cache: Path) -> FloatArray:
    """
    Labels of pictures and their mirror images, from the cache where it has them.

    :param crops_bgr: aligned crops, shape (n, 112, 112, 3), uint8
    :param cache: folder that keeps labels
    :return: shape (n, 128), float32, rows of unit length
    """
    key = hashlib.sha256(np.ascontiguousarray(crops_bgr).data).hexdigest()[:12]
    cached = cache / f'labels-{key}.npy'
    if cached.is_file():
        return np.asarray(np.load(cached), np.float32)
    device = next(teacher.parameters()).device
    labels = []
    for start in track(range(0, len(crops_bgr), BATCH), 'asking the teacher', transient=True):
        crops = as_rgb(crops_bgr[start : start + BATCH]).to(device)
        both = label(teacher, crops) + label(teacher, crops.flip(3))
        labels.append(functional.normalize(both).cpu().numpy())
    cache.mkdir(parents=True, exist_ok=True)
    part = cached.with_suffix('.part.npy')
    np.save(part, np.concatenate(labels))
    part.rename(cached)
    return np.concatenate(labels)


def as_rgb(crops_bgr: ImageBgr) -> Tensor:
    """Pictures as torch takes them: RGB, shape (n, 3, height, width), in [0, 1]."""
    rgb = np.ascontiguousarray(crops_bgr[..., ::-1].transpose(0, 3, 1, 2))
    return torch.from_numpy(rgb).float() / 255.0


def as_bgr(rgb: Tensor) -> ImageBgr:
    """What `as_rgb` undoes, shape (n, height, width, 3), uint8."""
    return np.asarray((rgb.flip(1).permute(0, 2, 3, 1) * 255.0).round().byte().numpy())


def load_teacher(path: Path | None = None) -> DlibFaceNet:
    """
    Build the teacher with its published weights.

    :param path: dlib's file; None: the one of the installed package
    :raises ModelError: if the package or the file is missing, or it is another network's
    """
    path = path or package_file(*WEIGHTS)
    network = DlibFaceNet()
    try:
        tensors = _tensors(path.read_bytes())
        convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
        for layer in convolutions:
            _fill(layer, next(tensors), next(tensors))
        matrix = next(tensors).reshape(network.last.in_features, EMBEDDING_SIZE)
        network.last.weight.data = torch.from_numpy(matrix.T.copy())
    except (OSError, ValueError, StopIteration) as error:
        raise ModelError(f"{path} does not hold dlib's face network: {error!r}") from error
    return network.eval().requires_grad_(False)


def _fill(layer: nn.Conv2d, weights: FloatArray, affine: FloatArray) -> None:
    """Fold the scale and shift behind a convolution into it."""
    wide = layer.out_channels
    filters = weights[:-wide].reshape(layer.weight.shape)
    scale, shift = affine.reshape(2, wide)
    layer.weight.data = torch.from_numpy(filters * scale[:, None, None, None])
    if layer.bias is not None:
        layer.bias.data = torch.from_numpy(weights[-wide:] * scale + shift)


def _tensors(data: bytes) -> Iterator[FloatArray]:
    """Weights of every layer that has some, in the order from the picture to the embedding."""
    place = 0
    while (found := _WEIGHTED.search(data, place)) is not None:
        place = found.end()
        if found.group().endswith(b'fc_2'):
            for _ in range(2):  # number of outputs and of inputs
                _, place = _integer(data, place)
        values, place = _tensor(data, place)
        yield values


def _tensor(data: bytes, place: int) -> tuple[FloatArray, int]:
    """Values of a tensor: version, four sizes, then 32-bit numbers; and where it ends."""
    numbers = []
    for _ in range(5):
        number, place = _integer(data, place)
        numbers.append(number)
    version, *sizes = numbers
    if version != _TENSOR_VERSION:
        raise ValueError(f'a tensor of version {version}, must be {_TENSOR_VERSION}')
    count = int(np.prod(sizes))
    return np.frombuffer(data, '<f4', count, place).copy(), place + 4 * count


def _integer(data: bytes, place: int) -> tuple[int, int]:
    """dlib's compact whole number: a byte saying how many follow, least first; and its end."""
    length = data[place] & 0x0F
    end = place + 1 + length
    return int.from_bytes(data[place + 1 : end], 'little'), end


def _add(first: Tensor, second: Tensor) -> Tensor:
    """Sum of two tensors; what one lacks in channels or places counts as zero, as in dlib."""
    shape = [max(sizes) for sizes in zip(first.shape[1:], second.shape[1:], strict=True)]
    return _padded(first, shape) + _padded(second, shape)


def _padded(x: Tensor, shape: list[int]) -> Tensor:
    missing = [wanted - size for wanted, size in zip(shape, x.shape[1:], strict=True)]
    return functional.pad(x, (0, missing[2], 0, missing[1], 0, missing[0])) if any(missing) else x
