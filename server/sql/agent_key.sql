SELECT a.desk_id, a.simulated, a.key_sealed
  FROM agent a JOIN desk d ON d.id = a.desk_id
 WHERE a.id = $1 AND a.revoked_at IS NULL AND d.active
