-- 20 predicates: in the engine, as CHECK constraints, in a PL/pgSQL trigger.
\if :{?rule_rows} \else \set rule_rows 200000 \endif
\echo
\echo == Rules: 20 predicates on INSERT of :rule_rows rows ==
