-- Issue a blank or cancelled card to a person: empty, without money. Torn, it is continued by the same row at any desk.
-- p_act: {desk_id, key, request_sha256, presentation_id, person_id, printed_no, chip, card_id}.
CREATE OR REPLACE FUNCTION fn_operation_issue(p_token_sha256 bytea, p_act jsonb)
RETURNS TABLE (outcome text, body jsonb, extra jsonb, status smallint, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_begin record := fn_act_begin(p_token_sha256, 'cards.issue', p_act);
    v_key uuid := (p_act ->> 'key')::uuid;
    v_desk_id uuid := (p_act ->> 'desk_id')::uuid;
    v_person person;
BEGIN
    outcome := v_begin.outcome;
    status := v_begin.status;
    body := v_begin.body;
    SELECT * INTO v_person FROM person WHERE id = (p_act ->> 'person_id')::uuid;
    IF outcome = 'ok' THEN
        outcome := fn_issue_check(v_person, v_begin.seen);
    END IF;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    outcome := 'done';
    PERFORM fn_issue_book(v_key, v_begin.operator_id, v_begin.live, v_person, p_act);
    body := fn_operation_body(v_key);
    INSERT INTO idempotency (principal, key, request_sha256, status, response)
    VALUES (v_begin.operator_id, v_key, decode(p_act ->> 'request_sha256', 'hex'), status, body);
    PERFORM fn_audit(v_begin.operator_id, NULL, 'card.issue', 'operation', v_key::text,
        jsonb_build_object('person_id', v_person.id, 'desk_id', v_desk_id), p_act ->> 'request_id');
    wake := fn_operation_tell(v_key);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_operation_issue(bytea, jsonb) IS 'Prepares the issue of the card on a desk: done | replayed | a refusal.';

CREATE OR REPLACE FUNCTION fn_issue_check(p_person person, p_seen presentation) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_card card := fn_card_by_uid(p_seen.uid);
BEGIN
    RETURN CASE
        WHEN p_person.id IS NULL THEN 'not_found'
        WHEN p_person.state <> 'active' THEN 'person_inactive'
        WHEN (SELECT system_password_sealed IS NULL FROM site) THEN 'system_password_missing'
        WHEN EXISTS (SELECT FROM card WHERE uid = p_seen.uid AND state = 'scrapped') THEN 'scrapped'
        WHEN EXISTS (SELECT FROM card_case WHERE uid = p_seen.uid AND closed_at IS NULL) THEN 'case_open'
        WHEN EXISTS (SELECT FROM operation WHERE uid = p_seen.uid AND finished_at IS NULL) THEN 'operation_open'
        WHEN v_card.state IN ('issuing', 'active', 'damaged', 'lost', 'replaced') THEN 'card_not_blank'
        WHEN p_seen.state NOT IN ('blank', 'ours', 'half_issued')
            OR p_seen.state <> 'blank' AND v_card.id IS NULL THEN 'card_not_blank'
        WHEN EXISTS (SELECT FROM card_purse WHERE uid = p_seen.uid AND highest_no >= committed_no + 90) THEN 'card_not_blank'
        WHEN EXISTS (SELECT FROM card WHERE person_id = p_person.id AND has_purses
                        AND state IN ('issuing', 'active', 'damaged', 'lost')) THEN 'person_has_card'
        ELSE 'ok' END;
END
$$;
COMMENT ON FUNCTION fn_issue_check(person, presentation) IS 'Whether the card read may be issued to a person.';

CREATE OR REPLACE FUNCTION fn_issue_book(p_key uuid, p_operator_id uuid, p_live desk_live, p_person person, p_act jsonb)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_leg_id uuid;
    v_purse text;
BEGIN
    PERFORM fn_accounts_open(p_person.id);
    INSERT INTO card (id, uid, chip, card_no, printed_no, person_id, key_version, start_sector, state, issued_on, expires_on)
    SELECT p_key, p_live.uid, CASE p_live.sak & 24 WHEN 24 THEN '4k' ELSE '1k' END, nextval('card_no_seq'), p_act ->> 'printed_no',
        p_person.id, s.key_version, s.start_sector, 'issuing', fn_business_day(clock_timestamp()),
        (fn_business_day(clock_timestamp()) + make_interval(years => s.card_valid_years))::date
      FROM site s;
    INSERT INTO operation (id, kind, state, card_id, uid, person_id, desk_id, operator_id, presentation_id)
    VALUES (p_key, 'issue', 'prepared', p_key, p_live.uid, p_person.id, p_live.desk_id, p_operator_id,
        (p_act ->> 'presentation_id')::uuid);
    INSERT INTO leg (operation_id, purse, amount_minor) VALUES (p_key, NULL, 0) RETURNING id INTO v_leg_id;
    FOREACH v_purse IN ARRAY ARRAY['consumption', 'water', 'times'] LOOP
        PERFORM fn_epoch_allocate(p_live.uid, v_purse, 0, 0, v_leg_id, NULL);
    END LOOP;
END
$$;
COMMENT ON FUNCTION fn_issue_book(uuid, uuid, desk_live, person, jsonb) IS 'Card row in state issuing, its operation, leg and epochs.';
