"""A lesson's report: the tables of a session as one HTML file. No ROS, no Qt."""
