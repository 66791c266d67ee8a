"""Generated registers come back to the person, however they are written."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from register_cases import AGES, FIVE, Style, Town, table, write

from ruralcare.inputs.files import Faults
from ruralcare.inputs.people.register import read_register
from ruralcare.types import AGE_GROUPS

STEMS = ["가람", "나래", "다솜", "라온", "마루", "바다", "사랑", "아라"]


@st.composite
def counties(draw):
    """Townships of one county with people, empty rows and branch offices."""
    stems = draw(st.lists(st.sampled_from(STEMS), min_size=1, max_size=5, unique=True))
    towns = []
    for number, stem in enumerate(stems):
        name = stem + draw(st.sampled_from("읍면동"))
        code = 4699025000 + 1000 * number
        towns.append(Town(str(code), name, draw(people())))
        for branch in range(draw(st.integers(0, 2))):
            office = name + draw(st.sampled_from(["함백", "", "동부"])) + f"{branch}출장소"
            towns.append(Town(str(code + 100 * (branch + 1)), office, draw(people())))
    return towns


def people():
    key = st.tuples(st.sampled_from("남여"), st.integers(0, 109))
    return st.dictionaries(key, st.integers(0, 4000), max_size=6)


@st.composite
def styles(draw, towns):
    undated = draw(st.booleans())
    style = Style(
        ages=draw(st.sampled_from(["five", "single", "ten"])),
        sexes=draw(
            st.sampled_from(
                [("계",), ("계", "남", "여")]
                if undated
                else [("계",), ("남", "여"), ("계", "남", "여"), ("여", "계", "남")]
            )
        ),
        label="" if undated else draw(st.sampled_from(["2023년10월", "2023년"])),
        encoding=draw(st.sampled_from(["cp949", "utf-8", "utf-8-sig"])),
        spaces=draw(st.integers(0, 2)),
        thousands=draw(st.booleans()),
        padded=draw(st.booleans()),
        levels=draw(st.booleans()),
        ending=draw(st.sampled_from(["\r\n", "\n", "\r"])),
    )
    width = len(table(towns, style)[0])
    if undated or not draw(st.booleans()):
        return style
    order = draw(st.randoms(use_true_random=False)).sample(range(width), width)
    return Style(**{**style.__dict__, "order": tuple(order)})


def expected(towns, style):
    """Count by hand: (township, sex, age group) → people, branch offices with their township."""
    homes = {}
    names = {town.name: town.code for town in towns if not town.name.endswith("출장소")}
    for town in towns:
        fits = [name for name in names if town.name.startswith(name)]
        homes[town.code] = names[max(fits, key=len)]
    sexes = {"male": "남", "female": "여"} if "남" in style.sexes else {"all": "남여"}
    found = {}
    for town in towns:
        for sex, letters in sexes.items():
            for first, last in AGES[style.ages]:
                if last is None:
                    group = "100+"
                elif last - first == 9:
                    group = f"{first:02d}-{last:02d}"
                else:
                    group = AGE_GROUPS[first // 5]
                key = (homes[town.code], sex, group)
                found[key] = found.get(key, 0) + town.count(letters, first, last)
    return found


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_registers_are_read_back_to_the_person(data):
    towns = data.draw(counties())
    style = data.draw(styles(towns))
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "202310_연령별인구현황_월간.csv", towns, style)
        faults = Faults(path.name)
        register = read_register(path, faults)
    assert faults.remarks == []
    rows = register.frame.itertuples(index=False)
    assert {(one[0], one[1], one[2]): one[3] for one in rows} == expected(towns, style)
    assert register.year == 2023
    assert register.month == (None if style.label == "2023년" else 10)
    assert register.rows == len(towns)


@settings(max_examples=15)
@given(st.data())
def test_workbooks_are_read_like_csv(data):
    towns = data.draw(counties())
    style = data.draw(styles(towns))
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "202310_연령별인구현황_월간.xlsx", towns, style)
        register = read_register(path, Faults(path.name))
    rows = register.frame.itertuples(index=False)
    assert {(one[0], one[1], one[2]): one[3] for one in rows} == expected(towns, style)


@settings(max_examples=60)
@given(st.data())
def test_a_changed_number_is_never_read_silently(data):
    """Any one cell of a full register that changes is noticed, whichever it is."""
    from ruralcare import InputError

    towns = data.draw(counties())
    rows = table(towns, Style())
    row = data.draw(st.integers(1, len(rows) - 1))
    column = data.draw(st.integers(1, len(rows[0]) - 1).filter(lambda at: at % 23 != 2))
    count = int(rows[row][column].replace(",", "")) + data.draw(st.integers(1, 50))
    rows[row][column] = str(count)
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.csv"
        path.write_text(text, "utf-8")
        with pytest.raises(InputError) as caught:
            read_register(path, Faults(path.name))
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == (row + 1, rows[0][column])


def test_the_ages_of_the_cases_are_whole():
    """The hand count above must itself hold every age once."""
    for ages in AGES.values():
        assert [first for first, _ in ages[1:]] == [last + 1 for _, last in ages[:-1]]
    assert len(FIVE) == len(AGE_GROUPS)


@settings(max_examples=80)
@given(st.data())
def test_damaged_bytes_never_give_a_traceback(data):
    """Cut, blanked, shuffled or foreign bytes: people are read, or a fault says why not."""
    from people_cases import scenario
    from people_cases import towns as boundaries

    from ruralcare import InputError, inputs

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = data.draw(st.sampled_from(["register", "villages"]))
        found = scenario(folder)
        path = folder / {"register": found.population.files[0], "villages": "villages.csv"}[file]
        content = path.read_bytes()
        first = data.draw(st.integers(0, len(content)))
        last = data.draw(st.integers(first, min(len(content), first + 300)))
        put = data.draw(
            st.one_of(st.binary(max_size=40), st.just(b"\0" * (last - first)), st.just(b""))
        )
        end = data.draw(st.sampled_from([len(content), last]))
        path.write_bytes(content[:first] + put + content[last:end])
        try:
            people = inputs.read_population(found, boundaries())
        except InputError as error:
            told = error.faults
        else:
            assert (people.totals() > 0).all()
            return
    assert told
    assert all(fault.file for fault in told)
