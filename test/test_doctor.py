"""The doctor: each check told good from bad, and the whole where ROS 2 is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest

from classroom_fer_ros.checks import machine, model_checks, packages, ros
from classroom_fer_ros.checks.finding import Finding, Level, ok, problem
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.model_registry import ModelRegistry
from tiny_models import write_expression_model

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 120


def levels(findings: Iterable[Finding]) -> dict[str, Level]:
    return {finding.subject: finding.level for finding in findings}


def test_a_finding_is_one_line() -> None:
    line = str(problem('rclpy', 'is missing', 'run `make setup`'))
    assert line.split() == ['problem', 'rclpy', 'is', 'missing:', 'run', '`make', 'setup`']
    assert '\n' not in line
    assert str(ok('numpy', '1.26.4')).endswith('1.26.4')


@pytest.mark.parametrize(
    ('version', 'prefix', 'level'),
    [
        pytest.param((3, 9, 2), '/venv', Level.PROBLEM, id='too old'),
        pytest.param((3, 13, 0), '/venv', Level.PROBLEM, id='too new'),
        pytest.param((3, 12, 3), '/usr', Level.WARNING, id='no venv'),
        pytest.param((3, 10, 0), '/venv', Level.OK, id='as wanted'),
    ],
)
def test_python(version: tuple[int, ...], prefix: str, level: Level) -> None:
    (finding,) = packages.check_python(version, prefix, '/usr')
    assert finding.level is level
    assert (level is Level.OK) == (not finding.advice)


def test_packages_are_compared_with_the_requirements(tmp_path: Path) -> None:
    (tmp_path / 'runtime.txt').write_text('# words\n-c constraints.txt\nnumpy\nRich==15.0.0\n')
    (tmp_path / 'constraints.txt').write_text('numpy==1.26.4\nsetuptools==79.0.1\n')
    required = packages.required_versions(tmp_path)
    assert required == {'numpy': '1.26.4', 'rich': '15.0.0'}
    found = list(packages.check_packages(required, {'numpy': '2.1.0'}, lambda module: False))
    assert levels(found) == {'numpy': Level.WARNING, 'rich': Level.PROBLEM}
    assert 'make setup' in found[1].advice
    assert '1.26.4' in found[0].text


def test_the_project_s_requirements_name_what_runs() -> None:
    required = packages.required_versions(ROOT / 'requirements')
    assert required['mediapipe'] == '0.10.21'
    assert set(packages.NEEDED) <= set(required)


def test_what_the_system_brings_counts() -> None:
    (finding,) = packages.check_packages({'pyyaml': '6.0'}, {}, lambda module: module == 'yaml')
    assert finding.level is Level.OK


@pytest.mark.parametrize(
    ('version', 'level'),
    [('4.6.0', Level.WARNING), ('4.8.0', Level.OK), ('4.11.0-dev', Level.OK), ('5.0', Level.OK)],
)
def test_opencv(version: str, level: Level) -> None:
    assert packages.check_opencv(lambda _: SimpleNamespace(__version__=version)).level is level


def test_no_opencv() -> None:
    def refuse(name: str) -> object:
        raise ImportError('libGL.so.1: cannot open shared object file')

    finding = packages.check_opencv(refuse)
    assert (finding.level, 'libGL' in finding.text) == (Level.PROBLEM, True)


@pytest.mark.parametrize(
    ('installed', 'level'),
    [
        pytest.param(['pyqt5', 'opencv-python-headless'], Level.OK, id='headless'),
        pytest.param(['pyqt5', 'opencv-python'], Level.WARNING, id='both with plugins'),
        pytest.param(['opencv-python', 'opencv-python-headless'], Level.WARNING, id='two OpenCV'),
        pytest.param([], Level.OK, id='none'),
    ],
)
def test_qt(installed: list[str], level: Level) -> None:
    assert packages.check_qt(dict.fromkeys(installed, '1')).level is level


def test_models(tmp_path: Path) -> None:
    shutil.copytree(models_dir(), tmp_path / 'models')
    folder = tmp_path / 'models'
    assert set(levels(model_checks.check_models(folder)).values()) == {Level.OK}
    (folder / 'facenet.onnx').unlink()
    (folder / 'eye_state.onnx').write_bytes(b'')
    weights = folder / 'expression.onnx'
    weights.write_bytes(weights.read_bytes()[:-1] + b'x')
    (folder / 'face_shape.json').write_text('{"points')
    found = list(model_checks.check_models(folder))
    assert set(levels(found).values()) == {Level.PROBLEM}
    assert len(found) == 4
    assert all(finding.advice for finding in found)


def test_a_model_that_was_trained_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('CLASSROOM_FER_HOME', str(tmp_path / 'home'))
    assert list(model_checks.check_installed()) == []
    (tmp_path / 'new').mkdir()
    version = ModelRegistry().install(write_expression_model(tmp_path / 'new'), 'expression')
    (found,) = model_checks.check_installed()
    assert (found.level, found.subject) == (Level.OK, 'expression in use')
    load_card(version.card).path.write_bytes(b'')
    (found,) = model_checks.check_installed()
    assert found.level is Level.PROBLEM
    shutil.rmtree(version.card.parent)
    (found,) = model_checks.check_installed()
    assert (found.level, 'make models' in found.advice) == (Level.PROBLEM, True)


def test_mediapipe_s_files() -> None:
    assert set(levels(model_checks.check_mediapipe()).values()) == {Level.OK}
    (found,) = model_checks.check_mediapipe(('mediapipe/none.tflite',))
    assert found.level is Level.PROBLEM


def test_a_file_that_mediapipe_did_not_ship(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'face_landmark.tflite').write_bytes(b'another')
    monkeypatch.setattr(model_checks, 'package_file', lambda _, file: tmp_path / Path(file).name)
    (found,) = model_checks.check_mediapipe(model_checks.MEDIAPIPE_FILES[:1])
    assert (found.level, 'reinstall' in found.advice) == (Level.PROBLEM, True)


def test_fetched_models_are_optional_but_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert levels(model_checks.check_fetched()) == {'yunet': Level.OK}
    cached = tmp_path / 'classroom_fer_ros' / 'models' / 'face_detection_yunet_2023mar.onnx'
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b'half')
    assert levels(model_checks.check_fetched()) == {'yunet': Level.PROBLEM}


def test_cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [finding.level for finding in machine.check_cameras(tmp_path)] == [Level.OK]
    (tmp_path / 'video0').touch()
    assert 'video0' in next(machine.check_cameras(tmp_path)).text
    monkeypatch.setattr(os, 'access', lambda *_: False)  # root may open everything
    (found,) = machine.check_cameras(tmp_path)
    assert (found.level, 'usermod -aG video' in found.advice) == (Level.WARNING, True)


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.check_place('output', tmp_path / 'not' / 'made' / 'yet').level is Level.OK
    assert not (tmp_path / 'not').exists()
    assert machine.check_place('output', Path('/proc/lesson')).level is Level.PROBLEM
    names = machine.places(tmp_path, tmp_path / 'gallery.sqlite', {'HOME': '/home/ana'})
    assert names['cache'] == Path('/home/ana/.cache/classroom_fer_ros')
    assert names['captures, models'] == Path('/home/ana/.local/share/classroom_fer_ros')
    assert machine.places(tmp_path, None, {'CLASSROOM_FER_HOME': '/captures'})[
        'captures, models'
    ] == Path('/captures')
    assert names['gallery'] == tmp_path
    for free, level in ((10**6, Level.PROBLEM), (10**9, Level.WARNING), (10**10, Level.OK)):
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr(shutil, 'disk_usage', lambda _, usage=usage: usage)
        assert machine.check_place('output', tmp_path).level is level


def test_ros_is_missing() -> None:
    found = list(ros.check_ros({}, lambda script: "No module named 'rclpy'"))
    assert levels(found)['rclpy'] is Level.PROBLEM
    assert 'make setup' in found[-1].advice


def test_numpy_that_the_messages_refuse() -> None:
    def run(script: str) -> str:
        return 'ended with -6' if script == ros.MESSAGES_SCRIPT else ''

    found = {finding.subject: finding for finding in ros.check_ros({}, run)}
    assert found['messages'].level is Level.PROBLEM
    assert 'numpy<2' in found['messages'].advice
    assert found['own messages'].level is Level.OK


def test_scripts_are_run() -> None:
    assert ros.run_script('pass') == ''
    assert ros.run_script('import no_such_module') == (
        "ModuleNotFoundError: No module named 'no_such_module'"
    )
    assert ros.run_script('import os; os.abort()') == 'ended with -6'


@pytest.mark.parametrize(
    ('environment', 'subject', 'level'),
    [
        pytest.param({}, 'dds settings', Level.OK, id='defaults'),
        pytest.param({'ROS_LOCALHOST_ONLY': '1'}, 'discovery range', Level.WARNING, id='outdated'),
        pytest.param(
            {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'HOUSE'}, 'discovery range', Level.PROBLEM, id='typo'
        ),
        pytest.param(
            {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'}, 'discovery range', Level.PROBLEM, id='off'
        ),
        pytest.param({'ROS_DOMAIN_ID': '150'}, 'domain', Level.WARNING, id='high domain'),
        pytest.param({'ROS_DOMAIN_ID': '233'}, 'domain', Level.PROBLEM, id='no domain'),
        pytest.param({'ROS_DOMAIN_ID': 'one'}, 'domain', Level.PROBLEM, id='a word'),
    ],
)
def test_settings(environment: dict[str, str], subject: str, level: Level) -> None:
    assert levels(ros.check_settings(environment))[subject] is level


def test_two_processes_find_each_other() -> None:
    pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
    assert ros.check_discovery().level in (Level.OK, Level.WARNING)


def test_two_processes_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'OFF')
    finding = ros.check_discovery(timeout_s=2.0)
    assert (finding.level, 'LOCALHOST' in finding.advice) == (Level.PROBLEM, True)


def doctor(*arguments: str, blocked: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = [str(folder) for folder in (blocked, ROOT) if folder is not None]
    return subprocess.run(
        [sys.executable, '-m', 'classroom_fer_ros.doctor', *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(path)},
    )


def test_the_command_without_ros(tmp_path: Path) -> None:
    for module in ('rclpy', 'numpy', 'cv2'):
        (tmp_path / f'{module}.py').write_text('raise ImportError("blocked by the test")')
    done = doctor(blocked=tmp_path)
    assert done.returncode == 1
    assert done.stderr == ''
    (line,) = (line for line in done.stdout.splitlines() if 'rclpy' in line)
    assert line.startswith('problem')
    assert 'make setup' in line
    assert 'problem(s)' in done.stdout.splitlines()[-1]


def test_the_command_as_json() -> None:
    pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
    done = doctor('--json', '--out', '/proc/lesson')
    found = {entry['subject']: entry for entry in json.loads(done.stdout)}
    assert found['output']['level'] == 'problem'
    assert found['discovery']['level'] in ('ok', 'warning')
    assert done.returncode == 1
