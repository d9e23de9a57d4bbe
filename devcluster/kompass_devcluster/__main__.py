"""The command line: `python3 -m kompass_devcluster VERB`."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  # it runs before any environment exists
        sys.exit(f"Python is too old ({sys.version.split()[0]}): run this with python3.11 or newer")
    from .cli import main

    sys.exit(main())
