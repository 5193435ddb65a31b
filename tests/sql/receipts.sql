-- Printings of receipts: what waits, what is given up, and what counts as on paper.
\ir lib/flow.psql
SELECT no_plan();
SELECT t.give('x', 'one', 100, 100, 5);
UPDATE desk SET receipt_by = 'printer' WHERE id = t.id('desk a');
UPDATE desk_live SET printer_name = '/dev/usb/lp0' WHERE desk_id = t.id('desk a');
CREATE VIEW t.act AS SELECT id FROM operation WHERE kind = 'recharge' AND state = 'completed' ORDER BY created_at LIMIT 1;

CREATE FUNCTION t.ask(p_name text, p_browser boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
    SELECT a.outcome || coalesce(' ' || (a.extra::jsonb ->> 'reason'), '') || coalesce(' copy ' || (a.body::jsonb ->> 'copy_no'), '')
      FROM fn_receipt_ask(t.token('ann'), t.id(p_name), t.id('desk a'), (SELECT id FROM t.act), p_browser, 'r') a
$$;
CREATE FUNCTION t.give_up(p_name text) RETURNS text LANGUAGE sql AS $$
    SELECT a.outcome || coalesce(' ' || (a.extra::jsonb ->> 'reason'), '') FROM fn_receipt_read(t.token('ann'), t.id(p_name), true) a
$$;
CREATE FUNCTION t.taken() RETURNS text LANGUAGE sql AS $$ SELECT fn_receipt_take(t.id('desk a')) ->> 'id' $$;
CREATE FUNCTION t.printed(p_name text, p_problem text) RETURNS text LANGUAGE sql AS $$
    SELECT outcome FROM fn_receipt_done(t.id('agent a'), (SELECT run FROM desk_live WHERE desk_id = t.id('desk a')), t.id(p_name), p_problem)
$$;

SELECT is(t.ask('first'), 'waiting copy 0', 'an original waits for the printer');
SELECT is(t.give_up('first'), 'not_printed agent', 'nobody took it: nothing is on paper');
SELECT is(t.taken(), NULL, 'and nobody may print it any more');
SELECT is((SELECT receipt_waiting FROM desk_live WHERE desk_id = t.id('desk a')), false, 'the poll need not look again');
SELECT is(t.ask('second'), 'waiting copy 0', 'the next one is still the original');
SELECT is(t.taken(), t.id('second')::text, 'the agent takes it');
SELECT is(t.taken(), NULL, 'once, for a while');
SELECT is(t.give_up('second'), 'not_printed late', 'no answer: it may be on paper');
SELECT is(t.ask('third'), 'waiting copy 1', 'so the next one is a copy');
SELECT is(t.printed('second', NULL), 'done', 'an answer that comes late');
SELECT is((SELECT problem FROM receipt_print WHERE id = t.id('second')), NULL, 'still says what became of it');
SELECT is(t.taken(), t.id('third')::text, 'the agent takes the copy');
SELECT is(t.printed('third', 'paper'), 'done', 'and has no paper');
SELECT is(t.printed('third', NULL), 'done', 'a second answer');
SELECT is((SELECT problem FROM receipt_print WHERE id = t.id('third')), 'paper', 'changes nothing');
SELECT is(t.ask('third'), 'not_printed paper copy 1', 'a repeat answers what became of it');
SELECT is(t.ask('fourth', true), 'done copy 1', 'the browser prints at once');
SELECT is(t.ask('fifth'), 'waiting copy 2', 'and counts');
UPDATE receipt_print SET created_at = created_at - interval '1 minute' WHERE id = t.id('fifth');
SELECT is(t.taken(), NULL, 'what nobody waits for any more is not printed');
UPDATE desk_live SET printer_name = NULL WHERE desk_id = t.id('desk a');
SELECT is(t.ask('sixth'), 'not_printed no_printer', 'no printer, no row');
SELECT is((SELECT count(*) FROM receipt_print), 5::bigint, 'as many rows as printings');
SELECT is(fn_receipt_body(r) ->> 'act', 'recharge', 'its body') FROM receipt_print r WHERE r.id = t.id('first');
SELECT is(fn_receipt_number('01a20511-667e-71e6-a33f-5ccbd1c6af1f'), '5CCB-D1C6-AF1F', 'the number of a receipt');
SELECT is((SELECT fn_receipt_body(r) ->> 'number' FROM receipt_print r WHERE id = t.id('third')), (SELECT fn_receipt_number(id) FROM t.act), 'is that of its act');
SELECT * FROM finish();
