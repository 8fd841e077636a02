"""What targets share that note what is known of an asset beside what others say of it, and have terms for that."""
