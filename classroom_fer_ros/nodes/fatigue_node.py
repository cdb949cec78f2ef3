"""Lifecycle node: meshes and head poses in, fatigue out. Holds no perception logic."""

from __future__ import annotations

from functools import partial

from classroom_fer_ros.core.stages import FatigueStage
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import to_fatigue_array
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.stage_node import Joined, StageNode


class FatigueNode(StageNode):
    """Watches eyes and mouths; of a head that is turned away they cannot be judged."""

    NAME = 'fatigue_node'
    PARAMETERS = ('fatigue.', 'tracking.lost_hold_s')
    INPUTS = (topics.LANDMARKS, topics.HEAD_POSE)
    OUTPUTS = (topics.FATIGUE,)
    ANALYSES = ('fatigue',)

    def start(self) -> None:
        self._stage = FatigueStage(self.analysis.fatigue, self.analysis.tracking.lost_hold_s)

    def reset(self) -> None:
        self._stage.reset()

    def analyse(self, joined: Joined) -> None:
        if self.is_on('fatigue'):
            poses = {pose.face_id: pose for pose in joined.head_poses}
            fatigue = self._stage.update(joined.faces, poses, joined.stamp_s)
        else:
            fatigue = self._stage.skip(joined.faces, joined.stamp_s)
        self.outputs.publish(
            topics.FATIGUE, to_fatigue_array(joined.result(fatigue=fatigue), joined.header)
        )


main = partial(run_node, FatigueNode)

if __name__ == '__main__':
    main()
