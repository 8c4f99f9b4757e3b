"""An attacker who knows the released table, the trees and the public rules.

It shares no code with the extension: another language and another solver
(HiGHS, by scipy).  The rules: totals add up, people are whole, zeros are
published, so a hidden cell is at least 1.  Scenarios add what an insider
knows.  Every table that the solver returns is checked by addition.
"""
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix


class Undecided(Exception):
    """The solver did not prove its answer: nothing may be concluded."""


class Relations:
    """What is known about sums of unknown whole numbers."""

    def __init__(self, size, cap):
        self.low = np.zeros(size, dtype=np.int64)
        self.high = np.full(size, cap, dtype=np.int64)
        self.rows = {}

    def add(self, members, low, high):
        """The sum of some unknowns lies between two numbers."""
        members = frozenset(members)
        if len(members) == 1:
            var, = members
            self.low[var] = max(self.low[var], low)
            self.high[var] = min(self.high[var], high)
        elif members:
            was = self.rows.get(members, (0, high))
            self.rows[members] = max(was[0], low), min(was[1], high)

    def simplify(self):
        """Tighten the bounds of single unknowns; drop what says nothing."""
        changed = True
        while changed:
            changed = False
            for members, (low, high) in list(self.rows.items()):
                m = list(members)
                least, most = self.low[m].sum(), self.high[m].sum()
                if least >= low and most <= high:
                    del self.rows[members]
                    continue
                new_high = np.minimum(self.high[m],
                                      high - (least - self.low[m]))
                new_low = np.maximum(self.low[m],
                                     low - (most - self.high[m]))
                if (new_high < self.high[m]).any() or \
                        (new_low > self.low[m]).any():
                    self.high[m], self.low[m] = new_high, new_low
                    changed = True

    def satisfied(self, table):
        """Is a table possible?  By addition alone."""
        return bool((table >= self.low).all() and (table <= self.high).all()
                    and all(low <= table[list(m)].sum() <= high
                            for m, (low, high) in self.rows.items()))


def implied(plan, shown, cell):
    """Is a shown cell the sum of cells that are shown as well?"""
    for d, tree in enumerate(plan.trees):
        parts = [cell[:d] + (child,) + cell[d + 1:]
                 for child in tree.children(cell[d])]
        if parts and all(shown.get(p) is not None for p in parts):
            return True
    return False


def relations_of(release, pins=None, all_rows=False):
    """The relations that a release gives away.

    pins: unknowns that somebody knows, as a number or as (least, most).

    Sums that follow from others are left out unless all rows are wanted."""
    plan, shown = release.plan, release.shown
    cap = 10 * (50 + sum(n for n in shown.values() if n))
    relations = Relations(len(plan.leaves), cap)
    for cell in plan.cells:
        n = shown[cell]
        if n is None:
            relations.add(plan.under(cell), release.least,
                          cap * len(plan.leaves))
        elif n == 0:
            for var in plan.under(cell):
                relations.add((var,), 0, 0)
        elif all_rows or not implied(plan, shown, cell):
            relations.add(plan.under(cell), n, n)
    for var, n in (pins or {}).items():
        relations.add((var,), *(n if isinstance(n, tuple) else (n, n)))
    relations.simplify()
    return relations


def every_table(relations, limit):
    """All whole tables that are possible, by search; None if too many."""
    rows = list(relations.rows.items())
    in_row = np.zeros((len(rows), len(relations.low)), dtype=bool)
    for i, (members, _) in enumerate(rows):
        in_row[i, list(members)] = True
    least = np.array([low for _, (low, _) in rows], dtype=np.int64)
    most = np.array([high for _, (_, high) in rows], dtype=np.int64)
    far = np.iinfo(np.int64).max // 4
    found = []

    def tighten(low, high):
        while rows:
            room = most - in_row @ low
            need = least - in_row @ high
            new_high = np.minimum(high, low + np.where(
                in_row, room[:, None], far).min(axis=0))
            new_low = np.maximum(low, high + np.where(
                in_row, need[:, None], -far).max(axis=0))
            if (new_low > new_high).any():
                return None
            if (new_low == low).all() and (new_high == high).all():
                break
            low, high = new_low, new_high
        return low, high

    def search(low, high):
        bounds = tighten(low, high)
        if bounds is None or len(found) > limit:
            return
        low, high = bounds
        width = high - low
        if not width.any():
            found.append(low)
            return
        var = np.where(width > 0, width, far).argmin()
        for value in range(low[var], high[var] + 1):
            next_low, next_high = low.copy(), high.copy()
            next_low[var] = next_high[var] = value
            search(next_low, next_high)
    search(relations.low, relations.high)
    return found if len(found) <= limit else None


