"""Every table that agrees with a release, one by one.

To check the attacker: no solver, no relations, only the released cells.
"""
import itertools


def possible_tables(release, pins=None, limit=2_000_000):
    """All whole tables that show what the release shows, by search."""
    plan, shown = release.plan, release.shown
    pins = pins or {}
    size = len(plan.leaves)
    groups = [(plan.under(c), shown[c]) for c in plan.cells]
    caps = [min([n for g, n in groups if v in g and n is not None],
                default=None) for v in range(size)]
    if None in caps:
        raise ValueError('no published number bounds a cell')
    # a cell is judged as soon as its last unknown has a value
    ends = [[] for _ in range(size)]
    for group, n in groups:
        ends[max(group)].append((group, n))
    table = [0] * size
    found = []

    def fits(v):
        return all(sum(table[i] for i in g) == n if n is not None
                   else any(table[i] for i in g) for g, n in ends[v])

    def search(v):
        if v == size:
            found.append(list(table))
            if len(found) > limit:
                raise ValueError('too many tables')
            return
        for table[v] in [pins[v]] if v in pins else range(caps[v] + 1):
            if all(n is None or sum(table[i] for i in g if i <= v) <= n
                   for g, n in groups if v in g) and fits(v):
                search(v + 1)
        table[v] = 0
    search(0)
    return found


def bounds(release, cell, tables):
    sums = [sum(t[i] for i in release.plan.under(cell)) for t in tables]
    return min(sums), max(sums)


def possible_pairs(plan, fits_first, fits_second, most):
    """All (table, place of one more person) that two tests of all cells'
    counts accept; every finest count is at most `most`."""
    found = []
    for table in itertools.product(range(most + 1),
                                   repeat=len(plan.leaves)):
        if not fits_first(plan.counts(table)):
            continue
        for v in range(len(table)):
            after = list(table)
            after[v] += 1
            if fits_second(plan.counts(after)):
                found.append((table, v))
    return found


def fits_exact(release):
    return lambda counts: all(
        counts[c] == n if n is not None else counts[c] >= 1
        for c, n in release.shown.items())


def fits_rounded(release):
    return lambda counts: all(
        counts[c] == release.exact[c] if c in release.exact
        else abs(counts[c] - n) <= release.away
        for c, n in release.shown.items())
