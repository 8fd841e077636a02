"""CSN: Datasphere's own and CSN Interop Effective (reference: datasphere-api.md 4.3, 5)."""
