-- Finding people. Four stages, each in the order of an index, each leaving out what an earlier one gives:
--   0 a card number or a printed number begins so, or a card number ends so (at most 200 people)
--   1 the personnel number begins so
--   2 the name begins so; without a text: everyone by name
--   3 the name contains each word of the text
-- Digits that name a card are meant as a number: then 2 and 3 are left out.
-- A page is filled stage by stage; the cursor names the stage and the person shown last. Nothing here is a LIKE pattern,
-- so % and _ are letters like any other. Plans are made for the values at hand: what is rare is looked up in the index
-- of pieces, what is common is met soon enough in the order of ids. A page begins by ONE row comparison that also is the
-- lower end of the range: beside a second one the index would be read from its beginning.

-- First text above every text that begins with p_begin, byte-wise.
CREATE OR REPLACE FUNCTION fn_text_after(p_begin text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT p_begin || U&'\+10FFFF'
$$;
COMMENT ON FUNCTION fn_text_after(text) IS 'Upper end of the range of texts with a given beginning.';

CREATE OR REPLACE FUNCTION fn_person_search_cards(p_folded text, p_departments uuid[], p_state text) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_count CONSTANT integer := 200;
    v_reversed text := reverse(p_folded);
    v_ids uuid[] := '{}';
BEGIN
    IF p_folded ~ '^[0-9]{1,10}$' THEN
        v_ids := ARRAY(SELECT c.person_id FROM card c JOIN person p ON p.id = c.person_id
          WHERE (c.card_no::text) COLLATE "C" >= p_folded AND (c.card_no::text) COLLATE "C" < fn_text_after(p_folded)
            AND (p_departments IS NULL OR p.department_id = ANY (p_departments)) AND (p_state IS NULL OR p.state = p_state)
          ORDER BY (c.card_no::text) COLLATE "C" LIMIT v_count);
    END IF;
    v_ids := v_ids || ARRAY(SELECT c.person_id FROM card c JOIN person p ON p.id = c.person_id
      WHERE (fn_fold(c.printed_no)) COLLATE "C" >= p_folded AND (fn_fold(c.printed_no)) COLLATE "C" < fn_text_after(p_folded)
        AND (p_departments IS NULL OR p.department_id = ANY (p_departments)) AND (p_state IS NULL OR p.state = p_state)
      ORDER BY (fn_fold(c.printed_no)) COLLATE "C" LIMIT v_count);
    IF p_folded ~ '^[0-9]{3,10}$' THEN
        v_ids := v_ids || ARRAY(SELECT c.person_id FROM card c JOIN person p ON p.id = c.person_id
          WHERE (reverse(c.card_no::text)) COLLATE "C" >= v_reversed
            AND (reverse(c.card_no::text)) COLLATE "C" < fn_text_after(v_reversed)
            AND (p_departments IS NULL OR p.department_id = ANY (p_departments)) AND (p_state IS NULL OR p.state = p_state)
          ORDER BY (reverse(c.card_no::text)) COLLATE "C" LIMIT v_count);
    END IF;
    RETURN ARRAY(SELECT id FROM unnest(v_ids) WITH ORDINALITY AS found (id, place)
                  GROUP BY id ORDER BY min(place) LIMIT v_count);
END
$$;
COMMENT ON FUNCTION fn_person_search_cards(text, uuid[], text) IS 'People by the number of one of their cards, best first.';

CREATE OR REPLACE FUNCTION fn_person_search_personnel(p_folded text, p_departments uuid[], p_state text, p_without uuid[],
    p_after_id uuid, p_limit integer) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_after text COLLATE "C" := coalesce((SELECT p.personnel_folded FROM person p WHERE p.id = p_after_id), p_folded);
    v_after_id uuid := coalesce(p_after_id, '00000000-0000-0000-0000-000000000000');
BEGIN
    RETURN ARRAY(SELECT p.id FROM person p
      WHERE (p.personnel_folded, p.id) > (v_after, v_after_id) AND p.personnel_folded < fn_text_after(p_folded)
        AND p.id <> ALL (p_without)
        AND (p_departments IS NULL OR p.department_id = ANY (p_departments)) AND (p_state IS NULL OR p.state = p_state)
      ORDER BY p.personnel_folded, p.id LIMIT p_limit);
END
$$;
COMMENT ON FUNCTION fn_person_search_personnel(text, uuid[], text, uuid[], uuid, integer) IS
    'People by the beginning of their personnel number.';

CREATE OR REPLACE FUNCTION fn_person_search_begin(p_folded text, p_departments uuid[], p_state text, p_without uuid[],
    p_after_id uuid, p_limit integer) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_after text COLLATE "C" := coalesce((SELECT p.name_folded FROM person p WHERE p.id = p_after_id), p_folded);
    v_after_id uuid := coalesce(p_after_id, '00000000-0000-0000-0000-000000000000');
BEGIN
    RETURN ARRAY(SELECT p.id FROM person p
      WHERE (p.name_folded, p.id) > (v_after, v_after_id) AND p.name_folded < fn_text_after(p_folded)
        AND p.id <> ALL (p_without)
        AND (p_folded = '' OR p.personnel_folded IS NULL OR NOT starts_with(p.personnel_folded, p_folded))
        AND (p_departments IS NULL OR p.department_id = ANY (p_departments)) AND (p_state IS NULL OR p.state = p_state)
      ORDER BY p.name_folded, p.id LIMIT p_limit);
END
$$;
COMMENT ON FUNCTION fn_person_search_begin(text, uuid[], text, uuid[], uuid, integer) IS
    'People by the beginning of their name.';

CREATE OR REPLACE FUNCTION fn_person_search_within(p_folded text, p_words text[], p_departments uuid[], p_state text,
    p_without uuid[], p_after_id uuid, p_limit integer) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_after_id uuid := coalesce(p_after_id, '00000000-0000-0000-0000-000000000000');
    v_grams text[] := ARRAY(
        SELECT DISTINCT g FROM unnest(p_words) AS w, unnest(fn_grams(w)) AS g
         WHERE char_length(g) = 2 OR char_length(w) = 1);
BEGIN
    RETURN ARRAY(SELECT p.id FROM person p
      WHERE p.name_grams @> v_grams AND p.id > v_after_id AND p.id <> ALL (p_without)
        AND NOT EXISTS (SELECT FROM unnest(p_words) AS w WHERE strpos(p.name_folded, w) = 0)
        AND NOT starts_with(p.name_folded, p_folded)
        AND (p.personnel_folded IS NULL OR NOT starts_with(p.personnel_folded, p_folded))
        AND (p_departments IS NULL OR p.department_id = ANY (p_departments)) AND (p_state IS NULL OR p.state = p_state)
      ORDER BY p.id LIMIT p_limit);
END
$$;
COMMENT ON FUNCTION fn_person_search_within(text, text[], uuid[], text, uuid[], uuid, integer) IS
    'People whose name contains every word.';

CREATE OR REPLACE FUNCTION fn_person_rows_body(p_ids uuid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'personnel_no', p.personnel_no,
            'state', p.state, 'version', p.version, 'photo_version', fn_person_photo_version(p.id), 'department', d.body,
            'card', c.body) ORDER BY wanted.place), '[]')
          FROM unnest(p_ids) WITH ORDINALITY AS wanted (id, place) JOIN person p ON p.id = wanted.id
          LEFT JOIN LATERAL (SELECT jsonb_build_object('id', d.id, 'name', d.name) AS body FROM department d
                              WHERE d.id = p.department_id) d ON true
          LEFT JOIN LATERAL (SELECT jsonb_build_object('id', k.id, 'card_no', k.card_no, 'printed_no', k.printed_no,
                                    'state', k.state, 'block', k.block) AS body FROM card k WHERE k.person_id = p.id
                              ORDER BY (k.has_purses AND k.state IN ('issuing', 'active', 'damaged', 'lost')) DESC,
                                    k.card_no DESC LIMIT 1) c ON true);
