"""The camera node of the distributed mode alone."""

from launch import LaunchDescription

from classroom_fer_ros import launching


def generate_launch_description() -> LaunchDescription:
    return launching.describe('camera', launching.camera_only)
