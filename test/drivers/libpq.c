/*
 * libpq.c
 *		What a C client does with codes: parameters of every type that
 *		drivers send, text and binary, and binary results.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libpq-fe.h"

#define OID_UNKNOWN 705
#define OID_TEXT 25
#define OID_VARCHAR 1043
#define OID_TEXT_ARRAY 1009
#define OID_VARCHAR_ARRAY 1015

static PGconn *conn;
static int	checks = 0;

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "libpq: %s: %s\n", what, why);
	exit(1);
}

/* Run a statement with one parameter; expect a text in row 0, column 0. */
static void
expect(const char *sql, Oid type, const char *value, const char *wanted)
{
	const char *values[1] = {value};
	Oid			types[1] = {type};
	PGresult   *res = PQexecParams(conn, sql, 1, types, values, NULL, NULL, 0);
	const char *got;

	if (PQresultStatus(res) == PGRES_COMMAND_OK)
		got = PQcmdTuples(res);
	else if (PQresultStatus(res) == PGRES_TUPLES_OK)
		got = PQntuples(res) == 0 ? "(no row)" :
			PQgetisnull(res, 0, 0) ? "(null)" : PQgetvalue(res, 0, 0);
	else
		got = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	if (got == NULL || strcmp(got, wanted) != 0)
	{
		fprintf(stderr, "%s\n", PQresultErrorMessage(res));
		fail(sql, got ? got : "no answer");
	}
	PQclear(res);
	checks++;
}

/* A parameter in binary form: the two bytes that the server sent for it. */
static void
round_trip_binary(void)
{
	PGresult   *res = PQexecParams(conn,
								   "SELECT sex, 'tip.sex'::regtype::oid"
								   " FROM driver_case WHERE id = 1",
								   0, NULL, NULL, NULL, NULL, 1);
	unsigned char bytes[2];
	Oid			type;
	const char *values[1];
	int			lengths[1] = {2};
	int			formats[1] = {1};
	const char *sql = "SELECT count(*) FROM driver_case WHERE sex = $1";

	if (PQresultStatus(res) != PGRES_TUPLES_OK || PQgetlength(res, 0, 0) != 2)
		fail("binary result", PQresultErrorMessage(res));
	memcpy(bytes, PQgetvalue(res, 0, 0), 2);
	memcpy(&type, PQgetvalue(res, 0, 1), 4);
	type = ntohl(type);
	PQclear(res);
	values[0] = (const char *) bytes;
	res = PQexecParams(conn, sql, 1, &type, values, lengths, formats, 0);
	if (PQresultStatus(res) != PGRES_TUPLES_OK ||
		strcmp(PQgetvalue(res, 0, 0), "1") != 0)
		fail("binary parameter", PQresultErrorMessage(res));
	PQclear(res);
	bytes[0] ^= 0x80;			/* the same number of another list */
	res = PQexecParams(conn, sql, 1, &type, values, lengths, formats, 0);
	if (strcmp(PQresultErrorField(res, PG_DIAG_SQLSTATE), "22P03") != 0)
		fail("forged binary parameter", "was not refused");
	PQclear(res);
	checks += 3;
}

static void
insert_and_filter(Oid type)
{
	expect("DELETE FROM driver_case WHERE $1::text IS NOT NULL", OID_TEXT,
		   "x", "0");
	expect("INSERT INTO driver_case (id, sex) VALUES (1, $1)", type,
		   "female", "1");
	expect("INSERT INTO driver_case (id, sex) VALUES (2, $1)", type,
		   NULL, "1");
	expect("UPDATE driver_case SET acts = $1 WHERE id = 1", type,
		   "{recruit,transport}", "1");
	expect("SELECT id FROM driver_case WHERE sex = $1", type, "female", "1");
	expect("SELECT id FROM driver_case WHERE sex <> $1", type, "male", "1");
	expect("SELECT id FROM driver_case WHERE sex IN ($1, $1)", type,
		   "female", "1");
	expect("SELECT id FROM driver_case WHERE acts @> $1", type,
		   "recruit", "1");
	expect("SELECT id FROM driver_case WHERE sex = $1", type, "femal",
		   "22P02");
	expect("SELECT count(*) FROM driver_case WHERE sex = $1", type, NULL, "0");
	expect("SELECT id FROM driver_case WHERE $1::text IS NOT NULL"
		   " ORDER BY sex NULLS FIRST", OID_TEXT, "x", "2");
	round_trip_binary();
	expect("DELETE FROM driver_case WHERE $1::text IS NOT NULL", OID_TEXT,
		   "x", "2");
}

static void
arrays(Oid type)
{
	expect("INSERT INTO driver_case (id, sex, citizenship)"
		   " VALUES (1, 'male', $1)", type, "{TT,VE}", "1");
	expect("UPDATE driver_case SET acts = $1", type, "{recruit}", "1");
	expect("SELECT id FROM driver_case WHERE sex = ANY ($1)", type,
		   "{male,female}", "1");
	expect("SELECT id FROM driver_case WHERE acts && $1", type,
		   "{recruit,harbour}", "1");
	expect("DELETE FROM driver_case WHERE sex = ANY ($1)", type,
		   "{male}", "1");
}

int
main(void)
{
	conn = PQconnectdb("");
	if (PQstatus(conn) != CONNECTION_OK)
		fail("connect", PQerrorMessage(conn));
	insert_and_filter(OID_UNKNOWN);
	insert_and_filter(0);
	insert_and_filter(OID_TEXT);
	insert_and_filter(OID_VARCHAR);
	arrays(0);
	arrays(OID_TEXT_ARRAY);
	arrays(OID_VARCHAR_ARRAY);
	printf("libpq: %d checks passed\n", checks);
	PQfinish(conn);
	return 0;
}