class Attacker:
    """Bounds of sums of unknowns, by integer and by linear programs."""

    def __init__(self, relations, time_limit=60):
        self.relations = relations
        self.time_limit = time_limit
        self.solves = 0
        self.split()

    def split(self):
        """Unknowns that no relation joins are solved apart."""
        rel = self.relations
        self.open = [v for v in range(len(rel.low))
                     if rel.low[v] < rel.high[v]]
        root = {v: v for v in self.open}

        def find(v):
            while root[v] != v:
                root[v] = root[root[v]]
                v = root[v]
            return v
        for members in rel.rows:
            mine = [v for v in members if v in root]
            for v in mine[1:]:
                root[find(v)] = find(mine[0])
        parts = {}
        for v in self.open:
            parts.setdefault(find(v), []).append(v)
        self.parts = list(parts.values())
        self.part_of = {v: i for i, p in enumerate(self.parts) for v in p}
        self.programs = [None] * len(self.parts)

    def program(self, part):
        """Bounds and constraints of one part, over its unknowns only."""
        if self.programs[part] is None:
            rel, mine = self.relations, self.parts[part]
            at = {v: i for i, v in enumerate(mine)}
            rows, cols, low, high = [], [], [], []
            for members, (least, most) in rel.rows.items():
                if not any(v in at for v in members):
                    continue
                known = sum(int(rel.low[v]) for v in members if v not in at)
                rows += [len(low)] * sum(v in at for v in members)
                cols += [at[v] for v in members if v in at]
                low.append(least - known)
                high.append(most - known)
            matrix = csr_matrix((np.ones(len(rows)), (rows, cols)),
                                shape=(len(low), len(mine)))
            self.programs[part] = (
                Bounds(rel.low[mine], rel.high[mine]),
                [LinearConstraint(matrix, low, high)] if low else [])
        return self.programs[part]

    def solve(self, part, gain, whole=True):
        """The table of a part that maximizes a gain.

        HiGHS 1.2 is known to call a table optimal that breaks a relation:
        what does not add up is asked again without its presolve."""
        bounds, constraints = self.program(part)
        for presolve in (True, False):
            self.solves += 1
            answer = milp(-np.asarray(gain, dtype=float), bounds=bounds,
                          constraints=constraints,
                          integrality=np.full(len(gain), int(whole)),
                          options={'time_limit': self.time_limit,
                                   'mip_rel_gap': 0, 'presolve': presolve})
            if answer.status == 0 and (
                    not whole or self.adds_up(part, np.rint(answer.x))):
                return answer.x
        raise Undecided(answer.message)

    def adds_up(self, part, x):
        bounds, constraints = self.program(part)
        return (x >= bounds.lb).all() and (x <= bounds.ub).all() and all(
            (c.A @ x >= c.lb).all() and (c.A @ x <= c.ub).all()
            for c in constraints)

    def base(self):
        """A whole table that is possible everywhere."""
        table = self.relations.low.copy()
        for part, mine in enumerate(self.parts):
            table[mine] = np.rint(self.solve(part, np.zeros(len(mine))))
        return table

    def extreme(self, members, highest, whole=True, table=None):
        """The bound of a sum, and a table that reaches it.

        The table is a copy of the one that is given, changed where it must.
        """
        rel = self.relations
        sign = 1 if highest else -1
        value = sum(int(rel.low[v]) for v in members
                    if v not in self.part_of)
        table = None if table is None else table.copy()
        for part in {self.part_of[v] for v in members if v in self.part_of}:
            mine = self.parts[part]
            gain = [sign * (v in members) for v in mine]
            x = self.solve(part, gain, whole)
            found = float(np.dot(gain, x)) * sign
            value += round(found) if whole else found
            if table is not None:
                table[mine] = np.rint(x)
        if whole and table is not None and not (
                rel.satisfied(table)
                and table[list(members)].sum() == value):
            raise Undecided('a table of the solver does not add up')
        return value, table

    def bounds(self, members, whole=True):
        return (self.extreme(members, False, whole)[0],
                self.extreme(members, True, whole)[0])


