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


def status_of_creation(bucket):
    connection = http.client.HTTPConnection(*FILER, timeout=5)
    with contextlib.closing(connection):
        connection.request("POST", f"/buckets/{bucket}/")
        return connection.getresponse().status


def main(bucket, ready_file):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        with contextlib.suppress(OSError):
            if status_of_creation(bucket) in (CREATED, EXISTS):
                break
        time.sleep(0.5)
    pathlib.Path(ready_file).touch()
    print(f"bucket {bucket} is there", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
