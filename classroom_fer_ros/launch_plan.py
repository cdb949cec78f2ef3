"""
What the launch files start: arguments, nodes, cameras and recorded topics, as plain values.

Imports no `launch`, so that all of it can be tested where only rclpy is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.profiles import PROFILE_NAMES, Feature, Profile, profile_named
from classroom_fer_ros.nodes import topics

NAMESPACE = '/classroom/front'
DEFAULT_PROFILE = 'standard'
BOOLEANS = ('true', 'false')
FUSED, DISTRIBUTED = 'fused', 'distributed'
PIPELINE_NODE, CAMERA_NODE, ROOM_NODE = 'pipeline_node', 'camera_node', 'room_node'
#: The nodes behind the camera in distributed mode, and what a profile must allow for each.
ANALYSIS_NODES: dict[str, Feature | None] = {
    'face_node': None,
    'expression_node': Feature.EXPRESSION,
    'fatigue_node': None,
    'head_pose_node': None,
    'alert_node': None,
    'overlay_node': None,
    'dataset_node': Feature.CAPTURE,
}
#: A recording takes all of them; `markers` and the overlay can be made again.
TYPED_TOPICS = (
    topics.CAMERA_INFO,
    topics.FACES,
    topics.LANDMARKS,
    topics.EXPRESSIONS,
    topics.FATIGUE,
    topics.HEAD_POSE,
    topics.ALERTS,
    topics.ACTIVE_ALERTS,
    topics.CLASS_STATE,
    topics.DIAGNOSTICS,
)
PICTURE_TOPICS = (topics.IMAGE_COMPRESSED, topics.FACE_CROPS)
LOSSLESS_PICTURE_TOPICS = (topics.IMAGE, topics.FACE_CROPS)
RECORD_PICTURES = 'pictures'
#: A node that broke is started again after this long, twice as long after each further time.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
#: How a source that is a topic begins, as in `core.sources`, which would want NumPy.
TOPIC_PREFIX = 'topic:'
NAMESPACE_PATTERN = re.compile(r'/[A-Za-z_]\w*(/[A-Za-z_]\w*)*', re.ASCII)
NAMESPACE_PROBLEM = 'must be a name such as /classroom/front'


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a launch file; `choices` is empty where anything goes."""

    default: str
    description: str
    choices: tuple[str, ...] = ()


