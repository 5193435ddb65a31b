-- R5: no void without a fence or receipts. Here a cancel voids at once.
SELECT mutate('fn_operation_cancel', $t$IF NOT fn_operation_void_if_burnt(p_operation_id) AND p_scrap AND v_operation.kind IN ('issue', 'unissue') THEN$t$,
    'IF NOT fn_operation_void_if_burnt(p_operation_id) THEN');
