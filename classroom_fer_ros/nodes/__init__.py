"""
The ROS 2 side: parameters, conversions, lifecycle and quality of service around `core`.

Message conversions live in `convert`, topic names and QoS in `topics`; no perception logic here.
"""
