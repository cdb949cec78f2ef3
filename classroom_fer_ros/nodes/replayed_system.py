"""The nodes of one camera in this process, set up to analyse a recording that is played."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.profiles import Feature, Profile
from classroom_fer_ros.nodes.alert_node import AlertNode
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.camera_node import CameraNode
from classroom_fer_ros.nodes.expression_node import ExpressionNode
from classroom_fer_ros.nodes.face_node import FaceNode
from classroom_fer_ros.nodes.fatigue_node import FatigueNode
from classroom_fer_ros.nodes.head_pose_node import HeadPoseNode
from classroom_fer_ros.nodes.pipeline_node import PipelineNode
from classroom_fer_ros.nodes.serving import spinning

FUSED, DISTRIBUTED = 'fused', 'distributed'
#: Who brings pictures comes last, when all are there to see the first one.
DISTRIBUTED_NODES: tuple[type[AnalysisNode], ...] = (
    AlertNode,
    FatigueNode,
    HeadPoseNode,
    ExpressionNode,
    FaceNode,
    CameraNode,
)


def node_classes(mode: str, profile: Profile) -> tuple[type[AnalysisNode], ...]:
    """Nodes of a mode, in the order of their start; without those that the profile forbids."""
    if mode == FUSED:
        return (PipelineNode,)
    has_expression = profile.allows(Feature.EXPRESSION)
    return tuple(
        kind for kind in DISTRIBUTED_NODES if kind is not ExpressionNode or has_expression
    )


@contextmanager
def replayed_system(
    mode: str, namespace: str, profile: Profile, source: str
) -> Iterator[list[AnalysisNode]]:
    """
    Nodes that are active while the context lasts, each served by a thread of its own.

    :param source: as a user types it; the topic that is played
    :raises ClassroomFerError: if one cannot be started
    """
    overrides = [
        Parameter('use_sim_time', value=True),
        Parameter('profile', value=profile.name),
        Parameter('source', value=source),
    ]
    with ExitStack() as stack:
        nodes = []
        for kind in node_classes(mode, profile):
            node = kind(namespace=namespace, parameter_overrides=overrides)
            stack.callback(node.destroy_node)
            stack.callback(node.release)
            stack.enter_context(spinning(node))
            nodes.append(node)
        for name in ('trigger_configure', 'trigger_activate'):
            for node in nodes:
                if getattr(node, name)() is not TransitionCallbackReturn.SUCCESS:
                    raise ClassroomFerError(f'{node.NAME}: {node.problem or "cannot be started"}')
        yield nodes
