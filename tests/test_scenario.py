"""Scenario files: every fault in one message, defaults, variants, a copy that runs again."""

import json
import tomllib

import pytest

from ruralcare import InputError, Scenario
from ruralcare.scenario import json_schema


def faults_of(path, text):
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Scenario.read(path)
    return {fault.column: fault for fault in caught.value.faults}


@pytest.fixture
def demo(scenarios):
    return (scenarios / "demo.toml").read_text("utf-8")


def test_every_example_is_valid(scenarios):
    names = {Scenario.read(path).name for path in sorted(scenarios.glob("*.toml"))}
    assert names == {"demo", "jeonnam_three_counties", "liechtenstein", "andorra"}


def test_all_faults_come_in_one_message(demo, tmp_path):
    text = (
        demo.replace("least_willing", "least_wiling")
        .replace("budget_mkrw = 2000", "budget_mkrw = -2000", 1)
        .replace('sigungu = ["한들군"]', "sigungu = [99710]")
        .replace('kind = "villages"', 'kind = "village"')
        .replace('as_of = "2023-10"\n', "")
    )
    faults = faults_of(tmp_path / "s.toml", text)
    assert "least_willing" in str(faults["plan.least_wiling"].remedy)
    assert faults["plan.periods[2].budget_mkrw"].value == "-2000"
    assert '"99710"' in str(faults["area.sigungu[1]"].remedy)
    assert "villages" in str(faults["points.kind"].remedy)
    assert "missing" in str(faults["townships.as_of"].problem)
    assert all(fault.file == "s.toml" for fault in faults.values())


