"""Where things of the synthetic street are, in the street's frame, metres."""

from __future__ import annotations

NEAR_PAVEMENT = (5.0, 9.2)
NEAR_KERB_Y = 9.2
NEAR_LANE_Y = 11.1
MIDDLE_Y = 12.9
FAR_LANE_Y = 14.7
FAR_ROAD_EDGE_Y = 16.5  # parking bays begin here
BAY_LANE_Y = 17.6
FAR_KERB_Y = 18.7
FACADE_Y = 23.6
NEAR_WALK_Y = 7.2
FAR_WALK_Y = (20.0, 22.4)

SIGNPOST = (10.6, 8.75)
TREE = (2.9, 8.4)
LAMP_POSTS_X = (8.0, 26.0, 44.0)
LAMP_POST_Y = 19.1
PARKED_X = (14.2, 20.6, 33.5)
