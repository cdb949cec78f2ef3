"""
What `python -m classroom_fer_ros.doctor` looks at, one module a subject.

Imports the standard library and `core` modules that need no more, for it has to run, and say what
is missing, where packages or ROS 2 are not installed.
"""
