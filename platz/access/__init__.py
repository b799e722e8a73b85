"""Who may see and do what: accounts, tokens, sign-in, visibility and permissions."""
