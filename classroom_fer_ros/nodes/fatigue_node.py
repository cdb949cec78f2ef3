"""Lifecycle node: meshes, crops and head poses in, fatigue out. Holds no perception logic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.fatigue_stage import FatigueStage
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import to_fatigue_array
from classroom_fer_ros.nodes.convert_back import from_crop_array
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.stage_node import Joined, StageNode


class FatigueNode(StageNode):
    """Watches eyes and mouths; of a head that is turned away they cannot be judged."""

    NAME = 'fatigue_node'
    PARAMETERS = ('fatigue.', 'tracking.lost_hold_s')
    INPUTS = (topics.LANDMARKS, topics.HEAD_POSE, topics.FACE_CROPS)
    OUTPUTS = (topics.FATIGUE,)
    ANALYSES = ('fatigue',)

    def start(self) -> None:
        self._stage = FatigueStage(self.analysis.fatigue, self.analysis.tracking.lost_hold_s)

    def reset(self) -> None:
        self._stage.reset()

    def facts(self) -> dict[str, str]:
        return super().facts() | {'fatigue': self._stage.model_name}

    def analyse(self, joined: Joined) -> None:
        if self.is_on('fatigue'):
            poses = {pose.face_id: pose for pose in joined.head_poses}
            fatigue = self._stage.update(
                joined.faces, poses, partial(_crops_of, joined), joined.stamp_s
            )
        else:
            fatigue = self._stage.skip(joined.faces, joined.stamp_s)
        self.outputs.publish(
            topics.FATIGUE, to_fatigue_array(joined.result(fatigue=fatigue), joined.header)
        )


def _crops_of(joined: Joined, faces: Sequence[Face]) -> Mapping[str, AlignedCrop]:
    """Crops of some faces, converted only where they are wanted."""
    message = joined.parts.get(topics.FACE_CROPS)
    if message is None:
        return {}
    return from_crop_array(message, {face.face_id for face in faces})


main = partial(run_node, FatigueNode)

if __name__ == '__main__':
    main()
