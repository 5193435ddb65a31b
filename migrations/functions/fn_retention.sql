-- What is not kept for ever. Everything that money was decided by is: operations, plans, cases, and the readings that they
-- name or that taught the books something. The rest of the readings say who put a card on which desk and when: they go.

-- How long a reading is kept that nothing refers to.
CREATE OR REPLACE FUNCTION fn_reading_retention() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '90 days' $$;
COMMENT ON FUNCTION fn_reading_retention() IS 'How long readings are kept that no act, plan or case is based on.';

-- Called by fn_sweep; once an hour it looks at the readings that have become old enough since, 200 a turn until there are no
-- more. A reading is looked at once: what is needed then stays.
CREATE OR REPLACE FUNCTION fn_forget() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_mark forget_mark;
    v_old uuid[];
    v_through timestamptz;
BEGIN
    SELECT * INTO v_mark FROM forget_mark WHERE at < clock_timestamp() - interval '1 hour';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT array_agg(o.id), max(o.at) INTO v_old, v_through FROM (SELECT id, at FROM presentation
        WHERE at > v_mark.readings_through AND at < clock_timestamp() - fn_reading_retention() ORDER BY at LIMIT 200) o;
    DELETE FROM presentation p WHERE p.id = ANY (v_old)
       AND NOT jsonb_path_exists(p.seen, '$.* ? (@.lower == true || @.contradiction != "none" || @.verdict == "applied" || @.verdict == "fence_proven")')
       AND NOT EXISTS (SELECT FROM operation WHERE presentation_id = p.id)
       AND NOT EXISTS (SELECT FROM plan WHERE presentation_id = p.id)
       AND NOT EXISTS (SELECT FROM card_case WHERE presentation_id = p.id)
       AND NOT EXISTS (SELECT FROM desk_live WHERE presentation_id = p.id);
    UPDATE forget_mark SET readings_through = coalesce(v_through, readings_through),
           at = CASE WHEN cardinality(v_old) = 200 THEN at ELSE clock_timestamp() END;
    -- Printings that never reached paper; the others count the copies of a receipt.
    DELETE FROM receipt_print WHERE created_at < clock_timestamp() - interval '1 day' AND done_at IS NOT NULL
       AND problem IN ('agent', 'absent', 'paper', 'cover', 'broken');
    -- The newest answer of a desk's reader says which simulated cards there are.
    DELETE FROM training_task t WHERE t.created_at < clock_timestamp() - interval '1 day' AND t.id IS DISTINCT FROM (
        SELECT n.id FROM training_task n WHERE n.desk_id = t.desk_id AND n.done_at IS NOT NULL
           AND jsonb_typeof(n.result -> 'cards') = 'array' ORDER BY n.done_at DESC LIMIT 1);
END
$$;
COMMENT ON FUNCTION fn_forget() IS 'Deletes old readings that nothing refers to, printings that failed and tasks of training, never money.';
