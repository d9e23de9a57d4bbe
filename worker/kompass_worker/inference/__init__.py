"""How the answers of a shard are kept, so that none is lost and none counts twice."""
