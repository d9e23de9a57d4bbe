"""The command line: `python3 -m kompass_devcluster VERB`."""

from __future__ import annotations

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
