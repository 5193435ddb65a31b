-- The tables of record refuse changes even to their owner: each has its two triggers, switched on.
SELECT 'table ' || r.name AS row_, 'lets its rows be changed: a guard is missing or switched off' AS explanation
  FROM (VALUES ('transfer'), ('entry'), ('audit')) r (name)
 WHERE (SELECT count(*) FROM pg_trigger g JOIN pg_proc f ON f.oid = g.tgfoid
         WHERE g.tgrelid = to_regclass('public.' || r.name) AND f.proname = 'trigger_append_only' AND g.tgenabled IN ('O', 'A')
           AND (g.tgtype & 2) = 2 AND ((g.tgtype & 24) = 24 AND (g.tgtype & 1) = 1 OR (g.tgtype & 32) = 32)) < 2
