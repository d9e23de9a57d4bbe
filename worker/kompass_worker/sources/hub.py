"""Repositories of the Hugging Face hub, or of a mirror of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, errors
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils.tqdm import disable_progress_bars

from kompass_worker.errors import (
    AccessDenied,
    HubUnavailable,
    InputMissing,
    InvalidRequest,
    WorkerError,
)
from kompass_worker.locations import hub_repository
from kompass_worker.sources.archives import unpack
from kompass_worker.sources.kinds import Wanted

_UNAUTHORIZED = (401, 403)
_NOT_FOUND = 404
# Which HTTP library the hub's client uses changes between its versions; its errors name the class.
_CONNECTION_ERROR: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]


@dataclass(frozen=True)
class HubRequest:
    """What is wanted of which repository."""

    uri: str
    revision: str | None
    patterns: tuple[str, ...]
    wanted: Wanted
    secret: str | None

    @property
    def shown(self) -> str:
        """The repository and its revision, for a person."""
        return f"{self.uri}@{self.revision}" if self.revision else self.uri


def fetch_snapshot(
    request: HubRequest, cache: Path, *, token: str | None, endpoint: str | None
) -> Path:
    """The repository's wanted files; zip files of data are unpacked."""
    repository = hub_repository(request.uri)
    disable_progress_bars()
    # False: a token that happens to lie on this machine is not used.
    api = HfApi(endpoint=endpoint, token=token or False)
    try:
        found = api.snapshot_download(
            repository.name,
            repo_type=repository.kind,
            revision=request.revision,
            cache_dir=cache,
            allow_patterns=list(request.patterns),
            max_workers=8,
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise refusal_of(error, request) from error
    except _CONNECTION_ERROR as error:
        raise HubUnavailable(f"{request.shown}: the hub did not answer: {error}") from error
    except HFValidationError as error:
        raise InvalidRequest(f"{request.shown}: {error}") from error
    snapshot = Path(found)
    if not any(path.is_file() for path in snapshot.rglob("*")):
        raise InputMissing(
            f"{request.shown} holds no file of a {request.wanted.value} "
            f"(looked for {', '.join(request.patterns)})",
            failure=request.wanted.missing,
        )
    return _unpacked(snapshot) if request.wanted is Wanted.DATA else snapshot


def refusal_of(error: Exception, request: HubRequest) -> WorkerError:
    """What the hub's answer means."""
    if isinstance(error, LocalEntryNotFoundError | OfflineModeIsEnabled):
        cause = error.__cause__
        if isinstance(cause, HfHubHTTPError):
            return refusal_of(cause, request)
        return HubUnavailable(f"{request.shown}: the hub cannot be reached: {cause or error}")
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else 0
    if isinstance(error, RevisionNotFoundError):
        return InputMissing(f"{request.shown}: no such revision", failure=request.wanted.missing)
    if isinstance(error, GatedRepoError) or status in _UNAUTHORIZED:
        return _denied(request)
    if isinstance(error, RepositoryNotFoundError) or status == _NOT_FOUND:
        return InputMissing(
            f"{request.shown} does not exist on the hub (or is private and needs a token)",
            failure=request.wanted.missing,
        )
    return HubUnavailable(f"{request.shown}: the hub answered {status or error}")


def _denied(request: HubRequest) -> AccessDenied:
    if request.secret is None:
        remedy = "name a Secret with the key HF_TOKEN in source.tokenSecret"
    else:
        remedy = f"check HF_TOKEN in Secret {request.secret!r} and that its account has access"
    return AccessDenied(
        f"{request.shown}: the hub refuses access; the repository is private, gated or not there: "
        f"check its name; {remedy}",
        failure=request.wanted.denied,
    )


def _unpacked(snapshot: Path) -> Path:
    """The snapshot itself, or a folder with its files and what its zip files hold."""
    archives = sorted(snapshot.glob("*.zip"))
    if not archives:
        return snapshot
    folder = snapshot.parent.parent / "unpacked" / snapshot.name
    done = folder / ".kompass-unpacked"
    if done.is_file():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    for archive in archives:
        part = folder.parent / f"{snapshot.name}.{archive.stem}"
        unpack(archive, part)
        shutil.copytree(part, folder, dirs_exist_ok=True)
        shutil.rmtree(part)
    for path in snapshot.rglob("*"):
        if path.is_file() and path.suffix != ".zip":
            target = folder / path.relative_to(snapshot)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    done.touch()
    return folder
