"""Status, liveness, figures, connections and alerts."""
