"""Registers without sexes beside one with: sums stay, shares are those of the other register."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ruralcare.inputs.people.sexes import split_sexes

COLUMNS = ["township_id", "sex", "age_group", "persons"]


def table(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def test_women_and_men_by_hand():
    parts = {
        2023: table(
            ("A", "female", "20-24", 30),
            ("A", "male", "20-24", 10),
            ("B", "female", "20-24", 10),
            ("B", "male", "20-24", 30),
        ),
        2025: table(("A", "all", "20-24", 20), ("B", "all", "20-24", 8), ("C", "all", "20-24", 7)),
    }
    (note,) = split_sexes(parts)
    assert (note.values["year"], note.values["model"]) == ("2025", "2023")
    found = parts[2025].set_index(["township_id", "sex"])["persons"]
    # Three quarters of A are women, a quarter of B, half of both together.
    assert found.loc[("A", "female")] == 15
    assert found.loc[("B", "female")] == 2
    assert found.loc[("C", "female")] == 4
    assert found.groupby("township_id").sum().to_dict() == {"A": 20, "B": 8, "C": 7}


def test_without_a_model_nothing_is_split():
    parts = {2025: table(("A", "all", "20-24", 20))}
    assert split_sexes(parts) == ()
    assert parts[2025]["sex"].tolist() == ["all"]


def test_the_nearest_year_is_the_model():
    one = table(("A", "female", "20-24", 1), ("A", "male", "20-24", 0))
    other = table(("A", "female", "20-24", 0), ("A", "male", "20-24", 1))
    parts = {2013: one, 2023: other, 2025: table(("A", "all", "20-24", 9))}
    split_sexes(parts)
    assert parts[2025].set_index("sex")["persons"].to_dict() == {"female": 0, "male": 9}


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 99)), min_size=1),
)
def test_sums_stay_whole(cells):
    model = [("A", sex, f"{i:02d}", (w, m)[sex == "male"]) for i, (w, m, _) in enumerate(cells)
             for sex in ("female", "male")]  # fmt: skip
    new = table(*[("A", "all", f"{i:02d}", n) for i, (_, _, n) in enumerate(cells)])
    parts = {2023: table(*model), 2025: new}
    split_sexes(parts)
    sums = parts[2025].groupby("age_group")["persons"].sum()
    assert sums.tolist() == [n for _, _, n in cells]
    assert (parts[2025]["persons"] >= 0).all()
