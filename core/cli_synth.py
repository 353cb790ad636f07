"""The shell's `amodal synth`: streets and single cars whose truth is known exactly."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import radians
from pathlib import Path
from typing import Annotated

import typer

from core.synthesis.street.settings import StreetSettings, Weather

synth_app = typer.Typer(help="Make pictures whose truth is known exactly.", no_args_is_help=True)

_STEPS = 1000
_DEFAULT = StreetSettings()

Seed = Annotated[int, typer.Option(min=0, help="Another number, another street.")]


@synth_app.command("street")
def street(
    out: Annotated[
        Path,
        typer.Argument(
            help="NAME.mp4 for a video with its truth beside it; NAME.amodal for a project as well; "
            "a folder for COCO.",
            show_default=False,
        ),
    ],
    seed: Seed = 0,
    frames: Annotated[int, typer.Option(min=1, help="How many pictures.")] = _DEFAULT.frame_count,
    fps: Annotated[float, typer.Option(min=0.1, max=120, help="Pictures a second.")] = _DEFAULT.fps,
    width: Annotated[int, typer.Option(min=32, max=7680, help="Pixels.")] = _DEFAULT.width,
    height: Annotated[int, typer.Option(min=32, max=4320, help="Pixels.")] = _DEFAULT.height,
    cars: Annotated[int, typer.Option(min=0, max=60, help="Cars that drive at any time.")] = _DEFAULT.cars,
    parked: Annotated[int, typer.Option(min=0, max=40, help="Cars that are parked.")] = _DEFAULT.parked,
    people: Annotated[
        int, typer.Option(min=0, max=60, help="People who walk at any time.")
    ] = _DEFAULT.people,
    hour: Annotated[float, typer.Option(min=0, max=24, help="Time of day.")] = _DEFAULT.hour,
    weather: Annotated[Weather, typer.Option(help="Weather.")] = _DEFAULT.weather,
    noise: Annotated[
        float, typer.Option(min=0, max=10, help="The sensor's, 1 for a cheap camera.")
    ] = _DEFAULT.noise,
    blur_px: Annotated[
        float, typer.Option(min=0, max=20, help="The lens's blur, standard deviation in pixels.")
    ] = _DEFAULT.blur_px,
    jpeg_quality: Annotated[int, typer.Option(min=0, max=100, help="0 for none.")] = _DEFAULT.jpeg_quality,
    above_m: Annotated[float, typer.Option(min=1.5, max=30, help="The camera's height, metres.")] = 6.0,
    down_deg: Annotated[float, typer.Option(min=0, max=80, help="How far down it looks.")] = 15.0,
    focal_px: Annotated[
        float | None, typer.Option(min=10, help="Focal length; 0.73 x the width where left out.")
    ] = None,
    cameras: Annotated[int, typer.Option(min=1, max=2, help="2: also one at the junction, in NAME-far.")] = 1,
    keypoints: Annotated[
        bool, typer.Option("--keypoints", help="A project's cars and people also have all their keypoints.")
    ] = False,
) -> None:
    """Simulate a street and write its pictures with masks, depth, poses, keypoints and who hides what."""
    from core.synthesis.street.clip_writer import write_clip, write_coco
    from core.synthesis.street.mounts import default_mount, far_mount
    from core.synthesis.street.street import Street, StreetCamera

    settings = StreetSettings(
        width=width,
        height=height,
        fps=fps,
        frame_count=frames,
        seed=seed,
        cars=cars,
        parked=parked,
        people=people,
        hour=hour,
        weather=weather,
        noise=noise,
        jpeg_quality=jpeg_quality,
        blur_px=blur_px,
    )
    made = Street(settings)
    mounts = [
        default_mount(
            made.layout, width, height, above_m=above_m, down_rad=radians(down_deg), focal_px=focal_px
        ),
        far_mount(made.layout, width, height),
    ][:cameras]
    if out.suffix == ".amodal":
        from core.jobs.street_project import make_street_project

        with _bar(out.name) as progress:
            views = [StreetCamera(made, mount) for mount in mounts]
            make_street_project(out.absolute(), views, progress, keypoints=keypoints)
        typer.echo(f"Made {out}. Open it with: amodal {out}")
        return
    for mount in mounts:
        place = out if mount is mounts[0] else out.with_name(f"{out.stem}-far{out.suffix}")
        with _bar(place.name) as progress:
            camera = StreetCamera(made, mount)
            if place.suffix == ".mp4":
                write_clip(camera, place, progress)
            else:
                write_coco(camera, place, progress)
        typer.echo(f"Made {place}")


@synth_app.command("cars")
def cars(
    folder: Annotated[Path, typer.Argument(help="A folder for the pictures and COCO.", show_default=False)],
    count: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 1000,
    size: Annotated[int, typer.Option(min=32, max=2048, help="Their width and height, pixels.")] = 224,
    seed: Seed = 0,
    models: Annotated[int, typer.Option(min=1, max=1000, help="How many different cars.")] = 48,
    processes: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            help="How many render; one for each processor where left out. The pictures are the same.",
        ),
    ] = None,
) -> None:
    """Render single cars from all around: what a car hides of itself."""
    from core.jobs.render_cars import CarSet, render_cars
    from core.synthesis.street.clip_writer import write_cars

    with _bar(folder.name) as progress:
        pictures = render_cars(CarSet(seed, size, models, count), processes)
        path = write_cars(pictures, count, folder, progress)
    typer.echo(f"Made {path}")


@synth_app.command("crops")
def crops(
    folder: Annotated[
        Path, typer.Argument(help="A folder for the crops; what is there stays.", show_default=False)
    ],
    cars: Annotated[int, typer.Option(min=0, help="Single cars to learn from.")] = 6000,
    streets: Annotated[int, typer.Option(min=0, help="Streets to learn from, each through two cameras.")] = 4,
    frames: Annotated[int, typer.Option(min=1, help="Pictures of each camera.")] = 20,
    measured: Annotated[
        int, typer.Option(min=0, help="Single cars to validate on, and again as many to test on.")
    ] = 500,
    seed: Seed = 0,
) -> None:
    """Make crops of cars and people that the classifier and the pre-labeller learn from and are measured on.

    A street is also made to validate on, and another to test on.
    """
    from core.training.data.synthetic_crops import CropPlan, make_crops

    usual = CropPlan()
    counts = (cars, measured, measured)
    # no more different cars than there are pictures of any: each takes a while to build
    models = [max(min(*pair), 1) for pair in zip(usual.car_models, counts, strict=True)]
    plan = CropPlan(
        cars=counts,
        car_models=(models[0], models[1], models[2]),
        streets=(streets, min(streets, 1), min(streets, 1)),
        frames=frames,
        seed=seed,
    )
    with _bar(folder.name) as progress:
        count = make_crops(folder, plan, progress)
    typer.echo(f"Made {count} files in {folder}")


@contextmanager
def _bar(title: str) -> Iterator[Callable[[float], None]]:
    """A progress bar that is told the share that is done; nothing where no terminal shows it."""
    with typer.progressbar(length=_STEPS, label=title, file=sys.stderr) as bar:

        def show(share: float) -> None:
            bar.update(round(share * _STEPS) - bar.pos)

        yield show
