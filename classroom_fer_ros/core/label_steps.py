"""What was said of captured faces, step by step, in the index beside them."""

from __future__ import annotations

from classroom_fer_ros.core.capture_store import CaptureStore


class LabelSteps:
    """
    Steps of labelling. What a capture was labelled last counts.

    Labels are the served ones and those of `capture_index` for none.
    """

    def __init__(self, store: CaptureStore) -> None:
        self._store = store

    def current(self) -> dict[str, str]:
        """
        What each capture was labelled last, see `capture_index`; none for the others.

        :raises CaptureError: if the index is broken
        """
        rows = self._store.read('SELECT capture_id, label FROM steps ORDER BY step')
        return {row['capture_id']: row['label'] for row in rows}

    def add(self, capture_id: str, label: str, now_s: float) -> None:
        """:raises CaptureError: if there is no such capture, or the step cannot be saved"""
        with self._store.transaction() as cursor:
            cursor.execute(
                'INSERT INTO steps (capture_id, label, labelled_at_s) VALUES (?, ?, ?)',
                (capture_id, label, now_s),
            )

    def undo(self) -> str | None:
        """
        Take the last step back.

        :return: the capture that it was about; None if there was no step
        :raises CaptureError: if it cannot be taken back
        """
        with self._store.transaction() as cursor:
            row = cursor.execute(
                'SELECT step, capture_id FROM steps ORDER BY step DESC LIMIT 1'
            ).fetchone()
            if row is None:
                return None
            cursor.execute('DELETE FROM steps WHERE step = ?', (row['step'],))
            return str(row['capture_id'])
