"""Bags are whole, readable without this package, and mended after whatever broke them off."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
pytest.importorskip('classroom_fer_msgs', reason='messages are not built: run `make setup`')

from classroom_fer_msgs.msg import Alert, AlertArray, Face, FaceArray
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.highlevel import AnyReader
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer
from std_msgs.msg import Header, String

from classroom_fer_ros.bags.bag_reader import BagReader
from classroom_fer_ros.bags.bag_writer import BagConfig, BagWriter
from classroom_fer_ros.bags.mending import bag_files, mend
from classroom_fer_ros.bags.message_types import class_of, definition_of, name_of
from classroom_fer_ros.bags.names import without_names
from classroom_fer_ros.core.errors import BagError, DataError
from classroom_fer_ros.repair_bag import main as repair

SECOND_NS = 1_000_000_000
LATCHED = Qos(
    QosHistory.KEEP_LAST,
    1,
    QosReliability.RELIABLE,
    QosDurability.TRANSIENT_LOCAL,
    QosTime(1, 0),
    QosTime(1, 0),
    QosLiveliness.AUTOMATIC,
    QosTime(1, 0),
    False,
)
ROOT = Path(__file__).resolve().parents[2]
#: Writes a number twenty times a second and flushes twice a second, as the recorder does.
WRITER = """
import sys, time
from pathlib import Path
from rclpy.serialization import serialize_message
from std_msgs.msg import String
from classroom_fer_ros.bags.bag_writer import BagConfig, BagWriter
size = int(sys.argv[2])
config = BagConfig(min_free_bytes=0, reserve_bytes=100_000)
writer = BagWriter(Path(sys.argv[1]), config, {'profile': 'standard'})
writer.add_topic('/text', 'std_msgs/msg/String')
print('ready', flush=True)
for number in range(100_000):
    writer.write('/text', number, serialize_message(String(data=f'{number} ' + 'x' * size)))
    if number % 10 == 9:
        writer.flush()
        print(number, flush=True)
        time.sleep(float(sys.argv[3]))
