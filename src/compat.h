/*
 * compat.h
 *		The only place where tip_module asks for a PostgreSQL version.
 */
#ifndef TIP_COMPAT_H
#define TIP_COMPAT_H

#include "postgres.h"
#include "fmgr.h"
#include "nodes/nodes.h"
#include "utils/guc.h"

/* 16 took these macros out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

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
 * Soft errors came with 16: below it, a bad value always raises in input
 * functions; our own code asks for softness with any node.  A hard error about
 * a value goes through TipRethrowHidden(), see errors.c.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#define TIP_ESCONTEXT(fcinfo) ((fcinfo)->context)
#define TIP_SOFT_ERROR(escontext, result, ...) \
	do { \
		if ((escontext) != NULL && IsA(escontext, ErrorSaveContext)) \
			ereturn(escontext, result, __VA_ARGS__); \
	} while (0)
typedef ErrorSaveContext TipSoftContext;
#define TIP_SOFT_CONTEXT {T_ErrorSaveContext}
#else
#define TIP_ESCONTEXT(fcinfo) NULL
#define TIP_SOFT_ERROR(escontext, result, ...) \
	do { \
		if ((escontext) != NULL) \
			return result; \
	} while (0)
typedef Node TipSoftContext;
#define TIP_SOFT_CONTEXT {T_Invalid}
#endif

/* 16 added an argument: whether columns may be missing. */
#if PG_VERSION_NUM >= 160000
#define TIP_ATTRMAP_BY_NAME(in, out) build_attrmap_by_name(in, out, false)
#else
#define TIP_ATTRMAP_BY_NAME(in, out) build_attrmap_by_name(in, out)
#endif

/* 17 moved the number of a transaction on its backend into a struct. */
#if PG_VERSION_NUM >= 170000
#define TIP_PROC_LXID(proc) ((proc)->vxid.lxid)
#else
#define TIP_PROC_LXID(proc) ((proc)->lxid)
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
