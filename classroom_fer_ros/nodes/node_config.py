"""Every parameter of the nodes: `pipeline_node` has them all, others those that they use."""

from __future__ import annotations

from dataclasses import dataclass, field

from classroom_fer_ros.core.capture_config import CaptureConfig
from classroom_fer_ros.core.pipeline_config import PipelineConfig
from classroom_fer_ros.core.relief import ReliefConfig
from classroom_fer_ros.core.room_state import RoomConfig
from classroom_fer_ros.core.settings import check
from classroom_fer_ros.core.sources import SourceConfig

RAW, COMPRESSED = 'raw', 'compressed'


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """Settings of the analysis, of the camera and of the nodes themselves."""

    analysis: PipelineConfig = field(default_factory=PipelineConfig, metadata={'is_flat': True})
    camera: SourceConfig = field(default_factory=SourceConfig)
    relief: ReliefConfig = field(default_factory=ReliefConfig)
    frame_id: str = field(
        default='camera_optical_frame',
        metadata={'description': 'frame of the pictures; a topic brings its own'},
    )
    opens_at_start: bool = field(
        default=True, metadata={'description': 'open the camera when the node is activated'}
    )
    picture_transport: str = field(
        default=RAW,
        metadata={
            'description': 'how face_node and overlay_node take the pictures of image_raw: raw, '
            'or compressed as JPEG, which costs time but passes a network',
            'options': (RAW, COMPRESSED),
        },
    )
    capture: CaptureConfig = field(default_factory=CaptureConfig)
    room: RoomConfig = field(default_factory=RoomConfig)
    diagnostics_period_s: float = field(
        default=1.0,
        metadata={
            'description': 'how often /diagnostics is published',
            'unit': 's',
            'range': (0.1, 60.0),
        },
    )

    def __post_init__(self) -> None:
        check(self)
