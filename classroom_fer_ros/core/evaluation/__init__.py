"""Scores against labels, as the tool `evaluate` prints them. No ROS, no torch."""
