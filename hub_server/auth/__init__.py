"""Users, passwords, session tokens and sign-in links."""
