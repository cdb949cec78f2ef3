"""Classroom monitoring for ROS 2: faces, expressions, fatigue, head direction and alerts."""
