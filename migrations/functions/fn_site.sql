-- Settings of the site, its key fingerprints and the system password.

CREATE OR REPLACE FUNCTION fn_site_body() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('site_id', s.site_id, 'name', s.name, 'mode', s.mode, 'currency_code', s.currency_code,
        'currency_exponent', s.currency_exponent, 'time_zone', s.time_zone,
        'day_starts_at', to_char(s.day_starts_at, 'HH24:MI'), 'consumption_limit_minor', s.consumption_limit_minor,
        'water_limit_minor', s.water_limit_minor, 'times_limit', s.times_limit, 'times_price_minor', s.times_price_minor,
        'uses_times', s.uses_times, 'presets_minor', s.presets_minor, 'withdraw_step_up_minor', s.withdraw_step_up_minor,
        'drawer_may_go_negative', s.drawer_may_go_negative, 'card_valid_years', s.card_valid_years,
        'start_sector', s.start_sector, 'training_url', s.training_url, 'key_version', s.key_version,
        'system_password_set', s.system_password_sealed IS NOT NULL, 'cards_sealed_at', s.cards_sealed_at,
        'money_sealed_at', s.money_sealed_at, 'version', s.version)
      FROM site s
$$;
COMMENT ON FUNCTION fn_site_body() IS 'The settings as the API shows them; never the system password.';

CREATE OR REPLACE FUNCTION fn_site_read()
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT 'done', fn_site_body()::text, NULL, s.version FROM site s
$$;
COMMENT ON FUNCTION fn_site_read() IS 'The settings.';

-- The first member of a change that something sealed for ever; null: none. The first transfer seals what money and its
-- days mean, the first card what is on cards, and the set-up whether this is a training site.
CREATE OR REPLACE FUNCTION fn_site_sealed(p_old site, p_new site) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('setting', setting, 'sealed_by', sealed_by, 'sealed_at', sealed_at)
      FROM (VALUES
        ('mode', 'setup', true, NULL::timestamptz, p_old.mode <> p_new.mode),
        ('currency_code', 'transfer', p_old.money_sealed_at IS NOT NULL, p_old.money_sealed_at,
            p_old.currency_code <> p_new.currency_code),
        ('currency_exponent', 'transfer', p_old.money_sealed_at IS NOT NULL, p_old.money_sealed_at,
            p_old.currency_exponent <> p_new.currency_exponent),
        ('time_zone', 'transfer', p_old.money_sealed_at IS NOT NULL, p_old.money_sealed_at,
            p_old.time_zone <> p_new.time_zone),
        ('day_starts_at', 'transfer', p_old.money_sealed_at IS NOT NULL, p_old.money_sealed_at,
            p_old.day_starts_at <> p_new.day_starts_at),
        ('site_id', 'card', p_old.cards_sealed_at IS NOT NULL, p_old.cards_sealed_at, p_old.site_id <> p_new.site_id),
        ('start_sector', 'card', p_old.cards_sealed_at IS NOT NULL, p_old.cards_sealed_at,
            p_old.start_sector <> p_new.start_sector)
      ) AS seal (setting, sealed_by, is_sealed, sealed_at, is_changed)
     WHERE is_sealed AND is_changed ORDER BY setting LIMIT 1
$$;
COMMENT ON FUNCTION fn_site_sealed(site, site) IS 'Which change of a setting comes too late, and why.';

-- Digits behind the point by ISO 4217. An amount is kept without its point, so a wrong number of them moves every amount.
CREATE OR REPLACE FUNCTION fn_currency_exponent(p_code text) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE
        WHEN p_code IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV',
            'XAF', 'XOF', 'XPF') THEN 0
        WHEN p_code IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
        WHEN p_code IN ('CLF', 'UYW') THEN 4
        ELSE 2 END
$$;
COMMENT ON FUNCTION fn_currency_exponent(text) IS 'Digits behind the point of a currency, by ISO 4217.';

