"""`make demo`: a cluster with Kompass in it, one EvalRun, its report, and where to look next."""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import yaml

from chart import NAMESPACE, image_values, install
from clusters import CURRENT, ROOT, Cluster, CommandFailed, connect, devcluster
from demo_objects import Bucket, opened
from demo_progress import failure_lines, has_succeeded, is_finished, pods_line, progress_line
from images import build_ahead, build_images
from kompass_api.status import EvalRunStatus
from kompass_devcluster.console import say, step
from kompass_devcluster.folders import Folders
from kompass_devcluster.tools import missing_tools
from smollm2 import model_folder

MANIFEST: Final = ROOT / "examples" / "quickstart.yaml"
DATA: Final = ROOT / "examples" / "data" / "quickstart"
BUCKET: Final = "kompass"
TIMEOUT_SECONDS: Final = 900
_POLL_SECONDS: Final = 1
_SIGN_OF_LIFE_SECONDS: Final = 15


def main() -> None:
    """Run the demo on the cluster that KOMPASS_CLUSTER names."""
    started = time.monotonic()
    cluster = bring_up(os.environ.get("KOMPASS_CLUSTER", "kompass"))
    images = build_images(cluster)
    with step("installed the chart: operator, CRDs, a small S3 server"):
        install(cluster, image_values(images))
    with opened(cluster, NAMESPACE, BUCKET) as bucket:
        upload(bucket)
        run = apply(cluster)
        status = follow(cluster, run)
        if not has_succeeded(status):
            raise CommandFailed("\n  ".join([f"run {run} failed:", *failure_lines(status)]))
        print(f"\n{report(bucket, status)}", flush=True)
    say(look_around(cluster, run, status))
    say(f"The demo took {time.monotonic() - started:.0f} s.")


def bring_up(name: str) -> Cluster:
    """The cluster of that name, up."""
    if name == CURRENT:
        return connect(name)
    if missing_tools(Folders.from_environment()):
        prepare(name)
    devcluster("up", "--name", name)
    return connect(name)


def prepare(name: str) -> None:
    """On a fresh machine: build the images, fetch the model while the programs are compiled."""
    devcluster("doctor")
    with ThreadPoolExecutor() as pool:
        programs = pool.submit(devcluster, "tools")
        model = pool.submit(model_folder)
        build_ahead(name)
        model.result()
        programs.result()


def upload(bucket: Bucket) -> None:
    """Bring the model and the questions to where the manifest says they are."""
    with step("unpacked the model SmolLM2-135M-Instruct"):
        folder = model_folder()
    with step("uploaded the model and the questions to the cluster's S3"):
        bucket.upload(folder, "models/smollm2-135m-instruct")
        bucket.upload(DATA, "data/quickstart")


def apply(cluster: Cluster) -> str:
    """Apply the manifest, in place of what an earlier demo left, and return the run's name."""
    documents = [document for document in yaml.safe_load_all(MANIFEST.read_text()) if document]
    run = next(str(one["metadata"]["name"]) for one in documents if one["kind"] == "EvalRun")
    with step(f"applied {MANIFEST.relative_to(ROOT)}"):
        _kubectl(cluster, "delete", "evalrun", run, "--ignore-not-found", "--wait")
        _kubectl(cluster, "apply", "-f", str(MANIFEST))
    return run


def follow(cluster: Cluster, run: str) -> EvalRunStatus:
    """Show every change of a run's progress, and signs of life, until it is finished."""
    started, shown, shown_at = time.monotonic(), "", 0.0
    while True:
        status = _status(cluster, run)
        seconds, line = time.monotonic() - started, _line(cluster, run, status)
        if line != shown or seconds - shown_at > _SIGN_OF_LIFE_SECONDS:
            say(f"{seconds:7.1f} s  {'… ' if line == shown else ''}{run}: {line}")
            shown, shown_at = line, seconds
        if is_finished(status):
            return status
        if seconds > TIMEOUT_SECONDS:
            raise CommandFailed(
                f"run {run} has not finished after {TIMEOUT_SECONDS} s; what it waits for: "
                f"kubectl --namespace {NAMESPACE} describe evalrun {run}"
            )
        time.sleep(_POLL_SECONDS)


def report(bucket: Bucket, status: EvalRunStatus) -> str:
    """The report's table."""
    if status.results is None:
        raise CommandFailed("the run succeeded but its status names no results: this is a bug")
    key = status.results.uri.removeprefix(f"s3://{bucket.name}/").rstrip("/")
    return bucket.text(f"{key}/report.txt")


def look_around(cluster: Cluster, run: str, status: EvalRunStatus) -> str:
    """Commands that show what there is now."""
    prepare = (
        ()
        if cluster.is_current
        else (
            f'eval "$(PYTHONPATH=devcluster python3 -m kompass_devcluster env{_named(cluster)})"',
        )
    )
    down = "make cluster-down" + ("" if cluster.name == "kompass" else f" CLUSTER={cluster.name}")
    lines = (
        *prepare,
        "kubectl get evals --all-namespaces",
        f"kubectl --namespace {NAMESPACE} describe evalrun {run}",
        f"kubectl --namespace {NAMESPACE} get jobs,pods",
        f"kubectl --namespace {NAMESPACE} port-forward service/kompass-s3 8333  # its files",
        f"helm uninstall kompass --namespace {NAMESPACE}" if cluster.is_current else down,
    )
    where = status.results.uri if status.results else ""
    return "\n  ".join([f"\nThe report's files are in {where}\nLook around:", *lines]) + "\n"


def _named(cluster: Cluster) -> str:
    return "" if cluster.name == "kompass" else f" --name {cluster.name}"


def _status(cluster: Cluster, run: str) -> EvalRunStatus:
    held = json.loads(_kubectl(cluster, "get", "evalrun", run, "-o", "json"))
    return EvalRunStatus.model_validate(held.get("status", {}))


def _line(cluster: Cluster, run: str, status: EvalRunStatus) -> str:
    selector = f"kompass.dev/run={run}"
    pods = json.loads(_kubectl(cluster, "get", "pods", "--selector", selector, "-o", "json"))
    doing = pods_line(pods["items"])
    return progress_line(status) + (f" ({doing})" if doing else "")


def _kubectl(cluster: Cluster, *argv: str) -> str:
    return cluster.run("kubectl", "--namespace", NAMESPACE, *argv)


if __name__ == "__main__":
    try:
        main()
    except CommandFailed as error:
        sys.exit(f"error: {error}")
