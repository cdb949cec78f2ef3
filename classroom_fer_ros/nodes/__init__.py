"""
The ROS 2 side: parameters, conversions, lifecycle and QoS. No perception logic lives here.

`topics` holds every name and QoS profile, `convert` every conversion of results, `pictures` every
conversion of images.
"""
