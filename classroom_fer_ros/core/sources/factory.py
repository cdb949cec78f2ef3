"""From what a user typed to a source of pictures."""

from __future__ import annotations

import time
from pathlib import Path

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.sources.base import ClockNs, Sleep, Source
from classroom_fer_ros.core.sources.config import SourceConfig
from classroom_fer_ros.core.sources.device import DeviceSource
from classroom_fer_ros.core.sources.film import FilmSource
from classroom_fer_ros.core.sources.kind import SourceKind, kind_of
from classroom_fer_ros.core.sources.pictures import PicturesSource
from classroom_fer_ros.core.sources.simulated import SimulatedSource
from classroom_fer_ros.core.sources.url import UrlSource


def open_source(
    config: SourceConfig,
    *,
    start_ns: int | None = 0,
    clock_ns: ClockNs = time.time_ns,
    sleep: Sleep | None = None,
) -> Source:
    """
    Open a source.

    :param start_ns: stamp of the first picture of a film, of pictures or of the simulation: 0
        offline, None for the clock's time when it is read (live, so that the age of a picture is
        now - stamp); cameras and addresses always stamp by the clock
    :param clock_ns: time of day
    :param sleep: waits until a picture is due; None: really, and `close` ends it
    :raises SourceError: if it cannot be opened, or is a topic, which only a ROS node can read
    """
    kind = kind_of(config.source)
    if kind is SourceKind.DEVICE:
        return DeviceSource(config, clock_ns)
    if kind is SourceKind.URL:
        return UrlSource(config, clock_ns, sleep)
    if kind is SourceKind.FILM:
        path = Path(config.source.strip()).expanduser()
        return FilmSource(path, config, start_ns, clock_ns, sleep)
    if kind is SourceKind.PICTURES:
        return PicturesSource(config, start_ns, clock_ns, sleep)
    if kind is SourceKind.SIMULATED:
        return _open_simulated(config, start_ns, clock_ns, sleep)
    raise SourceError(
        f'{config.source}: a topic needs ROS 2 and is read by the node only; '
        'start classroom.launch.py with this source'
    )


def _open_simulated(
    config: SourceConfig, start_ns: int | None, clock_ns: ClockNs, sleep: Sleep | None
) -> SimulatedSource:
    # Imported here: real sources need no renderer.
    from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig

    classroom = SimulatedClassroom(
        SimulationConfig(
            students=config.students,
            width=config.width,
            height=config.height,
            fps=config.fps,
            seed=config.seed,
            people_dir=config.people_dir,
        )
    )
    return SimulatedSource(classroom, config, start_ns, clock_ns, sleep)
