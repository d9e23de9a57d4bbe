"""The `kompass` command."""

from kompass_worker.cli.app import app, main

__all__ = ["app", "main"]
