"""What Platz observes of clusters and deployments, and keeps in step with what it sees."""
