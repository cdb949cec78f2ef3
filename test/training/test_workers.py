"""Two processes train one network as one does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('torch', reason='no torch: run `make setup-training`')

import torch

from classroom_fer_ros.training import train_expression

#: Without augmentation and dropout the gradient does not depend on who computes it; batch
#: normalisation is the exception, so that the weights agree only nearly.
SCRIPT = """
import sys
from pathlib import Path
import torch
from classroom_fer_ros.training import train_expression, workers
torch.set_num_threads(1)
train_expression.augment = lambda images, generator, strength: images
config = train_expression.TrainingConfig(
    channels=(8, 12), blocks=(1,), epochs=2, batch_size=32, dropout=0.0
)
workers.join()
files = [Path(argument) for argument in sys.argv[1:3]]
train_expression.train(config, *files, Path(sys.argv[3]))
workers.leave()
"""


@pytest.mark.proof
def test_two_processes_train_one_network(data_dir: Path, tmp_path: Path) -> None:
    files = []
    for name, count in (('train', 96), ('validation', 32)):
        with np.load(data_dir / f'ferplus_{name}.npz') as whole:
            few = {key: whole[key][:count] for key in ('images', 'votes', 'fer2013')}
        files.append(str(tmp_path / f'{name}.npz'))
        np.savez(files[-1], **few)
    script = tmp_path / 'train.py'
    script.write_text(SCRIPT)
    torchrun = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2']
    environment = os.environ | {'OMP_NUM_THREADS': '1'}
    for launcher, work in (([], 'alone'), (torchrun, 'together')):
        command = [sys.executable, *launcher, str(script), *files, str(tmp_path / work)]
        subprocess.run(command, check=True, timeout=120, env=environment)
    alone, together = (
        torch.load(tmp_path / work / 'last.pt', weights_only=True)
        for work in ('alone', 'together')
    )
    assert together['epoch'] == alone['epoch'] == 2
    assert len((tmp_path / 'together' / 'log.csv').read_text().splitlines()) == 3
    start = train_expression.make_network(
        train_expression.TrainingConfig(**alone['config'])
    ).state_dict()
    key = 'features.0.weight'
    moved = (alone['network'][key] - start[key]).norm()
    apart = (alone['network'][key] - together['network'][key]).norm()
    assert 0 < apart < 0.5 * moved
