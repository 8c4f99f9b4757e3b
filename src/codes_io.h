/*
 * codes_io.h
 *		From text to code, for the other files that read codes.
 */
#ifndef TIP_CODES_IO_H
#define TIP_CODES_IO_H

#include "codes.h"
#include "nodes/nodes.h"

extern bool TipCodeParse(int list, const char *text, Node *escontext,
						 TipCode *code);
extern bool TipSetParse(int list, const char *text, Node *escontext,
						TipSet *set);
extern TipCode TipCodeFromText(int list, text *txt);

#endif							/* TIP_CODES_IO_H */
