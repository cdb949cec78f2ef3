"""Room for pictures in Fast DDS's shared memory, unless the user says otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from classroom_fer_ros import shared_memory
from classroom_fer_ros.checks.machine import MIN_SHM_BYTES
from classroom_fer_ros.shared_memory import (
    PROFILES,
    SETTINGS_OF_USERS,
    make_room_for_pictures,
)


def test_the_package_s_profile_is_taken(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    assert make_room_for_pictures(environment, tmp_path) is True
    assert Path(environment[PROFILES]).name == 'fastdds.xml'
    assert Path(environment[PROFILES]).is_file()


@pytest.mark.parametrize('name', SETTINGS_OF_USERS)
def test_what_the_user_has_set_stands(name: str, tmp_path: Path) -> None:
    environment = {name: 'mine'}
    assert make_room_for_pictures(environment, tmp_path) is False
    assert environment == {name: 'mine'}


def test_containers_with_little_memory_keep_the_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment: dict[str, str] = {}
    assert make_room_for_pictures(environment, tmp_path / 'none') is False
    little = SimpleNamespace(free=MIN_SHM_BYTES - 1)
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: little)
    assert make_room_for_pictures(environment, tmp_path) is False
    assert environment == {}


def test_a_profile_that_is_gone_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_memory, 'shared_folders', lambda _: [tmp_path])
    environment: dict[str, str] = {}
    assert make_room_for_pictures(environment, tmp_path) is False
    assert environment == {}


def test_large_pictures_arrive_that_were_lost_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over real DDS, from another process."""
    pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
    from benchmarks.transport import BEST_EFFORT, OURS, USUAL, measure

    for name in SETTINGS_OF_USERS:
        monkeypatch.delenv(name, raising=False)
    if not make_room_for_pictures({}):
        pytest.skip(f'{shared_memory.FOLDER} has less than {MIN_SHM_BYTES / 1e6:.0f} MB')
    before, now = (
        measure(settings, BEST_EFFORT, (1920, 1080), 20, 20.0) for settings in (USUAL, OURS)
    )
    assert now.received >= 15
    assert before.received < now.received
