"""Python and its packages, against the versions in requirements/."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from classroom_fer_ros.checks.finding import Finding, ok, problem, warning

Versions = Mapping[str, str]
ROOT = Path(__file__).resolve().parents[2]
OLDEST, NEWEST = (3, 10), (3, 12)
REQUIREMENTS = ('runtime.txt', 'assets.txt', 'constraints.txt')
#: Needed for building only.
NOT_AT_RUN_TIME = {'setuptools', 'empy', 'scikit-image'}
#: Looked for where the folder of requirements was not installed.
NEEDED = ('ai-edge-litert', 'mediapipe', 'numpy', 'onnxruntime', 'opencv-python-headless')
#: What apt installs has no distribution of that name, but can be imported.
MODULES = {'opencv-python-headless': 'cv2', 'pyyaml': 'yaml'}
#: The first OpenCV that reads YuNet 2023mar.
OLDEST_OPENCV = (4, 8)
QT = ('pyqt5', 'pyqt6', 'pyside2', 'pyside6')
OPENCV_WITH_QT = ('opencv-python', 'opencv-contrib-python')
SET_UP = 'run `make setup`, then use .venv/bin/python'


def installed_versions() -> dict[str, str]:
    """Version of every installed distribution by its name in lower case."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata['Name']
        if name:  # the first one on the path is the one that is imported
            found.setdefault(_normal(name), distribution.version)
    return found


def required_versions(folder: Path) -> dict[str, str]:
    """Pinned versions by name; empty where the version is free or there is no folder."""
    required = dict.fromkeys(NEEDED, '') if not folder.is_dir() else {}
    for file in REQUIREMENTS:
        path = folder / file
        for line in path.read_text(encoding='utf-8').splitlines() if path.is_file() else ():
            match = re.match(r'([A-Za-z0-9._-]+)(?:==(\S+))?\s*$', line)
            if match and not line.startswith('-'):
                name = _normal(match[1])
                required[name] = match[2] or required.get(name, '')
    return {name: pin for name, pin in required.items() if name not in NOT_AT_RUN_TIME}


def check_python(
    version: tuple[int, ...] = sys.version_info[:3],
    prefix: str = sys.prefix,
    base_prefix: str = sys.base_prefix,
) -> Iterator[Finding]:
    """The interpreter and its virtual environment."""
    text = '.'.join(map(str, version))
    if not OLDEST <= version[:2] <= NEWEST:
        yield problem('python', text, 'install Python 3.10 to 3.12 and run `make setup`')
    elif prefix == base_prefix:
        yield warning('python', f'{text} of the system, not of a virtual environment', SET_UP)
    else:
        yield ok('python', f'{text} in {prefix}')


def check_packages(
    required: Versions, installed: Versions, is_importable: Callable[[str], bool] | None = None
) -> Iterator[Finding]:
    """Each needed package."""
    is_importable = is_importable or _is_importable
    for name, pin in sorted(required.items()):
        if name not in installed:
            if is_importable(MODULES.get(name, name.replace('-', '_'))):
                yield ok(name, 'installed by the system')
            else:
                yield problem(name, 'not installed', SET_UP)
        elif pin and installed[name] != pin:
            yield warning(name, f'{installed[name]}, tried with {pin}', SET_UP)
        else:
            yield ok(name, installed[name])


def check_opencv(import_module: Callable[[str], object] = importlib.import_module) -> Finding:
    """Whether OpenCV can run YuNet."""
    try:
        version = str(getattr(import_module('cv2'), '__version__', '0'))
    except ImportError as error:
        return problem('opencv', f'cannot be imported ({error})', SET_UP)
    numbers = tuple(int(part) for part in re.findall(r'\d+', version)[:2])
    if numbers < OLDEST_OPENCV:
        return warning(
            'opencv',
            f'{version} is too old for the detector yunet',
            "Ubuntu's apt has 4.6; `.venv/bin/python -m pip install "
            'opencv-python-headless==4.11.0.86`',
        )
    return ok('opencv', f'{version} runs yunet')


def check_qt(installed: Versions) -> Finding:
    """OpenCV's own Qt plugins keep PyQt's from loading."""
    opencv = [name for name in OPENCV_WITH_QT if name in installed]
    qt = [name for name in QT if name in installed]
    if opencv and qt:
        return warning(
            'qt',
            f'{opencv[0]} brings Qt plugins of its own beside {qt[0]}: windows may not open',
            f'`pip uninstall {opencv[0]}`, `pip install --force-reinstall opencv-python-headless`',
        )
    if opencv and 'opencv-python-headless' in installed:
        return warning(
            'qt',
            f'{opencv[0]} and opencv-python-headless overwrite each other',
            f'`pip uninstall {opencv[0]}`, `pip install --force-reinstall opencv-python-headless`',
        )
    return ok('qt', f'{qt[0] if qt else "no Qt from pip"}, no second set of plugins')


def _normal(name: str) -> str:
    return re.sub(r'[-_.]+', '-', name).lower()


def _is_importable(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
