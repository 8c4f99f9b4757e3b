"""The fixed part of the studies, as TAP, for test/t/071_attack.pl."""
import os
import random
import sys
import traceback

import brute
from attacker import (Attacker, audit_release, every_table, exact_cells,
                      exact_linear, relations_of)
from extension import LEVELS, Extension
from generate import (SERIES, brief_series, count_persons, country_cube,
                      linked_cube, multinomial, persons, random_cube,
                      tiny_cube)
from harness import Outcome, is_safe, protect, revise
from history import (Rounded, additive, alone, audit_pair, both,
                     changes_found, joint_relations)
from pattern import Candidates
from tables import (Plan, flat_tree, hide, is_small, read_instance,
                    read_pattern, small_cells)

SHARED = os.path.join(os.environ.get('TIP_SHARED_DATA', ''), 'sdc')
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def same(name, got, wanted):
    print(f'ok - {name}' if got == wanted else
          f'not ok - {name}: {got} instead of {wanted}', flush=True)


# The attacker itself, against a list of every possible table.

def some_release(seed):
    """A tiny table of which some cells are hidden at random."""
    plan, truth = tiny_cube(seed)
    r = random.Random(seed)
    counts = plan.counts(truth)
    chance = {c: 0.9 if is_small(n) else 0.3 for c, n in counts.items() if n}
    hidden = {c for c in plan.cells if any(c)
              and r.random() < chance.get(c, 0)}
    return hide(plan, truth, hidden), truth


def differences(release, pins):
    """Cells whose bounds differ, cells compared, tables found or not."""
    plan = release.plan
    tables = brute.possible_tables(release, pins, 5000)
    attacker = Attacker(relations_of(release, pins))
    base = attacker.base()
    narrow = audit_release(release, plan.all_cells, pins).narrow()
    wrong = 0
    for i, cell in enumerate(plan.all_cells):
        wanted = brute.bounds(release, cell, tables)
        got = tuple(attacker.extreme(plan.under(cell), side, True, base)[0]
                    for side in (False, True))
        wrong += got != wanted or (i in narrow) != (got[0] == got[1])
    listed = every_table(relations_of(release, pins, True), 5000)
    wrong += sorted(tables) != sorted(map(list, listed))
    return wrong, len(plan.all_cells), len(tables) > 1


@test
def attacker_against_enumeration():
    wrong = cells = open_tables = 0
    for seed in range(60):
        release, truth = some_release(seed)
        for pins in [{}] + [{v: 1} for v, n in enumerate(truth) if n == 1][:1]:
            try:
                w, c, several = differences(release, pins)
            except ValueError:
                continue
            wrong, cells = wrong + w, cells + c
            open_tables += several
    same('attacker\'s bounds are those of all possible tables', wrong, 0)
    same('of enough tables that are not known already',
         cells > 1500 and open_tables > 50, True)


