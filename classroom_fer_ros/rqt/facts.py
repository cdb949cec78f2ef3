"""What the window knows of the running system beside its results. No Qt, no ROS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Nodes that open the camera, that find faces, that judge; the first that is there has a say.
SOURCE_NODES = ('pipeline_node', 'camera_node')
FACES_NODES = ('pipeline_node', 'face_node')
#: Whose parameter a threshold is in distributed mode; in fused mode all are `pipeline_node`'s.
FUSED_NODE = 'pipeline_node'
THRESHOLDS = {
    'alerts.tired.after_s': 'alert_node',
    'alerts.looking_away.after_s': 'alert_node',
    'alerts.left_right.after_s': 'alert_node',
    'alerts.class_attention.below': 'alert_node',
    'alerts.class_tired.from_share': 'alert_node',
    'detection.min_score': 'face_node',
    'smoothing.min_confidence': 'expression_node',
}
#: Messages of an `Answer` where nobody offers the service, or nobody answered in time.
NOBODY, SILENCE = '<nobody>', '<silence>'
SOURCE, PROFILE = 'source', 'profile'
CAPTURE = 'capture'
#: Capture is switched by a parameter, as it is not there everywhere.
CAPTURE_IS_ON = 'capture.is_enabled'
#: Parameters of each node that the window reads.
WATCHED = {
    FUSED_NODE: (SOURCE, PROFILE, CAPTURE_IS_ON, *THRESHOLDS),
    'camera_node': (SOURCE, PROFILE),
    'dataset_node': (CAPTURE_IS_ON,),
    **{
        owner: tuple(name for name, other in THRESHOLDS.items() if other == owner)
        for owner in ('alert_node', 'face_node', 'expression_node')
    },
}


@dataclass(frozen=True, slots=True)
class Status:
    """
    What one node last said of itself in /diagnostics.

    :param level: 0 well, 1 warning, 2 error
    :param heard_s: when, by the monotonic clock
    """

    level: int
    message: str
    values: Mapping[str, str]
    heard_s: float


@dataclass(frozen=True, slots=True)
class Graph:
    """
    Who is there in the camera's namespace.

    :param nodes: names of nodes, without the namespace
    :param services: names of those that somebody offers, relative to the namespace
    :param picture_topics: topics of the whole graph that a source could be
    :param publishers: number of publishers by relative topic
    :param refused: policy by topic where a publisher offers less than is asked for
    """

    nodes: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    picture_topics: tuple[str, ...] = ()
    publishers: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParameterRange:
    """What a parameter may be, and what it is about."""

    low: float
    high: float
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a service answered, or why it did not.

    :param name: of the service, or of the parameter that was to be set
    :param response: None where nobody answered
    """

    name: str
    is_success: bool
    message: str
    response: object = None


def parameter_owner(name: str, nodes: frozenset[str]) -> str:
    """Node whose parameter it is; empty if that node is not there."""
    if FUSED_NODE in nodes:
        return FUSED_NODE
    others = {SOURCE: 'camera_node', PROFILE: 'camera_node', CAPTURE_IS_ON: 'dataset_node'}
    owner = others.get(name) or THRESHOLDS[name]
    return owner if owner in nodes else ''
