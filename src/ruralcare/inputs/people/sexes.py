"""Registers that do not tell the sexes apart, beside one that does."""

from __future__ import annotations

import pandas as pd

from ruralcare.language import Message

__all__ = ["split_sexes"]

_CELL = ["township_id", "age_group"]


def split_sexes(parts: dict[int, pd.DataFrame]) -> tuple[Message, ...]:
    """Split people whose sex is not told, in place, and say how.

    The women of an age group of a township are as large a part of it as in the register of the
    nearest year that has both sexes; where nobody lived there then, as in all townships together.
    Numbers stay whole, and every sum of both sexes stays what it was.

    Parameters
    ----------
    parts : dict of int to DataFrame
        ``township_id``, ``sex``, ``age_group``, ``persons`` by year. Registers without sexes stay
        as they are if no other has them.
    """
    told = {year: part for year, part in parts.items() if "all" not in set(part["sex"])}
    if not told:
        return ()
    notes = []
    for year, part in parts.items():
        if year in told:
            continue
        model = min(told, key=lambda other: (abs(other - year), other))
        parts[year] = _split(part, told[model])
        notes.append(
            Message(
                "The register of {year} does not tell the sexes apart; women and men are estimated "
                "by their shares in that of {model}, for each township and age.",
                year=str(year),
                model=str(model),
            )
        )
    return tuple(notes)


def _split(part: pd.DataFrame, model: pd.DataFrame) -> pd.DataFrame:
    counts = model.pivot_table(
        index=_CELL, columns="sex", values="persons", aggfunc="sum", fill_value=0, observed=True
    ).reindex(columns=["female", "male"], fill_value=0)
    ages = counts.groupby("age_group", observed=True).sum()
    usual = ages["female"] / ages.sum(axis=1).where(ages.sum(axis=1) > 0)
    own = counts["female"] / counts.sum(axis=1).where(counts.sum(axis=1) > 0)
    single = part[part["sex"] == "all"]
    here = own.reindex(pd.MultiIndex.from_frame(single[_CELL])).to_numpy(float)
    share = pd.Series(here, index=single.index)
    share = share.fillna(single["age_group"].map(usual)).fillna(0.5)
    women = (single["persons"] * share).round().astype(single["persons"].dtype)
    split = [
        single.assign(sex="female", persons=women),
        single.assign(sex="male", persons=single["persons"] - women),
    ]
    return pd.concat([part[part["sex"] != "all"], *split], ignore_index=True)
