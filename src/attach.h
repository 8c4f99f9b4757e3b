/*
 * attach.h
 *		Values of another's table, read as those of an entity.
 */
#ifndef TIP_ATTACH_H
#define TIP_ATTACH_H

#include "postgres.h"

/* attach_crosswalk.c */
typedef struct TipCrosswalk TipCrosswalk;

extern TipCrosswalk *TipCrosswalkFor(const char *scheme, const char *variable,
									 int list, uint64 *of_generation);
extern uint64 TipCrosswalkGeneration(void);
extern const char *TipTranslate(const TipCrosswalk *crosswalk,
								const char *code);

#endif							/* TIP_ATTACH_H */
