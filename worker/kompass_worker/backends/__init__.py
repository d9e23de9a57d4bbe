"""What runs a model; one module a backend, and the seam they share."""
