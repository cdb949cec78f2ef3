"""What is wrong with the running system, and what to do, as keys of the texts. No Qt, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from classroom_fer_ros.rqt.facts import FACES_NODES, SOURCE_NODES, Graph, Status

#: A node that said nothing for so long is gone or stuck; it says something once a second.
STATUS_GONE_S = 5.0
#: A window that was just opened has not found everybody yet.
SETTLING_S = 3.0
SILENT_S = 3.0
#: A camera that is silent for so long has a warning of its node.
WARNED_S = 1.5
#: Levels of a status in /diagnostics.
WARNING, ERROR = 1, 2
#: Blinks are judged from this rate on, everything else of the eyes from the lower one.
BLINK_HZ, EYES_HZ = 14.0, 5.0
CLOSED_STATE = 'closed'


class Level(Enum):
    """How bad it is."""

    FINE = 0
    HINT = 1
    PROBLEM = 2


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    One thing that is wrong.

    :param key: of the texts; that with `_do` behind it says what to do
    :param fields: what the text has places for
    """

    key: str
    level: Level = Level.PROBLEM
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """
    What was heard of the system so far.

    :param statuses: by node
    :param age_s: how long the window has been listening
    :param picture_idle_s: since the last preview came, infinite before the first
    :param result_idle_s: since the last results came
    :param refused: policy by topic where a publisher offers less than is asked for
    """

    namespace: str
    graph: Graph
    statuses: Mapping[str, Status]
    now_s: float
    age_s: float
    picture_idle_s: float
    result_idle_s: float
    refused: Mapping[str, str]

    def status(self, *nodes: str) -> Status | None:
        """Of the first of some nodes that said something lately."""
        for node in nodes:
            status = self.statuses.get(node)
            if status is not None and self.now_s - status.heard_s <= STATUS_GONE_S:
                return status
        return None

    @property
    def is_there(self) -> bool:
        """Whether there is a system at all."""
        return self.status(*SOURCE_NODES, *FACES_NODES) is not None

    @property
    def is_closed(self) -> bool:
        """Whether the camera is known to be closed."""
        status = self.status(*SOURCE_NODES)
        return status is not None and status.values.get('source state') == CLOSED_STATE


def troubles(heard: Heard) -> Iterator[Trouble]:
    """Everything that is wrong, the worst first; nothing while all is well."""
    for topic, policy in sorted(heard.refused.items()):
        yield Trouble('qos', fields={'topic': topic, 'policy': policy})
    if not heard.is_there:
        yield from _nobody(heard)
        return
    yield from _gone(heard)
    source = heard.status(*SOURCE_NODES)
    if heard.is_closed:
        yield Trouble('closed', Level.HINT)
        return
    if source is not None and source.values.get('source state') == 'ended':
        yield Trouble('ended', Level.HINT)
        return
    is_silent = heard.result_idle_s > WARNED_S
    if source is not None and (source.level >= ERROR or (source.level and is_silent)):
        yield Trouble('camera_trouble', fields={'problem': source.message})
    elif heard.picture_idle_s > SILENT_S and heard.age_s > SETTLING_S:
        yield Trouble('no_pictures', fields={'seconds': _seconds(heard.picture_idle_s)})
    elif heard.result_idle_s > SILENT_S and heard.age_s > SETTLING_S:
        yield Trouble('no_results')
    else:
        yield from _slow(heard)


def _nobody(heard: Heard) -> Iterator[Trouble]:
    known = set(heard.graph.nodes) & {*SOURCE_NODES, *FACES_NODES}
    if heard.age_s <= SETTLING_S and not known:
        yield Trouble('looking', Level.HINT, {'namespace': heard.namespace})
    elif any(node in heard.statuses for node in (*SOURCE_NODES, *FACES_NODES)):
        names = ', '.join(sorted(set(heard.statuses) & {*SOURCE_NODES, *FACES_NODES}))
        yield Trouble('gone', fields={'node': names})
    elif known:
        yield Trouble('not_active', fields={'node': ', '.join(sorted(known))})
    else:
        yield Trouble('nobody', fields={'namespace': heard.namespace})


def _gone(heard: Heard) -> Iterator[Trouble]:
    """One of several nodes, in distributed mode."""
    for node, status in sorted(heard.statuses.items()):
        if heard.now_s - status.heard_s > STATUS_GONE_S:
            yield Trouble('gone', fields={'node': node})


def _slow(heard: Heard) -> Iterator[Trouble]:
    status = heard.status(*FACES_NODES)
    if status is not None and status.level == WARNING:  # results come, so that it is not silence
        yield Trouble('strained', Level.HINT, {'problem': status.message})
    try:
        rate_hz = float(status.values['rate (Hz)']) if status else 0.0
    except (KeyError, ValueError):
        return
    if 0.0 < rate_hz < EYES_HZ:
        yield Trouble('very_slow', fields={'rate': f'{rate_hz:.1f}'})
    elif 0.0 < rate_hz < BLINK_HZ:
        yield Trouble('slow', Level.HINT, {'rate': f'{rate_hz:.1f}'})


def _seconds(seconds: float) -> str:
    return f'{seconds:.0f}' if seconds < 1e6 else '?'
