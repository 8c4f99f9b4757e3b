"""The extension, asked by SQL.  All of its interface stands here."""
import os
import time

import psycopg2

from tables import hide

FLAT = [1000, 1000, 1000, 1000]
LEVELS = [1000, 100, 10, 1]


class Refused(Exception):
    """Nothing is published: the extension could not certify the table, or
    not in time."""


NO_ANSWER = (psycopg2.errors.ProgramLimitExceeded,
             psycopg2.errors.QueryCanceled)


class Extension:
    def __init__(self):
        self.connection = psycopg2.connect('')
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute('SET statement_timeout = %s',
                            (os.environ.get('TIMEOUT', '600') + 's',))
        # whether insiders is yes or no, or how many join
        self.cursor.execute("""
            SELECT 'integer'::regtype = p.proargtypes[9]
              FROM pg_proc AS p
             WHERE p.oid::regproc = 'tip_impl.protect_cells'::regproc""")
        self.has_coalitions = self.cursor.fetchone()[0]

    def protect(self, plan, truth, threshold=5, width=1, reach=False,
                insiders=1, costs=FLAT):
        """The cells that the extension hides, as a set."""
        return {cell for cell, low, high in self.ask(
            plan, truth, threshold, width, reach, insiders, costs, False)}

    def bounds(self, plan, truth):
        """The cells hidden, and what the extension says of each."""
        found = {cell: (low, high) for cell, low, high in self.ask(
            plan, truth, 5, 1, False, 1, FLAT, True)}
        return set(found), found

    def ask(self, plan, truth, threshold, width, reach, insiders, costs,
            bounds):
        leaves = [leaf for leaf, n in zip(plan.leaves, truth) if n]
        arguments = (
            [t.size for t in plan.trees],
            [p for t in plan.trees for p in t.parents],
            [node for leaf in leaves for node in leaf],
            [n for n in truth if n], plan.tables, costs, threshold, width,
            reach, insiders if self.has_coalitions else insiders > 0, bounds)
        began = time.perf_counter()
        try:
            self.cursor.execute("""
                SELECT c.node, c.low, c.high
                  FROM tip_impl.protect_cells(%s::int4[], %s::int4[],
                           %s::int4[], %s::int8[], %s::int4[], %s::int8[],
                           %s, %s, %s, %s, NULL, %s) AS c
                 WHERE c.is_planned AND c.is_hidden""", arguments)
        except NO_ANSWER as error:
            raise Refused(str(error).splitlines()[0])
        finally:
            self.seconds = time.perf_counter() - began
        return [(tuple(row[0]),) + row[1:] for row in self.cursor]

    def release(self, plan, truth, **policy):
        return hide(plan, truth, self.protect(plan, truth, **policy))

    def peak_memory(self):
        """Megabytes that the server process has had at most, shared and own."""
        with open(f'/proc/{self.connection.get_backend_pid()}/status') as f:
            return next(int(line.split()[1]) for line in f
                        if line.startswith('VmHWM')) / 1024

    def has(self, function):
        self.cursor.execute(
            'SELECT count(*) FROM pg_proc WHERE oid::regproc::text = %s',
            (function,))
        return self.cursor.fetchone()[0] > 0

    # Rounding.

    def round(self, plan, truth, base, label, earlier=None):
        """Every planned cell rounded, and the steps; earlier: the finest
        counts, rounded cells and steps of the version before."""
        counts, rounded, steps = earlier or ([], {}, 0)
        nodes = [node for leaf in plan.leaves for node in leaf]
        try:
            self.cursor.execute("""
                SELECT r.node, r.rounded, r.steps
                  FROM tip_impl.round_cells(%s::int4[], %s::int4[],
                           %s::int4[], %s::int8[], %s::int4[], %s, 5, %s,
                           %s::int8[], %s::int8[], %s::int4[]) AS r
                 WHERE r.is_planned""",
                ([t.size for t in plan.trees],
                 [p for t in plan.trees for p in t.parents],
                 nodes, truth, plan.tables, base, label, counts,
                 [rounded.get(c, -1) for c in plan.all_cells]
                 if earlier else [],
                 [steps] if earlier else []))
        except NO_ANSWER as error:
            raise Refused(str(error).splitlines()[0])
        rows = self.cursor.fetchall()
        return {tuple(r[0]): r[1] for r in rows}, rows[0][2]

    # Publication, from records to the views that everybody reads.

    COLUMNS = ['sex', 'age', 'form']

    def make_plan(self, tables):
        """A plan of one year of invented people; rolled back when we leave.

        tables: bit masks over sex 1, age 2, form 4."""
        self.connection.autocommit = False
        self.tables = {f'attack_{i}': [c for d, c in enumerate(self.COLUMNS)
                                       if mask >> d & 1]
                       for i, mask in enumerate(tables)}
        self.cursor.execute("""
            CREATE SCHEMA attack;
            CREATE TABLE attack.person (year int, sex text, age text,
                                        form text);
            INSERT INTO tip.measure VALUES ('attack', 'invented persons',
                'person', 'year', 'stated', '{sex,age,form}',
                'SELECT * FROM %1$I.person');
            INSERT INTO tip.release_plan VALUES ('attack', 'for a test',
                'attack', 'public_exact', 1)""")
        for i, (name, columns) in enumerate(self.tables.items()):
            self.cursor.execute(
                'INSERT INTO tip.release_plan_table '
                "VALUES (%s, 'attack', %s, 'table', %s)", (name, i, columns))
        self.cursor.execute('SAVEPOINT before')

    def start_again(self):
        """As if nothing had been recorded and published."""
        self.cursor.execute('ROLLBACK TO before')

    def record(self, plan, truth):
        """People of a cube over sex, age and, if it has it, form."""
        people = [[2020] + [t.codes[n] for t, n in zip(plan.trees, leaf)]
                  + [None] * (3 - plan.dims)
                  for leaf, n in zip(plan.leaves, truth) for _ in range(n)]
        self.cursor.executemany(
            'INSERT INTO attack.person VALUES (%s, %s, %s, %s)', people)

    def run(self, function):
        """tip.publish() or tip.revise(), in a transaction that goes on."""
        self.cursor.execute('SAVEPOINT run')
        try:
            self.cursor.execute(
                f"SELECT tip.{function}('attack', 2020, 2020, 'attack')")
        except NO_ANSWER as error:
            self.cursor.execute('ROLLBACK TO run')
            raise Refused(str(error).splitlines()[0])
        return self.cursor.fetchone()[0]

    def public_text(self):
        """What the public can read, byte for byte and in its order."""
        text = []
        for name in self.tables:
            self.cursor.execute(f'SELECT v::text FROM tip_public.{name} AS v')
            text += [row[0] for row in self.cursor]
        return '\n'.join(text)

    def published(self, plan, number):
        """The cells of a release that the plan has, and their status."""
        cells = {}
        for name, columns in self.tables.items():
            self.cursor.execute(
                'SELECT codes, value, obs_status FROM tip.release_cell '
                'WHERE release = %s AND table_name = %s', (number, name))
            for codes, value, status in self.cursor:
                at = dict(zip(columns, codes))
                cell = [t.codes.index(at.get(c, '_T'))
                        if at.get(c, '_T') in t.codes else None
                        for c, t in zip(self.COLUMNS, plan.trees)]
                if None not in cell:
                    cells[tuple(cell)] = value, status
        return cells
