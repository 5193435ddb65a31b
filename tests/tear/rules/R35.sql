-- R35: a half-issued card stays its person's. Here it can be issued to the next one.
SELECT mutate('fn_issue_check', $t$WHEN EXISTS (SELECT FROM operation WHERE uid = p_seen.uid AND finished_at IS NULL) THEN 'operation_open'$t$, '');
SELECT mutate('fn_issue_check', $t$WHEN v_card.state IN ('issuing', 'active',$t$, $t$WHEN v_card.state IN ('active',$t$);
DROP INDEX operation_open;
DROP INDEX card_uid_in_use;
