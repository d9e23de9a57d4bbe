"""The worker's contract tests run tiny models: a second thread would only wait for the first."""

from __future__ import annotations

import os

# Read when torch is imported, which some test modules do at once.
os.environ.setdefault("OMP_NUM_THREADS", "1")
