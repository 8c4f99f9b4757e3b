/*
 * compat.h
 *		The only place where tip_module asks for a PostgreSQL version.
 */
#ifndef TIP_COMPAT_H
#define TIP_COMPAT_H

#include "postgres.h"
#include "fmgr.h"
#include "utils/guc.h"

/* 18 moved this attribute to the front. */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

#include "errors.h"

/* 16 has one function for the privileges of all kinds of objects. */
#if PG_VERSION_NUM >= 160000
#define TIP_PROC_ACLCHECK(funcid, role) \
	object_aclcheck(ProcedureRelationId, funcid, role, ACL_EXECUTE)
#else
#define TIP_PROC_ACLCHECK(funcid, role) \
	pg_proc_aclcheck(funcid, role, ACL_EXECUTE)
#endif

/*
 * Soft errors came with 16: below it, a bad value always raises.  A hard error
 * about a value goes through TipRethrowHidden(), see errors.c.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#define TIP_ESCONTEXT(fcinfo) ((fcinfo)->context)
#define TIP_SOFT_ERROR(escontext, result, ...) \
	do { \
		if ((escontext) != NULL && IsA(escontext, ErrorSaveContext)) \
			ereturn(escontext, result, __VA_ARGS__); \
	} while (0)
#else
#define TIP_ESCONTEXT(fcinfo) NULL
#define TIP_SOFT_ERROR(escontext, result, ...) ((void) (escontext))
#endif

#define TIP_RETURN_ERROR(escontext, result, ...) \
	do { \
		MemoryContext context_ = CurrentMemoryContext; \
		TIP_SOFT_ERROR(escontext, result, __VA_ARGS__); \
		PG_TRY(); \
		{ \
			ereport(ERROR, __VA_ARGS__); \
		} \
		PG_CATCH(); \
		{ \
			TipRethrowHidden(context_); \
		} \
		PG_END_TRY(); \
		return result; \
	} while (0)

#endif							/* TIP_COMPAT_H */
