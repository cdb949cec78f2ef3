"""Lifecycle node: face crops in, expressions out. Holds no perception logic."""

from __future__ import annotations

from functools import partial

from classroom_fer_ros.core.pipeline import make_expression_stage
from classroom_fer_ros.core.profiles import Feature
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import to_expression_array
from classroom_fer_ros.nodes.convert_back import from_crop_array
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.stage_node import Joined, StageNode


class ExpressionNode(StageNode):
    """Says what every face shows; refuses to start where the profile forbids it."""

    NAME = 'expression_node'
    PARAMETERS = (
        'expression.',
        'provider',
        'smoothing.',
        'expression_interval_s',
        'min_expression_px',
        'max_expression_yaw_deg',
        'min_expression_luminance',
        'tracking.lost_hold_s',
    )
    INPUTS = (topics.FACE_CROPS,)
    OUTPUTS = (topics.EXPRESSIONS,)
    ANALYSES = ('expression',)

    def start(self) -> None:
        self.profile.require(Feature.EXPRESSION)
        self._stage = make_expression_stage(self.analysis)

    def reconfigure(self, config: NodeConfig) -> None:
        analysis = config.analysis
        self._stage.reconfigure(
            analysis.smoothing,
            analysis.expression_visibility,
            interval_s=analysis.expression_interval_s,
        )

    def reset(self) -> None:
        self._stage.reset()

    def facts(self) -> dict[str, str]:
        return super().facts() | {
            'expression': self._stage.model_name,
            'provider': self._stage.provider,
        }

    def analyse(self, joined: Joined) -> None:
        crops = joined.parts.get(topics.FACE_CROPS)
        if self.is_on('expression'):
            crops_by_id = from_crop_array(crops) if crops is not None else {}
            expressions = self._stage.update(joined.faces, crops_by_id, joined.stamp_s)
        else:
            expressions = self._stage.skip(joined.faces, joined.stamp_s)
        self.outputs.publish(
            topics.EXPRESSIONS,
            to_expression_array(joined.result(expressions=expressions), joined.header),
        )


main = partial(run_node, ExpressionNode)

if __name__ == '__main__':
    main()