def random_pair(seed):
    """Two releases of a tiny table, before and after one person."""
    r = random.Random(seed)
    plan = Plan([flat_tree(2), flat_tree(2)] if seed % 2 else [flat_tree(4)])
    before = multinomial(r, r.randint(3, 6), 4, 0.8)
    after = list(before)
    after[r.randrange(4)] += 1
    top = (0,) * plan.dims

    def show(truth):
        counts = plan.counts(truth)
        if seed % 3:
            return hide(plan, truth, {c for c in plan.cells if counts[c]
                                      and c != top and r.random() < 0.5})
        return Rounded(plan, {c: 3 * ((n + r.choice([0, 2])) // 3)
                              if n % 3 else n for c, n in counts.items()},
                       3, {top: counts[top]})
    return show(before), show(after), sum(after)


@test
def pairs_against_enumeration():
    wrong = 0
    for seed in range(24):
        first, second, most = random_pair(seed)
        fits = [brute.fits_rounded(x) if isinstance(x, Rounded) else
                brute.fits_exact(x) for x in (first, second)]
        pairs = brute.possible_pairs(first.plan, *fits, most)
        attacker = Attacker(joint_relations(first, second))
        base = attacker.base()
        for cell in first.plan.cells:
            group = first.plan.under(cell)
            new = [int(v in group) for _, v in pairs]
            old = [sum(t[i] for i in group) for t, _ in pairs]
            for members, sums in (
                    (group, old), ({v + 4 for v in group}, new),
                    (both(group, 4), [a + b for a, b in zip(old, new)])):
                got = [attacker.extreme(members, side, True, base)[0]
                       for side in (False, True)]
                wrong += got != [min(sums), max(sums)]
    same('attacker of two releases finds what enumeration finds', wrong, 0)


# Patterns that are known to be unsafe.

@test
def primary_suppression_alone_is_caught():
    caught = targets = 0
    for seed in range(5):
        people = persons(seed, brief_series(seed))
        plan, truth = count_persons(people, [0], [14])
        small = small_cells(plan, truth)
        release = hide(plan, truth, set(small))
        caught += len(exact_cells(release, small)[0])
        targets += len(small)
    same('hiding small cells only is caught', caught, targets)


# pattern: cells that are exact by integers, by linear programs
PEERS = {
    'tip_country': {
        'gauss_tip_country_FALSE': (25, 24),
        'sdctable_SIMPLEHEURISTIC_tip_country': (23, 23),
        'sdctable_SIMPLEHEURISTIC_OLD_tip_country': (126, 126),
        'sdctable_GAUSS_tip_country': (0, 0),
        'sdctable_HYPERCUBE_tip_country': (0, 0),
        'sdctable_OPT_tip_country': (0, 0)},
    'tip1e3': {
        'gauss_tip1e3_FALSE': (11, 11),
        'sdctable_SIMPLEHEURISTIC_OLD_tip1e3': (376, 376),
        'sdctable_GAUSS_tip1e3': (0, 0),
        'sdctable_HYPERCUBE_tip1e3': (0, 0)}}


def peer_release(name, peer):
    plan, truth = read_instance(SHARED, name)
    hidden = read_pattern(f'{SHARED}/peer_{peer}.csv', plan)
    return plan, truth, hidden


@test
def unsafe_patterns_of_other_systems():
    if not os.path.isdir(SHARED):
        print('ok - patterns of other systems # skip no shared data')
        return
    for name, peers in PEERS.items():
        for peer, wanted in peers.items():
            outcome = Outcome(*peer_release(name, peer))
            same(f'cells given away by {peer}',
                 (len(outcome.exact), len(outcome.linear())), wanted)
    for peer, leaking in (('OPT', 1), ('HYPERCUBE', 0)):
        outcome = Outcome(*peer_release(
            'tip_country', f'sdctable_{peer}_tip_country'))
        same(f'insiders who learn from {peer}', len(outcome.insiders()),
             leaking)


# The extension.

@test
def extension_holds():
    extension = Extension()
    for name, cubes, policy in (
            ('40 persons', [country_cube(s) for s in range(1, 11)], {}),
            ('2 dimensions', [random_cube(s, 2, 6) for s in range(10)], {}),
            ('3 dimensions', [random_cube(s, 3, 4) for s in range(10)], {}),
            ('4 dimensions', [random_cube(s, 4, 3) for s in range(6)], {}),
            ('linked tables', [linked_cube(s) for s in range(20)], {}),
            ('bounds 2 apart', [linked_cube(s, 4) for s in range(10)],
             {'width': 2, 'costs': LEVELS}),
            ('bounds that reach 5', [linked_cube(s) for s in range(10)],
             {'width': 2, 'costs': LEVELS, 'reach': True})):
        outcomes = [protect(extension, *cube, **policy) for cube in cubes]
        same(f'{name}: no small cell is shown or found out by anybody',
             sum(not is_safe(x) for x in outcomes), 0)
    if os.path.isdir(SHARED):
        outcome = protect(extension, *read_instance(SHARED, 'tip_country'))
        same('tip_country: nothing leaks', is_safe(outcome), True)
        same('tip_country: at most 52 more cells',
             len(outcome.secondary) <= 52, True)


@test
def harness_can_fail():
    extension = Extension()
    outcomes = [protect(extension, *country_cube(s), insiders=0)
                for s in range(1, 6)]
    same('an extension that forgets insiders is caught',
         any(x.insiders() for x in outcomes), True)


@test
def loss_of_fresh_tables():
    extension = Extension()
    secondary = [len(extension.protect(*cube)) - len(small_cells(*cube))
                 for cube in (country_cube(s) for s in range(1, 21))]
    same('40 persons: 51 more cells or fewer in the mean of 20',
         sum(secondary) / len(secondary) <= 51, True)


@test
def yearly_and_closed_periods():
    extension = Extension()
    unsafe = tables = 0
    for people, length in ((persons(1, brief_series(1)), 10),
                           (persons(1, SERIES['BB']), 11)):
        groups = [([y], [2, 4, 8]) for y in range(length)] + \
            [(range(y, y + 3), [1, 8, 6]) for y in range(0, length - 2, 3)]
        for years, masks in groups:
            cube = count_persons(people, list(years), masks)
            if sum(cube[1]):
                tables += 1
                unsafe += not is_safe(protect(
                    extension, *cube, width=2, costs=LEVELS))
    same('plans of a year and of three years leak nothing', unsafe, 0)
    same('and there were such plans', tables > 15, True)


@test
def bounds_of_the_extension():
    """Its own attacker against ours, where a total is shown."""
    extension = Extension()
    wrong = compared = 0
    for seed in range(12):
        plan, truth = random_cube(seed, 2 + seed % 2, 4)
        hidden, bounds = extension.bounds(plan, truth)
        if (0,) * plan.dims in hidden:
            continue
        attacker = Attacker(relations_of(hide(plan, truth, hidden)))
        base = attacker.base()
        for cell, found in bounds.items():
            wrong += found != tuple(
                attacker.extreme(plan.under(cell), side, True, base)[0]
                for side in (False, True))
            compared += 1
    same('its bounds of hidden cells are ours', wrong, 0)
    same('and there were hidden cells', compared > 100, True)


def twin(extension, plan, truth, **policy):
    """Another table with the same release, but with other small cells."""
    release = extension.release(plan, truth, **policy)
    found = Candidates(release, limit=500)
    return next((t for t in found.tables.tolist()
                 if small_cells(plan, t) != small_cells(plan, truth)
                 and extension.release(plan, t, **policy).text()
                 == release.text()), None)


@test
def marks():
    """Two tables that look alike, with other cells small: the same bytes."""
    extension = Extension()
    extension.make_plan([3])
    differ = pairs = 0
    for seed in range(20):
        plan = Plan([flat_tree(2, ['female', 'male']),
                     flat_tree(2, ['adult', 'child'])])
        truth = multinomial(random.Random(seed), 30, 4, 1.0)
        other = twin(extension, plan, truth, width=2, costs=LEVELS)
        if other:
            pairs += 1
            texts = []
            for table in (truth, other):
                extension.start_again()
                extension.record(plan, table)
                extension.run('publish')
                texts.append(extension.public_text())
            differ += texts[0] != texts[1] or texts[0] == ''
    same('which hidden cells are small changes no byte', differ, 0)
    same('and there were such tables', pairs > 2, True)


def rounded(extension, plan, truth, label, earlier=None):
    shown, steps = extension.round(plan, truth, 5, label, earlier)
    return Rounded(plan, shown, 5, {(0,) * plan.dims: sum(truth)}, steps)


@test
def rounded_tables():
    """Base 5, the exact totals known, one person added and rounded again."""
    extension = Extension()
    if not extension.has('tip_impl.round_cells'):
        print('ok - rounded tables # skip no tip_impl.round_cells')
        return
    leaks = off = 0
    for seed in range(4):
        plan, truth = count_persons(
            persons(seed, brief_series(seed)), [0], [6, 10, 12])
        change = [int(v == seed) for v in range(len(truth))]
        after = [a + b for a, b in zip(truth, change)]
        first = rounded(extension, plan, truth, f'check {seed}')
        second = rounded(extension, plan, after, f'check {seed}',
                         (truth, first.shown, first.away // 5))
        small = small_cells(plan, truth), small_cells(plan, after)
        off += not (additive(first) and additive(second))
        leaks += len(audit_pair(first, second, *small))
        leaks += len(changes_found(first, second, change, 1))
        leaks += sum(bool(audit_pair(first, second, *small, 1, pins))
                     for pins in alone(truth, change))
    same('rounded tables add up', off, 0)
    same('two versions of them pin nothing down', leaks, 0)


@test
def revisions():
    """A published year, people added, and the year revised."""
    extension = Extension()
    if not extension.has('tip.revise'):
        print('ok - revisions # skip no tip.revise')
        return
    extension.make_plan([1, 2, 4])
    leaks = shown = 0
    for seed in range(6):
        plan, truth = count_persons(
            persons(seed, brief_series(seed)), [0], [2, 4, 8])
        added = 12 if seed % 2 else 1
        _, change = count_persons(persons(90 + seed, [added]), [0], [2])
        after = [a + b for a, b in zip(truth, change)]
        first, second, cells = revise(extension, plan, truth, change)
        small = small_cells(plan, truth), small_cells(plan, after)
        leaks += len(audit_pair(first, second, *small, added))
        leaks += len(changes_found(first, second, change, added))
        shown += sum(status == 'A' for _, status in cells.values())
    same('a release and its revision pin nothing down together', leaks, 0)
    same('and there was something new', shown > 0, True)


def main():
    for function in TESTS:
        try:
            function()
        except Exception:
            print(f'not ok - {function.__name__} ends')
            traceback.print_exc()
    print('# done')


sys.exit(main())
