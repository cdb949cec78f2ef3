"""
Train the face embedder and export it with its card: ``make train-facenet``.

    python -m classroom_fer_ros.training.train_facenet --data ../shared/data

Batches of several pictures each of several people; margin softmax over the pictures of a batch and
triplet loss with semi-hard negatives. Best epoch by validation pairs. An interrupted run goes on
where it stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor, nn

from classroom_fer_ros.core.embedding import INPUT_SIZE, network_input
from classroom_fer_ros.core.evaluation.identification import (
    Pairs,
    accuracy_over_folds,
    evaluate_identification,
    load_pairs,
)
from classroom_fer_ros.core.model_card import ModelCard, sha256_of
from classroom_fer_ros.core.tight_crops import load_tight_crops
from classroom_fer_ros.training.export import count_parameters, export_onnx, finish_card
from classroom_fer_ros.training.face_augmentation import augment_crops
from classroom_fer_ros.training.face_losses import batch_softmax_loss, semi_hard_triplet_loss
from classroom_fer_ros.training.facenet_network import FaceNet, MirroredFaceNet
from classroom_fer_ros.training.people import People, aligned_crops, load_people
from classroom_fer_ros.training.run import Run

#: People with more pictures than this are not drawn more often than the others.
MOST_PICTURES = 8
BATCH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceNetConfig:
    """One run; saved in its checkpoint."""

    epochs: int = 45
    people_per_batch: int = 64
    pictures_per_person: int = 2
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    average_decay: float = 0.99
    width: float = 0.5
    dropout: float = 0.2
    softmax_margin: float = 0.1
    triplet_margin: float = 0.3
    triplet_weight: float = 1.0
    seed: int = 1


def make_network(config: FaceNetConfig) -> FaceNet:
    """Network with fresh weights."""
    torch.manual_seed(config.seed)
    return FaceNet(config.width, config.dropout)


def draw_batches(
    people: People, config: FaceNetConfig, generator: torch.Generator
) -> Iterator[npt.NDArray[np.int64]]:
    """
    Batches of `pictures_per_person` pictures of `people_per_batch` people, one epoch of them.

    Those with several pictures come more often, a person with too few shows them again.
    """
    pictures_of = np.split(
        np.argsort(people.person, kind='stable'), np.cumsum(np.bincount(people.person))[:-1]
    )
    weight = torch.tensor([min(len(own), MOST_PICTURES) - 0.5 for own in pictures_of])
    drawn = min(config.people_per_batch, len(pictures_of))
    for _ in range(steps_per_epoch(people, config)):
        batch = []
        for person in torch.multinomial(weight, drawn, generator=generator).tolist():
            own = pictures_of[person]
            order = torch.randperm(len(own), generator=generator).numpy()
            batch.append(np.resize(own[order], config.pictures_per_person))
        yield np.concatenate(batch)


def steps_per_epoch(people: People, config: FaceNetConfig) -> int:
    """As many batches as the pictures fill."""
    size = min(config.people_per_batch, people.count) * config.pictures_per_person
    return max(1, len(people.person) // size)


def train_epoch(run: Run[FaceNet], people: People) -> float:
    """One epoch of batches; mean loss."""
    run.network.train()
    losses = []
    batches = draw_batches(people, run.config, run.generator)
    total = steps_per_epoch(people, run.config)
    for batch in track(batches, f'epoch {run.epoch + 1}', total, transient=True):
        rgb = people.crops_bgr[batch][..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
        images = augment_crops(torch.from_numpy(rgb), run.generator)  # (b, 3, 88, 88)
        images = images.contiguous(memory_format=torch.channels_last)
        person = torch.from_numpy(people.person[batch])
        losses.append(run.step(batch_loss(run.network(images), person, run.config)))
    return float(np.mean(losses))


def batch_loss(embeddings: Tensor, person: Tensor, config: FaceNetConfig) -> Tensor:
    """Margin softmax and triplet loss, in one sum."""
    softmax = batch_softmax_loss(embeddings, person, config.softmax_margin)
    triplet = semi_hard_triplet_loss(embeddings, person, config.triplet_margin)
    return softmax + config.triplet_weight * triplet


def embed(network: nn.Module, crops_bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Embeddings of aligned crops, shape (n, 128)."""
    network.eval()
    with torch.no_grad():
        parts = [
            network(torch.from_numpy(network_input(crops_bgr[i : i + BATCH]))).numpy()
            for i in range(0, len(crops_bgr), BATCH)
        ]
    return np.concatenate(parts)


