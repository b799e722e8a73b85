"""Who acts, and when: the only folder with mailboxes."""
