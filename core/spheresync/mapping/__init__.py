"""What an asset means outside Datasphere, for whichever target: pure functions of the asset and the rules."""
