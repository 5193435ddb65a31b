-- What the server's role may do; applied again at the end of every migration run. Whoever adds a statement adds its
-- grants in the section of its area. Tables of record (ledger, operations, audit) are reached through functions only.

-- ---- people, cards, settings, desks, training: tables that statements of server/sql read themselves ----
GRANT SELECT ON department, card_case, agent, desk, site, site_key TO cardwright_app;
