"""The front half of the analysis by itself: pictures in, faces with names out."""

from __future__ import annotations

from collections.abc import Iterable

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.face_finding import FaceFinder
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.gallery import Gallery, Person
from classroom_fer_ros.core.identity import IdentityStage
from classroom_fer_ros.core.live_enrolment import LiveEnrolment, OnDone, face_to_enroll
from classroom_fer_ros.core.pipeline_config import PipelineConfig
from classroom_fer_ros.core.profiles import profile_named
from classroom_fer_ros.core.results import Face, FrameResult
from classroom_fer_ros.core.stage_times import StageTimes
from classroom_fer_ros.core.switches import Switches


class FaceAnalysis:
    """Finds, follows and names the faces of one camera."""

    def __init__(
        self, config: PipelineConfig, switches: Switches, times: StageTimes | None = None
    ) -> None:
        """
        :param switches: of detection and identification
        :param times: where the stages' times are noted, begun by the caller for each picture
        :raises ModelError: if a model is missing, broken or not the one its card describes
        :raises ProfileError: if a gallery is given and the profile forbids identification
        """
        self._switches = switches
        self._times = times or StageTimes()
        self._identity = make_identity_stage(config)
        self._identity_config = config.identity
        self._finder = FaceFinder(
            config.light, config.detection, config.tracking, config.num_threads, self._times
        )
        self.models = {
            'detection': config.detection.detector,
            'identification': self._identity.model_name,
        }

    @property
    def gallery(self) -> Gallery | None:
        """The enrolled people; None where identification is off."""
        return self._identity.gallery

    def reconfigure(self, config: PipelineConfig) -> None:
        """Take over other values of the live settings; faces stay."""
        self._finder.set_min_score(config.detection.min_score)
        self._finder.set_regions_per_picture(config.tracking.regions_per_picture)
        self._identity.set_interval(config.identity_interval_s)

    def process(self, frame: Frame) -> FrameResult:
        """
        Find the faces of the next picture.

        :return: a result that holds faces only
        :raises StampError: if its stamp lies before that of the picture before it
        """
        self._times.begin()
        faces = self.update(frame)
        return FrameResult(
            stamp_ns=frame.stamp_ns,
            index=frame.index,
            size_wh=frame.size_wh,
            faces=faces,
            stage_ms=self._times.ms,
        )

    def update(self, frame: Frame) -> tuple[Face, ...]:
        """
        Find and name the faces of the next picture.

        :raises StampError: if its stamp lies before that of the picture before it
        """
        if frame.is_still:
            self.reset()
        faces = self._finder.update(frame, 'detection' in self._switches)
        if 'identification' not in self._switches:
            with self._times('identity'):
                return self._identity.skip(faces, frame.stamp_s)
        with self._times('align'):
            crops = self._finder.cut(self._identity.due(faces, frame.stamp_s))
        with self._times('identity'):
            return self._identity.update(faces, crops, frame.stamp_s, is_still=frame.is_still)

    def cut(self, faces: Iterable[Face]) -> dict[str, AlignedCrop]:
        """Aligned crops of some faces of the last picture, by face_id."""
        return self._finder.cut(faces)

    def crops(self) -> dict[str, AlignedCrop]:
        """Aligned crop of every face of the last picture, by face_id."""
        return self._finder.crops()

    def require_gallery(self) -> Gallery:
        """
        The gallery, where somebody asks for it.

        :raises ProfileError: if the profile forbids identification
        :raises GalleryError: if there is none
        """
        return self._identity.require_gallery()

    def begin_enrolment(
        self, face_id: str, person_name: str, enrolled_at_s: float, on_done: OnDone
    ) -> LiveEnrolment:
        """
        Enrol somebody who is in the picture, by the views of the coming seconds.

        :param face_id: of the last picture; empty for the only face in it
        :param enrolled_at_s: time of day, seconds since the epoch
        :param on_done: called once with the outcome, by whatever ends the enrolment
        :raises GalleryError: if there is no gallery, no such face, several faces and no face_id,
            or the name is blank
        """
        self.require_gallery()
        face_id = face_to_enroll(face_id, self._finder.faces)
        enrolment = LiveEnrolment(
            face_id, person_name, enrolled_at_s, self._identity_config, on_done
        )
        self._identity.begin_enrolment(enrolment)
        return enrolment

    def finish_enrolment(self, enrolment: LiveEnrolment) -> None:
        """Enrol with the views there are, as when no more pictures come; once at most."""
        self._identity.finish_enrolment(enrolment)

    def forget(self, person_id: str) -> Person | None:
        """
        Erase a person from gallery and memory.

        :return: who that was, None for nobody
        :raises GalleryError: if there is no gallery, or it cannot be written
        """
        return self._identity.forget(person_id)

    @property
    def gallery_problem(self) -> str:
        """What is wrong with the gallery, in plain words; empty while all is well."""
        return self._identity.problem

    def reset(self) -> None:
        """Forget every face; the gallery stays."""
        self._finder.reset()
        self._identity.reset()

    def close(self) -> None:
        """Stop the threads and close the gallery."""
        self._finder.close()
        self._identity.close()


def make_identity_stage(config: PipelineConfig) -> IdentityStage:
    """
    Load the embedder and open the gallery.

    :raises ModelError: if the model is missing, broken or not the one its card describes
    :raises ProfileError: if a gallery is given and the profile forbids identification
    :raises GalleryError: if the gallery cannot be opened
    """
    return IdentityStage(
        config.embedding_card,
        config.gallery_path,
        config.gallery,
        config.identity,
        profile_named(config.profile),
        interval_s=config.identity_interval_s,
        hold_s=config.tracking.lost_hold_s,
        provider=config.provider,
    )
