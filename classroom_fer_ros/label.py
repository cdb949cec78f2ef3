"""
Label captured faces: ``python -m classroom_fer_ros.label [--captures DIR] [--out DIR]``.

    --export          only write what is labelled so far into --out, without a window
    --disagreements   only print, as CSV, what was labelled as something else than predicted
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from classroom_fer_ros.core.capture_config import captures_dir
from classroom_fer_ros.core.capture_store import CaptureStore
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.labelling import LabelQueue


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if all went well, 2 if it cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        store = CaptureStore.open(options.captures, may_create=False)
        try:
            store.expire(time.time())
            return _run(LabelQueue(store, with_skipped=options.skipped), options)
        finally:
            store.close()
    except ClassroomFerError as error:
        print(f'label: {error}', file=sys.stderr)
        return 2


def _run(queue: LabelQueue, options: argparse.Namespace) -> int:
    if options.disagreements:
        writer = csv.writer(sys.stdout)
        writer.writerow(['file', 'person_id', 'predicted', 'confidence', 'label'])
        for one in queue.disagreements:
            record = one.record
            confidence = f'{record.confidence:.4f}'
            writer.writerow([record.file, record.person_id, record.label, confidence, one.label])
        return 0
    if options.export:
        progress = queue.export(options.out)
        print(f'{options.out}: {progress.labelled} labelled faces')
        return 0
    return _show(queue, options.out)


def _show(queue: LabelQueue, out: Path) -> int:
    from classroom_fer_ros.rqt.label_window import LabelWindow  # needs Qt
    from classroom_fer_ros.rqt.qt import QtWidgets

    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(['label'])
    window = LabelWindow(queue, out, time.time)
    window.show()
    return int(application.exec())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='label', description='Label captured faces.')
    parser.add_argument(
        '--captures', type=_path, default=captures_dir(), help='folder of the captured faces'
    )
    parser.add_argument(
        '--out', type=_path, default=Path('out/labelled'), help='folder of the exported set'
    )
    parser.add_argument('--skipped', action='store_true', help='show skipped faces again')
    whats = parser.add_mutually_exclusive_group()
    whats.add_argument('--export', action='store_true', help='write the set without a window')
    whats.add_argument('--disagreements', action='store_true', help='print them as CSV')
    return parser


def _path(text: str) -> Path:
    return Path(text).expanduser()


if __name__ == '__main__':
    sys.exit(main())
