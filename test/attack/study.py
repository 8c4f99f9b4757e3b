"""The full studies: python3 study.py TOPIC...; each prints what it measured.

SEEDS is the number of invented tables per kind (default 20).
"""
import itertools
import os
import random
import sys
import time

import pattern
from attacker import Audit
from extension import LEVELS, Extension, Refused
from generate import (SERIES, brief_series, count_persons, country_cube,
                      linked_cube, persons, random_cube)
from harness import Outcome, is_safe, protect, revise, shares
from history import (Rounded, additive, alone, audit_pair, changes_found,
                     rounded_relations)
from tables import is_small, read_instance, read_pattern, small_cells

SEEDS = int(os.environ.get('SEEDS', '20'))
SHARED = os.path.join(os.environ.get('TIP_SHARED_DATA', ''), 'sdc')
TOPICS = {}


def topic(function):
    TOPICS[function.__name__] = function
    return function


def line(*columns):
    print('  '.join(str(c).rjust(8) if i else str(c).ljust(28)
                    for i, c in enumerate(columns)), flush=True)


def mean(numbers):
    numbers = list(numbers)
    return round(sum(numbers) / len(numbers), 2) if numbers else '-'


def percent(part, whole):
    return f'{100 * part / whole:.1f} %' if whole else '-'


def attempt(*arguments, **policy):
    """An outcome, or None where the extension refuses."""
    try:
        return protect(*arguments, **policy)
    except Refused:
        return None


@topic
def peers():
    """What this attacker finds in the patterns of other systems."""
    line('pattern', 'hidden', 'more', 'value', 'integer', 'linear',
         'insiders', 'of')
    for name in ('tip_country', 'tip1e3'):
        plan, truth = read_instance(SHARED, name)
        for file in sorted(os.listdir(SHARED)):
            if f'_{name}' not in file or not file.startswith('peer_'):
                continue
            if 'TRUE' in file:      # zeros hidden as well: another rule
                continue
            x = Outcome(plan, truth, read_pattern(f'{SHARED}/{file}', plan))
            line(file[5:-4], len(x.hidden), len(x.secondary), x.value,
                 len(x.exact), len(x.linear()), len(x.insiders()),
                 len(x.singletons()))


def loss_line(name, extension, plan, truth, insiders, bar):
    began = time.perf_counter()
    try:
        x = protect(extension, plan, truth, insiders=insiders)
    except Refused as why:
        line(name, 'refused', str(why))
        return None
    attack = time.perf_counter() - began - extension.seconds
    line(name, insiders, len(x.secondary), bar, x.value,
         len(x.bare) + len(x.exact), len(x.linear()), len(x.insiders()),
         f'{extension.seconds:.2f}', f'{extension.peak_memory():.0f}',
         f'{attack:.1f}')
    return x


HEADING = ('table', 'insiders', 'more', 'bar', 'value', 'exact', 'linear',
           'fixers', 's', 'MB', 'attack s')


def instances(wanted):
    line(*HEADING)
    for name, insiders, bar in wanted:
        if os.path.isdir(SHARED):
            loss_line(name, Extension(), *read_instance(SHARED, name),
                      insiders, bar)
        else:
            line(name, 'no shared data')


@topic
def loss():
    """Cells hidden besides the small ones; all prices alike, threshold 5."""
    instances((('tip_country', 0, 46), ('tip_country', 1, 52),
               ('tip1e3', 0, 253), ('tip1e3', 1, '-')))
    extension = Extension()
    for insiders in (0, 1):
        found = [attempt(extension, *country_cube(s), insiders=insiders)
                 for s in range(1, SEEDS + 1)]
        found = [x for x in found if x]
        line(f'40 persons, {len(found)} seeds', insiders,
             mean(len(x.secondary) for x in found), 51 if insiders else '-',
             mean(x.value for x in found),
             sum(len(x.bare) + len(x.exact) for x in found),
             sum(len(x.linear()) for x in found),
             sum(len(x.insiders()) for x in found))


@topic
def scale():
    """The largest instance; see TIMEOUT."""
    instances((('tip1e4', 0, 2000),))


