"""Stateful doubles of AWS services that moto does not have, or has too loosely to be believed.

What goes over the wire follows botocore's own service models, so a double says only what a service does: `wire.py`
reads and writes, `double.py` is what every double is, `glue_catalog.py` what one may ask of Glue beside it. The dog
environment answers from them in its own process, the simulators of the tests over HTTP.
"""
