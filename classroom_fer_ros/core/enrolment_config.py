"""Settings of the gallery, of looking faces up in it, and of enrolling."""

from __future__ import annotations

from dataclasses import dataclass, field

from classroom_fer_ros.core.settings import check

#: Value of `gallery_path` for the file in the user's data directory.
USUAL_GALLERY = 'auto'
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryConfig:
    """How the enrolled are kept, and for how long."""

    gallery_key_path: str = field(
        default='',
        metadata={'description': 'key file of an encrypted gallery; empty: it is not encrypted'},
    )
    gallery_keeps_crops: bool = field(
        default=False,
        metadata={
            'description': 'store the face crops of who is enrolled, so that another model can '
            'learn from them; false: embeddings only'
        },
    )
    gallery_keep_days: float = field(
        default=365.0,
        metadata={
            'description': 'who is enrolled is erased after this long; 0 for never',
            'unit': 'days',
            'range': (0.0, 36500.0),
        },
    )

    def __post_init__(self) -> None:
        check(self)

    def expires_at_s(self, enrolled_at_s: float) -> float | None:
        """When somebody who is enrolled now is to be erased, seconds since 1970."""
        if self.gallery_keep_days == 0.0:
            return None
        return enrolled_at_s + self.gallery_keep_days * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityConfig:
    """When faces are looked up, and what it takes to name or enrol one."""

    identity_view_s: float = field(
        default=0.3,
        metadata={
            'description': 'a face that is new, found again or seen better is looked up this '
            'often',
            'unit': 's',
            'range': (0.0, 60.0),
        },
    )
    identity_votes: int = field(
        default=2,
        metadata={
            'description': 'views that must agree before a face gets a name',
            'range': (1, 5),
        },
    )
    enroll_s: float = field(
        default=3.0,
        metadata={
            'description': 'enrolling looks at a face for this long',
            'unit': 's',
            'range': (0.5, 60.0),
        },
    )
    enroll_views: int = field(
        default=3,
        metadata={'description': 'good views that enrolling needs', 'range': (1, 12)},
    )

    def __post_init__(self) -> None:
        check(self)
