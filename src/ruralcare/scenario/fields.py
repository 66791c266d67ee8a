"""What the records of a scenario are built from."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "GRADES_TO_ONE",
    "NO_AMOUNT",
    "UNKNOWN_AGES",
    "Code",
    "Factor",
    "Kmh",
    "Name",
    "NotNegative",
    "Positive",
    "Section",
    "Share",
    "Wait",
]

Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.:-]+$", min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0.05, le=5)]
Kmh = Annotated[float, Field(ge=0.5, le=200)]
Wait = Annotated[float, Field(ge=0, le=20160)]
"""Minutes, up to two weeks."""
NotNegative = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

UNKNOWN_AGES = "an age group is unknown: use 00-04, 05-09 and so on to 95-99, and 100+"
GRADES_TO_ONE = "the shares of the grades do not sum to 1"
NO_AMOUNT = "a grade uses the service, but the table of amounts leaves it out"


class Section(BaseModel):
    """A part of the scenario: frozen, and no key it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
