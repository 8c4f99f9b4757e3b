"""Protect a table with the extension, attack what it publishes."""
from attacker import exact_cells, exact_linear, insider_fixes
from history import PENDING
from tables import Release, hide, is_small, small_cells


class Outcome:
    """What one table cost, and what attackers found out."""

    def __init__(self, plan, truth, hidden, threshold=5, width=1, reach=0):
        self.plan, self.truth, self.hidden = plan, truth, hidden
        self.counts = plan.counts(truth)
        self.small = small_cells(plan, truth, threshold)
        self.release = hide(plan, truth, hidden)
        self.secondary = [c for c in hidden
                          if not is_small(self.counts[c], threshold)]
        self.value = sum(self.counts[c] for c in self.secondary)
        # a small cell that is shown needs no attacker
        self.bare = [c for c in self.small
                     if plan.shows(c) and c not in hidden]
        self.exact, self.audit = exact_cells(self.release, self.small, width,
                                             reach)

    def linear(self):
        return exact_linear(self.release, self.small)

    def singletons(self):
        return [v for v, n in enumerate(self.truth) if n == 1]

    def fixes(self, *known):
        """What people in the given finest cells find out together that an
        outsider does not know."""
        exact = set(self.exact)
        return insider_fixes(self.release,
                             [c for c in self.small if c not in exact],
                             {v: self.truth[v] for v in known},
                             self.audit.tables)

    def insiders(self):
        """Singletons who can fix somebody else's cell."""
        return [v for v in self.singletons() if self.fixes(v)]

    def members(self):
        """People not alone in an unpublished finest cell: they know no count,
        but that it is not zero.  Those who learn somebody else's cell."""
        leaves = [v for v, n in enumerate(self.truth) if n > 1
                  and not self.plan.shows(self.plan.leaves[v])]
        return [v for v in leaves if insider_fixes(
            self.release, self.small, {v: (1, 1_000_000)},
            self.audit.tables)]

    def coalitions(self):
        """Pairs of singletons who can; also how many pairs there are."""
        single = self.singletons()
        pairs = [(v, w) for v in single for w in single if v < w]
        return [p for p in pairs if self.fixes(*p)], len(pairs)


def protect(extension, plan, truth, **policy):
    hidden = extension.protect(plan, truth, **policy)
    return Outcome(plan, truth, hidden, policy.get('threshold', 5),
                   policy.get('width', 1),
                   policy.get('threshold', 5) if policy.get('reach') else 0)


def is_safe(outcome, insiders=True):
    return not outcome.bare and not outcome.exact and \
        not (insiders and outcome.insiders())


def shares(outcome):
    """(shown, all) of the cells that are not empty, per level.

    Where the first dimension is the year, its own cells are level 'year'."""
    found = {}
    for cell in outcome.plan.cells:
        if not outcome.counts[cell]:
            continue
        level = outcome.plan.level(cell)
        if level == 1 and outcome.plan.dims == 4 and cell[0]:
            level = 'year'
        shown, total = found.get(level, (0, 0))
        found[level] = shown + (cell not in outcome.hidden), total + 1
    return found


def as_release(plan, cells):
    """A published release as the attacker reads it; P says nothing new."""
    return Release(plan, {c: PENDING if cells[c][1] == 'P' else cells[c][0]
                          for c in plan.cells})


def revise(extension, plan, truth, change):
    """Publish people, add more and publish again: both releases, and the
    cells of the second with their status."""
    extension.start_again()
    extension.record(plan, truth)
    first = extension.published(plan, extension.run('publish'))
    extension.record(plan, change)
    second = extension.published(plan, extension.run('revise'))
    # A category that nobody was in is not listed at first; one that is not
    # listed later may be waiting.
    first = {c: first.get(c, (0, 'A')) for c in plan.cells}
    second = {c: second.get(c, (None, 'P')) for c in plan.cells}
    return as_release(plan, first), as_release(plan, second), second
