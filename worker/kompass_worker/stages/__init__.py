"""What the pods of a run do: plan, shard, summarize. Each may be done again at any time."""
