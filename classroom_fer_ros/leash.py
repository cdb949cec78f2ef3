"""
Become a command that ends with its parent: ``python -I -S leash.py PARENT_ID COMMAND…`` (Linux).

Run as a script with the standard library only, so that it holds nothing up. It turns into the
command, which the kernel then kills as soon as the parent is gone, however that came about.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

#: prctl(2); stays set through execve(2).
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Entry point: does not come back."""
    parent_id, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_id:  # it was gone before
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == '__main__':
    main()