def test_faults_are_told_in_korean_too(demo, tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(demo.replace("least_willing", "least_wiling"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Scenario.read(path)
    told = caught.value.render("ko")
    assert "plan.least_wiling" in told
    assert "least_willing" in told
    assert "There is" not in told


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "demo"', 'name = "demo"\ncrs = "EPSG:4326"', "crs"),
        ('name = "demo"', 'name = "demo"\ncrs = "EPSG:999999"', "crs"),
        (
            "max_operators = 4 }",
            "max_operators = 4, max_new = { daycare = 1 } }",
            "plan.periods[1].max_new",
        ),
        (
            "least_willing = 0.3",
            'least_willing = 0.3\nforced = [{ site = "1", service = "x" }]',
            "plan.forced[1].service",
        ),
        (
            "least_willing = 0.3",
            'least_willing = 0.3\nforced = [{ site = "1", service = "day_care", year = 1999 }]',
            "plan.forced[1].year",
        ),
        ("year = 2028", "year = 2027", "plan.periods[2].year"),
        ("seed = 1", "seed = 99999999999999999999", "seed"),
        ("budget_mkrw = 600", "budget_mkrw = 1e300", "plan.periods[1].budget_mkrw"),
        ("[plan]", "[travel]\ncutoff_min = 25\n[plan]", "services[2].standard_min"),
        ("[plan]", "[roads.speeds_kmh]\nprimery = 50\n[plan]", "roads.speeds_kmh.primery"),
        (
            "[plan]",
            "[facilities.capacity]\nday_caer = { default_persons = 5 }\n[plan]",
            "facilities.capacity.day_caer",
        ),
        ('as_of = "2023-10"', 'as_of = "2023-10"\ncrs = "EPSG:999999"', "townships.crs"),
    ],
)
def test_contradictions_are_found(demo, tmp_path, old, new, key):
    assert old in demo
    assert key in faults_of(tmp_path / "s.toml", demo.replace(old, new, 1))


def test_no_toml_is_named_with_its_line(tmp_path):
    fault = faults_of(tmp_path / "s.toml", "# a comment\nname = demo\n")[None]
    assert (fault.row, fault.value) == (2, "name = demo")


def test_a_missing_scenario_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        Scenario.read(tmp_path / "absent.toml")


def test_a_variant_changes_only_what_it_names(scenarios):
    plain = Scenario.read(scenarios / "demo.toml")
    half = Scenario.read(scenarios / "demo.toml", variant="half_budget")
    budgets = [period.budget_mkrw for period in plain.plan.periods]
    assert [period.budget_mkrw for period in half.plan.periods] == [b / 2 for b in budgets]
    assert half.plan.discount == plain.plan.discount
    assert half.hash != plain.hash
    with pytest.raises(InputError, match="half_budget"):
        Scenario.read(scenarios / "demo.toml", variant="none")


def test_the_written_scenario_runs_again_and_says_the_same(scenarios, tmp_path):
    plain = Scenario.read(scenarios / "demo.toml", variant="ferry_stopped")
    copy = tmp_path / "copy.toml"
    copy.write_text(plain.to_toml(tmp_path), encoding="utf-8")
    again = Scenario.read(copy)
    assert not again.roads.ferries_run
    assert again.plan == plain.plan
    assert again.services == plain.services
    for one, two in zip(plain.files, again.files, strict=True):
        assert plain.resolve(one).samefile(again.resolve(two))


def test_defaults_fill_what_a_scenario_leaves_out(scenarios):
    scenario = Scenario.read(scenarios / "demo.toml")
    assert [service.id for service in scenario.services] == [
        "home_visit_care",
        "day_care",
        "nursing_home",
    ]
    assert [service.level for service in scenario.services] == [1, 2, 3]
    assert all(service.source for service in scenario.services)


def test_the_schema_explains_every_key_and_is_json(scenarios):
    schema = json.loads(json.dumps(json_schema()))
    for definition in [schema, *schema["$defs"].values()]:
        for key, value in definition.get("properties", {}).items():
            if "$ref" not in value and key not in {"services"}:
                assert value.get("description"), key
    # A file that the reader takes has no key the schema lacks.
    raw = tomllib.loads((scenarios / "demo.toml").read_text("utf-8"))
    assert set(raw) <= set(schema["properties"])
    assert "services" not in schema["required"]


def test_a_variant_must_be_a_table(demo, tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("variants = { dry = 3 }\n" + demo.split("# A what-if")[0], encoding="utf-8")
    with pytest.raises(InputError, match=r"variants.dry.*table of keys"):
        Scenario.read(path, variant="dry")


def test_a_fault_in_a_variant_that_nobody_chose_is_told(demo, tmp_path):
    faults = faults_of(tmp_path / "s.toml", demo + "\n[variants.dear.plan]\nbudgett = 3\n")
    assert list(faults) == ["variants.dear.plan.budgett"]


def test_a_scenario_without_variants_says_so(tmp_path, demo):
    path = tmp_path / "s.toml"
    path.write_text(demo.split("# A what-if")[0], encoding="utf-8")
    with pytest.raises(InputError, match="no variants at all"):
        Scenario.read(path, variant="half_budget")


@pytest.mark.parametrize(
    ("section", "text", "remedy"),
    [
        ("roads.complete", "beyondm = 300", "beyond_m"),
        ("roads.profiles.harvest", "speedfactor = 0.9", "speed_factor"),
    ],
)
def test_misspelt_keys_of_optional_and_named_sections_are_told_the_right_one(
    tmp_path, demo, section, text, remedy
):
    faults = faults_of(tmp_path / "wrong.toml", f"{demo}\n[{section}]\n{text}\n")
    key = f"{section}.{text.split()[0]}"
    assert remedy in faults[key].remedy.render("ko")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("speed_factor", 0.0001),
        ("speed_factor", 1e9),
        ("ferry_wait_min", 1e5),
        ("proxy_speed_kmh", 0),
    ],
)
def test_speeds_and_waits_that_cannot_be_are_faults(tmp_path, demo, key, value):
    text = demo.replace("[roads]\n", f"[roads]\n{key} = {value}\n", 1)
    assert text != demo
    assert f"roads.{key}" in faults_of(tmp_path / "wrong.toml", text)
