-- The photo of a holder. Kind and size were looked at before; the audit trail says that it changed, never what it showed.

CREATE OR REPLACE FUNCTION fn_person_photo_version(p_person_id uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT version FROM person_photo WHERE person_id = p_person_id
$$;
COMMENT ON FUNCTION fn_person_photo_version(uuid) IS 'What the address of the photo of a person ends with; null: there is none.';

-- The desks on which a card of a person lies show them anew.
CREATE OR REPLACE FUNCTION fn_person_photo_tell(p_person_id uuid) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT fn_card_tell(l.desk_id, l.presence_id) FROM desk_live l
     WHERE l.presentation_id IS NOT NULL AND l.uid IN (SELECT c.uid FROM card c WHERE c.person_id = p_person_id)
     ORDER BY l.desk_id
$$;
COMMENT ON FUNCTION fn_person_photo_tell(uuid) IS 'Tells the desks that show a person that the photo changed.';

-- outcome: done | not_found. The same photo again changes nothing.
CREATE OR REPLACE FUNCTION fn_person_photo_set(p_token bytea, p_person_id uuid, p_content bytea, p_content_type text,
    p_version text, p_request_id text)
RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'people.write') s;
    IF outcome = 'ok' THEN
        PERFORM FROM person p WHERE p.id = p_person_id FOR NO KEY UPDATE;
        outcome := CASE WHEN FOUND THEN 'done' ELSE 'not_found' END;
    END IF;
    IF outcome = 'done' THEN
        INSERT INTO person_photo AS f (person_id, version, content_type, content)
        VALUES (p_person_id, p_version, p_content_type, p_content)
        ON CONFLICT (person_id) DO UPDATE SET version = excluded.version, content_type = excluded.content_type,
            content = excluded.content, changed_at = excluded.changed_at WHERE f.version <> excluded.version;
        IF FOUND THEN
            PERFORM fn_audit(v_operator_id, NULL, 'person.photo', 'person', p_person_id::text, jsonb_build_object('bytes',
                octet_length(p_content), 'content_type', p_content_type), p_request_id);
            PERFORM fn_person_photo_tell(p_person_id);
        END IF;
        body := jsonb_build_object('person_id', p_person_id, 'photo_version', p_version, 'content_type', p_content_type)::text;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_person_photo_set(bytea, uuid, bytea, text, text, text) IS 'Keeps the photo of a person, in place of an older one.';

-- outcome: done | not_found.
CREATE OR REPLACE FUNCTION fn_person_photo_read(p_token bytea, p_person_id uuid)
RETURNS TABLE (outcome text, content bytea, content_type text, version text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT s.outcome INTO outcome FROM fn_session(p_token, 'people.read') s;
    IF outcome = 'ok' THEN
        SELECT f.content, f.content_type, f.version INTO content, content_type, version
          FROM person_photo f WHERE f.person_id = p_person_id;
        outcome := CASE WHEN FOUND THEN 'done' ELSE 'not_found' END;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_person_photo_read(bytea, uuid) IS 'The photo of a person.';

-- outcome: empty | not_found (the person). A photo that is not there any more is removed already.
CREATE OR REPLACE FUNCTION fn_person_photo_remove(p_token bytea, p_person_id uuid, p_request_id text)
RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'people.write') s;
    IF outcome = 'ok' THEN
        outcome := CASE WHEN EXISTS (SELECT FROM person p WHERE p.id = p_person_id) THEN 'empty' ELSE 'not_found' END;
    END IF;
    IF outcome = 'empty' THEN
        DELETE FROM person_photo f WHERE f.person_id = p_person_id;
        IF FOUND THEN
            PERFORM fn_audit(v_operator_id, NULL, 'person.photo_remove', 'person', p_person_id::text, NULL, p_request_id);
            PERFORM fn_person_photo_tell(p_person_id);
        END IF;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_person_photo_remove(bytea, uuid, text) IS 'Deletes the photo of a person for good.';
