"""`kompass translate`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

HELP: Final = """
Turn a command line of OpenCompass into manifests.

What follows -- is what OpenCompass' run.py would get; `python run.py` may stand before it. The
manifests go to standard output; standard error says what has no counterpart, and what never did
anything.

    kompass translate -- --datasets ceval_gen --hf-path internlm/internlm2-chat-1_8b
      --tokenizer-kwargs padding_side='left' truncation='left'
      --max-seq-len 1024 --max-out-len 16 --batch-size 2 --hf-num-gpus 1 > evalrun.yaml

    kompass run evalrun.yaml

Exit status: 0 it measures the same, 1 a data set or model has no counterpart, 2 wrong usage.
"""


def command(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="-- ARGUMENTS...",
            help="Arguments of OpenCompass' run.py.",
            show_default=False,
        ),
    ],
) -> None:
    """Turn a command line of OpenCompass into manifests."""
    from kompass_worker.cli.ending import end_with
    from kompass_worker.cli.looking import translate

    end_with(lambda: translate(words))
