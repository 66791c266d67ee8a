"""The table of need against hand calculations: need, unmet need, status, later stages."""

from dataclasses import replace

import need_cases
import pandas as pd
import pytest
from small_world import places, population, times, townships

from ruralcare import access, need
from ruralcare.errors import TableError
from ruralcare.need.forecast import Forecast


@pytest.fixture(scope="module")
def service():
    return need_cases.service("day_care", standard_min=20)


@pytest.fixture(scope="module")
def settings():
    return need_cases.settings(forecast={"method": "hold"}, uncertainty={"samples": 20})


def assess(service, settings, capacity=(4.0, None), connection=None):
    table = access.coverage(
        {"day_care": times()}, places(capacity).offers, standard_min={"day_care": 20.0}
    )
    return need.assess(
        townships(),
        population(),
        table,
        services=(service,),
        settings=settings,
        years=[2027],
        connection=connection,
    )


def test_need_unmet_and_status_by_hand(service, settings):
    table = assess(service, settings)
    today = table.frame[table.frame["year"] == 2023].set_index("township_id")
    # A: 13 recognised, half of them use day care; 60 % live within 20 minutes of 4 places.
    assert today.loc["A", "need_persons"] == pytest.approx(6.5)
    assert today.loc["A", "unmet_persons"] == pytest.approx(6.5 - 3.9)
    assert today.loc["A", ["status", "reasons"]].tolist() == ["underserved", "too_far"]
    assert today.loc["B", "unmet_persons"] == pytest.approx(today.loc["B", "need_persons"])
    assert table.years == (2023, 2027)


def test_held_need_is_the_same_in_every_year_and_has_no_band(service, settings):
    table = assess(service, settings)
    today, later = (table.of_year(year).set_index("township_id") for year in (2023, 2027))
    columns = ["need_persons", "unmet_persons", "need_amount", "reasons", "response"]
    pd.testing.assert_frame_equal(today[columns], later[columns])
    for band in ("need_low_persons", "need_high_persons"):
        assert table.frame[band].tolist() == pytest.approx(table.frame["need_persons"].tolist())
    assert set(table.frame["underserved_from"]) == {2023}
    assert table.forecast.method == "hold"
    assert set(table.forecast.notes) <= set(table.notes)


def test_every_composite_index_and_designation_comes_with_its_label(service, settings):
    table = assess(service, settings)
    assert table.indicators["composite_index"].notna().all()
    assert need.composite_note(table.indicators) in table.notes
    # Nothing is designated in an invented county, and nothing is said of it.
    assert need.designation_note(table.indicators) is None
    assert not any("designated" in note.render("en") for note in table.notes)
    given = pd.DataFrame(
        {"designated": [True, False], "designated_on": ["2026-10-19", pd.NA]}, index=["A", "B"]
    )
    told = need.assess(
        townships(), population(), table.access, services=(service,), settings=settings,
        figures=given,
    )  # fmt: skip
    assert need.designation_note(told.indicators) in told.notes
    assert any("2026-10-19" in note.render("en") for note in told.notes)


@pytest.mark.parametrize("sureness", [0, 7])
def test_bands_have_samples_of_their_own(service, sureness, monkeypatch):
    """need.forecast.samples draws the bands, whatever the samples of the test how sure it is."""
    asked = []
    drawn = Forecast.samples

    def samples(self, n, seed):
        asked.append(n)
        return drawn(self, n, seed)

    monkeypatch.setattr(Forecast, "samples", samples)
    method = {"method": "cohort", "samples": 30}
    changed = need_cases.settings(forecast=method, uncertainty={"samples": sureness})
    table = assess(service, changed)
    # Drawn once, for all bands.
    assert asked == [30]
    later = table.of_year(2027)
    assert (later["need_low_persons"] < later["need_high_persons"]).all()
    held = need_cases.settings(forecast={"method": "hold", "samples": 30})
    asked.clear()
    table = assess(service, held)
    assert asked == [1]
    assert table.frame["need_low_persons"].equals(table.frame["need_high_persons"])


