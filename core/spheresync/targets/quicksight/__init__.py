"""QuickSight: data sets, and topics, on the tables of Glue that can be queried."""