class Audit:
    """Which of many sums an attacker can pin down; tables serve them all."""

    def __init__(self, relations, targets, seeds=(), spread=4):
        self.attacker = Attacker(relations)
        self.targets = targets
        self.incidence = csr_matrix(
            (np.ones(sum(map(len, targets)), dtype=np.int64),
             ([i for i, t in enumerate(targets) for _ in t],
              [v for t in targets for v in t])),
            shape=(len(targets), len(relations.low)))
        self.low = np.full(len(targets), np.iinfo(np.int64).max)
        self.high = np.full(len(targets), np.iinfo(np.int64).min)
        self.tables = []
        for table in seeds:
            if relations.satisfied(table):
                self.remember(table)
        if not self.tables:
            self.remember(self.attacker.base())
        if not seeds:
            self.spread(spread)

    def remember(self, table):
        sums = self.incidence @ table
        self.low = np.minimum(self.low, sums)
        self.high = np.maximum(self.high, sums)
        self.tables.append(table)

    def spread(self, rounds):
        """A few tables in random directions settle most questions."""
        random = np.random.default_rng(1)
        for _ in range(rounds):
            gain = random.integers(-9, 10, len(self.attacker.relations.low))
            for sign in (1, -1):
                table = self.tables[0].copy()
                for part, mine in enumerate(self.attacker.parts):
                    table[mine] = np.rint(
                        self.attacker.solve(part, sign * gain[mine]))
                if self.attacker.relations.satisfied(table):
                    self.remember(table)

    def narrow(self, width=1, reach=0):
        """Targets whose bounds are proven to lie closer than width, or not
        to reach a number."""
        return [i for i in range(len(self.targets))
                if not self.is_wide(i, width, reach)]

    def is_wide(self, i, width, reach):
        for highest in (True, False):
            if self.high[i] - self.low[i] >= width and self.high[i] >= reach:
                return True
            self.remember(self.attacker.extreme(
                self.targets[i], highest, True, self.tables[0])[1])
        return self.high[i] - self.low[i] >= width and self.high[i] >= reach


def audit_release(release, targets, pins=None, seeds=()):
    return Audit(relations_of(release, pins),
                 [release.plan.under(c) for c in targets], seeds)


def exact_cells(release, targets, width=1, reach=0):
    """What an outsider finds out: the targets with narrow bounds."""
    audit = audit_release(release, targets)
    return [targets[i] for i in audit.narrow(width, reach)], audit


def exact_linear(release, targets):
    """The same by linear programs: bounds less than one person apart."""
    attacker = Attacker(relations_of(release))
    done, found = {}, []
    for cell in targets:
        group = release.plan.under(cell)
        if group not in done:
            low, high = attacker.bounds(group, whole=False)
            done[group] = high - low < 1 - 1e-6
        if done[group]:
            found.append(cell)
    return found


def insider_fixes(release, targets, pins, seeds=()):
    """What is found out by whoever knows some unknowns, besides these."""
    plan = release.plan
    own = frozenset(v for v, n in pins.items() if isinstance(n, int)).union(
        *(plan.under(c) for c in plan.cells if release.shown[c] == 0))
    others = [c for c in targets if not plan.under(c) <= own]
    audit = audit_release(release, others, pins, seeds)
    return [others[i] for i in audit.narrow()]
