"""The pure decisions of planning: what work an asset is, what differs, what a guard holds back."""
