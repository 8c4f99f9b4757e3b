"""The extension, asked by SQL.  All of its interface stands here."""
import time

import psycopg2

from tables import hide

FLAT = [1000, 1000, 1000, 1000]
LEVELS = [1000, 100, 10, 1]


class Refused(Exception):
    """Nothing is published: the extension could not certify the table."""


class Extension:
    def __init__(self):
        self.connection = psycopg2.connect('')
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
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
        except psycopg2.errors.ProgramLimitExceeded as error:
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

    # Publication, from records to the views that everybody reads.

    def make_plan(self):
        """A table of invented people; rolled back when we leave."""
        self.connection.autocommit = False
        self.cursor.execute("""
            CREATE SCHEMA attack;
            CREATE TABLE attack.person (year int, sex text, age text);
            INSERT INTO tip.measure VALUES ('attack', 'invented persons',
                'person', 'year', 'stated', '{sex,age}',
                'SELECT * FROM %1$I.person');
            INSERT INTO tip.release_plan VALUES ('attack', 'for a test',
                'attack', 'public_exact', 1);
            INSERT INTO tip.release_plan_table VALUES
                ('attack_by_sex_and_age', 'attack', 1, 'By sex and age',
                 '{sex,age}')""")

    def publish(self, plan, truth):
        """What is public after a release, as text; nothing stays."""
        people = [[2020] + [t.codes[n] for t, n in zip(plan.trees, leaf)]
                  for leaf, n in zip(plan.leaves, truth) for _ in range(n)]
        self.cursor.execute('SAVEPOINT before')
        self.cursor.executemany(
            'INSERT INTO attack.person VALUES (%s, %s, %s)', people)
        self.cursor.execute("""
            SELECT tip.publish('attack', 2020, 2020, 'attack');
            -- in the order in which they lie: that is public, too
            SELECT string_agg(v::text, E'\\n')
              FROM tip_public.attack_by_sex_and_age AS v""")
        text = self.cursor.fetchone()[0]
        self.cursor.execute('ROLLBACK TO before')
        return text
