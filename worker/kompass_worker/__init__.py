"""The worker: plans a run, evaluates its shards, writes its report."""
