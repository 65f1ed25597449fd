"""Systems whose codes fall into groups without labels."""
