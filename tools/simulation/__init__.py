"""Parts of a cluster that are played: for tests and figures about the operator alone."""
