"""The default rates are those that the fit to published figures gives, on the real registers."""

import numpy as np
import pandas as pd
import pytest
import recognition_calibration as calibration
from need_cases import default_services, default_settings

from ruralcare.need.demand import need_by_service, recognition_array
from ruralcare.types import AGE_GROUPS

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def registers(shared_data):
    names = calibration.REGISTERS
    return (
        calibration.register_2023(shared_data / names["2023-10"]),
        calibration.register_2025(shared_data / names["2025-05"]),
    )


@pytest.fixture(scope="module")
def end_2024(registers):
    """People of the end of 2024, brought to 10.40 million aged 65 and over."""
    people = calibration.at_month(*registers, 14)
    return people * calibration.AGED_65_2024 / people[:, calibration.OLD].sum()


@pytest.fixture(scope="module")
def rates():
    return recognition_array(default_settings(), ["female", "male"])


def test_registers_are_whole(registers, shared_data):
    early, late = registers
    assert list(AGE_GROUPS) == calibration.GROUPS
    assert early.sum() == 51_354_226  # as the notes on the data give it
    # The single years of 2025-05 sum to the people of all ages, in spite of the blank bytes.
    header, total = calibration.provinces(shared_data / calibration.REGISTERS["2025-05"])
    assert late.sum() == total[header.index("2025년05월_계_총인구수")]
    assert calibration.at_month(early, late, 0) == pytest.approx(early)
    assert calibration.at_month(early, late, 19).sum(axis=0) == pytest.approx(late)


def test_the_fit_gives_the_default_rates(registers, rates):
    found, told = calibration.fit(*registers)
    assert rates == pytest.approx(found, abs=0.00006)
    # Little is asked of the assumption: nearly a straight line, and hardly a change of level.
    assert told["woman"] == pytest.approx(0.57, abs=0.005)
    assert abs(told["bend"]) < 0.03
    assert abs(told["shift"]) < 0.06


def test_rounded_rates_reproduce_what_is_published(end_2024, registers, rates):
    recognised = end_2024 * rates
    assert recognised.sum() == pytest.approx(1_165_000, rel=0.001)
    assert recognised.sum() / end_2024[:, calibration.OLD].sum() == pytest.approx(0.112, abs=0.0005)
    # The mix of the survey on the people of mid-2022; it moves a little with the level of 2024.
    then = calibration.at_month(*registers, -15) * rates
    first = calibration.FIRST
    assert then[0].sum() / then.sum() == pytest.approx(0.723, abs=0.002)
    assert then[:, first < 65].sum() / then.sum() == pytest.approx(0.028, abs=0.001)
    assert then[:, first >= 80].sum() / then.sum() == pytest.approx(0.704, abs=0.004)
    assert then[:, first >= 90].sum() / then.sum() == pytest.approx(0.175, abs=0.004)


def test_the_year_before_comes_out_too(registers, rates):
    """Not fitted: 1.10 million recognised of 9.86 million insured aged 65+ at the end of 2023."""
    people = calibration.at_month(*registers, 2)
    people = people * 9_860_000 / people[:, calibration.OLD].sum()
    assert (people * rates).sum() == pytest.approx(1_100_000, rel=0.01)


def test_need_of_the_nation(end_2024):
    """The whole way of the program, on the people of 2024."""
    frame = pd.DataFrame(
        [
            ("nation", 2024, sex, group, persons)
            for sex, row in zip(("female", "male"), end_2024, strict=True)
            for group, persons in zip(AGE_GROUPS, row, strict=True)
        ],
        columns=["township_id", "year", "sex", "age_group", "persons"],
    )
    found = need_by_service(frame, default_services(), default_settings()).set_index("service")
    assert found["need_persons"].to_dict() == pytest.approx(
        {"home_visit_care": 607_000, "day_care": 202_000, "nursing_home": 224_000}, rel=0.005
    )
    assert found["need_amount"].to_dict() == pytest.approx(
        {"home_visit_care": 31.4e6, "day_care": 155_000, "nursing_home": 224_000}, rel=0.005
    )
    # Without the sexes the same, but for the rounding of the shares of women.
    merged = frame.assign(sex="all").groupby(list(frame.columns[:4]), as_index=False).sum()
    blind = need_by_service(merged, default_services(), default_settings()).set_index("service")
    assert blind["need_persons"].to_numpy() == pytest.approx(
        found["need_persons"].to_numpy(), rel=0.003
    )


def test_women_shares_are_those_of_the_register(registers):
    early, _ = registers
    shares = early[0] / early.sum(axis=0)
    given = default_settings().women_shares
    assert set(given) == {g for g, a in zip(AGE_GROUPS, calibration.FIRST, strict=True) if a >= 45}
    for group, share in given.items():
        assert share == pytest.approx(shares[AGE_GROUPS.index(group)], abs=0.0051)
    assert np.isfinite(shares).all()
