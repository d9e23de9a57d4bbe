"""Telling a broken device from a program's error, by the driver's words. Pure.

The words are those of CUDA's errors of memory (ECC), NVLink, hardware stack, unavailable devices
and contained faults, and of a device that the driver has lost. An illegal address or a failed
assertion is a program's error and not among them.
"""

from __future__ import annotations

from typing import Final

from kompass_worker.errors import DeviceBroken

_WORDS: Final = (
    "uncorrectable ecc",
    "uncorrectable nvlink",
    "hardware stack error",
    "hardware error",
    "busy or unavailable",
    "gpu is lost",
    "fallen off the bus",
)


def is_device_fault(error: Exception) -> bool:
    """Whether the device itself reports that it is broken."""
    said = str(error).lower()
    return any(word in said for word in _WORDS)


def broken(error: Exception) -> DeviceBroken:
    """The end of a shard whose device is broken."""
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DeviceBroken(
        f"the device reports a fault of its own: {first}; the shard goes on on another node, and "
        "the node's GPU wants looking after (`nvidia-smi -q`, Xid in its kernel log)"
    )
