"""Errors of this package. Each names the thing that is wrong and says what to do about it."""

from __future__ import annotations


class ClassroomFerError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigError(ClassroomFerError):
    """A setting has a value that it cannot have."""

    def __init__(self, name: str, value: object, problem: str) -> None:
        super().__init__(f'{name} = {value!r}: {problem}')
        self.name = name
        self.value = value
        self.problem = problem

    def renamed(self, name: str) -> ConfigError:
        """The same error about a setting that its user knows under another name."""
        return ConfigError(name, self.value, self.problem)


class SourceError(ClassroomFerError):
    """A camera, film, folder, address or topic cannot deliver pictures."""


class ModelError(ClassroomFerError):
    """A model or its card is missing, unreadable or not the one that was expected."""


class StampError(ClassroomFerError):
    """A time stamp went backwards."""

    def __init__(self, stamp_s: float, previous_s: float) -> None:
        super().__init__(
            f'stamp {stamp_s:.6f} s comes before {previous_s:.6f} s: '
            'reset the state when a source starts again'
        )
        self.stamp_s = stamp_s
        self.previous_s = previous_s


class DataError(ClassroomFerError):
    """A data file or folder is missing, truncated or of another layout."""


class BagError(ClassroomFerError):
    """A recording is missing, was broken off, or cannot be written or read."""


class GalleryError(ClassroomFerError):
    """The gallery of enrolled people is broken, of another model, or given what it cannot hold."""


class CaptureError(ClassroomFerError):
    """Captured faces cannot be kept, read or labelled."""


class ProfileError(ClassroomFerError):
    """Something was asked for that the profile forbids."""

    def __init__(self, profile: str, feature: str) -> None:
        super().__init__(
            f'the profile {profile} forbids {feature}: start with another profile if the law and '
            'the people in the picture allow it'
        )
        self.profile = profile
        self.feature = feature
