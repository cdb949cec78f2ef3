"""Where a network is trained, and in which precision."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch


def best_device() -> torch.device:
    """The graphics card if there is one, else the processor."""
    return torch.device('cuda' if torch.cuda.is_available() else 'cpu')


def mixed_precision(device: torch.device) -> AbstractContextManager[object]:
    """
    Convolutions in bfloat16 where the device computes in it, else everything in float32.

    bfloat16 has the range of float32, so that gradients need no scaling.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=_computes_bfloat16(device))


def _computes_bfloat16(device: torch.device) -> bool:
    if device.type == 'cuda':
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # Elsewhere bfloat16 is emulated, which is slower than float32.
    return bool(torch.cpu.get_capabilities().get('avx512_bf16', False))
