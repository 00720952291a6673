"""Devices: where torch computes, as a person names it, and on how many cores."""

import os

from kgqa.errors import InputError


def device_called(name: str) -> str:
    """The name of a device that is there: cpu, cuda or cuda:N.

    Raises:
        InputError: if this machine, or the torch that is installed, has no such device.
    """
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"--device {name}: there is none here ({reason}); leave it out to use the CPU") from error
    return name


def share_cores(workers: int) -> None:
    """Let each of so many threads that compute at the same time use its part of the cores, at least one."""
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), max(1, (os.cpu_count() or 1) // workers)))
