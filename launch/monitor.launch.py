"""Windows on a system that runs already."""

from launch import LaunchDescription

from classroom_fer_ros import launching


def generate_launch_description() -> LaunchDescription:
    return launching.describe('monitor', launching.monitor)