def train(config: FaceNetConfig, data: Path, work: Path) -> Path:
    """
    Train, or go on training.

    :param data: folder with ``lfw_train.npz``, ``lfw_validation.npz``, its pairs and ``people``
    :param work: folder for aligned crops, checkpoints and the log
    :return: checkpoint of the best epoch
    :raises DataError: if the data are missing or broken
    """
    kept_for_tests = [folder.name for folder in (data / 'people').glob('*')]
    people = load_people(data / 'lfw_train.npz', work, kept_for_tests)
    pairs, crops = _validation(data, work)
    network = make_network(config).to(memory_format=torch.channels_last)
    run = Run.start(config, network, steps_per_epoch(people, config))

    def judge() -> dict[str, float]:
        embeddings = embed(run.average, crops)
        return {'accuracy': accuracy_over_folds(pairs.similarity(embeddings), pairs.is_same)}

    return run.finish(work, lambda: train_epoch(run, people), judge)


def _validation(data: Path, work: Path) -> tuple[Pairs, npt.NDArray[np.uint8]]:
    """Pairs, and the crops that they are of."""
    path = data / 'lfw_validation.npz'
    faces = load_tight_crops(path)
    pairs = load_pairs(data / 'lfw_validation_pairs.csv', faces)
    crops, _ = aligned_crops(faces, work / f'aligned-{sha256_of(path)[:12]}.npz')
    used, places = np.unique(np.stack([pairs.first, pairs.second]), return_inverse=True)
    first, second = places.reshape(2, -1)
    return Pairs(first=first, second=second, is_same=pairs.is_same), crops[used]


def export(checkpoint: Path, onnx_path: Path, data: Path) -> ModelCard:
    """
    Write the averaged network of a checkpoint as ONNX, and its card with validation figures.

    :param data: folder with the validation pictures and pairs
    :raises ModelError: if ONNX Runtime gives other outputs than torch
    """
    saved = torch.load(checkpoint, weights_only=True)
    config = FaceNetConfig(**saved['config'])
    averaged = make_network(config)
    averaged.load_state_dict(saved['average'])
    network = MirroredFaceNet(averaged)
    shape = (3, INPUT_SIZE, INPUT_SIZE)
    export_onnx(network, torch.zeros(1, *shape), onnx_path)
    card = ModelCard(
        name=f'facenet-{count_parameters(network) / 1e6:.1f}M',
        task='identification',
        file=onnx_path.name,
        sha256=sha256_of(onnx_path),
        input_size=(INPUT_SIZE, INPUT_SIZE),
        preprocessing='inner 88x88 of the aligned crop (from x 12, y 9), RGB, y = x / 127.5 - 1',
        training_data=(
            f'lfw_train.npz without the people of people/, {config.epochs} epochs, '
            f'epoch {saved["epoch"]} best of validation'
        ),
        licence='pictures: Labeled Faces in the Wild, research use',
        command='make train-facenet',
        command_evaluation=(
            'python -m classroom_fer_ros.evaluate identification '
            'lfw_validation.npz lfw_validation_pairs.csv'
        ),
        intended_use='telling a few enrolled people apart; first model, to be trained further',
        limits=(
            'trained on 3,500 mostly adult public figures, most with one picture; epoch and '
            'threshold were chosen on the validation pairs that the figures are of; the threshold '
            'accepts 1 % of the pairs of two people, so that a stranger is the more often taken '
            'for somebody the more people are enrolled'
        ),
        parameters=count_parameters(network),
        folder=onnx_path.parent,
    )
    finish_card(card, network, shape)
    return finish_card(with_figures(card, data), network, shape)


def with_figures(card: ModelCard, data: Path) -> ModelCard:
    """Measure a model on the validation pairs: accuracy and threshold for its card."""
    score = evaluate_identification(
        data / 'lfw_validation.npz',
        data / 'lfw_validation_pairs.csv',
        card.path.with_suffix('.json'),
    )
    threshold = round(score.pairs_score.threshold, 4)
    return replace(
        card, accuracy=score.card_figures(), settings={'similarity_threshold': threshold}
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--data', type=Path, default=Path('../shared/data'))
    parser.add_argument('--work', type=Path, default=Path('.cache/train-facenet'))
    parser.add_argument('--out', type=Path, default=Path('models'))
    parser.add_argument('--epochs', type=int, default=FaceNetConfig().epochs)
    arguments = parser.parse_args()
    config = FaceNetConfig(epochs=arguments.epochs)
    best = train(config, arguments.data, arguments.work)
    card = export(best, arguments.out / 'facenet.onnx', arguments.data)
    print(f'{card.path}: {card.accuracy}')


if __name__ == '__main__':
    main()
