"""The table of profiles, walked row by row, in the whole analysis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.errors import ConfigError, ProfileError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.pipeline import ANALYSES, ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.profiles import PROFILES, Feature, profile_named
from classroom_fer_ros.core.results import AlertKind, Judgement
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig

ALLOWED = {
    # research, standard, eu_school
    Feature.EXPRESSION: (True, True, False),
    Feature.IDENTIFICATION: (True, True, False),
    Feature.ATTENTION: (True, True, False),
    Feature.RECORDED_PICTURES: (True, True, False),
    Feature.CAPTURE: (True, True, False),
    Feature.CAPTURE_OF_STRANGERS: (True, False, False),
}


@pytest.mark.parametrize('feature', Feature)
def test_the_table(feature: Feature) -> None:
    for name, is_allowed in zip(
        ('research', 'standard', 'eu_school'), ALLOWED[feature], strict=True
    ):
        profile = profile_named(name)
        assert profile.allows(feature) is is_allowed, name
        if is_allowed:
            profile.require(feature)
        else:
            with pytest.raises(ProfileError, match=f'{name} forbids {feature.value}'):
                profile.require(feature)


def test_pictures_are_recorded_unasked_for_research_alone() -> None:
    assert [n for n, p in PROFILES.items() if p.records_pictures_unasked] == ['research']


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(ConfigError, match='school_of_life'):
        profile_named('school_of_life')
    with pytest.raises(ConfigError, match='school_of_life'):
        PipelineConfig(profile='school_of_life')


@pytest.mark.parametrize('name', PROFILES)
def test_switches_follow_the_profile(name: str) -> None:
    pipeline = ClassroomPipeline(PipelineConfig(profile=name))
    forbidden = {'expression', 'identification'} if name == 'eu_school' else set()
    assert pipeline.enabled == set(ANALYSES) - forbidden
    for analysis in forbidden:
        with pytest.raises(ProfileError, match=analysis):
            pipeline.set_enabled(analysis, True)
    assert pipeline.enabled == set(ANALYSES) - forbidden


@pytest.mark.parametrize('name', ['standard', 'eu_school'])
def test_what_is_said_of_a_class(name: str) -> None:
    """Twelve seconds of the simulated classroom, in which somebody looks left and right."""
    classroom = SimulatedClassroom(SimulationConfig())
    pipeline = ClassroomPipeline(PipelineConfig(profile=name))
    results = [
        pipeline.process(Frame(classroom.render(index / 15)[0], round(index / 15 * 1e9), index))
        for index in range(12 * 15)
    ]
    raised = {alert.kind for result in results for alert in result.alert_changes}
    state = [result.class_state for result in results if result.class_state is not None][-1]
    has_expressions = any(
        e.status is not Judgement.CANNOT_JUDGE for r in results for e in r.expressions
    )
    is_strict = name == 'eu_school'
    assert (AlertKind.LEFT_RIGHT in raised) is not is_strict
    assert np.isnan(state.attentive_share) == is_strict
    assert np.isnan(state.looking_away_share) == is_strict
    assert np.isnan(state.expression_shares).all() == is_strict
    assert has_expressions is not is_strict
    assert not np.isnan(state.tired_share)
    assert all(not np.isnan(pose.yaw_rad) for pose in results[-1].head_poses)


def test_a_gallery_is_refused_where_it_is_forbidden(tmp_path: Path) -> None:
    path = tmp_path / 'gallery.sqlite'
    with pytest.raises(ProfileError, match='identification'):
        ClassroomPipeline(PipelineConfig(profile='eu_school', gallery_path=str(path)))
    assert not path.exists()
