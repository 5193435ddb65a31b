-- The epochs of a void leg were never on a card and never may be.
SELECT 'leg ' || l.id AS row_, 'is void, but epoch ' || e.epoch_no || ' of ' || e.purse || ' is ' || e.state AS explanation
  FROM leg l JOIN epoch e ON e.leg_id = l.id WHERE l.state = 'X' AND e.state <> 'void'
