"""Names of what networks know, and which category of ours each is."""

from __future__ import annotations

from collections.abc import Sequence

from core.records.detections import Category

_COCO_80 = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,"
    "parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,"
    "tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,"
    "tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,"
    "hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,"
    "keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,"
    "hair drier,toothbrush"
)
COCO_80 = tuple(_COCO_80.split(","))

# COCO's own numbers run to 90 and leave gaps; 0 is the background
COCO_91 = {1: "person", 2: "bicycle", 3: "car", 4: "motorcycle", 6: "bus", 8: "truck"}

_CATEGORY_OF_NAME = {
    "person": Category.PERSON,
    "people": Category.PERSON,
    "pedestrian": Category.PERSON,
    "car": Category.CAR,
    "van": Category.CAR,
    "suv": Category.CAR,
    "taxi": Category.CAR,
    "vehicle": Category.CAR,
    "truck": Category.TRUCK,
    "lorry": Category.TRUCK,
    "bus": Category.BUS,
    "coach": Category.BUS,
    "motorcycle": Category.MOTORCYCLE,
    "motorbike": Category.MOTORCYCLE,
    "bicycle": Category.BICYCLE,
    "bike": Category.BICYCLE,
}

_FAMILY_OF_CATEGORY = {
    Category.CAR: 0,
    Category.TRUCK: 0,
    Category.BUS: 0,
    Category.PERSON: 1,
    Category.MOTORCYCLE: 2,
    Category.BICYCLE: 2,
}


def category_of(name: str) -> Category | None:
    """Our category for a network's class name; None for what is not kept."""
    return _CATEGORY_OF_NAME.get(name.strip().lower())


def categories_of(names: Sequence[str]) -> list[Category | None]:
    """`category_of` of each name."""
    return [category_of(name) for name in names]


def family_of(category: Category) -> int:
    """0 for cars, trucks and buses, 1 for people, 2 for what is ridden.

    Networks waver between the kinds of one family on the same object, never between families.
    """
    return _FAMILY_OF_CATEGORY[category]
