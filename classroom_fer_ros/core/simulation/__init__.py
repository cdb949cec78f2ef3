"""
The simulated classroom: virtual students animated from photographs, with the truth about them.

It stands in for a camera where there is none, and is what tests and benchmarks measure against.
"""

from __future__ import annotations

from classroom_fer_ros.core.simulation.classroom import SimulatedClassroom
from classroom_fer_ros.core.simulation.config import MAX_STUDENTS, SimulationConfig
from classroom_fer_ros.core.simulation.film import render_film
from classroom_fer_ros.core.simulation.script import EVENTS
from classroom_fer_ros.core.simulation.truth import (
    StudentTruth,
    read_truth,
    truth_path,
    write_truth_line,
)

__all__ = [
    'EVENTS',
    'MAX_STUDENTS',
    'SimulatedClassroom',
    'SimulationConfig',
    'StudentTruth',
    'read_truth',
    'render_film',
    'truth_path',
    'write_truth_line',
]
