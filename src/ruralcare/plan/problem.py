"""What there is to plan: zones, sites, services, periods and the rules, as checked arrays.

The letters in the docstrings are those of the model (``docs/methods``): zone *i*, site *j*,
service *s*, module *k*, period *t*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ruralcare.errors import TableError
from ruralcare.language import Message
from ruralcare.plan import checks

__all__ = ["Fixed", "Limits", "Module", "Pairs", "Period", "PlanProblem", "Rules", "Service"]

Limits = tuple[float | None, ...]
"""A limit per period; ``None`` where the period has no limit."""


@dataclass(frozen=True)
class Module:
    """A size in which a service is built, *k*.

    Parameters
    ----------
    module_id : str
        Unique within its service; without ``×`` and ``+``, which write counts of modules.
    capacity_persons : float
        Persons served at a time, c[s,k].
    capital_mkrw : float
        Million won, paid in the period in which the module is added; f[j,s,k] unless the site
        has a price of its own.
    running_mkrw_per_year : float
        Million won a year; reported, not limited.
    care_workers : float
        Full-time equivalents at work while the module stands, w[s,k].
    """

    module_id: str
    capacity_persons: float
    capital_mkrw: float = 0.0
    running_mkrw_per_year: float = 0.0
    care_workers: float = 0.0


@dataclass(frozen=True)
class Service:
    """A service and its rules, *s*.

    Parameters
    ----------
    service_id : str
    level : int
        Place in the order of openings. The level below is the next smaller level among the
        services of the problem; where several services share it, any one of them will do.
    weight : float
        ω[s], worth of a person served for a period.
    modules : tuple of Module
        Sizes in which it is built; empty for a service that only exists.
    max_modules : int
        Most modules of this service at one site, all sizes together.
    lag_periods : int
        Periods that the level below must have run before this service opens, lag[s].
    min_use : float, optional
        u[s], least share of an opened site's capacity in use from its second period on, and in
        the last period of the plan: what opens there has no second period to prove itself in.
    name : str or Message, optional
        For texts; the id if missing.
    """

    service_id: str
    level: int
    weight: float
    modules: tuple[Module, ...]
    max_modules: int = 1
    lag_periods: int = 0
    min_use: float | None = None
    name: str | Message = ""


@dataclass(frozen=True)
class Period:
    """A period of one or more years, *t*; ``discount`` is δ[t]."""

    period_id: str
    year: int
    discount: float = 1.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of zone and site within the standard of one service, N[s].

    Parameters
    ----------
    zone, site : int array
        Positions in ``zone_ids`` and ``site_ids``.
    time_min : float array
        Travel time τ in minutes, in the direction of the service. A pair that is not listed
        is beyond the standard.
    """

    zone: NDArray[np.int64]
    site: NDArray[np.int64]
    time_min: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.zone)


@dataclass(frozen=True)
class Fixed:
    """A decision that is taken beforehand (rule 11).

    Parameters
    ----------
    site_id : str
    service_id : str, optional
        All services of the site if missing; forbidden sites only.
    period_id : str, optional
        *forced*: runs in this period at the latest, and from then on; the last period if
        missing. *committed*: opens exactly in this period. *forbidden*: does not run in this
        period; in none if missing.
    modules : mapping of str to int
        *committed* only: least number of each module from that period on.
    """

    site_id: str
    service_id: str | None = None
    period_id: str | None = None
    modules: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """The rules of the plan; a rule that is ``None`` or empty is off.

    Parameters
    ----------
    budget_mkrw : tuple of float, optional
        B[t] in million won, for the capital of modules that are added (rule 6). Modules added
        again after a closure are paid again.
    carry_over : bool
        Unspent budget stays for later periods: capital up to *t* is within the sum of the
        budgets up to *t*. Otherwise each period stands alone.
    staff_fte : mapping of str to tuple of float or None
        W[g,t] per group of sites, care workers for the modules that the plan adds (rule 7);
        those at work in existing facilities do not count. A group that is not listed, or a
        period that is ``None``, is not limited.
    max_new, min_new : mapping of str to tuple of float or None
        n[s,t] per service: most and least sites that run the service in period *t* and did
        not at the start (rule 8).
    max_new_operators : tuple of float or None, optional
        Most operators in period *t* that ran no service at the start and run one now.
    equity_floor : mapping of str to float
        φ[g] per group of zones: least share of all persons in need, over all services, who
        are served in the last period (rule 10).
    levels_by : {"site", "operator"}, optional
        Where the level below must have run (rule 5). Existing capacity counts: what ran in
        the first period counts as having run before it.
    closures_allowed : bool
        Modules may be taken away again (rule 4 is off).
    forced, committed, forbidden : tuple of Fixed
        Rule 11.
    """

    budget_mkrw: tuple[float, ...] | None = None
    carry_over: bool = True
    staff_fte: Mapping[str, Limits] = field(default_factory=dict)
    max_new: Mapping[str, Limits] = field(default_factory=dict)
    min_new: Mapping[str, Limits] = field(default_factory=dict)
    max_new_operators: Limits | None = None
    equity_floor: Mapping[str, float] = field(default_factory=dict)
    levels_by: Literal["site", "operator"] | None = "site"
    closures_allowed: bool = False
    forced: tuple[Fixed, ...] = ()
    committed: tuple[Fixed, ...] = ()
    forbidden: tuple[Fixed, ...] = ()