"""


def text(number: int, size: int = 100) -> bytes:
    return serialize_message(String(data=f'{number} ' + 'x' * size))


def write(folder: Path, count: int = 100, **config: object) -> None:
    writer = BagWriter(folder, BagConfig(min_free_bytes=0, **config), {'profile': 'standard'})
    writer.add_topic('/text', 'std_msgs/msg/String', [LATCHED])
    writer.add_topic('/faces', 'classroom_fer_msgs/msg/FaceArray')
    for number in range(count):
        writer.write('/text', number * SECOND_NS, text(number))
        if number % 10 == 0:
            header = Header(frame_id=f'camera {number}')
            writer.write('/faces', number * SECOND_NS, serialize_message(FaceArray(header=header)))
        if number % 7 == 6:
            writer.flush()
    writer.close()


def numbers(path: Path) -> list[int]:
    with BagReader(path) as bag:
        return [
            int(deserialize_message(message.data, String).data.split()[0])
            for message in bag.messages(['/text'])
        ]


@pytest.mark.parametrize('is_compressed', [False, True])
@pytest.mark.parametrize('max_file_bytes', [0, 3000])
def test_what_was_written_is_read(
    tmp_path: Path, is_compressed: bool, max_file_bytes: int
) -> None:
    folder = tmp_path / 'bag'
    write(folder, is_compressed=is_compressed, max_file_bytes=max_file_bytes)
    assert (len(bag_files(folder)) > 2) == bool(max_file_bytes)
    assert numbers(folder) == list(range(100))
    with BagReader(folder) as bag:
        assert bag.counts == {'/text': 100, '/faces': 10}
        assert bag.span_ns == (0, 99 * SECOND_NS)
        assert bag.custom_data == {'profile': 'standard'}
        assert bag.topics['/text'].offered_qos == [LATCHED]
        assert [bag.problem_with(topic) for topic in bag.topics] == ['', '']


def test_bags_are_read_without_our_messages(tmp_path: Path) -> None:
    """By the definitions in the bag alone, as Foxglove and PlotJuggler do."""
    write(tmp_path / 'bag')
    with AnyReader([tmp_path / 'bag']) as reader:
        (faces,) = (c for c in reader.connections if c.topic == '/faces')
        frames = [
            reader.deserialize(data, faces.msgtype).header.frame_id
            for _, _, data in reader.messages([faces])
        ]
    assert frames == [f'camera {number}' for number in range(0, 100, 10)]


def test_definitions_have_the_hashes_that_ros_announces() -> None:
    for name in ('classroom_fer_msgs/msg/FatigueArray', 'sensor_msgs/msg/CompressedImage'):
        package, _, kind = name.split('/')
        code = Path(sys.modules[class_of(name).__module__.split('.')[0]].__file__)
        shares = [parent / 'share' / package / 'msg' / f'{kind}.json' for parent in code.parents]
        (built,) = (json.loads(path.read_text()) for path in shares if path.is_file())
        assert built['type_hashes'][0]['hash_string'] == definition_of(name).type_hash


@pytest.mark.parametrize('share', [0.999, 0.9, 0.5, 0.2, 0.02])
@pytest.mark.parametrize('is_compressed', [False, True])
def test_a_torn_file_is_mended(tmp_path: Path, share: float, is_compressed: bool) -> None:
    folder = tmp_path / 'bag'
    write(folder, is_compressed=is_compressed, max_file_bytes=5000)
    last = bag_files(folder)[-1]
    whole = numbers(folder)
    before = len(numbers(bag_files(folder)[0]))
    with last.open('r+b') as content:
        content.truncate(round(last.stat().st_size * share))
    with pytest.raises(BagError, match=r'make repair-bag'):
        BagReader(folder)
    mend(folder)
    found = numbers(folder)
    assert found == whole[: len(found)]
    assert len(found) >= before
    with BagReader(folder) as bag:
        assert bag.custom_data == {'profile': 'standard'}
        assert bag.problem_with('/text') == ''
        assert bag.topics['/text'].offered_qos == [LATCHED]
    again = numbers(folder)
    mend(folder)  # what is whole stays as it is
    assert numbers(folder) == again


def test_a_lost_index_costs_nothing(tmp_path: Path) -> None:
    folder = tmp_path / 'bag'
    write(folder)
    (file,) = bag_files(folder)
    assert not (folder / '.reserve').exists()
    with file.open('r+b') as content:
        content.truncate(file.stat().st_size - 10)
    (folder / 'metadata.yaml').unlink()
    assert repair([str(folder)]) == 0
    assert numbers(folder) == list(range(100))


def started(folder: Path, size: int, pause_s: float, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, '-c', WRITER, str(folder), str(size), str(pause_s)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        **options,
    )


def test_a_killed_writer_loses_what_came_after_its_last_flush(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / 'bag'
    process = started(folder, 50, 0.01)
    flushed = -1
    while flushed < 199:
        line = process.stdout.readline()
        flushed = int(line) if line.strip().isdigit() else flushed
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert repair([str(folder)]) == 0
    assert 'was finished' in capsys.readouterr().out
    found = numbers(folder)
    assert found == list(range(len(found)))
    assert len(found) > flushed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte; only root can make one."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    command = ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip('no mount')
    if done.returncode:
        pytest.skip('no disk can be mounted here')
    yield folder
    subprocess.run(['umount', str(folder)], check=True)


def test_a_full_disk_leaves_a_bag_that_can_be_read(small_disk: Path) -> None:
    process = started(small_disk / 'bag', 300, 0.0)
    output, errors = process.communicate(timeout=60)
    assert 'No space left on device' in errors.splitlines()[-1]
    assert 'what was written can be played' in errors.splitlines()[-1]
    flushed = int(output.splitlines()[-1])
    found = numbers(small_disk / 'bag')
    assert found == list(range(len(found)))
    assert len(found) > flushed


def test_a_limit_of_file_size_leaves_a_bag_that_can_be_mended(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    process = started(tmp_path / 'bag', 200, 0.0, preexec_fn=limit)
    output, errors = process.communicate(timeout=60)
    assert 'File too large' in errors.splitlines()[-1]
    assert repair([str(tmp_path / 'bag')]) == 0
    found = numbers(tmp_path / 'bag')
    assert found == list(range(len(found)))
    assert len(found) > int(output.splitlines()[-1])


def test_writing_ends_before_the_disk_is_full(tmp_path: Path) -> None:
    with pytest.raises(BagError, match='is full'):
        BagWriter(tmp_path / 'bag', BagConfig(min_free_bytes=2**62))
    writer = BagWriter(tmp_path / 'other', BagConfig(min_free_bytes=0))
    writer.add_topic('/text', 'std_msgs/msg/String')
    writer.write('/text', 1, text(1))
    writer._config = BagConfig(min_free_bytes=2**62)
    with pytest.raises(BagError, match='can be played'):
        writer.flush()
    assert numbers(tmp_path / 'other') == [1]


@pytest.mark.parametrize('storage', [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
def test_bags_of_others_are_read(tmp_path: Path, storage: StoragePlugin) -> None:
    definition = definition_of('std_msgs/msg/String')
    with Writer(tmp_path / 'bag', version=9, storage_plugin=storage) as writer:
        topic = writer.add_connection(
            '/text',
            'std_msgs/msg/String',
            msgdef=definition.text,
            rihs01=definition.type_hash,
        )
        for number in range(20):
            writer.write(topic, number, text(number))
    assert numbers(tmp_path / 'bag') == list(range(20))


@pytest.mark.parametrize(
    ('name', 'words'),
    [
        pytest.param('missing', 'does not exist', id='missing'),
        pytest.param('empty', 'has no metadata.yaml', id='empty folder'),
        pytest.param('text.mcap', 'make repair-bag', id='no MCAP'),
        pytest.param('notes.txt', 'is no bag', id='text'),
    ],
)
def test_what_is_no_bag_is_named(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / 'empty').mkdir()
    for file in ('text.mcap', 'notes.txt'):
        (tmp_path / file).write_text('some words')
    with pytest.raises(BagError, match=words):
        BagReader(tmp_path / name)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / 'film.mp4').write_text('a film')
    with pytest.raises(BagError, match='holds something already'):
        BagWriter(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['film.mp4']


def test_a_changed_definition_is_told(tmp_path: Path) -> None:
    definition = definition_of('std_msgs/msg/String')
    with Writer(tmp_path / 'bag', version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        writer.add_connection(
            '/text', 'std_msgs/msg/String', msgdef=definition.text, rihs01='RIHS01_' + 64 * '0'
        )
        writer.add_connection(
            '/other', 'no_msgs/msg/Other', msgdef='int32 x', rihs01='RIHS01_' + 64 * '1'
        )
    with BagReader(tmp_path / 'bag') as bag:
        assert 'is another than when' in bag.problem_with('/text')
        assert 'not installed' in bag.problem_with('/other')


def test_types_that_are_not_there() -> None:
    with pytest.raises(DataError, match='std_msgs/msg/Nothing'):
        class_of('std_msgs/msg/Nothing')


def test_names_stay_out() -> None:
    faces = FaceArray(faces=[Face(face_id='001', person_id='p1', person_name='Ana')])
    data = without_names(name_of(FaceArray), serialize_message(faces))
    (face,) = deserialize_message(data, FaceArray).faces
    assert (face.face_id, face.person_id, face.person_name) == ('001', 'p1', '')
    alerts = AlertArray(
        alerts=[
            Alert(alert_id='1', person_id='p1', subject='Ana', text='Ana looks tired'),
            Alert(alert_id='2', subject='left', text='The student at the left looks tired'),
        ]
    )
    data = without_names(name_of(AlertArray), serialize_message(alerts))
    assert b'Ana' not in data
    first, second = deserialize_message(data, AlertArray).alerts
    assert (first.text, first.subject) == ('p1 looks tired', '')
    assert (second.text, second.subject) == ('The student at the left looks tired', '')
    nobody = serialize_message(FaceArray(faces=[Face(face_id='001')]))
    assert without_names(name_of(FaceArray), nobody) == nobody


def test_mending_reads_only_what_is_a_bag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'notes.mcap').write_text('these are no messages at all')
    assert repair([str(tmp_path), os.devnull]) == 1
    assert (tmp_path / 'notes.mcap').is_file()
    assert 'is no MCAP file' in capsys.readouterr().err
