"""What the launch files start, as plain values; needs no launch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')

from classroom_fer_ros import launch_plan
from classroom_fer_ros.core.errors import ConfigError, ProfileError
from classroom_fer_ros.core.pipeline import PipelineConfig
from classroom_fer_ros.core.profiles import PROFILES
from classroom_fer_ros.core.sources import kind
from classroom_fer_ros.nodes.result_publishers import TOPICS

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = {'namespace': '/classroom/front', 'profile': 'research', 'config': '', 'source': ''}
PICTURES = {'image_raw/compressed', 'face_crops'}
CAMERA = launch_plan.camera_of(ARGUMENTS)


def test_ros2_launch_runs_without_the_packages_of_the_venv() -> None:
    """Its Python is the system's, where apt's NumPy may be of another release or missing."""
    script = (
        'import sys\n'
        "for name in ('numpy', 'cv2', 'onnxruntime', 'ai_edge_litert', 'scipy', 'rich'):\n"
        '    sys.modules[name] = None\n'
        'import classroom_fer_ros.launch_plan\n'
    )
    subprocess.run([sys.executable, '-c', script], check=True, cwd=ROOT)


def test_the_default_profile_is_the_parameter_s() -> None:
    assert PipelineConfig().profile == launch_plan.DEFAULT_PROFILE


@pytest.mark.parametrize(
    ('profile', 'record', 'pictures'),
    [
        ('research', 'true', PICTURES),
        ('research', 'pictures', PICTURES),
        ('standard', 'true', set()),
        ('standard', 'pictures', PICTURES),
        ('eu_school', 'true', set()),
    ],
)
def test_recorded_topics(profile: str, record: str, pictures: set[str]) -> None:
    recorded = launch_plan.recorded_topics(PROFILES[profile], record)
    assert set(recorded) <= {*TOPICS, '/diagnostics'}
    assert {'faces', 'expressions', 'alerts', 'class_state', 'head_pose'} <= set(recorded)
    looks_like_pictures = {
        name for name in recorded if name in PICTURES or 'overlay' in name or 'preview' in name
    }
    assert looks_like_pictures == pictures


@pytest.mark.parametrize('profile', PROFILES)
def test_nothing_is_recorded_unasked(profile: str) -> None:
    assert launch_plan.recorded_topics(PROFILES[profile], 'false') == ()


def test_pictures_that_the_profile_forbids_are_refused() -> None:
    with pytest.raises(ProfileError, match='eu_school forbids recording of pictures'):
        launch_plan.recorded_topics(PROFILES['eu_school'], 'pictures')


def test_nodes_by_mode_and_profile() -> None:
    standard, school = PROFILES['standard'], PROFILES['eu_school']
    assert launch_plan.analysis_nodes('fused', standard) == ('pipeline_node',)
    assert launch_plan.camera_nodes('fused', CAMERA) == ()
    assert launch_plan.camera_nodes('distributed', CAMERA) == ('camera_node',)
    everything = set(launch_plan.analysis_nodes('distributed', standard))
    assert everything - set(launch_plan.analysis_nodes('distributed', school)) == {
        'expression_node',
        'dataset_node',
    }


@pytest.mark.parametrize(
    ('source', 'content', 'is_driver'),
    [
        pytest.param('topic:/classroom/front/image_raw', '', True, id='argument'),
        pytest.param(' topic:image_raw ', '', True, id='relative'),
        pytest.param('', 'topic:/classroom/front/image_raw', True, id='file'),
        pytest.param('0', 'topic:/classroom/front/image_raw', False, id='argument beats file'),
        pytest.param('topic:/camera/image_raw', '', False, id='relayed'),
        pytest.param('topic:/classroom/front/image_raw/compressed', '', False, id='compressed'),
        pytest.param('/classroom/front/image_raw', '', False, id='no topic'),
        pytest.param('', '', False, id='nothing'),
    ],
)
def test_no_camera_node_beside_a_driver(
    tmp_path: Path, source: str, content: str, is_driver: bool
) -> None:
    config = tmp_path / 'my.yaml'
    config.write_text(f'/**: {{ros__parameters: {{source: "{content}"}}}}')
    given = {'source': source, 'config': str(config) if content else ''}
    camera = launch_plan.camera_of(ARGUMENTS | given)
    assert bool(launch_plan.camera_nodes('distributed', camera)) is not is_driver
    assert launch_plan.camera_nodes('fused', camera) == ()
    said = '\n'.join(launch_plan.remarks('distributed', camera))
    assert ('/classroom/front/camera_node is not started' in said) is is_driver


def test_a_topic_begins_as_in_the_sources() -> None:
    assert launch_plan.TOPIC_PREFIX == kind.TOPIC_PREFIX


def test_what_is_left_out_is_said() -> None:
    school = replace(CAMERA, profile=PROFILES['eu_school'])
    left_out = '/classroom/front/expression_node is not started: eu_school forbids it'
    assert launch_plan.remarks('distributed', school) == (
        '/classroom/front: profile eu_school',
        left_out,
        left_out.replace('expression', 'dataset'),
    )
    assert launch_plan.remarks('fused', school) == ('/classroom/front: profile eu_school',)


def test_pauses_grow_and_stop_growing() -> None:
    pauses = [launch_plan.restart_pause_s(restarts) for restarts in range(100)]
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == launch_plan.LONGEST_PAUSE_S


@pytest.mark.parametrize(
    ('argument', 'content', 'expected'),
    [
        pytest.param('', '', 'standard', id='neither'),
        pytest.param('', '/**: {ros__parameters: {profile: eu_school}}', 'eu_school', id='file'),
        pytest.param(
            'research', '/**: {ros__parameters: {profile: eu_school}}', 'research', id='both'
        ),
        pytest.param('', '/**: {ros__parameters: {source: "0"}}', 'standard', id='not in file'),
        pytest.param(
            '',
            '/classroom: {front: {pipeline_node: {ros__parameters: {profile: research}}}}',
            'research',
            id='in namespaces',
        ),
    ],
)
def test_profile(tmp_path: Path, argument: str, content: str, expected: str) -> None:
    config = tmp_path / 'my.yaml'
    config.write_text(content)
    given = {'profile': argument, 'config': str(config) if content else ''}
    assert launch_plan.camera_of(ARGUMENTS | given).profile.name == expected


@pytest.mark.parametrize(
    ('content', 'named'),
    [
        pytest.param('/**: {ros__parameters: {profile: x}}', "profile = 'x'", id='unknown'),
        pytest.param(
            'a: {ros__parameters: {profile: research}}\n'
            'b: {ros__parameters: {profile: eu_school}}',
            'eu_school, research',
            id='two',
        ),
        pytest.param('[: broken', 'cannot be read', id='no YAML'),
        pytest.param(None, 'No such file', id='no file'),
    ],
)
def test_a_parameter_file_that_cannot_be_used(
    tmp_path: Path, content: str | None, named: str
) -> None:
    config = tmp_path / 'my.yaml'
    if content is not None:
        config.write_text(content)
    with pytest.raises(ConfigError, match=named):
        launch_plan.camera_of(ARGUMENTS | {'profile': '', 'config': str(config)})


def cameras(path: Path, content: str) -> tuple[launch_plan.Camera, ...]:
    path.write_text(content)
    return launch_plan.cameras_of(ARGUMENTS | {'cameras': str(path)})


def test_without_a_file_of_cameras_there_is_one() -> None:
    (camera,) = launch_plan.cameras_of(ARGUMENTS | {'source': '0', 'namespace': 'room/'})
    assert (camera.namespace, camera.source) == ('/room', '0')
    assert camera.parameters == {'profile': 'research', 'source': '0'}
    assert not camera.has_own_tf
    assert camera.absolute('faces') == '/room/faces'
    assert camera.absolute('/diagnostics') == '/diagnostics'


def test_several_cameras(tmp_path: Path) -> None:
    front, back = cameras(
        tmp_path / 'cameras.yaml',
        '- {namespace: classroom/front, source: 0}\n'
        '- {namespace: /classroom/back, source: "rtsp://camera", frame_id: back}',
    )
    assert front.parameters == {
        'profile': 'research',
        'source': '0',
        'frame_id': 'front_optical_frame',
    }
    assert (back.namespace, back.frame_id) == ('/classroom/back', 'back')
    assert front.has_own_tf
    assert back.has_own_tf


def cameras_in(*namespaces: str) -> list[launch_plan.Camera]:
    return [
        launch_plan.Camera(namespace=name, profile=PROFILES['eu_school'], config='my.yaml')
        for name in namespaces
    ]


@pytest.mark.parametrize(
    ('namespaces', 'rooms'),
    [
        pytest.param([], {}, id='none'),
        pytest.param(['/a/front'], {}, id='one camera'),
        pytest.param(['/a/front', '/a/back'], {'/a': ('/a/front', '/a/back')}, id='two'),
        pytest.param(['/front', '/back'], {'/': ('/front', '/back')}, id='top level'),
        pytest.param(
            ['/a/front', '/b/front', '/a/back', '/c/front', '/b/back', '/a/side'],
            {'/a': ('/a/front', '/a/back', '/a/side'), '/b': ('/b/front', '/b/back')},
            id='several rooms',
        ),
    ],
)
def test_rooms(namespaces: list[str], rooms: dict[str, tuple[str, ...]]) -> None:
    found = launch_plan.rooms_of(cameras_in(*namespaces))
    assert {room.namespace: room.cameras for room in found} == rooms
    for room in found:
        assert room.config == 'my.yaml'
        assert room.parameters == {
            'profile': 'eu_school',
            'room.cameras': ','.join(rooms[room.namespace]),
        }


def test_a_room_is_no_camera() -> None:
    with pytest.raises(ConfigError, match="'/a': is a camera"):
        launch_plan.rooms_of(cameras_in('/a', '/a/front', '/a/back'))


@pytest.mark.parametrize(
    ('content', 'named'),
    [
        pytest.param('', 'must hold a list', id='empty'),
        pytest.param('namespace: /a', 'must hold a list', id='no list'),
        pytest.param('- /a', 'camera 1', id='no mapping'),
        pytest.param('- {namespace: /a}', 'camera 1, source', id='no source'),
        pytest.param('- {source: "0"}', 'camera 1, namespace', id='no namespace'),
        pytest.param('- {namespace: /a, source: "0", soruce: b}', 'soruce', id='typo'),
        pytest.param('- {namespace: /a b, source: "0"}', 'camera 1, namespace', id='blank'),
        pytest.param(
            '- {namespace: /a, source: "0"}\n- {namespace: a, source: "1"}',
            "namespace = '/a': is there twice",
            id='same namespace',
        ),
        pytest.param(
            '- {namespace: /a/front, source: "0"}\n- {namespace: /b/front, source: "1"}',
            "frame_id = 'front_optical_frame': is there twice",
            id='same frame',
        ),
    ],
)
def test_a_file_of_cameras_that_cannot_be_used(tmp_path: Path, content: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        cameras(tmp_path / 'cameras.yaml', content)


@pytest.mark.parametrize('namespace', ['', '/', '/1', '/a//b', '/a-b'])
def test_a_namespace_that_ros_would_refuse(namespace: str) -> None:
    with pytest.raises(ConfigError, match='namespace'):
        launch_plan.camera_of(ARGUMENTS | {'namespace': namespace})


@pytest.mark.parametrize('name', launch_plan.FILES)
def test_every_launch_file_is_there_and_installed(name: str) -> None:
    path = ROOT / 'launch' / f'{name}.launch.py'
    assert f"describe('{name}'," in path.read_text(encoding='utf-8')
    assert set(launch_plan.FILES[name]) <= set(launch_plan.ARGUMENTS)


@pytest.mark.parametrize('name', launch_plan.ARGUMENTS)
def test_every_argument_is_documented(name: str) -> None:
    argument = launch_plan.ARGUMENTS[name]
    files = ', '.join(f'`{file}`' for file, names in launch_plan.FILES.items() if name in names)
    default = f'`{argument.default}`' if argument.default else ''
    row = f'| `{name}` | {files} | {default} | {argument.description} |'
    assert row in (ROOT / 'docs' / 'launching.md').read_text(encoding='utf-8')