KINDS = (
    ('40 persons', country_cube, {}),
    ('2 dimensions', lambda s: random_cube(s, 2, 6), {}),
    ('3 dimensions', lambda s: random_cube(s, 3, 4), {}),
    ('4 dimensions', lambda s: random_cube(s, 4, 3), {}),
    ('linked, 3 dimensions', lambda s: linked_cube(s, 3), {}),
    ('linked, 4 dimensions', lambda s: linked_cube(s, 4), {}),
    ('linked, bounds 2 apart', lambda s: linked_cube(s, 4),
     {'width': 2, 'costs': LEVELS}),
    ('linked, bounds reach 5', lambda s: linked_cube(s, 3),
     {'width': 2, 'costs': LEVELS, 'reach': True}),
    ('three years', lambda s: count_persons(
        persons(s, brief_series(s)), [0, 1, 2], [1, 8, 6]),
     {'width': 2, 'costs': LEVELS}),
)


@topic
def safety():
    """Small cells found out by nobody, in many kinds of tables."""
    extension = Extension()
    most = 2 if extension.has_coalitions else 1
    line('kind', 'tables', 'refused', 'small', 'exact', 'linear', 'fixers',
         'of', 'pairs', 'of', 'members')
    for name, make, policy in KINDS:
        for insiders in range(1, most + 1):
            found = [attempt(extension, *make(1000 + s), **policy,
                             insiders=insiders) for s in range(SEEDS)]
            good = [x for x in found if x]
            pairs = [x.coalitions() for x in good
                     if len(x.plan.cells) < 250]
            line(f'{name}, {insiders}', len(good), len(found) - len(good),
                 sum(len(x.small) for x in good),
                 sum(len(x.bare) + len(x.exact) for x in good),
                 sum(len(x.linear()) for x in good),
                 sum(len(x.insiders()) for x in good),
                 sum(len(x.singletons()) for x in good),
                 sum(len(p) for p, _ in pairs), sum(n for _, n in pairs),
                 sum(len(x.members()) for x in good))


def cheapest(plan, truth, width, costs):
    """The least price of a safe pattern: every pattern is tried."""
    counts = plan.counts(truth)
    must = {c for c in plan.cells if is_small(counts[c])}
    free = [c for c in plan.cells if counts[c] and c not in must]
    prices = {c: costs[min(plan.level(c), 3)] for c in free}
    choices = [c for k in range(len(free) + 1)
               for c in itertools.combinations(free, k)]
    for choice in sorted(choices, key=lambda c: sum(map(prices.get, c))):
        if is_safe(Outcome(plan, truth, must | set(choice), width=width)):
            return sum(map(prices.get, choice)), choice
    return None


