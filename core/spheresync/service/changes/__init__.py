"""Saved change sets: make, read, approve, promote."""
