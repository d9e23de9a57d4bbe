"""Finished runs as pandas frames, for notebooks. Needs the extra `frames`.

```python
from kompass_worker.frames import compare, load_run, samples, scores

run = load_run("kompass-out/quickstart")        # or s3://bucket/prefix/team/nightly/UID
scores(run)                                     # the table in long form, with error bars
wrong = samples(run).query("score == 0")        # every answer with its verdict
compare("kompass-out/before", run)              # paired differences, a row a benchmark
```

Nothing here prints, and a frame's columns do not depend on what is in the run.
"""

from kompass_worker.frames.tables import compare, samples, scores
from kompass_worker.runs.reading import StoredRun
from kompass_worker.runs.reading import open_run as load_run

__all__ = ["StoredRun", "compare", "load_run", "samples", "scores"]
