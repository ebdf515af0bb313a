"""Packages are somebody else's files: what is hostile is refused whole, and nothing is written to disk."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from commonweal.fhir.profiles import package as packages
from commonweal.fhir.profiles.errors import PackageFault
from commonweal.fhir.profiles.package import read_package

PROFILE = {"resourceType": "StructureDefinition", "url": "urn:p", "type": "Patient", "kind": "resource"}


def archive(path: Path, *members: tuple[str, Any], **kinds: Any) -> Path:
    with tarfile.open(path, "w:gz") as made:
        for name, value in members:
            info = tarfile.TarInfo(name)
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
        for name, kind in kinds.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.type, info.linkname = kind, "/etc/passwd"
            made.addfile(info)
    return path


def test_definitions_are_read_and_the_rest_is_left(tmp_path: Path) -> None:
    made = archive(
        tmp_path / "a.tgz",
        ("package/package.json", {"name": "uk.test", "version": "1.2.3", "fhirVersions": ["4.0.1"]}),
        ("package/p.json", PROFILE),
        ("package/v.json", b"\xef\xbb\xbf" + json.dumps({"resourceType": "ValueSet", "url": "urn:v"}).encode()),
        ("package/ig.json", {"resourceType": "ImplementationGuide"}),
        ("package/broken.json", b"{"),
        ("package/nameless.json", {"resourceType": "ValueSet"}),
        ("package/example/patient.json", {**PROFILE, "url": "urn:example"}),
        ("package/other/x.json", {**PROFILE, "url": "urn:other"}),
    )
    found = read_package(made)
    assert (found.name, found.version) == ("uk.test", "1.2.3")
    assert [one["url"] for one in found.definitions] == ["urn:p", "urn:v"]
    assert found.skipped == [("broken.json", "not JSON"), ("nameless.json", "it has no url to call it by")]


def test_a_folder_a_bundle_and_one_file_are_packages_too(tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": PROFILE}]}))
    (tmp_path / "link.json").symlink_to(tmp_path / "all.json")
    assert [one["url"] for one in read_package(tmp_path).definitions] == ["urn:p"]
    assert read_package(tmp_path / "all.json").name == "all"


@pytest.mark.parametrize(
    "name", ["../p.json", "package/../../p.json", "/etc/p.json", "package\\..\\p.json", "package/a/../../../p.json"]
)
def test_a_path_that_leads_out_refuses_the_whole(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackageFault, match="leads out"):
        read_package(archive(tmp_path / "a.tgz", ("package/good.json", PROFILE), (name, PROFILE)))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_refuse_the_whole(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(PackageFault, match="link or device"):
        read_package(archive(tmp_path / "a.tgz", ("package/good.json", PROFILE), p=kind))


def test_a_bomb_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "LARGEST_FILE", 1000)
    with pytest.raises(PackageFault, match="unpacks to over"):
        read_package(archive(tmp_path / "a.tgz", ("package/p.json", b" " * 1001)))
    monkeypatch.setattr(packages, "LARGEST_FILE", 10_000)
    monkeypatch.setattr(packages, "LARGEST_PACKAGE", 5000)
    with pytest.raises(PackageFault, match="unpacks to over"):
        read_package(archive(tmp_path / "a.tgz", *((f"package/{n}.json", b" " * 900) for n in range(9))))
    monkeypatch.setattr(packages, "LARGEST_PACKAGE", 10**9)
    monkeypatch.setattr(packages, "MOST_FILES", 5)
    with pytest.raises(PackageFault, match="unpacks to over"):
        read_package(archive(tmp_path / "a.tgz", *((f"package/{n}.json", b"{}") for n in range(6))))


@pytest.mark.parametrize("data", [b"", b"not a tar", b"\x1f\x8b\x08\x00garbage"])
def test_what_is_no_archive_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.tgz").write_bytes(data)
    with pytest.raises(PackageFault):
        read_package(tmp_path / "a.tgz")


def test_a_cut_archive_is_said(tmp_path: Path) -> None:
    made = archive(tmp_path / "a.tgz", *((f"package/{n}.json", {**PROFILE, "url": f"urn:{n}"}) for n in range(200)))
    made.write_bytes(made.read_bytes()[: made.stat().st_size // 2])
    with pytest.raises(PackageFault, match="not a whole"):
        read_package(made)


def test_packages_for_other_versions_of_fhir_are_refused(tmp_path: Path) -> None:
    manifest = ("package/package.json", {"name": "x", "fhirVersions": ["5.0.0"]})
    with pytest.raises(PackageFault, match=r"5\.0\.0"):
        read_package(archive(tmp_path / "a.tgz", manifest, ("package/p.json", PROFILE)))


def test_nothing_to_load_is_said(tmp_path: Path) -> None:
    with pytest.raises(PackageFault, match="no StructureDefinition"):
        read_package(archive(tmp_path / "a.tgz", ("package/package.json", {"name": "x"})))
    with pytest.raises(PackageFault, match="give a package"):
        read_package(tmp_path / "nothing.txt")
