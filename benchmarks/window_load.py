"""Simulated students on the topics of a namespace: ``window_load NAMESPACE STUDENTS FPS``."""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections.abc import Iterator

import cv2
import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    ClassState,
    Direction,
    Expression,
    Face,
    Fatigue,
    FatigueState,
    FrameResult,
    HeadPose,
    Judgement,
    Motion,
    Severity,
)
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig, StudentTruth
from classroom_fer_ros.nodes import convert, topics
from classroom_fer_ros.nodes.analysis_thread import Performance
from classroom_fer_ros.nodes.diagnostics import to_diagnostics
from classroom_fer_ros.nodes.pictures import PREVIEW_WIDTH, to_compressed
from classroom_fer_ros.nodes.result_publishers import TOPICS

#: Different pictures, shown again and again; a second apart, so that things happen in them.
PICTURES = 12
AWAY_RAD = math.radians(20.0)
RESULTS = {
    topics.FACES: convert.to_face_array,
    topics.EXPRESSIONS: convert.to_expression_array,
    topics.FATIGUE: convert.to_fatigue_array,
    topics.HEAD_POSE: convert.to_head_pose_array,
}


def main() -> None:
    """Entry point: publishes until it is ended."""
    namespace, students, fps = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    config = SimulationConfig(students=students, width=1280, height=720)
    classroom = SimulatedClassroom(config)
    rendered = [classroom.render(8.0 + second) for second in range(PICTURES)]
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = Node('pipeline_node', namespace=namespace)
    names = (*RESULTS, topics.PREVIEW_COMPRESSED, topics.ACTIVE_ALERTS, topics.CLASS_STATE)
    publishers = {name: node.create_publisher(*_of(name)) for name in names}
    publishers[topics.DIAGNOSTICS] = node.create_publisher(
        DiagnosticArray, topics.DIAGNOSTICS, topics.RESULTS_QOS
    )
    print('ready', flush=True)
    for number, (image, truths) in enumerate(_paced(rendered, fps)):
        stamp_ns = time.time_ns()
        header = convert.to_header(stamp_ns, 'camera_optical_frame')
        result = _result(stamp_ns, number, image, truths)
        for name, make in RESULTS.items():
            publishers[name].publish(make(result, header))
        publishers[topics.PREVIEW_COMPRESSED].publish(to_compressed(image, header, PREVIEW_WIDTH))
        if number % round(fps) == 0:
            _publish_slow(publishers, result, header, fps, number)


def _of(name: str) -> tuple[type, str, object]:
    kind, qos = TOPICS[name]
    return kind, name, qos


def _paced(
    rendered: list[tuple[ImageBgr, list[StudentTruth]]], fps: float
) -> Iterator[tuple[ImageBgr, list[StudentTruth]]]:
    """One picture after another, in time."""
    start_s = time.monotonic()
    for number in itertools.count():
        time.sleep(max(0.0, start_s + number / fps - time.monotonic()))
        # A picture stands for a second: that is how long what is seen in it lasts at least.
        yield rendered[int(number / fps) % len(rendered)]


def _publish_slow(
    publishers: dict, result: FrameResult, header: object, fps: float, number: int
) -> None:
    """What comes once a second."""
    sad_class = result.class_state
    publishers[topics.CLASS_STATE].publish(convert.to_class_state(sad_class, header))
    publishers[topics.ACTIVE_ALERTS].publish(convert.to_alert_array(result.active_alerts, header))
    performance = Performance(
        pictures=number, dropped=0, fps=fps, analysis_ms=50.0, idle_s=0.0, stage_ms={}
    )
    analyses = 'detection, expression, fatigue, head_pose'
    facts = {'profile': 'standard', 'analyses': analyses, 'source state': 'open'}
    publishers[topics.DIAGNOSTICS].publish(
        to_diagnostics(f'{NODE_PREFIX}pipeline_node', header, 'simulated', '', performance, facts)
    )


NODE_PREFIX = sys.argv[1].strip('/') + '/' if len(sys.argv) > 1 else ''


