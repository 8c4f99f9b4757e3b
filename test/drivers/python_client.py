"""What a Python client does with codes; runs on psycopg 2 and 3."""
import sys

try:
    import psycopg
    VERSION = 3
except ImportError:
    import psycopg2 as psycopg
    VERSION = 2

checks = 0


def expect(cur, sql, params, wanted):
    """Run a statement and compare its rows (or row count) with wanted."""
    global checks
    cur.execute(sql, params)
    got = cur.fetchall() if cur.description else cur.rowcount
    if got != wanted:
        sys.exit(f"psycopg {VERSION}: {sql}: got {got!r}, wanted {wanted!r}")
    checks += 1


def refuse(conn, cur, sql, params, sqlstate):
    """Run a statement that must fail with one SQLSTATE."""
    global checks
    try:
        cur.execute(sql, params)
    except psycopg.Error as error:
        got = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        conn.rollback()
        if got == sqlstate:
            checks += 1
            return
        sys.exit(f"psycopg {VERSION}: {sql}: {got} instead of {sqlstate}")
    sys.exit(f"psycopg {VERSION}: {sql}: was not refused")


conn = psycopg.connect("")
cur = conn.cursor()
cur.execute("DELETE FROM driver_case")
expect(cur, "INSERT INTO driver_case (id, sex, acts) VALUES (%s, %s, %s)",
       (1, "female", "{recruit,transport}"), 1)
expect(cur, "INSERT INTO driver_case (id, sex, acts) VALUES (%s, %s, %s)",
       (2, None, ["recruit"]), 1)
expect(cur, "INSERT INTO driver_case (id, citizenship) VALUES (%s, %s)"
       if VERSION == 3 else
       "INSERT INTO driver_case (id, citizenship) VALUES (%s, %s::tip.country[])",
       (3, ["TT", "VE"]), 1)
conn.commit()
expect(cur, "SELECT id, sex FROM driver_case WHERE sex = %s", ("female",),
       [(1, "female")])
expect(cur, "SELECT id FROM driver_case WHERE sex IN (%s, %s)",
       ("female", "male"), [(1,)])
expect(cur, "SELECT id FROM driver_case WHERE sex = ANY (%s)",
       (["female", "male"],), [(1,)])
expect(cur, "SELECT id FROM driver_case WHERE acts @> %s ORDER BY id",
       ("recruit",), [(1,), (2,)])
expect(cur, "SELECT id FROM driver_case WHERE acts && %s ORDER BY id",
       (["recruit", "harbour"],), [(1,), (2,)])
expect(cur, "SELECT id FROM driver_case ORDER BY sex NULLS LAST, id", None,
       [(1,), (2,), (3,)])
expect(cur, "SELECT sex FROM driver_case WHERE id = %s", (2,), [(None,)])
expect(cur, "SELECT acts FROM driver_case WHERE id = %s", (1,),
       [("{recruit,transport}",)])
conn.commit()
refuse(conn, cur, "SELECT 1 FROM driver_case WHERE sex = %s", ("femal",), "22P02")
refuse(conn, cur, "UPDATE driver_case SET sex = %s", ("recruit",), "22P02")
if VERSION == 3:
    binary = conn.cursor(binary=True)
    binary.execute("SELECT sex FROM driver_case WHERE id = 1")
    value = bytes(binary.fetchone()[0])
    if len(value) != 2:
        sys.exit("psycopg 3: a binary code is not two bytes")
    checks += 1
    binary.execute("SELECT sex::text FROM driver_case WHERE id = 1")
    if binary.fetchone()[0] != "female":
        sys.exit("psycopg 3: a code cast to text did not arrive")
    checks += 1
cur.execute("DELETE FROM driver_case")
conn.commit()
print(f"psycopg {VERSION}: {checks} checks passed")
