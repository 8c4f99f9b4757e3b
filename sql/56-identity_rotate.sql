-- Identity: from one version of the key to the next.

-- A batch each; "last" is the key to go on behind, NULL where nothing is left.
CREATE FUNCTION tip_impl.rotate_batch(domain text, version int4, schema name,
	after uuid, size int4, waits bool,
	OUT last uuid, OUT done int4, OUT unopened int4)
AS 'MODULE_PATHNAME', 'tip_rotate_batch'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
CREATE FUNCTION tip_impl.reseal_batch(schema name, after uuid, size int4, waits bool,
	OUT last uuid, OUT done int4, OUT unopened int4)
AS 'MODULE_PATHNAME', 'tip_reseal_batch'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
CREATE FUNCTION tip_impl.retire_batch(domain text, version int4, newer int4, schema name,
	after uuid, size int4, waits bool,
	OUT last uuid, OUT done int4, OUT unopened int4)
AS 'MODULE_PATHNAME', 'tip_retire_batch'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION tip.rotation_state(domain text DEFAULT 'police',
	schema name DEFAULT 'tip_data', OUT active int4, OUT remaining int8,
	OUT versions int4[], OUT without_identity int8, OUT seals_remaining int8)
AS 'MODULE_PATHNAME', 'tip_rotation_state'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip.rotation_state(text, name) IS
'what a rotation has still to do: identities without a pseudonym of the active version, versions in use, pseudonyms that nothing sealed is kept of, seals of other versions';

-- What stands in the ledger before anything is opened; the active version.
CREATE FUNCTION tip_impl.rotation_begin(action text, domain text, version int4, schema name)
RETURNS int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	state record;
BEGIN
	SELECT * INTO state FROM tip.rotation_state(rotation_begin.domain, rotation_begin.schema);
	IF action = 'retire' AND (version IS NULL OR version = state.active) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'pseudonyms of the active version stay',
			HINT = 'Name a version that is not active; see tip.rotation_state().';
	ELSIF action = 'retire' AND state.remaining > 0 THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('%s identities have no pseudonym of the active version', state.remaining),
			HINT = 'CALL tip.rotate_pseudonyms() first.';
	END IF;
	PERFORM tip_impl.ledger_append(action, NULL, NULL, NULL,
		concat_ws(' ', schema, domain, coalesce(version, state.active)), NULL);
	RETURN state.active;
END
$$;

-- These commit, so they have neither SET nor other rights than the caller's:
-- every name is qualified.
CREATE PROCEDURE tip.rotate_pseudonyms(domain text, batch int4 DEFAULT 1000,
	schema name DEFAULT 'tip_data')
LANGUAGE plpgsql AS $$
DECLARE
	active int4 := tip_impl.rotation_begin('rotate', domain, NULL, schema);
	step record;
	after uuid;
	waits bool := false;
	unopened int8 := 0;
BEGIN
	COMMIT;
	-- One round past what others have locked, one that waits for them.
	LOOP
		SELECT b.last, b.done, b.unopened INTO step
		FROM tip_impl.rotate_batch(domain, active, schema, after, batch, waits) AS b;
		COMMIT;
		unopened := CASE WHEN waits THEN unopened OPERATOR(pg_catalog.+) step.unopened ELSE 0 END;
		EXIT WHEN waits AND step.last IS NULL;
		waits := waits OR step.last IS NULL;
		after := step.last;
	END LOOP;
	IF unopened OPERATOR(pg_catalog.>) 0 THEN
		RAISE WARNING '% identities do not open and were left out', unopened
			USING HINT = 'They were edited or moved, or name no value.';
	END IF;
END
$$;
COMMENT ON PROCEDURE tip.rotate_pseudonyms(text, int4, name) IS
'give every sealed identity a pseudonym of the active version beside its others; commits batches, and goes on where it was stopped';

CREATE PROCEDURE tip.reseal(batch int4 DEFAULT 1000, schema name DEFAULT 'tip_data')
LANGUAGE plpgsql AS $$
DECLARE
	active int4 := tip_impl.rotation_begin('reseal', 'police', NULL, schema);
	step record;
	after uuid;
	waits bool := false;
	unopened int8 := 0;
BEGIN
	COMMIT;
	LOOP
		SELECT b.last, b.done, b.unopened INTO step
		FROM tip_impl.reseal_batch(schema, after, batch, waits) AS b;
		COMMIT;
		unopened := CASE WHEN waits THEN unopened OPERATOR(pg_catalog.+) step.unopened ELSE 0 END;
		EXIT WHEN waits AND step.last IS NULL;
		waits := waits OR step.last IS NULL;
		after := step.last;
	END LOOP;
	IF unopened OPERATOR(pg_catalog.>) 0 THEN
		RAISE WARNING '% identities do not open and were left out', unopened
			USING HINT = 'They were edited or moved, or name no value.';
	END IF;
END
$$;
COMMENT ON PROCEDURE tip.reseal(int4, name) IS
'seal every identity anew under the active version; commits batches, and goes on where it was stopped';

CREATE PROCEDURE tip.retire_pseudonyms(domain text, version int4,
	batch int4 DEFAULT 1000, schema name DEFAULT 'tip_data')
LANGUAGE plpgsql AS $$
DECLARE
	active int4 := tip_impl.rotation_begin('retire', domain, version, schema);
	step record;
	after uuid;
	waits bool := false;
BEGIN
	COMMIT;
	LOOP
		SELECT b.last, b.done INTO step
		FROM tip_impl.retire_batch(domain, version, active, schema, after, batch, waits) AS b;
		COMMIT;
		EXIT WHEN waits AND step.last IS NULL;
		waits := waits OR step.last IS NULL;
		after := step.last;
	END LOOP;
END
$$;
COMMENT ON PROCEDURE tip.retire_pseudonyms(text, int4, int4, name) IS
'remove the pseudonyms of an old version from identities that have one of the active version; refused while one lacks it';

-- For superusers alone: they pass a set of values that is opened.
REVOKE EXECUTE ON ROUTINE
	tip_impl.rotate_batch(text, int4, name, uuid, int4, bool),
	tip_impl.reseal_batch(name, uuid, int4, bool),
	tip_impl.retire_batch(text, int4, int4, name, uuid, int4, bool),
	tip_impl.rotation_begin(text, text, int4, name),
	tip.rotation_state(text, name), tip.rotate_pseudonyms(text, int4, name),
	tip.reseal(int4, name), tip.retire_pseudonyms(text, int4, int4, name) FROM PUBLIC;
