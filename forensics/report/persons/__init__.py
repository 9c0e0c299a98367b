"""People of a case who look alike, from the descriptors of faces in its rows."""
