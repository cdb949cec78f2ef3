"""Light correction: untouched daylight, lifted darkness, more faces found."""

from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.evaluation.light import evaluate_light
from classroom_fer_ros.core.light import LightConfig, LightCorrection, mean_luminance


def gray(level: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(level, 3.0, (120, 160, 3))
    return np.clip(noise, 0, 255).astype(np.uint8)


def test_normal_pictures_pass_as_they_are() -> None:
    image = gray(120)
    assert LightCorrection()(image) is image


def test_dark_pictures_are_lifted_and_kept_whole() -> None:
    correct = LightCorrection()
    image = gray(25)
    before = image.copy()
    lifted = correct(image)
    assert correct.is_lifting
    assert mean_luminance(lifted) > 80
    assert lifted.shape == image.shape
    np.testing.assert_array_equal(image, before)


def test_between_the_limits_nothing_flickers() -> None:
    correct = LightCorrection(LightConfig(on_below=55, off_above=70))
    states = []
    for level in (62, 50, 62, 75, 62):
        correct(gray(level))
        states.append(correct.is_lifting)
    assert states == [False, True, True, False, False]


@pytest.mark.parametrize('shape', [(0, 0, 3), (1, 1, 3)])
def test_degenerate_pictures(shape: tuple[int, int, int]) -> None:
    assert LightCorrection()(np.zeros(shape, np.uint8)).shape == shape


def test_more_faces_are_found_in_the_dark(data_dir: Path) -> None:
    film = data_dir / 'video' / 'classroom_pupils_720p.mp4'
    scores = {(s.darkening, s.is_corrected): s for s in evaluate_light(film, every_nth=80)}
    for darkening in (8, 16):
        assert scores[darkening, True].found_share > scores[darkening, False].found_share
    assert scores[4, True].landmark_error < scores[4, False].landmark_error


@pytest.mark.parametrize(
    ('name', 'value'),
    [('on_below', -1.0), ('off_above', 10.0), ('target', float('nan')), ('min_gamma', 0.0)],
)
def test_bad_settings_are_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        LightConfig(**{name: value})
