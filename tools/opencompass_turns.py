"""Write the worked examples of one of OpenCompass' configurations beside the data of a benchmark.

    python tools/opencompass_turns.py CONFIG.py FOLDER

CONFIG.py is a file of opencompass/configs/datasets of your own OpenCompass, such as
gsm8k/gsm8k_gen_1d7fe4.py or math/math_gen_a58d9d.py; FOLDER holds the benchmark's rows. The texts
are others', so they come with neither Kompass nor its images. The configuration is read, not run.
"""

from __future__ import annotations

import argparse
import ast
import sys
import warnings
from pathlib import Path


def turns_of(source: str) -> list[str]:
    """What is said in the turns of a configuration's dialogue, in order; the question is last."""
    with warnings.catch_warnings():
        # Upstream writes \s and \d into texts that are not raw.
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    return [
        ast.literal_eval(keyword.value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and {held.arg for held in call.keywords} >= {"role", "prompt"}
        for keyword in call.keywords
        if keyword.arg == "prompt"
    ]


def text_of(turns: list[str]) -> str:
    """The turns as data.texts of a benchmark reads them, each behind a line of its own."""
    marked = [f"--- turn {number}\n{turn}\n" for number, turn in enumerate(turns, start=1)]
    return "".join([*marked, "--- end\n"])


def main() -> int:
    """Write FOLDER/prompts/CONFIG.txt."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    turns = turns_of(given.config.read_text("utf-8"))[:-1]
    if not turns:
        sys.stderr.write(f"{given.config} has no dialogue with examples in it\n")
        return 1
    path = given.folder / "prompts" / f"{given.config.stem}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_of(turns), "utf-8")
    sys.stdout.write(f"wrote {len(turns)} turns to {path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
