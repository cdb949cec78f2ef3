"""
Room for pictures in the shared memory by which Fast DDS joins the processes of a machine.

`config/fastdds.xml` tells how much. Other middleware takes no notice. Needs no ROS.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import MutableMapping
from pathlib import Path

from classroom_fer_ros.checks.machine import MIN_SHM_BYTES
from classroom_fer_ros.core.model_files import shared_folders

PROFILES = 'FASTRTPS_DEFAULT_PROFILES_FILE'
#: By each of these a user settles the matter himself.
SETTINGS_OF_USERS = (PROFILES, 'FASTDDS_DEFAULT_PROFILES_FILE', 'FASTDDS_BUILTIN_TRANSPORTS')
FOLDER = Path('/dev/shm')


def make_room_for_pictures(
    environment: MutableMapping[str, str] = os.environ, folder: Path = FOLDER
) -> bool:
    """
    Let the nodes of this process take the profile of the package. Call before ``rclpy.init``.

    :return: whether they will: not where the user has settings, nor where the nine processes of a
        camera in distributed mode might run out of memory, which kills them
    """
    if any(environment.get(name) for name in SETTINGS_OF_USERS):
        return False
    if not folder.is_dir() or shutil.disk_usage(folder).free < MIN_SHM_BYTES:
        return False
    for config in shared_folders('config'):
        if (config / 'fastdds.xml').is_file():
            environment[PROFILES] = str(config / 'fastdds.xml')
            return True
    return False
