"""Names of topics and services, relative to the camera's namespace, and their QoS profiles."""

from __future__ import annotations

from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy, QoSHistoryPolicy, QoSProfile, QoSReliabilityPolicy

IMAGE = 'image_raw'
IMAGE_COMPRESSED = 'image_raw/compressed'
CAMERA_INFO = 'camera_info'
FACES = 'faces'
FACE_CROPS = 'face_crops'
LANDMARKS = 'landmarks'
EXPRESSIONS = 'expressions'
FATIGUE = 'fatigue'
HEAD_POSE = 'head_pose'
ALERTS = 'alerts'
ACTIVE_ALERTS = 'active_alerts'
CLASS_STATE = 'class_state'
OVERLAY = 'overlay'
OVERLAY_COMPRESSED = 'overlay/compressed'
PREVIEW_COMPRESSED = 'preview/compressed'
MARKERS = 'markers'
#: Distributed mode: std_msgs/Bool, told by camera_node whenever it opens or closes.
CAMERA_OPEN = 'camera_open'
#: Distributed mode: std_msgs/String, the person_id of whom face_node has erased.
PERSON_FORGOTTEN = 'person_forgotten'
DIAGNOSTICS = '/diagnostics'

OPEN_CAMERA = 'open_camera'
SET_SOURCE = 'set_source'
ENABLE = 'enable_{analysis}'
ACKNOWLEDGE_ALERT = 'acknowledge_alert'
QUIET_ALERTS = 'quiet_alerts'
ENROLL_PERSON = 'enroll_person'
FORGET_PERSON = 'forget_person'
LIST_PEOPLE = 'list_people'
CAPTURE_FACE = 'capture_face'


def _keep_last(
    depth: int,
    reliability: QoSReliabilityPolicy,
    durability: QoSDurabilityPolicy = QoSDurabilityPolicy.VOLATILE,
) -> QoSProfile:
    return QoSProfile(
        history=QoSHistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=reliability,
        durability=durability,
    )


#: Pictures are published reliable and taken best effort, which matches either kind of publisher.
PICTURE_PUB_QOS = _keep_last(1, QoSReliabilityPolicy.RELIABLE)
PICTURE_SUB_QOS = _keep_last(1, QoSReliabilityPolicy.BEST_EFFORT)
#: Where every publisher is reliable, nodes take pictures so too: measured here at 720p and 25 Hz
#: between processes on two busy cores, 15 to 24 pictures a second came instead of 6.
PICTURE_RELIABLE_QOS = PICTURE_PUB_QOS
RESULTS_QOS = _keep_last(10, QoSReliabilityPolicy.RELIABLE)
#: Who comes late still gets the last one.
LATCHED_QOS = _keep_last(1, QoSReliabilityPolicy.RELIABLE, QoSDurabilityPolicy.TRANSIENT_LOCAL)


def pictures_of(transport: str) -> str:
    """Topic of the pictures that are taken `raw` or `compressed`."""
    return IMAGE if transport == 'raw' else IMAGE_COMPRESSED


def info_of(pictures: str) -> str:
    """Topic of the calibration that goes with pictures, raw or compressed (image_transport)."""
    folder, slash, _ = pictures.rstrip('/').removesuffix('/compressed').rpartition('/')
    return f'{folder}{slash}{CAMERA_INFO}'


def picture_qos(node: Node, name: str) -> QoSProfile:
    """
    The best profile with which pictures of a topic can be taken now.

    Where a recording sets the clock, its player is expected to offer them reliably.
    """
    full_name = node.resolve_topic_name(name)
    infos = node.get_publishers_info_by_topic(full_name)
    offered = {info.qos_profile.reliability for info in infos}
    if not offered and node.get_parameter('use_sim_time').value:
        offered = {QoSReliabilityPolicy.RELIABLE}
    is_reliable = offered == {QoSReliabilityPolicy.RELIABLE}
    return PICTURE_RELIABLE_QOS if is_reliable else PICTURE_SUB_QOS
