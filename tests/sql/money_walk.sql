-- A long random walk: two people, three desks, every tear, lost report, restart, cancel and spending in any order; the books
-- are sound after every step, and no money is lost or made in the end. Another seed: psql -v seed=0.7 -v steps=5000.
\ir lib/flow.psql
SELECT no_plan();
\if :{?seed}
\else
\set seed 0.25
\endif
\if :{?steps}
\else
\set steps 800
\endif
SELECT setseed(:seed);
SELECT t.give('x', 'one', 30000, 2000, 20), t.give('y', 'two', 10000, 500, 3);

CREATE FUNCTION t.pick(p_words text[]) RETURNS text LANGUAGE sql AS $$ SELECT p_words[1 + floor(random() * cardinality(p_words))::int] $$;

-- Which desk a card lies on; a card is at one desk at a time.
CREATE FUNCTION t.move(p_card text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_desk text;
BEGIN
    SELECT desk INTO v_desk FROM t.desk_card WHERE uid = t.uid(p_card);
    IF v_desk IS NOT NULL THEN
        PERFORM t.remove(v_desk);
        DELETE FROM t.desk_card WHERE desk = v_desk;
    END IF;
    v_desk := t.pick(ARRAY['a', 'b', 'c']);
    IF EXISTS (SELECT FROM t.desk_card WHERE desk = v_desk) THEN
        PERFORM t.remove(v_desk);
        DELETE FROM t.desk_card WHERE desk = v_desk;
    END IF;
    PERFORM t.present(v_desk, p_card);
    RETURN v_desk;
END
$$;

-- The agent of a desk asks for its task and does it, or not.
CREATE FUNCTION t.act_agent(p_desk text, p_step text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_kind text := t.take(p_desk, p_step);
    v_legs integer := floor(random() * 3)::int;
    v_how text := t.pick(ARRAY['well', 'well', 'well', 'lost', 'torn', 'named', 'burnt', 'silent', 'silent']);
    v_fits boolean;
BEGIN
    IF v_kind IN ('read', 'none') THEN
        PERFORM t.read(p_desk) WHERE EXISTS (SELECT FROM t.desk_card WHERE desk = p_desk);
        RETURN v_kind;
    ELSIF v_kind = 'cancel' THEN
        PERFORM t.report(name, 'burnt', 0) FROM t.taken WHERE desk = p_desk AND plan = (SELECT id FROM plan WHERE reported_at IS NULL
            AND desk_id = t.id('desk ' || p_desk) ORDER BY handed_at DESC LIMIT 1) AND NOT started AND random() < 0.7 LIMIT 1;
        RETURN v_kind;
    END IF;
    IF (SELECT started FROM t.taken WHERE name = p_step) THEN
        RETURN v_kind || ' known'; -- sent again; it ran already and its report is lost
    END IF;
    v_fits := t.guard(p_step) AND EXISTS (SELECT FROM t.desk_card d, t.taken k WHERE k.name = p_step AND d.desk = p_desk
        AND d.uid = decode(k.body ->> 'uid', 'hex'));
    IF v_how = 'silent' THEN
        RETURN v_kind || ' silent';
    ELSIF NOT v_fits OR v_how = 'burnt' THEN
        PERFORM t.report(p_step, 'burnt', 0);
        RETURN v_kind || ' burnt';
    ELSIF v_how = 'well' THEN
        PERFORM t.write(p_step);
        PERFORM t.report(p_step, 'written');
    ELSE
        PERFORM t.write(p_step, v_legs);
        PERFORM t.report(p_step, 'unknown', CASE v_how WHEN 'named' THEN v_legs ELSE 0 END) WHERE random() < 0.8;
        PERFORM t.read(p_desk);
    END IF;
    RETURN v_kind || ' ' || v_how;
END
$$;

CREATE FUNCTION t.act_operator(p_desk text, p_step text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_operator text := CASE p_desk WHEN 'a' THEN 'ann' WHEN 'b' THEN 'bob' ELSE 'sue' END;
    v_kind text := t.pick(ARRAY['recharge', 'withdraw']);
BEGIN
    IF random() < 0.2 THEN
        RETURN 'times ' || t.prepare(v_operator, p_desk, p_step, jsonb_build_object('kind', v_kind, 'times', 1 + floor(random() * 9)::int));
    ELSIF random() < 0.1 THEN
        RETURN 'undo ' || (SELECT outcome FROM fn_operation_reverse(t.token(v_operator), t.act(v_operator, p_desk, p_step, jsonb_build_object('reason',
            'walk', 'reverses', (SELECT id FROM operation WHERE kind <> 'issue' ORDER BY random() LIMIT 1)))));
    END IF;
    RETURN v_kind || ' ' || t.prepare(v_operator, p_desk, p_step, jsonb_strip_nulls(jsonb_build_object('kind', v_kind,
        'consumption_minor', CASE WHEN random() < 0.7 THEN 1 + floor(random() * 9000)::int END,
        'water_minor', CASE WHEN random() < 0.6 THEN 1 + floor(random() * 900)::int END)));
END
$$;

CREATE FUNCTION t.step(p_no integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_card text := t.pick(ARRAY['x', 'y']);
    v_desk text := (SELECT desk FROM t.desk_card WHERE uid = t.uid(v_card));
    v_what text := t.pick(ARRAY['agent', 'agent', 'agent', 'agent', 'operator', 'operator', 'operator', 'move', 'cancel', 'spend', 'restart', 'late', 'wait']);
    v_purse text := t.pick(ARRAY['consumption', 'water', 'times']);
BEGIN
    IF v_desk IS NULL OR v_what = 'move' THEN
        RETURN 'move ' || t.move(v_card);
    ELSIF v_what = 'agent' THEN
        RETURN 'agent ' || t.act_agent(v_desk, 'step ' || p_no);
    ELSIF v_what = 'operator' THEN
        RETURN t.act_operator(v_desk, 'act ' || p_no);
    ELSIF v_what = 'cancel' THEN
        RETURN 'cancel ' || coalesce((SELECT outcome FROM operation o, fn_operation_cancel(t.token('sue'), o.id, false, 'r')
            WHERE o.uid = t.uid(v_card) AND o.finished_at IS NULL AND random() < 0.5), '-');
    ELSIF v_what = 'spend' THEN
        PERFORM t.remove(v_desk);
        DELETE FROM t.desk_card WHERE desk = v_desk;
        PERFORM t.spend(v_card, v_purse, floor(random() * (value_minor + 1))::bigint) FROM t.chip
          WHERE uid = t.uid(v_card) AND purse = v_purse AND random() < 0.6;
        RETURN 'spend ' || v_purse;
    ELSIF v_what = 'restart' THEN
        PERFORM t.hello(v_desk, 'walk ' || p_no) WHERE random() < 0.5;
        RETURN 'restart ' || t.present(v_desk, v_card);
    ELSIF v_what = 'late' THEN -- a plan that was never reported is, by its own run: burnt if it was not written
        RETURN 'late ' || coalesce((SELECT t.report(k.name, 'burnt', 0) FROM t.taken k JOIN plan p ON p.id = k.plan
            WHERE p.reported_at IS NULL AND NOT k.started ORDER BY random() LIMIT 1), '-');
    END IF;
    UPDATE plan SET sent_at = sent_at - interval '4 seconds', handed_at = handed_at - interval '4 seconds' WHERE reported_at IS NULL;
    UPDATE operation SET handed_at = handed_at - interval '40 seconds' WHERE state = 'writing';
    RETURN 'sweep ' || (SELECT count(*) FROM fn_sweep());
END
$$;

-- Steps in one transaction each, so that every violation is found at the step that made it.
CREATE TABLE t.log (no integer PRIMARY KEY, what text, wrong text);
CREATE PROCEDURE t.walk(p_steps integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..p_steps LOOP
        INSERT INTO t.log (no, what) VALUES (i, t.step(i));
        COMMIT;
        IF i % 5 = 0 OR i < 50 THEN
            UPDATE t.log SET wrong = (SELECT string_agg(invariant || ': ' || row_ || ': ' || explanation, E'\n') FROM t.violation) WHERE no = i;
            COMMIT;
            EXIT WHEN EXISTS (SELECT FROM t.log WHERE wrong IS NOT NULL);
        END IF;
    END LOOP;
END
$$;
CALL t.walk(:steps);
SELECT is((SELECT string_agg(no || ' ' || what || E'\n' || coalesce(wrong, ''), E'\n' ORDER BY no) FROM t.log
    WHERE no >= (SELECT min(no) FROM t.log WHERE wrong IS NOT NULL) - 12), NULL, 'no step of the walk broke an invariant');
SELECT is((SELECT string_agg(DISTINCT kind, ', ') FROM card_case), NULL, 'an honest card never makes a case');

-- Everything settles: each card is presented until nothing is open.
CREATE PROCEDURE t.settle(p_card text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM t.hello('a', 'last ' || p_card);
    PERFORM t.present('a', p_card);
    COMMIT;
    FOR i IN 1..12 LOOP
        PERFORM t.work('a');
        COMMIT;
    END LOOP;
END
$$;
CALL t.settle('x');
CALL t.settle('y');
SELECT is((SELECT count(*) FROM operation WHERE finished_at IS NULL), 0::bigint, 'nothing stays open once the card is presented');
SELECT is((SELECT sum(balance_minor) FROM account WHERE kind LIKE 'in_transit%'), 0::numeric, 'nothing stays under way');
SELECT t.agrees('x', 'in the end');
SELECT t.agrees('y', 'in the end');
SELECT ok(bool_and(n >= 3), 'the walk went everywhere: ' || string_agg(what || ' ' || n, ', '))
  FROM (SELECT state AS what, count(*) AS n FROM operation GROUP BY state
        UNION ALL SELECT w, (SELECT count(*) FROM leg WHERE decided_by = w) FROM unnest(ARRAY['report', 'refresh', 'burnt', 'fence']) w
        UNION ALL SELECT 'plans ' || w, (SELECT count(*) FROM plan WHERE kind = w) FROM unnest(ARRAY['operation', 'refresh', 'fence']) w
        UNION ALL SELECT 'drops', (SELECT count(*) FROM transfer WHERE kind = 'spend')) q;
SELECT * FROM finish();
