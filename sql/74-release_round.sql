-- Release: controlled rounding, drawn under a key.

CREATE FUNCTION tip_impl.round_cells(sizes int4[], parents int4[],
    nodes int4[], counts int8[], tables int4[], base int4, threshold int4,
    label text, earlier_counts int8[] DEFAULT '{}',
    earlier_rounded int8[] DEFAULT '{}', earlier_steps int4[] DEFAULT '{}',
    OUT node int4[], OUT n int8, OUT level int4, OUT is_planned boolean,
    OUT rounded int8, OUT steps int4)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_round_cells'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 400 COST 100000;
COMMENT ON FUNCTION tip_impl.round_cells(int4[], int4[], int4[], int8[],
    int4[], int4, int4, text, int8[], int8[], int4[]) IS
'every cell of a cube of counts, the planned ones rounded so that all adds up and nobody is found, earlier versions at hand';

CREATE FUNCTION tip_impl.rounding_is_safe(sizes int4[], parents int4[],
    nodes int4[], counts int8[], tables int4[], base int4, threshold int4,
    rounded int8[], steps int4[])
RETURNS boolean
AS 'MODULE_PATHNAME', 'tip_rounding_is_safe'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION tip_impl.rounding_is_safe(int4[], int4[], int4[], int8[],
    int4[], int4, int4, int8[], int4[]) IS
'is no small count, nor difference of two versions, fixed by these rounded versions of a table?';

-- Whoever may round counts of their own choosing could try tables until one
-- is rounded like the published one.
REVOKE EXECUTE ON FUNCTION tip_impl.round_cells(int4[], int4[], int4[], int8[],
    int4[], int4, int4, text, int8[], int8[], int4[]) FROM PUBLIC;
