"""The launch files, where launch is installed: arguments, nodes, tools."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from pathlib import Path

import pytest

# `launch` alone would be our folder of that name.
pytest.importorskip('launch_ros.actions', reason='no launch: it comes with a ROS 2 installation')

from launch import Action, LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, LogInfo, OpaqueFunction
from launch.events.process import ProcessExited
from launch.launch_description_sources import get_launch_description_from_python_launch_file
from launch.utilities import perform_substitutions
from launch_ros.actions import LifecycleNode, Node
from launch_ros.utilities import evaluate_parameters

from classroom_fer_ros import launch_plan, launch_tools, launching
from classroom_fer_ros.core.errors import ConfigError, ProfileError
from classroom_fer_ros.core.profiles import PROFILES

ROOT = Path(__file__).resolve().parent.parent
FUSED = {'/classroom/front/pipeline_node'}
DISTRIBUTED = {
    f'/classroom/front/{name}'
    for name in ('camera_node', 'face_node', 'expression_node', 'fatigue_node')
} | {
    f'/classroom/front/{name}'
    for name in ('head_pose_node', 'alert_node', 'overlay_node', 'dataset_node')
}


def description(name: str) -> LaunchDescription:
    path = ROOT / 'launch' / f'{name}.launch.py'
    return get_launch_description_from_python_launch_file(str(path))


def actions(name: str, **arguments: str) -> tuple[list[Action], LaunchContext]:
    """What a launch file would do, without anything being started."""
    context, found = LaunchContext(), []
    context.launch_configurations.update(arguments)
    for entity in description(name).entities:
        if isinstance(entity, DeclareLaunchArgument):
            entity.execute(context)
        elif isinstance(entity, OpaqueFunction):
            found += entity.execute(context)
    return found, context


def nodes(found: Iterable[Action], context: LaunchContext) -> dict[str, LifecycleNode]:
    """Nodes by full name."""
    by_name = {}
    for action in found:
        if isinstance(action, LifecycleNode):
            action._perform_substitutions(context)
            by_name[action.node_name] = action
    return by_name


def said(found: Iterable[Action], context: LaunchContext) -> list[str]:
    return [
        perform_substitutions(context, action.msg)
        for action in found
        if isinstance(action, LogInfo)
    ]


def command(action: ExecuteProcess, context: LaunchContext) -> list[str]:
    """Words of a command; a node's executable, which may not be installed, is left out."""
    words = action.cmd[1:3] if isinstance(action, Node) else action.cmd
    return [perform_substitutions(context, part) for part in words]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Packages that are taken for installed."""
    packages: set[str] = set()
    monkeypatch.setattr(launch_tools, 'is_installed', packages.__contains__)
    monkeypatch.setattr(launch_tools, 'get_package_share_directory', lambda name: f'/share/{name}')
    return packages


@pytest.mark.parametrize('name', launch_plan.FILES)
def test_arguments(name: str) -> None:
    declared = {argument.name: argument for argument in description(name).get_launch_arguments()}
    assert tuple(declared) == launch_plan.FILES[name]
    for argument in declared.values():
        assert argument.description
        assert argument.default_value is not None


@pytest.mark.parametrize(
    ('name', 'arguments', 'expected'),
    [
        pytest.param('classroom', {}, FUSED, id='fused'),
        pytest.param('classroom', {'mode': 'distributed'}, DISTRIBUTED, id='distributed'),
        pytest.param(
            'classroom',
            {'mode': 'distributed', 'profile': 'eu_school'},
            DISTRIBUTED
            - {f'/classroom/front/{name}' for name in ('expression_node', 'dataset_node')},
            id='eu_school',
        ),
        pytest.param(
            'classroom',
            {'mode': 'distributed', 'source': 'topic:/classroom/front/image_raw'},
            DISTRIBUTED - {'/classroom/front/camera_node'},
            id='driver',
        ),
        pytest.param(
            'camera', {'source': 'topic:/classroom/front/image_raw'}, set(), id='driver alone'
        ),
        pytest.param('classroom', {'namespace': 'room'}, {'/room/pipeline_node'}, id='namespace'),
        pytest.param('camera', {}, {'/classroom/front/camera_node'}, id='camera'),
        pytest.param('pipeline', {}, FUSED, id='pipeline'),
        pytest.param(
            'pipeline',
            {'mode': 'distributed'},
            DISTRIBUTED - {'/classroom/front/camera_node'},
            id='pipeline distributed',
        ),
        pytest.param('monitor', {}, set(), id='monitor'),
    ],
)
def test_nodes(
    installed: set[str], name: str, arguments: dict[str, str], expected: set[str]
) -> None:
    assert set(nodes(*actions(name, **arguments))) == expected


def test_parameters_are_texts_and_beat_the_file(tmp_path: Path) -> None:
    config = tmp_path / 'my.yaml'
    config.write_text('/**: {ros__parameters: {profile: research, source: simulated}}')
    found, context = actions('classroom', source='0', config=str(config))
    (node,) = nodes(found, context).values()
    file, given = evaluate_parameters(context, node._Node__parameters)
    assert file == config
    assert given == {'profile': 'research', 'source': '0'}


def test_several_cameras(tmp_path: Path) -> None:
    path = tmp_path / 'cameras.yaml'
    path.write_text('- {namespace: a/front, source: 0}\n- {namespace: a/back, source: 1}')
    found, context = actions('classroom', cameras=str(path), profile='eu_school')
    started = nodes(found, context)
    assert set(started) == {
        '/a/front/pipeline_node',
        '/a/back/pipeline_node',
        '/a/room_node',
    }
    (room,) = evaluate_parameters(context, started['/a/room_node']._Node__parameters)
    assert room == {'profile': 'eu_school', 'room.cameras': '/a/front,/a/back'}
    remapped = {tuple(pair) for pair in started['/a/back/pipeline_node'].expanded_remapping_rules}
    assert ('/tf', 'tf') in remapped
    assert '/a/back: profile eu_school' in said(found, context)


def test_a_broken_argument_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match='mode'):
        actions('classroom', mode='fast')
    with pytest.raises(ConfigError, match='bag'):
        actions('replay')
    with pytest.raises(ProfileError, match='eu_school'):
        actions('classroom', record='pictures', profile='eu_school')


def test_what_is_not_installed_is_said(installed: set[str]) -> None:
    found, context = actions('classroom', rviz='true', rqt='true')
    words = '\n'.join(said(found, context))
    for package in ('rviz2', 'rqt-gui'):
        assert f'ros-jazzy-{package}' in words
    assert set(nodes(found, context)) == FUSED


@pytest.mark.parametrize('profile', PROFILES)
def test_recorder(installed: set[str], profile: str) -> None:
    installed |= {'ros2bag', 'rosbag2_storage_mcap'}
    found, context = actions('classroom', record='true', profile=profile)
    (recorder,) = (action for action in found if type(action) is ExecuteProcess)
    words = command(recorder, context)
    assert words[:5] == ['ros2', 'bag', 'record', '--storage', 'mcap']
    assert f'profile={profile}' in words
    topics = set(words[words.index('--topics') + 1 :])
    assert {'/classroom/front/faces', '/diagnostics'} <= topics
    assert ('/classroom/front/image_raw/compressed' in topics) == (profile == 'research')


def test_windows(installed: set[str]) -> None:
    installed |= {'rviz2', 'rqt_gui'}
    found, context = actions('monitor', rqt='true', namespace='room')
    windows = [action for action in found if isinstance(action, Node)]
    for window in windows:
        window._perform_substitutions(context)
    rviz, rqt = (command(window, context) for window in windows)
    assert rviz == ['-d', '/share/classroom_fer_ros/rviz/classroom.rviz']
    assert rqt[:5] == ['--standalone', 'classroom_fer_ros', '--args', '--namespace', '/room']
    assert windows[0].expanded_node_namespace == '/room'


def test_replay(installed: set[str], tmp_path: Path) -> None:
    installed.add('ros2bag')
    found, context = actions('replay', bag=str(tmp_path))
    assert set(nodes(found, context)) == {'/classroom/replay/pipeline_node'}
    (player,) = (action for action in found if type(action) is ExecuteProcess)
    assert command(player, context) == [
        *('ros2', 'bag', 'play', str(tmp_path), '--clock', '--rate', '1.0', '--topics'),
        *('/classroom/front/image_raw/compressed', '/classroom/front/camera_info'),
    ]


def test_without_ros2_bag_our_own_player_and_recorder_are_started(
    installed: set[str], tmp_path: Path
) -> None:
    for name, module, arguments in (
        ('replay', 'replay', {'bag': str(tmp_path)}),
        ('classroom', 'record', {'record': 'true'}),
    ):
        found, context = actions(name, **arguments)
        (process,) = (action for action in found if type(action) is ExecuteProcess)
        assert command(process, context)[:4] == ['ros2', 'run', 'classroom_fer_ros', module]


def test_replayed_nodes_keep_to_the_clock_of_the_bag(installed: set[str], tmp_path: Path) -> None:
    found, context = actions('replay', bag=str(tmp_path))
    (node,) = nodes(found, context).values()
    given = evaluate_parameters(context, node._Node__parameters)
    assert {'use_sim_time': True} in given


def test_autostart_is_used_at_the_first_start_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that was killed must not be asked before the new one answers."""
    asked = []

    class NewerLifecycleNode(LifecycleNode):
        def __init__(self, *, autostart: bool = False, **options: object) -> None:
            asked.append(autostart)
            super().__init__(**options)

    monkeypatch.setattr(launching, 'LifecycleNode', NewerLifecycleNode)
    monkeypatch.setattr(launching, 'HAS_AUTOSTART', True)
    camera = launch_plan.Camera(namespace='/room', profile=PROFILES['standard'])
    first = launching.managed_node('pipeline_node', camera)
    second = launching.managed_node('pipeline_node', camera, restarts=1)
    assert asked == [True, False]
    assert len(second) == len(first) + 2


@pytest.mark.parametrize(
    ('returncode', 'is_restarted'), [(-signal.SIGKILL, True), (1, True), (0, False)]
)
def test_what_breaks_is_started_again(returncode: int, is_restarted: bool) -> None:
    camera = launch_plan.Camera(namespace='/room', profile=PROFILES['standard'])
    event = ProcessExited(
        action=None, name='', cmd=[], cwd=None, env=None, pid=1, returncode=returncode
    )
    context = LaunchContext()
    context.extend_globals({'unique_ros_node_names': {'/room/face_node': 1}})
    done = launching._start_again('face_node', camera, 2, 1e12, event, context)
    assert bool(done) == is_restarted
    if is_restarted:
        assert 'is started again in 4 s' in said(done, context)[0]
        assert '/room/face_node' not in context.locals.unique_ros_node_names
