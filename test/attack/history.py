"""Two releases of the same people, before and after some were added.

The unknowns are the first table x and the change d: cells 0..N-1 and N..2N-1.
A release shows exact counts, or counts rounded to a base, or nothing new.
"""
from attacker import Attacker, Audit, Relations

PENDING = 'r-pending'


class Rounded:
    """A table of which every count was rounded to a multiple of a base.

    exact: cells that are known as they are, such as a headline total.
    steps: multiples that a count may be away from its own, beyond one.
    """

    def __init__(self, plan, shown, base, exact=None, steps=0):
        self.plan = plan
        self.shown = shown
        self.base = base
        self.away = base * (steps + 1) - 1
        self.exact = exact or {}


def window(release, cell):
    """What a release says about a cell: least and most, or None."""
    n = release.shown[cell]
    if isinstance(release, Rounded):
        if cell in release.exact:
            return release.exact[cell], release.exact[cell]
        return max(0, n - release.away), n + release.away
    if n == PENDING:
        return None
    return (n, n) if n is not None else (release.least, None)


def add_release(relations, release, cap, also=0):
    """Add what a release says; also: distance to further unknowns that its
    counts include."""
    plan = release.plan
    for cell in plan.cells:
        said = window(release, cell)
        if said is None:
            continue
        low, high = said
        members = set(plan.under(cell))
        if also:
            members |= {v + also for v in members}
        relations.add(members, low, cap if high is None else high)
        if high == 0:
            for v in members:
                relations.add((v,), 0, 0)


def cap_of(*releases):
    return 10 * (50 + sum(n for r in releases for n in r.shown.values()
                          if isinstance(n, int)))


def rounded_relations(release, pins=None):
    relations = Relations(len(release.plan.leaves), cap_of(release))
    add_release(relations, release, cap_of(release))
    for v, n in (pins or {}).items():
        relations.add((v,), n, n)
    relations.simplify()
    return relations


def joint_relations(first, second, added=1, pins=None):
    """Both releases; added: how many people the attacker knows to be new,
    or None.  pins are cells of the first table (v) or the change (N + v)."""
    size = len(first.plan.leaves)
    cap = cap_of(first, second)
    relations = Relations(2 * size, cap)
    add_release(relations, first, cap)
    add_release(relations, second, cap, size)
    if added is not None:
        relations.add(range(size, 2 * size), added, added)
        for v in range(size, 2 * size):
            relations.add((v,), 0, added)
    for v, n in (pins or {}).items():
        relations.add((v,), n, n)
    relations.simplify()
    return relations


def both(group, size):
    return frozenset(group) | {v + size for v in group}


def audit_pair(first, second, before, after, added=1, pins=None):
    """Small cells of either table that the two releases pin down.

    before, after: the small cells of the first and of the second table.
    """
    plan = first.plan
    size = len(plan.leaves)
    targets = [plan.under(c) for c in before] + \
        [both(plan.under(c), size) for c in after]
    own = frozenset(pins or ())
    relations = joint_relations(first, second, added, pins)
    fixed = frozenset(v for v in range(2 * size)
                      if relations.high[v] == 0) | own
    kept = [i for i, t in enumerate(targets) if not t <= fixed]
    audit = Audit(relations, [targets[i] for i in kept])
    return [(list(before) + list(after))[kept[i]] for i in audit.narrow()]


def changes_found(first, second, change, added, threshold=5, pins=None):
    """Cells of the change, small and not zero, that are pinned down: what is
    learnt about the people who were added."""
    plan = first.plan
    size = len(plan.leaves)
    counts = plan.counts(change)
    cells = [c for c in plan.all_cells if 0 < counts[c] < threshold
             and any(c)]
    audit = Audit(joint_relations(first, second, added, pins),
                  [frozenset(v + size for v in plan.under(c))
                   for c in cells])
    return [cells[i] for i in audit.narrow()]


def additive(release):
    """Does every shown margin equal the sum of its shown parts?"""
    plan, shown = release.plan, release.shown
    for cell in plan.cells:
        for d, tree in enumerate(plan.trees):
            parts = [cell[:d] + (k,) + cell[d + 1:]
                     for k in tree.children(cell[d])]
            if parts and all(p in shown for p in parts) and \
                    sum(shown[p] for p in parts) != shown[cell]:
                return False
    return True


def alone(truth, change):
    """What each person knows who is alone in a finest cell, before or after:
    of both tables where she is alone in both."""
    size = len(truth)
    for v, (n, more) in enumerate(zip(truth, change)):
        if n + more == 1:
            yield {v: n, v + size: more}
        elif n == 1:
            yield {v: n}
