"""Reading OpenStreetMap extracts with osmium, and a look at an .osm.pbf before that.

osmium keeps the texts of tags ended by a zero byte and believes that none has one inside; a
damaged file that has ends the program, not the reading. Compressed blocks carry a checksum, so
that only blocks that are not compressed need the look.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import osmium

from ruralcare.errors import InputError
from ruralcare.inputs.files import DAMAGE, Faults
from ruralcare.inputs.roads.pbf import blobs, plain_texts
from ruralcare.language import Message

__all__ = ["entities", "history", "is_sound"]


def entities(
    path: Path, faults: Faults, processor: Callable[[str], Iterable[Any]]
) -> Iterator[Any]:
    """Go through what a processor of osmium finds in a file.

    Parameters
    ----------
    path : Path
        The extract.
    faults : Faults
        Names the file in what is wrong with it.
    processor : function
        Makes what is iterated over from the path.

    Yields
    ------
    object
        As the processor has it.

    Raises
    ------
    InputError
        The file is damaged, or holds the history of its objects.
    """
    try:
        if path.name.lower().endswith(".pbf") and not is_sound(path):
            raise RuntimeError("PBF")
        with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
            if reader.header().has_multiple_object_versions:
                raise history(faults)
        yield from processor(str(path))
    except (*DAMAGE, osmium.InvalidLocationError) as error:
        if isinstance(error, InputError):
            raise
        raise faults.stop(
            Message("The OpenStreetMap extract cannot be read: {detail}.", detail=str(error)[:200]),
            Message("Fetch the .osm.pbf file again."),
        ) from None


def history(faults: Faults, column: str | None = None, value: str | None = None) -> InputError:
    """Return the error for an extract that holds every version of its objects.

    Parameters
    ----------
    faults : Faults
        Names the file.
    column, value : str, optional
        Where the scenario names it, and what stands there.

    Returns
    -------
    InputError
        To be raised.
    """
    return faults.stop(
        Message(
            "The extract holds the history of the map: what was changed or deleted beside what is "
            "there today."
        ),
        Message(
            "Use an extract of one day, without “history” or “osh” in its name; osmium time-filter "
            "makes one of this file."
        ),
        column=column,
        value=value,
    )


def is_sound(path: Path) -> bool:
    """Tell whether the blocks of an .osm.pbf can be handed to osmium.

    Returns
    -------
    bool
        False where a text holds a zero byte, or the file is damaged.
    """
    try:
        return not any(b"\x00" in text for _, blob in blobs(path) for text in plain_texts(blob))
    except (ValueError, IndexError, struct.error):
        return False
