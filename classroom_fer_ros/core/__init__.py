"""
The perception logic: NumPy, OpenCV, ONNX Runtime and LiteRT.

Nothing in here knows ROS, Qt or torch, and nothing holds a clock: whoever calls passes the stamp
of the picture. Every class can be built and tested alone.
"""
