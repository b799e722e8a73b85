"""What Platz needs of its sessions with PostgreSQL: their settings, and that they last."""
