"""Guided policy search: local controllers teach a policy, and stay near what it does."""
