"""
Look at everything that has to be right: ``python -m classroom_fer_ros.doctor [--json]``.

One line each: ok, warning or problem, and what to do. Runs without ROS 2 and without packages.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from classroom_fer_ros.checks import gallery_check, machine, model_checks, packages, ros
from classroom_fer_ros.checks.finding import Finding, Level


def examine(out: Path, gallery: Path | None) -> Iterator[Finding]:
    """Every check, one after the other."""
    installed = packages.installed_versions()
    yield from packages.check_python()
    yield from packages.check_packages(
        packages.required_versions(packages.ROOT / 'requirements'), installed
    )
    yield packages.check_opencv()
    yield packages.check_qt(installed)
    yield from model_checks.check_models()
    yield from model_checks.check_installed()
    yield from model_checks.check_mediapipe()
    yield from model_checks.check_fetched()
    yield from machine.check_cameras()
    for name, folder in machine.places(out, gallery, os.environ).items():
        yield machine.check_place(name, folder)
    yield gallery_check.check_gallery(gallery)
    yield machine.check_shared_memory()
    yield from _examine_ros()


def _examine_ros() -> Iterator[Finding]:
    has_problem = False
    for finding in ros.check_ros():
        has_problem |= finding.level is Level.PROBLEM and finding.subject == 'rclpy'
        yield finding
    yield ros.check_optional()
    yield from ros.check_settings()
    if not has_problem:
        yield ros.check_discovery()


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 1 if there is a problem, 0 if not."""
    parser = argparse.ArgumentParser(prog='doctor', description='Look at what has to be right.')
    parser.add_argument('--json', action='store_true', help='a list of objects instead of lines')
    parser.add_argument('--out', type=Path, default=Path('out'), help='output folder to look at')
    parser.add_argument('--gallery', type=Path, help='gallery file to look at')
    options = parser.parse_args(arguments)
    findings: list[Finding] = []
    for finding in examine(options.out, options.gallery):
        findings.append(finding)
        if not options.json:
            print(finding, flush=True)
    if options.json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        print(_verdict(findings))
    return int(any(finding.level is Level.PROBLEM for finding in findings))


def _verdict(findings: Sequence[Finding]) -> str:
    counts = {
        level: sum(finding.level is level for finding in findings)
        for level in (Level.PROBLEM, Level.WARNING)
    }
    if not any(counts.values()):
        return 'all is well'
    return ', '.join(f'{count} {level.value}(s)' for level, count in counts.items())


if __name__ == '__main__':
    sys.exit(main())
