"""From the local catalog to a saved change set: what each target should hold, compared with its checkpoints."""
