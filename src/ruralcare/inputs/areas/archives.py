"""ZIP files, in which publishers of maps issue Shapefiles."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from ruralcare.errors import InputError
from ruralcare.inputs.files import DAMAGE, Faults
from ruralcare.language import Message

__all__ = ["unpacked"]

MOST_BYTES: Final = 2_000_000_000
"""A map of the nation at full resolution has a tenth of this."""


def unpacked(path: Path, folder: Path, suffixes: Sequence[str], faults: Faults) -> Path:
    """Unpack a ZIP file into a folder and return the file in it that is to be read.

    Parameters
    ----------
    folder : Path
        Empty. The file that is to be read is put into it, with those of its name that lie in its
        folder of the ZIP file: the parts of a Shapefile belong together.
    suffixes : sequence of str
        Of files that can be read, in lower case, preferred first.

    Raises
    ------
    InputError
        It is no ZIP file, is damaged or far too large, or holds none or several maps.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            # macOS adds a shadow of every file.
            members = [one for one in members if not one.filename.startswith("__MACOSX/")]
            if sum(one.file_size for one in members) > MOST_BYTES:
                raise faults.stop(
                    Message("The packed files are too large together."),
                    Message("Unpack it and name the file inside it, such as the .shp file."),
                )
            paths = [_path(one) for one in members]
            chosen = _chosen(paths, suffixes, faults)
            for one, inner in zip(members, paths, strict=True):
                if inner.with_suffix("") == chosen.with_suffix(""):
                    (folder / inner.name).write_bytes(archive.read(one))
    except InputError:
        raise
    except DAMAGE as error:
        detail = str(error)[:200].rstrip(".") or type(error).__name__
        raise faults.stop(
            Message("The file cannot be unpacked: {detail}.", detail=detail),
            Message("Fetch the file from its source again."),
        ) from None
    return folder / chosen.name


def _path(member: zipfile.ZipInfo) -> PurePosixPath:
    """Return the path of a file; names in Korean come in CP949 from Windows."""
    name = member.filename.replace("\\", "/")
    if member.flag_bits & 0x800:
        return PurePosixPath(name)
    try:
        # Letters of CP949 may hold a byte that CP437 shows as a backslash.
        return PurePosixPath(
            member.orig_filename.encode("cp437").decode("cp949").replace("\\", "/")
        )
    except UnicodeError:
        return PurePosixPath(name)


def _chosen(
    paths: Sequence[PurePosixPath], suffixes: Sequence[str], faults: Faults
) -> PurePosixPath:
    """Return the one map; of one map in several formats the preferred one.

    JSON is looked at only where there is no other map: it may be anything.
    """
    for among in (
        [suffix for suffix in suffixes if "json" not in suffix],
        [suffix for suffix in suffixes if "json" in suffix],
    ):
        found = [path for path in paths if path.suffix.lower() in among]
        if not found:
            continue
        if len({path.with_suffix("") for path in found}) > 1 or len(set(found)) < len(found):
            shown = ", ".join(str(path) for path in found[:10])
            raise faults.stop(
                Message("The ZIP file holds several maps: {names}.", names=shown),
                Message("Unpack it and name the one with the townships."),
            )
        return min(found, key=lambda path: among.index(path.suffix.lower()))
    raise faults.stop(
        Message("The ZIP file holds no map."),
        Message("Give GeoJSON, TopoJSON, Shapefile, GeoPackage or GeoParquet."),
    )
