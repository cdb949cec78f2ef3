"""Capture of faces in a node: switched on and off while it runs, and asked for by a service."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from classroom_fer_msgs.srv import CaptureFace

from classroom_fer_ros.core.capture import Cut, FaceCapture, cards_of
from classroom_fer_ros.core.errors import CaptureError
from classroom_fer_ros.core.person_records import CapturedFaces
from classroom_fer_ros.core.profiles import Feature, Profile
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.service_desk import Handler

OFF = 'capture is off: set the parameter capture.is_enabled to true'
NO_PICTURE = 'there is no picture yet: open the camera first'


class CaptureDesk:
    """Keeps what the node sees, and answers who asks for a face."""

    def __init__(
        self,
        config: NodeConfig,
        profile: Profile,
        lock: Callable[[], AbstractContextManager[object]],
        warn: Callable[[str], object],
    ) -> None:
        """
        :param lock: held while the capture is touched
        :param warn: told what cannot be kept
        :raises ClassroomFerError: if capture is switched on, and the profile forbids it or a model
            or the folder cannot be used
        """
        self._profile, self._lock, self._warn = profile, lock, warn
        self._capture: FaceCapture | None = None
        self._newest: tuple[FrameResult, Cut] | None = None
        self._kept = CapturedFaces(config.capture.path)
        self.reconfigure(config)

    @property
    def is_on(self) -> bool:
        return self._capture is not None

    def reconfigure(self, config: NodeConfig) -> None:
        """Switch capture on or off, or change its limits; errors as for the constructor."""
        with self._lock():
            if not config.capture.is_enabled:
                self.close()
            elif self._capture is None:
                cards = cards_of(config.analysis.expression, config.capture)
                self._capture = FaceCapture(config.capture, self._profile, cards, time.time())
            else:
                self._capture.reconfigure(config.capture)

    def close(self) -> None:
        """Switch capture off."""
        if self._capture is not None:
            self._capture.close()
        self._capture = self._newest = None

    def reset(self) -> None:
        """Begin another session, as after closing the camera."""
        with self._lock():
            self._newest = None
            if self._capture is not None:
                self._capture.reset()

    def erase_person(self, person_id: str) -> str:
        """As of `PersonRecords`; also while capture is off."""
        with self._lock():
            if self._capture is not None:
                self._capture.disregard(person_id)
            return self._kept.erase_person(person_id)

    def on_result(self, result: FrameResult, cut: Cut) -> None:
        """Called with every picture, while the lock is held."""
        if self._capture is None:
            return
        self._newest = result, cut
        try:
            self._capture.update(result, cut, time.time())
        except CaptureError as error:  # the analysis goes on
            self._warn(str(error))

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        """Type and handler by the service's name."""
        return {topics.CAPTURE_FACE: (CaptureFace, self._on_capture)}

    def _on_capture(self, request: CaptureFace.Request, response: CaptureFace.Response) -> str:
        with self._lock():
            self._profile.require(Feature.CAPTURE)
            if self._capture is None:
                raise CaptureError(OFF)
            if self._newest is None:
                raise CaptureError(NO_PICTURE)
            result, cut = self._newest
            record = self._capture.keep(result, request.face_id, cut, request.label, time.time())
            response.path = str(self._capture.store.folder / record.file)
        return f'kept {response.path}'
