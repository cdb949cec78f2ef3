"""Whether a model that was trained further takes the place of the one in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from classroom_fer_ros.core.model_registry import REMARKS, ModelRegistry

#: What the new model may lose on the base set, as a share.
MAX_LOSS = 0.005


@dataclass(frozen=True, slots=True)
class Measure:
    """
    One accuracy of both models, on the same faces.

    :param count: of faces or pairs that it is of
    """

    before: float
    after: float
    count: int

    @property
    def gain(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    Measures of both models, by name.

    :param captured: on what was captured and held out of training
    :param base: on the validation of the base set
    """

    captured: Mapping[str, Measure]
    base: Mapping[str, Measure]

    @property
    def is_better(self) -> bool:
        """Better on all that was captured, and no worse on the base set."""
        has_gained = all(one.gain > 0.0 for one in self.captured.values())
        return has_gained and all(one.gain >= -MAX_LOSS for one in self.base.values())

    @property
    def verdict(self) -> str:
        """In words."""
        if self.is_better:
            return 'better on the captured faces, and nothing forgotten'
        lost = [name for name, one in self.base.items() if one.gain < -MAX_LOSS]
        if lost:
            return f'more than {MAX_LOSS * 100:g} points lost ({", ".join(lost)})'
        return 'no better on the captured faces'

    def card_figures(self) -> dict[str, float]:
        """What the card says of the captured faces."""
        figures: dict[str, float] = {}
        for name, one in self.captured.items():
            figures[name] = round(one.after, 4)
            figures[f'{name}_before'] = round(one.before, 4)
        return figures

    def conclude(self, card: Path, model: str, registry: ModelRegistry, *, is_forced: bool) -> int:
        """
        Print everything, and install the new model where it is better or wanted all the same.

        :return: exit code: 0 if it was installed, 1 if the old one stays
        :raises ModelError: if it cannot be installed
        """
        self.show()
        if not self.is_better and not is_forced:
            print(f'{self.verdict}: the {model} model in use stays; ARGS=--force installs the new')
            return 1
        version = registry.install(card, model)
        print(f'{self.verdict}: {model} {version.version} is in use, from the next start on')
        print(f"back to the one before: make models ARGS='--roll-back {model}'")
        if model in REMARKS:
            print(REMARKS[model])
        return 0

    def show(self) -> None:
        """Print a table."""
        table = Table('measure', 'before', 'after', 'gain', 'of')
        for name, one in (self.captured | self.base).items():
            shares = (f'{one.before:.1%}', f'{one.after:.1%}', f'{one.gain * 100:+.1f}')
            table.add_row(name, *shares, str(one.count))
        Console().print(table)
