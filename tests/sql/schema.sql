-- The schema explains itself, and plpgsql_check finds nothing in its functions.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS plpgsql_check;
SELECT no_plan();

SELECT is(string_agg(c.relname, ', ' ORDER BY c.relname), NULL, 'every table has a comment')
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND obj_description(c.oid, 'pg_class') IS NULL
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e');
SELECT is(string_agg(c.relname || '.' || a.attname, ', ' ORDER BY c.relname, a.attnum), NULL, 'every column has a comment')
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND col_description(c.oid, a.attnum) IS NULL
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e');
SELECT is(string_agg(p.oid::regprocedure::text, ', '), NULL, 'every function has a comment')
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e');
SELECT is(string_agg(c.relname, ', '), NULL, 'every table has a primary key or is a list of entries')
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'entry'
   AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e');
SELECT is(string_agg(p.oid::regprocedure || ': ' || k.message, E'\n'), NULL, 'plpgsql_check finds no fault in functions')
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql', LATERAL plpgsql_check_function_tb(p.oid,
    fatal_errors := false, performance_warnings := false, extra_warnings := false) k
 WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype <> 'trigger'::regtype AND k.level IN ('error', 'warning')
   AND k.message NOT LIKE 'target type is different type than source type'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e');
SELECT is(string_agg(g.tgname || ': ' || k.message, E'\n'), NULL, 'nor in triggers')
  FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid AND p.pronamespace = 'public'::regnamespace, LATERAL plpgsql_check_function_tb(p.oid, g.tgrelid,
    fatal_errors := false, performance_warnings := false, extra_warnings := false) k
 WHERE k.level IN ('error', 'warning');
SELECT ok(count(*) > 100, count(*) || ' functions were checked') FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
 WHERE p.pronamespace = 'public'::regnamespace;
SELECT * FROM finish();