@topic
def best():
    """Yearly one-way tables: is there a cheaper pattern that is safe?"""
    extension = Extension()
    tables = dearer = shown = could = cells = 0
    for seed in range(SEEDS // 2):
        people = persons(seed, brief_series(seed))
        for year in range(10):
            plan, truth = count_persons(people, [year], [2, 4, 8])
            x = attempt(extension, plan, truth, width=2, costs=LEVELS)
            price, choice = cheapest(plan, truth, 2, LEVELS)
            mine = sum(LEVELS[plan.level(c)] for c in x.secondary)
            tables += 1
            if mine > price:
                dearer += 1
                line(f'seed {seed}, year {year}', mine, price,
                     [t.codes for t in plan.trees], truth)
            ways = [c for c in plan.cells if plan.level(c) == 1
                    and x.counts[c]]
            cells += len(ways)
            shown += sum(c not in x.hidden for c in ways)
            could += sum(c not in choice and not is_small(x.counts[c])
                         for c in ways)
    line('tables', tables, 'dearer', dearer)
    line('one-way cells shown', percent(shown, cells), 'at best',
         percent(could, cells))


PLANS = (
    # name, years, tables: year 1, sex 2, age 4, form 8
    ('year, one-way', 1, [2, 4, 8]),
    ('3 years, one-way', 3, [1, 2, 4, 8]),
    ('3 years, form, sex x age', 3, [1, 8, 6]),
    ('3 years, two-way', 3, [1, 6, 10, 12]),
)


@topic
def utility():
    """Share of the cells with people that are shown, policy public_exact."""
    extension = Extension()
    line('series, plan', 'total', 'year', '1-way', '2-way', 'refused',
         'exact', 'fixers')
    for series in ('brief', 'TT', 'BB'):
        for name, length, tables in PLANS:
            found, refused, exact, fixers = {}, 0, 0, 0
            for seed in range(SEEDS):
                totals = SERIES.get(series) or brief_series(seed)
                people = persons(seed, totals)
                for first in range(0, len(totals) - length + 1, length):
                    cube = count_persons(
                        people, list(range(first, first + length)), tables)
                    x = attempt(extension, *cube, width=2, costs=LEVELS)
                    if x is None:
                        refused += 1
                        continue
                    exact += len(x.exact) + len(x.bare)
                    fixers += len(x.insiders())
                    for level, (part, whole) in shares(x).items():
                        was = found.get(level, (0, 0))
                        found[level] = was[0] + part, was[1] + whole
            line(f'{series}, {name}', *(percent(*found.get(k, (0, 0)))
                                        for k in (0, 'year', 1, 2)),
                 refused, exact, fixers)


@topic
def patterns():
    """What the choice of hidden cells gives away to who knows how it is
    made: tables that remain, and small cells that are exact in all."""
    extension = Extension()
    line('table', 'small', 'tables', 'exact', 'valid', 'exact', 'minimal',
         'exact', 'same', 'exact')
    cases = []
    if os.path.isdir(SHARED):
        instance = read_instance(SHARED, 'tip_country')
        cases += [(f'tip_country, {i}', instance, {'insiders': i})
                  for i in (0, 1)]
    cases += [(f'40 persons, seed {s}', country_cube(s), {'limit': 3000})
              for s in range(1, 1 + SEEDS // 2)]
    cases += [(f'3 dimensions, seed {s}', random_cube(s, 3, 3, 20),
               {'limit': 3000}) for s in range(SEEDS)]
    cases += [(f'year, seed {s}', count_persons(
        persons(s, brief_series(s)), [0], [6]),
        {'width': 2, 'costs': LEVELS, 'limit': 3000}) for s in range(SEEDS)]
    skipped = 0
    for name, cube, policy in cases:
        try:
            r = pattern.study(extension, *cube, **policy)
        except Refused:
            line(name, 'refused')
            continue
        if r['tables'] is None:
            skipped += 1
            continue
        line(name, r['small'], *(r[k + e] for k in
                                 ('tables', 'valid', 'minimal', 'same')
                                 for e in ('', '_exact')))
    line('too many tables to list', skipped)


@topic
def bounds():
    """Do the extension's bounds depend on what is hidden?  Two tables with
    one release must have the same bounds, hidden totals included."""
    extension = Extension()
    seen, differ, twins = {}, 0, 0
    for total in range(1, 60):
        for seed in range(4):
            r = random.Random(100 * total + seed)
            plan, truth = random_cube(7, 2, 3, total)
            truth = [0] * len(plan.leaves)
            for _ in range(total):
                truth[r.randrange(min(3, len(truth)))] += 1
            try:
                hidden, found = extension.bounds(plan, truth)
            except Refused:
                continue
            text = Outcome(plan, truth, hidden).release.text()
            if text in seen and seen[text][0] != truth:
                twins += 1
                differ += seen[text][1] != found
            seen.setdefault(text, (truth, found))
    line('pairs with one release', twins, 'bounds differ', differ)


def rounded(extension, plan, truth, base, label, earlier=None, total=True):
    """A rounded table as the attacker has it, with the exact total."""
    shown, steps = extension.round(plan, truth, base, label, earlier)
    top = (0,) * plan.dims
    return Rounded(plan, shown, base, {top: sum(truth)} if total else None,
                   steps)


def rounding_fixes(release, truth, pins=None):
    """Small cells that an attacker of a rounded table pins down."""
    plan = release.plan
    cells = [c for c in small_cells(plan, truth)
             if not pins or not plan.under(c) <= frozenset(pins)]
    audit = Audit(rounded_relations(release, pins),
                  [plan.under(c) for c in cells])
    return len(audit.narrow())


@topic
def rounding():
    """Rounded tables: error, addition, four attackers."""
    extension = Extension()
    if not extension.has('tip_impl.round_cells'):
        line('there is no tip_impl.round_cells')
        return
    line('tables, base', 'tables', 'refused', 'not zero', 'error', 'steps',
         'sums off', 'outsider', 'total', 'insider', 'revision')
    for ways, tables in ((1, [2, 4, 8]), (2, [6, 10, 12]), (3, [14])):
        for base in (3, 5):
            rounding_line(extension, ways, tables, base)


def rounding_line(extension, ways, tables, base):
    count = refused = off = cells = far = 0
    error = fixed_open = fixed_total = fixed_own = fixed_new = 0
    for seed in range(SEEDS):
        people = persons(seed, brief_series(seed))
        plan, truth = count_persons(people, [0], tables)
        label = f'{ways} {base} {seed}'
        try:
            first = rounded(extension, plan, truth, base, label)
            r = random.Random(seed)
            change = [0] * len(truth)
            change[r.choices(range(len(truth)), [n + 0.1 for n in truth])[0]] \
                = 1
            after = [a + b for a, b in zip(truth, change)]
            second = rounded(
                extension, plan, after, base, label,
                (truth, first.shown, first.away // base))
        except Refused:
            refused += 1
            continue
        count += 1
        counts = plan.counts(truth)
        filled = [c for c in plan.cells if counts[c]]
        cells += len(filled)
        error += sum(abs(counts[c] - first.shown[c]) for c in filled)
        far += first.away > base - 1
        off += not additive(first)
        fixed_open += rounding_fixes(
            Rounded(plan, first.shown, base, None, first.away // base), truth)
        fixed_total += rounding_fixes(first, truth)
        fixed_own += sum(rounding_fixes(first, truth, {v: 1}) > 0
                         for v, n in enumerate(truth) if n == 1)
        fixed_new += len(audit_pair(first, second, small_cells(plan, truth),
                                    small_cells(plan, after)))
        fixed_new += len(changes_found(first, second, change, 1))
        fixed_new += sum(bool(audit_pair(
            first, second, small_cells(plan, truth),
            small_cells(plan, after), 1, pins))
            for pins in alone(truth, change))
    line(f'{ways}-way, base {base}', count, refused, cells,
         f'{error / cells:.2f}' if cells else '-', far, off, fixed_open,
         fixed_total, fixed_own, fixed_new)


@topic
def history():
    """One person and more are added to a published year, which is revised:
    what do both releases give away together?"""
    extension = Extension()
    if not extension.has('tip.revise'):
        line('there is no tip.revise')
        return
    line('people added', 'pairs', 'refused', 'cells', 'pending', 'hidden',
         'exact', 'changes', 'insiders')
    extension.make_plan([1, 2, 4])
    for added in (1, 3, 6, 12):
        history_line(extension, added, 5 * SEEDS if added == 1 else SEEDS)


def history_line(extension, added, pairs):
    counted = refused = cells = pending = hidden = 0
    exact = changes = fixers = 0
    for seed in range(pairs):
        people = persons(seed, brief_series(seed))
        plan, truth = count_persons(people, [0], [2, 4, 8])
        _, change = count_persons(persons(5000 + seed, [added]), [0], [2])
        after = [a + b for a, b in zip(truth, change)]
        try:
            a, b, second = revise(extension, plan, truth, change)
        except Refused:
            refused += 1
            continue
        counted += 1
        cells += len(plan.cells)
        pending += sum(s == 'P' for _, s in second.values())
        hidden += sum(s == 'Q' for _, s in second.values())
        small = small_cells(plan, truth), small_cells(plan, after)
        exact += len(audit_pair(a, b, *small, added))
        changes += len(changes_found(a, b, change, added))
        fixers += sum(bool(audit_pair(a, b, *small, added, pins))
                      for pins in alone(truth, change))
    line(added, counted, refused, cells, percent(pending, cells),
         percent(hidden, cells), exact, changes, fixers)


def main():
    for name in sys.argv[1:] or TOPICS:
        print(f'\n## {name}: {TOPICS[name].__doc__}', flush=True)
        began = time.perf_counter()
        TOPICS[name]()
        print(f'({time.perf_counter() - began:.0f} s)', flush=True)


main()