ARGUMENTS: dict[str, Argument] = {
    'source': Argument('', 'as `SOURCE` of `make run`; default: that of `config`, or simulated'),
    'mode': Argument(
        FUSED, 'one process, or one for each node of the design', (FUSED, DISTRIBUTED)
    ),
    'namespace': Argument(NAMESPACE, 'of topics and services'),
    'config': Argument('', 'YAML file of parameters'),
    'profile': Argument('', 'default: that of `config`, or standard', ('', *PROFILE_NAMES)),
    'cameras': Argument('', 'YAML list of cameras, each with a namespace of its own'),
    'record': Argument(
        'false',
        'record results (pictures too under research) as MCAP; pictures: where the profile '
        'lets one ask for them',
        (*BOOLEANS, RECORD_PICTURES),
    ),
    'lossless': Argument('false', 'record pictures as they came, not as JPEG', BOOLEANS),
    'rviz': Argument('false', 'start RViz', BOOLEANS),
    'rqt': Argument('false', 'show the window in rqt', BOOLEANS),
    'bag': Argument('', 'bag to play'),
    'rate': Argument('1.0', '2 plays twice as fast, 0 in step with the analysis'),
    'topic': Argument(
        f'{NAMESPACE}/{topics.IMAGE_COMPRESSED}', 'topic of the bag that holds the pictures'
    ),
}
#: Arguments of each launch file.
FILES: dict[str, tuple[str, ...]] = {
    'classroom': (
        *('source', 'mode', 'namespace', 'config', 'profile'),
        *('cameras', 'record', 'lossless', 'rviz', 'rqt'),
    ),
    'camera': ('source', 'namespace', 'config', 'profile'),
    'pipeline': ('source', 'mode', 'namespace', 'config', 'profile'),
    'monitor': ('namespace', 'rviz', 'rqt'),
    'replay': (
        *('bag', 'rate', 'topic', 'mode', 'namespace'),
        *('config', 'profile', 'rviz', 'rqt'),
    ),
}
#: What a launch file takes where nothing is given, other than the rest.
DEFAULTS: dict[str, dict[str, str]] = {
    'monitor': {'rviz': 'true', 'rqt': 'true'},
    'replay': {'namespace': '/classroom/replay'},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """
    One camera and the nodes that watch its pictures.

    :param source: as users type it; empty for that of the parameter file
    :param frame_id: of the pictures; empty for that of the parameter file
    :param config: YAML file of parameters; empty for none
    :param has_own_tf: whether TF goes to the namespace, where equal ids of faces do not meet
    :param is_replayed: whether a bag that is played sets the clock
    """

    namespace: str
    profile: Profile
    source: str = ''
    frame_id: str = ''
    config: str = ''
    has_own_tf: bool = False
    is_replayed: bool = False

    def __post_init__(self) -> None:
        if not NAMESPACE_PATTERN.fullmatch(self.namespace):
            raise ConfigError('namespace', self.namespace, NAMESPACE_PROBLEM)

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters that beat the file's."""
        given = {'source': self.source, 'frame_id': self.frame_id}
        return {'profile': self.profile.name} | {k: text for k, text in given.items() if text}

    @property
    def remappings(self) -> list[tuple[str, str]]:
        """Names that its nodes and windows use in place of others."""
        return [('/tf', 'tf'), ('/tf_static', 'tf_static')] if self.has_own_tf else []

    def absolute(self, topic: str) -> str:
        """Full name of a topic of this camera."""
        return topic if topic.startswith('/') else f'{self.namespace}/{topic}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """
    A room with several cameras, and the node that sums them up.

    :param cameras: full namespaces of its cameras
    :param config: YAML file of parameters; empty for none
    """

    namespace: str
    profile: Profile
    cameras: tuple[str, ...]
    config: str = ''

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters that beat the file's."""
        return {'profile': self.profile.name, 'room.cameras': ','.join(self.cameras)}

    @property
    def remappings(self) -> list[tuple[str, str]]:
        """Names that its node uses in place of others: none."""
        return []


def camera_of(arguments: Mapping[str, str]) -> Camera:
    """
    Read the one camera that the arguments of a launch file describe.

    :raises ConfigError: if one of them cannot be used
    """
    config = arguments.get('config', '')
    profile = arguments.get('profile') or _profile_of_file(config) or DEFAULT_PROFILE
    return Camera(
        namespace=_namespace(arguments['namespace']),
        profile=profile_named(profile),
        source=arguments.get('source', ''),
        config=config,
        is_replayed=bool(arguments.get('bag')),
    )


def cameras_of(arguments: Mapping[str, str]) -> tuple[Camera, ...]:
    """
    Read every camera: those of the file `cameras`, or the one of the other arguments.

    :raises ConfigError: naming the file, the camera and the key that cannot be used
    """
    path = arguments.get('cameras', '')
    common = camera_of(arguments)
    if not path:
        return (common,)
    entries = _read_yaml('cameras', path)
    if not isinstance(entries, list) or not entries:
        raise ConfigError('cameras', path, 'must hold a list of cameras (namespace, source)')
    cameras = tuple(
        _listed_camera(f'{path}, camera {number}', entry, common)
        for number, entry in enumerate(entries, start=1)
    )
    for key in ('namespace', 'frame_id'):
        values = [getattr(camera, key) for camera in cameras]
        for value in values:
            if values.count(value) > 1:
                raise ConfigError(
                    key, value, f'is there twice in {path}: each camera needs its own'
                )
    return cameras


def rooms_of(cameras: Sequence[Camera]) -> tuple[Room, ...]:
    """
    Rooms of some cameras: a namespace that two or more of them are in, one level above theirs.

    :raises ConfigError: if a room would have the namespace of a camera
    """
    by_parent: dict[str, list[Camera]] = {}
    for camera in cameras:
        by_parent.setdefault(camera.namespace.rpartition('/')[0] or '/', []).append(camera)
    taken = {camera.namespace for camera in cameras}
    rooms = []
    for parent, inside in by_parent.items():
        if len(inside) < 2:
            continue
        if parent in taken:
            raise ConfigError('namespace', parent, 'is a camera, and a room of other cameras too')
        rooms.append(
            Room(
                namespace=parent,
                profile=inside[0].profile,
                cameras=tuple(camera.namespace for camera in inside),
                config=inside[0].config,
            )
        )
    return tuple(rooms)


def camera_nodes(mode: str, camera: Camera) -> tuple[str, ...]:
    """
    Executables that bring pictures; the fused node does so itself, or a driver.

    :raises ConfigError: if the camera's parameter file cannot be read
    """
    return (CAMERA_NODE,) if mode == DISTRIBUTED and not _has_driver(camera) else ()


def analysis_nodes(mode: str, profile: Profile) -> tuple[str, ...]:
    """Executables that analyse pictures, those left out that the profile forbids."""
    if mode == FUSED:
        return (PIPELINE_NODE,)
    return tuple(
        name
        for name, feature in ANALYSIS_NODES.items()
        if feature is None or profile.allows(feature)
    )


def remarks(mode: str, camera: Camera) -> tuple[str, ...]:
    """What to say of a camera at its start: its profile, and which nodes are left out and why."""
    namespace, profile = camera.namespace, camera.profile.name
    said = [f'{namespace}: profile {profile}']
    if mode == DISTRIBUTED:
        if not camera_nodes(mode, camera):
            topic = camera.absolute(topics.IMAGE)
            said.append(f'{namespace}/{CAMERA_NODE} is not started: a driver publishes {topic}')
        started = analysis_nodes(mode, camera.profile)
        said += [
            f'{namespace}/{name} is not started: {profile} forbids it'
            for name in ANALYSIS_NODES
            if name not in started
        ]
    return tuple(said)


def recorded_topics(profile: Profile, record: str, is_lossless: bool = False) -> tuple[str, ...]:
    """
    Topics of a recording, relative to the namespace.

    :param record: value of the argument of this name
    :param is_lossless: pictures as they came instead of as JPEG
    :raises ProfileError: if it asks for pictures that the profile forbids
    """
    if record == 'false':
        return ()
    if record == RECORD_PICTURES:
        profile.require(Feature.RECORDED_PICTURES)
    elif not profile.records_pictures_unasked:
        return TYPED_TOPICS
    return TYPED_TOPICS + (LOSSLESS_PICTURE_TOPICS if is_lossless else PICTURE_TOPICS)


def restart_pause_s(restarts: int) -> float:
    """How long to wait before a node that broke is started again."""
    return float(min(FIRST_PAUSE_S * 2.0 ** min(restarts, 16), LONGEST_PAUSE_S))


def _listed_camera(where: str, entry: Any, common: Camera) -> Camera:
    """One entry of a file of cameras; what it leaves out is as for all."""
    if not isinstance(entry, dict):
        raise ConfigError(where, entry, 'must be a mapping with namespace and source')
    for key in entry:
        if key not in ('namespace', 'source', 'frame_id'):
            raise ConfigError(f'{where}, {key}', entry[key], 'is no key of a camera')
    for key in ('namespace', 'source'):
        if entry.get(key) in (None, ''):
            raise ConfigError(f'{where}, {key}', entry.get(key), 'is missing')
    namespace = _namespace(str(entry['namespace']))
    if not NAMESPACE_PATTERN.fullmatch(namespace):
        raise ConfigError(f'{where}, namespace', namespace, NAMESPACE_PROBLEM)
    return replace(
        common,
        namespace=namespace,
        source=str(entry['source']),
        frame_id=str(entry.get('frame_id') or f'{namespace.split("/")[-1]}_optical_frame'),
        has_own_tf=True,
    )


def _namespace(text: str) -> str:
    return '/' + text.strip('/')


def _has_driver(camera: Camera) -> bool:
    """Whether the source is a topic that brings the pictures where camera_node would."""
    sources = {camera.source} if camera.source else values_in_file(camera.config, 'source')
    names = {
        source.strip().removeprefix(TOPIC_PREFIX).strip()
        for source in sources
        if source.strip().startswith(TOPIC_PREFIX)
    }
    return camera.absolute(topics.IMAGE) in map(camera.absolute, names)


def _profile_of_file(path: str) -> str:
    """Profile that a parameter file names; empty if none."""
    found = values_in_file(path, 'profile')
    if len(found) > 1:
        raise ConfigError('config', path, f'names several profiles: {", ".join(sorted(found))}')
    return found.pop() if found else ''


def values_in_file(path: str, name: str) -> set[str]:
    """Every value that a parameter has in a parameter file; none without a file."""
    return set(_values_in(_read_yaml('config', path), name)) if path else set()


def _values_in(node: Any, name: str) -> Iterator[str]:
    """Values of a parameter, whatever nodes and namespaces they are for."""
    if not isinstance(node, dict):
        return
    for key, inner in node.items():
        if key == 'ros__parameters' and isinstance(inner, dict):
            if name in inner:
                yield str(inner[name])
        else:
            yield from _values_in(inner, name)


def _read_yaml(name: str, path: str) -> Any:
    try:
        return yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError, yaml.YAMLError) as error:
        problem = ' '.join(str(error).split())
        raise ConfigError(name, path, f'cannot be read ({problem})') from error