def test_the_columns_and_their_order(service, settings):
    table = assess(service, settings)
    assert tuple(table.frame.columns) == need.table.COLUMNS
    keys = list(zip(table.frame["year"], table.frame["township_id"], strict=True))
    assert keys == [(2023, "A"), (2023, "B"), (2027, "A"), (2027, "B")]
    assert set(table.frame["amount_unit"]) == {service.amount.unit if service.amount else pd.NA}


def test_no_seats_is_a_reason_of_its_own(service, settings):
    table = assess(service, settings, capacity=(1.0, None))
    today = table.frame[table.frame["year"] == 2023].set_index("township_id")
    # 3.9 people within reach of one place: 2.9 of 6.5 find no room, more than 30 %.
    assert today.loc["A", "reasons"] == "too_far;no_seats"


def test_ferry_and_missing_providers_are_told(service, settings):
    links = pd.Series({"A": "road", "B": "ferry"})
    today = assess(service, settings, connection=links).frame.set_index(["township_id", "year"])
    assert today.loc[("B", 2023), "reasons"] == "too_far;ferry_only"
    nobody = access.coverage(
        {"day_care": times()}, places().offers.iloc[:0], standard_min={"day_care": 20.0}
    )
    table = need.assess(townships(), population(), nobody, services=(service,), settings=settings)
    assert set(table.frame["reasons"]) == {"no_provider"}


def test_the_largest_cause_is_told_even_if_each_is_small(service, settings):
    """Nine per cent each too far, cut off and without a road: together more than a fifth."""
    table = assess(service, settings).access
    shares = {
        "covered_share": 0.73, "beyond_standard_share": 0.09, "beyond_cutoff_share": 0.0,
        "unreachable_share": 0.09, "unsnapped_share": 0.09,
    }  # fmt: skip
    odd = replace(table, frame=table.frame.assign(**shares))
    own = settings.own.model_copy(update={"share": 0.2})
    strict = settings.model_copy(update={"rules": {"own": own}, "viable_use": 0.0})
    found = need.assess(
        townships(), population(), odd, services=(service,), settings=strict
    ).of_year()
    assert set(found["status"]) == {"underserved"}
    assert set(found["reasons"].str.split(";").str[0]) == {"too_far"}


def test_a_later_stage_is_judged_by_what_stands_then(service, settings):
    table = assess(service, settings)
    wider = replace(table.access, standards_min={"day_care": 60.0})
    covered = wider.frame.assign(covered_share=1.0, beyond_standard_share=0.0)
    stage = need.assess_stage(table, replace(wider, frame=covered), 2027)
    # Within an hour A finds four places at F1 and room without limit at F2; so does B.
    assert stage["unmet_persons"].max() == pytest.approx(0.0, abs=1e-9)
    assert set(stage["status"]) == {"served"}
    assert set(stage["year"]) == {2027}
    assert stage["underserved_from"].isna().all()


def test_what_a_plan_opens_is_never_told_to_become_unviable(service, settings):
    table = assess(service, settings)
    opened = pd.DataFrame(
        {"place_id": ["F1"], "service": "day_care", "capacity_persons": [900.0],
         "township_id": ["A"]}
    )  # fmt: skip
    one = access.coverage({"day_care": times()}, opened, standard_min={"day_care": 30.0})
    stage = need.assess_stage(table, one, 2027).set_index("township_id")
    # Today there is an F1 as well: it may be judged, and is far too large.
    assert stage.loc["A", "reasons"] == "provider_unviable"
    without = replace(
        table, access=replace(table.access, offers=table.access.offers.query("place_id != 'F1'"))
    )
    stage = need.assess_stage(without, one, 2027).set_index("township_id")
    assert stage.loc["A", "status"] == "served"


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("status", "fine", "unknown status"),
        ("reasons", "too_far;weather", "unknown reasons"),
        ("reasons", "", "a status without a reason"),
        ("response", "pray", "unknown responses"),
        ("need_persons", -1.0, "negative"),
        ("unmet_persons", 1e6, "more unmet need than need"),
        ("need_low_persons", 1e6, "upside down"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(service, settings, column, value, problem):
    table = assess(service, settings)
    with pytest.raises(TableError, match=problem):
        replace(table, frame=table.frame.assign(**{column: value}))
