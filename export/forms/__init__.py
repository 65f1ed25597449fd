"""Equal forms of layers and operations, in the operators that int8 has."""
