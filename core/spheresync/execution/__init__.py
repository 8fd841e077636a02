"""From a saved change set to the targets: durable runs, each resumable by another process."""
