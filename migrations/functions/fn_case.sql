-- A card that contradicts the books.
CREATE OR REPLACE FUNCTION fn_case_open(p_card card, p_purse text, p_kind text, p_evidence jsonb, p_presentation_id uuid)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO card_case (id, uid, card_id, purse, kind, evidence, presentation_id)
    VALUES (gen_random_uuid(), p_card.uid, p_card.id, p_purse, p_kind, p_evidence || jsonb_build_object('booked',
        (SELECT to_jsonb(c) - 'uid' FROM card_purse c WHERE c.uid = p_card.uid AND c.purse = p_purse)), p_presentation_id)
    ON CONFLICT DO NOTHING;
    UPDATE card SET block_under_case = block, block = 'case', version = version + 1
     WHERE id = p_card.id AND block IS DISTINCT FROM 'case';
END
$$;
COMMENT ON FUNCTION fn_case_open(card, text, text, jsonb, uuid) IS
    'Opens a case with its evidence, once per kind and purse, and locks the card; its other block waits.';
