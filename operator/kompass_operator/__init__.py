"""The operator: EvalRuns become Jobs, Jobs become status."""
