"""How the node is doing, as `diagnostic_msgs` for ``/diagnostics``."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

from classroom_fer_ros.core.memory import resident_megabytes
from classroom_fer_ros.nodes.analysis_thread import Performance

#: Without a picture for longer, something is wrong with the camera.
SILENT_AFTER_S = 2.0
#: Values that other nodes read.
RATE_KEY, DROPPED_KEY = 'rate (Hz)', 'dropped'


def to_diagnostics(
    name: str,
    header: Header,
    source: str,
    problem: str,
    performance: Performance | None,
    facts: dict[str, str],
    strain: str = '',
) -> DiagnosticArray:
    """
    One status: the source, the rate, what was dropped, models and memory.

    :param problem: why no pictures come, in plain words; empty while all is well
    :param performance: None while the camera is closed
    :param facts: further values to show
    :param strain: what is done less because the machine is too slow; empty while it keeps up
    """
    level, message = _verdict(problem, performance, strain)
    values = {'source': source, **facts, 'memory (MB)': f'{resident_megabytes():.0f}'}
    if performance is not None:
        values |= {
            'pictures': str(performance.pictures),
            DROPPED_KEY: str(performance.dropped),
            RATE_KEY: f'{performance.fps:.1f}',
            'analysis (ms)': f'{performance.analysis_ms:.1f}',
            **{f'{stage} (ms)': f'{ms:.1f}' for stage, ms in performance.stage_ms.items()},
        }
    status = DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=source,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
    return DiagnosticArray(header=header, status=[status])


def _verdict(problem: str, performance: Performance | None, strain: str) -> tuple[bytes, str]:
    if performance is None:
        return DiagnosticStatus.OK, problem or 'the camera is closed'
    if problem:
        return DiagnosticStatus.ERROR, problem
    if performance.idle_s > SILENT_AFTER_S:
        return DiagnosticStatus.WARN, f'no picture for {performance.idle_s:.0f} s'
    rate = f'{performance.fps:.1f} pictures a second'
    return (DiagnosticStatus.WARN, f'{rate}; {strain}') if strain else (DiagnosticStatus.OK, rate)
