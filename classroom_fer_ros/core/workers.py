"""Work on many things of one picture, shared out among threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Worker = TypeVar('Worker')
Item = TypeVar('Item')
Result = TypeVar('Result')


class Workers(Generic[Worker]):
    """A few workers, each used by one thread at a time."""

    def __init__(self, workers: Sequence[Worker], name: str) -> None:
        """:param name: of the threads; a single worker has none"""
        self._workers = workers
        self._pool = ThreadPoolExecutor(len(workers), name) if len(workers) > 1 else None

    def map(self, work: Callable[[Worker, Item], Result], items: Sequence[Item]) -> list[Result]:
        """What becomes of each item, in their order."""
        if self._pool is None or len(items) < 2:
            return [work(self._workers[0], item) for item in items]
        count = len(self._workers)
        shares = self._pool.map(
            lambda i: [work(self._workers[i], item) for item in items[i::count]], range(count)
        )
        places = [iter(share) for share in shares]
        return [next(places[i % count]) for i in range(len(items))]

    def close(self) -> None:
        """Stop the threads."""
        if self._pool is not None:
            self._pool.shutdown()
