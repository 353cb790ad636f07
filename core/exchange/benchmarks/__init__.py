"""The layouts of public benchmarks, and of what others predict on them: read and checked, nothing counted."""
