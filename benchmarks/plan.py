"""What `make bench` measures: which pictures, in which mode, for how long."""

from __future__ import annotations

from dataclasses import dataclass

FUSED, DISTRIBUTED, COMPRESSED = 'fused', 'distributed', 'distributed_compressed'
MODES = (FUSED, DISTRIBUTED, COMPRESSED)
SIMULATED = 'simulated'
STUDENTS = (1, 2, 4, 8, 16, 30, 40)
HD, FULL_HD = (1280, 720), (1920, 1080)
#: Films of `CLASSROOM_FER_DATA`, without their ending.
PUPILS, STREET = 'classroom_pupils_720p', 'street_crowd_1080p'


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """
    Pictures to analyse.

    :param source: 'simulated', or the name of a real film
    :param students: 0 for a real film
    """

    source: str = SIMULATED
    students: int = 0
    size_wh: tuple[int, int] = HD

    @property
    def title(self) -> str:
        """For people."""
        if self.source != SIMULATED:
            return self.source
        width, height = self.size_wh
        return f'{self.students} simulated, {width}x{height}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    Everything that one call measures.

    :param runs: mode and scene of each
    :param film_s: length of the simulated films
    :param core_pictures: pictures over which the stages are measured
    :param warm_up_s: before anything is measured
    :param trial_s: how long each picture rate is tried
    :param steady_s: how long latency, processor time and memory are measured
    """

    runs: tuple[tuple[str, Scene], ...]
    film_s: float
    core_pictures: int
    warm_up_s: float
    trial_s: float
    steady_s: float


#: Runs of the short benchmark.
QUICK_RUNS = (
    (FUSED, Scene(students=1)),
    (FUSED, Scene(students=8)),
    (FUSED, Scene(students=30, size_wh=FULL_HD)),
    (FUSED, Scene(source=PUPILS)),
    (DISTRIBUTED, Scene(students=8)),
    (COMPRESSED, Scene(students=8)),
)
FILM_S, QUICK_FILM_S = 8.0, 5.0


def full_plan(steady_s: float = 10.0) -> Plan:
    """Every number of students, both sizes, both real films, all modes."""
    simulated = tuple(Scene(students=n, size_wh=size) for size in (HD, FULL_HD) for n in STUDENTS)
    scenes = (*simulated, Scene(source=PUPILS), Scene(source=STREET, size_wh=FULL_HD))
    return Plan(
        runs=tuple((mode, scene) for mode in MODES for scene in scenes),
        film_s=FILM_S,
        core_pictures=150,
        warm_up_s=2.0,
        trial_s=4.0,
        steady_s=steady_s,
    )


def quick_plan(steady_s: float = 4.0) -> Plan:
    """Three minutes on two cores, the first time with the films' rendering."""
    return Plan(
        runs=QUICK_RUNS,
        film_s=QUICK_FILM_S,
        core_pictures=50,
        warm_up_s=1.0,
        trial_s=2.0,
        steady_s=steady_s,
    )


def narrowed(plan: Plan, modes: tuple[str, ...], students: tuple[int, ...]) -> Plan:
    """Part of a plan; empty tuples leave everything in."""
    runs = tuple(
        (mode, scene)
        for mode, scene in plan.runs
        if (not modes or mode in modes) and (not students or scene.students in students)
    )
    return Plan(
        runs=runs,
        film_s=plan.film_s,
        core_pictures=plan.core_pictures,
        warm_up_s=plan.warm_up_s,
        trial_s=plan.trial_s,
        steady_s=plan.steady_s,
    )
