"""WALT3D's Tables 1 to 4, counted on a person's own copy of the public benchmarks."""
