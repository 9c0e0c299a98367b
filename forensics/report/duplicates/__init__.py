"""Which files of a case show or sound the same, from the hashes in the case file alone."""
