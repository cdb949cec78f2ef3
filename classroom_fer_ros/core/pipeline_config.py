"""Every setting of the analysis, fused or distributed."""

from __future__ import annotations

from dataclasses import dataclass, field

from classroom_fer_ros.core.alerts import AlertConfig
from classroom_fer_ros.core.class_state import ClassStateConfig
from classroom_fer_ros.core.detection import DetectionConfig
from classroom_fer_ros.core.embedding import EMBEDDING_CARD
from classroom_fer_ros.core.enrolment_config import (
    USUAL_GALLERY,
    GalleryConfig,
    IdentityConfig,
)
from classroom_fer_ros.core.expression import ExpressionConfig
from classroom_fer_ros.core.expression_smoothing import SmootherConfig
from classroom_fer_ros.core.expression_visibility import VisibilityConfig
from classroom_fer_ros.core.fatigue import FatigueConfig
from classroom_fer_ros.core.head_motion import HeadMotionConfig
from classroom_fer_ros.core.light import LightConfig
from classroom_fer_ros.core.model_card import PROVIDERS
from classroom_fer_ros.core.profiles import PROFILE_NAMES
from classroom_fer_ros.core.settings import check
from classroom_fer_ros.core.tracking import TrackingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineConfig:
    """Every setting, each stage's own in its part."""

    profile: str = field(
        default='standard',
        metadata={
            'description': 'what may be analysed and kept: research, standard or eu_school',
            'options': PROFILE_NAMES,
        },
    )
    language: str = field(
        default='en',
        metadata={
            'description': 'language of alerts and result pictures: en, zh or another file of '
            'config/texts'
        },
    )
    overlay_font: str = field(
        default='',
        metadata={
            'description': 'font file for result pictures; empty looks for one where the language '
            'needs it'
        },
    )
    light: LightConfig = field(default_factory=LightConfig)
    detection: DetectionConfig = field(default_factory=DetectionConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    expression: ExpressionConfig = field(default_factory=ExpressionConfig)
    smoothing: SmootherConfig = field(default_factory=SmootherConfig)
    fatigue: FatigueConfig = field(default_factory=FatigueConfig)
    head_motion: HeadMotionConfig = field(default_factory=HeadMotionConfig)
    alerts: AlertConfig = field(default_factory=AlertConfig)
    class_state: ClassStateConfig = field(default_factory=ClassStateConfig)
    expression_interval_s: float = field(
        default=0.3,
        metadata={
            'description': 'a face shows its expression anew this often',
            'unit': 's',
            'range': (0.0, 60.0),
            'is_live': True,
        },
    )
    identity_interval_s: float = field(
        default=2.0,
        metadata={
            'description': 'a face that has been looked up often enough is looked up again this '
            'often; sooner where it is seen better or was lost',
            'unit': 's',
            'range': (0.0, 3600.0),
            'is_live': True,
        },
    )
    identity: IdentityConfig = field(default_factory=IdentityConfig, metadata={'is_flat': True})
    expression_visibility: VisibilityConfig = field(
        default_factory=VisibilityConfig, metadata={'is_flat': True}
    )
    embedding_card: str = field(
        default=EMBEDDING_CARD,
        metadata={'description': 'model card, a file name in the folder of models or a path'},
    )
    gallery_path: str = field(
        default=USUAL_GALLERY,
        metadata={
            'description': 'file of the enrolled people; auto: classroom_fer_ros/gallery.sqlite '
            "in the user's data directory (XDG_DATA_HOME); empty for nobody"
        },
    )
    gallery: GalleryConfig = field(default_factory=GalleryConfig, metadata={'is_flat': True})
    provider: str = field(
        default='cpu',
        metadata={
            'description': 'what computes expressions and identities: cpu, cuda or tensorrt '
            '(onnxruntime-gpu); the CPU where it is missing',
            'options': tuple(PROVIDERS),
        },
    )
    num_threads: int = field(
        default=2,
        metadata={
            'description': 'threads that work on meshes, detection and pictures',
            'range': (1, 64),
        },
    )

    def __post_init__(self) -> None:
        check(self)
