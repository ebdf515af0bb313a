"""Reading an implementation guide's package: npm-style ``.tgz`` or a folder of JSON files.

The layout is that of
https://confluence.hl7.org/display/FHIR/NPM+Package+Specification: ``package/package.json`` beside resources as JSON.
An archive is somebody else's file: it is never unpacked to disk, only its plain members are read, each and all of
them up to a limit, and a path that leads out of it, a link or a device refuses the whole of it.
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from commonweal.fhir.profiles.errors import PackageFault

Json = dict[str, Any]

LARGEST_FILE = 64 * 1024 * 1024  # bytes of one resource, unpacked; the largest published CodeSystem has 12 MB
LARGEST_PACKAGE = 1024 * 1024 * 1024  # bytes of all of them, unpacked
MOST_FILES = 100_000
_CHUNK = 1 << 20
_KINDS = frozenset(("StructureDefinition", "ValueSet", "CodeSystem"))
# Not definitions, though they may hold some: https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
_ASIDE = frozenset(("example", "examples", "other", "openapi", "tests", "xml"))


@dataclass(frozen=True, slots=True)
class Package:
    """What a package is called and the definitions in it; ``skipped``: files that are none, with the reason."""

    name: str
    version: str
    definitions: list[Json]
    skipped: list[tuple[str, str]]


def read_package(path: Path) -> Package:
    """The definitions in a ``.tgz`` or folder, in the order of their names. Raises ``PackageFault``."""
    if path.is_dir():
        members = _folder(path)
    elif path.is_file() and path.name.endswith((".tgz", ".tar.gz")):
        members = _archive(path)
    elif path.is_file() and path.suffix == ".json":
        members = iter([(path.name, _limited(path))])
    else:
        raise PackageFault(f"{path.name}: give a package as .tgz, a folder of JSON files, or one JSON file")
    manifest: Json = {}
    definitions: list[Json] = []
    skipped: list[tuple[str, str]] = []
    for name, data in members:
        try:
            value = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
        except ValueError:
            skipped.append((name, "not JSON"))
            continue
        if not isinstance(value, dict):
            skipped.append((name, "not one JSON object"))
        elif PurePosixPath(name).name == "package.json":
            manifest = manifest or value
        else:
            _sort(name, value, definitions, skipped)
    fault = _unfit(manifest)
    if fault:
        raise PackageFault(f"{path.name}: {fault}")
    if not definitions:
        raise PackageFault(f"{path.name}: no StructureDefinition, ValueSet or CodeSystem in it")
    name = str(manifest.get("name") or path.name.removesuffix(".tgz").removesuffix(".tar.gz").removesuffix(".json"))
    return Package(name, str(manifest.get("version") or ""), definitions, skipped)


def _sort(name: str, value: Json, definitions: list[Json], skipped: list[tuple[str, str]]) -> None:
    if value.get("resourceType") == "Bundle":
        for entry in value.get("entry") or ():
            inner = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(inner, dict):
                _sort(name, inner, definitions, skipped)
        return
    if value.get("resourceType") not in _KINDS:
        return
    if not isinstance(value.get("url"), str) or not value["url"]:
        skipped.append((name, "it has no url to call it by"))
    elif value.get("kind") == "logical":
        skipped.append((name, "a logical model, not a profile"))
    else:
        definitions.append(value)


def _unfit(manifest: Json) -> str:
    versions = manifest.get("fhirVersions") or manifest.get("fhir-version-list") or ["4.0.1"]
    if isinstance(versions, list) and not any(str(one).startswith("4.0") for one in versions):
        return f"made for FHIR {', '.join(map(str, versions))}; this is R4 (4.0)"
    return ""


def _limited(file: Path) -> bytes:
    if file.stat().st_size > LARGEST_FILE:
        raise PackageFault(f"{file.name}: over {LARGEST_FILE} bytes")
    return file.read_bytes()


def _folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Its JSON files, links left out, those of ``package/`` when there is one."""
    root = folder / "package" if (folder / "package").is_dir() else folder
    total = 0
    files = sorted(one for one in root.rglob("*.json") if one.is_file() and not one.is_symlink())
    if len(files) > MOST_FILES:
        raise PackageFault(f"{folder.name}: over {MOST_FILES} files")
    for file in files:
        name = file.relative_to(root).as_posix()
        if _is_definition(name):
            total += file.stat().st_size
            if total > LARGEST_PACKAGE:
                raise PackageFault(f"{folder.name}: over {LARGEST_PACKAGE} bytes")
            yield name, _limited(file)


def _archive(path: Path) -> Iterator[tuple[str, bytes]]:
    """Its JSON members, read in passing. Raises ``PackageFault`` at the first hostile one."""
    total = count = 0
    found: list[tuple[str, bytes]] = []
    try:
        with gzip.open(path) as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
            for member in archive:
                count += 1
                parts = PurePosixPath(member.name).parts
                if member.name.startswith("/") or ".." in parts or "\\" in member.name:
                    raise PackageFault(f"{path.name}: a path leads out of it ({member.name[:80]!r}); refused whole")
                if not member.isfile() and not member.isdir():
                    raise PackageFault(f"{path.name}: it holds a link or device ({member.name[:80]!r}); refused whole")
                total += member.size
                if count > MOST_FILES or total > LARGEST_PACKAGE or member.size > LARGEST_FILE:
                    raise PackageFault(
                        f"{path.name}: unpacks to over {MOST_FILES} files, {LARGEST_PACKAGE} bytes, or "
                        f"{LARGEST_FILE} bytes in one file; refused whole"
                    )
                name = "/".join(parts[1:]) if parts and parts[0] == "package" else member.name
                if member.isfile() and name.endswith(".json") and _is_definition(name):
                    reader = archive.extractfile(member)
                    if reader is not None:
                        found.append((name, reader.read()))
            # A tar that is cut between members looks complete; only the packing around it tells, at its very end.
            while total <= LARGEST_PACKAGE and (rest := packed.read(_CHUNK)):
                total += len(rest)
    except (tarfile.TarError, zlib.error, EOFError, OSError) as fault:
        raise PackageFault(f"{path.name}: not a whole .tgz ({fault}); fetch it again") from None
    yield from sorted(found)


def _is_definition(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return (
        not any(part in _ASIDE for part in parts[:-1]) and not parts[-1].startswith(".") and "node_modules" not in parts
    )
