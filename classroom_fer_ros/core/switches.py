"""Which analyses are on: what the user switched, within what the profile allows."""

from __future__ import annotations

from collections.abc import Sequence

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.profiles import Feature, Profile

ANALYSES = ('detection', 'identification', 'expression', 'fatigue', 'head_pose')
#: Analyses that a profile may forbid.
ANALYSIS_FEATURES = {
    'identification': Feature.IDENTIFICATION,
    'expression': Feature.EXPRESSION,
}


class Switches:
    """One switch an analysis. At first all are on that the profile allows."""

    def __init__(self, profile: Profile, analyses: Sequence[str] = ANALYSES) -> None:
        """:param analyses: those that can be switched here, names from `ANALYSES`"""
        self._profile, self._analyses = profile, tuple(analyses)
        self._enabled = {name for name in analyses if self._is_allowed(name)}

    def __contains__(self, analysis: str) -> bool:
        """Whether an analysis is on."""
        return analysis in self._enabled

    @property
    def enabled(self) -> frozenset[str]:
        """The analyses that are on."""
        return frozenset(self._enabled)

    def set_enabled(self, analysis: str, is_enabled: bool) -> None:
        """
        Switch one analysis on or off.

        :raises ConfigError: if there is no such analysis
        :raises ProfileError: if the profile forbids it
        """
        if analysis not in self._analyses:
            raise ConfigError('analysis', analysis, f'must be one of {", ".join(self._analyses)}')
        if not is_enabled:
            self._enabled.discard(analysis)
            return
        if analysis in ANALYSIS_FEATURES:
            self._profile.require(ANALYSIS_FEATURES[analysis])
        self._enabled.add(analysis)

    def _is_allowed(self, analysis: str) -> bool:
        feature = ANALYSIS_FEATURES.get(analysis)
        return feature is None or self._profile.allows(feature)
