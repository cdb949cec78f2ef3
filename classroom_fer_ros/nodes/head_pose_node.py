"""Lifecycle node: meshes in, head poses out. Holds no perception logic."""

from __future__ import annotations

from functools import partial

from sensor_msgs.msg import CameraInfo

from classroom_fer_ros.core.stages import HeadPoseStage
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.calibration import intrinsics_of
from classroom_fer_ros.nodes.convert import to_head_pose_array
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.stage_node import Joined, StageNode


class HeadPoseNode(StageNode):
    """Says where every head points and how it moves."""

    NAME = 'head_pose_node'
    PARAMETERS = ('head_motion.', 'tracking.lost_hold_s')
    INPUTS = (topics.LANDMARKS,)
    OUTPUTS = (topics.HEAD_POSE,)
    ANALYSES = ('head_pose',)

    def start(self) -> None:
        self._info: CameraInfo | None = None
        self._stage = HeadPoseStage(self.analysis.head_motion, self.analysis.tracking.lost_hold_s)

    def begin(self) -> None:
        super().begin()
        self.subscribe(CameraInfo, topics.CAMERA_INFO, self._on_info, topics.PICTURE_SUB_QOS)

    def reset(self) -> None:
        self._stage.reset()

    def analyse(self, joined: Joined) -> None:
        if self.is_on('head_pose') and joined.size_wh != (0, 0):
            intrinsics = intrinsics_of(self._info, joined.size_wh)
            poses = self._stage.update(joined.faces, joined.stamp_s, intrinsics)
        else:
            poses = self._stage.skip(joined.faces, joined.stamp_s)
        self.outputs.publish(
            topics.HEAD_POSE, to_head_pose_array(joined.result(head_poses=poses), joined.header)
        )

    def _on_info(self, message: CameraInfo) -> None:
        self._info = message


main = partial(run_node, HeadPoseNode)

if __name__ == '__main__':
    main()
