"""A release's files, in a folder or a zip, by name; nothing is unpacked to disk."""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from commonweal.fhir.terminology.release import ReleaseFault

LARGEST = 4 * 1024 * 1024 * 1024  # bytes of one file, unpacked; SNOMED CT's largest has about 1 GB
MOST_PACKED = 200  # times smaller a file may be inside a zip; releases are some ten times
_DEEPEST = 2  # dm+d comes as a zip with zips in it


class Files:
    """The files of a release by name. Use as ``with Files(path) as files``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zips: list[zipfile.ZipFile] = []
        self._found: dict[str, tuple[zipfile.ZipFile | None, str]] = {}

    def __enter__(self) -> "Files":
        if self._path.is_dir():
            for file in sorted(self._path.rglob("*")):
                if file.is_file() and not file.is_symlink():
                    self._found[file.relative_to(self._path).as_posix()] = (None, str(file))
                    if file.suffix.lower() == ".zip":
                        self._open(str(file), file.name + "/", 1)
        elif zipfile.is_zipfile(self._path):
            self._open(str(self._path), "", 1)
        elif self._path.is_file():
            self._found[self._path.name] = (None, str(self._path))
        else:
            raise ReleaseFault(f"{self._path}: no such file or folder")
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._zips:
            one.close()

    def _open(self, file: str | IO[bytes], prefix: str, depth: int) -> None:
        try:
            archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile:
            raise ReleaseFault(f"{prefix or file}: not a whole zip file; fetch it again") from None
        self._zips.append(archive)
        for info in archive.infolist():
            if info.is_dir():
                continue
            if info.file_size > LARGEST or info.file_size > MOST_PACKED * max(info.compress_size, 1):
                raise ReleaseFault(f"{info.filename[:80]}: unpacks to {info.file_size} bytes; refused")
            self._found[prefix + info.filename] = (archive, info.filename)
            if info.filename.lower().endswith(".zip") and depth < _DEEPEST:
                self._open(io.BytesIO(archive.read(info)), prefix + info.filename + "/", depth + 1)

    def named(self, pattern: str) -> list[str]:
        """The files whose own name matches ``pattern`` whole, whatever folder they are in."""
        wanted = re.compile(pattern, re.IGNORECASE)
        return sorted(name for name in self._found if wanted.fullmatch(PurePosixPath(name).name))

    @contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """One file's bytes, to be read in passing."""
        archive, inner = self._found[name]
        with archive.open(inner) if archive else open(inner, "rb") as file:
            yield file

    @contextmanager
    def lines(self, name: str, encoding: str = "utf-8-sig") -> Iterator[Iterator[str]]:
        """One file's lines as text. Raises ``ReleaseFault`` when it is not in ``encoding``."""
        with self.opened(name) as file, io.TextIOWrapper(file, encoding, newline="") as text:
            try:
                yield (line.rstrip("\r\n") for line in text)
            except UnicodeDecodeError as bad:
                raise ReleaseFault(f"{name}: not {encoding} at byte {bad.start}") from None
