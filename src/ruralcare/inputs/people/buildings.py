"""Buildings or parcels, over which the people of a township are spread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.grids import numbers, value_column
from ruralcare.inputs.people.point_files import Features, read_features
from ruralcare.language import Message
from ruralcare.scenario import Scenario
from ruralcare.types import Townships

__all__ = ["Buildings", "read_buildings"]

_WEIGHTS: Final = (
    "weight", "persons", "people", "population", "households", "세대수", "가구수", "인구수", "인구",
)  # fmt: skip


@dataclass(frozen=True)
class Buildings:
    """Buildings of a file.

    Parameters
    ----------
    features : Features
        A point in each.
    weights : ndarray of float
        How much each counts within its township.
    column : str or None
        The column that says so; None where all count alike.
    """

    features: Features
    weights: np.ndarray
    column: str | None


def read_buildings(path: Path, scenario: Scenario, towns: Townships, faults: Faults) -> Buildings:
    """Read buildings or parcels as points or areas.

    Raises
    ------
    InputError
        The file cannot be read, or lies elsewhere.
    """
    features = read_features(path, scenario, towns, faults)
    columns = [str(column) for column in features.columns.columns]
    column = value_column(columns, _WEIGHTS, scenario, faults)
    if column is None:
        faults.raise_if_any()
        return Buildings(features, np.ones(len(features.points)), None)
    weights, known = numbers(
        features,
        column,
        faults,
        lambda count: Message("{count} buildings do not say how much they count.", count=count),
    )
    faults.raise_if_any()
    return Buildings(features, np.where(known, weights, 0.0), column)
