"""Tables of counts: trees of codes, cubes, what a release shows of them.

Nothing here knows how the extension protects a table.
"""
import csv
import functools
import gzip
import itertools
import os


class Tree:
    """Codes of one dimension; node 0 is the total, parents come first."""

    def __init__(self, parents, codes=None):
        self.parents = parents
        self.codes = codes or [str(i) for i in range(len(parents))]
        self.size = len(parents)
        inner = set(parents[1:])
        self.leaves = [i for i in range(self.size) if i not in inner] \
            if self.size > 1 else [0]

    @functools.lru_cache(maxsize=None)
    def under(self, node):
        """The leaves that are counted in a node."""
        def within(leaf):
            while leaf != node and leaf != 0:
                leaf = self.parents[leaf]
            return leaf == node
        return tuple(i for i in self.leaves if within(i))

    @functools.lru_cache(maxsize=None)
    def children(self, node):
        return tuple(i for i in range(1, self.size)
                     if self.parents[i] == node)


def flat_tree(n, codes=None):
    return Tree([0] * (n + 1), codes and ['_T'] + codes)


class Plan:
    """The tables of one release: bit masks over the dimensions."""

    def __init__(self, trees, tables=None):
        self.trees = trees
        self.dims = len(trees)
        self.tables = tables or [(1 << self.dims) - 1]
        self.all_cells = list(itertools.product(
            *(range(t.size) for t in trees)))
        self.cells = [c for c in self.all_cells if self.shows(c)]
        self.leaves = list(itertools.product(*(t.leaves for t in trees)))
        self.place = {leaf: i for i, leaf in enumerate(self.leaves)}

    def shows(self, cell):
        used = sum(1 << d for d, node in enumerate(cell) if node)
        return any(used & ~table == 0 for table in self.tables)

    @functools.lru_cache(maxsize=None)
    def under(self, cell):
        """Places of the finest cells that a cell adds up."""
        return frozenset(self.place[leaf] for leaf in itertools.product(
            *(t.under(n) for t, n in zip(self.trees, cell))))

    def level(self, cell):
        return sum(node != 0 for node in cell)

    def counts(self, truth):
        """Every cell of the cube: its count."""
        return {c: sum(truth[i] for i in self.under(c))
                for c in self.all_cells}


class Release:
    """What the public sees: a count, or None where it is hidden.

    A hidden cell is at least 1, unless zeros are hidden as well."""

    def __init__(self, plan, shown, least=1):
        self.plan = plan
        self.shown = shown
        self.least = least

    def hidden(self):
        return [c for c in self.plan.cells if self.shown[c] is None]

    def text(self):
        """The release as a file, byte for byte."""
        lines = []
        for cell in self.plan.cells:
            codes = [t.codes[n] for t, n in zip(self.plan.trees, cell)]
            value = self.shown[cell]
            codes.append('*' if value is None else str(value))
            lines.append(','.join(codes))
        return '\n'.join(lines) + '\n'


def hide(plan, truth, hidden, least=1):
    """The release of a table of which some cells are hidden."""
    counts = plan.counts(truth)
    return Release(plan, {c: None if c in hidden else counts[c]
                          for c in plan.cells}, least)


def is_small(n, threshold=5):
    return 0 < n < threshold


def small_cells(plan, truth, threshold=5):
    """All cells that nobody may find out, published or not."""
    return [c for c, n in plan.counts(truth).items()
            if is_small(n, threshold)]


# Instances that are given as files.

def open_text(path):
    if os.path.exists(path):
        return open(path, newline='')
    return gzip.open(path + '.gz', 'rt', newline='')


def read_tree(path):
    codes, parents, last = [], [], {}
    with open_text(path) as file:
        for row in csv.DictReader(file):
            depth = len(row['level'])
            parents.append(last.get(depth - 1, 0))
            last[depth] = len(codes)
            codes.append(row['code'])
    return Tree(parents, codes)


def read_instance(folder, name):
    dims = ('region', 'age', 'form')
    plan = Plan([read_tree(f'{folder}/{name}_hier_{d}.csv') for d in dims])
    truth = [0] * len(plan.leaves)
    with open_text(f'{folder}/{name}_inner.csv') as file:
        for row in csv.DictReader(file):
            leaf = tuple(t.codes.index(row[d])
                         for t, d in zip(plan.trees, dims))
            truth[plan.place[leaf]] += int(row['n'])
    return plan, truth


def read_pattern(path, plan):
    """The cells that another system hid."""
    hidden = set()
    with open_text(path) as file:
        for row in csv.DictReader(file):
            if row['suppressed'] == 'TRUE':
                hidden.add(tuple(
                    t.codes.index(row[d])
                    for t, d in zip(plan.trees, ('region', 'age', 'form'))))
    return hidden
