"""One run of Helm for a release, and what in its cluster could keep it from succeeding."""
