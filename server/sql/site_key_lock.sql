-- The number is only a name for this lock: "site key" in the letters' positions of a telephone.
SELECT pg_advisory_xact_lock(74835391)
