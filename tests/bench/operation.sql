\if :first
SELECT encode(b.token_sha256, 'hex') AS token, b.agent_id AS agent, encode(b.run, 'hex') AS run, b.desk_id AS desk, l.presentation_id AS pres FROM bench_desk b JOIN desk_live l USING (desk_id) WHERE b.n = :base::integer + :client_id::integer \gset
\set first 0
\endif
SELECT outcome FROM fn_operation_prepare(decode(:token, 'hex'), jsonb_build_object('key', gen_random_uuid(), 'kind', 'recharge', 'desk_id', :desk::text, 'presentation_id', :pres::text, 'consumption_minor', 1, 'request_sha256', repeat('00', 32)));
SELECT body ->> 'plan' AS plan, body #>> '{request,legs,0,leg}' AS leg, body #>> '{request,legs,0,epoch_no}' AS no FROM fn_plan_take(:agent::uuid, decode(:run, 'hex'), 'ok', gen_random_uuid()) \gset
SELECT r.outcome, p.id AS pres FROM (SELECT gen_random_uuid() AS id OFFSET 0) p, LATERAL fn_plan_report(:agent::uuid, decode(:run, 'hex'), :plan::uuid, jsonb_build_object('result', 'written', 'legs', jsonb_build_array(jsonb_build_array(:leg::text, :no::bigint)), 'blocks', '{"5":"010439300010270002881300854bff4d","8":"657c00009a83ffff657c000005fa05fa"}'::jsonb, 'presentation', p.id, 'reason', 'done')) r \gset
