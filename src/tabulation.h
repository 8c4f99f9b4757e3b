/*
 * tabulation.h
 *		A cell is eight codes; a tabulation maps cells to counts and sums.
 */
#ifndef TIP_TABULATION_H
#define TIP_TABULATION_H

#include "codes.h"
#include "port/pg_bswap.h"

#define TIP_CELL_CODES 8

/* Stored big-endian, so that memcmp is the order of positions. */
typedef struct TipCell
{
	uint16		code[TIP_CELL_CODES];
} TipCell;

#define TipCellCode(cell, i)	pg_ntoh16((cell)->code[i])
#define PG_GETARG_TIPCELL(n)	((TipCell *) PG_GETARG_POINTER(n))

#endif							/* TIP_TABULATION_H */
