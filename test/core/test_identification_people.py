"""The shipped embedder and the gallery on photographs of people who were not trained on."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.alignment import align
from classroom_fer_ros.core.detection import FullRangeDetector
from classroom_fer_ros.core.embedding import EMBEDDING_CARD, FaceEmbedder
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.identification import evaluate_identification
from classroom_fer_ros.core.evaluation.splits import evaluate_splits
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.mesh import FaceMesh, keypoints_from_landmarks, roi_from_detection
from classroom_fer_ros.core.model_files import models_dir

ENROLLED = 5


@pytest.fixture(scope='module')
def embedder() -> FaceEmbedder:
    return FaceEmbedder(models_dir() / EMBEDDING_CARD)


@pytest.fixture(scope='module')
def embeddings(data_dir: Path, embedder: FaceEmbedder) -> dict[str, np.ndarray]:
    """Of ten photographs each, shape (10, 128), by name; found by detector and mesh."""
    detector, mesh = FullRangeDetector(), FaceMesh(1)

    def crop(path: Path) -> np.ndarray:
        photograph = cv2.imread(str(path))
        middle = np.array(photograph.shape[1::-1]) / 2
        face = min(
            detector(photograph),
            key=lambda found: np.linalg.norm(np.reshape(found.box_xyxy, (2, 2)).mean(0) - middle),
        )
        (landmarks,) = mesh(photograph, [roi_from_detection(face)])
        return align(photograph, keypoints_from_landmarks(landmarks.points_xy)).image_bgr

    return {
        folder.name: embedder(np.stack([crop(path) for path in sorted(folder.glob('*.jpg'))]))
        for folder in sorted((data_dir / 'people').iterdir())
    }


@dataclass
class Tally:
    """What the gallery said, over every choice of the one who is not enrolled."""

    known: int = 0
    right: int = 0
    wrong: int = 0
    strangers: int = 0
    taken_for_others: int = 0


@pytest.fixture(scope='module')
def tally(
    embeddings: dict[str, np.ndarray],
    embedder: FaceEmbedder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Tally:
    total = Tally()
    for stranger in embeddings:
        path = tmp_path_factory.mktemp(stranger) / 'gallery.db'
        gallery = Gallery.open(path, embedder.card)
        for name, own in embeddings.items():
            if name != stranger:
                gallery.enroll(name, own[:ENROLLED], 0.0)
        for name, own in embeddings.items():
            for match in map(gallery.search, own[ENROLLED:]):
                if name == stranger:
                    total.strangers += 1
                    total.taken_for_others += match is not None
                else:
                    total.known += 1
                    total.right += match is not None and match.person_name == name
                    total.wrong += match is not None and match.person_name != name
        gallery.close()
    return total


# Measured with weights taught by dlib's: 139 of 210 named rightly, none wrongly, and none of 35
# strangers. Those trained by names alone called 5 by a wrong name, and 5 strangers by one.
def test_most_of_the_enrolled_are_named_and_few_wrongly(tally: Tally) -> None:
    assert tally.right >= 0.6 * tally.known
    assert tally.wrong <= 0.01 * tally.known


def test_most_strangers_stay_nameless(tally: Tally) -> None:
    assert tally.strangers > 0
    assert tally.taken_for_others <= 0.03 * tally.strangers


def test_no_faces_no_embeddings(embedder: FaceEmbedder) -> None:
    assert embedder(np.empty((0, 112, 112, 3), np.uint8)).shape == (0, 128)


def test_one_face_is_embedded_as_in_a_batch(embedder: FaceEmbedder) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    together = embedder(crops)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(embedder(crops[1:2])[0], together[1], atol=1e-5)


def test_the_card_tells_the_truth(data_dir: Path, embedder: FaceEmbedder) -> None:
    measured = evaluate_identification(
        data_dir / 'lfw_validation.npz',
        data_dir / 'lfw_validation_pairs.csv',
        models_dir() / EMBEDDING_CARD,
        with_classes=True,
    ).to_json()
    assert measured['accuracy'] >= 0.9
    for name, figure in embedder.card.accuracy.items():
        assert measured[name] == pytest.approx(figure, abs=0.005)


def test_votes_name_more_and_nobody_wrongly_over_all_splits(data_dir: Path) -> None:
    """Five pictures of ten enrolled in all ways, everybody once a stranger."""
    score = evaluate_splits(data_dir / 'people', models_dir() / EMBEDDING_CARD).to_json()
    assert score['splits'] == 252 * score['people']
    assert score['voted_named'] > score['named'] + 0.1
    assert score['voted_named'] >= 0.8
    for wrong in ('misnamed', 'strangers_named', 'voted_misnamed', 'voted_strangers_named'):
        assert score[wrong] <= 0.01


def test_splits_need_people_and_pictures(data_dir: Path, tmp_path: Path) -> None:
    for folder in sorted((data_dir / 'people').iterdir())[:2]:
        (tmp_path / folder.name).mkdir()
        shutil.copy(min(folder.glob('*.jpg')), tmp_path / folder.name)
    with pytest.raises(DataError, match='three people with more than 5 faces'):
        evaluate_splits(tmp_path, models_dir() / EMBEDDING_CARD)
