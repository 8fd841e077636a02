"""The design-time object API behind `datasphere.objects: on` (reference: datasphere-api.md 4)."""
