"""
Recordings: rosbag2 folders of MCAP files, as `ros2 bag` writes and reads them.

Files only: no node, no DDS. The library `rosbags` knows the formats; what is here makes a
recording survive a kill and a full disk, keeps names of people out, and mends what was broken
off.
"""
