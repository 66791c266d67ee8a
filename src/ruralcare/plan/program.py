"""Linear and mixed-integer programs as arrays, and their solution by HiGHS.

The only module that touches the solver.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import highspy
import numpy as np
from highspy.highs import HighsCallbackEvent
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

__all__ = ["Outcome", "Program", "RowLabel", "SolverError", "optimise"]

logger = logging.getLogger(__name__)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Report = Callable[[float | None, float | None, float], None]
"""Receives the best value, the bound (``None`` while there is none) and the seconds gone."""

_POLL_S: Final = 0.05
_NO_BOUND: Final = 1e20
"""From here on, a bound of HiGHS is none."""


class SolverError(RuntimeError):
    """The solver failed or contradicts itself."""


@dataclass(frozen=True)
class RowLabel:
    """Which rule a row stands for, in which period and for whom.

    One unit of the row is ``scale`` units of the rule.
    """

    rule: str
    period: int | None = None
    where: str = ""
    service: int | None = None
    scale: float = 1.0


@dataclass
class Program:
    """A program under construction: maximise cost · v within row and column limits."""

    n_columns: int = 0
    n_rows: int = 0
    labels: dict[int, RowLabel] = field(default_factory=dict)
    _columns: list[tuple[Floats, Floats, Floats, NDArray[np.bool_]]] = field(default_factory=list)
    _rows: list[tuple[Floats, Floats]] = field(default_factory=list)
    _entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)

    def columns(
        self,
        n: int,
        *,
        cost: ArrayLike = 0.0,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = math.inf,
        integer: bool = False,
    ) -> Ints:
        """Add columns and return their positions."""
        parts = [np.broadcast_to(np.asarray(v, float), (n,)) for v in (cost, lower, upper)]
        self._columns.append((parts[0], parts[1], parts[2], np.full(n, integer)))
        self.n_columns += n
        return np.arange(self.n_columns - n, self.n_columns)

    def rows(self, n: int, *, lower: ArrayLike = -math.inf, upper: ArrayLike = math.inf) -> Ints:
        """Add rows and return their positions."""
        low, high = (np.broadcast_to(np.asarray(v, float), (n,)) for v in (lower, upper))
        self._rows.append((low, high))
        self.n_rows += n
        return np.arange(self.n_rows - n, self.n_rows)

    def row(
        self,
        columns: ArrayLike,
        values: ArrayLike,
        *,
        lower: float = -math.inf,
        upper: float = math.inf,
        label: RowLabel | None = None,
    ) -> None:
        """Add one row with its entries."""
        (row,) = self.rows(1, lower=lower, upper=upper)
        columns = np.asarray(columns, dtype=np.int64)
        self.entries(np.full(len(columns), row), columns, values)
        if label is not None:
            self.labels[int(row)] = label

    def entries(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """Add coefficients; several for one place add up."""
        rows = np.asarray(rows, dtype=np.int64)
        columns = np.asarray(columns, dtype=np.int64)
        self._entries.append(
            (rows, columns, np.broadcast_to(np.asarray(values, float), rows.shape))
        )

    def row_limits(self) -> tuple[Floats, Floats]:
        """Return the lower and the upper limit of every row."""
        low, high = (np.concatenate([np.zeros(0), *(p[i] for p in self._rows)]) for i in range(2))
        return low, high

    def drop_costs(self) -> None:
        """Set the objective to nothing."""
        self._columns = [(np.zeros(len(c)), low, up, i) for c, low, up, i in self._columns]

    def highs_lp(self) -> highspy.HighsLp:
        """Return the program in the solver's own form, column by column."""
        cost, lower, upper, integer = (
            np.concatenate([np.zeros(0), *(part[i] for part in self._columns)]) for i in range(4)
        )
        row_lower, row_upper = self.row_limits()
        empty = np.zeros(0)
        row, column, value = (
            np.concatenate([empty, *(part[i] for part in self._entries)]) for i in range(3)
        )
        places = (row.astype(np.int64), column.astype(np.int64))
        matrix = sparse.csc_array((value, places), shape=(self.n_rows, self.n_columns))
        matrix.sum_duplicates()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.n_columns, self.n_rows
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
        lp.row_lower_, lp.row_upper_ = row_lower, row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = self.n_columns, self.n_rows
        lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
        lp.a_matrix_.value_ = matrix.data
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        if integer.any():
            lp.integrality_ = [kinds[int(is_integer)] for is_integer in integer]
        return lp


@dataclass(frozen=True)
class Outcome:
    """What the solver found.

    Parameters
    ----------
    status : {"optimal", "time_limit", "interrupted", "infeasible"}
        ``optimal`` means: within the gap that was asked for.
    values : array or None
        Value of every column of the best solution.
    bound : float or None
        Proven upper bound of the objective.
    """

    status: str
    values: Floats | None
    bound: float | None


