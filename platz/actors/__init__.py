"""The actors: the only folder with mailboxes."""
