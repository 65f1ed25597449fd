"""Systems that write down what is said."""
