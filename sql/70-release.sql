-- Release: what may be said aloud, decided once, with proof.

CREATE FUNCTION tip_impl.protect_cells(sizes int4[], parents int4[],
    nodes int4[], counts int8[], tables int4[], costs int8[], threshold int4,
    width int4, reach boolean, insiders boolean, pattern int4[],
    bounds boolean,
    OUT node int4[], OUT n int8, OUT level int4, OUT is_planned boolean,
    OUT is_small boolean, OUT is_hidden boolean, OUT low int8, OUT high int8)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_protect_cells'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 400 COST 100000;
COMMENT ON FUNCTION tip_impl.protect_cells(int4[], int4[], int4[], int8[],
    int4[], int8[], int4, int4, boolean, boolean, int4[], boolean) IS
'every cell of a cube of counts with its fate; given a pattern of hidden cells, the attacker''s bounds under it';
