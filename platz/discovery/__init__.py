"""Discovery: the search for clusters and charts in accounts, kubeconfigs and registries, and its records."""
