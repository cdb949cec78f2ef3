"""The analysis alone: the fused node, or the nodes behind a camera node."""

from launch import LaunchDescription

from classroom_fer_ros import launching


def generate_launch_description() -> LaunchDescription:
    return launching.describe('pipeline', launching.pipeline)
