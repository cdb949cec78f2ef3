"""Analyse the pictures of a bag: bag:=FOLDER."""

from launch import LaunchDescription

from classroom_fer_ros import launching


def generate_launch_description() -> LaunchDescription:
    return launching.describe('replay', launching.replay)
