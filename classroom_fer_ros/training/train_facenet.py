"""
Train the face embedder and export it with its card: ``make train-facenet``.

    python -m classroom_fer_ros.training.train_facenet --data ../shared/data
        [--people FOLDER] [--teacher none] [--start FILE] [--epochs N] [--width W] [--note TEXT]

Batches of several pictures each of several people: margin softmax over the pictures of a batch and
triplet loss with semi-hard negatives. Beside them, with ``--teacher dlib``, the embeddings of
dlib's network are learned: of these pictures, of strangers' and of blended faces. Best epoch by
validation pairs. An interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor, nn

from classroom_fer_ros.core.embedding import network_input
from classroom_fer_ros.core.evaluation.identification import Pairs, load_pairs, score_pairs
from classroom_fer_ros.core.model_card import sha256_of
from classroom_fer_ros.core.tight_crops import load_tight_crops
from classroom_fer_ros.training.device import best_device, mixed_precision
from classroom_fer_ros.training.face_augmentation import augment_crops
from classroom_fer_ros.training.face_batches import (
    Teaching,
    draw_batches,
    make_strangers,
    steps_per_epoch,
)
from classroom_fer_ros.training.face_config import FROM_SCRATCH, FaceNetConfig, make_network
from classroom_fer_ros.training.face_export import export
from classroom_fer_ros.training.face_losses import (
    batch_softmax_loss,
    distillation_loss,
    semi_hard_triplet_loss,
)
from classroom_fer_ros.training.face_metric import fit_metric
from classroom_fer_ros.training.face_start import continue_from, start_from
from classroom_fer_ros.training.face_teacher import as_rgb, label_pictures, load_teacher
from classroom_fer_ros.training.facenet_network import FaceNet, MirroredFaceNet
from classroom_fer_ros.training.ferplus import load_ferplus
from classroom_fer_ros.training.people import People, aligned_crops, load_people
from classroom_fer_ros.training.run import Run

BATCH = 128


def train_epoch(run: Run[FaceNet], people: People, teaching: Teaching | None = None) -> float:
    """One epoch of batches; mean loss."""
    run.network.train()
    config, device = run.config, run.generator.device
    shape = config.people_per_batch, config.pictures_per_person
    batches = draw_batches(people.person, *shape, run.generator)
    total = steps_per_epoch(people.person, *shape)
    losses = []
    for batch in track(batches, f'epoch {run.epoch + 1}', total, transient=True):
        crops = as_rgb(people.crops_bgr[batch]).to(device)  # (b, 3, 112, 112)
        labels = None
        if teaching is not None:
            labels = torch.from_numpy(teaching.labels[batch]).to(device)
        if teaching is not None and config.strangers_per_batch:
            others, told = teaching.draw_strangers(config.strangers_per_batch, run.generator)
            crops = torch.cat([crops, others.to(device)])
            labels = torch.cat([labels, told.to(device)])
        images = augment_crops(crops, run.generator)  # (b, 3, 88, 88)
        with mixed_precision(device):
            embeddings = run.network(images.contiguous(memory_format=torch.channels_last))
        person = torch.from_numpy(people.person[batch]).to(device)
        losses.append(run.step(batch_loss(embeddings, person, labels, config)))
    return float(np.mean(losses))


def batch_loss(
    embeddings: Tensor, person: Tensor, labels: Tensor | None, config: FaceNetConfig
) -> Tensor:
    """
    Margin softmax, triplet loss and distance from the teacher, in one sum.

    :param embeddings: shape (n, 128); those whose person is known come first
    :param person: shape (m,), m <= n
    :param labels: the teacher's embeddings, shape (n, 128), or None without a teacher
    """
    named = embeddings[: len(person)]
    loss = config.triplet_weight * semi_hard_triplet_loss(named, person, config.triplet_margin)
    if config.softmax_weight:
        softmax = batch_softmax_loss(named, person, config.softmax_margin)
        loss = loss + config.softmax_weight * softmax
    if labels is not None:
        loss = loss + config.teacher_weight * distillation_loss(embeddings, labels)
    return loss


def embed(network: nn.Module, crops_bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Embeddings of aligned crops, shape (n, 128)."""
    network.eval()
    device = next(network.parameters()).device
    with torch.no_grad():
        parts = [
            network(torch.from_numpy(network_input(crops_bgr[i : i + BATCH])).to(device))
            for i in range(0, len(crops_bgr), BATCH)
        ]
    return np.asarray(torch.cat(parts).cpu().numpy(), np.float32)


