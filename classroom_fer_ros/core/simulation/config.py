"""Settings of the simulated classroom."""

from __future__ import annotations

from dataclasses import dataclass, field

from classroom_fer_ros.core.settings import check

MAX_STUDENTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationConfig:
    """How many students sit in the simulated classroom, and how it is filmed."""

    students: int = field(
        default=6, metadata={'description': 'virtual students', 'range': (1, MAX_STUDENTS)}
    )
    width: int = field(
        default=1280,
        metadata={'description': 'width of the picture', 'unit': 'px', 'range': (160, 7680)},
    )
    height: int = field(
        default=720,
        metadata={'description': 'height of the picture', 'unit': 'px', 'range': (120, 4320)},
    )
    fps: float = field(
        default=25.0,
        metadata={'description': 'pictures a second', 'unit': 'Hz', 'range': (1.0, 120.0)},
    )
    seed: int = field(
        default=1,
        metadata={'description': 'another seed is another class', 'range': (0, 2**31 - 1)},
    )
    people_dir: str = field(
        default='',
        metadata={
            'description': 'own photographs as <name>/<label>.jpg; empty for the one that '
            'scikit-image ships'
        },
    )

    def __post_init__(self) -> None:
        check(self)
