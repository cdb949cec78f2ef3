"""
Models that were trained here: installed beside those that the package ships, never over them.

Each lies in a folder of its own below the user's data; `in_use.json` lists, for each model of the
package, which have been in use, the present one last, so that one can go back.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_files import ENVIRONMENT_VARIABLE, models_dir
from classroom_fer_ros.core.user_files import user_data_dir

IN_USE = 'in_use.json'
#: Version of the model that the package ships.
SHIPPED = 'shipped'
#: What to know when another version is put to use.
REMARKS = {
    'facenet': 'galleries hold embeddings of one model: `make people ARGS=re-embed` makes them '
    'anew from stored crops; without those, enrol again, or go back to the one before'
}
#: End of the name of what is still being written.
PART = '.part'
#: What is shown of a hash.
SHORT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """
    One model that can be put to use.

    :param model: name of the package's card without its ending, such as ``expression``
    :param version: `SHIPPED`, or the beginning of the weights' hash
    :param card: path of the card
    """

    model: str
    version: str
    card: Path
    is_in_use: bool


class ModelRegistry:
    """Installs, lists and switches models."""

    def __init__(self, folder: Path | None = None) -> None:
        """:param folder: by default below the user's data"""
        self.folder = folder or user_data_dir() / 'models'

    def versions(self, model: str) -> list[Version]:
        """
        The shipped model and those that were installed, in the order of their names.

        :raises ModelError: if the package ships no such model, or the list is broken
        """
        shipped = _shipped(model)
        cards = {SHIPPED: shipped} | {
            path.parent.name: path
            for path in sorted(self.folder.glob(f'{model}/*/{shipped.name}'))
            if path.parent.suffix != PART
        }
        present = self.history(model)[-1]
        return [
            Version(model=model, version=version, card=card, is_in_use=version == present)
            for version, card in cards.items()
        ]

    def card(self, model: str) -> Path:
        """
        Card of the model in use.

        :raises ModelError: if it is gone
        """
        for version in self.versions(model):
            if version.is_in_use:
                return version.card
        raise ModelError(
            f'the {model} model in use ({self.history(model)[-1]}) is gone from {self.folder}: '
            f"run `make models ARGS='--use {model} {SHIPPED}'`"
        )

    def install(self, card_path: Path, model: str, *, is_used: bool = True) -> Version:
        """
        Copy a model to the others and put it to use.

        :param card_path: card with its weights beside it
        :param is_used: False only keeps it
        :raises ModelError: if it is not what its card says, or cannot be copied
        """
        card = load_card(card_path)
        card.check_weights()
        name = _shipped(model).name
        version = card.sha256[:SHORT]
        target = self.folder / model / version
        part = target.with_name(version + PART)
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            for weights in card.weights:
                shutil.copyfile(weights, part / weights.name)
            card.write(part / name)
            shutil.rmtree(target, ignore_errors=True)  # the same weights: only its card is new
            part.rename(target)
        except OSError as error:
            raise ModelError(f'{target} cannot be written: {error.strerror}') from error
        if is_used:
            self.use(model, version)
        return Version(model=model, version=version, card=target / name, is_in_use=is_used)

    def use(self, model: str, version: str) -> None:
        """
        Put another model to use; the present one stays installed.

        :raises ModelError: if there is no such version
        """
        known = [one.version for one in self.versions(model)]
        if version not in known:
            raise ModelError(f'there is no {model} {version}: there are {", ".join(known)}')
        history = self.history(model)
        if history[-1] != version:
            self._write(model, [*history, version])

    def roll_back(self, model: str) -> str:
        """
        Put the model to use that was before the present one.

        :return: its version
        :raises ModelError: if there was none before
        """
        history = self.history(model)
        if len(history) < 2:
            raise ModelError(f'no other {model} model was in use before {history[-1]}')
        self._write(model, history[:-1])
        return history[-2]

    def history(self, model: str) -> list[str]:
        """
        Versions that have been in use, the present one last.

        :raises ModelError: if the list is broken
        """
        return self._read().get(model, []) or [SHIPPED]

    def _read(self) -> dict[str, list[str]]:
        path = self.folder / IN_USE
        if not path.is_file():
            return {}
        try:
            values = json.loads(path.read_text(encoding='utf-8'))
            return {str(model): [str(one) for one in used] for model, used in values.items()}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise ModelError(
                f'{path} is no list of models in use ({error}): delete it to use the shipped ones'
            ) from error

    def _write(self, model: str, history: list[str]) -> None:
        path = self.folder / IN_USE
        part = path.with_suffix(PART)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            values = self._read() | {model: history}
            part.write_text(json.dumps(values, indent=2) + '\n', encoding='utf-8')
            part.replace(path)
        except OSError as error:
            raise ModelError(f'{path} cannot be written: {error.strerror}') from error


def card_in_use(name: str) -> Path:
    """
    Where the card is that a setting names.

    :param name: a path, which stands; a mere file name is looked up among the installed models
        that are in use, then in the folder of models, which alone counts where the environment
        names it
    :raises ModelError: if there is no folder of models, or the model in use is gone
    """
    path = models_dir() / name
    is_named = Path(name).name != name or os.environ.get(ENVIRONMENT_VARIABLE)
    return path if is_named or not path.is_file() else ModelRegistry().card(path.stem)


def _shipped(model: str) -> Path:
    path = models_dir() / f'{model}.json'
    if not path.is_file():
        raise ModelError(f'there is no model {model}: the package ships none of this name')
    return path
