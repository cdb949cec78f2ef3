"""Classification of the seven expressions on aligned crops."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr, ImageGray
from classroom_fer_ros.core.errors import ConfigError, ModelError
from classroom_fer_ros.core.face_framing import INPUT_SIZE, gray_face
from classroom_fer_ros.core.labels import EXPRESSION_LABELS, NUM_EXPRESSIONS
from classroom_fer_ros.core.model_card import load_card, open_session, provider_of
from classroom_fer_ros.core.settings import check

__all__ = ['INPUT_SIZE', 'ExpressionClassifier', 'ExpressionConfig', 'gray_face', 'network_input']


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionConfig:
    """How expressions are classified."""

    card: str = field(
        default='expression.json',
        metadata={'description': 'model card, a file name in the folder of models or a path'},
    )
    num_threads: int = field(
        default=1, metadata={'description': 'threads for one batch', 'range': (1, 64)}
    )

    is_exact: bool = field(
        default=False,
        metadata={
            'description': 'compute with the weights as trained, not in eight bits: slower by far'
        },
    )

    def __post_init__(self) -> None:
        if not self.card:
            raise ConfigError('card', self.card, 'must name a model card')
        check(self)


def network_input(images_gray: ImageGray) -> FloatArray:
    """
    Preprocessing, the same in training and at run time: y = (x - 0) / (255 - 0).

    :param images_gray: shape (n, 48, 48), uint8
    :return: shape (n, 1, 48, 48), float32 in [0, 1]
    """
    return images_gray[:, None].astype(np.float32) / np.float32(255.0)


class ExpressionClassifier:
    """
    A network behind a card: crops in, probabilities out.

    A network may have several heads, one for each set of labels that it was trained on; one of
    them is served.

    :ivar heads: labels of each head by its name
    :ivar provider: what really computes
    :ivar served_head: name of the head that answers unless another is asked for
    :ivar uncertain_below: answers of less probability are called uncertain; NaN if the card does
        not say
    """

    def __init__(
        self, card_path: Path, config: ExpressionConfig | None = None, provider: str = 'cpu'
    ) -> None:
        """
        :param provider: what computes, one of `model_card.PROVIDERS`
        :raises ModelError: if card or weights are missing or wrong, or the labels are not ours
        """
        self.card = card = load_card(card_path)
        for labels in card.heads.values() if card.heads else [card.labels]:
            if labels[:NUM_EXPRESSIONS] != EXPRESSION_LABELS:
                raise ModelError(
                    f'{card_path}: labels begin with {labels[:NUM_EXPRESSIONS]}, '
                    f'must begin with {EXPRESSION_LABELS}'
                )
        config = config or ExpressionConfig()
        self._session = open_session(card, config.num_threads, provider, is_exact=config.is_exact)
        self.provider = provider_of(self._session)
        outputs = {output.name: output.shape for output in self._session.get_outputs()}
        # A card of one output need not name it.
        self.heads = card.heads or {next(iter(outputs)): card.labels}
        self.served_head = card.served_head or next(iter(self.heads))
        _check_heads(card_path, self.heads, self.served_head, outputs)
        self.uncertain_below = _uncertain_below(card_path, card.settings)
        self._temperatures = {
            head: _temperature(card_path, card.settings, head) for head in self.heads
        }

    def __call__(self, crops_bgr: ImageBgr, head: str = '') -> FloatArray:
        """
        Classify a batch of aligned crops.

        :param crops_bgr: shape (n, 112, 112, 3), uint8; n may be 0
        :param head: the head that answers, empty for the served one
        :return: probabilities, shape (n, 7), float32, rows summing to 1, order of the labels
        :raises ModelError: if there is no such head
        """
        if len(crops_bgr) == 0:
            return np.empty((0, NUM_EXPRESSIONS), np.float32)
        return self.classify_gray(np.stack([gray_face(crop) for crop in crops_bgr]), head)

    def classify_gray(self, images_gray: ImageGray, head: str = '') -> FloatArray:
        """
        Classify pictures that are already framed, gray and of the network's size.

        :param images_gray: shape (n, 48, 48), uint8
        :return: as for a call
        :raises ModelError: if there is no such head
        """
        return self.served_probabilities(self.logits(images_gray, head), head)

    def classify_by_heads(self, images_gray: ImageGray) -> dict[str, FloatArray]:
        """
        What every head says, by its name, for the price of one.

        :param images_gray: shape (n, 48, 48), uint8, n at least 1
        :return: each as for a call
        """
        feed = {self._session.get_inputs()[0].name: network_input(images_gray)}
        names = list(self.heads)
        outputs = self._session.run(names, feed)
        return {
            name: self.served_probabilities(np.asarray(output, np.float32), name)
            for name, output in zip(names, outputs, strict=True)
        }

    def logits(self, images_gray: ImageGray, head: str = '') -> FloatArray:
        """
        Raw outputs, one a label of the head, those that are never served included.

        :param images_gray: shape (n, 48, 48), uint8
        :param head: the head that answers, empty for the served one
        :return: shape (n, number of labels), float32
        :raises ModelError: if there is no such head
        """
        feed = {self._session.get_inputs()[0].name: network_input(images_gray)}
        return np.asarray(self._session.run([self.head_named(head)], feed)[0], np.float32)

    def served_probabilities(self, logits: FloatArray, head: str = '') -> FloatArray:
        """
        Turn outputs of a head into probabilities, at the head's temperature.

        :param logits: shape (n, at least 7)
        :return: as for a call
        :raises ModelError: if there is no such head
        """
        return served_probabilities(logits, self._temperatures[self.head_named(head)])

    def head_named(self, head: str) -> str:
        """
        Name of a head.

        :param head: empty for the served one
        :raises ModelError: if there is no such head
        """
        name = head or self.served_head
        if name not in self.heads:
            raise ModelError(
                f'{self.card.name} has no head {name}, only {", ".join(sorted(self.heads))}'
            )
        return name


def served_probabilities(logits: FloatArray, temperature: float = 1.0) -> FloatArray:
    """
    Softmax over the seven served labels; what else a model knows (contempt) takes no part.

    :param logits: shape (n, at least 7)
    :param temperature: above 1 makes the answers less sure
    :return: shape (n, 7), rows summing to 1
    """
    served = logits[:, :NUM_EXPRESSIONS] / np.float32(temperature)
    exponential = np.exp(served - served.max(axis=1, keepdims=True))
    return np.asarray(exponential / exponential.sum(axis=1, keepdims=True), np.float32)


def _check_heads(
    card_path: Path,
    heads: Mapping[str, tuple[str, ...]],
    served_head: str,
    outputs: Mapping[str, Sequence[int | str]],
) -> None:
    """
    Compare the heads that a card names with the outputs of the network.

    :param outputs: shape of each output; a size that is not fixed is a word
    :raises ModelError: if they do not agree
    """
    if set(heads) != set(outputs):
        raise ModelError(
            f'{card_path} names the heads {", ".join(heads)}, '
            f'but the outputs of the network are {", ".join(outputs)}'
        )
    for name, labels in heads.items():
        size = outputs[name][-1] if outputs[name] else 0
        if isinstance(size, int) and size != len(labels):
            raise ModelError(
                f'{card_path} names {len(labels)} labels of the head {name}, '
                f'but the network has {size} there'
            )
    if served_head not in heads:
        raise ModelError(
            f'{card_path} serves the head {served_head}, but has only {", ".join(heads)}'
        )


def _temperature(card_path: Path, settings: Mapping[str, float], head: str) -> float:
    temperature = settings.get(f'temperature_{head}', 1.0)
    if not 0.0 < temperature < math.inf:  # also rejects NaN
        raise ModelError(f'{card_path}: temperature_{head} is {temperature}, must be above 0')
    return temperature


def _uncertain_below(card_path: Path, settings: Mapping[str, float]) -> float:
    if 'uncertain_below' not in settings:
        return math.nan
    limit = settings['uncertain_below']
    if not 0.0 <= limit <= 1.0:  # also rejects NaN
        raise ModelError(f'{card_path}: uncertain_below is {limit}, must be within 0 and 1')
    return limit
