"""Settings of the capture of faces for training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.settings import check
from classroom_fer_ros.core.user_files import user_data_dir

SECONDS_A_DAY = 86_400.0
BYTES_A_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureConfig:
    """Which faces are kept for training, where, how many and how long. Off unless switched on."""

    is_enabled: bool = field(
        default=False,
        metadata={
            'description': 'keep crops of faces that training could learn from; standard: of '
            'enrolled people only, eu_school: never',
            'is_live': True,
        },
    )
    folder: str = field(
        default='',
        metadata={
            'description': 'folder of the captured faces; empty: captures in the data folder '
            'of the user'
        },
    )
    max_per_hour: int = field(
        default=12,
        metadata={
            'description': 'most faces of one person, or of one track of a stranger, kept in an '
            'hour',
            'range': (1, 3600),
            'is_live': True,
        },
    )
    min_interval_s: float = field(
        default=5.0,
        metadata={
            'description': 'shortest time between two of one person',
            'unit': 's',
            'range': (0.0, 3600.0),
            'is_live': True,
        },
    )
    look_interval_s: float = field(
        default=1.0,
        metadata={
            'description': 'a face is asked this often whether it is worth keeping',
            'unit': 's',
            'range': (0.0, 3600.0),
            'is_live': True,
        },
    )
    min_face_px: float = field(
        default=48.0,
        metadata={
            'description': 'faces of less height are not kept',
            'unit': 'px',
            'range': (8.0, 1000.0),
            'is_live': True,
        },
    )
    min_lead: float = field(
        default=0.2,
        metadata={
            'description': 'an expression that leads the next one by less probability is '
            'uncertain, and worth keeping',
            'range': (0.0, 1.0),
            'is_live': True,
        },
    )
    new_pose_deg: float = field(
        default=15.0,
        metadata={
            'description': 'a head turned by this much from all kept of the person is worth '
            'keeping',
            'unit': 'deg',
            'range': (3.0, 180.0),
            'is_live': True,
        },
    )
    new_light: float = field(
        default=35.0,
        metadata={
            'description': 'so is a face of a mean luminance that differs by this much',
            'unit': 'gray levels',
            'range': (3.0, 255.0),
            'is_live': True,
        },
    )
    second_card: str = field(
        default='',
        metadata={
            'description': 'model card of another expression model, whose disagreement is worth '
            'keeping; empty for none'
        },
    )
    quota_mb: int = field(
        default=500,
        metadata={
            'description': 'what is kept takes no more than this; the oldest without a label go '
            'first',
            'unit': 'MB',
            'range': (1, 1_000_000),
        },
    )
    expiry_days: float = field(
        default=30.0,
        metadata={
            'description': 'what is kept is erased after this long',
            'unit': 'days',
            'range': (0.001, 3650.0),
        },
    )

    def __post_init__(self) -> None:
        if not isinstance(self.is_enabled, bool):
            raise ConfigError('is_enabled', self.is_enabled, 'must be true or false')
        check(self)

    @property
    def path(self) -> Path:
        """Folder of the captured faces."""
        return Path(self.folder).expanduser() if self.folder else captures_dir()


def captures_dir() -> Path:
    """Where captured faces are kept unless a setting names another folder."""
    return user_data_dir() / 'captures'
