# ruff: noqa: INP001  (a file of the chart, not a module)
"""Make the bucket of the embedded S3 server, say so in a file, and wait for the end.

Unless it has a volume of its own, the server loses its objects with its pod: the bucket has to
come back whenever the pod does.
"""

import contextlib
import http.client
import pathlib
import signal
import sys
import time

FILER = ("127.0.0.1", 8888)
CREATED, EXISTS = 201, 409


def status_of_creation(bucket: str) -> int:
    """Return the filer's answer to making the folder that is the bucket."""
    with contextlib.closing(http.client.HTTPConnection(*FILER, timeout=5)) as connection:
        connection.request("POST", f"/buckets/{bucket}/")
        return connection.getresponse().status


def is_there(bucket: str) -> bool:
    """Return whether the bucket exists now; a filer that does not answer yet has none."""
    try:
        return status_of_creation(bucket) in (CREATED, EXISTS)
    except OSError:
        return False


def main(bucket: str, ready_file: str) -> None:
    """Make the bucket as soon as the filer answers, then stay: a pod's containers do not end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while not is_there(bucket):
        time.sleep(0.5)
    pathlib.Path(ready_file).touch()
    while True:
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
