"""Cameras of this machine, by Video4Linux."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import cv2

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.sources.base import ClockNs
from classroom_fer_ros.core.sources.config import SourceConfig
from classroom_fer_ros.core.sources.kind import device_path, existing_devices, missing_device
from classroom_fer_ros.core.sources.live import Capture, LiveSource

logger = logging.getLogger(__name__)


class DeviceSource(LiveSource):
    """A camera. Unplugged in the middle of a run, it is opened again when it comes back."""

    def __init__(self, config: SourceConfig, clock_ns: ClockNs = time.time_ns) -> None:
        """:raises SourceError: if the camera cannot be opened, saying what to do"""
        path = device_path(config.source)
        super().__init__(
            lambda: open_device(path, config),
            f'camera {path}',
            config,
            is_first_open_final=True,
            clock_ns=clock_ns,
        )


def open_device(path: Path, config: SourceConfig) -> Capture:
    """
    Open a camera with the settings asked for, as near as it can.

    :raises SourceError: if it is missing, forbidden, in use or delivers nothing
    """
    if not path.exists():
        raise missing_device(path)
    if not os.access(path, os.R_OK | os.W_OK):
        raise SourceError(
            f'no permission to open camera {path}: add the user to the video group with '
            '`sudo usermod -aG video $USER`, then log in again'
        )
    capture = cv2.VideoCapture(str(path), cv2.CAP_V4L2)
    _apply(capture, config)
    if capture.isOpened() and capture.grab():
        _tell_differences(capture, path, config)
        return capture
    capture.release()
    others = ', '.join(name for name in existing_devices() if name != str(path))
    raise SourceError(
        f'camera {path} delivers no pictures: close the program that uses it '
        f'(`fuser -v {path}` names it), or name another'
        + (f' of {others}; a camera may have several devices' if others else '')
    )


def _apply(capture: cv2.VideoCapture, config: SourceConfig) -> None:
    if config.is_mjpg:  # first: sizes and rates depend on the format
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*'MJPG'))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, config.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, config.height)
    capture.set(cv2.CAP_PROP_FPS, config.fps)


def _tell_differences(capture: cv2.VideoCapture, path: Path, config: SourceConfig) -> None:
    width = round(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = round(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    fps = capture.get(cv2.CAP_PROP_FPS)
    if (width, height) != (config.width, config.height) or abs(fps - config.fps) > 0.5:
        logger.warning(
            'camera %s delivers %dx%d at %.3g Hz, not %dx%d at %.3g Hz',
            *(path, width, height, fps),
            *(config.width, config.height, config.fps),
        )
