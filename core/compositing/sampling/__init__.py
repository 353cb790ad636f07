"""Which objects go into a composite, and which of them is in front."""
