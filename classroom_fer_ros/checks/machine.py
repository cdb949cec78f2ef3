"""Cameras, folders and free space."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from classroom_fer_ros.checks.finding import Finding, ok, problem, warning

#: An hour of annotated film at 720p.
COMFORTABLE_BYTES = 2_000_000_000
MIN_FREE_BYTES = 64_000_000
#: Fast DDS hands messages from process to process through shared memory.
MIN_SHM_BYTES = 256_000_000


def check_cameras(device_dir: Path = Path('/dev')) -> Iterator[Finding]:
    """Every video device, and whether it may be opened."""
    devices = sorted(device_dir.glob('video*'))
    if not devices:
        yield ok('camera', 'this machine has none; films, addresses and topics work without')
    for path in devices:
        if os.access(path, os.R_OK | os.W_OK):
            yield ok('camera', f'{path} may be opened')
        else:
            yield warning(
                'camera',
                f'no permission to open {path}',
                '`sudo usermod -aG video $USER`, then log in again',
            )


def places(out: Path, gallery: Path | None, environment: Mapping[str, str]) -> dict[str, Path]:
    """Folders that are written to, by what for."""
    home = Path(environment.get('HOME', str(Path.home())))
    cache = Path(environment.get('XDG_CACHE_HOME') or home / '.cache')
    data = Path(environment.get('XDG_DATA_HOME') or home / '.local' / 'share')
    own = environment.get('CLASSROOM_FER_HOME') or data / 'classroom_fer_ros'
    ros_home = Path(environment.get('ROS_HOME') or home / '.ros')
    found = {
        'output': out,
        'cache': cache / 'classroom_fer_ros',
        'captures, models': Path(own),
        'logs': Path(environment.get('ROS_LOG_DIR') or ros_home / 'log'),
    }
    return found if gallery is None else found | {'gallery': gallery.parent}


def check_place(name: str, folder: Path) -> Finding:
    """Whether a folder, or the nearest one above it that exists, can be written to."""
    existing = folder.expanduser().absolute()
    while not existing.exists():
        existing = existing.parent
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return problem(
            name,
            f'cannot write into {existing} ({error.strerror})',
            'name another folder, or change its owner',
        )
    free_bytes = shutil.disk_usage(existing).free
    text = f'{folder}, {free_bytes / 1e9:.1f} GB free'
    if free_bytes < MIN_FREE_BYTES:
        return problem(name, text, 'free some space, or name another folder')
    if free_bytes < COMFORTABLE_BYTES:
        return warning(name, text, 'an hour of annotated film takes about 2 GB')
    return ok(name, text)


def check_shared_memory(folder: Path = Path('/dev/shm')) -> Finding:
    """Containers have little of it unless told otherwise."""
    if not folder.is_dir():
        return warning('shared memory', f'no {folder}', 'messages go through the network instead')
    free_bytes = shutil.disk_usage(folder).free
    text = f'{free_bytes / 1e6:.0f} MB free in {folder}'
    if free_bytes < MIN_SHM_BYTES:
        return warning(
            'shared memory',
            text,
            'pictures between processes are slow or lost: start the container with '
            '`--shm-size 512m`',
        )
    return ok('shared memory', text)
