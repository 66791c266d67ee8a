"""What was read from a file, for the person who gave it."""

from __future__ import annotations

from dataclasses import dataclass

from ruralcare.errors import Fault
from ruralcare.language import Message

__all__ = ["Reading"]


@dataclass(frozen=True)
class Reading:
    """What was read from one file.

    Parameters
    ----------
    file : str
        Name of the file or service.
    subject : Message
        What it holds ("Township boundaries").
    form : str
        Format and publisher as far as they were recognised ("GeoJSON", "resident register, CSV"):
        names in English, parted by commas, each a key of the catalogue where it has a translation.
    rows : int
        Rows, areas or ways in the file.
    used : int
        How many of them the scenario uses.
    encoding : str, optional
        Encoding of its texts ("UTF-8", "CP949"); none for binary files.
    crs : str, optional
        CRS of its coordinates ("EPSG:5186"); none without coordinates.
    as_of : str, optional
        Date of the data, as the file tells it ("2023-10").
    remarks : tuple of Fault
        What was repaired, left out or is doubtful; none of it stopped the reading.
    """

    file: str
    subject: Message
    form: str
    rows: int
    used: int
    encoding: str | None = None
    crs: str | None = None
    as_of: str | None = None
    remarks: tuple[Fault, ...] = ()
