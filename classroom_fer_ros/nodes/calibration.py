"""What is known of a camera's lens."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from classroom_fer_ros.core.spatial import Intrinsics


def to_camera_info(
    info: CameraInfo | None, header: Header, size_wh: tuple[int, int]
) -> CameraInfo:
    """
    Calibration that goes with a picture.

    :param info: the driver's; without one it is empty, which sensor_msgs takes for uncalibrated
    """
    info = info or CameraInfo()
    info.header = header
    info.width, info.height = size_wh
    return info


def intrinsics_of(info: CameraInfo | None, size_wh: tuple[int, int]) -> Intrinsics:
    """Those of a calibrated camera, else those of a usual one."""
    if info is None or info.k[0] == 0.0:
        return Intrinsics.usual(size_wh)
    return Intrinsics(focal_x=info.k[0], focal_y=info.k[4], center_x=info.k[2], center_y=info.k[5])
