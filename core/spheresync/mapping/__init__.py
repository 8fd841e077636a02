"""What AWS should hold of an asset: pure functions of the asset and the rules."""