-- p_change: only the members present change. Types and ranges were checked by the caller; the CHECKs of the table are
-- the last word. outcome: done | precondition_failed | sealed | bad_field.
CREATE OR REPLACE FUNCTION fn_site_change(p_token bytea, p_version bigint, p_change jsonb, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old site;
    v_new site;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'settings.write') s;
    IF outcome = 'ok' THEN
        SELECT * INTO v_old FROM site FOR UPDATE;
        v_new := jsonb_populate_record(v_old, p_change);
        extra := fn_site_sealed(v_old, v_new)::text;
        outcome := CASE WHEN v_old.version <> p_version THEN 'precondition_failed' WHEN extra IS NOT NULL THEN 'sealed'
                        ELSE 'done' END;
    END IF;
    IF outcome = 'done' AND v_new.time_zone <> v_old.time_zone
        AND NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = v_new.time_zone) THEN
        outcome := 'bad_field';
        extra := fn_field_error('/time_zone', 'unknown', 'There is no such IANA time zone; examples: Asia/Shanghai, UTC.');
    END IF;
    IF outcome = 'done' AND (v_new.currency_code, v_new.currency_exponent) <> (v_old.currency_code, v_old.currency_exponent)
        AND v_new.currency_exponent <> fn_currency_exponent(v_new.currency_code) THEN
        outcome := 'bad_field';
        extra := fn_field_error('/currency_exponent', 'currency', format('%s has %s digits behind the point.',
            v_new.currency_code, fn_currency_exponent(v_new.currency_code)));
    END IF;
    IF outcome = 'precondition_failed' THEN
        extra := NULL;
    ELSIF outcome = 'done' THEN
        UPDATE site s SET site_id = v_new.site_id, name = v_new.name, currency_code = v_new.currency_code,
               currency_exponent = v_new.currency_exponent, time_zone = v_new.time_zone,
               day_starts_at = v_new.day_starts_at, consumption_limit_minor = v_new.consumption_limit_minor,
               water_limit_minor = v_new.water_limit_minor, times_limit = v_new.times_limit,
               times_price_minor = v_new.times_price_minor, uses_times = v_new.uses_times,
               presets_minor = v_new.presets_minor, withdraw_step_up_minor = v_new.withdraw_step_up_minor,
               drawer_may_go_negative = v_new.drawer_may_go_negative, card_valid_years = v_new.card_valid_years,
               start_sector = v_new.start_sector, training_url = v_new.training_url, version = s.version + 1
         RETURNING s.version INTO version;
        PERFORM fn_audit(v_operator_id, NULL, 'settings.change', 'site', NULL, p_change, p_request_id);
        body := fn_site_body()::text;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_site_change(bytea, bigint, jsonb, text) IS 'Changes settings that nothing has sealed.';

-- outcome: empty | sealed.
CREATE OR REPLACE FUNCTION fn_site_password(p_token bytea, p_sealed bytea, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old site;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'settings.write') s;
    IF outcome = 'ok' THEN
        SELECT * INTO v_old FROM site FOR UPDATE;
        outcome := CASE WHEN v_old.cards_sealed_at IS NULL THEN 'empty' ELSE 'sealed' END;
    END IF;
    IF outcome = 'sealed' THEN
        extra := jsonb_build_object('setting', 'system_password', 'sealed_by', 'card',
            'sealed_at', v_old.cards_sealed_at)::text;
    ELSIF outcome = 'empty' THEN
        UPDATE site s SET system_password_sealed = p_sealed, version = s.version + 1 RETURNING s.version INTO version;
        PERFORM fn_audit(v_operator_id, NULL, 'settings.password', 'site', NULL, NULL, p_request_id);
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_site_password(bytea, bytea, text) IS 'Stores the sealed system password, until the first card.';

-- A key version is written down once and never changed: a difference is the caller's to find before.
CREATE OR REPLACE FUNCTION fn_site_key_register(p_version smallint, p_fingerprint bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO site_key (version, fingerprint) VALUES (p_version, p_fingerprint)
$$;
COMMENT ON FUNCTION fn_site_key_register(smallint, bytea) IS 'Notes the fingerprint of a site key that a server came with.';
