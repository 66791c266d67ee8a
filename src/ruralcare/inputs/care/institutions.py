"""One institution from several rows of a list, or from several lists."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from ruralcare.inputs.care.addresses import parse_address
from ruralcare.inputs.care.gazetteer import Located
from ruralcare.inputs.care.service_types import ServiceTypes
from ruralcare.inputs.files import Faults
from ruralcare.language import Message
from ruralcare.types import PRECISIONS

__all__ = [
    "MOST_PERSONS",
    "RESIDENTIAL",
    "Figures",
    "Institution",
    "InstitutionList",
    "joined",
    "once",
]

# More places or carers than any institution has: a number in the wrong column.
MOST_PERSONS = 5000.0

# Kinds of institution that people live in.
RESIDENTIAL: Final = ("nursing_home", "group_home")
# Two lists place one institution this far apart at most.
_SAME_PLACE_M: Final = 200.0

# Capacity and care workers.
Figures = tuple[float | None, float | None]


@dataclass(frozen=True)
class Institution:
    """An institution of a list, whatever its publisher.

    Parameters
    ----------
    labels : tuple of str
        Types of service as the list calls them; one empty text where it names none.
    capacity, care_workers : float, optional
        Of the whole institution.
    by_label : mapping
        Type → (capacity, care workers), where the list tells them for each type.
    row : int, optional
        Row of the list.
    """

    facility_id: str
    name: str
    address: str
    labels: tuple[str, ...]
    located: Located
    capacity: float | None = None
    care_workers: float | None = None
    operator_id: str = ""
    row: int | None = None
    by_label: Mapping[str, Figures] = field(default_factory=dict)


@dataclass(frozen=True)
class InstitutionList:
    """A list that was read."""

    file: Path
    form: str
    rows: int
    faults: Faults
    institutions: list[Institution]


def joined(
    one: Institution, other: Institution, types: ServiceTypes, *, one_list: bool
) -> Institution:
    """Return one institution of two rows that mean the same.

    The first holds, and gets what only the second has: types, figures, a finer place. The figures
    of a row belong to the types of that row.

    Parameters
    ----------
    one_list : bool
        Rows of one list: figures of different types add up, even where the types stand for one
        service. Two lists call one type by different names: the first figure of a service holds.
    """
    first, second = _by_type(one, types), _by_type(other, types)
    labels = dict.fromkeys(label for label in (*one.labels, *other.labels) if label)
    both = replace(first, labels=tuple(labels) or ("",))
    key: Callable[[str], str | None] = (lambda label: label) if one_list else types.service
    # The capacity of a row with several services is not that of a service of another row.
    capacities = (
        row.capacity
        for row in (first, second)
        if row.capacity is not None and _services(row, types) == _services(both, types)
    )
    return replace(
        both,
        capacity=next(capacities, None),
        care_workers=first.care_workers or second.care_workers,
        by_label=_completed(first.by_label, second.by_label, key),
        located=_finer(first.located, second.located),
        operator_id=first.operator_id or second.operator_id,
    )


def _services(one: Institution, types: ServiceTypes) -> set[str]:
    return {service for label in one.labels if (service := types.service(label)) is not None}


def _by_type(one: Institution, types: ServiceTypes) -> Institution:
    """Return an institution with the figures of the whole at the type they belong to.

    The capacity of the whole belongs to residential care, or to the only service; so do the
    carers of an only service.
    """
    services = _services(one, types)
    single = len(services) == 1
    owner = next(
        (
            label
            for label in one.labels
            if (service := types.service(label)) is not None and (single or service in RESIDENTIAL)
        ),
        None,
    )
    if owner is None:
        return one
    figures = one.capacity, (one.care_workers if single else None)
    if figures == (None, None):
        return one
    by_label = _completed(one.by_label, {owner: figures}, types.service)
    carers = None if single else one.care_workers
    return replace(one, capacity=None, care_workers=carers, by_label=by_label)


def _completed(
    first: Mapping[str, Figures],
    second: Mapping[str, Figures],
    key: Callable[[str], str | None],
) -> dict[str, Figures]:
    """Return the first figures, with those of the second that the first has none of."""
    beds, carers = (
        {key(label) for label, figures in first.items() if figures[part] is not None}
        for part in (0, 1)
    )
    found = dict(first)
    for label, (more_beds, more_carers) in second.items():
        own = found.get(label, (None, None))
        found[label] = (
            own[0] if key(label) in beds else more_beds,
            own[1] if key(label) in carers else more_carers,
        )
    return found


def _finer(one: Located, other: Located) -> Located:
    """Return the first place, or the other where it is finer and not elsewhere."""
    if other.precision is None or (one.area_id and one.area_id != other.area_id):
        return one
    order: tuple[str, ...] = PRECISIONS
    if one.precision is None or order.index(other.precision) < order.index(one.precision):
        return other
    return one


def once(lists: list[InstitutionList], types: ServiceTypes) -> list[tuple[int, Institution]]:
    """Return the institutions of all lists with the number of their list, each once.

    The first list holds; services and figures that only a later one has are added to it.
    """
    kept: list[tuple[int, Institution]] = []
    # Lists whose institutions were joined to a kept one.
    partners: list[set[int]] = []
    by_code: dict[str, int] = {}
    known: tuple[int, str | None] | None
    by_name: dict[str, list[int]] = {}
    for number, one in enumerate(lists):
        for institution in one.institutions:
            alike = by_name.setdefault(_bare_name(institution.name), [])
            code = by_code.get(institution.facility_id)
            if code is not None and kept[code][0] != number:
                known = None if _contradict(kept[code][1], institution) else (code, "code")
            else:
                others = [place for place in alike if kept[place][0] != number]
                found = [(place, _same(kept[place][1], institution)) for place in others]
                sure = [match for match in found if match[1] == "sure"]
                # Two of one list, of which either might be one of another list, are two.
                likely = [
                    match
                    for match in found
                    if match[1] == "likely" and number not in partners[match[0]]
                ]
                known = next(iter(sure + likely), None)
            if known is None:
                place = len(kept)
                kept.append((number, institution))
                partners.append({number})
            else:
                place, how = known
                first, before = kept[place]
                _tell(how, one.faults, lists[first].file.name, before, institution)
                kept[place] = first, joined(before, institution, types, one_list=False)
                partners[place].add(number)
            by_code.setdefault(institution.facility_id, place)
            if place not in alike:
                alike.append(place)
    return kept


def _tell(
    how: str | None, faults: Faults, file: str, before: Institution, institution: Institution
) -> None:
    """Note that an institution is in an earlier list too."""
    problem = Message("The institution is in {file} too; it is kept once.", file=file)
    remedy = Message("Nothing needs to be done.")
    if how == "likely":
        problem = Message(
            "An institution of this name is in the same township in {file}, with another kind of "
            "address; the two are taken for one.",
            file=file,
        )
        remedy = Message("Check that they are one; if not, give one of them another name.")
    elif how == "code" and _bare_name(before.name) != _bare_name(institution.name):
        problem = Message(
            "The institution has the code of {name} in {file}; the two are taken for one.",
            name=before.name,
            file=file,
        )
        remedy = Message("Check that they are one; if not, correct the code of one of them.")
    faults.remark(problem, remedy, row=institution.row, value=institution.name)


def _bare_name(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).replace("(주)", "").split())


def _contradict(one: Institution, other: Institution) -> bool:
    """Return whether two institutions of one code cannot be one."""
    here, there = one.located, other.located
    if here.precision == there.precision == "point":
        return _apart_m(here, there) > _SAME_PLACE_M
    renamed = _bare_name(one.name) != _bare_name(other.name)
    known = bool(here.area_id and there.area_id)
    return renamed and known and here.area_id != there.area_id


def _same(one: Institution, other: Institution) -> Literal["sure", "likely"] | None:
    """Return whether two institutions of one name are one: by place, else by address.

    A number says nothing where one address has a road and the other a lot; then the township
    must do.
    """
    here, there = one.located, other.located
    if here.precision == there.precision == "point":
        return "sure" if _apart_m(here, there) <= _SAME_PLACE_M else None
    addresses = parse_address(one.address), parse_address(other.address)
    known = bool(here.area_id and there.area_id)
    if known and here.area_id != there.area_id:
        return None
    numbers = [address.number for address in addresses]
    if numbers[0] and numbers[1] and numbers[0][0] == numbers[1][0]:
        counties = [address.counties for address in addresses]
        in_one_county = known or not all(counties) or bool(counties[0] & counties[1])
        return "sure" if numbers[0] == numbers[1] and in_one_county else None
    if not known:
        return None
    if here.precision == there.precision == "village":
        return "likely" if _apart_m(here, there) <= _SAME_PLACE_M else None
    return "likely"


def _apart_m(here: Located, there: Located) -> float:
    return float(here.point.distance(there.point)) if here.point and there.point else float("inf")