def optimise(
    program: Program,
    *,
    options: dict[str, Any],
    start: dict[int, float] | None = None,
    stop: Callable[[], bool] | None = None,
    report: Report | None = None,
) -> Outcome:
    """Solve a program.

    The solver runs in a thread of its own, so that Ctrl-C and ``stop`` end it with the best
    solution found so far.

    Parameters
    ----------
    options : dict
        Options of HiGHS.
    start : dict of int to float, optional
        Values of some columns to start from.
    stop : callable, optional
        Polled; ends the search when it returns true.
    report : callable, optional
        Progress, called from this thread.

    Raises
    ------
    SolverError
        If HiGHS fails, or stops for a reason that is not expected.
    """
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    for name, value in options.items():
        if highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS does not take the option {name} = {value}")
    if highs.passModel(program.highs_lp()) == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refused the model")
    if start:
        index = np.fromiter(start.keys(), dtype=np.int32)
        highs.setSolution(len(start), index, np.fromiter(start.values(), dtype=np.float64))
    seen = _Seen()
    interrupted = _run(highs, stop, report, seen)
    return _outcome(highs, interrupted, seen)


@dataclass
class _Seen:
    """The best solution and bound told during the search.

    Stopped in the middle of a step, the solver may end without either.
    """

    values: Floats | None = None
    bound: float | None = None


def _run(
    highs: highspy.Highs, stop: Callable[[], bool] | None, report: Report | None, seen: _Seen
) -> bool:
    """Run the solver; return whether somebody stopped it."""
    halt = threading.Event()
    state: dict[str, tuple[float, float, float]] = {}

    def on_event(event: HighsCallbackEvent) -> None:
        if halt.is_set():
            event.interrupt()
        out = event.data_out
        state["mip"] = (out.mip_primal_bound, out.mip_dual_bound, out.running_time)
        if np.isfinite(out.mip_dual_bound) and abs(out.mip_dual_bound) < _NO_BOUND:
            seen.bound = float(out.mip_dual_bound)

    def on_better(event: HighsCallbackEvent) -> None:
        seen.values = np.array(event.data_out.mip_solution, dtype=float)
        on_event(event)

    if highs.getLp().integrality_:
        highs.cbMipInterrupt.subscribe(on_event)
        highs.cbMipImprovingSolution.subscribe(on_better)
        for hook in (highs.cbSimplexInterrupt, highs.cbIpmInterrupt):
            hook.subscribe(lambda event: event.interrupt() if halt.is_set() else None)
    failure: list[BaseException] = []

    def work() -> None:
        try:
            highs.run()
            highspy.Highs.resetGlobalScheduler(False)
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            failure.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        try:
            thread.join(_POLL_S)
            if stop is not None and stop():
                halt.set()
            if report is not None and state:
                best, bound, seconds = state.pop("mip")
                report(_finite(best), _finite(bound), seconds)
        except KeyboardInterrupt:
            logger.info("stopped by the keyboard; finishing with the best plan so far")
            halt.set()
    if failure:
        raise SolverError(f"HiGHS failed: {failure[0]}") from failure[0]
    return halt.is_set()


def _outcome(highs: highspy.Highs, interrupted: bool, seen: _Seen) -> Outcome:
    status = highs.getModelStatus()
    info = highs.getInfo()
    known = {
        highspy.HighsModelStatus.kOptimal: "optimal",
        highspy.HighsModelStatus.kModelEmpty: "optimal",
        highspy.HighsModelStatus.kTimeLimit: "time_limit",
        highspy.HighsModelStatus.kInterrupt: "interrupted",
        highspy.HighsModelStatus.kInfeasible: "infeasible",
        # Every column that is worth something is bounded.
        highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    }
    if interrupted:
        known[highspy.HighsModelStatus.kNotset] = "interrupted"
        known[highspy.HighsModelStatus.kUnknown] = "interrupted"
    if status not in known:
        raise SolverError(f"HiGHS stopped with {highs.modelStatusToString(status)}")
    outcome = known[status]
    if outcome == "time_limit" and interrupted:
        outcome = "interrupted"
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(highs.getSolution().col_value) if feasible else None
    is_mip = bool(highs.getLp().integrality_)
    unset = (highspy.HighsModelStatus.kNotset, highspy.HighsModelStatus.kUnknown)
    if status in unset or (is_mip and values is None and outcome != "infeasible"):
        # Stopped between two steps: the solver's final figures mean nothing.
        return Outcome(outcome, seen.values, seen.bound)
    if is_mip:
        bound = _finite(info.mip_dual_bound)
    else:
        bound = info.objective_function_value if outcome == "optimal" else None
    return Outcome(outcome, values, bound)


def _finite(value: float) -> float | None:
    return float(value) if abs(value) < highspy.kHighsInf and math.isfinite(value) else None
