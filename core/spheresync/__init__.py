"""Spheresync: keeps AWS catalogs true to SAP Datasphere."""

__version__ = "0.1.0"
