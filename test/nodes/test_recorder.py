"""What is published is recorded as it was: nothing is missing, and nobody is named."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import cv2
import pytest
from classroom_fer_msgs.msg import Alert, AlertArray, Face, FaceArray
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.serialization import deserialize_message

from classroom_fer_ros import record as record_command
from classroom_fer_ros import run as run_command
from classroom_fer_ros.bag_analysis import frames_of
from classroom_fer_ros.bags.bag_reader import BagReader
from classroom_fer_ros.core.errors import BagError, ProfileError
from classroom_fer_ros.core.profiles import PROFILES
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import to_header
from classroom_fer_ros.nodes.pictures import to_compressed
from classroom_fer_ros.recording import RecordOptions, options_of, record
from classroom_fer_ros.repair_bag import main as repair
from classroom_fer_ros.reporting.lesson_tables import read_lesson
from distributed import ear
from harness import NAMESPACE, pipeline_node, wait_until
from recordings import GOLDEN_PICTURES, PICTURES

TIMEOUT_S = 120
COMMAND = [sys.executable, '-m', 'classroom_fer_ros.run', '--namespace', NAMESPACE]


def frames(count: int) -> list:
    with BagReader(GOLDEN_PICTURES) as bag:
        return [frame for _, frame, _ in islice(frames_of(bag, PICTURES), count)]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """The golden pictures as a film."""
    path = tmp_path / 'film.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 15.0, (640, 360))
    for frame in frames(90):
        writer.write(frame.image_bgr)
    writer.release()
    return path


@pytest.mark.usefixtures('ros')
def test_every_message_is_there_and_no_name(tmp_path: Path) -> None:
    options = RecordOptions(folder=tmp_path / 'bag', has_pictures=True, is_by_stamp=True)
    image = frames(1)[0].image_bgr
    with ear() as speaker, record(NAMESPACE, PROFILES['standard'], options) as recording:
        for name in (topics.FACES, topics.ALERTS, topics.IMAGE_COMPRESSED):
            speaker.wait_for_listeners(name)
        wait_until(lambda: _takes_reliably(recording))
        for number in range(50):
            header = to_header(number * 1_000_000_000, 'camera')
            face = Face(face_id='001', person_id='p1', person_name='Ana Maria')
            alert = Alert(person_id='p1', subject='Ana Maria', text='Ana Maria looks tired')
            speaker.say(topics.FACES, FaceArray(header=header, faces=[face]))
            speaker.say(topics.ALERTS, AlertArray(header=header, alerts=[alert]))
            speaker.say(topics.IMAGE_COMPRESSED, to_compressed(image, header))
            wait_until(lambda wanted=3 * number + 3: recording.recorder.num_recorded >= wanted)
    assert sum(recording.recorder.lost.values()) == 0
    with BagReader(tmp_path / 'bag') as bag:
        assert bag.custom_data == {'profile': 'standard', 'namespace': NAMESPACE}
        counts = {name.removeprefix(f'{NAMESPACE}/'): n for name, n in bag.counts.items() if n}
        assert counts == {topics.FACES: 50, topics.ALERTS: 50, topics.IMAGE_COMPRESSED: 50}
        messages = list(bag.messages())
    assert not any(b'Ana' in message.data for message in messages)
    assert [m.log_ns // 1_000_000_000 for m in messages] == [n for n in range(50) for _ in 'abc']
    faces = [m.data for m in messages if m.topic.endswith('/faces')]
    assert deserialize_message(faces[-1], FaceArray).faces[0].person_id == 'p1'


def _takes_reliably(recording: object) -> bool:
    taken = recording.recorder._taken[topics.IMAGE_COMPRESSED]
    return taken.qos_profile.reliability == topics.PICTURE_RELIABLE_QOS.reliability


@pytest.mark.usefixtures('ros')
@pytest.mark.parametrize(
    ('profile', 'has_pictures', 'is_lossless', 'pictures'),
    [
        ('standard', False, False, set()),
        ('standard', True, True, {topics.IMAGE, topics.FACE_CROPS}),
        ('research', False, False, {topics.IMAGE_COMPRESSED, topics.FACE_CROPS}),
        ('eu_school', False, False, set()),
    ],
)
def test_pictures_are_recorded_as_the_profile_says(
    tmp_path: Path, profile: str, has_pictures: bool, is_lossless: bool, pictures: set[str]
) -> None:
    folder = tmp_path / 'bag'
    options = RecordOptions(folder=folder, has_pictures=has_pictures, is_lossless=is_lossless)
    with record(NAMESPACE, PROFILES[profile], options) as recording:
        names = set(recording.names)
    assert names & {topics.IMAGE, topics.IMAGE_COMPRESSED, topics.FACE_CROPS} == pictures
    assert {topics.FACES, topics.ALERTS} <= names


@pytest.mark.usefixtures('ros')
def test_what_cannot_be_recorded_is_told(tmp_path: Path) -> None:
    options = RecordOptions(folder=tmp_path / 'bag', has_pictures=True)
    with pytest.raises(ProfileError), record(NAMESPACE, PROFILES['eu_school'], options):
        pass
    (tmp_path / 'film.mp4').write_text('a film')
    options = RecordOptions(folder=tmp_path)
    with (
        pytest.raises(BagError, match='already'),
        record(NAMESPACE, PROFILES['standard'], options),
    ):
        pass


def test_a_run_is_recorded_whole(film: Path, tmp_path: Path) -> None:
    """As fast as the machine can: alerts in the bag are those told, and those of the report."""
    folder, session = tmp_path / 'bag', tmp_path / 'session'
    arguments = ['--source', str(film), '--record', str(folder), '--record-pictures']
    done = subprocess.run(
        [*COMMAND, *arguments, '--out', str(session)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '90 pictures over 5.9 s, 0 passed over' in done.stdout
    with BagReader(folder) as bag:
        counts = {name.rpartition('/')[2]: count for name, count in bag.counts.items()}
        assert bag.span_ns == (0, round(89 / 15 * 1e9))
        alerts = [
            alert.text
            for message in bag.messages([f'{NAMESPACE}/{topics.ALERTS}'])
            for alert in deserialize_message(message.data, AlertArray).alerts
            if alert.status == Alert.RAISED
        ]
    for name in (topics.FACES, topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE):
        assert counts[name] == 90, done.stdout
    told = [line.removeprefix('! ') for line in done.stdout.splitlines() if line.startswith('! ')]
    assert alerts == told != []
    lesson = read_lesson(session)
    assert (lesson.pictures, len(lesson.alerts)) == (90, len(alerts))


@pytest.mark.usefixtures('ros')
@pytest.mark.parametrize('profile', ['research', 'eu_school'])
def test_a_running_system_is_recorded_as_its_profile_says(tmp_path: Path, profile: str) -> None:
    folder = tmp_path / 'bag'
    command = [sys.executable, '-m', 'classroom_fer_ros.record', '--namespace', NAMESPACE]
    command += ['--out', str(folder), '--seconds', '0.5']
    with pipeline_node(profile=profile, opens_at_start=False) as node:
        assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
        assert node.trigger_activate() is TransitionCallbackReturn.SUCCESS
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    assert done.returncode == 0, done.stderr
    assert f'recording {NAMESPACE} ({profile})' in done.stdout
    with BagReader(folder) as bag:
        assert (f'{NAMESPACE}/{topics.IMAGE_COMPRESSED}' in bag.topics) == (profile == 'research')


def test_a_system_that_is_started_is_recorded_as_asked(tmp_path: Path) -> None:
    asked = ['--source', 'simulated', '--out', str(tmp_path), '--pictures', '--lossless']
    options = record_command._parser().parse_args([*asked, '--split-mb', '20'])
    started = run_command._parser().parse_args(record_command._run_arguments(options))
    assert options_of(started, started.record) == RecordOptions(
        folder=tmp_path, has_pictures=True, is_lossless=True, max_file_bytes=20_000_000
    )


def test_a_killed_run_leaves_a_recording(tmp_path: Path) -> None:
    folder = tmp_path / 'bag'
    arguments = ['--source', 'simulated', '--record', str(folder)]
    arguments += ['--ros-args', '-p', 'camera.students:=2']
    process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.DEVNULL)
    file = folder / 'bag_0.mcap'
    wait_until(lambda: file.is_file() and file.stat().st_size > 200_000)
    time.sleep(1.0)
    killed_ns = time.time_ns()
    process.kill()
    process.wait()
    with pytest.raises(BagError, match='make repair-bag'):
        BagReader(folder)
    assert repair([str(folder)]) == 0
    with BagReader(folder) as bag:
        assert bag.counts[f'{NAMESPACE}/{topics.FACES}'] > 5
        messages = list(bag.messages())
        assert bag.custom_data['profile'] == 'standard'
    # A second may be lost; the rest is for a busy machine.
    assert killed_ns - messages[-1].log_ns < 4_000_000_000
    assert [m.log_ns for m in messages] == sorted(m.log_ns for m in messages)
