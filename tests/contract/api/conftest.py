"""The API server, with our CRDs and an empty namespace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from custom_objects import CustomObjects
from kubernetes import client, config

from clusters import Cluster


@pytest.fixture(scope="module")
def api(cluster: Cluster, namespace: str) -> Iterator[CustomObjects]:
    """The API server."""
    connection = config.new_client_from_config(  # type: ignore[no-untyped-call]  # as it ships
        config_file=cluster.environment.get("KUBECONFIG")
    )
    with connection:
        yield CustomObjects(client.CustomObjectsApi(connection), namespace)
