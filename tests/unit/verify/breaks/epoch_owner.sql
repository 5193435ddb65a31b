-- An epoch of one purse given to a leg of another.
UPDATE epoch SET leg_id = t.leg('b1', 'consumption') WHERE leg_id = t.leg('b1', 'water');
SELECT 'epoch_owner: chip ' || encode(uid, 'hex') || ' water epoch ' || epoch_no FROM epoch WHERE uid = t.uid('x') AND purse = 'water' AND state = 'void';
