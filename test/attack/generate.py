"""Invented tables, the same ones for the same seed."""
import random

from tables import Plan, Tree, flat_tree

# victims identified a year, published by governments; three years filled in
SERIES = {
    'TT': [8, 5, 13, 14, 14, 34, 6, 80, 12, 15],
    'BB': [5, 12, 8, 0, 0, 0, 0, 1, 0, 0, 0],
}
SHARES = (
    ('sex', ['female', 'male'], [80, 20]),
    ('age', ['adult', 'child'], [68, 32]),
    ('form', ['sexual', 'labour', 'other'], [68, 25, 7]),
)


def brief_series(seed, years=10):
    """20 to 50 victims in each year."""
    r = random.Random(seed)
    return [r.randint(20, 50) for _ in range(years)]


def persons(seed, year_totals):
    """(year, sex, age, form) of every person: places in the lists."""
    r = random.Random(1000 + seed)
    return [(year,) + tuple(r.choices(range(len(codes)), weights)[0]
                            for _, codes, weights in SHARES)
            for year, total in enumerate(year_totals)
            for _ in range(total)]


def count_persons(people, years, tables):
    """A cube over the years given; tables name year 1, sex 2, age 4, form 8.

    With one year there is no year dimension, and bit 1 is not used."""
    trees = [flat_tree(len(codes), codes) for _, codes, _ in SHARES]
    if len(years) > 1:
        trees.insert(0, flat_tree(len(years), [str(y) for y in years]))
    else:
        tables = [t >> 1 for t in tables]
    plan = Plan(trees, tables)
    truth = [0] * len(plan.leaves)
    for person in people:
        if person[0] not in years:
            continue
        leaf = tuple(1 + place for place in person[1:])
        if len(years) > 1:
            leaf = (1 + years.index(person[0]),) + leaf
        truth[plan.place[leaf]] += 1
    return plan, truth


def multinomial(r, total, size, sigma):
    """Whole persons thrown into cells with log-normal weights."""
    weights = [r.lognormvariate(0, sigma) for _ in range(size)]
    truth = [0] * size
    for place in r.choices(range(size), weights, k=total):
        truth[place] += 1
    return truth


def two_level(groups, leaves):
    """A total, groups, and the same number of leaves in each group."""
    parents = [0]
    for g in range(groups):
        at = len(parents)
        parents += [0] + [at] * leaves
    return Tree(parents)


def country_cube(seed, total=40, sigma=1.7):
    """Like tip_country: three dimensions, each total, two groups, leaves."""
    r = random.Random(seed)
    plan = Plan([two_level(2, 3), two_level(2, 2), two_level(2, 2)])
    return plan, multinomial(r, total, len(plan.leaves), sigma)


def random_tree(r, most):
    """A flat or two-level tree with at most so many leaves."""
    if most >= 4 and r.random() < 0.4:
        return two_level(2, r.randint(2, most // 2))
    return flat_tree(r.randint(2, most))


def random_cube(seed, dims, most=4, total=None, tables=None):
    """Random trees, persons and, if asked for, linked tables."""
    r = random.Random(seed)
    plan = Plan([random_tree(r, most) for _ in range(dims)], tables)
    size = len(plan.leaves)
    total = total or r.randint(size // 2 + 1, 4 * size)
    return plan, multinomial(r, total, size, 1.3)


def linked_cube(seed, dims=3):
    """Two or three tables that share dimensions."""
    r = random.Random(seed)
    masks = [m for m in range(1, 1 << dims) if bin(m).count('1') <= 2]
    tables = r.sample(masks, r.randint(2, 3))
    return random_cube(seed, dims, 3, r.randint(12, 60), tables)


def tiny_cube(seed):
    """Small enough that every possible table can be listed."""
    r = random.Random(seed)
    shape = r.choice([(2, 2), (2, 3), (3, 3), (3, 4), (2, 2, 2), (2, 2, 3)])
    tables = None
    if len(shape) == 3 and r.random() < 0.5:
        tables = r.sample([3, 5, 6], 2)
    plan = Plan([flat_tree(n) for n in shape], tables)
    size = len(plan.leaves)
    return plan, multinomial(r, r.randint(3, 16), size, 1.0)
