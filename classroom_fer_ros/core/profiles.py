"""
Profiles: what may be analysed and kept, as law and house rules allow.

`eu_school` leaves out what Article 5(1)(f) of the EU AI Act (Regulation (EU) 2024/1689) prohibits
in education, and what is counted to it: expressions, identities, and anything about attention.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from classroom_fer_ros.core.errors import ConfigError, ProfileError


class Feature(str, Enum):
    """What a profile may forbid; the values are the words that users read."""

    EXPRESSION = 'expression'
    IDENTIFICATION = 'identification'
    ATTENTION = 'attention'
    RECORDED_PICTURES = 'recording of pictures'
    CAPTURE = 'capture for training'
    CAPTURE_OF_STRANGERS = 'capture of people who are not enrolled'


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    One set of rules.

    :param forbidden: features that are off and refuse to be switched on
    :param records_pictures_unasked: whether a recording holds pictures without being asked to
    """

    name: str
    forbidden: frozenset[Feature] = frozenset()
    records_pictures_unasked: bool = False

    def allows(self, feature: Feature) -> bool:
        """Whether a feature may be on."""
        return feature not in self.forbidden

    def require(self, feature: Feature) -> None:
        """:raises ProfileError: if the profile forbids a feature"""
        if not self.allows(feature):
            raise ProfileError(self.name, feature.value)


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(name='research', records_pictures_unasked=True),
        Profile(name='standard', forbidden=frozenset({Feature.CAPTURE_OF_STRANGERS})),
        Profile(name='eu_school', forbidden=frozenset(Feature)),
    )
}
PROFILE_NAMES = tuple(PROFILES)


def profile_named(name: str) -> Profile:
    """
    Look a profile up.

    :raises ConfigError: if there is none of this name
    """
    if name not in PROFILES:
        raise ConfigError('profile', name, f'must be one of {", ".join(PROFILES)}')
    return PROFILES[name]
