"""What the choice of hidden cells gives away to who knows the algorithm.

Such an attacker lists every table that agrees with a release and keeps those
from which the same cells would have been hidden.  Three questions, each
harder for the defence than the last:

valid    the pattern protects this table, too
minimal  and no hidden cell, not itself small, could be shown again: what
         remains if the choice among such patterns is secret and random
same     the extension, asked, hides the very same cells
"""
import numpy as np

from attacker import every_table, relations_of
from tables import is_small, small_cells


class Candidates:
    """All tables that a release allows, and the sums of its hidden groups."""

    def __init__(self, release, threshold=5, width=1, insiders=True,
                 limit=20000):
        self.plan = release.plan
        self.threshold, self.width = threshold, width
        self.insiders = insiders
        tables = every_table(relations_of(release, None, True), limit)
        self.too_many = tables is None
        if self.too_many:
            return
        self.tables = np.array(tables)
        # cells that no table shows are protected as well
        groups = {}
        for cell in self.plan.all_cells:
            if release.shown.get(cell) is None:
                group = self.plan.under(cell)
                groups[group] = groups.get(group, False) or \
                    self.plan.shows(cell)
        self.groups = list(groups)
        self.planned = np.array(list(groups.values()))
        member = np.zeros((len(self.groups), self.tables.shape[1]), int)
        for i, group in enumerate(self.groups):
            member[i, list(group)] = 1
        self.sums = self.tables @ member.T
        self.open = (self.tables != self.tables[0]).any(axis=0) | \
            (self.tables[0] != 0)
        self.own = [np.flatnonzero((member[:, self.open].sum(axis=1) == 1)
                                   & (member[:, v] == 1))
                    for v in range(self.tables.shape[1])]

    def is_valid(self, y, keep):
        """Would the tables kept protect candidate y, if it were the truth?"""
        targets = (self.sums[y] > 0) & (self.sums[y] < self.threshold)
        sums = self.sums[keep]
        spread = sums.max(axis=0) - sums.min(axis=0)
        if (spread[targets] < self.width).any():
            return False
        if not self.insiders:
            return True
        for v in np.flatnonzero(self.tables[y] == 1):
            mine = sums[self.tables[keep, v] == 1]
            others = targets.copy()
            others[self.own[v]] = False
            if (mine.min(axis=0) == mine.max(axis=0))[others].any():
                return False
        return True

    def is_minimal(self, y):
        """Can no hidden cell that is not small be shown again?"""
        for g in np.flatnonzero(self.planned):
            if is_small(self.sums[y, g], self.threshold) or \
                    self.sums[y, g] == 0:
                continue
            if self.is_valid(y, self.sums[:, g] == self.sums[y, g]):
                return False
        return True

    def exact(self, keep, targets):
        """Targets that have one value in all the tables kept."""
        at = {group: i for i, group in enumerate(self.groups)}
        alike = (self.sums[keep] == self.sums[keep][0]).all(axis=0)
        return sum(alike[at[self.plan.under(c)]] for c in targets)


def study(extension, plan, truth, width=1, insiders=1, limit=20000, **policy):
    """Numbers of tables kept and of exact small cells, per question."""
    policy.update(width=width, insiders=insiders)
    release = extension.release(plan, truth, **policy)
    small = [c for c in small_cells(plan, truth)]
    found = Candidates(release, 5, width, insiders > 0, limit)
    result = {'small': len(small)}
    if found.too_many:
        return dict(result, tables=None)
    everything = np.ones(len(found.tables), dtype=bool)
    valid = np.array([found.is_valid(y, everything)
                      for y in range(len(found.tables))])
    minimal = np.array([valid[y] and found.is_minimal(y)
                        for y in range(len(found.tables))])
    hidden = set(release.hidden())
    same = np.array([
        valid[y] and set(extension.protect(
            plan, [int(n) for n in found.tables[y]], **policy)) == hidden
        for y in range(len(found.tables))])
    for name, keep in (('tables', everything), ('valid', valid),
                       ('minimal', minimal), ('same', same)):
        result[name] = int(keep.sum())
        result[name + '_exact'] = int(found.exact(keep, small))
    return result
