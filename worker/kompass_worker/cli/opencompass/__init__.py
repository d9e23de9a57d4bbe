"""OpenCompass' command lines as manifests."""

from kompass_worker.cli.opencompass.translation import Translation, translated

__all__ = ["Translation", "translated"]
