"""What a picture costs in calls and memory is no more than the committed baseline."""

from __future__ import annotations

import pytest

from benchmarks.counts import count, excesses, read_baseline


def test_a_picture_costs_no_more_than_the_baseline() -> None:
    found = excesses(count(), read_baseline())
    assert not found, '; '.join(found) + ': mend it, or `make bench-counts ARGS=--write`'


@pytest.mark.parametrize(
    ('name', 'value'),
    [('mesh_faces', 2.0), ('whole_conversions', 1.0), ('peak_kb', 2.0), ('faces', 0.5)],
)
def test_more_than_the_baseline_is_found(name: str, value: float) -> None:
    baseline = read_baseline()
    counts = baseline | {name: baseline.get(name, 1.0) * value}
    assert [text.split(':')[0] for text in excesses(counts, baseline)] == [name]
    assert excesses(baseline, baseline) == []
