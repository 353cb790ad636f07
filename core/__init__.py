"""The engine of Amodal Studio: everything that computes, and nothing that draws a window."""

__version__ = "0.1.0"
