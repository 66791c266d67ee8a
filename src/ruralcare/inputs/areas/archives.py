"""ZIP files, in which publishers of maps issue Shapefiles."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from ruralcare.inputs.files import Faults
from ruralcare.language import Message

__all__ = ["unpacked"]

MOST_BYTES: Final = 2_000_000_000
"""A map of the nation at full resolution has a tenth of this."""


def unpacked(path: Path, folder: Path, suffixes: Sequence[str], faults: Faults) -> Path:
    """Unpack a ZIP file into a folder and return the file in it that is to be read.

    Parameters
    ----------
    folder : Path
        Empty. Files are put side by side into it, whatever folders the ZIP file has.
    suffixes : sequence of str
        Of files that can be read, in lower case, preferred first.

    Raises
    ------
    InputError
        It is no ZIP file, is damaged or far too large, or holds none or several such files.
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
            names = {one.filename: _name(one) for one in members}
            chosen = _chosen(list(names.values()), suffixes, faults)
            for one in members:
                target = folder / names[one.filename]
                if Path(target.name).stem == Path(chosen).stem:
                    target.write_bytes(archive.read(one))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError) as error:
        raise faults.stop(
            Message("The file cannot be unpacked: {detail}.", detail=str(error)[:200]),
            Message("Fetch the file from its source again."),
        ) from None
    return folder / chosen


def _name(member: zipfile.ZipInfo) -> str:
    """Return the bare name of a file; names in Korean come in CP949 from Windows."""
    name = PurePosixPath(member.filename.replace("\\", "/")).name
    if member.flag_bits & 0x800:
        return name
    try:
        return name.encode("cp437").decode("cp949")
    except UnicodeError:
        return name


def _chosen(names: Sequence[str], suffixes: Sequence[str], faults: Faults) -> str:
    for suffix in suffixes:
        found = [name for name in names if name.lower().endswith(suffix)]
        if len(found) == 1:
            return found[0]
        if found:
            raise faults.stop(
                Message("The ZIP file holds several maps: {names}.", names=", ".join(found[:10])),
                Message("Unpack it and name the one with the townships."),
            )
    raise faults.stop(
        Message("The ZIP file holds no map."),
        Message("Give GeoJSON, TopoJSON, Shapefile, GeoPackage or GeoParquet."),
    )
