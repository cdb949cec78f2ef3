"""
Model cards: what a model is, beside its weights, as JSON.

A model is opened through its card only, and only if the weights are the ones that the card names.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from classroom_fer_ros.core.errors import ModelError

logger = logging.getLogger(__name__)

#: What ONNX Runtime can compute on, by the word of the parameter, and its names for it.
PROVIDERS = {
    'cpu': ('CPUExecutionProvider',),
    'cuda': ('CUDAExecutionProvider', 'CPUExecutionProvider'),
    'tensorrt': ('TensorrtExecutionProvider', 'CUDAExecutionProvider', 'CPUExecutionProvider'),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """
    Description of one model.

    :param file: name of the ONNX file, in the card's folder
    :param quantized_file: the same network in eight bits, which the processor takes; may be empty
    :param labels: names of the outputs in order, empty for an embedding
    :param heads: labels of each output of the ONNX file by its name, where it has several
    :param served_head: the output that answers at run time; the others are for evaluation
    :param input_size: width and height of the network's input, in pixels
    :param preprocessing: how a crop becomes the network's input, in words
    :param accuracy: figures that `command_evaluation` prints, by name
    :param settings: numbers that belong to these weights, such as thresholds, by name
    """

    name: str
    task: str
    file: str
    sha256: str
    input_size: tuple[int, int]
    preprocessing: str
    quantized_file: str = ''
    quantized_sha256: str = ''
    labels: tuple[str, ...] = ()
    heads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    served_head: str = ''
    training_data: str = ''
    licence: str = ''
    command: str = ''
    command_evaluation: str = ''
    intended_use: str = ''
    limits: str = ''
    parameters: int = 0
    accuracy: dict[str, float] = field(default_factory=dict)
    settings: dict[str, float] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def path(self) -> Path:
        """The weights."""
        return self.folder / self.file

    @property
    def weights(self) -> dict[Path, str]:
        """All files of weights, and the sha256 of each."""
        files = {self.path: self.sha256}
        if self.quantized_file:
            files[self.folder / self.quantized_file] = self.quantized_sha256
        return files

    def check_weights(self) -> None:
        """:raises ModelError: if a file of weights is missing or not the card's"""
        for path, sha256 in self.weights.items():
            if not path.is_file():
                raise ModelError(f'{path} is missing: it holds the weights of {self.name}')
            found = sha256_of(path)
            if found != sha256:
                raise ModelError(
                    f'{path} is not the file that its card names: sha256 is {found}, the card '
                    f'says {sha256}; restore it, or train it again with `{self.command}`'
                )

    def write(self, path: Path) -> None:
        """Write the card as JSON."""
        values = asdict(self)
        values.pop('folder')
        path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + '\n', encoding='utf-8')


def load_card(path: Path) -> ModelCard:
    """
    Read a card.

    :raises ModelError: if the file is missing, is no JSON or lacks a field
    """
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
        values['labels'] = tuple(values.get('labels', ()))
        values['input_size'] = tuple(values['input_size'])
        values['heads'] = {name: tuple(labels) for name, labels in values.get('heads', {}).items()}
        values['settings'] = {
            name: float(value) for name, value in values.get('settings', {}).items()
        }
        return ModelCard(**values, folder=path.parent)
    except OSError as error:
        raise ModelError(f'model card {path} cannot be read: {error.strerror}') from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f'{path} is no model card: {error}') from error


def sha256_of(path: Path) -> str:
    """Hash of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def open_session(
    card: ModelCard, num_threads: int = 1, provider: str = 'cpu', *, is_exact: bool = False
) -> Any:
    """
    Open the weights of a card with ONNX Runtime.

    :param num_threads: threads that one call may use
    :param provider: one of `PROVIDERS`; where it is missing, the CPU takes its place
    :param is_exact: take the weights as they were trained, also where there are quantized ones
    :return: an ``onnxruntime.InferenceSession``
    :raises ModelError: if the weights are missing, are not the card's or cannot be read
    """
    card.check_weights()
    is_quantized = card.quantized_file and provider == 'cpu' and not is_exact
    path = card.folder / card.quantized_file if is_quantized else card.path
    # Imported here, so that a machine without it can still read cards.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=_providers(onnxruntime, provider)
        )
    except Exception as error:  # ONNX Runtime's own exceptions share no public base
        raise ModelError(f'ONNX Runtime cannot read {path}: {error}') from error


def _providers(onnxruntime: Any, provider: str) -> list[str]:
    """What ONNX Runtime is to try, best first; says so where the best is missing."""
    wanted = PROVIDERS[provider]
    available = set(onnxruntime.get_available_providers())
    if wanted[0] not in available:
        logger.warning(
            'provider %s: ONNX Runtime %s has no %s here, so %s computes; install onnxruntime-gpu '
            'in the place of onnxruntime, with the CUDA that it asks for',
            provider,
            onnxruntime.__version__,
            wanted[0],
            next(name for name in wanted if name in available),
        )
    return [name for name in wanted if name in available]


def provider_of(session: Any) -> str:
    """What a session really computes on: `cpu`, `cuda` or `tensorrt`."""
    first = session.get_providers()[0]
    return next((word for word, names in PROVIDERS.items() if names[0] == first), str(first))
