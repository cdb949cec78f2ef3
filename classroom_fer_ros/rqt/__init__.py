"""
The window that a teacher watches: plugin -> widget -> model.

Qt and what apt ships beside ROS only, never onnxruntime or LiteRT: rqt runs on the system's
Python. Qt is touched from its own thread only; what comes from ROS arrives by signals.
"""