def _result(stamp_ns: int, index: int, image: ImageBgr, truths: list[StudentTruth]) -> FrameResult:
    height, width = image.shape[:2]
    ids = [f'{number:03d}' for number in range(1, len(truths) + 1)]
    pairs = list(zip(ids, truths, strict=True))
    poses = tuple(_pose(face_id, truth, stamp_ns * 1e-9) for face_id, truth in pairs)
    alerts = tuple(
        _alert(face_id, truth, stamp_ns * 1e-9, number)
        for number, (face_id, truth) in enumerate(pairs)
        if number % 5 == 0
    )
    away = np.mean([not math.isnan(pose.looking_away_since_s) for pose in poses])
    labels = [truth.expression for truth in truths]
    state = ClassState(
        stamp_s=stamp_ns * 1e-9,
        num_seen=len(truths),
        num_judged=len(truths),
        attentive_share=float(1 - away),
        tired_share=0.1,
        looking_away_share=float(away),
        expression_shares=np.array(
            [labels.count(label) / max(1, len(labels)) for label in EXPRESSION_LABELS]
        ),
    )
    return FrameResult(
        stamp_ns=stamp_ns,
        index=index,
        size_wh=(width, height),
        faces=tuple(_face(face_id, truth) for face_id, truth in pairs),
        expressions=tuple(_expression(face_id, truth) for face_id, truth in pairs),
        fatigue=tuple(_fatigue(face_id, truth, n) for n, (face_id, truth) in enumerate(pairs)),
        head_poses=poses,
        active_alerts=alerts,
        class_state=state,
    )


def _face(face_id: str, truth: StudentTruth) -> Face:
    return Face(face_id=face_id, box_xyxy=truth.box_xyxy, score=0.9, keypoints_xy=np.zeros((5, 2)))


def _expression(face_id: str, truth: StudentTruth) -> Expression:
    if not truth.expression:
        return Expression(face_id=face_id)
    probabilities = np.full(len(EXPRESSION_LABELS), 0.05)
    probabilities[EXPRESSION_LABELS.index(truth.expression)] = 0.7
    return Expression(
        face_id=face_id,
        status=Judgement.JUDGED,
        label=truth.expression,
        confidence=0.7,
        probabilities=probabilities,
    )


def _fatigue(face_id: str, truth: StudentTruth, number: int) -> Fatigue:
    state = (FatigueState.AWAKE,) * 6 + (FatigueState.DROWSY, FatigueState.TIRED)
    return Fatigue(
        face_id=face_id,
        left_openness=truth.eyes_open,
        right_openness=truth.eyes_open,
        level=(0.1, 0.2, 0.15, 0.25, 0.05, 0.1, 0.45, 0.7)[number % 8],
        state=state[number % 8],
    )


def _pose(face_id: str, truth: StudentTruth, stamp_s: float) -> HeadPose:
    is_left, is_right = truth.yaw_rad > AWAY_RAD, truth.yaw_rad < -AWAY_RAD
    sides = {(True, False): Direction.LEFT, (False, True): Direction.RIGHT}
    motions = {'shake': Motion.SHAKE, 'nod': Motion.NOD}
    return HeadPose(
        face_id=face_id,
        yaw_rad=truth.yaw_rad,
        pitch_rad=truth.pitch_rad,
        roll_rad=truth.roll_rad,
        direction=sides.get((is_left, is_right), Direction.AHEAD),
        looking_away_since_s=stamp_s - 4.0 if is_left or is_right else math.nan,
        motion=motions.get(truth.event, Motion.NONE),
    )


def _alert(face_id: str, truth: StudentTruth, stamp_s: float, number: int) -> Alert:
    kinds = (AlertKind.TIRED, AlertKind.LOOKING_AWAY, AlertKind.ASLEEP)
    kind = kinds[number // 5 % 3]
    severity = (Severity.WARNING, Severity.NOTICE, Severity.URGENT)[number // 5 % 3]
    seat = f'seat {number + 1}'
    return Alert(
        alert_id=face_id,
        kind=kind,
        severity=severity,
        status=AlertStatus.RAISED,
        since_s=stamp_s,
        text=f'The student at {seat}: {kind.value.replace("_", " ")}',
        subject=seat,
        face_id=face_id,
    )


if __name__ == '__main__':
    cv2.setNumThreads(1)
    main()
