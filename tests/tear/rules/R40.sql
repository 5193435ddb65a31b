-- R40: nothing is decided on a provisional read. Here it counts at once.
SELECT mutate('fn_evidence_book', $t$OR (v_seen ->> 'provisional')::boolean AND v_seen ->> 'verdict' IN ('applied', 'fence_proven');$t$, ';');