def train(config: FaceNetConfig, data: Path, work: Path, pictures: Path | None = None) -> Path:
    """
    Train, or go on training.

    :param data: folder with ``lfw_validation.npz``, its pairs and ``people``, and, for a teacher,
        ``ferplus_train.npz``
    :param work: folder for aligned crops, the teacher's labels, checkpoints and the log
    :param pictures: what to learn from, see `load_people`; None: ``lfw_train.npz`` of `data`
    :return: checkpoint of the best epoch
    :raises DataError: if the data are missing or broken
    :raises ModelError: if the teacher is not installed
    """
    kept_for_tests = [folder.name for folder in (data / 'people').glob('*')]
    people = load_people(pictures or data / 'lfw_train.npz', work, kept_for_tests)
    pairs, crops = validation_pairs(data, work)
    teaching = _teaching(people, config, data, work) if config.teacher else None
    shape = config.people_per_batch, config.pictures_per_person
    network = make_network(config)
    if config.start.endswith('.pt'):
        continue_from(network, Path(config.start))
    elif teaching is not None and config.start:
        start_from(network, Path(config.start), people.crops_bgr, teaching.labels)
    elif teaching is not None:
        labels = torch.from_numpy(teaching.labels)
        network.aim_at(labels.mean(dim=0), labels.std(dim=0))
    run = Run.start(config, network, steps_per_epoch(people.person, *shape))

    def judge() -> dict[str, float]:
        embeddings = embed(MirroredFaceNet(run.average), crops)
        score = score_pairs(pairs.similarity(embeddings), pairs.is_same)
        return {'accuracy': score.accuracy, 'auc': score.auc}

    checkpoints = work if config.teacher else work / 'from-scratch'
    return run.finish(checkpoints, lambda: train_epoch(run, people, teaching), judge)


def _teaching(people: People, config: FaceNetConfig, data: Path, work: Path) -> Teaching:
    """The teacher's labels of all pictures, and of faces without names."""
    teacher = load_teacher().to(best_device(), memory_format=torch.channels_last)
    labels = label_pictures(teacher, people.crops_bgr, work)
    metric = fit_metric(labels, people.person)
    nameless = load_ferplus(data / 'ferplus_train.npz').images
    generator = torch.Generator().manual_seed(config.seed)
    strangers = make_strangers(people.crops_bgr, nameless, config.strangers, generator)
    told = label_pictures(teacher, strangers, work)
    return Teaching(metric.of(labels), strangers, metric.of(told))


def validation_pairs(data: Path, work: Path) -> tuple[Pairs, npt.NDArray[np.uint8]]:
    """Pairs, and the crops that they are of."""
    path = data / 'lfw_validation.npz'
    faces = load_tight_crops(path)
    pairs = load_pairs(data / 'lfw_validation_pairs.csv', faces)
    crops, _ = aligned_crops(faces, work / f'aligned-{sha256_of(path)[:12]}.npz')
    used, places = np.unique(np.stack([pairs.first, pairs.second]), return_inverse=True)
    first, second = places.reshape(2, -1)
    return Pairs(first=first, second=second, is_same=pairs.is_same), crops[used]


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--data', type=Path, default=Path('../shared/data'))
    parser.add_argument(
        '--people', type=Path, default=None, help='npz of tight crops or folder of people'
    )
    parser.add_argument('--work', type=Path, default=Path('.cache/train-facenet'))
    parser.add_argument('--out', type=Path, default=Path('models'))
    parser.add_argument('--teacher', choices=('dlib', 'none'), default='dlib')
    parser.add_argument(
        '--start', default=None, help='checkpoint or exported embedder to begin from'
    )
    parser.add_argument('--epochs', type=int, default=None)
    parser.add_argument('--learning-rate', type=float, default=None)
    parser.add_argument('--width', type=float, default=None)
    parser.add_argument('--note', default='', help='for the card: earlier runs, for example')
    arguments = parser.parse_args()
    config = FaceNetConfig() if arguments.teacher == 'dlib' else FROM_SCRATCH
    asked = {
        name: getattr(arguments, name) for name in ('start', 'epochs', 'learning_rate', 'width')
    }
    config = replace(config, **{name: value for name, value in asked.items() if value is not None})
    best = train(config, arguments.data, arguments.work, arguments.people)
    card = export(best, arguments.out / 'facenet.onnx', arguments.data, arguments.note)
    print(f'{card.path}: {card.accuracy}')


if __name__ == '__main__':
    main()
