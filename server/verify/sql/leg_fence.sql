-- A leg is void by a fence only if a newer epoch of the fence of its operation is proven on its purse.
SELECT 'leg ' || l.id AS row_, 'is void by a fence that is not proven above its epochs' AS explanation
  FROM leg l WHERE l.decided_by = 'fence' AND NOT EXISTS (
      SELECT FROM fence f JOIN epoch e ON e.fence_id = f.id
       WHERE f.operation_id = l.operation_id AND e.purse = l.purse AND e.state = 'proven'
         AND e.epoch_no > (SELECT max(w.epoch_no) FROM epoch w WHERE w.leg_id = l.id))
