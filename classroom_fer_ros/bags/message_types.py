"""Message types by name: their definitions and hashes for a bag, and their Python classes."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from classroom_fer_ros.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Definition:
    """
    What a bag holds about a type, so that it can be read without its package.

    :param text: definition with those of all types in it (format ros2msg)
    :param type_hash: REP-2011 hash, ``RIHS01_…``
    """

    text: str
    type_hash: str


@cache
def definition_of(type_name: str) -> Definition:
    """
    Definition of a type that is installed here.

    :param type_name: as in ``sensor_msgs/msg/Image``
    :raises DataError: if it is not installed
    """
    store = _store()
    if type_name not in store.types:
        _register_package(store, type_name)
    text, _ = store.generate_msgdef(type_name, ros_version=2)
    return Definition(text, store.hash_rihs01(type_name))


@cache
def class_of(type_name: str) -> Any:
    """
    Python class of a type.

    :raises DataError: if its package is not installed here
    """
    package, _, name = type_name.partition('/msg/')
    try:
        return getattr(_module_of(package, type_name), name)
    except AttributeError as error:
        raise _not_installed(type_name) from error


def name_of(message_class: Any) -> str:
    """Name of the type of a message class, as in ``sensor_msgs/msg/Image``."""
    return f'{message_class.__module__.split(".")[0]}/msg/{message_class.__name__}'


def stamp_of(data: bytes) -> int:
    """
    Stamp of a serialized message that begins with a header, in nanoseconds.

    :param data: CDR: 4 bytes about itself, then seconds and nanoseconds
    """
    order = 'little' if data[1] & 1 else 'big'
    seconds = int.from_bytes(data[4:8], order, signed=True)
    return seconds * 1_000_000_000 + int.from_bytes(data[8:12], order)


def _module_of(package: str, type_name: str) -> ModuleType:
    try:
        return importlib.import_module(f'{package}.msg')
    except ImportError as error:
        raise _not_installed(type_name) from error


@cache
def _store() -> Typestore:
    """The common types of ROS 2 Jazzy; those of other packages are added when asked for."""
    return get_typestore(Stores.ROS2_JAZZY)


def _register_package(store: Typestore, type_name: str) -> None:
    package = type_name.partition('/')[0]
    code = Path(_module_of(package, type_name).__file__).absolute()
    # Beside the code, below the same prefix: found without a sourced environment too.
    folders = [prefix / 'share' / package / 'msg' for prefix in code.parents]
    folder = next((folder for folder in folders if folder.is_dir()), None)
    if folder is None:
        raise _not_installed(type_name)
    types: dict[str, Any] = {}
    for path in sorted(folder.glob('*.msg')):
        types |= get_types_from_msg(path.read_text('utf-8'), f'{package}/msg/{path.stem}')
    if type_name not in types:
        raise _not_installed(type_name)
    store.register({name: fields for name, fields in types.items() if name not in store.types})


def _not_installed(type_name: str) -> DataError:
    return DataError(
        f'messages of type {type_name} are not installed here: source the workspace that has them'
    )
