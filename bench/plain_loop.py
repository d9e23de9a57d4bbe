"""What `kompass run` is held against: a plain transformers loop over the same prompts.

Usage: python bench/plain_loop.py REQUESTS.json MODEL_FOLDER
REQUESTS.json: [{"prompt": text, "max_new_tokens": n}, ...], the templated prompts of a run.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

BATCH = 8


def main(requests: Path, folder: str) -> None:
    """Answer every prompt, eight at a time, in the order they come."""
    asked = json.loads(requests.read_text())
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    answers = []
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        inputs = tokenizer(
            [one["prompt"] for one in batch],
            return_tensors="pt",
            padding=True,
            add_special_tokens=False,
        )
        with torch.inference_mode():
            out = model.generate(
                **inputs, max_new_tokens=batch[0]["max_new_tokens"], do_sample=False
            )
        answers += tokenizer.batch_decode(out[:, inputs["input_ids"].shape[1] :])
    sys.stdout.write(json.dumps(answers, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
