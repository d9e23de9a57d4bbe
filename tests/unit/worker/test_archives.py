"""Zip files are unpacked whole, inside their folder, or not at all."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from kompass_worker.errors import InvalidData
from kompass_worker.sources.archives import unpack


def archive_of(folder: Path, *names: str) -> Path:
    path = folder / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return path


def test_files_keep_their_folders(tmp_path: Path) -> None:
    unpack(archive_of(tmp_path, "val/a.csv", "dev/b.csv"), tmp_path / "out")
    assert (tmp_path / "out" / "val" / "a.csv").read_text() == "val/a.csv"
    assert (tmp_path / "out" / "dev" / "b.csv").read_text() == "dev/b.csv"


def test_unpacking_again_replaces(tmp_path: Path) -> None:
    unpack(archive_of(tmp_path, "old.csv"), tmp_path / "out")
    unpack(archive_of(tmp_path, "new.csv"), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["new.csv"]


@pytest.mark.parametrize("name", ["../up.csv", "a/../../up.csv", "/etc/up.csv", "a//b.csv"])
def test_names_cannot_lead_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidData, match=r"data\.zip holds what is no file of it"):
        unpack(archive_of(tmp_path, "good.csv", name), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["data.zip"]


def test_links_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InvalidData, match="is a link"):
        unpack(path, tmp_path / "out")


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kompass_worker.sources.archives.MAX_BYTES", 4)
    with pytest.raises(InvalidData, match="would unpack to 1 files of 5 bytes"):
        unpack(archive_of(tmp_path, "a.csv"), tmp_path / "out")


def test_a_cut_archive_is_named(tmp_path: Path) -> None:
    path = archive_of(tmp_path, "a.csv")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InvalidData, match=r"data\.zip is no whole zip file"):
        unpack(path, tmp_path / "out")
