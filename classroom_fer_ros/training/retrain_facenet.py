"""
Train the face embedder in use on captured people: ``make train-facenet DATA=folder``.

    python -m classroom_fer_ros.training.retrain_facenet out/labelled --base ../shared/data

Pictures of one captured person are drawn together and those of two apart, while people of the base
set shall stay where they were (Li and Hoiem, "Learning without Forgetting", 2016). Old and new are
compared on captured pictures that were held out and on the base set's validation pairs. A gallery
holds embeddings of one model: after the new one is installed, people have to be enrolled again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch import nn

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.embedding import INPUT_SIZE, FaceEmbedder
from classroom_fer_ros.core.errors import ClassroomFerError, DataError
from classroom_fer_ros.core.evaluation.identification import Pairs, score_pairs
from classroom_fer_ros.core.model_card import ModelCard, load_card, sha256_of
from classroom_fer_ros.core.model_registry import ModelRegistry, card_in_use
from classroom_fer_ros.core.near_duplicates import groups_of_same
from classroom_fer_ros.core.pipeline_config import PipelineConfig
from classroom_fer_ros.training.captured import load_captured_people
from classroom_fer_ros.training.comparison import Comparison, Measure
from classroom_fer_ros.training.device import best_device
from classroom_fer_ros.training.export import export_onnx, finish_card
from classroom_fer_ros.training.face_augmentation import augment_crops
from classroom_fer_ros.training.face_config import FaceNetConfig, make_network
from classroom_fer_ros.training.face_export import with_figures
from classroom_fer_ros.training.face_losses import (
    batch_softmax_loss,
    distillation_loss,
    semi_hard_triplet_loss,
)
from classroom_fer_ros.training.face_start import start_from
from classroom_fer_ros.training.face_teacher import as_rgb
from classroom_fer_ros.training.facenet_network import FaceNet, MirroredFaceNet
from classroom_fer_ros.training.people import People, load_people
from classroom_fer_ros.training.run import Run
from classroom_fer_ros.training.train_facenet import validation_pairs

MODEL = 'facenet'
SHAPE = (3, INPUT_SIZE, INPUT_SIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainFaceConfig:
    """
    How far the network may go.

    :param captured_batch: captured crops of a batch
    :param base_batch: crops of the base set beside them
    :param base_weight: of their staying where they were
    :param held_out: share of each person's pictures that the comparison is made on
    """

    steps: int = 300
    captured_batch: int = 32
    base_batch: int = 64
    base_weight: float = 2.0
    softmax_margin: float = 0.1
    triplet_margin: float = 0.15
    held_out: float = 0.35
    learning_rate: float = 2e-4
    weight_decay: float = 0.02
    average_decay: float = 0.98
    epochs: int = 1
    seed: int = 1


def hold_out_pictures(people: People, share: float, seed: int) -> tuple[People, People]:
    """
    Split the pictures of every person; nearly the same ones stay together.

    :return: pictures for training, and those held out
    :raises DataError: if nothing is left on one side
    """
    gray = np.asarray(people.crops_bgr.mean(axis=3), np.uint8)
    groups, rng = groups_of_same(gray), np.random.default_rng(seed)
    is_held = np.zeros(len(people), bool)
    for person in np.unique(people.person):
        own = np.unique(groups[people.person == person])
        count = min(max(1, round(share * len(own))), len(own) - 1)
        is_held |= np.isin(groups, rng.permutation(own)[:count])
    if not is_held.any() or is_held.all():
        raise DataError('the captured pictures of each person are all alike: capture others')
    return people[~is_held], people[is_held]


def train_on(
    network: FaceNet,
    captured: People,
    base_bgr: ImageBgr,
    before: FloatArray,
    config: RetrainFaceConfig,
) -> FaceNet:
    """
    Train a network further.

    :param base_bgr: aligned crops of the base set, shape (n, 112, 112, 3)
    :param before: what the model in use makes of them, shape (n, 128)
    :return: the averaged network
    """
    torch.manual_seed(config.seed)
    run = Run.start(config, network, config.steps)
    rng, device = np.random.default_rng(config.seed), best_device()
    for _ in track(range(config.steps), 'training further', transient=True):
        _train_mode(run.network)
        chosen = rng.choice(len(captured), config.captured_batch)
        others = rng.choice(len(base_bgr), config.base_batch, replace=False)
        crops = np.concatenate([captured.crops_bgr[chosen], base_bgr[others]])
        images = augment_crops(as_rgb(crops).to(device), run.generator)
        embeddings = run.network(images)
        mine, theirs = embeddings[: len(chosen)], embeddings[len(chosen) :]
        person = torch.from_numpy(captured.person[chosen]).to(device)
        stayed = distillation_loss(theirs, torch.from_numpy(before[others]).to(device))
        run.step(
            semi_hard_triplet_loss(mine, person, config.triplet_margin)
            + batch_softmax_loss(mine, person, config.softmax_margin)
            + config.base_weight * stayed
        )
    return run.average


def _train_mode(network: nn.Module) -> None:
    """Normalisations keep their measures, as at the start."""
    network.train()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.eval()


def compare(
    before: Path, after: Path, parts: tuple[People, People], base: Path, work: Path
) -> Comparison:
    """
    Two models on the same pairs.

    :param parts: captured pictures for training, and those held out; the latter are compared with
        the former, as a gallery would
    """
    old, new = (FaceEmbedder(card) for card in (before, after))
    known, held_out = parts
    is_same = (held_out.person[:, None] == known.person[None]).ravel()

    def captured_auc(embed: FaceEmbedder) -> float:
        similarity = embed(held_out.crops_bgr) @ embed(known.crops_bgr).T
        return score_pairs(similarity.ravel(), is_same).auc

    pairs, crops = validation_pairs(base, work)
    return Comparison(
        captured={
            'captured_auc': Measure(captured_auc(old), captured_auc(new), count=len(is_same))
        },
        base={
            'base_pairs_accuracy': Measure(
                *(_pairs_accuracy(one, pairs, crops) for one in (old, new)), count=len(pairs.first)
            )
        },
    )


def _pairs_accuracy(embed: FaceEmbedder, pairs: Pairs, crops: ImageBgr) -> float:
    return score_pairs(pairs.similarity(embed(crops)), pairs.is_same).accuracy


def retrain(
    data: Path, base: Path, work: Path, config: RetrainFaceConfig
) -> tuple[Path, Comparison]:
    """
    Train the model in use further and compare.

    :param data: an exported set, see `load_captured_people`
    :param base: folder with LFW's training and validation files
    :param work: folder for aligned crops and the new model
    :return: its card, and the comparison with the model in use
    :raises DataError: if data are missing, broken or too few
    :raises ModelError: if the model in use cannot be trained further
    """
    card = load_card(card_in_use(PipelineConfig().embedding_card))
    parts = hold_out_pictures(load_captured_people(data), config.held_out, config.seed)
    kept_for_tests = [folder.name for folder in (base / 'people').glob('*')]
    crops = load_people(base / 'lfw_train.npz', work, kept_for_tests).crops_bgr
    before = FaceEmbedder(card.path.with_suffix('.json'))(crops)
    network = make_network(FaceNetConfig())
    start_from(network, card.path, crops, before)
    network = train_on(network, parts[0], crops, before, config).cpu()
    mirrored = MirroredFaceNet(network)
    onnx_path = work / 'new' / f'{MODEL}.onnx'
    export_onnx(mirrored, torch.zeros(1, *SHAPE), onnx_path)
    new = finish_card(_card(card, onnx_path, parts[0], config), mirrored, SHAPE)
    new = with_figures(new, base)
    after = onnx_path.with_suffix('.json')
    comparison = compare(card.path.with_suffix('.json'), after, parts, base, work)
    figures = new.accuracy | comparison.card_figures()
    finish_card(replace(new, accuracy=figures), mirrored, SHAPE)
    return after, comparison


def _card(
    old: ModelCard, onnx_path: Path, captured: People, config: RetrainFaceConfig
) -> ModelCard:
    people = len(np.unique(captured.person))
    return replace(
        old,
        file=onnx_path.name,
        folder=onnx_path.parent,
        sha256=sha256_of(onnx_path),
        training_data=f'{old.training_data}; then {len(captured)} captured pictures of {people} '
        f'people, {config.steps} steps from {old.sha256[:12]}',
        licence=f'{old.licence}; captured faces: their owners, for use in this room only',
        command='make train-facenet DATA=folder',
        accuracy={},
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if a model was installed, 1 if the old one stays, 2 if it cannot be done."""
    options = _parser().parse_args(arguments)
    config = replace(RetrainFaceConfig(), steps=options.steps, seed=options.seed)
    try:
        card, comparison = retrain(options.data, options.base, options.work, config)
        return comparison.conclude(card, MODEL, ModelRegistry(), is_forced=options.force)
    except ClassroomFerError as error:
        print(f'retrain_facenet: {error}', file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='retrain_facenet', description='Train further.')
    parser.add_argument('data', type=Path, help='a set as `make label` exports it')
    parser.add_argument('--base', type=Path, default=Path('../shared/data'))
    parser.add_argument('--work', type=Path, default=Path('.cache/train-facenet'))
    parser.add_argument('--steps', type=int, default=RetrainFaceConfig().steps)
    parser.add_argument('--seed', type=int, default=RetrainFaceConfig().seed)
    parser.add_argument('--force', action='store_true', help='install it even if it is no better')
    return parser


if __name__ == '__main__':
    sys.exit(main())
