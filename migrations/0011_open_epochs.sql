-- Open epochs are asked for at every step and are always few, while a card's epochs grow with its life.
CREATE INDEX epoch_open ON epoch (uid, purse, epoch_no) WHERE state = 'open';
