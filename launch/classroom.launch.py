"""The whole system: camera, analysis, and recorder and windows if asked for."""

from launch import LaunchDescription

from classroom_fer_ros import launching


def generate_launch_description() -> LaunchDescription:
    return launching.describe('classroom', launching.classroom)
