-- For the test database only: takes one rule out of a money function. Fails when the text it looks for is not there any
-- more, so that a rule cannot drift away from its test.
CREATE OR REPLACE FUNCTION mutate(p_function text, p_guard text, p_instead text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_text text := (SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = p_function);
BEGIN
    IF v_text IS NULL OR position(p_guard IN v_text) = 0 THEN
        RAISE EXCEPTION 'function % does not hold: %', p_function, p_guard;
    END IF;
    EXECUTE replace(v_text, p_guard, p_instead);
END
$$;
