"""EDMX documents (OData CSDL XML) as typed values. Pure."""