@dataclass(frozen=True, eq=False)
class PlanProblem:
    """Everything that a plan is made from.

    The objective is maximised: Σ_t δ[t] Σ_s ω[s] Σ_(i,j)∈N[s] π[i] y[i,j,s,t] − ε Σ τ y.

    A site *runs* a service in a period when it has existing capacity or at least one module
    there. Modules are decided for sites that are candidates and willing; where such a site
    already has existing capacity of the service, modules extend it: that needs no level below
    and is no new site. Minimum use looks at sites with modules, and at their whole capacity;
    a site is in its second period when it had modules in the period before.

    Parameters
    ----------
    zone_ids, zone_groups : tuple of str
        Demand zones and the group (county) of each.
    priority : float array, zones
        π[i].
    site_ids, site_operators, site_groups : tuple of str
        Sites, who runs them, and their group (county or labour area).
    candidate, willing : bool array, sites
        Whether modules may be added, and whether the operator agrees.
    services : tuple of Service
    periods : tuple of Period
        In order of years.
    demand_persons : float array, zones × services × periods
        d[i,s,t].
    existing_persons : float array, sites × services × periods
        e[j,s,t], capacity that is there without the plan.
    pairs : tuple of Pairs
        One for each service.
    rules : Rules
    site_capital_mkrw : mapping of (site_id, service_id, module_id) to float
        Prices f[j,s,k] that differ from the module's.
    epsilon : float
        ε, worth of a person-minute of travel; breaks ties in favour of near sites.
    names : mapping of str to str
        What people call sites and groups, for texts; the id where it is missing.

    Raises
    ------
    TableError
        With every fault that was found.
    """

    zone_ids: tuple[str, ...]
    zone_groups: tuple[str, ...]
    priority: NDArray[np.float64]
    site_ids: tuple[str, ...]
    site_operators: tuple[str, ...]
    site_groups: tuple[str, ...]
    candidate: NDArray[np.bool_]
    willing: NDArray[np.bool_]
    services: tuple[Service, ...]
    periods: tuple[Period, ...]
    demand_persons: NDArray[np.float64]
    existing_persons: NDArray[np.float64]
    pairs: tuple[Pairs, ...]
    rules: Rules = field(default_factory=Rules)
    site_capital_mkrw: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    epsilon: float = 1e-5
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = checks.faults(self)
        if faults:
            raise TableError("plan problem: " + "; ".join(faults))

    @classmethod
    def from_tables(
        cls,
        zones: pd.DataFrame,
        sites: pd.DataFrame,
        services: Sequence[Service],
        periods: Sequence[Period],
        demand: pd.DataFrame,
        existing: pd.DataFrame,
        times: Mapping[str, pd.DataFrame],
        rules: Rules | None = None,
        *,
        site_capital_mkrw: Mapping[tuple[str, str, str], float] | None = None,
        epsilon: float = 1e-5,
        names: Mapping[str, str] | None = None,
    ) -> PlanProblem:
        """Build a problem from labelled tables.

        Parameters
        ----------
        zones : DataFrame
            ``zone_id, group_id, priority``.
        sites : DataFrame
            ``site_id, operator_id, group_id, candidate, willing``.
        demand : DataFrame
            ``zone_id, service_id, period_id, persons``; a missing row is no need.
        existing : DataFrame
            ``site_id, service_id, period_id, capacity_persons``; a missing row is no capacity.
        times : mapping of service_id to DataFrame
            ``zone_id, site_id, time_min``, pairs within the standard only.

        Raises
        ------
        TableError
            If the tables name ids that are not there, or the problem has faults.
        """
        zone_ids, site_ids = zones["zone_id"].tolist(), sites["site_id"].tolist()
        labels = {
            "zone_id": pd.Index(zone_ids),
            "site_id": pd.Index(site_ids),
            "service_id": pd.Index([service.service_id for service in services]),
            "period_id": pd.Index([period.period_id for period in periods]),
        }

        def positions(table: pd.DataFrame, column: str) -> NDArray[np.int64]:
            if not labels[column].is_unique:
                raise TableError(f"plan problem: {column} has duplicates")
            found = labels[column].get_indexer(pd.Index(table[column]))
            if (found < 0).any():
                missing = sorted({str(value) for value in table[column][found < 0]})[:5]
                raise TableError(f"plan problem: unknown {column}: {', '.join(missing)}")
            return np.asarray(found, dtype=np.int64)

        def cube(table: pd.DataFrame, unit: str, value: str) -> NDArray[np.float64]:
            keys = [unit, "service_id", "period_id"]
            if table.duplicated(keys).any():
                raise TableError(f"plan problem: {value} given twice for one {', '.join(keys)}")
            values = np.zeros((len(labels[unit]), len(services), len(periods)))
            values[tuple(positions(table, key) for key in keys)] = table[value].to_numpy(float)
            return values

        pairs = []
        for service in services:
            table = times[service.service_id]
            zone, site = positions(table, "zone_id"), positions(table, "site_id")
            order = np.lexsort((site, zone))
            minutes = table["time_min"].to_numpy(float)
            pairs.append(Pairs(zone[order], site[order], minutes[order]))
        return cls(
            zone_ids=tuple(zone_ids),
            zone_groups=tuple(zones["group_id"]),
            priority=zones["priority"].to_numpy(float),
            site_ids=tuple(site_ids),
            site_operators=tuple(sites["operator_id"]),
            site_groups=tuple(sites["group_id"]),
            candidate=sites["candidate"].to_numpy(bool),
            willing=sites["willing"].to_numpy(bool),
            services=tuple(services),
            periods=tuple(periods),
            demand_persons=cube(demand, "zone_id", "persons"),
            existing_persons=cube(existing, "site_id", "capacity_persons"),
            pairs=tuple(pairs),
            rules=rules or Rules(),
            site_capital_mkrw=dict(site_capital_mkrw or {}),
            epsilon=epsilon,
            names=dict(names or {}),
        )

    @cached_property
    def service_index(self) -> dict[str, int]:
        """Position of each service."""
        return {service.service_id: s for s, service in enumerate(self.services)}

    @cached_property
    def site_index(self) -> dict[str, int]:
        """Position of each site."""
        return {site: j for j, site in enumerate(self.site_ids)}

    @cached_property
    def period_index(self) -> dict[str, int]:
        """Position of each period."""
        return {period.period_id: t for t, period in enumerate(self.periods)}

    def named(self, identifier: str) -> str:
        """Return what people call a site or group."""
        return self.names.get(identifier, identifier)

    def label(self, s: int) -> str | Message:
        """Return the name of a service for texts."""
        return self.services[s].name or self.services[s].service_id

    def below(self, s: int) -> tuple[int, ...]:
        """Return the services of the level below; empty for the lowest level."""
        lower = [other.level for other in self.services if other.level < self.services[s].level]
        return tuple(
            r for r, other in enumerate(self.services) if lower and other.level == max(lower)
        )

    def capital(self, j: int, s: int, k: int) -> float:
        """Return the price of a module at a site in million won, f[j,s,k]."""
        service = self.services[s]
        key = (self.site_ids[j], service.service_id, service.modules[k].module_id)
        return float(self.site_capital_mkrw.get(key, service.modules[k].capital_mkrw))

    def fingerprint(self) -> str:
        """Return a SHA-256 over everything that the plan depends on."""
        digest = hashlib.sha256()
        _feed(digest, self)
        return digest.hexdigest()


def _feed(digest: hashlib._Hash, value: object) -> None:
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype.kind}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        for item in fields(value):
            digest.update(item.name.encode())
            _feed(digest, getattr(value, item.name))
    elif isinstance(value, Mapping):
        for key in sorted(value, key=repr):
            digest.update(repr(key).encode())
            _feed(digest, value[key])
    elif isinstance(value, tuple):
        digest.update(f"({len(value)}".encode())
        for part in value:
            _feed(digest, part)
    else:
        digest.update(f"{value!r};".encode())
