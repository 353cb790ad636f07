"""Composites as other tools read them: COCO with amodal and modal masks, and WALT's own layout."""
