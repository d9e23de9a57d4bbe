"""EvalSuites: which EvalRuns there are to be, when, and what came of them."""
