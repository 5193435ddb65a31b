-- What a browser's stream of a desk begins with. A locked screen goes on showing what lies on its reader.
CREATE OR REPLACE FUNCTION fn_desk_live(p_token_sha256 bytea, p_desk_id uuid)
RETURNS TABLE (outcome text, body jsonb, oldest bigint, newest bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT s.outcome INTO outcome FROM fn_session(p_token_sha256, 'desks.use', true) s;
    IF outcome = 'ok' THEN
        body := fn_desk_snapshot(p_desk_id);
        newest := (body ->> 'no')::bigint;
        SELECT coalesce(min(no), newest + 1) INTO oldest FROM desk_event WHERE desk_id = p_desk_id;
        outcome := CASE WHEN body IS NULL THEN 'not_found' ELSE 'done' END;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_desk_live(bytea, uuid) IS 'The present of a desk, and which events are kept.';

-- Events behind a number, in order; one row without a number if the session has ended.
CREATE OR REPLACE FUNCTION fn_desk_events(p_token_sha256 bytea, p_desk_id uuid, p_after bigint, p_limit integer)
RETURNS TABLE (no bigint, kind text, body jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF (SELECT outcome FROM fn_session(p_token_sha256, 'desks.use', true)) <> 'ok' THEN
        RETURN QUERY SELECT NULL::bigint, NULL::text, NULL::jsonb;
        RETURN;
    END IF;
    RETURN QUERY SELECT e.no, e.kind, fn_desk_event_body(e) FROM desk_event e WHERE e.desk_id = p_desk_id AND e.no > p_after
                  ORDER BY e.no LIMIT p_limit;
END
$$;
COMMENT ON FUNCTION fn_desk_events(bytea, uuid, bigint, integer) IS 'The next events of a desk for a stream.';