END
$$;
COMMENT ON FUNCTION fn_person_rows_body(uuid[]) IS 'People as lines of a list, in this order.';

-- p_q null or blank: everyone by name. p_department_id: with everything below it.
-- outcome: done | unauthenticated | forbidden | bad_field (the cursor).
CREATE OR REPLACE FUNCTION fn_person_search(p_token bytea, p_q text, p_department_id uuid, p_state text, p_limit integer,
    p_cursor text)
RETURNS TABLE (outcome text, body text, extra text, next_key text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_q text := coalesce(fn_fold(p_q), '');
    v_words text[];
    v_departments uuid[] := CASE WHEN p_department_id IS NOT NULL THEN fn_department_subtree(p_department_id) END;
    v_stage integer := CASE WHEN p_cursor IS NULL THEN 0 ELSE fn_cursor_rank(p_cursor) END;
    v_after uuid := fn_cursor_id(p_cursor);
    v_want integer := p_limit + 1;
    v_cards uuid[] := '{}';
    v_is_number boolean := false;
    v_ids uuid[];
    v_ends integer[] := '{}';
    v_found integer;
BEGIN
    SELECT s.outcome INTO outcome FROM fn_session(p_token, 'people.read') s;
    IF outcome = 'ok' AND v_stage IS NULL THEN
        outcome := 'bad_field';
        extra := fn_cursor_error();
    END IF;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    IF v_q <> '' THEN
        v_cards := fn_person_search_cards(v_q, v_departments, p_state);
        v_is_number := cardinality(v_cards) > 0 AND v_q ~ '^[0-9]+$';
        v_words := ARRAY(SELECT fn_fold(w) FROM regexp_split_to_table(normalize(p_q, NFKC), '\s+') AS w WHERE w <> '');
    END IF;
    v_ids := CASE WHEN v_stage = 0 THEN v_cards[coalesce(array_position(v_cards, v_after), 0) + 1:] ELSE '{}' END;
    v_found := least(cardinality(v_ids), v_want);
    v_ends := ARRAY[v_found];
    FOR stage IN 1..3 LOOP
        IF v_found < v_want AND stage >= v_stage AND (v_q <> '' OR stage = 2) AND (stage = 1 OR NOT v_is_number) THEN
            v_ids := v_ids || CASE stage
                WHEN 1 THEN fn_person_search_personnel(v_q, v_departments, p_state, v_cards,
                    CASE WHEN v_stage = 1 THEN v_after END, v_want - v_found)
                WHEN 2 THEN fn_person_search_begin(v_q, v_departments, p_state, v_cards,
                    CASE WHEN v_stage = 2 THEN v_after END, v_want - v_found)
                ELSE fn_person_search_within(v_q, v_words, v_departments, p_state, v_cards,
                    CASE WHEN v_stage = 3 THEN v_after END, v_want - v_found) END;
            v_found := cardinality(v_ids);
        END IF;
        v_ends := v_ends || v_found;
    END LOOP;
    IF v_found > p_limit THEN
        next_key := (SELECT count(*) FROM unnest(v_ends) AS e WHERE e < p_limit) || '.' || v_ids[p_limit];
    END IF;
    outcome := 'done';
    body := fn_person_rows_body(v_ids[:p_limit])::text;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_person_search(bytea, text, uuid, text, integer, text) IS
    'People by name, personnel number or card number, a page at a time.';
