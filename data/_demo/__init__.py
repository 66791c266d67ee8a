"""Parts of the generator of the fictional demo county (see ``data/build_demo.py``)."""
