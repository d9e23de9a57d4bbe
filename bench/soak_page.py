"""The last `make soak` as a page: which tests ran, how long, and what they printed.

Usage: python bench/soak_page.py < OUTPUT_OF_PYTEST
Writes bench/results/soak.md.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parent / "results" / "soak.md"
_KEPT = re.compile(r"^tests/|PASSED|FAILED|ERROR|runs[,;]|^=+ .*(passed|failed)")


def page(output: str, day: str) -> str:
    """Markdown with the lines that say something."""
    lines = [line for line in output.splitlines() if _KEPT.search(line)]
    return "\n".join(["# `make soak`", "", f"Its output of {day}:", "", "```", *lines, "```", ""])


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(sys.stdin.read(), datetime.now(UTC).strftime("%Y-%m-%d")))


if __name__ == "__main__":
    main()
