"""How a row becomes what a model is asked."""
