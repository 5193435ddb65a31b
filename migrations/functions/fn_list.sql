-- Small things that lists and forms share. A page is one row (outcome, body: array of lines, extra, next_key); the key
-- becomes a cursor at the edge, so what comes back as p_cursor may be anything.

-- The detail of an answer "bad_field", for the column extra.
CREATE OR REPLACE FUNCTION fn_field_error(p_pointer text, p_code text, p_message text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('errors', jsonb_build_array(jsonb_build_object('pointer', p_pointer, 'code', p_code,
        'message', p_message)))::text
$$;
COMMENT ON FUNCTION fn_field_error(text, text, text) IS 'Members of a problem that names one wrong field.';

-- A cursor is "rank.id": the stage of the list and the last row shown. Rank 0 to 9; null: no cursor of ours.
CREATE OR REPLACE FUNCTION fn_cursor_rank(p_cursor text) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN p_cursor ~ '^[0-9]\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN left(p_cursor, 1)::integer END
$$;
COMMENT ON FUNCTION fn_cursor_rank(text) IS 'Stage named by a cursor.';

CREATE OR REPLACE FUNCTION fn_cursor_id(p_cursor text) RETURNS uuid
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN fn_cursor_rank(p_cursor) IS NOT NULL THEN substr(p_cursor, 3)::uuid END
$$;
COMMENT ON FUNCTION fn_cursor_id(text) IS 'Last row shown, named by a cursor.';

-- A cursor over rows numbered by the database: the number alone.
CREATE OR REPLACE FUNCTION fn_cursor_number(p_cursor text) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN p_cursor ~ '^[0-9]{1,18}$' THEN p_cursor::bigint END
$$;
COMMENT ON FUNCTION fn_cursor_number(text) IS 'Last number shown, named by a cursor.';

CREATE OR REPLACE FUNCTION fn_cursor_error() RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT fn_field_error('/query/cursor', 'malformed', 'must be a next_cursor of this list')
$$;
COMMENT ON FUNCTION fn_cursor_error() IS 'Detail of the answer to a cursor that is not one.';
