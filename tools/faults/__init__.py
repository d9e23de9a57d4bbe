"""A proxy that lets an API server or an S3 server fail as networks and servers do."""
