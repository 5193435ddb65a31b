-- At most 100 numbers beyond the committed one are out: the byte on the card could not be told apart otherwise.
SELECT 'chip ' || encode(c.uid, 'hex') || ' ' || c.purse AS row_, 'epoch ' || c.highest_no || ' is out, ' || c.committed_no || ' is proven'
       AS explanation
  FROM card_purse c WHERE c.highest_no > c.committed_no + 100
