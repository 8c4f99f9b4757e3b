/*
 * compat.h
 *		The only place where tip_module asks for a PostgreSQL version.
 */
#ifndef TIP_COMPAT_H
#define TIP_COMPAT_H

#include "postgres.h"
#include "fmgr.h"
#include "utils/guc.h"

/* Soft errors came with 16: below it, a bad value always raises. */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#define TIP_ESCONTEXT(fcinfo) ((fcinfo)->context)
#define TIP_RETURN_ERROR(escontext, result, ...) \
	ereturn(escontext, result, __VA_ARGS__)
#else
#define TIP_ESCONTEXT(fcinfo) NULL
#define TIP_RETURN_ERROR(escontext, result, ...) \
	do { \
		(void) (escontext); \
		ereport(ERROR, __VA_ARGS__); \
		return result; \
	} while (0)
#endif

#endif							/* TIP_COMPAT_H */
