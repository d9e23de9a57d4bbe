"""A real single-node Kubernetes in namespaces of its own, for people and tests that have none."""

__all__ = ["__version__"]

__version__ = "0.1.0"
