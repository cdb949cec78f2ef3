"""What can be said about a source of pictures."""

from __future__ import annotations

from dataclasses import dataclass, field

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.settings import check

SOURCE_HELP = (
    "'simulated', a camera ('0' or '/dev/video0'), a film, a picture, a folder or pattern of "
    "pictures, an address (rtsp://, http://) or 'topic:NAME'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """Where pictures come from, and how they are delivered."""

    source: str = field(
        default='simulated',
        metadata={'description': SOURCE_HELP, 'parameter': 'source', 'is_live': True},
    )
    width: int = field(
        default=1280,
        metadata={
            'description': 'width asked of a camera or of the simulation',
            'unit': 'px',
            'range': (16, 7680),
        },
    )
    height: int = field(
        default=720,
        metadata={
            'description': 'height asked of a camera or of the simulation',
            'unit': 'px',
            'range': (16, 4320),
        },
    )
    fps: float = field(
        default=25.0,
        metadata={
            'description': 'picture rate asked of a camera or of the simulation',
            'unit': 'Hz',
            'range': (0.1, 240.0),
        },
    )
    is_mjpg: bool = field(
        default=True,
        metadata={
            'description': 'ask a camera for MJPG; most USB cameras are slow at 720p without it'
        },
    )
    is_paced: bool = field(
        default=True,
        metadata={
            'description': 'films, pictures and simulation in real time, passing over what the '
            'reader is too late for; false: every picture, as fast as possible'
        },
    )
    is_looped: bool = field(
        default=False,
        metadata={'description': 'begin a film or a folder of pictures again at its end'},
    )
    students: int = field(
        default=6,
        metadata={'description': 'students in the simulated classroom', 'range': (1, 40)},
    )
    seed: int = field(
        default=1,
        metadata={
            'description': 'what happens in the simulated classroom',
            'range': (0, 2**31 - 1),
        },
    )
    people_dir: str = field(
        default='',
        metadata={
            'description': 'folder of photographs for the simulated students, one folder a '
            'person; empty: what the simulation has by itself'
        },
    )
    reconnect_min_s: float = field(
        default=0.5,
        metadata={
            'description': 'first pause before a lost camera or address is tried again; '
            'doubles with each attempt',
            'unit': 's',
            'range': (0.01, 3600.0),
        },
    )
    reconnect_max_s: float = field(
        default=30.0,
        metadata={
            'description': 'longest pause between two attempts',
            'unit': 's',
            'range': (0.01, 3600.0),
        },
    )
    timeout_s: float = field(
        default=5.0,
        metadata={
            'description': 'an address that stays silent for so long counts as lost',
            'unit': 's',
            'range': (0.1, 60.0),
        },
    )
    picture_interval_s: float = field(
        default=2.0,
        metadata={
            'description': 'time that each picture of a folder stands',
            'unit': 's',
            'range': (0.01, 3600.0),
        },
    )

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise ConfigError('source', self.source, f'must be {SOURCE_HELP}')
        check(self)
        if self.reconnect_max_s < self.reconnect_min_s:
            raise ConfigError(
                'reconnect_max_s', self.reconnect_max_s, 'must not be below reconnect_min_s'
            )
