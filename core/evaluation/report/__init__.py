"""Reports on evaluations: one HTML file with figures, and the same as a PDF."""
