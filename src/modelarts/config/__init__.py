"""Value objects of models and services."""
