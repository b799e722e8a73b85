"""Authentication and authorization: accounts, tokens, sign-in, visibility and permissions."""
